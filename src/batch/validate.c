/*
 * Pass 1: the verdict on every set is fixed before the first effect.
 *
 * One walk feeds the acknowledgments, keeps the findings for the report, and (where `record`) writes a row for
 * each interchange and set. What shall become of a set is first settled at its end; an interchange or functional
 * group that turns out rejected or cut off only at its own end changes that afterwards for its sets.
 *
 * Rows are committed in portions. A crash in here leaves the file at stage CLAIMED, and the next run forgets the
 * rows and starts the pass again.
 */
#include <stdio.h>

#include "full.h"
#include "guard.h"
#include "lane.h"
#include "muster/json.h"
#include "job.h"

#define VALIDATE_SETS_PER_COMMIT 500u

struct validate {
	struct job_pass pass; /* first: see job_walk */
	bool record;
	struct enroll *enroll;
	struct remit *remit;
	struct guard guard;
	struct arena arena;        /* of the set under way */
	struct store_interchange interchange;
	uint64_t fgroup_first_no, interchange_first_no; /* tset_no of their first sets; 0 = none yet */
	uint64_t last_tset_no;
	char fgroup_fields[6][32]; /* GS01 02 03 04 05 06 */
	struct slice header;       /* JSON of the set under way */
	bool out_of_order;         /* the interchange is older than what was applied */
	bool envelope_rejected;    /* by what its ISA says */
	struct slice action;       /* BGN08 of the set under way; empty in an 820 */
	struct store_full_set full;
	uint32_t records, compared; /* of the set under way: all, and those of INS03 030 */
	enum category hold_category;
	struct slice hold_reason;
	cents money;               /* of the set under way */
	uint32_t sets_in_commit;
};

static struct job *validate_job(struct validate *validate)
{
	return validate->pass.job;
}

static struct slice validate_keep(struct validate *validate, const struct buffer *text)
{
	return text->error != 0 ? SLICE_EMPTY : arena_dup(&validate->arena, buffer_slice(text));
}

static void header_date(struct json *json, const char *key, date_day day)
{
	char text[DATE_TEXT_BYTES];

	json_text_or_null(json, key, slice_from(date_format_iso(day, text)));
}

static void header_834(struct buffer *out, const struct enroll_header *header)
{
	struct json json;

	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "purpose", header->purpose);
	json_text(&json, "reference", header->reference);
	json_text(&json, "action", header->action);
	json_text(&json, "policy", header->policy);
	json_text(&json, "sponsor_id", header->sponsor_id);
	json_text(&json, "sponsor_name", header->sponsor_name);
	header_date(&json, "created_on", header->created_on);
	header_date(&json, "effective_on", header->effective_on);
	json_object_end(&json);
}

static void header_820(struct buffer *out, const struct remit_header *header)
{
	char total[MONEY_TEXT_BYTES];
	struct json json;

	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "payer_id", header->payer_id);
	json_text(&json, "payer_name", header->payer_name);
	json_text(&json, "trace", header->trace);
	json_text(&json, "total", slice_from(money_format(header->total, total)));
	header_date(&json, "settles_on", header->settles_on);
	json_object_end(&json);
}

/* Information copies are never applied. */
static void validate_hold_834(struct validate *validate, const struct enroll_header *header)
{
	if (!slice_is(header->purpose, "22"))
		return;
	validate->hold_category = CATEGORY_FILE_HOLD;
	validate->hold_reason = SLICE_LITERAL("information copy (BGN01 22): never applied");
}

/* What a full file is about. The header's text lives as long as the set. */
static int validate_note_full(struct validate *validate, const struct enroll_header *header)
{
	validate->action = arena_dup(&validate->arena, header->action);
	validate->full = (struct store_full_set){
		.file_on = header->created_on,
		.sponsor_id = arena_dup(&validate->arena, header->sponsor_id),
	};
	return validate->action.data != NULL && validate->full.sponsor_id.data != NULL ? 0 : -ENOMEM;
}

static int validate_header_834(void *context, const struct x12_tset *tset, const struct enroll_header *header)
{
	struct validate *validate = context;
	struct buffer text;

	(void)tset;
	validate_job(validate)->saw_834 = true;
	buffer_init(&text, validate_job(validate)->env);
	header_834(&text, header);
	validate->header = validate_keep(validate, &text);
	buffer_fini(&text);
	validate_hold_834(validate, header);
	return validate->header.data != NULL ? validate_note_full(validate, header) : -ENOMEM;
}

static int validate_family(void *context, const struct enroll_family *family)
{
	struct validate *validate = context;
	uint32_t i;

	validate->records += family->member_count;
	for (i = 0; i < family->member_count; i++)
		validate->compared += slice_is(family->members[i].maintenance, "030");
	return guard_count_family(&validate->guard, family);
}

