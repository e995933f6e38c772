/*
 * A family's changeset into the database: images first, for the numbers of new members are given there; then the
 * operations as change rows, the exceptions as items, and a ledger row for each record.
 */
#include <assert.h>

#include "muster/apply.h"
#include "muster/log.h"
#include "images.h"
#include "incoming.h"
#include "notices.h"
#include "origin.h"

#define E6 1000000.0

/* Most families are smaller. */
#define LEDGER_ROWS_MAX 16u

static uint32_t confidence_e6(double confidence)
{
	if (confidence <= 0)
		return 0;
	return confidence >= 1 ? 1000000u : (uint32_t)(confidence * E6 + 0.5);
}

/* The store said no to something that decide had made sure of: a bug, stop before harm. */
static int apply_refused(int result, const char *what, const struct apply_origin *origin, uint32_t member_pos)
{
	if (result <= 0)
		return result;
	return log_failure(MUSTER_ERROR_INTERNAL, "file %llu set %u record %u: the database refuses the %s (%d)",
			   (unsigned long long)origin->file_no, origin->tset_ordinal, member_pos, what, result);
}

static bool image_spans_changed(const struct decide_image *image)
{
	uint32_t i;

	if (image->before.span_count != image->after.span_count)
		return true;
	for (i = 0; i < image->after.span_count; i++) {
		const struct coverage_span *a = &image->before.spans[i], *b = &image->after.spans[i];

		if (a->span_no != b->span_no || a->begins_on != b->begins_on || a->ends_on != b->ends_on ||
		    a->voided != b->voided || a->cobra != b->cobra || !slice_equal(a->tier, b->tier) ||
		    !slice_equal(a->plan_id, b->plan_id) || !slice_equal(a->group_id, b->group_id) ||
		    !slice_equal(a->insurance_line, b->insurance_line))
			return true;
	}
	return false;
}

static int apply_new_member(struct arena *arena, const struct apply_origin *origin, struct decide_image *image)
{
	uint64_t all[MATCH_KEYS_MAX];
	const struct store_keys keys = {.after = all, .after_count = match_member_keys(&image->after, all)};

	image->after.member_id = image->new_member_id;
	return apply_refused(store_member_insert(origin->store, &image->after, &keys, arena), "new member", origin, 0);
}

static int apply_image(struct arena *arena, const struct apply_origin *origin, struct decide_image *image)
{
	struct match_changed_keys changed = {.before_count = 0};
	struct store_keys keys;

	if (image->before.member_no == 0)
		return apply_new_member(arena, origin, image);
	if (!image->fields_changed && !image_spans_changed(image))
		return 0;
	if (image->fields_changed)
		match_changed_keys(&image->before, &image->after, &changed);
	keys = (struct store_keys){changed.before, changed.after, changed.before_count, changed.after_count};
	return apply_refused(store_member_update(origin->store, &image->before, &image->after, &keys, origin->at_ms),
			     "member", origin, 0);
}

static void operation_fill(struct store_change *change, const struct apply_origin *origin,
                           const struct decide_operation *operation)
{
	const struct member *member = operation->image != NULL ? &operation->image->after : NULL;

	*change = (struct store_change){
		.tset_no = origin->tset_no,
		.member_pos = operation->member_pos,
		.action = slice_from(decide_action_name(operation->action)),
		.group_id = operation->group_id,
		.plan_id = operation->plan_id,
		.begins_on = operation->begins_on,
		.ends_on = operation->ends_on,
		.confidence_e6 = confidence_e6(operation->confidence),
		.match_rule = slice_from(operation->match_rule),
		.change = operation->change,
		.segment_pos = operation->segment_pos,
		.offset = operation->offset,
		.operator_id = origin->operator_id,
		.at_ms = origin->at_ms,
	};
	if (member != NULL) {
		change->member_no = member->member_no;
		change->member_id = member->member_id;
		change->subscriber_id = member->subscriber_id;
	}
}

void origin_hash_change(struct hash_content_state *payload, const struct store_change *change)
{
	hash_content_update(payload, change->action.data, change->action.len);
	hash_content_update(payload, change->member_id.data, change->member_id.len);
	hash_content_update(payload, change->before.data, change->before.len);
	hash_content_update(payload, change->after.data, change->after.len);
}

#define ROWS_MAX 16u

/* Change rows on their way into the database, several at once. */
struct rows {
	const struct apply_origin *origin;
	struct hash_content_state *payload;
	struct store_change changes[ROWS_MAX];
	size_t after_at[ROWS_MAX], end_at[ROWS_MAX]; /* in `images`, where each row's JSON lies */
	uint32_t count;
	struct buffer images;
};

static void rows_init(struct rows *rows, const struct apply_origin *origin, struct hash_content_state *payload)
{
	rows->origin = origin;
	rows->payload = payload;
	rows->count = 0;
	buffer_init(&rows->images, origin->env);
}

