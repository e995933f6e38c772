/*
 * Match keys: made anew where another version of match made them; and in memory, read from the database once and told of
 * each key that is written after that.
 *
 * In memory keys that were taken away or rolled back stay: the view asks each member whether he bears the key.
 */
#include <stdio.h>

#include "muster/apply.h"
#include "muster/key_index.h"
#include "muster/log.h"

#define VERSION_NAME "match_keys_version"

/* ---- stored ---- */

static int stored_are_ours(struct store *store, const char *ours, bool *ret_ours)
{
	struct arena arena;
	struct slice version;
	int r;

	arena_init(&arena, store_env(store), 0, 0);
	r = store_meta_get(store, VERSION_NAME, &arena, &version);
	*ret_ours = slice_is(version, ours);
	arena_fini(&arena);
	return r;
}

static int put_member_keys(void *context, const struct member *member)
{
	uint64_t keys[MATCH_KEYS_MAX];
	uint32_t count = match_member_keys(member, keys);

	return store_keys_put(context, member->member_no, keys, count);
}

/* Inside the transaction: another process may have been faster. */
static int make_stored_anew(struct store *store, const char *ours)
{
	uint64_t last_no = 0;
	bool done = false;
	int r = stored_are_ours(store, ours, &done);

	if (r == 0 && !done)
		r = store_member_last_no(store, &last_no);
	if (r < 0 || done)
		return r;
	if (last_no > 0)
		log_message(LOG_NOTICE, "the match keys of %llu members are made anew", (unsigned long long)last_no);
	r = store_keys_clear(store);
	if (r == 0)
		store_keys_collect(store);
	if (r == 0)
		r = store_members_each(store, put_member_keys, store);
	if (r == 0)
		r = store_keys_flush(store);
	return r == 0 ? store_meta_put(store, VERSION_NAME, slice_from(ours)) : r;
}

int apply_keys_renew(struct store *store)
{
	char ours[16];
	bool done;
	int r;

	snprintf(ours, sizeof(ours), "%d", MATCH_KEYS_VERSION);
	r = stored_are_ours(store, ours, &done);
	if (r < 0 || done)
		return r;
	r = store_begin(store, STORE_WRITE);
	if (r < 0)
		return r;
	r = make_stored_anew(store, ours);
	if (r == 0)
		return store_commit(store);
	store_rollback(store);
	return r;
}

/* ---- in memory ---- */

/* About as many as a member has (src/match/keys.c): only a first guess. */
#define KEYS_OF_MEMBER 7u

static int keys_add(void *context, uint64_t key, uint64_t member_no)
{
	return key_index_add(context, key, member_no);
}

static int keys_put(void *context, uint64_t key, uint64_t member_no)
{
	return key_index_put(context, key, member_no);
}

static int keys_read(struct apply_keys *keys, struct env *env)
{
	uint64_t members;
	int r = store_member_count(keys->store, &members);

	if (r == 0)
		r = store_data_version(keys->store, &keys->data_version);
	if (r == 0)
		r = key_index_new(env, members * KEYS_OF_MEMBER, &keys->index);
	if (r == 0)
		r = store_keys_each(keys->store, keys_add, keys->index);
	if (r == 0)
		r = key_index_freeze(keys->index);
	if (r == 0)
		store_keys_watch(keys->store, keys_put, keys->index);
	return r;
}

int apply_keys_open(struct apply_keys *keys, struct store *store, struct env *env)
{
	int r = apply_keys_check(keys);

	if (r < 0 || (keys->index != NULL && !key_index_is_crowded(keys->index)))
		return r;
	apply_keys_close(keys);
	keys->store = store;
	r = keys_read(keys, env);
	if (r < 0)
		apply_keys_close(keys);
	return r;
}

int apply_keys_check(struct apply_keys *keys)
{
	int64_t version;
	int r;

	if (keys->index == NULL)
		return 0;
	r = store_data_version(keys->store, &version);
	if (r == 0 && version != keys->data_version)
		apply_keys_close(keys);
	return r;
}

void apply_keys_close(struct apply_keys *keys)
{
	if (keys->store != NULL)
		store_keys_watch(keys->store, NULL, NULL);
	key_index_free(keys->index);
	*keys = (struct apply_keys){0};
}
