/*
 * seen: which control numbers were there already.
 */
#include <string.h>

#include "muster/error.h"
#include "muster/hash.h"
#include "seen.h"

#define SEEN_CAPACITY_MIN 64u

/* Where `key` stands, or the free place where it belongs. There is always a free one. */
static size_t find(const struct seen *seen, uint64_t key)
{
	size_t i = (size_t)key & (seen->capacity - 1);

	while (seen->keys[i] != 0 && seen->keys[i] != key)
		i = (i + 1) & (seen->capacity - 1);
	return i;
}

static int grow(struct seen *seen, struct env *env)
{
	struct seen wider = {.capacity = seen->capacity > 0 ? 2 * seen->capacity : SEEN_CAPACITY_MIN,
			     .count = seen->count};

	wider.keys = env_alloc(env, wider.capacity * sizeof(*wider.keys));
	if (wider.keys == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < seen->capacity; i++) {
		if (seen->keys[i] != 0)
			wider.keys[find(&wider, seen->keys[i])] = seen->keys[i];
	}
	env_free(env, seen->keys);
	*seen = wider;
	return 0;
}

void seen_fini(struct seen *seen, struct env *env)
{
	env_free(env, seen->keys);
	*seen = (struct seen){0};
}

void seen_clear(struct seen *seen, struct env *env)
{
	/* A wide table behind few keys goes: a million small groups after a big one must not each wipe 4 MiB. */
	if (seen->capacity > SEEN_CAPACITY_MIN && 8 * seen->count < seen->capacity)
		seen_fini(seen, env);
	else if (seen->count > 0)
		memset(seen->keys, 0, seen->capacity * sizeof(*seen->keys));
	seen->count = 0;
}

int seen_add(struct seen *seen, struct env *env, struct slice text, bool *ret_before)
{
	uint64_t key = hash_table_key(text);
	size_t i;

	if (key == 0)
		key = 1;
	if (2 * (seen->count + 1) > seen->capacity && seen->count < SEEN_KEYS_MAX) {
		int result = grow(seen, env);

		if (result < 0)
			return result;
	}
	i = find(seen, key);
	*ret_before = seen->keys[i] == key;
	if (!*ret_before && seen->count < SEEN_KEYS_MAX) {
		seen->keys[i] = key;
		seen->count++;
	}
	return 0;
}
