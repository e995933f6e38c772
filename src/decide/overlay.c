/*
 * overlay: candidates as the family's decision sees them.
 *
 * The view knows what is stored; the family's own new members are not stored yet, but a twin or a repeated record
 * must meet them. They join the pool under numbers of their own. Who is stored is seen as the family's records so far
 * left him: a record that comes after his new name bears it.
 */
#include "work.h"

static bool has_key(const struct member *member, uint64_t key)
{
	uint64_t keys[MATCH_KEYS_MAX];
	uint32_t i, count = match_member_keys(member, keys);

	for (i = 0; i < count; i++)
		if (keys[i] == key)
			return true;
	return false;
}

/* Those whom the view brought, from number `first` on. */
static void as_left(const struct work *work, struct match_pool *pool, uint32_t first)
{
	uint32_t i, k;

	for (i = first; i < pool->count; i++)
		for (k = 0; k < work->draft_count; k++)
			if (work->drafts[k]->claim_no == pool->members[i]->member_no &&
			    work->drafts[k]->shadow.member_no == 0)
				pool->members[i] = &work->drafts[k]->image->after;
}

static int by_key(void *context, uint64_t key, uint32_t max, struct arena *arena, struct match_pool *pool)
{
	struct overlay *overlay = context;
	const struct match_candidates *candidates = &overlay->work->input->view->candidates;
	uint32_t i, first = pool->count;
	int error = candidates->by_key(candidates->context, key, max, arena, pool);

	as_left(overlay->work, pool, first);
	for (i = 0; i < overlay->work->draft_count && error >= 0; i++) {
		const struct draft *draft = overlay->work->drafts[i];

		if (draft->shadow.member_no != 0 && has_key(&draft->shadow, key))
			error = match_pool_add(pool, &draft->shadow);
	}
	return error < 0 ? error : 0;
}

static int by_member_id(void *context, struct slice member_id, struct arena *arena, struct match_pool *pool)
{
	struct overlay *overlay = context;
	const struct match_candidates *candidates = &overlay->work->input->view->candidates;

	uint32_t first = pool->count;
	int error = candidates->by_member_id(candidates->context, member_id, arena, pool);

	as_left(overlay->work, pool, first);
	return error;
}

static int by_family(void *context, struct family_key key, struct arena *arena, struct match_pool *pool)
{
	struct overlay *overlay = context;
	const struct match_candidates *candidates = &overlay->work->input->view->candidates;
	uint32_t i, first = pool->count;
	int error = candidates->by_family(candidates->context, key, arena, pool);

	as_left(overlay->work, pool, first);
	for (i = 0; i < overlay->work->draft_count && error >= 0; i++) {
		const struct draft *draft = overlay->work->drafts[i];

		if (draft->shadow.member_no != 0 && family_key_equal(family_key_of(&draft->shadow), key))
			error = match_pool_add(pool, &draft->shadow);
	}
	return error < 0 ? error : 0;
}

struct match_candidates overlay_candidates(struct overlay *overlay)
{
	return (struct match_candidates){overlay, by_key, by_member_id, by_family};
}
