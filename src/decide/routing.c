/*
 * routing: records that contradict themselves, and records that a representative sees whatever the data.
 *
 * Source    enrollment-semantics sections 1 and 2 (INS03 against HD01); BUSINESS B6 (COBRA), B7 (declination);
 *           CONTRACT section 5.
 */
#include "work.h"

/* What HD01 may stand with an INS03: the table of enrollment-semantics section 2. HD01 032 goes with any. */
static const struct {
	const char *member, *coverages[7];
} allowed[] = {
	{"021", {"021", NULL}},
	{"001", {"001", "002", "021", "024", "025", "026", NULL}},
	{"024", {"024", NULL}},
	{"025", {"025", NULL}},
};
/* In a full file also: an active person's record, whose coverages are as they are, or say what became of each. */
static const char *const compared[] = {"030", "021", "001", "026", "024", "002", "025", NULL};

static bool is_one_of(struct slice coverage, const char *const *codes)
{
	for (; *codes != NULL; codes++)
		if (slice_is_code(coverage, *codes))
			return true;
	return false;
}

static bool may_stand(const struct decide_input *input, struct slice member, struct slice coverage, bool *ret_known)
{
	size_t i;

	*ret_known = input->compares && slice_is(member, "030");
	if (*ret_known)
		return is_one_of(coverage, compared) || slice_is(coverage, "032");
	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (!slice_is_code(member, allowed[i].member))
			continue;
		*ret_known = true;
		if (is_one_of(coverage, allowed[i].coverages))
			return true;
	}
	return slice_is(coverage, "032") && *ret_known;
}

static int check_actions(struct work *work, const struct member_record *record)
{
	struct slice no_coverage = SLICE_LITERAL("032");
	uint32_t i;
	bool known;

	may_stand(work->input, record->maintenance, no_coverage, &known);
	if (!known)
		return work_failf(work, CATEGORY_CONFLICTING_ACTION,
				  "INS03 is %.*s, which is no action in a change file.",
				  SLICE_ARGS(record->maintenance));
	if (slice_is(record->maintenance, "025") && work->input->policy->reinstate == DECIDE_REINSTATE_021)
		return work_fail(
			work, CATEGORY_CONFLICTING_ACTION,
			SLICE_LITERAL("A reinstatement (INS03 025); by agreement who comes back is added (021)."));
	for (i = 0; i < record->coverage_count; i++)
		if (!may_stand(work->input, record->maintenance, record->coverages[i].maintenance, &known))
			return work_failf(work, CATEGORY_CONFLICTING_ACTION, "INS03 is %.*s, but HD01 is %.*s.",
					  SLICE_ARGS(record->maintenance),
					  SLICE_ARGS(record->coverages[i].maintenance));
	if (slice_is(record->maintenance, "021") && record->coverage_count == 0 && !routing_is_declination(record) &&
	    !work->input->policy->add_without_coverage)
		return work_fail(work, CATEGORY_CONFLICTING_ACTION,
				 SLICE_LITERAL("An add (INS03 021) without any coverage (HD)."));
	return 0;
}

int routing_form(struct work *work, const struct member_record *record)
{
	if (record->errors > 0)
		return work_failf(work, CATEGORY_SYNTAX_RECORD, "%u errors of form; the first: %.*s.", record->errors,
				  SLICE_ARGS(record->first_error));
	if (slice_is(work->input->family->header->purpose, "22"))
		return work_fail(work, CATEGORY_CONFLICTING_ACTION,
				 SLICE_LITERAL("The set is an information copy (BGN01 22): nothing of it is applied."));
	if (record->is_subscriber != slice_is(record->relationship, "18"))
		return work_failf(work, CATEGORY_INVALID_REL, "INS01 is %s, but the relationship (INS02) is %.*s.",
				  record->is_subscriber ? "Y" : "N", SLICE_ARGS(record->relationship));
	return check_actions(work, record);
}

/* A declination is for a person who declines: it creates no coverage. An end sent with this reason is an end. */
bool routing_is_declination(const struct member_record *record)
{
	uint32_t i;

	if (!slice_is(record->reason, "26") || slice_is(record->maintenance, "024"))
		return false;
	for (i = 0; i < record->coverage_count; i++)
		if (slice_is(record->coverages[i].maintenance, "024") ||
		    slice_is(record->coverages[i].maintenance, "002"))
			return false;
	return true;
}

/* A compared record brings coverage where there is none yet. */
bool routing_brings_coverage(const struct record_work *it)
{
	const struct member_record *record = it->record;
	uint32_t i;

	if (is_compared(it) &&
	    (it->draft == NULL || !spans_active_from(&it->draft->spans, NULL, it->work->input->today)))
		return record->coverage_count > 0;
	if (slice_is(record->maintenance, "021") || slice_is(record->maintenance, "025"))
		return true;
	for (i = 0; i < record->coverage_count; i++)
		if (slice_is(record->coverages[i].maintenance, "021") ||
		    slice_is(record->coverages[i].maintenance, "025"))
			return true;
	return false;
}

int routing_cobra(struct record_work *it, const struct group *group)
{
	if (is_forced(it) || group == NULL || group->cobra_admin == COBRA_ADMIN_SELF || !is_cobra(it->record) ||
	    !routing_brings_coverage(it))
		return 0;
	return work_failf(it->work, CATEGORY_COBRA_REVIEW,
			  "A COBRA enrollment in group %.*s, which does not administer COBRA itself.",
			  SLICE_ARGS(group->group_id));
}