static int validate_header_820(void *context, const struct x12_tset *tset, const struct remit_header *header)
{
	struct validate *validate = context;
	struct buffer text;

	(void)tset;
	validate_job(validate)->saw_820 = true;
	buffer_init(&text, validate_job(validate)->env);
	header_820(&text, header);
	validate->header = validate_keep(validate, &text);
	buffer_fini(&text);
	return validate->header.data != NULL ? 0 : -ENOMEM;
}

static int validate_remit_end(void *context, const struct x12_tset *tset, const struct remit_header *header,
                              uint32_t lines, cents paid, cents adjusted)
{
	struct validate *validate = context;

	(void)tset;
	(void)header;
	(void)lines;
	validate->money = paid + adjusted;
	return 0;
}

/* ---- rows ---- */

static int validate_commit_portion(struct validate *validate)
{
	struct job *job = validate_job(validate);
	int r;

	if (++validate->sets_in_commit < VALIDATE_SETS_PER_COMMIT)
		return 0;
	validate->sets_in_commit = 0;
	r = job_commit(job);
	return r < 0 ? r : job_begin(job);
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
static int tset_row_same_key(struct validate *validate, struct store_tset *row, const struct store_tset *first)
{
	struct job *job = validate_job(validate);
	uint32_t revisions;
	int r;

	if (job->file.reprocess_of != 0 && first->file_no != job->file.file_no) {
		r = store_tset_revisions(job->store, first->tset_no, &revisions);
		if (r < 0)
			return r;
		row->revision_of = first->revision_of != 0 ? first->revision_of : first->tset_no;
		row->ledger_key = store_ledger_key(&validate->arena, &validate->interchange, row, revisions + 1);
		return row->ledger_key.data != NULL ? 0 : -ENOMEM;
	}
	row->duplicate_of = first->tset_no;
	if (memcmp(&row->content_hash, &first->content_hash, sizeof(row->content_hash)) == 0) {
		row->outcome = STORE_TSET_DUPLICATE;
		row->ledger_key = SLICE_EMPTY;
		row->reason = SLICE_LITERAL("received before: same control numbers, same content");
		return 0;
	}
	tset_row_hold(row, CATEGORY_DUP_FILE,
		      SLICE_LITERAL("these control numbers were used before with other content; ask the partner which is right"));
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
	int r;

	row->ledger_key = store_ledger_key(&validate->arena, &validate->interchange, row, 0);
	if (row->ledger_key.data == NULL)
		return -ENOMEM;
	r = store_tset_by_key(job->store, row->ledger_key, &validate->arena, &first);
	if (r < 0 || first != NULL)
		return r < 0 ? r : tset_row_same_key(validate, row, first);
	if (job->file.reprocess_of != 0)
		return tset_row_link(validate, row);
	if (job->profile->resend == PROFILE_APPLY)
		return 0;
	r = store_tset_by_content(job->store, &row->content_hash, validate->interchange.sender_qualifier,
				  validate->interchange.sender_id, job->file.file_no, &validate->arena, &first);
	if (r == 0 && first != NULL) {
		row->duplicate_of = first->tset_no;
		tset_row_hold(row, CATEGORY_DUP_FILE,
			      SLICE_LITERAL("the same content came before under other control numbers: a suspected re-send"));
	}
	return r;
}

/* What shall become of the set, as far as its own end tells. */
static int tset_row_settle(struct validate *validate, const struct check_verdict *verdict, struct store_tset *row)
{
	struct job *job = validate_job(validate);

	if (verdict->decision == CHECK_REJECTED) {
		row->outcome = STORE_TSET_REJECTED;
		row->reason = validate->envelope_rejected ? SLICE_LITERAL("the interchange is rejected; see the TA1")
							  : SLICE_LITERAL("the set has errors; see the 999");
		return 0;
	}
	if (!slice_is(validate->interchange.usage, "P") && !job->profile->decide.allow_test_files) {
		row->outcome = STORE_TSET_TEST;
		row->hold_category = CATEGORY_FILE_HOLD;
		row->reason = SLICE_LITERAL("test file (ISA15 is not P): validated and acknowledged, not applied");
		return 0;
	}
	if (validate->out_of_order) {
		tset_row_hold(row, CATEGORY_OUT_OF_SEQUENCE,
			      SLICE_LITERAL("the interchange is older (ISA09, ISA10) than one of this sender that was applied before"));
		return 0;
	}
	if (validate->hold_category != CATEGORY_COUNT) {
		tset_row_hold(row, validate->hold_category, validate->hold_reason);
		return 0;
	}
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
static int validate_add_full(struct validate *validate, const struct store_tset *row)
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

static int validate_add_row(struct validate *validate, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct job *job = validate_job(validate);
	struct store_tset row;
	int r;

	tset_row_fill(validate, tset, verdict, &row);
	if (slice_is(tset->set_id, "834"))
		validate->full.mode = full_mode_of(&job->profile->full, validate->action, validate->records,
						   validate->compared);
	r = tset_row_settle(validate, verdict, &row);
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
		r = validate_add_full(validate, &row);
	else if (row.outcome == STORE_TSET_OPEN)
		r = guard_note_set(&validate->guard, row.ordinal, row.tset_no);
	return r < 0 ? r : validate_commit_portion(validate);
}

/*
 * Turn the sets from `first` on into rejected or held ones: their envelope turned out bad at its end. A set that was
 * rejected for itself stays so, but in a file that waits as a whole every member waits.
 */
static int validate_overrule(struct validate *validate, uint64_t first, enum store_tset_outcome outcome,
                             struct slice reason)
{
	struct job *job = validate_job(validate);
	uint64_t tset_no;
	int r = 0;

	for (tset_no = first; r == 0 && first != 0 && tset_no <= validate->last_tset_no; tset_no++) {
		const struct store_tset *stored;
		struct store_tset row;

		arena_reset(&validate->arena);
		r = store_tset_get(job->store, tset_no, &validate->arena, &stored);
		if (r < 0 || stored == NULL || (stored->outcome == STORE_TSET_REJECTED && outcome == STORE_TSET_REJECTED))
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

/* ---- the walk's events ---- */

static int validate_interchange_begin(void *context, const struct x12_interchange *interchange)
{
	struct validate *validate = context;
	struct job *job = validate_job(validate);
	struct store_interchange *row = &validate->interchange;
	const struct check_handler *ack = ack_handler(job->ack);

	validate->interchange_first_no = 0;
	validate->envelope_rejected = interchange->rejected;
	job->interchange_count++;
	*row = (struct store_interchange){
		.file_no = job->file.file_no,
		.ordinal = interchange->ordinal,
		.sender_qualifier = interchange->sender_qualifier,
		.sender_id = interchange->sender_id,
		.receiver_qualifier = interchange->receiver_qualifier,
		.receiver_id = interchange->receiver_id,
		.date = interchange->date,
		.time = interchange->time,
		.version = interchange->version,
		.control_number = interchange->control_number,
		.usage = interchange->usage,
		.offset = interchange->offset,
		.complete = true,
	};
	if (validate->record) {
		int r = store_interchange_add(job->store, row);

		if (r == 0)
			r = lane_look(job, interchange, &validate->out_of_order);
		if (r != 0)
			return r > 0 ? MUSTER_ERROR_INTERNAL : r;
	}
	return ack->interchange_begin(ack->context, interchange);
}

/* A finding that only the database can make: the acknowledgment says that the file came before (TA105 025). */
static int validate_duplicate_finding(struct validate *validate, const struct x12_interchange *interchange)
{
	struct job *job = validate_job(validate);
	const struct check_handler *ack = ack_handler(job->ack);
	const struct finding finding = {
		.code = FINDING_INTERCHANGE_DUPLICATE,
		.severity = FINDING_ERROR,
		.where = {.offset = interchange->offset, .interchange = interchange->ordinal},
		.segment_id = "ISA",
		.value = interchange->control_number,
		.message = job->file.reason,
	};
	int r = finding_list_add(&job->findings, &finding);

	return r < 0 ? r : ack->finding(ack->context, &finding);
}

static int validate_interchange_end(void *context, const struct x12_interchange *interchange)
{
	struct validate *validate = context;
	struct job *job = validate_job(validate);
	const struct check_handler *ack = ack_handler(job->ack);
	int r = 0;

	if (!interchange->complete)
		job->truncated = true;
	if (job->duplicate)
		r = validate_duplicate_finding(validate, interchange);
	if (r == 0 && validate->record && interchange->complete && interchange->rejected)
		r = validate_overrule(validate, validate->interchange_first_no, STORE_TSET_REJECTED,
				      SLICE_LITERAL("the interchange is rejected; see the TA1"));
	return r < 0 ? r : ack->interchange_end(ack->context, interchange);
}

static int validate_fgroup_begin(void *context, const struct x12_fgroup *fgroup)
{
	struct validate *validate = context;
	const struct check_handler *ack = ack_handler(validate_job(validate)->ack);
	const struct slice fields[6] = {fgroup->functional_id, fgroup->sender_code, fgroup->receiver_code,
					fgroup->date, fgroup->time, fgroup->control_number};
	size_t i;

	validate->fgroup_first_no = 0;
	for (i = 0; i < 6; i++)
		slice_to_cstr(fields[i], validate->fgroup_fields[i], sizeof(validate->fgroup_fields[i]));
	return ack->fgroup_begin(ack->context, fgroup);
}

static int validate_fgroup_end(void *context, const struct x12_fgroup *fgroup)
{
	struct validate *validate = context;
	const struct check_handler *ack = ack_handler(validate_job(validate)->ack);
	int r = 0;

	if (validate->record && fgroup->rejected && fgroup->complete)
		r = validate_overrule(validate, validate->fgroup_first_no, STORE_TSET_REJECTED,
				      SLICE_LITERAL("the functional group is rejected; see the 999"));
	return r < 0 ? r : ack->fgroup_end(ack->context, fgroup);
}

static int validate_tset_begin(void *context, const struct x12_tset *tset, const struct guide *guide)
{
	struct validate *validate = context;
	const struct check_handler *ack = ack_handler(validate_job(validate)->ack);
	const struct check_handler *enroll = enroll_handler(validate->enroll), *remit = remit_handler(validate->remit);
	int r;

	arena_reset(&validate->arena);
	validate->header = SLICE_EMPTY;
	validate->money = 0;
	validate->hold_category = CATEGORY_COUNT;
	validate->action = SLICE_EMPTY;
	validate->full = (struct store_full_set){.mode = STORE_FULL_NONE};
	validate->records = validate->compared = 0;
	guard_begin_set(&validate->guard);
	r = ack->tset_begin(ack->context, tset, guide);
	if (r == 0)
		r = enroll->tset_begin(enroll->context, tset, guide);
	return r < 0 ? r : remit->tset_begin(remit->context, tset, guide);
}

static int validate_tset_end(void *context, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct validate *validate = context;
	struct job *job = validate_job(validate);
	const struct check_handler *ack = ack_handler(job->ack);
	const struct check_handler *enroll = enroll_handler(validate->enroll), *remit = remit_handler(validate->remit);
	int r = enroll->tset_end(enroll->context, tset, verdict);

	if (r == 0)
		r = remit->tset_end(remit->context, tset, verdict);
	if (r == 0 && job->preview != NULL && job->preview->verdict != NULL)
		r = job->preview->verdict(job->preview->context, tset, verdict);
	job->tset_count++;
	job->members_read += verdict->members;
	job->money_read += validate->money;
	if (r == 0 && validate->record)
		r = validate_add_row(validate, tset, verdict);
	return r < 0 ? r : ack->tset_end(ack->context, tset, verdict);
}

#define FORWARD(handler_of, name, arguments)                                                                           \
	do {                                                                                                           \
		const struct check_handler *handler = handler_of;                                                      \
		int result = handler->name != NULL ? handler->name arguments : 0;                                      \
		if (result < 0)                                                                                        \
			return result;                                                                                 \
	} while (0)

static int validate_loop_begin(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	struct validate *validate = context;

	FORWARD(ack_handler(validate_job(validate)->ack), loop_begin, (handler->context, guide, loop));
	FORWARD(enroll_handler(validate->enroll), loop_begin, (handler->context, guide, loop));
	FORWARD(remit_handler(validate->remit), loop_begin, (handler->context, guide, loop));
	return 0;
}

static int validate_loop_end(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	struct validate *validate = context;

	FORWARD(ack_handler(validate_job(validate)->ack), loop_end, (handler->context, guide, loop));
	FORWARD(enroll_handler(validate->enroll), loop_end, (handler->context, guide, loop));
	FORWARD(remit_handler(validate->remit), loop_end, (handler->context, guide, loop));
	return 0;
}

static int validate_segment(void *context, const struct guide *guide, const struct guide_segment *node,
                            const struct x12_segment *segment)
{
	struct validate *validate = context;

	FORWARD(ack_handler(validate_job(validate)->ack), segment, (handler->context, guide, node, segment));
	FORWARD(enroll_handler(validate->enroll), segment, (handler->context, guide, node, segment));
	FORWARD(remit_handler(validate->remit), segment, (handler->context, guide, node, segment));
	return 0;
}

static int validate_finding(void *context, const struct finding *finding)
{
	struct validate *validate = context;
	struct job *job = validate_job(validate);
	int r = finding_list_add(&job->findings, finding);

	job->damaged |= finding->code == FINDING_INTERCHANGE_DAMAGED;
	/* An error of the file, not of one of its interchanges: bytes behind IEA that should not be there, damage. */
	if (finding->severity == FINDING_ERROR && finding->where.interchange == 0 && job->interchange_count > 0)
		job->broken = true;
	if (finding->severity == FINDING_ERROR && finding_row(finding->code)->scope == FINDING_INTERCHANGE)
		validate->envelope_rejected = true;
	if (r == 0 && job->preview != NULL && job->preview->finding != NULL)
		r = job->preview->finding(job->preview->context, finding);
	if (r < 0)
		return r;
	FORWARD(ack_handler(job->ack), finding, (handler->context, finding));
	FORWARD(enroll_handler(validate->enroll), finding, (handler->context, finding));
	return 0;
}

static const struct check_handler validate_handler = {
	.interchange_begin = validate_interchange_begin,
	.interchange_end = validate_interchange_end,
	.fgroup_begin = validate_fgroup_begin,
	.fgroup_end = validate_fgroup_end,
	.tset_begin = validate_tset_begin,
	.tset_end = validate_tset_end,
	.loop_begin = validate_loop_begin,
	.loop_end = validate_loop_end,
	.segment = validate_segment,
	.finding = validate_finding,
};

/* ---- the pass ---- */

static int validate_setup(struct validate *validate, struct job *job, bool record)
{
	const struct enroll_sink enroll_sink = {.context = validate, .header = validate_header_834, .family = validate_family};
	const struct remit_sink remit_sink = {.context = validate, .header = validate_header_820, .end = validate_remit_end};
	struct ack_options options = {.clock_ms = job->file.received_ms,
				      .control_number = (uint32_t)job->file.ack_control_first,
				      .ta1_only_when_asked = job->profile->ta1_only_when_asked};
	int r;

	*validate = (struct validate){.pass = {.job = job, .what = "validating", .wants_content = record}, .record = record};
	arena_init(&validate->arena, job->env, 0, 0);
	guard_init(&validate->guard, job);
	ack_free(job->ack);
	job->ack = NULL;
	r = ack_new(job->env, &options, &job->ack);
	if (r == 0)
		r = enroll_new(job->env, &enroll_sink, &validate->enroll);
	return r < 0 ? r : remit_new(job->env, &remit_sink, &validate->remit);
}

static void validate_clean_up(struct validate *validate)
{
	guard_fini(&validate->guard);
	enroll_free(validate->enroll);
	remit_free(validate->remit);
	arena_fini(&validate->arena);
}

/* Control numbers of our acknowledgments: looked at before the walk, taken once it is known how many were used. */
static int validate_take_numbers(struct job *job)
{
	uint64_t first;

	job->file.ack_control_count = ack_control_numbers_used(job->ack);
	if (job->file.ack_control_count == 0)
		return 0;
	return store_sequence_next(job->store, "ack_isa13", job->file.ack_control_count, 999999999, &first);
}

static int validate_end(struct validate *validate)
{
	struct job *job = validate_job(validate);
	int r = validate_take_numbers(job);

	/* A file that is cut off waits as a whole: what is missing might take back what is there. */
	if (r == 0 && validate->record && job_waits_whole(job))
		r = validate_overrule(validate, job->first_tset_no, STORE_TSET_HELD, job_waits_why(job));
	if (r == 0)
		r = guard_judge(&validate->guard);
	if (r == 0 && validate->record)
		r = full_judge(job);
	job->file.kind = job->saw_834 && job->saw_820 ? STORE_KIND_MIXED
		: job->saw_834 ? STORE_KIND_834
		: job->saw_820 ? STORE_KIND_820 : STORE_KIND_UNKNOWN;
	job->file.stage = STORE_FILE_VALIDATED;
	if (r == 0)
		r = store_file_update(job->store, &job->file);
	return r < 0 ? r : r > 0 ? MUSTER_ERROR_INTERNAL : job_commit(job);
}

static int validate_begin(struct job *job)
{
	int r = job_begin(job);

	if (r == 0)
		r = store_file_forget_sets(job->store, job->file.file_no);
	if (r == 0)
		r = store_sequence_next(job->store, "ack_isa13", 0, 999999999, &job->file.ack_control_first);
	return r;
}

int job_validate(struct job *job, bool record)
{
	struct validate validate;
	int r = record ? validate_begin(job) : 0;

	if (r < 0) {
		store_rollback(job->store);
		return r;
	}
	r = validate_setup(&validate, job, record && !job->duplicate);
	if (r == 0)
		r = job_walk(&validate.pass, validate_handler);
	if (r == 0 && record)
		r = validate_end(&validate);
	if (r < 0 && record)
		store_rollback(job->store);
	validate_clean_up(&validate);
	return r;
}