static int rows_write(struct rows *rows)
{
	size_t before_at = 0;
	uint32_t i;
	int r = rows->images.error;

	for (i = 0; r == 0 && i < rows->count; i++) {
		struct store_change *change = &rows->changes[i];

		change->before = slice_of(rows->images.data + before_at, rows->after_at[i] - before_at);
		change->after = slice_of(rows->images.data + rows->after_at[i], rows->end_at[i] - rows->after_at[i]);
		before_at = rows->end_at[i];
		origin_hash_change(rows->payload, change);
	}
	if (r == 0 && rows->count > 0)
		r = apply_refused(store_changes_add(rows->origin->store, rows->changes, rows->count), "changes",
				  rows->origin, rows->changes[0].member_pos);
	rows->count = 0;
	buffer_clear(&rows->images);
	return r;
}

static int rows_add(struct rows *rows, const struct decide_operation *operation, uint32_t op_index)
{
	struct store_change *change;
	int r = rows->count == ROWS_MAX ? rows_write(rows) : 0;

	if (r != 0)
		return r;
	change = &rows->changes[rows->count];
	operation_fill(change, rows->origin, operation);
	change->op_index = op_index;
	images_add_json(&rows->images, operation, false);
	rows->after_at[rows->count] = rows->images.len;
	images_add_json(&rows->images, operation, true);
	rows->end_at[rows->count++] = rows->images.len;
	return 0;
}

/* Writes what is left; `result` is that of what came before. */
static int rows_fini(struct rows *rows, int result)
{
	if (result == 0)
		result = rows_write(rows);
	buffer_fini(&rows->images);
	return result;
}

/*
 * Where a record's rows go on. A record that had no ledger row before this changeset has no rows but those of its
 * operations up to here; an item that runs again adds to those it has.
 */
static int operation_index(const struct apply_origin *origin, const struct changeset *changeset, uint32_t at,
                           uint32_t *ret_op_index)
{
	uint32_t member_pos = changeset->operations[at].member_pos, i;

	if (origin->again)
		return store_change_next_index(origin->store, origin->tset_no, member_pos, ret_op_index);
	*ret_op_index = 0;
	for (i = 0; i < at; i++)
		*ret_op_index += changeset->operations[i].member_pos == member_pos;
	return 0;
}

static int apply_operations(const struct apply_origin *origin, const struct changeset *changeset,
                            struct hash_content_state *payload)
{
	uint32_t i, op_index = 0;
	struct rows rows;
	int r = 0;

	rows_init(&rows, origin, payload);
	for (i = 0; r == 0 && i < changeset->operation_count; i++) {
		const struct decide_operation *operation = &changeset->operations[i];

		if (i == 0 || changeset->operations[i - 1].member_pos != operation->member_pos) {
			/* Then the number is looked up among the rows that are written. */
			r = origin->again ? rows_write(&rows) : 0;
			if (r == 0)
				r = operation_index(origin, changeset, i, &op_index);
		}
		if (r == 0)
			r = rows_add(&rows, operation, op_index++);
	}
	return rows_fini(&rows, r);
}

static int apply_exception(struct arena *arena, const struct apply_origin *origin, const struct enroll_family *family,
                           const struct changeset *changeset, const struct decide_exception *exception)
{
	struct buffer incoming;
	struct store_exception item = {
		.member_pos = exception->member_pos,
		.category = exception->category,
		.confidence_e6 = confidence_e6(exception->confidence),
		.reason = exception->reason,
		.subscriber_id = exception->record->subscriber_id,
		.sponsor_id = changeset->family.sponsor_id,
		.group_id = enroll_group(family->header, exception->record),
		.raw = exception->record->raw,
		.segment_pos = exception->record->segment_pos,
		.offset = exception->record->offset,
		.content_hash = exception->record->content_hash,
		.identity = exception->identity,
		.status = exception->rejected ? STORE_EXCEPTION_REJECTED : STORE_EXCEPTION_OPEN,
		.decision = exception->rejected ? SLICE_LITERAL("reject") : SLICE_EMPTY,
	};
	int r;

	buffer_init(&incoming, origin->env);
	incoming_add_member(&incoming, family->header, exception->record);
	r = incoming.error;
	item.incoming = buffer_slice(&incoming);
	if (r == 0)
		r = origin_put_item(arena, origin, &item, exception->candidates, exception->candidate_count);
	buffer_fini(&incoming);
	return r;
}

/* What becomes of a record, counted. STORE_RECORD_NONE: nothing yet, it is deferred. */
static enum store_record_outcome count_outcome(enum decide_outcome outcome, struct store_tally *tally)
{
	switch (outcome) {
	case DECIDE_APPLIED:
		tally->members_applied++;
		return STORE_RECORD_APPLIED;
	case DECIDE_UNCHANGED:
		tally->members_no_change++;
		return STORE_RECORD_NO_CHANGE;
	case DECIDE_EXCEPTION:
		tally->members_exception++;
		return STORE_RECORD_EXCEPTION;
	case DECIDE_REJECTED:
		tally->members_rejected++;
		return STORE_RECORD_REJECTED;
	case DECIDE_DEFERRED:
		break;
	}
	return STORE_RECORD_NONE;
}

