#include "work.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "muster/text.h"

#define REASON_BYTES 512

/* Partners use SSNs as ids of families and groups; sentences go to people. */
int work_fail(struct work *work, enum category category, struct slice reason)
{
	reason = text_masked(work->arena, reason);
	if (reason.data == NULL)
		return -ENOMEM;
	work->failure.category = category;
	work->failure.reason = reason;
	work->failure.rejects = false;
	return DECIDE_E_EXCEPTION;
}

int work_reject(struct work *work, enum category category, struct slice reason)
{
	int error = work_fail(work, category, reason);

	work->failure.rejects = true;
	return error;
}

static struct slice format_text(struct arena *arena, const char *format, va_list arguments)
{
	char text[REASON_BYTES];

	vsnprintf(text, sizeof(text), format, arguments);
	return text_masked(arena, arena_dup(arena, slice_from(text)));
}

int work_failf(struct work *work, enum category category, const char *format, ...)
{
	struct slice reason;
	va_list arguments;

	va_start(arguments, format);
	reason = format_text(work->arena, format, arguments);
	va_end(arguments);
	return work_fail(work, category, reason);
}

/* Room for one more, which the caller sets whole, in an array of the arena; the old one is left behind. */
static void *grown(struct arena *arena, void *items, uint32_t count, uint32_t *capacity, size_t bytes)
{
	uint32_t wanted = *capacity > 0 ? *capacity * 2 : 8;
	void *copy;

	if (count < *capacity)
		return items;
	copy = arena_alloc_unset(arena, wanted, bytes);
	if (copy == NULL)
		return NULL;
	if (count > 0)
		memcpy(copy, items, count * bytes);
	*capacity = wanted;
	return copy;
}

int work_warnf(struct work *work, uint32_t member_pos, const char *format, ...)
{
	struct changeset *changeset = work->changeset;
	struct decide_warning *warnings = grown(work->arena, changeset->warnings, changeset->warning_count,
				       &changeset->warning_capacity, sizeof(*warnings));
	va_list arguments;

	if (warnings == NULL)
		return -ENOMEM;
	changeset->warnings = warnings;
	va_start(arguments, format);
	warnings[changeset->warning_count] =
		(struct decide_warning){member_pos, format_text(work->arena, format, arguments)};
	va_end(arguments);
	return warnings[changeset->warning_count++].text.data != NULL ? 0 : -ENOMEM;
}

int work_doubt(struct record_work *it, enum category category, const char *what)
{
	if ((it->work->input->policy->hold_on & UINT64_C(1) << category) != 0 && !is_forced(it))
		return work_failf(it->work, category, "%c%s.",
				  what[0] >= 'a' && what[0] <= 'z' ? what[0] - 32 : what[0], what + 1);
	return work_warnf(it->work, it->record->member_pos, "%s", what);
}

int work_mark(struct work *work, struct mark *ret_mark)
{
	uint32_t i;

	*ret_mark = (struct mark){
		.draft_count = work->draft_count,
		.row_count = work->row_count,
		.cascade_count = work->cascade_count,
		.claimed_count = work->claimed_count,
		.warning_count = work->changeset->warning_count,
		.subscriber_ssn = work->subscriber_ssn,
		.dependents_only = work->dependents_only,
		.drafts = arena_alloc_unset(work->arena, work->draft_count + 1, sizeof(*ret_mark->drafts)),
		.images = arena_alloc_unset(work->arena, work->draft_count + 1, sizeof(*ret_mark->images)),
	};
	if (ret_mark->drafts == NULL || ret_mark->images == NULL)
		return -ENOMEM;
	for (i = 0; i < work->draft_count; i++) {
		ret_mark->drafts[i] = *work->drafts[i];
		ret_mark->images[i] = *work->drafts[i]->image;
	}
	return 0;
}

void work_rewind(struct work *work, const struct mark *mark)
{
	uint32_t i;

	work->draft_count = mark->draft_count;
	work->row_count = mark->row_count;
	work->cascade_count = mark->cascade_count;
	work->claimed_count = mark->claimed_count;
	work->subscriber_ssn = mark->subscriber_ssn;
	work->dependents_only = mark->dependents_only;
	for (i = 0; i < mark->draft_count; i++) {
		*work->drafts[i] = mark->drafts[i];
		*work->drafts[i]->image = mark->images[i];
	}
}

static struct draft *draft_add(struct work *work)
{
	struct draft *draft = arena_alloc(work->arena, sizeof(*draft));
	struct draft **drafts =
		grown(work->arena, work->drafts, work->draft_count, &work->draft_capacity, sizeof(struct draft *));

	if (draft == NULL || drafts == NULL)
		return NULL;
	work->drafts = drafts;
	draft->image = arena_alloc(work->arena, sizeof(*draft->image));
	if (draft->image == NULL)
		return NULL;
	drafts[work->draft_count++] = draft;
	return draft;
}

