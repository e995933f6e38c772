/*
 * One member's changes taken back: from what stands now, backwards over his history, and what stands against it.
 */
#include <stdio.h>

#include "muster/log.h"
#include "undo_work.h"

/* A row of the member's history. */
struct row {
	struct store_change change; /* without before and after: these are */
	struct images images;
	/* The change that it is about: of an undo or redo the original one, of another itself. That is its place. */
	struct place {
		uint32_t member_seq;
		int64_t at_ms;
		uint64_t tset_no;
	} place;
	bool selected;
	struct slice undo_before, undo_after; /* JSON of the compensating entry */
};

struct history {
	struct undo *undo; /* NULL: only looking at what was known */
	struct arena *arena;
	struct row *rows;
	uint32_t count, capacity;
};

static int row_copy(struct arena *arena, const struct store_change *from, struct row *row)
{
	struct store_change *to = &row->change;

	*to = *from;
	to->action = arena_dup(arena, from->action);
	to->member_id = arena_dup(arena, from->member_id);
	to->subscriber_id = arena_dup(arena, from->subscriber_id);
	to->group_id = arena_dup(arena, from->group_id);
	to->plan_id = arena_dup(arena, from->plan_id);
	to->match_rule = arena_dup(arena, from->match_rule);
	to->change = arena_dup(arena, from->change);
	to->operator_id = arena_dup(arena, from->operator_id);
	to->origin.file_id = arena_dup(arena, from->origin.file_id);
	to->before = to->after = SLICE_EMPTY;
	if (to->action.data == NULL || to->member_id.data == NULL || to->subscriber_id.data == NULL ||
	    to->group_id.data == NULL || to->plan_id.data == NULL || to->match_rule.data == NULL ||
	    to->change.data == NULL || to->operator_id.data == NULL || to->origin.file_id.data == NULL)
		return -ENOMEM;
	return images_read(arena, from->before, from->after, &row->images);
}

static struct place row_place(const struct history *history, const struct row *row)
{
	uint32_t i;

	for (i = 0;
	     (slice_is(row->change.action, "undo") || slice_is(row->change.action, "redo")) && i < history->count;
	     i++) {
		const struct store_change *about = &history->rows[i].change;

		if (about->tset_no == row->change.tset_no && about->member_pos == row->change.member_pos &&
		    about->op_index == row->change.undoes)
			return history->rows[i].place;
	}
	return (struct place){row->change.member_seq, row->change.at_ms, row->change.tset_no};
}

static int history_row(void *context, const struct store_change *change)
{
	struct history *history = context;
	struct row *row;
	int r;

	if (undo_is_money(change))
		return 0;
	if (history->count == history->capacity) {
		uint32_t capacity = history->capacity * 2 + 8;
		struct row *grown = arena_alloc_array(history->arena, capacity, sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		if (history->count > 0)
			memcpy(grown, history->rows, history->count * sizeof(*grown));
		history->rows = grown;
		history->capacity = capacity;
	}
	row = &history->rows[history->count];
	row->selected = history->undo != NULL && undo_selects(&history->undo->request->scope, change);
	r = row_copy(history->arena, change, row);
	if (r == 0)
		row->place = row_place(history, row);
	history->count++;
	return r;
}

static int history_read(struct undo *undo, struct store *store, struct arena *arena, uint64_t member_no,
                        struct history *ret_history)
{
	*ret_history = (struct history){.undo = undo, .arena = arena};
	return store_changes_of_member(store, member_no, history_row, ret_history);
}

/* A copy with spans of its own. */
static int member_copy(struct arena *arena, const struct member *from, struct member *to)
{
	*to = *from;
	to->spans = arena_alloc_array(arena, from->span_count + 1, sizeof(*to->spans));
	if (to->spans == NULL)
		return -ENOMEM;
	if (from->span_count > 0)
		memcpy(to->spans, from->spans, from->span_count * sizeof(*to->spans));
	return 0;
}

/* ---- later changes ---- */

static bool stays_in_force(const struct row *row)
{
	return !row->selected && undo_is_in_force(&row->change);
}

/* A later change that stays, and touches the same thing: the first of them. One applied again is as late as it was. */
static const struct row *find_later(const struct history *history, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < history->count; i++)
		if (history->rows[i].place.member_seq > history->rows[index].place.member_seq &&
		    stays_in_force(&history->rows[i]) &&
		    images_meet(&history->rows[index].images, &history->rows[i].images))
			return &history->rows[i];
	return NULL;
}

