#include "fate.h"

#include <stdio.h>

#include "full.h"
#include "numbers.h"

#define SETS_PER_COMMIT 500u

static int commit_portion(struct validate *validate)
{
	return ++validate->sets_in_commit < SETS_PER_COMMIT ? 0 : validate_end_writing(validate);
}

static void tset_row_fill(struct validate *validate, const struct x12_tset *tset, const struct check_verdict *verdict,
                          struct store_tset *row)
{
	struct job *job = validate_job(validate);

	*row = (struct store_tset){
		.file_no = job->file.file_no,
		.interchange_no = validate->interchange.interchange_no,
		.ordinal = tset->ordinal,
		.functional_id = slice_from(validate->fgroup_fields[0]),
		.sender_code = slice_from(validate->fgroup_fields[1]),
		.receiver_code = slice_from(validate->fgroup_fields[2]),
		.fgroup_date = slice_from(validate->fgroup_fields[3]),
		.fgroup_time = slice_from(validate->fgroup_fields[4]),
		.fgroup_control = slice_from(validate->fgroup_fields[5]),
		.set_id = tset->set_id,
		.control_number = tset->control_number,
		.guide_id = tset->guide_id,
		.verdict = slice_from(check_decision_name(verdict->decision)),
		.segments = verdict->segments,
		.members = verdict->members,
		.errors = verdict->errors,
		.warnings = verdict->warnings,
		.content_hash = verdict->content_hash,
		.hold_category = CATEGORY_COUNT,
		.header = validate->header,
	};
	row->tally.members_read = verdict->members;
	row->tally.money_read = validate->money;
}

static void tset_row_hold(struct store_tset *row, enum category category, struct slice reason)
{
	row->outcome = STORE_TSET_HELD;
	row->hold_category = category;
	row->reason = reason;
	row->ledger_key = SLICE_EMPTY;
}

/* Same key: a duplicate, a conflict, or (reprocess) the next revision. P20, P21, P25. */
static int tset_row_same_key(struct validate *validate, struct store_tset *row, const struct numbers *numbers)
{
	const struct store_tset *first = numbers->earlier;
	struct job *job = validate_job(validate);
	uint32_t revisions;
	int r;

	if (job->file.reprocess_of != 0 && first->file_no != job->file.file_no) {
		r = store_tset_revisions(job->store, first->tset_no, &revisions);
		if (r < 0)
			return r;
		row->revision_of = first->revision_of != 0 ? first->revision_of : first->tset_no;
		row->ledger_key = store_ledger_key(&validate->arena, &validate->interchange, row, numbers->era,
						   revisions + 1);
		return row->ledger_key.data != NULL ? 0 : -ENOMEM;
	}
	row->duplicate_of = first->tset_no;
	if (memcmp(&row->content_hash, &first->content_hash, sizeof(row->content_hash)) == 0) {
		row->outcome = STORE_TSET_DUPLICATE;
		row->ledger_key = SLICE_EMPTY;
		row->reason = SLICE_LITERAL("received before: same control numbers, same content");
		return 0;
	}
	tset_row_hold(
		row, CATEGORY_DUP_FILE,
		SLICE_LITERAL(
			"these control numbers were used before with other content; ask the partner which is right"));
	return 0;
}

struct tset_link {
	uint32_t ordinal;
	uint64_t tset_no;
};

static int tset_link_find(void *context, const struct store_tset *tset)
{
	struct tset_link *link = context;

	if (tset->ordinal != link->ordinal)
		return 0;
	link->tset_no = tset->revision_of != 0 ? tset->revision_of : tset->tset_no;
	return 1;
}

/* A corrected file under new control numbers: its sets go on with those of the original, in their order. */
static int tset_row_link(struct validate *validate, struct store_tset *row)
{
	struct job *job = validate_job(validate);
	struct tset_link link = {.ordinal = row->ordinal};
	int r = store_tsets_each(job->store, job->file.reprocess_of, tset_link_find, &link);

	row->revision_of = link.tset_no;
	return r < 0 ? r : 0;
}