static int apply_outcomes(const struct apply_origin *origin, const struct enroll_family *family,
			  const struct changeset *changeset, struct store_tally *tally)
{
	struct store_ledger_row rows[LEDGER_ROWS_MAX];
	uint32_t i, count = 0;
	int r = 0;

	for (i = 0; r == 0 && i < family->member_count; i++) {
		const struct member_record *record = &family->members[i];

		rows[count] = (struct store_ledger_row){
			record->member_pos, count_outcome(changeset->outcomes[i], tally), &record->content_hash};
		count += rows[count].outcome != STORE_RECORD_NONE;
		if (count == LEDGER_ROWS_MAX || i + 1 == family->member_count) {
			r = origin_put_ledger_rows(origin, rows, count);
			count = 0;
		}
	}
	return r;
}

int apply_audited(const struct apply_origin *origin, const struct enroll_family *family,
                  const struct changeset *changeset, struct store_tally *tally, struct hash_content_state *payload)
{
	uint32_t i, k, op_index;
	struct rows rows;
	int r = 0;

	rows_init(&rows, origin, payload);
	for (i = 0; r == 0 && i < family->member_count; i++) {
		const struct member_record *record = &family->members[i];
		bool equal = changeset->outcomes[i] == DECIDE_UNCHANGED;

		tally->members_no_change += equal;
		tally->members_held += !equal;
		r = origin_put_ledger(origin, record->member_pos, equal ? STORE_RECORD_NO_CHANGE : STORE_RECORD_HELD,
				      &record->content_hash);
		for (k = 0, op_index = 0; r == 0 && equal && k < changeset->operation_count; k++)
			if (changeset->operations[k].member_pos == record->member_pos)
				r = rows_add(&rows, &changeset->operations[k], op_index++);
	}
	return rows_fini(&rows, r);
}

int apply_omitted_item(struct arena *arena, const struct apply_origin *origin, const struct apply_omitted *omitted)
{
	static const struct hash no_content;
	struct store_exception item = {
		.member_pos = omitted->member_pos,
		.category = CATEGORY_OMITTED,
		.reason = omitted->reason,
		.group_id = omitted->group_id,
		.subscriber_id = omitted->family.subscriber_id,
		.sponsor_id = omitted->family.sponsor_id,
		.confidence_e6 = 1000000u,
	};
	int r = origin_put_ledger(origin, omitted->member_pos, STORE_RECORD_EXCEPTION, &no_content);

	return r == 0 ? origin_put_item(arena, origin, &item, omitted->left_out, omitted->count) : r;
}

/* Images first: the numbers of new members and new spans are given there. */
static int apply_images(struct arena *arena, const struct apply_origin *origin, const struct changeset *changeset)
{
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < changeset->image_count; i++)
		r = apply_image(arena, origin, changeset->images[i]);
	return r;
}

int apply_ordered(struct arena *arena, const struct apply_origin *origin, uint32_t member_pos,
                  const struct hash *content_hash, struct changeset *changeset, struct hash_content_state *payload)
{
	int r = origin_put_ledger(origin, member_pos, STORE_RECORD_APPLIED, content_hash);

	if (r == 0)
		r = apply_images(arena, origin, changeset);
	if (r == 0)
		r = apply_operations(origin, changeset, payload);
	return r == 0 ? notices_put(arena, origin, NULL, changeset) : r;
}

int apply_omission(struct arena *arena, const struct apply_origin *origin, uint32_t member_pos,
                   struct changeset *changeset, struct hash_content_state *payload)
{
	static const struct hash no_content;

	return apply_ordered(arena, origin, member_pos, &no_content, changeset, payload);
}

int apply_take_back(struct arena *arena, const struct store_change *change, struct member *member, bool *ret_fits)
{
	struct images images;
	int r = images_read(arena, change->before, change->after, &images);

	*ret_fits = r == 0 && images_fit(&images, member);
	if (*ret_fits)
		images_take_back(&images, member, false);
	return r;
}

static int apply_warnings(const struct apply_origin *origin, const struct changeset *changeset)
{
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < changeset->warning_count; i++)
		r = store_warning_add(origin->store,
				      &(struct store_warning){.tset_no = origin->tset_no,
							      .member_pos = changeset->warnings[i].member_pos,
							      .text = changeset->warnings[i].text,
							      .later = origin->again});
	return r;
}

int apply_family(struct arena *arena, const struct apply_origin *origin, const struct enroll_family *family,
                 struct changeset *changeset, struct store_tally *tally, struct hash_content_state *payload)
{
	uint32_t i;
	int r;

	assert(changeset->outcome_count == family->member_count);
	r = apply_outcomes(origin, family, changeset, tally);
	if (r == 0)
		r = apply_images(arena, origin, changeset);
	if (r == 0)
		r = apply_operations(origin, changeset, payload);
	if (r == 0)
		r = notices_put(arena, origin, family, changeset);
	if (r == 0)
		r = apply_warnings(origin, changeset);
	for (i = 0; r == 0 && i < changeset->exception_count; i++)
		r = apply_exception(arena, origin, family, changeset, &changeset->exceptions[i]);
	return r;
}
