/*
 * The database as decide and match see it: look-ups of store behind function pointers, with a short memory.
 */
#include "muster/apply.h"

#include "images.h"

#include "muster/key_index.h"
#include "muster/text.h"

static struct store *view_store(void *context)
{
	return ((struct apply_view *)context)->store;
}

/* What was kept for another arena is of no use. */
static void view_at(struct apply_view *view, const struct arena *arena)
{
	if (view->arena != arena)
		apply_view_forget(view);
	view->arena = arena;
}

/* Where a member is kept, or the free place where he would be. */
static uint32_t view_slot(const struct apply_view *view, uint64_t member_no)
{
	uint32_t slot = (uint32_t)(member_no * UINT64_C(0x9E3779B97F4A7C15) >> 32) % APPLY_VIEW_MEMBERS;

	while (view->members[slot] != NULL && view->members[slot]->member_no != member_no)
		slot = (slot + 1) % APPLY_VIEW_MEMBERS;
	return slot;
}

static void view_keep(struct apply_view *view, const struct member *member)
{
	uint32_t slot;

	if (view->member_count >= APPLY_VIEW_MEMBERS / 2)
		return;
	slot = view_slot(view, member->member_no);
	view->member_count += view->members[slot] == NULL;
	view->members[slot] = member;
}

static int view_member_no(struct apply_view *view, uint64_t member_no, struct arena *arena,
                          const struct member **ret_member)
{
	int r;

	view_at(view, arena);
	*ret_member = view->members[view_slot(view, member_no)];
	if (*ret_member != NULL)
		return 0;
	r = store_member_get_no(view->store, member_no, arena, ret_member);
	if (r == 0 && *ret_member != NULL)
		view_keep(view, *ret_member);
	return r;
}

static int view_group(void *context, struct slice group_id, struct arena *arena, const struct group **ret_group)
{
	return store_group_known(view_store(context), group_id, arena, ret_group);
}

static int view_plan(void *context, struct slice plan_id, struct arena *arena, const struct plan **ret_plan)
{
	return store_plan_known(view_store(context), plan_id, arena, ret_plan);
}

struct line_search {
	struct slice insurance_line;
	date_day day;
	char found[64];
	uint32_t count;
};

static int line_search_plan(void *context, const struct plan *plan)
{
	struct line_search *search = context;

	if (!slice_equal(plan->insurance_line, search->insurance_line) || plan->effective_on > search->day ||
	    (plan->terminates_on != DATE_NONE && plan->terminates_on < search->day) ||
	    plan->plan_id.len >= sizeof(search->found))
		return 0;
	slice_to_cstr(plan->plan_id, search->found, sizeof(search->found));
	search->count++;
	return 0;
}

static int view_plan_of_line(void *context, struct slice insurance_line, date_day day, struct arena *arena,
                             const struct plan **ret_plan)
{
	struct line_search search = {.insurance_line = insurance_line, .day = day};
	int r = store_plans_each(view_store(context), line_search_plan, &search);

	*ret_plan = NULL;
	if (r == 0 && search.count == 1)
		r = store_plan_known(view_store(context), slice_from(search.found), arena, ret_plan);
	return r;
}

static int view_member(void *context, struct slice member_id, struct arena *arena, const struct member **ret_member)
{
	return store_member_get(view_store(context), member_id, arena, ret_member);
}

static int view_household(void *context, struct family_key key, struct arena *arena,
                          const struct member ***ret_members, uint32_t *ret_count)
{
	struct apply_view *view = context;
	uint32_t i;
	int r;

	view_at(view, arena);
	for (i = 0; i < view->household_count; i++) {
		if (key.any_sponsor || !family_key_equal(view->households[i].key, key))
			continue;
		*ret_members = view->households[i].members;
		*ret_count = view->households[i].count;
		return 0;
	}
	r = store_household(view->store, key, arena, ret_members, ret_count);
	for (i = 0; r == 0 && i < *ret_count; i++)
		view_keep(view, (*ret_members)[i]);
	if (r == 0 && !key.any_sponsor && view->household_count < APPLY_VIEW_HOUSEHOLDS) {
		i = view->household_count++;
		view->households[i].key.subscriber_id = arena_dup(arena, key.subscriber_id);
		view->households[i].key.sponsor_id = arena_dup(arena, key.sponsor_id);
		view->households[i].members = *ret_members;
		view->households[i].count = *ret_count;
		if (view->households[i].key.subscriber_id.data == NULL ||
		    view->households[i].key.sponsor_id.data == NULL)
			r = -ENOMEM;
	}
	return r;
}

struct sponsor_search {
	struct slice sponsor_id;
	bool found;
};

static int sponsor_search_group(void *context, const struct group *group)
{
	struct sponsor_search *search = context;

	search->found = search->found || text_is_same_id(group->sponsor_id, search->sponsor_id);
	return 0;
}

