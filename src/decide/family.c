/*
 * decide_family: the records of a family, one after another, subscriber first.
 *
 *   form -> the subscriber there? -> who is it? -> declination -> groups, plans, dates -> Medicare, COBRA
 *        -> new, certain or uncertain -> person data -> coverages -> rows
 *
 * A step that cannot go on makes an exception of the whole record, and what the record did so far is taken back. A
 * record that would leave a dependent covered without his subscriber (together.c) is found out at the end; then the
 * family is decided once more, without it.
 */
#include "work.h"

#include <assert.h>

#include "muster/region.h"

#include "muster/text.h"

static enum line_action line_action(const struct decide_input *input, struct slice maintenance)
{
	if (input->compares && slice_is(maintenance, "030"))
		return LINE_COMPARE;
	if (slice_is(maintenance, "021"))
		return LINE_ADD;
	if (slice_is(maintenance, "024"))
		return LINE_END;
	if (slice_is(maintenance, "002"))
		return LINE_VOID;
	if (slice_is(maintenance, "025"))
		return LINE_REINSTATE;
	return slice_is(maintenance, "032") ? LINE_NONE : LINE_CHANGE;
}

static bool adds_coverage(const struct record_work *it)
{
	const struct member_record *record = it->record;
	uint32_t i;

	for (i = 0; i < record->coverage_count; i++)
		if (line_action(it->work->input, record->coverages[i].maintenance) == LINE_ADD)
			return true;
	return slice_is(record->maintenance, "021");
}

/* ---- the dependent's subscriber ---- */

/* As agreed (dep_without_sub: reject): the sender puts his records into order. */
static int reject_dependent(struct record_work *it)
{
	return work_reject(it->work, CATEGORY_DEP_NO_SUBSCRIBER,
			   arena_printf(it->work->arena,
					"The subscriber %.*s is not on file, nor does he stand before his dependent; "
					"by agreement the record is rejected.",
					SLICE_ARGS(it->record->subscriber_id)));
}

static int no_subscriber(struct record_work *it)
{
	struct work *work = it->work;

	if (!work->subscriber_failed && !work->input->last_chance)
		return work->input->policy->reject_dep_without_sub ? reject_dependent(it) : DECIDE_E_DEFER;
	return work_failf(work, CATEGORY_DEP_NO_SUBSCRIBER, "The subscriber %.*s is not on file%s.",
			  SLICE_ARGS(it->record->subscriber_id),
			  work->subscriber_failed ? ": his own record waits" : "");
}

/* A dependent can be added only beside a subscriber. */
static int require_subscriber(struct record_work *it)
{
	struct draft *subscriber;
	int error;

	if (it->record->is_subscriber || !adds_coverage(it) || routing_is_declination(it->record))
		return 0;
	error = work_find_subscriber(it->work, it->work->family, &subscriber);
	if (error != 0)
		return error;
	return subscriber != NULL ? 0 : no_subscriber(it);
}

/* He must be covered in that group on that day himself, unless only his dependents are (HD01 032). */
int family_require_covered(struct record_work *it, const struct line *line)
{
	const struct span_filter filter = {.group_id = line->group->group_id};
	struct draft *subscriber;
	char day[DATE_TEXT_BYTES];
	int error;

	if (it->record->is_subscriber || it->work->dependents_only)
		return 0;
	error = work_find_subscriber(it->work, it->work->family, &subscriber);
	if (error != 0)
		return error;
	if (subscriber == NULL)
		return no_subscriber(it);
	if (spans_find_overlap(&subscriber->spans, &filter, line->begins_on, line->begins_on, 0) >= 0)
		return 0;
	if (!it->work->subscriber_failed && !it->work->input->last_chance)
		return DECIDE_E_DEFER;
	/* Where the contract itself has ended, that is the reason. */
	error = resolve_contract(it, line, line->plan, line->begins_on, line->ends_on);
	if (error != 0)
		return error;
	return work_failf(it->work, CATEGORY_DEP_NO_SUBSCRIBER,
			  "The subscriber %.*s has no coverage in group %.*s on %s.",
			  SLICE_ARGS(it->record->subscriber_id), SLICE_ARGS(line->group->group_id),
			  date_format_iso(line->begins_on, day));
}

