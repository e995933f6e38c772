#include "audit.h"

struct audit {
	struct pass *pass;
	struct store_discrepancy line; /* what the lines of a record have in common */
	struct family_key family;
	bool explained;                /* it was looked what accounts for them */
};

/* ---- what accounts for a difference ---- */

struct explain {
	uint64_t but_file_no;
	date_day file_on;
	char file_id[STORE_FILE_ID_BYTES];
};

/* The last change since the file was made. */
static int explain_change(void *context, const struct store_change *change)
{
	struct explain *explain = context;

	if (!change->undone && change->origin.file_no != explain->but_file_no &&
	    date_of_clock_ms(change->at_ms) >= explain->file_on && !slice_is(change->action, "no_change"))
		slice_to_cstr(change->origin.file_id, explain->file_id, sizeof(explain->file_id));
	return 0;
}

int audit_explain(struct job *job, date_day file_on, uint64_t member_no, struct family_key family, struct arena *arena,
		  struct slice *ret_words)
{
	struct explain explain = {.but_file_no = job->file.file_no, .file_on = file_on};
	int r = store_exception_waits(job->store, family, job->file.file_no, arena, ret_words);

	if (r < 0 || ret_words->len > 0 || member_no == 0 || file_on == DATE_NONE)
		return r;
	r = store_changes_of_member(job->store, member_no, explain_change, &explain);
	if (r < 0 || explain.file_id[0] == '\0')
		return r;
	*ret_words = arena_printf(arena, "changed by %s since the file was made", explain.file_id);
	return ret_words->data != NULL ? 0 : -ENOMEM;
}

/* ---- lines ---- */

static int audit_add(struct audit *audit, const char *field, struct slice stored, struct slice sent)
{
	struct pass *pass = audit->pass;
	struct store_discrepancy line;
	int r = 0;

	if (!audit->explained)
		r = audit_explain(pass_job(pass), pass->full.file_on, audit->line.member_no, audit->family,
				  &pass->family_arena, &audit->line.explained);
	if (r < 0)
		return r;
	audit->explained = true;
	line = audit->line;
	line.field = slice_from(field);
	line.stored = stored;
	line.sent = sent;
	r = store_discrepancy_add(pass_job(pass)->store, &line);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

static int audit_field(void *context, const char *field, struct slice before, struct slice after)
{
	return audit_add(context, field, before, after);
}

static int audit_text(struct audit *audit, const char *field, struct slice before, struct slice after)
{
	return slice_equal(before, after) ? 0 : audit_add(audit, field, before, after);
}

static int audit_day(struct audit *audit, const char *field, date_day before, date_day after)
{
	char stored[DATE_TEXT_BYTES], sent[DATE_TEXT_BYTES];

	if (before == after)
		return 0;
	return audit_add(audit, field, slice_from(date_format_iso(before, stored)),
			 slice_from(date_format_iso(after, sent)));
}

static int audit_span(struct audit *audit, const struct coverage_span *before, const struct coverage_span *after)
{
	int r = audit_text(audit, "group_id", before->group_id, after->group_id);

	if (r == 0)
		r = audit_text(audit, "plan_id", before->plan_id, after->plan_id);
	if (r == 0)
		r = audit_text(audit, "tier", before->tier, after->tier);
	if (r == 0)
		r = audit_day(audit, "begins_on", before->begins_on, after->begins_on);
	if (r == 0)
		r = audit_day(audit, "ends_on", before->ends_on, after->ends_on);
	if (r == 0 && before->cobra != after->cobra)
		r = audit_add(audit, "cobra", slice_from(before->cobra ? "yes" : "no"),
			      slice_from(after->cobra ? "yes" : "no"));
	return r;
}

static int audit_operation(struct audit *audit, const struct decide_operation *operation)
{
	const struct decide_image *image = operation->image;
	const struct coverage_span *after = NULL;
	int r = 0;

	if (operation->carries_fields && operation->fields_before != NULL)
		r = decide_differences(&audit->pass->family_arena, operation->fields_before, operation->fields_after,
				       audit, audit_field);
	if (operation->span_after_index >= 0)
		after = &image->after.spans[operation->span_after_index];
	if (r == 0 && after != NULL && operation->span_before_index >= 0)
		r = audit_span(audit, &image->before.spans[operation->span_before_index], after);
	else if (r == 0)
		r = audit_add(audit, after != NULL ? "coverage" : "member", SLICE_EMPTY, operation->change);
	return r;
}

/* The record's own operations: those about the member of its first. What would follow for others is no finding. */
static int audit_operations(struct audit *audit, const struct changeset *changeset, uint32_t member_pos)
{
	const struct decide_operation *first = NULL;
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < changeset->operation_count; i++) {
		const struct decide_operation *operation = &changeset->operations[i];

		if (operation->member_pos != member_pos || operation->image == NULL)
			continue;
		first = first != NULL ? first : operation;
		if (operation->image != first->image || operation->action == DECIDE_NO_CHANGE)
			continue;
		audit->line.member_no = operation->image->before.member_no;
		audit->line.outcome = slice_from(audit->line.member_no != 0 ? "differs" : "only_in_file");
		r = audit_operation(audit, operation);
	}
	return r;
}

static int audit_exception(struct audit *audit, const struct changeset *changeset, uint32_t member_pos)
{
	uint32_t i;

	for (i = 0; i < changeset->exception_count; i++) {
		const struct decide_exception *exception = &changeset->exceptions[i];

		if (exception->member_pos != member_pos)
			continue;
		audit->line.outcome = SLICE_LITERAL("unsure");
		if (exception->candidate_count > 0)
			audit->line.member_no = exception->candidates[0].member->member_no;
		return audit_add(audit, category_name(exception->category), SLICE_EMPTY, exception->reason);
	}
	return 0;
}

int audit_family(struct pass *pass, const struct enroll_family *family, struct changeset *changeset)
{
	struct apply_origin origin = job_origin(pass_job(pass), &pass->tset);
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < family->member_count; i++) {
		const struct member_record *record = &family->members[i];
		struct audit audit = {.pass = pass,
				      .family = changeset->family,
				      .line = {.tset_no = pass->tset.tset_no,
					       .member_pos = record->member_pos,
					       .subscriber_id = record->subscriber_id}};

		if (changeset->outcomes[i] == DECIDE_APPLIED)
			r = audit_operations(&audit, changeset, record->member_pos);
		else if (changeset->outcomes[i] == DECIDE_EXCEPTION)
			r = audit_exception(&audit, changeset, record->member_pos);
	}
	return r == 0 ? apply_audited(&origin, family, changeset, &pass->tset.tally, &pass->payload) : r;
}