/* All records of a set speak for one sponsor: the groups are read for the first that names a group of another. */
static int view_sponsor_known(void *context, struct slice sponsor_id, bool *ret_known)
{
	struct apply_view *view = context;
	struct sponsor_search search = {.sponsor_id = sponsor_id};
	int r;

	*ret_known = view->sponsor_known;
	if (slice_is(sponsor_id, view->sponsor_id))
		return 0;
	r = store_groups_each(view->store, sponsor_search_group, &search);
	if (r < 0)
		return r;
	*ret_known = view->sponsor_known = search.found;
	slice_to_cstr(sponsor_id, view->sponsor_id, sizeof(view->sponsor_id));
	return 0;
}

static int view_sponsors_of_number(void *context, struct slice subscriber_id, struct slice covers, struct arena *arena,
				   struct slice *ret_sponsor_id, uint32_t *ret_count)
{
	return store_family_sponsors(view_store(context), subscriber_id, covers, arena, ret_sponsor_id, ret_count);
}

static int view_group_by_sponsor(void *context, struct slice sponsor_id, struct arena *arena,
                                 const struct group **ret_group)
{
	return store_group_by_sponsor(view_store(context), sponsor_id, arena, ret_group);
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
	const struct apply_view *view = context;
	uint64_t tset_no;
	int r = store_remittance_seen(view->store, payer_id, trace, total, settles_on, view->corrected_no, &tset_no);

	if (r == 0)
		*ret_seen = tset_no != 0;
	return r;
}

struct separation_list {
	struct arena *arena;
	struct decide_separation *items;
	uint32_t count, capacity;
};

