/*
 * boundary: the day on which one coverage of a product follows another in a group, set right.
 *
 * A change of plan or tier leaves two spans that meet. Who says that the second begins on another day says that the first
 * goes on until the day before: nobody loses the days in between, and none is covered twice. His dependents, who changed
 * with him, do so on the new day.
 *
 * Source    enrollment-semantics sections 3 (plan transfer) and 4 (span arithmetic).
 */
#include "work.h"

static bool is_followed(const struct coverage_span *span, const struct coverage_span *next)
{
	return !span->voided && span->ends_on != DATE_NONE && span->ends_on + 1 == next->begins_on &&
	       slice_equal(span->group_id, next->group_id) && product_same(span->insurance_line, next->insurance_line);
}

int32_t boundary_previous(const struct span_list *spans, const struct coverage_span *next)
{
	uint32_t i;

	for (i = 0; i < spans->count; i++)
		if (is_followed(&spans->items[i].span, next))
			return (int32_t)i;
	return -1;
}

int32_t boundary_next(const struct span_list *spans, const struct coverage_span *span,
		      const struct coverage_span *wanted)
{
	uint32_t i;

	for (i = 0; i < spans->count; i++) {
		const struct coverage_span *next = &spans->items[i].span;

		if (!next->voided && is_followed(span, next) && slice_equal(next->plan_id, wanted->plan_id) &&
		    slice_equal(next->tier, wanted->tier))
			return (int32_t)i;
	}
	return -1;
}

/* Those of the dependents who changed with the subscriber. */
static int cascade_begin(struct record_work *it, const struct coverage_span *before, date_day begins)
{
	struct cascade *cascade;

	if (!it->record->is_subscriber)
		return 0;
	cascade = work_cascade(it, CASCADE_BEGIN);
	if (cascade == NULL)
		return -ENOMEM;
	cascade->filter = (struct span_filter){
		.group_id = before->group_id, .insurance_line = before->insurance_line, .plan_id = before->plan_id};
	cascade->span_before = *before;
	cascade->day = begins;
	return 0;
}

/*
 * A record of its own ended what would go on: nobody is covered on days for which that was said. It is told that there
 * are such days now.
 */
static int check_own_end(struct record_work *it, const struct coverage_span *span, date_day begins, bool *ret_stays)
{
	const struct decide_view *view = it->work->input->view;
	uint64_t member_no = it->draft->image->before.member_no;
	char from[DATE_TEXT_BYTES], to[DATE_TEXT_BYTES];
	int error = 0;

	*ret_stays = false;
	if (view->was_ended != NULL && member_no != 0 && span->span_no != 0)
		error = view->was_ended(view->context, member_no, span->span_no, it->work->arena, ret_stays);
	if (error != 0 || !*ret_stays)
		return error;
	return work_warnf(it->work, it->record->member_pos,
			  "no coverage from %s to %s: plan %.*s had been ended by a record of its own",
			  date_format_iso(span->ends_on + 1, from), date_format_iso(begins - 1, to),
			  SLICE_ARGS(span->plan_id));
}

int boundary_move(struct record_work *it, const struct coverage_span *next, date_day begins)
{
	struct span_list *spans = &it->draft->spans;
	int32_t found = boundary_previous(spans, next);
	struct coverage_span before, after;
	bool stays = false;
	uint32_t id;
	int error = 0;

	if (begins == next->begins_on || found < 0 || begins <= spans->items[found].span.begins_on)
		return 0;
	id = spans->items[found].id;
	before = after = spans->items[found].span;
	if (begins > next->begins_on)
		error = check_own_end(it, &before, begins, &stays);
	if (error != 0 || stays)
		return error;
	after.ends_on = begins - 1;
	error = spans_replace(it->work->arena, spans, id, &after);
	if (error == 0)
		error = record_span_row(it, DECIDE_CHANGE, id, &before, id);
	return error == 0 ? cascade_begin(it, next, begins) : error;
}
