/*
 * applied: one row an operation.
 */
#include "muster/csv.h"
#include "muster/error.h"
#include "work.h"

/* The walk over changes, which come by set, record and operation. */
struct walk {
	struct work *work;
	uint64_t tset_no; /* of the record that is open; 0 = none */
	uint32_t member_pos;
	bool changed; /* one of its rows is more than no_change */
	bool found, added; /* a member on file, somebody new */
	bool omission; /* it is no record: a full file left somebody out */
	struct certainty match; /* the record's least certain row; wrong_e6 0 = none that may be wrong */
};

static void csv_day(struct buffer *out, date_day day)
{
	char text[DATE_TEXT_BYTES];

	csv_add(out, false, slice_from(date_format_iso(day, text)));
}

static void applied_row(struct buffer *out, const struct store_change *change)
{
	char share[QUEUE_SHARE_BYTES];

	csv_add_guarded(out, true, change->origin.file_name);
	csv_add(out, false, change->origin.interchange_control);
	csv_add(out, false, change->origin.fgroup_control);
	csv_add(out, false, change->origin.tset_control);
	buffer_add_char(out, ',');
	buffer_add_u64(out, change->member_pos);
	csv_add(out, false, change->action);
	csv_add(out, false, change->member_id);
	csv_add(out, false, change->subscriber_id);
	csv_add(out, false, change->group_id);
	csv_add(out, false, change->plan_id);
	csv_day(out, change->begins_on);
	csv_day(out, change->ends_on);
	csv_add(out, false, slice_from(queue_share_format(change->confidence_e6, share)));
	csv_add(out, false, change->match_rule);
	csv_add_guarded(out, false, change->change);
	csv_end_record(out);
}

/*
 * Was a member found, by the matcher? "new" and omissions find nobody, and what is posted from an 820 bears a fixed
 * figure for its kind, no probability.
 */
static bool is_match(const struct store_change *change)
{
	return !slice_is_empty(change->match_rule) && !slice_is(change->match_rule, "new") &&
	       !slice_is(change->match_rule, "omission") && !slice_is(change->action, "post");
}

static int note_match(struct walk *walk, const struct store_change *change)
{
	struct arena *arena = &walk->work->arena;
	uint32_t wrong_e6 = change->confidence_e6 < 1000000u ? 1000000u - change->confidence_e6 : 0;

	if (!is_match(change) || wrong_e6 <= walk->match.wrong_e6)
		return 0;
	walk->match.wrong_e6 = wrong_e6;
	/* Texts of those alone that will be listed: memory stays that of a few. */
	if (walk->work->least_count == LEAST_CERTAIN_MAX &&
	    wrong_e6 <= walk->work->least[LEAST_CERTAIN_MAX - 1].wrong_e6)
		return 0;
	walk->match.member_pos = change->member_pos;
	walk->match.tset_control = arena_dup(arena, change->origin.tset_control);
	walk->match.member_id = arena_dup(arena, change->member_id);
	walk->match.match_rule = arena_dup(arena, change->match_rule);
	return walk->match.tset_control.data != NULL && walk->match.member_id.data != NULL &&
			       walk->match.match_rule.data != NULL
		       ? 0
		       : -ENOMEM;
}

/* One match a record, however many rows it has; equal ones stay in the order of the file. */
static void count_match(struct walk *walk)
{
	struct work *work = walk->work;
	uint32_t at = work->least_count;

	work->expected_wrong_e6 += walk->match.wrong_e6;
	if (walk->match.wrong_e6 == 0 ||
	    (at == LEAST_CERTAIN_MAX && walk->match.wrong_e6 <= work->least[at - 1].wrong_e6))
		return;
	at -= at == LEAST_CERTAIN_MAX;
	for (; at > 0 && work->least[at - 1].wrong_e6 < walk->match.wrong_e6; at--)
		work->least[at] = work->least[at - 1];
	work->least[at] = walk->match;
	work->least_count += work->least_count < LEAST_CERTAIN_MAX;
}

