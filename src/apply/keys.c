/*
 * Match keys in memory: read from the database once, told of each key that is written after that.
 *
 * Keys that were taken away or rolled back stay: the view asks each member whether he bears the key.
 */
#include "muster/apply.h"
#include "muster/key_index.h"

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