/* ---- who it is ---- */

static int subscriber_exists(struct record_work *it)
{
	return work_failf(it->work, CATEGORY_SUB_EXISTS, "The subscriber number %.*s is in use by another family.",
			  SLICE_ARGS(it->record->subscriber_id));
}

/* Whoever is taken in without a number that the partner agreed to send is a member whom nothing finds again. */
static int require_ssn(struct record_work *it)
{
	enum decide_ssn required = it->work->input->policy->ssn_required;

	if (required == DECIDE_SSN_NOBODY || (required == DECIDE_SSN_SUBSCRIBERS && !it->record->is_subscriber) ||
	    !text_ssn_is_placeholder(it->sent.ssn) || is_forced(it))
		return 0;
	return work_failf(it->work, CATEGORY_SYNTAX_RECORD,
			  "The person is new, and there is no SSN; by agreement %s has one.",
			  required == DECIDE_SSN_EVERYBODY ? "everybody" : "every subscriber");
}

static int add_person(struct record_work *it)
{
	struct draft *subscriber;
	int error = work_find_subscriber(it->work, it->work->family, &subscriber);

	if (error != 0)
		return error;
	if (it->record->is_subscriber && subscriber != NULL)
		return subscriber_exists(it);
	if ((is_compared(it) || is_upsert(it)) && !it->record->is_subscriber && subscriber == NULL)
		return no_subscriber(it);
	error = require_ssn(it);
	if (error != 0)
		return error;
	if ((is_compared(it) || is_upsert(it)) && it->record->coverage_count == 0 &&
	    !it->work->input->policy->add_without_coverage)
		return work_fail(it->work, CATEGORY_NO_MATCH,
				 SLICE_LITERAL("The person is not on file, and no coverage was named."));
	it->is_new = true;
	error = work_draft_new(it->work, &it->sent, &it->draft);
	if (error < 0)
		return error;
	/* A dependent lives with the subscriber where nothing else was said. */
	if (subscriber != NULL && !it->record->has_address)
		fields_copy_address(&it->draft->image->after, &subscriber->image->after);
	it->draft->image->after.ssn = SLICE_EMPTY;
	return 0;
}

/* Is this the number that the record says the member had before? */
static bool is_former_id(const struct record_work *it, struct slice id)
{
	const struct member_record *record = it->record;
	const char *agreed = it->work->input->policy->prior_id_ref;

	if (agreed[0] != '\0' && slice_equal(enroll_ref_value(record->refs, record->ref_count, agreed), id))
		return true;
	return slice_equal(enroll_ref_value(record->refs, record->ref_count, "Q4"), id) ||
	       slice_equal(enroll_ref_value(record->refs, record->ref_count, "6O"), id);
}

/* A transfer takes a person's number along, or says which one he had. */
static bool says_transfer(const struct record_work *it, const struct member *known)
{
	return (slice_is(it->record->reason, "XT") || slice_is(it->record->reason, "22")) &&
	       (slice_equal(known->subscriber_id, it->record->subscriber_id) || is_former_id(it, known->subscriber_id));
}

/* The day with which all that he has ends; DATE_NONE = something is open, or he has nothing. */
static date_day last_covered(const struct span_list *spans)
{
	date_day last = DATE_NONE;
	uint32_t i;

	for (i = 0; i < spans->count; i++) {
		const struct coverage_span *span = &spans->items[i].span;

		if (!span->voided && span->ends_on == DATE_NONE)
			return DATE_NONE;
		if (!span->voided && (last == DATE_NONE || span->ends_on > last))
			last = span->ends_on;
	}
	return last;
}