/* What made the member other than the row left him: the last row that touches the same thing, an undo too. */
static const struct row *find_cause(const struct history *history, uint32_t index)
{
	uint32_t i;

	for (i = history->count; i > index + 1; i--) {
		const struct row *row = &history->rows[i - 1];

		if (!row->selected && !row->change.undone && images_meet(&history->rows[index].images, &row->images))
			return row;
	}
	return NULL;
}

static int check_row(struct undo *undo, const struct history *history, uint32_t index, const struct member *state,
                     bool *ret_ok)
{
	const struct row *row = &history->rows[index], *by;
	bool foreign = row->images.after.is_foreign || row->images.before.is_foreign;

	*ret_ok = false;
	if (foreign)
		return undo_block(undo, &row->change, "it was written by an earlier muster, which did not keep enough",
				  NULL);
	by = find_later(history, index);
	if (by != NULL)
		return undo_block(undo, &row->change, "a later change depends on it", &by->change);
	if (!images_fit(&row->images, state)) {
		by = find_cause(history, index);
		return undo_block(undo, &row->change,
				  by != NULL ? "a later change depends on it"
					     : "the member has been changed since, and not by a file",
				  by != NULL ? &by->change : NULL);
	}
	*ret_ok = true;
	return slice_is(row->change.action, "undo") ? undo_check_again(undo, &row->change, ret_ok)
						    : undo_check_waits(undo, &row->change, ret_ok);
}

/* ---- coverages against each other ---- */

static bool spans_clash(const struct coverage_span *a, const struct coverage_span *b)
{
	if (a->voided || b->voided || !decide_same_product(a->insurance_line, b->insurance_line))
		return false;
	return (a->ends_on == DATE_NONE || b->begins_on <= a->ends_on) &&
	       (b->ends_on == DATE_NONE || a->begins_on <= b->ends_on);
}

/* The last row in force, of those that stay, that touched this span. */
static const struct row *find_toucher(const struct history *history, uint64_t span_no)
{
	uint32_t i, k;

	for (i = history->count; i > 0; i--) {
		const struct row *row = &history->rows[i - 1];

		for (k = 0; stays_in_force(row) && k < row->images.after.span_count; k++)
			if (row->images.after.spans[k].span_no == span_no)
				return row;
	}
	return NULL;
}

/* Two coverages that exclude each other would be there at once, and are not now. Spans lie in the same order. */
static int check_clashes(struct undo *undo, const struct history *history, const struct row *last,
                         const struct member *now, const struct member *state)
{
	uint32_t i, k;

	for (i = 0; i < state->span_count; i++) {
		for (k = i + 1; k < state->span_count; k++) {
			const struct row *by;

			if (!spans_clash(&state->spans[i], &state->spans[k]) ||
			    spans_clash(&now->spans[i], &now->spans[k]))
				continue;
			by = find_toucher(history, state->spans[i].span_no);
			if (by == NULL || by->change.member_seq < last->change.member_seq)
				by = find_toucher(history, state->spans[k].span_no);
			return undo_block(undo, &last->change, "the coverage would overlap another one of the member",
					  by != NULL ? &by->change : NULL);
		}
	}
	return 0;
}

/* ---- the family ---- */

static bool is_covered(const struct member *member, struct slice group_id, date_day day)
{
	uint32_t i;

	for (i = 0; i < member->span_count; i++)
		if (slice_equal(member->spans[i].group_id, group_id) && span_covers(&member->spans[i], day))
			return true;
	return false;
}

static bool is_subscriber(const struct member *member)
{
	return slice_is(member->relationship, "18");
}

/* Changes of two members: is this one of the same set as the other, or later? */
static bool is_since(const struct row *row, const struct row *other)
{
	if (row->place.at_ms != other->place.at_ms)
		return row->place.at_ms > other->place.at_ms;
	return row->place.tset_no >= other->place.tset_no;
}

/* The subscriber loses cover that a dependent's coverage, made by a later change that stays, begins under. */
static int check_dependent(struct undo *undo, const struct row *last, const struct member *now,
                           const struct member *state, const struct member *dependent)
{
	struct history history = {0};
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < dependent->span_count; i++) {
		const struct coverage_span *span = &dependent->spans[i];
		const struct row *by;

		if (span->voided || !is_covered(now, span->group_id, span->begins_on) ||
		    is_covered(state, span->group_id, span->begins_on))
			continue;
		if (history.arena == NULL)
			r = history_read(undo, undo->request->store, &undo->arena, dependent->member_no, &history);
		by = r == 0 ? find_toucher(&history, span->span_no) : NULL;
		if (by != NULL && is_since(by, last) && !undo_is_part(&undo->request->scope, &by->change))
			return undo_block(undo, &last->change, "the coverage of a dependent rests on it", &by->change);
	}
	return r;
}