int work_draft(struct work *work, const struct member *member, struct draft **ret_draft)
{
	struct draft *draft;
	uint32_t i;

	for (i = 0; i < work->draft_count; i++) {
		if (work->drafts[i]->claim_no == member->member_no) {
			*ret_draft = work->drafts[i];
			return 0;
		}
	}
	draft = draft_add(work);
	if (draft == NULL)
		return -ENOMEM;
	draft->claim_no = member->member_no;
	draft->image->before = *member;
	draft->image->after = *member;
	*ret_draft = draft;
	return spans_load(work->arena, member->spans, member->span_count, &work->span_ids, &draft->spans);
}

/* Numbers for those who have none yet, far from those of a database. */
static uint64_t shadow_no(const struct work *work)
{
	return UINT64_MAX - work->draft_count;
}

int work_draft_new(struct work *work, const struct member *after, struct draft **ret_draft)
{
	uint64_t number = shadow_no(work);
	struct draft *draft = draft_add(work);

	if (draft == NULL)
		return -ENOMEM;
	draft->image->before = (struct member){.birth_on = DATE_NONE, .died_on = DATE_NONE};
	draft->image->after = *after;
	draft->image->after.member_no = 0;
	draft->image->after.member_id = SLICE_EMPTY;
	draft->image->after.spans = NULL;
	draft->image->after.span_count = 0;
	draft->image->fields_changed = true;
	draft->shadow = draft->image->after;
	draft->shadow.member_no = number;
	draft->claim_no = number;
	*ret_draft = draft;
	return 0;
}

int work_household(struct work *work, struct family_key key)
{
	const struct decide_view *view = work->input->view;
	int error;

	if (work->household_loaded && family_key_equal(work->household_key, key))
		return 0;
	work->household = NULL;
	work->household_count = 0;
	work->household_key = key;
	work->household_loaded = true;
	if (key.subscriber_id.len == 0)
		return 0;
	error = view->household(view->context, key, work->arena, &work->household, &work->household_count);
	return error < 0 ? error : 0;
}

static bool is_subscriber(const struct member *member, struct family_key key)
{
	return slice_is(member->relationship, "18") && family_key_equal(family_key_of(member), key);
}

int work_find_subscriber(struct work *work, struct family_key key, struct draft **ret_draft)
{
	uint32_t i;
	int error;

	*ret_draft = NULL;
	for (i = 0; i < work->draft_count && *ret_draft == NULL; i++)
		if (is_subscriber(&work->drafts[i]->image->after, key))
			*ret_draft = work->drafts[i];
	if (*ret_draft != NULL)
		return 0;
	error = work_household(work, key);
	for (i = 0; error == 0 && i < work->household_count && *ret_draft == NULL; i++) {
		struct draft *draft;

		if (!is_subscriber(work->household[i], key))
			continue;
		error = work_draft(work, work->household[i], &draft);
		/* A draft may have become somebody else's in this family. */
		if (error == 0 && is_subscriber(&draft->image->after, key))
			*ret_draft = draft;
	}
	return error;
}

int work_claim(struct work *work, struct draft *draft)
{
	uint64_t *claimed =
		grown(work->arena, work->claimed, work->claimed_count, &work->claimed_capacity, sizeof(*claimed));

	if (claimed == NULL)
		return -ENOMEM;
	work->claimed = claimed;
	work->claimed[work->claimed_count++] = draft->claim_no;
	draft->image->claimed = true;
	return 0;
}

struct row *work_row(struct work *work, const struct member_record *record, struct draft *draft,
		     enum decide_action action, double confidence, const char *match_rule)
{
	struct row *rows = grown(work->arena, work->rows, work->row_count, &work->row_capacity, sizeof(*rows));
	struct row *row;

	if (rows == NULL)
		return NULL;
	work->rows = rows;
	row = &rows[work->row_count++];
	memset(row, 0, sizeof(*row));
	row->draft = draft;
	row->operation = (struct decide_operation){
		.action = action,
		.member_pos = record->member_pos,
		.segment_pos = record->segment_pos,
		.offset = record->offset,
		.image = draft != NULL ? draft->image : NULL,
		.span_before_index = -1,
		.span_after_index = -1,
		.begins_on = DATE_NONE,
		.ends_on = DATE_NONE,
		.confidence = confidence,
		.match_rule = match_rule,
	};
	return row;
}

uint32_t work_record_of(const struct work *work, const struct row *row)
{
	const struct enroll_family *family = work->input->family;
	uint32_t i;

	for (i = 0; i < family->member_count && family->members[i].member_pos != row->operation.member_pos; i++)
		;
	return i;
}