/* He is on file in another family than the one that the record's number means. */
static int other_family(struct record_work *it, const struct member *known, bool is_foreign, bool is_add)
{
	date_day last = last_covered(&it->draft->spans);
	char day[DATE_TEXT_BYTES];

	if (is_add)
		return work_failf(it->work, CATEGORY_DUP_ADD,
				  "The person is active already under subscriber number %.*s%s%.*s%s%s.",
				  SLICE_ARGS(known->subscriber_id), is_foreign ? " of sponsor " : "",
				  SLICE_ARGS(is_foreign ? known->sponsor_id : SLICE_EMPTY),
				  last != DATE_NONE ? ", until " : "",
				  last != DATE_NONE ? date_format_iso(last, day) : "");
	if (is_foreign)
		return work_failf(
			it->work, CATEGORY_ID_CONFLICT,
			"The member is on file under subscriber number %.*s of sponsor %.*s, not of the one whom the "
			"record's set or group speaks for.",
			SLICE_ARGS(known->subscriber_id), SLICE_ARGS(known->sponsor_id));
	return work_failf(it->work, CATEGORY_ID_CONFLICT,
			  "The member is on file under subscriber number %.*s, %.*s was sent.",
			  SLICE_ARGS(known->subscriber_id), SLICE_ARGS(it->record->subscriber_id));
}

/*
 * A representative says who is meant by a record that brings no coverage: what another sponsor's file tells of the person is
 * taken, its number is not.
 */
static void keep_number(struct record_work *it, const struct member *known)
{
	it->sent.subscriber_id = known->subscriber_id;
	it->sent.sponsor_id = known->sponsor_id;
}

/* A certain person who comes under another subscriber number than his own, or under another sponsor's. */
static int check_other_family(struct record_work *it)
{
	const struct member *known = &it->draft->image->after;
	bool is_foreign = !slice_equal(known->sponsor_id, it->work->family.sponsor_id);
	bool is_add = slice_is(it->record->maintenance, "021"), may_move;
	struct draft *subscriber;
	int error;

	if (it->record->subscriber_id.len == 0 || family_key_equal(family_key_of(known), it->work->family) ||
	    (is_forced(it) && !is_foreign))
		return 0;
	if (is_forced(it) && !adds_coverage(it) && !says_transfer(it, known)) {
		keep_number(it, known);
		return 0;
	}
	if (is_forced(it))
		may_move = true;
	else if (is_add)
		may_move = !spans_active_from(&it->draft->spans, NULL, it->work->input->today);
	else
		may_move = is_foreign ? says_transfer(it, known)
				      : is_former_id(it, known->subscriber_id) || slice_is(it->record->reason, "25");
	if (!may_move)
		return other_family(it, known, is_foreign, is_add);
	if (!it->record->is_subscriber)
		return 0;
	error = work_find_subscriber(it->work, it->work->family, &subscriber);
	if (error != 0)
		return error;
	return subscriber != NULL && subscriber != it->draft ? subscriber_exists(it) : 0;
}

/* The subscriber's record about a dependent on file, or the other way round; in one family. */
static int check_relationship(struct record_work *it)
{
	const struct member *known = &it->draft->image->after;

	if (is_forced(it) || !family_key_equal(family_key_of(known), it->work->family) ||
	    known->relationship.len == 0 || slice_is(known->relationship, "18") == it->record->is_subscriber)
		return 0;
	return work_failf(it->work, CATEGORY_INVALID_REL, "The member is on file as %s of this family.",
			  it->record->is_subscriber ? "a dependent" : "the subscriber");
}

static int settle_person(struct record_work *it)
{
	int error;

	switch (it->match.disposition) {
	case MATCH_REVIEW:
		return work_fail(it->work, it->match.category, it->match.reason);
	case MATCH_NEW:
		return add_person(it);
	case MATCH_AUTO:
		break;
	}
	error = check_relationship(it);
	return error == 0 ? check_other_family(it) : error;
}

