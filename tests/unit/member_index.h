/*
 * member_index: candidates from an array of members, for tests of match and decide.
 *
 * The caller keeps the members; the index finds them by key (sorted, by halving), member id and subscriber id.
 */
#ifndef TEST_MEMBER_INDEX_H
#define TEST_MEMBER_INDEX_H

#include <stdlib.h>

#include "muster/error.h"
#include "muster/match.h"

struct index_entry {
	uint64_t key;
	uint32_t member_index;
};

struct member_index {
	const struct member *members;
	uint32_t member_count;
	struct index_entry *entries, *households, *ids;
	uint32_t entry_count;
};

static inline uint64_t index_text_key(struct slice text)
{
	uint64_t key = 14695981039346656037u;
	size_t i;

	for (i = 0; i < text.len; i++)
		key = (key ^ (unsigned char)text.data[i]) * 1099511628211u;
	return key;
}

static inline int index_order(const void *a, const void *b)
{
	const struct index_entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->member_index < y->member_index ? -1 : x->member_index > y->member_index;
}

static inline void member_index_fini(struct member_index *index)
{
	free(index->entries);
	free(index->households);
	free(index->ids);
}

static inline void member_index_init(struct member_index *index, const struct member *members, uint32_t count)
{
	uint64_t keys[MATCH_KEYS_MAX];
	uint32_t i, k, n;

	index->members = members;
	index->member_count = count;
	index->entry_count = 0;
	index->entries = calloc((size_t)count * MATCH_KEYS_MAX + 1, sizeof(*index->entries));
	index->households = calloc((size_t)count + 1, sizeof(*index->households));
	index->ids = calloc((size_t)count + 1, sizeof(*index->ids));
	for (i = 0; i < count; i++) {
		n = match_member_keys(&members[i], keys);
		for (k = 0; k < n; k++)
			index->entries[index->entry_count++] = (struct index_entry){keys[k], i};
		index->households[i] = (struct index_entry){index_text_key(members[i].subscriber_id), i};
		index->ids[i] = (struct index_entry){index_text_key(members[i].member_id), i};
	}
	qsort(index->entries, index->entry_count, sizeof(*index->entries), index_order);
	qsort(index->households, count, sizeof(*index->households), index_order);
	qsort(index->ids, count, sizeof(*index->ids), index_order);
}

static inline int index_find(const struct member_index *index, const struct index_entry *entries, uint32_t count,
			     uint64_t key, uint32_t max, struct match_pool *pool)
{
	uint32_t low = 0, high = count, middle, found = 0;
	int error = 0;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (entries[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && entries[low].key == key && found < max && error == 0; low++, found++)
		error = match_pool_add(pool, &index->members[entries[low].member_index]);
	return error;
}

static inline int index_by_key(void *context, uint64_t key, uint32_t max, struct arena *arena, struct match_pool *pool)
{
	const struct member_index *index = context;

	(void)arena;
	return index_find(index, index->entries, index->entry_count, key, max, pool);
}

static inline int index_by_member_id(void *context, struct slice id, struct arena *arena, struct match_pool *pool)
{
	const struct member_index *index = context;

	(void)arena;
	return index_find(index, index->ids, index->member_count, index_text_key(id), UINT32_MAX, pool);
}

static inline int index_by_family(void *context, struct family_key key, struct arena *arena, struct match_pool *pool)
{
	const struct member_index *index = context;

	(void)arena;
	return index_find(index, index->households, index->member_count, index_text_key(key.subscriber_id), UINT32_MAX, pool);
}

static inline struct match_candidates member_index_candidates(struct member_index *index)
{
	return (struct match_candidates){index, index_by_key, index_by_member_id, index_by_family};
}

#endif