static int tset_row_key(struct validate *validate, struct store_tset *row)
{
	struct job *job = validate_job(validate);
	const struct store_tset *first;
	struct numbers numbers;
	int r = numbers_look(job, &validate->interchange, row, &validate->arena, &numbers);

	if (r < 0)
		return r;
	row->ledger_key = store_ledger_key(&validate->arena, &validate->interchange, row, numbers.era, 0);
	if (row->ledger_key.data == NULL)
		return -ENOMEM;
	if (numbers.earlier != NULL)
		return tset_row_same_key(validate, row, &numbers);
	if (job->file.reprocess_of != 0)
		return tset_row_link(validate, row);
	if (job->profile->resend == PROFILE_APPLY)
		return 0;
	r = store_tset_by_content(job->store, &row->content_hash, validate->interchange.sender_qualifier,
				  validate->interchange.sender_id, job->file.file_no, &validate->arena, &first);
	if (r == 0 && first != NULL) {
		row->duplicate_of = first->tset_no;
		tset_row_hold(
			row, CATEGORY_DUP_FILE,
			SLICE_LITERAL("the same content came before under other control numbers: a suspected re-send"));
	}
	return r;
}

/* T, test, TRIAL: a word for the use of a file, by its first letter. */
static bool is_letter_of(struct slice usage, char letter)
{
	return usage.len > 0 && (usage.data[0] == letter || usage.data[0] == letter - 'A' + 'a');
}

/* Why the set is a trial; empty: it is none. One mark is enough, whatever the others say. */
static struct slice test_mark(struct validate *validate)
{
	const struct job *job = validate_job(validate);
	const struct profile *profile = job->profile;

	if (!slice_is(validate->interchange.usage, "P"))
		return SLICE_LITERAL("test file (ISA15 is not P): validated and acknowledged, not applied");
	if (profile->test_rule == PROFILE_TEST_FOLDER && job->file.from_test_folder)
		return SLICE_LITERAL("test file (it came by the folder test): validated and acknowledged, not applied");
	if (profile->test_rule == PROFILE_TEST_GS03 &&
	    slice_is(profile->check.gs_receiver_test, validate->fgroup_fields[2]))
		return SLICE_LITERAL("test file (by its GS03): validated and acknowledged, not applied");
	if (is_letter_of(validate->name_parts[PROFILE_NAME_USAGE], 'T'))
		return SLICE_LITERAL("test file (by its name): validated and acknowledged, not applied");
	return SLICE_EMPTY;
}

/* Digits of a name against those of an envelope; a date may come without its century. */
static bool same_digits(struct slice said, struct slice sent, bool from_the_end)
{
	size_t n = said.len < sent.len ? said.len : sent.len;

	if (n < 4 || !slice_is_digits(said))
		return false;
	return memcmp(from_the_end ? said.data + said.len - n : said.data,
		      from_the_end ? sent.data + sent.len - n : sent.data, n) == 0;
}

static bool same_number(struct slice said, struct slice sent)
{
	uint64_t a, b;

	return slice_to_u64(said, &a) && slice_to_u64(sent, &b) && a == b;
}

/*
 * A part, to be read. Nine digits that are agreed to be a control number are no SSN, but whoever shows a reason takes any
 * nine digits for one: they are told in threes.
 */
static char *part_text(enum profile_name_part part, struct slice value, char *out, size_t out_bytes)
{
	if (part != PROFILE_NAME_CONTROL || value.len != 9 || !slice_is_digits(value))
		return job_safe_name(value, out, out_bytes);
	snprintf(out, out_bytes, "%.3s %.3s %.3s", value.data, value.data + 3, value.data + 6);
	return out;
}