/*
 * The row of the subscriber, of those that stay, without which he would be covered on this day: a later change, or the
 * undo of one that stood when `last` was made. What he had lost before that is not asked for.
 */
static int find_what_ended(struct undo *undo, const struct row *last, const struct member *subscriber,
                           struct slice group_id, date_day day, struct store_change *ret_change, bool *ret_found)
{
	struct history history;
	uint32_t i;
	int r = history_read(undo, undo->request->store, &undo->arena, subscriber->member_no, &history);

	*ret_found = false;
	for (i = history.count; r == 0 && i > 0 && !*ret_found; i--) {
		const struct row *row = &history.rows[i - 1];
		struct member without;

		if (row->selected || row->change.undone || images_are_empty(&row->images) ||
		    undo_is_part(&undo->request->scope, &row->change) ||
		    !(slice_is(row->change.action, "undo") ? is_since(last, row) : is_since(row, last)))
			continue;
		r = member_copy(&undo->arena, subscriber, &without);
		if (r < 0)
			break;
		images_take_back(&row->images, &without, false);
		*ret_found = is_covered(&without, group_id, day);
		*ret_change = row->change;
	}
	return r;
}

/* The first day that a span of the dependent gains; DATE_NONE: none. */
static date_day gained_day(const struct coverage_span *now, const struct coverage_span *then)
{
	if (then->voided)
		return DATE_NONE;
	if (now->voided || then->begins_on < now->begins_on)
		return then->begins_on;
	if (now->ends_on != DATE_NONE && (then->ends_on == DATE_NONE || then->ends_on > now->ends_on))
		return now->ends_on + 1;
	return DATE_NONE;
}

/* A dependent gains cover on a day on which the subscriber has none, because of a change that stays. */
static int check_subscriber(struct undo *undo, const struct row *last, const struct member *now,
                            const struct member *state, const struct member *subscriber)
{
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < state->span_count; i++) {
		date_day day = gained_day(&now->spans[i], &state->spans[i]);
		struct store_change by;
		bool found = false;

		if (day != DATE_NONE && !is_covered(subscriber, state->spans[i].group_id, day))
			r = find_what_ended(undo, last, subscriber, state->spans[i].group_id, day, &by, &found);
		if (found)
			return undo_block(undo, &last->change, "the subscriber himself would not be covered", &by);
	}
	return r;
}

static int check_family(struct undo *undo, const struct row *last, const struct member *now, const struct member *state)
{
	const struct member **members;
	uint64_t blocked = undo->totals.blocked;
	uint32_t count, i;
	int r = store_household(undo->request->store, family_key_of(now), &undo->arena, &members, &count);

	for (i = 0; r == 0 && i < count && undo->totals.blocked == blocked; i++) {
		if (members[i]->member_no == now->member_no || is_subscriber(members[i]) == is_subscriber(now))
			continue;
		r = is_subscriber(now) ? check_dependent(undo, last, now, state, members[i])
				       : check_subscriber(undo, last, now, state, members[i]);
	}
	return r;
}

/* ---- backwards ---- */

/* The JSON of the compensating entry. */
static int row_describe(struct undo *undo, struct row *row, const struct member *from, const struct member *to)
{
	struct buffer before, after;
	int r;

	buffer_init(&before, undo->request->env);
	buffer_init(&after, undo->request->env);
	images_add_difference(&before, &after, from, to);
	r = before.error != 0 ? before.error : after.error;
	if (r == 0) {
		row->undo_before = arena_dup(&undo->arena, buffer_slice(&before));
		row->undo_after = arena_dup(&undo->arena, buffer_slice(&after));
		r = row->undo_before.data != NULL && row->undo_after.data != NULL ? 0 : -ENOMEM;
	}
	buffer_fini(&before);
	buffer_fini(&after);
	return r;
}

/* `state` goes back over all selected rows. *ret_last: the earliest of them; NULL when there is none or one is refused. */
static int go_back(struct undo *undo, struct history *history, struct member *state, struct row **ret_last)
{
	struct row *last = NULL;
	uint32_t i;
	int r = 0;

	*ret_last = NULL;
	for (i = history->count; r == 0 && i > 0; i--) {
		struct row *row = &history->rows[i - 1];
		struct member from;
		bool ok;

		if (!row->selected)
			continue;
		r = check_row(undo, history, i - 1, state, &ok);
		if (r != 0 || !ok)
			return r;
		r = member_copy(&undo->arena, state, &from);
		if (r == 0) {
			images_take_back(&row->images, state, false);
			r = row_describe(undo, row, &from, state);
		}
		last = row;
	}
	*ret_last = last;
	return r;
}