/* A death is certain only with an end; and survivors may keep their cover: a person looks after them. */
static int check_death(struct record_work *it)
{
	const struct span_filter any = {.group_id = SLICE_EMPTY};
	uint32_t i;
	int error;

	if (it->record->died_on == DATE_NONE || is_forced(it))
		return 0;
	if (!slice_is(it->record->maintenance, "024"))
		return work_fail(it->work, CATEGORY_DEATH,
				 SLICE_LITERAL("A death was reported, but no coverage is ended by the record."));
	if (!it->record->is_subscriber)
		return 0;
	error = work_household(it->work, family_key_of(&it->draft->image->after));
	for (i = 0; error == 0 && i < it->work->household_count; i++) {
		struct draft *survivor;

		error = work_draft(it->work, it->work->household[i], &survivor);
		if (error == 0 && survivor != it->draft &&
		    spans_active_from(&survivor->spans, &any, it->record->died_on))
			return work_fail(it->work, CATEGORY_DEATH,
					 SLICE_LITERAL("The subscriber has died and leaves covered dependents: does "
						       "their coverage end?"));
	}
	return error;
}

/* ---- coverages ---- */

/* Ends come before what follows them: 024 and 002, then 025, then changes, then adds. */
static int line_rank(enum line_action action)
{
	static const int ranks[] = {[LINE_END] = 0,    [LINE_VOID] = 0, [LINE_REINSTATE] = 1,
				    [LINE_CHANGE] = 2, [LINE_COMPARE] = 2, [LINE_ADD] = 3,
				    [LINE_NONE] = 3};

	return ranks[action];
}

static int resolve_lines(struct record_work *it, struct line **ret_lines)
{
	const struct member_record *record = it->record;
	struct line *lines = arena_alloc_array(it->work->arena, record->coverage_count + 1, sizeof(*lines));
	uint32_t i, count = 0;
	int rank, error = 0;

	if (lines == NULL)
		return -ENOMEM;
	for (rank = 0; rank <= 3; rank++) {
		for (i = 0; i < record->coverage_count && error == 0; i++) {
			enum line_action action = line_action(it->work->input, record->coverages[i].maintenance);

			if (line_rank(action) == rank)
				error = resolve_line(it, &record->coverages[i], action, &lines[count++]);
		}
	}
	for (i = 0; i < count && error == 0; i++)
		error = routing_cobra(it, lines[i].group);
	*ret_lines = lines;
	return error;
}

static int apply_line(struct record_work *it, const struct line *line)
{
	int error;

	if (line->separated_from != NULL)
		return separation_add(it, line);
	error = line->action == LINE_ADD ? family_require_covered(it, line) : 0;
	if (error != 0)
		return error;
	switch (line->action) {
	case LINE_ADD:
		return split_is_second(it) ? split_line(it, line) : coverage_add(it, line);
	case LINE_CHANGE:
		return coverage_change(it, line);
	case LINE_END:
		return ending_line(it, line);
	case LINE_VOID:
		return voiding_line(it, line);
	case LINE_REINSTATE:
		return reinstating_line(it, line);
	case LINE_COMPARE:
		return compare_line(it, line);
	case LINE_NONE:
		it->work->dependents_only = it->work->dependents_only || it->record->is_subscriber;
		return 0;
	}
	return 0;
}

static int apply_coverages(struct record_work *it, const struct line *lines)
{
	uint32_t i;
	int error = 0;

	if (split_is_first(it))
		return 0;
	for (i = 0; i < it->record->coverage_count && error == 0; i++)
		error = apply_line(it, &lines[i]);
	if (error == 0 && split_is_second(it))
		error = split_end_rest(it, lines);
	if (error == 0 && slice_is(it->record->maintenance, "024"))
		error = ending_member(it);
	else if (error == 0 && slice_is(it->record->maintenance, "025") && it->record->coverage_count == 0)
		error = reinstating_member(it);
	return error;
}

/* ---- person data and rows ---- */

static int add_cascade(struct record_work *it, enum cascade_kind kind)
{
	struct cascade *cascade = work_cascade(it, kind);

	if (cascade == NULL)
		return -ENOMEM;
	cascade->before = it->after_before;
	return 0;
}