/* The envelope's word on what a part of the name says; *ret_agrees where the name says nothing. */
static struct slice envelope_of(const struct validate *validate, enum profile_name_part part, const char **ret_where,
				bool *ret_agrees)
{
	const struct slice said = validate->name_parts[part];
	struct slice sent = SLICE_EMPTY;

	switch (part) {
	case PROFILE_NAME_SENDER:
		*ret_where = "ISA06";
		sent = validate->interchange.sender_id;
		*ret_agrees = slice_equal(said, sent) || slice_is(said, validate->fgroup_fields[1]);
		break;
	case PROFILE_NAME_DATE:
		*ret_where = "GS04";
		sent = slice_from(validate->fgroup_fields[3]);
		*ret_agrees = said.len >= 6 && same_digits(said, sent, true);
		break;
	case PROFILE_NAME_TIME:
		*ret_where = "GS05";
		sent = slice_from(validate->fgroup_fields[4]);
		*ret_agrees = same_digits(said, sent, false);
		break;
	case PROFILE_NAME_CONTROL:
		*ret_where = "ISA13";
		sent = validate->interchange.control_number;
		*ret_agrees = same_number(said, sent);
		break;
	case PROFILE_NAME_USAGE:
		*ret_where = "ISA15";
		sent = validate->interchange.usage;
		*ret_agrees = is_letter_of(said, 'P') || is_letter_of(said, 'T');
		break;
	case PROFILE_NAME_TYPE:
	case PROFILE_NAME_PARTS:
		*ret_agrees = true;
		break;
	}
	*ret_agrees |= said.len == 0;
	return sent;
}

/* A file that is not called as agreed, or that is called as another: who named it so? */
static int hold_for_name(struct validate *validate, struct store_tset *row)
{
	int part;

	if (!validate->name_agreed) {
		tset_row_hold(row, CATEGORY_FILE_HOLD,
			      SLICE_LITERAL("the file's name is not as agreed (name_regex); nothing was applied"));
		return 0;
	}
	for (part = 0; part < PROFILE_NAME_PARTS; part++) {
		const struct slice said = validate->name_parts[part];
		char said_text[64], sent_text[64];
		const char *where = "";
		bool agrees;
		const struct slice sent = envelope_of(validate, (enum profile_name_part)part, &where, &agrees);
		struct slice reason;

		if (agrees)
			continue;
		reason =
			arena_printf(&validate->arena, "the file's name says %s %s, but %s is %s; nothing was applied",
				     profile_name_part_text((enum profile_name_part)part),
				     part_text((enum profile_name_part)part, said, said_text, sizeof(said_text)), where,
				     part_text((enum profile_name_part)part, sent, sent_text, sizeof(sent_text)));
		tset_row_hold(row, CATEGORY_FILE_HOLD, reason);
		return reason.data != NULL ? 0 : -ENOMEM;
	}
	return 0;
}

/* What shall become of the set, as far as its own end tells. */
static int tset_row_settle(struct validate *validate, const struct check_verdict *verdict, struct store_tset *row)
{
	struct job *job = validate_job(validate);
	int r;

	if (verdict->decision == CHECK_REJECTED) {
		row->outcome = STORE_TSET_REJECTED;
		row->reason = validate->envelope_rejected ? SLICE_LITERAL("the interchange is rejected; see the TA1")
							  : SLICE_LITERAL("the set has errors; see the 999");
		return 0;
	}
	if (!job->profile->decide.allow_test_files && test_mark(validate).len > 0) {
		row->outcome = STORE_TSET_TEST;
		row->hold_category = CATEGORY_FILE_HOLD;
		row->reason = test_mark(validate);
		return 0;
	}
	if (validate->out_of_order) {
		tset_row_hold(
			row, CATEGORY_OUT_OF_SEQUENCE,
			SLICE_LITERAL(
				"the interchange is older (ISA09, ISA10) than one of this sender that was applied before"));
		return 0;
	}
	if (validate->hold_category != CATEGORY_COUNT) {
		tset_row_hold(row, validate->hold_category, validate->hold_reason);
		return 0;
	}
	r = hold_for_name(validate, row);
	if (r < 0 || row->outcome == STORE_TSET_HELD)
		return r;
	if (validate->full.mode == STORE_FULL_REPLACE && job->profile->full.refused) {
		tset_row_hold(row, CATEGORY_FILE_HOLD,
			      SLICE_LITERAL("a full file, but this partner sends changes only (file_mode: change)"));
		return 0;
	}
	if (validate->full.mode == STORE_FULL_REPLACE && verdict->members == 0) {
		tset_row_hold(row, CATEGORY_FILE_HOLD,
			      SLICE_LITERAL("a full file without a single member (INS) would leave out everybody"));
		return 0;
	}
	return tset_row_key(validate, row);
}

