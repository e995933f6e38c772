#include "origin.h"

#include "incoming.h"
#include "muster/log.h"

int apply_is_done(const struct apply_origin *origin, uint32_t member_pos, bool *ret_done)
{
	enum store_record_outcome outcome;
	int r = store_ledger_get(origin->store, origin->tset_no, member_pos, &outcome);

	if (r == 0)
		*ret_done = outcome != STORE_RECORD_NONE;
	return r;
}

int origin_put_ledger_rows(const struct apply_origin *origin, const struct store_ledger_row *rows, uint32_t count)
{
	uint32_t i;
	int r = 0;

	if (count == 0)
		return 0;
	if (!origin->again)
		r = store_ledger_put_all(origin->store, origin->tset_no, rows, count);
	for (i = 0; r == 0 && origin->again && i < count; i++)
		r = store_ledger_update(origin->store, origin->tset_no, rows[i].member_pos, rows[i].outcome);
	if (r <= 0)
		return r;
	return log_failure(MUSTER_ERROR_INTERNAL,
			   "file %llu set %u records %u to %u: the ledger says that one is applied already",
			   (unsigned long long)origin->file_no, origin->tset_ordinal, rows[0].member_pos,
			   rows[count - 1].member_pos);
}

int origin_put_ledger(const struct apply_origin *origin, uint32_t member_pos, enum store_record_outcome outcome,
                      const struct hash *content_hash)
{
	const struct store_ledger_row row = {member_pos, outcome, content_hash};

	return origin_put_ledger_rows(origin, &row, 1);
}

static int origin_candidates(struct arena *arena, struct buffer *evidence, struct store_exception *item,
                             const struct match_candidate *candidates, uint32_t count)
{
	struct store_candidate *rows = arena_alloc_array(arena, count > 0 ? count : 1, sizeof(*rows));
	uint32_t i;

	if (rows == NULL)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		double probability = candidates[i].probability;

		buffer_clear(evidence);
		incoming_add_evidence(evidence, &candidates[i]);
		if (evidence->error != 0)
			return evidence->error;
		rows[i].member_no = candidates[i].member->member_no;
		rows[i].member_id = candidates[i].member->member_id;
		rows[i].score_e6 = probability >= 1   ? 1000000u
				   : probability <= 0 ? 0
						      : (uint32_t)(probability * 1e6 + 0.5);
		rows[i].evidence = arena_dup(arena, buffer_slice(evidence));
		if (rows[i].evidence.data == NULL)
			return -ENOMEM;
	}
	item->candidates = rows;
	item->candidate_count = count;
	return 0;
}

/*
 * The item came back unsolved: it is open again, with the reason and the candidates of today; where nobody was looked for,
 * because a representative had named the person, with those that it had.
 */
static int origin_reopen_item(struct arena *arena, const struct apply_origin *origin, const struct store_exception *now)
{
	const struct store_exception *stored;
	struct store_exception item;
	int r = store_exception_get(origin->store, origin->item_id, arena, &stored);

	if (r < 0)
		return r;
	if (stored == NULL)
		return log_failure(MUSTER_ERROR_INTERNAL, "an item that ran again is not in the database");
	item = *stored;
	item.status = STORE_EXCEPTION_OPEN;
	item.category = now->category;
	item.reason = now->reason;
	item.decision = SLICE_EMPTY;
	r = store_exception_update(origin->store, &item);
	if (r == 0 && now->candidates != NULL) {
		item.candidates = now->candidates;
		item.candidate_count = now->candidate_count;
		item.confidence_e6 = now->confidence_e6;
		r = store_exception_put_candidates(origin->store, &item);
	}
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

int origin_put_item(struct arena *arena, const struct apply_origin *origin, struct store_exception *item,
                    const struct match_candidate *candidates, uint32_t candidate_count)
{
	char item_id[STORE_ITEM_ID_BYTES];
	struct buffer evidence;
	int r;

	buffer_init(&evidence, origin->env);
	r = candidates != NULL || !origin->again
		    ? origin_candidates(arena, &evidence, item, candidates, candidate_count)
		    : 0;
	buffer_fini(&evidence);
	if (r < 0)
		return r;
	if (origin->again)
		return origin_reopen_item(arena, origin, item);
	item->item_id =
		slice_from(store_item_id_format(origin->file_no, origin->tset_ordinal, item->member_pos, item_id));
	item->file_no = origin->file_no;
	item->tset_no = origin->tset_no;
	item->created_ms = origin->received_ms;
	item->due_ms = origin->due_by_category != NULL ? origin->due_by_category[item->category] : origin->due_ms;
	r = store_exception_add(origin->store, item);
	if (r <= 0)
		return r;
	return log_failure(MUSTER_ERROR_INTERNAL, "item %s is in the queue already", item_id);
}

int apply_hold(const struct apply_origin *origin, enum category category, struct slice reason)
{
	struct arena arena;
	struct store_exception item = {.category = category, .reason = reason};
	int r;

	arena_init(&arena, origin->env, 0, 0);
	r = origin_put_item(&arena, origin, &item, NULL, 0);
	arena_fini(&arena);
	return r;
}