void row_touch(struct row *row, uint32_t before_id, uint32_t after_id)
{
	row->span_before_id = before_id;
	row->span_after_id = after_id;
	row->spans = row->draft->spans;
}

int row_carry_fields(struct work *work, struct row *row, const struct member *before)
{
	struct member *copies = arena_alloc_unset(work->arena, 2, sizeof(*copies));

	if (copies == NULL)
		return -ENOMEM;
	if (before != NULL)
		copies[0] = *before;
	copies[1] = row->draft->image->after;
	row->operation.carries_fields = true;
	row->operation.fields_before = before != NULL ? &copies[0] : NULL;
	row->operation.fields_after = &copies[1];
	return 0;
}

struct cascade *work_cascade(struct record_work *it, enum cascade_kind kind)
{
	struct work *work = it->work;
	struct cascade *cascades =
		grown(work->arena, work->cascades, work->cascade_count, &work->cascade_capacity, sizeof(*cascades));

	if (cascades == NULL)
		return NULL;
	work->cascades = cascades;
	cascades[work->cascade_count] = (struct cascade){
		.kind = kind,
		.record = it->record,
		.subscriber = it->draft,
		.confidence = it->match.confidence,
		.match_rule = it->match.rule,
	};
	return &cascades[work->cascade_count++];
}

static int draft_finish(struct work *work, struct draft *draft)
{
	struct decide_image *image = draft->image;
	uint32_t i;

	image->after.spans = arena_alloc_unset(work->arena, draft->spans.count + 1, sizeof(*image->after.spans));
	if (image->after.spans == NULL)
		return -ENOMEM;
	image->after.span_count = draft->spans.count;
	for (i = 0; i < draft->spans.count; i++)
		image->after.spans[i] = draft->spans.items[i].span;
	/* What was loaded may collide; what we make of it must not where it did not. */
	assert(!spans_are_disjoint(image->before.spans, image->before.span_count) ||
	       spans_are_disjoint(image->after.spans, image->after.span_count));
	return 0;
}

/* The span as the last row before `row` left it, or as it was stored. False: there was none. */
static bool span_found(const struct work *work, const struct row *row, uint32_t id, int32_t before_index,
		       struct coverage_span *ret_span)
{
	const struct row *earlier;

	for (earlier = row; earlier > work->rows; earlier--) {
		const struct row *at = earlier - 1;

		if (at->draft != row->draft || (at->span_before_id != id && at->span_after_id != id))
			continue;
		*ret_span = at->spans.items[spans_index(&at->spans, id)].span;
		return true;
	}
	if (before_index >= 0)
		*ret_span = row->draft->image->before.spans[before_index];
	return before_index >= 0;
}

static void row_add_touch(const struct work *work, struct row *row, uint32_t id)
{
	struct decide_touch *touch = &row->operation.touches[row->operation.touch_count++];
	uint32_t index = spans_index(&row->draft->spans, id);

	touch->after_index = index;
	touch->after = row->spans.items[spans_index(&row->spans, id)].span;
	touch->is_new = !span_found(work, row, id, row->draft->spans.items[index].before_index, &touch->before);
}

static void row_finish(const struct work *work, struct row *row)
{
	uint32_t index;

	if (row->draft == NULL)
		return;
	if (row->span_before_id != 0)
		row_add_touch(work, row, row->span_before_id);
	if (row->span_after_id != 0 && row->span_after_id != row->span_before_id)
		row_add_touch(work, row, row->span_after_id);
	if (row->span_before_id != 0) {
		index = spans_index(&row->draft->spans, row->span_before_id);
		row->operation.span_before_index = row->draft->spans.items[index].before_index;
	}
	if (row->span_after_id != 0)
		row->operation.span_after_index = (int32_t)spans_index(&row->draft->spans, row->span_after_id);
}

int work_finish(struct work *work)
{
	struct changeset *changeset = work->changeset;
	uint32_t i;

	changeset->images = arena_alloc_unset(work->arena, work->draft_count + 1, sizeof(struct decide_image *));
	changeset->operations = arena_alloc_unset(work->arena, work->row_count + 1, sizeof(*changeset->operations));
	if (changeset->images == NULL || changeset->operations == NULL)
		return -ENOMEM;
	for (i = 0; i < work->draft_count; i++) {
		if (draft_finish(work, work->drafts[i]) < 0)
			return -ENOMEM;
		changeset->images[i] = work->drafts[i]->image;
	}
	for (i = 0; i < work->row_count; i++) {
		row_finish(work, &work->rows[i]);
		changeset->operations[i] = work->rows[i].operation;
	}
	changeset->image_count = changeset->image_capacity = work->draft_count;
	changeset->operation_count = changeset->operation_capacity = work->row_count;
	return 0;
}