/* A full file's set, and the groups that its records name. */
static int add_full(struct validate *validate, const struct store_tset *row)
{
	struct store *store = validate_job(validate)->store;
	const struct guard *guard = &validate->guard;
	uint32_t i;
	int r;

	validate->full.tset_no = row->tset_no;
	r = store_full_set_add(store, &validate->full);
	for (i = 0; r == 0 && i < guard->volume_capacity; i++)
		if (guard->volumes[i].group_id.len > 0)
			r = store_full_group_add(store, row->tset_no, guard->volumes[i].group_id);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

/* Counting the members of large groups takes its time. */
static int suspect_set(struct validate *validate, bool *ret_suspect)
{
	int r = guard_must_count(&validate->guard) ? validate_end_writing(validate) : 0;

	return r < 0 ? r : guard_suspects(&validate->guard, ret_suspect);
}

/* A set whose name and BGN08 contradict each other waits. */
static void find_full_mode(struct validate *validate)
{
	const struct full_signs signs = {.action = validate->action,
					 .type = validate->name_parts[PROFILE_NAME_TYPE],
					 .records = validate->records,
					 .compared = validate->compared};
	struct slice doubt;

	validate->full.mode = full_mode_of(&validate_job(validate)->profile->full, &signs, &doubt);
	if (doubt.len == 0 || !validate->name_agreed || validate->hold_category != CATEGORY_COUNT)
		return;
	validate->hold_category = CATEGORY_FILE_HOLD;
	validate->hold_reason = doubt;
}

int fate_add_set(struct validate *validate, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct job *job = validate_job(validate);
	struct store_tset row;
	bool suspect = false;
	int r;

	tset_row_fill(validate, tset, verdict, &row);
	if (slice_is(tset->set_id, "834"))
		find_full_mode(validate);
	r = tset_row_settle(validate, verdict, &row);
	if (r == 0 && validate->full.mode == STORE_FULL_NONE && row.outcome == STORE_TSET_OPEN)
		r = suspect_set(validate, &suspect);
	if (r == 0)
		r = validate_begin_writing(validate);
	if (r == 0)
		r = store_tset_add(job->store, &row);
	if (r != 0)
		return r > 0 ? MUSTER_ERROR_INTERNAL : r;
	if (job->first_tset_no == 0)
		job->first_tset_no = row.tset_no;
	if (validate->interchange_first_no == 0)
		validate->interchange_first_no = row.tset_no;
	if (validate->fgroup_first_no == 0)
		validate->fgroup_first_no = row.tset_no;
	validate->last_tset_no = row.tset_no;
	if (validate->full.mode != STORE_FULL_NONE)
		r = add_full(validate, &row);
	else if (suspect)
		r = guard_note_set(&validate->guard, row.ordinal, row.tset_no);
	return r < 0 ? r : commit_portion(validate);
}

/*
 * Turn the sets from `first` on into rejected or held ones: their envelope turned out bad at its end. A set that was
 * rejected for itself stays so, but in a file that waits as a whole every member waits.
 */
int fate_overrule(struct validate *validate, uint64_t first, enum store_tset_outcome outcome,
                             struct slice reason)
{
	struct job *job = validate_job(validate);
	uint64_t tset_no;
	int r = first != 0 ? validate_begin_writing(validate) : 0;

	for (tset_no = first; r == 0 && first != 0 && tset_no <= validate->last_tset_no; tset_no++) {
		const struct store_tset *stored;
		struct store_tset row;

		arena_reset(&validate->arena);
		r = store_tset_get(job->store, tset_no, &validate->arena, &stored);
		if (r < 0 || stored == NULL ||
		    (stored->outcome == STORE_TSET_REJECTED && outcome == STORE_TSET_REJECTED))
			continue;
		row = *stored;
		row.outcome = outcome;
		row.reason = reason;
		row.ledger_key = SLICE_EMPTY;
		row.hold_category = CATEGORY_COUNT;
		r = store_tset_update(job->store, &row);
		if (r == 0)
			guard_forget_set(&validate->guard, tset_no);
	}
	return r;
}