static void count_record(struct walk *walk)
{
	if (walk->tset_no == 0 || walk->omission)
		return;
	walk->work->matched_records += walk->found && !walk->added;
	walk->work->added_records += walk->added;
	if (walk->changed)
		walk->work->applied_records++;
	else
		walk->work->unchanged_records++;
}

/*
 * One in 200 of what was taken for certain, matches and new people alike, for a person to look over: those who learn from
 * representatives alone never hear where nobody was asked (matching section 4). Which ones follows from file and
 * position: the same file gives the same sample on every machine.
 */
#define SAMPLE_ONE_IN 200u

bool outputs_is_sampled(const struct store_change *change)
{
	uint64_t mix;

	if (!is_of_the_file(change) || (!is_match(change) && !slice_is(change->match_rule, "new")))
		return false;
	/* splitmix64: neighbours fall far apart. */
	mix = change->origin.file_no * UINT64_C(0x9e3779b97f4a7c15) +
		       ((uint64_t)change->origin.tset_ordinal << 32 | change->member_pos);

	mix = (mix + UINT64_C(0x9e3779b97f4a7c15));
	mix = (mix ^ mix >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mix = (mix ^ mix >> 27) * UINT64_C(0x94d049bb133111eb);
	return (mix ^ mix >> 31) % SAMPLE_ONE_IN == 0;
}

/* The record's first row says whom it was taken for. */
static int note_sampled(struct work *work, const struct store_change *change)
{
	struct sampled *sampled;

	if (!outputs_is_sampled(change) || ++work->sampled_count > SAMPLED_MAX)
		return 0;
	sampled = &work->sampled[work->sampled_count - 1];
	*sampled = (struct sampled){
		.tset_control = arena_dup(&work->arena, change->origin.tset_control),
		.member_id = arena_dup(&work->arena, change->member_id),
		.match_rule = arena_dup(&work->arena, change->match_rule),
		.tset_ordinal = change->origin.tset_ordinal,
		.member_pos = change->member_pos,
		.confidence_e6 = change->confidence_e6,
	};
	return sampled->tset_control.data != NULL && sampled->member_id.data != NULL && sampled->match_rule.data != NULL
		       ? 0
		       : -ENOMEM;
}

static int applied_change(void *context, const struct store_change *change)
{
	struct walk *walk = context;
	struct work *work = walk->work;
	int i, r = 0;

	if (!is_of_the_file(change))
		return 0;
	if (walk->tset_no != change->tset_no || walk->member_pos != change->member_pos) {
		count_record(walk);
		count_match(walk);
		*walk = (struct walk){.work = work, .tset_no = change->tset_no, .member_pos = change->member_pos};
		r = note_sampled(work, change);
	}
	walk->found |= is_match(change);
	walk->added |= slice_is(change->match_rule, "new");
	walk->omission |= slice_is(change->match_rule, "omission");
	walk->changed |= !slice_is(change->action, "no_change");
	for (i = 0; i < ACTION_COUNT && !slice_is_code(change->action, action_names[i]); i++)
		;
	if (i < ACTION_COUNT)
		work->actions[i]++;
	work->applied_rows++;
	applied_row(&work->text, change);
	if (r == 0)
		r = note_match(walk, change);
	return r != 0 ? r : work_flush_some(work);
}

int write_applied(struct work *work)
{
	struct walk walk = {.work = work};
	int r;

	buffer_add_text(&work->text,
			"file,interchange,group,set,member_pos,action,member_id,subscriber_id,group_id,plan_id,"
			"begins_on,ends_on,confidence,match_rule,change\r\n");
	r = store_applied_of_file(work->store, work->file->file_no, applied_change, &walk);
	if (r == 0) {
		count_record(&walk);
		count_match(&walk);
	}
	return r;
}
