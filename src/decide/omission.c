/*
 * omission: who is in no record of a full file, household by household.
 *
 * Nothing here is read from a record: what is known is who stands in the file and who is covered. So everything that
 * leaves a doubt keeps the coverage, and says why.
 */
#include "work.h"

#include "muster/buffer.h"

static date_day end_of_next_month(date_day day)
{
	return date_month_end(date_add_months(date_month_begin(day), 1));
}

/* Does the omission concern this span? One that ends soon by itself was ended explicitly. */
static bool is_concerned(const struct decide_omission_input *input, const struct coverage_span *span)
{
	const struct span_filter here = {.group_id = input->group_id};

	return !span->voided && span_matches(span, &here) && span_covers(span, input->today) &&
	       (input->forced || span->ends_on == DATE_NONE || span->ends_on > end_of_next_month(input->file_on)) &&
	       end_compare(span->ends_on, input->ends_on) > 0;
}

static bool has_concerned(const struct decide_omission_input *input, const struct member *member)
{
	uint32_t i;

	for (i = 0; i < member->span_count; i++)
		if (is_concerned(input, &member->spans[i]))
			return true;
	return false;
}

/* Covered there later, or since: whoever is left out now may not have been known to the file. */
static bool has_later(const struct decide_omission_input *input, const struct member *member)
{
	uint32_t i;

	for (i = 0; i < member->span_count; i++)
		if (!member->spans[i].voided && slice_equal(member->spans[i].group_id, input->group_id) &&
		    member->spans[i].begins_on > input->file_on)
			return true;
	return false;
}

static void set(struct decide_absence *person, enum decide_omission_outcome outcome, struct slice reason)
{
	person->outcome = outcome;
	person->reason = reason;
}

/* Coverage that began after the file or after the day on which it would end, is not for this file to end. */
static struct slice own_protection(const struct decide_omission_input *input, const struct decide_absence *person)
{
	const struct member *member = person->member;
	uint32_t i;

	for (i = 0; i < member->span_count; i++) {
		const struct coverage_span *span = &member->spans[i];

		if (!span_covers(span, input->today) || !slice_equal(span->group_id, input->group_id))
			continue;
		if (span->cobra)
			return SLICE_LITERAL("COBRA coverage is never ended by omission");
		if (span->begins_on > input->ends_on)
			return SLICE_LITERAL("coverage began after the day on which it would end");
	}
	if (member->support_order)
		return SLICE_LITERAL("covered by a medical child support order");
	return has_later(input, member) ? SLICE_LITERAL("coverage begins after the file's date") : person->protection;
}

/* Each by himself. */
static void judge_people(const struct decide_omission_input *input, struct decide_absence *people, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		struct slice protection, waiting = people[i].reason;

		set(&people[i], DECIDE_OMISSION_NONE, SLICE_EMPTY);
		if (people[i].present ||
		    (!has_concerned(input, people[i].member) && (input->forced || !has_later(input, people[i].member))))
			continue;
		protection = input->forced ? SLICE_EMPTY : own_protection(input, &people[i]);
		if (protection.len > 0)
			set(&people[i], DECIDE_OMISSION_KEPT, protection);
		else if (people[i].waits && !input->forced)
			set(&people[i], DECIDE_OMISSION_WAITS, waiting);
		else
			set(&people[i], DECIDE_OMISSION_ENDED, SLICE_LITERAL("in no record of the full file"));
	}
}

static void set_ended(struct decide_absence *people, uint32_t count, enum decide_omission_outcome outcome,
		      struct slice reason)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (people[i].outcome == DECIDE_OMISSION_ENDED)
			set(&people[i], outcome, reason);
}

static uint32_t count_of(const struct decide_absence *people, uint32_t count, enum decide_omission_outcome outcome)
{
	uint32_t i, found = 0;

	for (i = 0; i < count; i++)
		found += people[i].outcome == outcome;
	return found;
}

/* Does a dependent who is not ended here go on in the group behind the day with which his subscriber would end? */
static bool leaves_covered(const struct decide_omission_input *input, const struct decide_absence *people,
			   uint32_t count)
{
	uint32_t i, k;

	for (i = 1; i < count; i++)
		for (k = 0; people[i].outcome == DECIDE_OMISSION_NONE && k < people[i].member->span_count; k++)
			if (!people[i].member->spans[k].voided &&
			    slice_equal(people[i].member->spans[k].group_id, input->group_id) &&
			    end_compare(people[i].member->spans[k].ends_on, input->ends_on) > 0)
				return true;
	return false;
}

static bool ask(struct decide_absence *people, uint32_t count, struct slice question)
{
	set_ended(people, count, DECIDE_OMISSION_WAITS, question);
	return true;
}

/* Leaving a Medicare product is a representative's to look at, as any end of one (medicare.c). */
static bool ends_medicare(const struct decide_omission_input *input, const struct decide_absence *people,
			  uint32_t count)
{
	uint32_t i, k;

	for (i = 0; i < count; i++)
		for (k = 0; people[i].outcome == DECIDE_OMISSION_ENDED && k < people[i].member->span_count; k++)
			if (is_concerned(input, &people[i].member->spans[k]) &&
			    slice_is(people[i].member->spans[k].insurance_line, DECIDE_MEDICARE_LINE))
				return true;
	return false;
}