static int view_separation(void *context, const struct store_order *order)
{
	struct separation_list *list = context;
	struct decide_separation *item;

	if (order->kind != STORE_ORDER_SEPARATE)
		return 0;
	if (list->count == list->capacity) {
		struct decide_separation *grown =
			arena_alloc_array(list->arena, list->capacity * 2 + 4, sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		if (list->count > 0)
			memcpy(grown, list->items, list->count * sizeof(*grown));
		list->items = grown;
		list->capacity = list->capacity * 2 + 4;
	}
	item = &list->items[list->count++];
	*item = (struct decide_separation){
		.group_id = arena_dup(list->arena, order->other_group_id),
		.region = arena_dup(list->arena, order->region),
		.begins_on = order->on_day,
		.reroute_until = order->reroute_until,
	};
	return item->group_id.data != NULL && item->region.data != NULL ? 0 : -ENOMEM;
}

static int view_separations(void *context, struct slice group_id, struct arena *arena,
                            const struct decide_separation **ret_separations, uint32_t *ret_count)
{
	struct apply_view *view = context;
	struct separation_list list = {.arena = arena};
	int r = store_orders_of_group(view->store, group_id, view_separation, &list);

	*ret_separations = list.items;
	*ret_count = list.count;
	return r;
}

struct later_search {
	uint64_t released_no;
	const struct decide_footprint *footprint;
	struct arena *arena;
	struct slice words;
};

/* The last one tells it. What was taken back, and what an order did to a contract, is no word about the member. */
static int later_search_change(void *context, const struct store_change *change)
{
	struct later_search *search = context;
	struct images images;
	int r;

	if (change->tset_no <= search->released_no || change->undone || slice_is(change->action, "undo") ||
	    slice_is(change->match_rule, "order"))
		return 0;
	r = images_read(search->arena, change->before, change->after, &images);
	if (r < 0 || !images_meet_footprint(&images, search->footprint))
		return r;
	search->words = arena_printf(search->arena, "%.*s by %.*s (%.*s)", (int)change->action.len, change->action.data,
				     (int)change->origin.file_id.len, change->origin.file_id.data,
				     (int)change->origin.file_name.len, change->origin.file_name.data);
	return search->words.data != NULL ? 0 : -ENOMEM;
}

static int view_later_change(void *context, const struct decide_footprint *footprint, struct arena *arena,
			     struct slice *ret_words)
{
	const struct apply_view *view = context;
	struct later_search search = {.released_no = view->released_no, .footprint = footprint, .arena = arena};
	int r = store_changes_of_member(view->store, footprint->member_no, later_search_change, &search);

	*ret_words = search.words;
	return r;
}

struct end_search {
	uint64_t span_no;
	struct arena *arena;
	bool ended;
};

/* The last one that set the end tells it. */
static int end_search_change(void *context, const struct store_change *change)
{
	struct end_search *search = context;
	struct images images;
	int r;

	if (change->undone || slice_is(change->action, "undo"))
		return 0;
	r = images_read(search->arena, change->before, change->after, &images);
	if (r == 0 && images_set_end(&images, search->span_no))
		search->ended = slice_is(change->action, "terminate");
	return r;
}

static int view_was_ended(void *context, uint64_t member_no, uint64_t span_no, struct arena *arena, bool *ret_ended)
{
	struct end_search search = {.span_no = span_no, .arena = arena};
	int r = store_changes_of_member(view_store(context), member_no, end_search_change, &search);

	*ret_ended = search.ended;
	return r;
}

void apply_view_released(struct apply_view *view, uint64_t tset_no)
{
	view->released_no = tset_no;
	view->view.later_change = view_later_change;
}

static int view_ruled_out(void *context, const struct hash *identity, struct arena *arena,
                          const uint64_t **ret_member_nos, uint32_t *ret_count)
{
	return store_not_same_of(view_store(context), identity, arena, ret_member_nos, ret_count);
}

/* A member's keys, made once while he is kept. NULL = no memory. */
static const uint64_t *view_member_keys(struct apply_view *view, const struct member *member, struct arena *arena)
{
	uint32_t slot = view_slot(view, member->member_no);
	uint64_t *keys;

	if (view->members[slot] == member && view->member_keys[slot] != NULL)
		return view->member_keys[slot];
	keys = arena_alloc_array(arena, MATCH_KEYS_MAX + 1, sizeof(*keys));
	if (keys == NULL)
		return NULL;
	keys[0] = match_member_keys(member, keys + 1);
	if (view->members[slot] == member)
		view->member_keys[slot] = keys;
	return keys;
}

static bool view_bears(const uint64_t *keys, uint64_t key)
{
	uint64_t i;

	for (i = 1; i <= keys[0]; i++)
		if (keys[i] == key)
			return true;
	return false;
}

/* Who may bear the key is known in memory; who does, his row tells. */
static int view_by_key_in_memory(struct apply_view *view, uint64_t key, uint32_t max, struct arena *arena,
				 struct match_pool *pool)
{
	const struct member *member;
	const uint32_t *numbers;
	const uint64_t *keys;
	uint32_t count, i, found = 0;
	int r = key_index_find(view->keys->index, key, &numbers, &count);

	for (i = 0; r == 0 && i < count && found < max; i++) {
		r = view_member_no(view, numbers[i], arena, &member);
		if (r < 0 || member == NULL)
			continue;
		keys = view_member_keys(view, member, arena);
		if (keys == NULL)
			return -ENOMEM;
		if (!view_bears(keys, key))
			continue;
		r = match_pool_add(pool, member);
		found++;
	}
	return r;
}

static int view_by_key(void *context, uint64_t key, uint32_t max, struct arena *arena, struct match_pool *pool)
{
	struct apply_view *view = context;
	uint64_t numbers[LIMIT_CANDIDATES_PER_KEY];
	uint32_t count, i;
	int r;

	if (max > LIMIT_CANDIDATES_PER_KEY)
		max = LIMIT_CANDIDATES_PER_KEY;
	if (view->keys != NULL && view->keys->index != NULL)
		return view_by_key_in_memory(view, key, max, arena, pool);
	view->key_lookups++;
	r = store_key_members(view_store(context), key, max, numbers, &count);
	for (i = 0; r == 0 && i < count; i++) {
		const struct member *member;

		r = view_member_no(context, numbers[i], arena, &member);
		if (r == 0 && member != NULL)
			r = match_pool_add(pool, member);
	}
	return r;
}

static int view_by_member_id(void *context, struct slice member_id, struct arena *arena, struct match_pool *pool)
{
	const struct member *member;
	int r = store_member_get(view_store(context), member_id, arena, &member);

	if (r == 0 && member != NULL)
		r = match_pool_add(pool, member);
	return r;
}

static int view_by_family(void *context, struct family_key key, struct arena *arena, struct match_pool *pool)
{
	const struct member **members;
	uint32_t count, i;
	int r = view_household(context, key, arena, &members, &count);

	for (i = 0; r == 0 && i < count; i++)
		r = match_pool_add(pool, members[i]);
	return r;
}

void apply_view_forget(struct apply_view *view)
{
	if (view->member_count > 0) {
		memset(view->members, 0, sizeof(view->members));
		memset(view->member_keys, 0, sizeof(view->member_keys));
	}
	view->member_count = view->household_count = 0;
	view->arena = NULL;
}

/*
 * The next power of ten from 10,000: strangers are never fewer than that, and a night that is interrupted after it
 * added members goes on with the same number.
 */
static int view_population(struct apply_view *view)
{
	int r = store_member_last_no(view->store, &view->stored_members);

	view->view.population = 10000;
	while (r == 0 && view->view.population < view->stored_members)
		view->view.population *= 10;
	return r;
}

int apply_view_init(struct apply_view *view, struct store *store)
{
	bool any_ruled_out = false;
	int r;

	*view = (struct apply_view){.store = store};
	view->view = (struct decide_view){
		.context = view,
		.group = view_group,
		.plan = view_plan,
		.plan_of_line = view_plan_of_line,
		.member = view_member,
		.household = view_household,
		.sponsors_of_number = view_sponsors_of_number,
		.sponsor_known = view_sponsor_known,
		.group_by_sponsor = view_group_by_sponsor,
		.group_by_invoice = view_group_by_invoice,
		.payment_seen = view_payment_seen,
		.candidates = {.context = view,
		               .by_key = view_by_key,
		               .by_member_id = view_by_member_id,
		               .by_family = view_by_family},
		.separations = view_separations,
		.ruled_out = view_ruled_out,
		.was_ended = view_was_ended,
	};
	r = store_not_same_any(store, &any_ruled_out);
	/* What is said while a file runs holds from the next one on. */
	if (!any_ruled_out)
		view->view.ruled_out = NULL;
	return r < 0 ? r : view_population(view);
}