/* The family's key first: the other cascades find the dependents by the new one. */
static int cascade_fields(struct record_work *it)
{
	const struct member *before = &it->after_before, *after = &it->draft->image->after;
	int error = 0;

	if (!it->record->is_subscriber || it->is_new)
		return 0;
	if (!family_key_equal(family_key_of(before), family_key_of(after)) && !slice_is(it->record->maintenance, "021"))
		error = add_cascade(it, CASCADE_FAMILY);
	if (error == 0 && !it->work->input->policy->address_cascade_off && !fields_same_address(before, after))
		error = add_cascade(it, CASCADE_ADDRESS);
	return error;
}

static struct slice joined(struct arena *arena, struct slice first, struct slice second)
{
	size_t len = first.len + 2 + second.len;
	char *text = arena_alloc(arena, len);

	if (text == NULL)
		return SLICE_EMPTY;
	memcpy(text, first.data, first.len);
	memcpy(text + first.len, "; ", 2);
	memcpy(text + first.len + 2, second.data, second.len);
	return slice_of(text, len);
}

static int join_changes(struct work *work, struct row *row, struct slice fields)
{
	struct slice *change = &row->operation.change;

	if (fields.data == NULL)
		return -ENOMEM;
	if (fields.len == 0)
		return 0;
	*change = change->len > 0 ? joined(work->arena, *change, fields) : fields;
	return change->data != NULL ? 0 : -ENOMEM;
}

static enum decide_outcome outcome_of(const struct work *work, uint32_t first_row)
{
	uint32_t i;

	for (i = first_row; i < work->row_count; i++)
		if (work->rows[i].operation.action != DECIDE_NO_CHANGE)
			return DECIDE_APPLIED;
	return DECIDE_UNCHANGED;
}

/* The record's first row carries the person data; a record without rows gets one. */
static int finish_rows(struct record_work *it)
{
	struct work *work = it->work;
	bool changed = fields_differ(&it->after_before, &it->draft->image->after);
	struct slice words = SLICE_LITERAL("new member");
	struct row *row;

	if (work->row_count == it->first_row && record_row(it, it->is_new ? DECIDE_ADD : DECIDE_NO_CHANGE) == NULL)
		return -ENOMEM;
	row = &work->rows[it->first_row];
	if (!changed && !it->is_new && outcome_of(work, it->first_row) == DECIDE_UNCHANGED)
		return 0;
	if (it->all_facts.data != NULL)
		fields_take_all_facts(it);
	if (!fields_differ(&it->after_before, &it->draft->image->after) && !it->is_new)
		return 0;
	if (!it->is_new)
		words = fields_describe(work->arena, &it->after_before, &it->draft->image->after);
	if (row->operation.action == DECIDE_NO_CHANGE)
		row->operation.action = DECIDE_CHANGE;
	if (row_carry_fields(work, row, it->is_new ? NULL : &it->after_before) < 0)
		return -ENOMEM;
	return join_changes(work, row, words);
}

/* ---- a record ---- */

/* Who declines and is not on file leaves no trace but the row. Who is on file was meant by it, as by any other record. */
static int decide_declination(struct record_work *it)
{
	if (record_row(it, DECIDE_NO_CHANGE) == NULL)
		return -ENOMEM;
	return it->draft != NULL ? work_claim(it->work, it->draft) : 0;
}

static int decide_person(struct record_work *it)
{
	int error = person_match(it);

	if (error == 0 && it->draft != NULL && it->match.disposition == MATCH_AUTO)
		it->after_before = it->draft->image->after;
	return error;
}

/*
 * It would leave somebody alone, or does not fit the others: the rest of the file may speak of them, else a person does.
 * Of Medicare a person decides in any case.
 */
static int refused_before(struct record_work *it)
{
	const struct refusal *refusal = &it->work->refusals[it->record - it->work->input->family->members];

	if (refusal->reason.data == NULL)
		return 0;
	if (!it->work->input->last_chance && refusal->category != CATEGORY_MEDICARE_REVIEW)
		return DECIDE_E_DEFER;
	return work_fail(it->work, refusal->category, refusal->reason);
}

