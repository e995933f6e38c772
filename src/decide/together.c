/*
 * together: nobody is covered as a dependent on a day on which his subscriber is not covered in the same group.
 *
 * Looked at when the whole family is decided, cascades included: what a record takes from the subscriber another may
 * take from his dependents. The record by which somebody would be left alone waits: for the rest of the file, which may
 * speak of the others, then for a representative. What stood so before is no news; nor is what a representative
 * decided who was asked just that (of another question's answer he may not know what became of the subscriber since),
 * cover for dependents alone (HD01 032), or COBRA, which a dependent elects for himself.
 *
 * Source    enrollment-semantics sections 2 and 3.
 */
#include "work.h"

static bool is_subscriber(const struct draft *draft)
{
	return slice_is(draft->image->after.relationship, "18");
}

/* Did a record change his coverage, but by ending it (`gains`), or but by adding to it? */
static bool is_touched(const struct work *work, const struct draft *draft, bool gains)
{
	uint32_t i;

	for (i = 0; i < work->row_count; i++) {
		const struct row *row = &work->rows[i];
		enum decide_action action = row->operation.action;
		bool only_ends = action == DECIDE_TERMINATE || action == DECIDE_VOID;
		bool only_adds = action == DECIDE_ADD || action == DECIDE_REINSTATE;

		if (row->draft == draft && row->span_after_id != 0 && action != DECIDE_NO_CHANGE &&
		    !(gains ? only_ends : only_adds))
			return true;
	}
	return false;
}

static bool was_covered(const struct draft *draft, struct slice group_id, date_day day)
{
	const struct member *before = &draft->image->before;
	uint32_t i;

	for (i = 0; i < before->span_count; i++)
		if (slice_equal(before->spans[i].group_id, group_id) && span_covers(&before->spans[i], day))
			return true;
	return false;
}

static bool is_covered(const struct draft *draft, struct slice group_id, date_day day)
{
	const struct span_filter here = {.group_id = group_id};

	return spans_find_overlap(&draft->spans, &here, day, day, 0) >= 0;
}

/* Is the dependent alone on this day of his span, as he was not before? */
static bool is_alone(const struct draft *dependent, const struct draft *subscriber, const struct coverage_span *span,
		     date_day day)
{
	return span_covers(span, day) && !is_covered(subscriber, span->group_id, day) &&
	       !(was_covered(dependent, span->group_id, day) && !was_covered(subscriber, span->group_id, day));
}

/* The first days on which somebody may be alone: where his span begins, and where something of theirs ends or began. */
static bool find_alone(const struct draft *dependent, const struct draft *subscriber, const struct coverage_span *span,
		       date_day *ret_day)
{
	const struct member *then = &subscriber->image->before, *his = &dependent->image->before;
	uint32_t i;

	*ret_day = span->begins_on;
	if (is_alone(dependent, subscriber, span, *ret_day))
		return true;
	for (i = 0; i < subscriber->spans.count; i++) {
		*ret_day = subscriber->spans.items[i].span.ends_on + 1;
		if (subscriber->spans.items[i].span.ends_on != DATE_NONE &&
		    is_alone(dependent, subscriber, span, *ret_day))
			return true;
	}
	for (i = 0; i < then->span_count; i++) {
		*ret_day = then->spans[i].begins_on;
		if (is_alone(dependent, subscriber, span, *ret_day))
			return true;
	}
	for (i = 0; i < his->span_count; i++) {
		*ret_day = his->spans[i].ends_on + 1;
		if (his->spans[i].ends_on != DATE_NONE && is_alone(dependent, subscriber, span, *ret_day))
			return true;
	}
	return false;
}

/* Which record of the family changed this member's coverage, the last one. */
static uint32_t record_about(const struct work *work, const struct draft *draft)
{
	const struct enroll_family *family = work->input->family;
	uint32_t pos = 0, i;

	for (i = work->row_count; i > 0 && pos == 0; i--)
		if (work->rows[i - 1].draft == draft && work->rows[i - 1].span_after_id != 0 &&
		    work->rows[i - 1].operation.action != DECIDE_NO_CHANGE)
			pos = work->rows[i - 1].operation.member_pos;
	for (i = 0; i < family->member_count && family->members[i].member_pos != pos; i++)
		;
	return i;
}

static int refuse(struct work *work, const struct draft *dependent, const struct draft *subscriber,
		  const struct coverage_span *span, date_day day, bool *ret_found)
{
	bool by_subscriber = was_covered(subscriber, span->group_id, day);
	uint32_t index = record_about(work, by_subscriber ? subscriber : dependent);
	struct slice id = dependent->image->after.member_id;
	char text[DATE_TEXT_BYTES];

	/* A cascade of somebody else's record: nothing of this family to refuse. */
	if (index == work->input->family->member_count || work->refusals[index].reason.data != NULL)
		return 0;
	work->refusals[index].category = CATEGORY_DEP_NO_SUBSCRIBER;
	work->refusals[index].reason = arena_printf(
		work->arena, "%s%.*s would be covered in group %.*s on %s, when the subscriber is not%s",
		id.len > 0 ? "The dependent " : "A dependent", SLICE_ARGS(id), SLICE_ARGS(span->group_id),
		date_format_iso(day, text), by_subscriber ? " any longer: does that coverage end too?" : ".");
	*ret_found = true;
	return work->refusals[index].reason.data != NULL ? 0 : -ENOMEM;
}

static int check_pair(struct work *work, const struct draft *dependent, const struct draft *subscriber, bool *ret_found)
{
	date_day day;
	uint32_t i;
	int error = 0;

	for (i = 0; i < dependent->spans.count && error == 0 && !*ret_found; i++) {
		const struct coverage_span *span = &dependent->spans.items[i].span;

		if (!span->voided && !span->cobra && find_alone(dependent, subscriber, span, &day))
			error = refuse(work, dependent, subscriber, span, day, ret_found);
	}
	return error;
}

/* Drafts of the dependents of those subscribers who lost something. */
static int load_dependents(struct work *work)
{
	uint32_t i, k, count = work->draft_count;
	int error = 0;

	for (i = 0; i < count && error == 0; i++) {
		if (!is_subscriber(work->drafts[i]) || !is_touched(work, work->drafts[i], false))
			continue;
		error = work_household(work, family_key_of(&work->drafts[i]->image->after));
		for (k = 0; k < work->household_count && error == 0; k++) {
			struct draft *ignored;

			error = work_draft(work, work->household[k], &ignored);
		}
	}
	return error;
}

int together_check(struct work *work, bool *ret_found)
{
	const struct decide_input *input = work->input;
	uint32_t i;
	int error;

	*ret_found = false;
	if (work->dependents_only || (input->insists_alone && (input->forced_new || input->forced_member_id.len > 0)))
		return 0;
	error = load_dependents(work);
	for (i = 0; i < work->draft_count && error == 0 && !*ret_found; i++) {
		struct draft *dependent = work->drafts[i], *subscriber = NULL;
		bool gains = !is_subscriber(dependent) && is_touched(work, dependent, true);

		if (is_subscriber(dependent) || dependent->spans.count == 0)
			continue;
		error = gains || work->household_loaded
				? work_find_subscriber(work, family_key_of(&dependent->image->after), &subscriber)
				: 0;
		if (error == 0 && subscriber != NULL && (gains || is_touched(work, subscriber, false)))
			error = check_pair(work, dependent, subscriber, ret_found);
	}
	return error;
}
