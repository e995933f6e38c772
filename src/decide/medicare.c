/*
 * medicare: enrollments of who has Medicare go to the group's representative (BUSINESS B5).
 *
 * What counts as one:
 *   - a record that tells of Medicare (INS06, DTP 338, a Medicare product, the sender's word in 2320), unless it only
 *     changes person data of a member who is known to have it;
 *   - days of coverage, another plan or another group for a member who has Medicare: by his number (REF*F6, or on file),
 *     or by a Medicare product on file; whether the record says so or not, and also where it follows from another
 *     member's record;
 *   - anything that begins, changes or ends a Medicare product. Its end too: leaving one is an act of the member's toward
 *     Medicare, which an employer's file does not replace.
 * Person data, tiers, and ends of ordinary coverage take effect at once (B2).
 *
 * The first is seen in the record; the others when the family is decided, cascades included.
 */
#include "work.h"

static bool is_product(const struct coverage_span *span)
{
	return slice_is(span->insurance_line, DECIDE_MEDICARE_LINE);
}

/* ---- in the record ------------------------------------------------------------------------------------------- */

static bool tells_of_medicare(const struct member_record *record)
{
	bool product = false;
	uint32_t i;

	for (i = 0; i < record->coverage_count; i++)
		product |= slice_is(record->coverages[i].insurance_line, DECIDE_MEDICARE_LINE);
	return (record->medicare_parts.len > 0 && !slice_is(record->medicare_parts, "E")) || product ||
	       record->medicare_by_cob || enroll_date_value(record, "338") != DATE_NONE;
}

static bool contradicts_itself(const struct member_record *record)
{
	date_day begins = enroll_date_value(record, "338"), ends = enroll_date_value(record, "339");

	return slice_is(record->medicare_parts, "E") || (begins != DATE_NONE && ends != DATE_NONE && ends < begins);
}

/* By his number, or by a Medicare product on file. */
static bool is_known(const struct member *member)
{
	uint32_t i;

	for (i = 0; i < member->span_count; i++)
		if (!member->spans[i].voided && is_product(&member->spans[i]))
			return true;
	return member->medicare_id.len > 0;
}

int medicare_record(struct record_work *it)
{
	bool known_as_one = it->draft != NULL && is_known(&it->draft->image->before);

	if (is_forced(it) || !tells_of_medicare(it->record) || slice_is(it->record->maintenance, "024"))
		return 0;
	if (contradicts_itself(it->record))
		return work_fail(
			it->work, CATEGORY_MEDICARE_CONFLICT,
			SLICE_LITERAL("INS06 says that there is no Medicare, or its end lies before its begin; other "
				      "parts of the record say otherwise."));
	if (known_as_one && !routing_brings_coverage(it) && (it->record->coverage_count == 0 || is_compared(it)))
		return 0;
	return work_fail(it->work, CATEGORY_MEDICARE_REVIEW,
			 SLICE_LITERAL("The record tells of Medicare: the group's representative decides."));
}

/* ---- in what came of the family ------------------------------------------------------------------------------ */

static bool has_medicare(const struct draft *draft)
{
	return is_known(&draft->image->before) || draft->image->after.medicare_id.len > 0;
}

/* Is there a day of this span that the member was not covered on by the same plan in the same group? */
static bool is_gain(const struct member *before, const struct coverage_span *span)
{
	uint32_t i;

	if (span->voided)
		return false;
	for (i = 0; i < before->span_count; i++) {
		const struct coverage_span *old = &before->spans[i];

		if (slice_equal(old->group_id, span->group_id) && slice_equal(old->plan_id, span->plan_id) &&
		    span_covers(old, span->begins_on))
			return end_compare(span->ends_on, old->ends_on) > 0;
	}
	return true;
}

/* Why the row is a representative's; NULL: it is not. */
static const char *row_reason(const struct row *row)
{
	const struct span_list *spans = &row->draft->spans;
	const struct coverage_span *after = &spans->items[spans_index(spans, row->span_after_id)].span;
	bool product = is_product(after);

	if (row->span_before_id != 0)
		product |= is_product(&spans->items[spans_index(spans, row->span_before_id)].span);
	if (product)
		return "A Medicare product would begin, change or end: the group's representative decides.";
	if (has_medicare(row->draft) && is_gain(&row->draft->image->before, after))
		return "Who has Medicare would be enrolled, or change plan or group: the group's representative decides.";
	return NULL;
}

void medicare_check(struct work *work, bool *ret_found)
{
	const struct decide_input *input = work->input;
	uint32_t i;

	*ret_found = false;
	if (input->forced_new || input->forced_member_id.len > 0)
		return;
	for (i = 0; i < work->row_count; i++) {
		const struct row *row = &work->rows[i];
		const char *reason = NULL;
		uint32_t record;

		if (row->draft != NULL && row->span_after_id != 0 && row->operation.action != DECIDE_NO_CHANGE)
			reason = row_reason(row);
		record = reason != NULL ? work_record_of(work, row) : input->family->member_count;
		if (record == input->family->member_count || work->refusals[record].reason.data != NULL)
			continue;
		work->refusals[record].category = CATEGORY_MEDICARE_REVIEW;
		work->refusals[record].reason = slice_from(reason);
		*ret_found = true;
	}
}