/* A subscriber who lives, newly, where none of his plans is sold. */
static int check_area(struct record_work *it)
{
	const struct decide_view *view = it->work->input->view;
	const struct member *before = &it->after_before, *after = &it->draft->image->after;
	struct slice region = region_of(after->state, after->zip);
	uint32_t i;
	int error = 0;

	if (!it->record->is_subscriber || !it->record->has_address || slice_is_empty(region) ||
	    (!it->is_new && slice_equal(region, region_of(before->state, before->zip))))
		return 0;
	for (i = 0; i < it->draft->spans.count && error == 0; i++) {
		const struct coverage_span *span = &it->draft->spans.items[i].span;
		const struct plan *plan;

		if (span->voided || end_compare(span->ends_on, it->work->input->today) < 0)
			continue;
		error = view->plan(view->context, span->plan_id, it->work->arena, &plan);
		if (error == 0 && plan != NULL && plan->region.len > 0 && !slice_equal(plan->region, region))
			return work_doubt(it, CATEGORY_OUT_OF_AREA,
					  "the address lies outside the region in which the plan is sold");
	}
	return error < 0 ? error : 0;
}

static int decide_record(struct record_work *it)
{
	struct line *lines;
	int error = routing_form(it->work, it->record);

	if (error == 0)
		error = require_subscriber(it);
	if (error == 0)
		error = decide_person(it);
	if (error != 0)
		return error;
	if (routing_is_declination(it->record))
		return decide_declination(it);
	error = resolve_lines(it, &lines);
	if (error == 0)
		error = medicare_record(it);
	if (error == 0)
		error = settle_person(it);
	if (error == 0)
		error = check_death(it);
	if (error == 0)
		error = fields_apply(it);
	if (error == 0)
		error = cascade_fields(it);
	if (error == 0)
		error = apply_coverages(it, lines);
	if (error == 0)
		error = check_area(it);
	if (error == 0)
		error = finish_rows(it);
	if (error == 0)
		error = refused_before(it);
	return error == 0 ? work_claim(it->work, it->draft) : error;
}

/* Somebody whom this very family brought: his number is known once his image is applied, not here. */
static void candidates_number(const struct work *work, struct match_candidate *candidates, uint32_t count)
{
	uint32_t i, k;

	for (i = 0; i < count; i++)
		for (k = 0; k < work->draft_count; k++)
			if (candidates[i].member == &work->drafts[k]->shadow)
				candidates[i].member = &work->drafts[k]->image->after;
}

static int add_exception(struct work *work, struct record_work *it)
{
	struct changeset *changeset = work->changeset;
	struct match_candidate *candidates = NULL;

	if (it->match.candidate_count > 0 || !is_forced(it)) {
		candidates = arena_alloc_array(work->arena, it->match.candidate_count + 1, sizeof(*candidates));
		if (candidates == NULL)
			return -ENOMEM;
		if (it->match.candidate_count > 0)
			memcpy(candidates, it->match.candidates, it->match.candidate_count * sizeof(*candidates));
		candidates_number(work, candidates, it->match.candidate_count);
	}
	if (it->was_looked_for && person_identify(it) < 0)
		return -ENOMEM;
	assert(changeset->exception_count < changeset->exception_capacity);
	changeset->exceptions[changeset->exception_count++] = (struct decide_exception){
		.record = it->record,
		.member_pos = it->record->member_pos,
		.category = work->failure.category,
		.reason = work->failure.reason,
		.rejected = work->failure.rejects,
		.confidence = it->match.candidate_count > 0 ? candidates[0].probability : 0.0,
		.identity = it->identity,
		.candidates = candidates,
		.candidate_count = it->match.candidate_count,
	};
	return 0;
}

