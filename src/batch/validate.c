/*
 * Pass 1: the verdict on every set is fixed before the first effect.
 *
 * One walk feeds the acknowledgments, keeps the findings for the report, and (where `record`) writes a row for
 * each interchange and set. What shall become of a set is first settled at its end; an interchange or functional
 * group that turns out rejected or cut off only at its own end changes that afterwards for its sets.
 *
 * Rows are committed in portions, and the write lock is not held while the walk goes on. A crash in here leaves the
 * file at stage CLAIMED, and the next run forgets the rows and starts the pass again.
 */
#include "validate.h"

#include "advise.h"
#include "fate.h"
#include "full.h"
#include "lane.h"
#include "set_header.h"

static struct slice validate_keep(struct validate *validate, const struct buffer *text)
{
	return text->error != 0 ? SLICE_EMPTY : arena_dup(&validate->arena, buffer_slice(text));
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
	set_header_834(&text, header);
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
	set_header_820(&text, header);
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

/* ---- the walk's events ---- */

static int validate_interchange_begin(void *context, const struct x12_interchange *interchange)
{
	struct validate *validate = context;
	struct job *job = validate_job(validate);
	struct store_interchange *row = &validate->interchange;
	const struct check_handler *ack = ack_handler(job->ack);

	validate->interchange_first_no = 0;
	validate->envelope_rejected = interchange->rejected;
	validate->came_before = SLICE_EMPTY;
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
		int r = validate_begin_writing(validate);

		if (r == 0)
			r = store_interchange_add(job->store, row);
		if (r == 0)
			r = lane_look(job, interchange, &validate->out_of_order);
		if (r != 0)
			return r > 0 ? MUSTER_ERROR_INTERNAL : r;
	}
	if (!job->duplicate) {
		int r = lane_came_before(job, row, &validate->came_before);

		if (r < 0)
			return r;
	}
	return ack->interchange_begin(ack->context, interchange);
}

/* A finding that only the database can make: the acknowledgment says that it came before (TA105 025). */
static int validate_duplicate_finding(struct validate *validate, const struct x12_interchange *interchange,
				      struct slice reason)
{
	struct job *job = validate_job(validate);
	const struct check_handler *ack = ack_handler(job->ack);
	const struct finding finding = {
		.code = FINDING_INTERCHANGE_DUPLICATE,
		.severity = FINDING_ERROR,
		.where = {.offset = interchange->offset, .interchange = interchange->ordinal},
		.segment_id = "ISA",
		.value = interchange->control_number,
		.message = reason,
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
	if (job->duplicate && !job->profile->duplicates_accepted)
		r = validate_duplicate_finding(validate, interchange, job->file.reason);
	else if (validate->came_before.len > 0)
		r = validate_duplicate_finding(validate, interchange, validate->came_before);
	if (r == 0 && validate->record && interchange->complete && validate->came_before.len > 0)
		r = fate_overrule(validate, validate->interchange_first_no, STORE_TSET_REJECTED, validate->came_before);
	else if (r == 0 && validate->record && interchange->complete && interchange->rejected)
		r = fate_overrule(validate, validate->interchange_first_no, STORE_TSET_REJECTED,
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
	validate_job(validate)->fgroup_count++;
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
		r = fate_overrule(validate, validate->fgroup_first_no, STORE_TSET_REJECTED,
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
		r = fate_add_set(validate, tset, verdict);
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

int validate_begin_writing(struct validate *validate)
{
	return job_begin_unless_open(validate_job(validate));
}

int validate_end_writing(struct validate *validate)
{
	struct job *job = validate_job(validate);

	validate->sets_in_commit = 0;
	return store_is_writing(job->store) ? job_commit(job) : 0;
}

static int validate_pause(struct job_pass *pass)
{
	return validate_end_writing((struct validate *)(void *)pass);
}

static int validate_setup(struct validate *validate, struct job *job, bool record)
{
	const struct enroll_sink enroll_sink = {
		.context = validate, .header = validate_header_834, .family = validate_family};
	const struct remit_sink remit_sink = {
		.context = validate, .header = validate_header_820, .end = validate_remit_end};
	struct ack_options options = {.clock_ms = job->file.received_ms,
				      .control_number = (uint32_t)job->file.ack_control_first,
				      .accepted_left_out = job->profile->accepted_sets_left_out,
				      .ta1_only_when_asked = job->profile->ta1_only_when_asked};
	int r;

	*validate = (struct validate){
		.pass = {.job = job, .what = "validating", .wants_content = record, .pause = validate_pause},
		.record = record,
	};
	arena_init(&validate->arena, job->env, 0, 0);
	guard_init(&validate->guard, job);
	job->fgroup_count = 0;
	ack_free(job->ack);
	job->ack = NULL;
	r = profile_read_name(&job->profile->names, job->file.name, &validate->name_agreed, validate->name_parts);
	if (r == 0)
		r = ack_new(job->env, &options, &job->ack);
	if (r == 0)
		r = enroll_new(job->env, &enroll_sink, &validate->enroll);
	if (r == 0) {
		enroll_set_habits(validate->enroll, &job->profile->enroll);
		enroll_set_outline(validate->enroll);
	}
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

	job->file.ack_control_count = ack_control_numbers_used(job->ack) + advise_numbers(job);
	if (job->file.ack_control_count == 0)
		return 0;
	return store_sequence_next(job->store, "ack_isa13", job->file.ack_control_count, 999999999, &first);
}

static int validate_end(struct validate *validate)
{
	struct job *job = validate_job(validate);
	int r = job_begin_unless_open(job);

	/* A file that is cut off waits as a whole: what is missing might take back what is there. */
	if (r == 0 && validate->record && job_waits_whole(job))
		r = fate_overrule(validate, job->first_tset_no, STORE_TSET_HELD, job_waits_why(job));
	if (r == 0)
		r = guard_judge(&validate->guard);
	if (r == 0 && validate->record)
		r = full_judge(job);
	/* A dry run ends the transaction: what must come once, with the stage, comes behind it. */
	if (r == 0)
		r = job_begin_unless_open(job);
	if (r == 0)
		r = validate_take_numbers(job);
	job->file.kind = job->saw_834 && job->saw_820 ? STORE_KIND_MIXED
		: job->saw_834 ? STORE_KIND_834
		: job->saw_820 ? STORE_KIND_820 : STORE_KIND_UNKNOWN;
	job->file.stage = STORE_FILE_VALIDATED;
	if (r == 0)
		r = store_file_update(job->store, &job->file);
	return r < 0 ? r : r > 0 ? MUSTER_ERROR_INTERNAL : job_commit(job);
}

static int forget_cut_short(void *context, const struct store_file *file)
{
	struct job *job = context;

	return file->stage == STORE_FILE_CLAIMED ? store_file_forget_sets(job->store, file->file_no) : 0;
}

/*
 * Rows of a pass 1 that was cut short are forgotten, those of other files too: they begin anew as well, and until then
 * no set may be a duplicate of one that has no effect and may get none.
 */
static int validate_begin(struct job *job)
{
	int r = job_begin(job);

	if (r == 0)
		r = store_files_unfinished(job->store, forget_cut_short, job);
	if (r == 0)
		r = store_sequence_next(job->store, "ack_isa13", 0, 999999999, &job->file.ack_control_first);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
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
	job->sound = r == 0 && job->findings.count == 0 && job->findings.dropped == 0;
	if (r == 0 && record)
		r = validate_end(&validate);
	if (r < 0 && record)
		store_rollback(job->store);
	validate_clean_up(&validate);
	return r;
}
