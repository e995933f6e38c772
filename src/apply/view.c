/*
 * The database as decide and match see it: look-ups of store behind function pointers.
 */
#include "muster/apply.h"

static int view_group(void *context, struct slice group_id, struct arena *arena, const struct group **ret_group)
{
	return store_group_get(context, group_id, arena, ret_group);
}

static int view_plan(void *context, struct slice plan_id, struct arena *arena, const struct plan **ret_plan)
{
	return store_plan_get(context, plan_id, arena, ret_plan);
}

static int view_member(void *context, struct slice member_id, struct arena *arena, const struct member **ret_member)
{
	return store_member_get(context, member_id, arena, ret_member);
}

static int view_household(void *context, struct slice subscriber_id, struct arena *arena,
                          const struct member ***ret_members, uint32_t *ret_count)
{
	return store_household(context, subscriber_id, arena, ret_members, ret_count);
}

static int view_group_by_sponsor(void *context, struct slice sponsor_id, struct arena *arena,
                                 const struct group **ret_group)
{
	return store_group_by_sponsor(context, sponsor_id, arena, ret_group);
}

/* There are no bills yet: no invoice is known. */
static int view_group_by_invoice(void *context, struct slice invoice, struct arena *arena,
                                 const struct group **ret_group)
{
	(void)context;
	(void)invoice;
	(void)arena;
	*ret_group = NULL;
	return 0;
}

static int view_payment_seen(void *context, struct slice payer_id, struct slice trace, cents total,
                             date_day settles_on, bool *ret_seen)
{
	uint64_t tset_no;
	int r = store_remittance_seen(context, payer_id, trace, total, settles_on, 0, &tset_no);

	if (r == 0)
		*ret_seen = tset_no != 0;
	return r;
}

static int view_ruled_out(void *context, const struct hash *record_hash, uint64_t member_no, bool *ret_ruled_out)
{
	return store_not_same_get(context, record_hash, member_no, ret_ruled_out);
}

static int view_by_key(void *context, uint64_t key, uint32_t max, struct arena *arena, struct match_pool *pool)
{
	uint64_t numbers[LIMIT_CANDIDATES_PER_KEY];
	uint32_t count, i;
	int r;

	if (max > LIMIT_CANDIDATES_PER_KEY)
		max = LIMIT_CANDIDATES_PER_KEY;
	r = store_key_members(context, key, max, numbers, &count);
	for (i = 0; r == 0 && i < count; i++) {
		const struct member *member;

		r = store_member_get_no(context, numbers[i], arena, &member);
		if (r == 0 && member != NULL)
			r = match_pool_add(pool, member);
	}
	return r;
}

static int view_by_member_id(void *context, struct slice member_id, struct arena *arena, struct match_pool *pool)
{
	const struct member *member;
	int r = store_member_get(context, member_id, arena, &member);

	if (r == 0 && member != NULL)
		r = match_pool_add(pool, member);
	return r;
}

static int view_by_subscriber_id(void *context, struct slice subscriber_id, struct arena *arena,
                                 struct match_pool *pool)
{
	const struct member **members;
	uint32_t count, i;
	int r = store_household(context, subscriber_id, arena, &members, &count);

	for (i = 0; r == 0 && i < count; i++)
		r = match_pool_add(pool, members[i]);
	return r;
}

void apply_view_init(struct decide_view *ret_view, struct store *store)
{
	*ret_view = (struct decide_view){
		.context = store,
		.group = view_group,
		.plan = view_plan,
		.member = view_member,
		.household = view_household,
		.group_by_sponsor = view_group_by_sponsor,
		.group_by_invoice = view_group_by_invoice,
		.payment_seen = view_payment_seen,
		.candidates = {.context = store,
		               .by_key = view_by_key,
		               .by_member_id = view_by_member_id,
		               .by_subscriber_id = view_by_subscriber_id},
		.ruled_out = view_ruled_out,
	};
}