static int keep_member(struct undo *undo, const struct member *now, struct member *state)
{
	uint64_t before[MATCH_KEYS_MAX], after[MATCH_KEYS_MAX];
	struct store_keys keys = {.before = before, .after = after};
	int r;

	keys.before_count = match_member_keys(now, before);
	keys.after_count = match_member_keys(state, after);
	r = store_member_update(undo->request->store, now, state, &keys, undo->request->at_ms);
	if (r <= 0)
		return r;
	return log_failure(MUSTER_ERROR_INTERNAL, "undo: the database refuses member %.*s as he was (%d)",
			   (int)now->member_id.len, now->member_id.data, r);
}

static int keep_rows(struct undo *undo, const struct history *history, const struct member *state)
{
	uint32_t i;
	int r = 0;

	for (i = history->count; r == 0 && i > 0; i--) {
		const struct row *row = &history->rows[i - 1];

		if (!row->selected)
			continue;
		r = undo_add_entry(undo, &row->change, state, row->undo_before, row->undo_after);
		if (r == 0)
			r = undo_settle(undo, row->change.tset_no, row->change.member_pos, NULL);
	}
	return r;
}

static int tell_rows(struct undo *undo, const struct history *history)
{
	const struct undo_request *request = undo->request;
	uint32_t i;
	int r = 0;

	for (i = history->count; r == 0 && i > 0; i--) {
		if (!history->rows[i - 1].selected)
			continue;
		undo->totals.changes++;
		if (request->change != NULL)
			r = request->change(request->context, &history->rows[i - 1].change);
	}
	undo->totals.members++;
	return r;
}

int undo_member(struct undo *undo, const struct undo_entry *entries, size_t count)
{
	uint64_t blocked = undo->totals.blocked;
	const struct member *now;
	struct history history;
	struct member state;
	struct row *last;
	int r = store_member_get_no(undo->request->store, entries[0].member_no, &undo->arena, &now);

	if (r == 0 && now == NULL)
		return log_failure(MUSTER_ERROR_INTERNAL, "undo: a change is about a member who is not on file");
	if (r == 0)
		r = history_read(undo, undo->request->store, &undo->arena, now->member_no, &history);
	if (r == 0)
		r = member_copy(&undo->arena, now, &state);
	if (r == 0)
		r = go_back(undo, &history, &state, &last);
	if (r != 0 || last == NULL)
		return r;
	r = check_clashes(undo, &history, last, now, &state);
	if (r == 0 && undo->totals.blocked == blocked)
		r = check_family(undo, last, now, &state);
	if (r != 0 || undo->totals.blocked != blocked)
		return r;
	if (!undo->write)
		return tell_rows(undo, &history);
	undo->chunk_members++;
	undo->chunk_changes += count;
	r = keep_member(undo, now, &state);
	return r == 0 ? keep_rows(undo, &history, &state) : r;
}

/* ---- what was known ---- */

/* As the store gives them: by begin, then insurance line. */
static void sort_spans(struct member *member)
{
	uint32_t i, k;

	for (i = 1; i < member->span_count; i++) {
		struct coverage_span span = member->spans[i];

		for (k = i; k > 0 && (span.begins_on < member->spans[k - 1].begins_on ||
				      (span.begins_on == member->spans[k - 1].begins_on &&
				       slice_compare(span.insurance_line, member->spans[k - 1].insurance_line) < 0));
		     k--)
			member->spans[k] = member->spans[k - 1];
		member->spans[k] = span;
	}
}

int undo_member_known(struct store *store, const struct member *member, int64_t at_ms, struct arena *arena,
                      const struct member **ret_member)
{
	struct member *known = arena_alloc(arena, sizeof(*known));
	struct history history;
	uint32_t i, first = 0;
	int r = known != NULL ? history_read(NULL, store, arena, member->member_no, &history) : -ENOMEM;

	if (r == 0)
		r = member_copy(arena, member, known);
	if (r < 0)
		return r;
	/* Clocks may be set: what came after a change not known yet was not known either. */
	while (first < history.count && history.rows[first].change.at_ms <= at_ms)
		first++;
	for (i = history.count; i > first; i--)
		images_take_back(&history.rows[i - 1].images, known, true);
	sort_spans(known);
	*ret_member = known;
	for (i = first; i < history.count; i++)
		if (history.rows[i].images.after.is_new)
			*ret_member = NULL;
	return 0;
}