/* The family's rules. True: a representative is asked. */
static bool judge_family(const struct decide_omission_input *input, struct decide_absence *people, uint32_t count)
{
	bool headed = count > 0 && slice_is(people[0].member->relationship, "18") && !people[0].present;

	if (input->forced || count_of(people, count, DECIDE_OMISSION_ENDED) == 0)
		return false;
	if (headed && people[0].outcome == DECIDE_OMISSION_ENDED && leaves_covered(input, people, count))
		return ask(people, count,
			   SLICE_LITERAL("The subscriber is in no record of the full file, but dependents of his "
					 "stay covered: does his coverage end?"));
	/* Who stays, or stays a while longer, neither loses his subscriber nor his dependents. */
	if (headed && count_of(people, count, DECIDE_OMISSION_KEPT) > 0)
		set_ended(people, count, DECIDE_OMISSION_KEPT, SLICE_LITERAL("somebody of the family is kept"));
	if (headed && count_of(people, count, DECIDE_OMISSION_WAITS) > 0)
		set_ended(people, count, DECIDE_OMISSION_WAITS, SLICE_LITERAL("somebody of the family waits"));
	if (count_of(people, count, DECIDE_OMISSION_ENDED) == 0)
		return false;
	if (input->retro_term_days > 0 && input->ends_on < input->today - input->retro_term_days)
		return ask(people, count,
			   SLICE_LITERAL("Left out of the full file; the end would lie further back than agreed."));
	if (ends_medicare(input, people, count))
		return ask(people, count,
			   SLICE_LITERAL("Left out of the full file; a Medicare product would end: does it?"));
	return input->ask && ask(people, count, SLICE_LITERAL("Left out of the full file: does the coverage end?"));
}

/* ---- the operations ---- */

static int add_operation(struct arena *arena, const struct decide_omission_input *input, struct changeset *changeset,
			 struct decide_image *image, uint32_t index)
{
	const struct coverage_span *before = &image->before.spans[index];
	struct coverage_span *after = &image->after.spans[index];
	struct decide_operation *operation = &changeset->operations[changeset->operation_count];

	after->ends_on = input->ends_on;
	*operation = (struct decide_operation){
		.action = DECIDE_TERMINATE,
		.member_pos = input->member_pos,
		.image = image,
		.span_before_index = (int32_t)index,
		.span_after_index = (int32_t)index,
		.group_id = after->group_id,
		.plan_id = after->plan_id,
		.begins_on = after->begins_on,
		.ends_on = after->ends_on,
		.confidence = 1.0,
		.match_rule = "omission",
		.change = describe_span(arena, before, after, false),
		.touches = {{.before = *before, .after = *after, .after_index = index}},
		.touch_count = 1,
	};
	if (operation->change.data == NULL)
		return -ENOMEM;
	changeset->operation_count++;
	return 0;
}

static int end_person(struct arena *arena, const struct decide_omission_input *input, struct changeset *changeset,
		      const struct member *member)
{
	struct decide_image *image = arena_alloc(arena, sizeof(*image));
	uint32_t i;
	int error = 0;

	if (image == NULL)
		return -ENOMEM;
	image->before = image->after = *member;
	image->after.spans = arena_alloc_array(arena, member->span_count + 1, sizeof(*image->after.spans));
	if (image->after.spans == NULL)
		return -ENOMEM;
	if (member->span_count > 0)
		memcpy(image->after.spans, member->spans, member->span_count * sizeof(*member->spans));
	changeset->images[changeset->image_count++] = image;
	for (i = 0; i < member->span_count && error == 0; i++)
		if (is_concerned(input, &member->spans[i]) && member->spans[i].begins_on <= input->ends_on)
			error = add_operation(arena, input, changeset, image, i);
	return error;
}

int decide_omission(struct arena *arena, const struct decide_omission_input *input, struct decide_absence *people,
		    uint32_t count, struct changeset *ret_changeset, bool *ret_asks)
{
	uint32_t i, spans = 0;
	int error = 0;

	judge_people(input, people, count);
	*ret_asks = judge_family(input, people, count);
	for (i = 0; i < count; i++)
		spans += people[i].member->span_count;
	*ret_changeset = (struct changeset){
		.arena = arena,
		.images = arena_alloc_array(arena, count + 1, sizeof(struct decide_image *)),
		.image_capacity = count,
		.operations = arena_alloc_array(arena, spans + 1, sizeof(struct decide_operation)),
		.operation_capacity = spans,
	};
	if (ret_changeset->images == NULL || ret_changeset->operations == NULL)
		return -ENOMEM;
	for (i = 0; i < count && error == 0; i++)
		if (people[i].outcome == DECIDE_OMISSION_ENDED)
			error = end_person(arena, input, ret_changeset, people[i].member);
	return error;
}
