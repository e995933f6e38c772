/*
 * applied: one row an operation.
 */
#include "muster/csv.h"
#include "work.h"

/* The walk over changes, which come by set, record and operation. */
struct walk {
	struct work *work;
	uint64_t tset_no; /* of the record that is open; 0 = none */
	uint32_t member_pos;
	bool changed; /* one of its rows is more than no_change */
	bool omission; /* it is no record: a full file left somebody out */
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

static void count_record(struct walk *walk)
{
	if (walk->tset_no == 0 || walk->omission)
		return;
	if (walk->changed)
		walk->work->applied_records++;
	else
		walk->work->unchanged_records++;
}

static int applied_change(void *context, const struct store_change *change)
{
	struct walk *walk = context;
	struct work *work = walk->work;
	int i;

	if (!is_of_the_file(change))
		return 0;
	if (walk->tset_no != change->tset_no || walk->member_pos != change->member_pos) {
		count_record(walk);
		*walk = (struct walk){.work = work, .tset_no = change->tset_no, .member_pos = change->member_pos};
	}
	walk->omission |= slice_is(change->match_rule, "omission");
	walk->changed |= !slice_is(change->action, "no_change");
	for (i = 0; i < ACTION_COUNT; i++)
		work->actions[i] += slice_is(change->action, action_names[i]);
	work->applied_rows++;
	applied_row(&work->text, change);
	return work_flush_some(work);
}

int write_applied(struct work *work)
{
	struct walk walk = {.work = work};
	int r;

	buffer_add_text(&work->text,
			"file,interchange,group,set,member_pos,action,member_id,subscriber_id,group_id,plan_id,"
			"begins_on,ends_on,confidence,match_rule,change\r\n");
	r = store_changes_of_file(work->store, work->file->file_no, applied_change, &walk);
	if (r == 0)
		count_record(&walk);
	return r;
}