static int decide_one(struct work *work, uint32_t index)
{
	const struct member_record *record = &work->input->family->members[index];
	struct record_work *it = arena_alloc(work->arena, sizeof(*it));
	enum decide_outcome *outcome = &work->changeset->outcomes[index];
	struct mark mark;
	int error;

	if (it == NULL || work_mark(work, &mark) < 0)
		return -ENOMEM;
	it->work = work;
	it->record = record;
	it->first_row = work->row_count;
	person_of_record(work->input, record, &it->sent);
	if (record->subscriber_id.len > 0)
		it->sent.sponsor_id = work->family.sponsor_id;
	error = decide_record(it);
	if (error < 0)
		return error;
	if (error == 0) {
		*outcome = outcome_of(work, it->first_row);
		return 0;
	}
	work_rewind(work, &mark);
	if (record->goes_on_from != 0)
		split_fail(work, record);
	*outcome = error == DECIDE_E_DEFER     ? DECIDE_DEFERRED
		   : work->failure.rejects ? DECIDE_REJECTED
					   : DECIDE_EXCEPTION;
	if (error == DECIDE_E_DEFER) {
		work->changeset->warning_count = mark.warning_count;
		return 0;
	}
	work->subscriber_failed = work->subscriber_failed || record->is_subscriber;
	return add_exception(work, it);
}

/* ---- the family ---- */

static int decide_all(struct work *work)
{
	const struct enroll_family *family = work->input->family;
	uint32_t i;
	int pass, error = 0;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < family->member_count && error == 0; i++)
			if (family->members[i].is_subscriber == (pass == 0))
				error = decide_one(work, i);
	return error;
}

/* A record that changes nothing of the subscriber may end what a dependent of his still has: then it is applied. */
static void settle_outcomes(struct work *work)
{
	const struct enroll_family *family = work->input->family;
	enum decide_outcome *outcomes = work->changeset->outcomes;
	uint32_t i, k;

	for (i = 0; i < family->member_count; i++)
		for (k = 0; k < work->row_count && outcomes[i] == DECIDE_UNCHANGED; k++)
			if (work->rows[k].operation.member_pos == family->members[i].member_pos &&
			    work->rows[k].operation.action != DECIDE_NO_CHANGE)
				outcomes[i] = DECIDE_APPLIED;
}

/* *ret_refused: a record must not be applied after all; say it again. */
static int decide_once(struct work *work, bool *ret_refused)
{
	uint32_t count = work->input->family->member_count;
	struct changeset *changeset = work->changeset;
	int error;

	memset(changeset, 0, sizeof(*changeset));
	changeset->arena = work->arena;
	changeset->family = work->family;
	changeset->outcomes = arena_alloc_array(work->arena, count + 1, sizeof(*changeset->outcomes));
	changeset->exceptions = arena_alloc_array(work->arena, count + 1, sizeof(*changeset->exceptions));
	if (changeset->outcomes == NULL || changeset->exceptions == NULL)
		return -ENOMEM;
	changeset->outcome_count = changeset->exception_capacity = count;
	error = decide_all(work);
	*ret_refused = work->pair_failed;
	if (error != 0 || *ret_refused)
		return error;
	error = cascade_run(work);
	if (error == 0)
		error = together_check(work, ret_refused);
	if (error == 0 && !*ret_refused)
		medicare_check(work, ret_refused);
	if (error == 0 && !*ret_refused)
		error = later_check(work, ret_refused);
	if (error != 0 || *ret_refused)
		return error;
	error = tier_check(work, ret_refused);
	if (error != 0 || *ret_refused)
		return error;
	settle_outcomes(work);
	return work_finish(work);
}

int decide_family(struct arena *arena, const struct decide_input *input, struct changeset *ret_changeset)
{
	struct refusal *refusals = arena_alloc_array(arena, input->family->member_count + 1, sizeof(*refusals));
	struct family_key family;
	bool refused = true;
	int error;

	if (refusals == NULL)
		return -ENOMEM;
	error = numbering_resolve(arena, input, &family);
	/* Each time over refuses one record more. */
	while (error == 0 && refused) {
		struct work *work = arena_alloc(arena, sizeof(*work));

		if (work == NULL)
			return -ENOMEM;
		work->arena = arena;
		work->input = input;
		work->changeset = ret_changeset;
		work->refusals = refusals;
		work->family = family;
		error = decide_once(work, &refused);
	}
	return error;
}
