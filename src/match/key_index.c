/*
 * key_index: buckets by the first bits of a key.
 *
 * Per key a member_no of four bytes and a tag of two (its last bits), per bucket an offset of four, with two to four keys
 * a bucket: more where keys have their first bits in common, as those of a birth date have. Keys come sorted, so buckets
 * are filled front to back. What is put in later stands in a small hashed table beside, until that is a part in 32 of
 * the whole: then both are merged in place, from the back.
 */
#include <stdlib.h>
#include <string.h>

#include "muster/error.h"
#include "muster/key_index.h"

#define BUCKET_BITS_MIN 10u
#define BUCKET_BITS_MAX 30u
#define KEYS_PER_BUCKET_CROWDED 16u
/* Merging moves everything: not for a handful. */
#define LATE_MIN 4096u
#define LATE_SHARE 32u

struct late_key {
	uint64_t key;
	uint32_t member_no;
	uint32_t next; /* ordinal + 1 of the next of its chain, 0 = last */
};

struct key_index {
	struct env *env;
	unsigned bucket_bits;
	uint32_t *offsets;    /* of buckets; one more behind the last */
	uint32_t *member_nos;
	uint16_t *tags;
	uint32_t count, capacity;
	uint32_t filled;      /* while keys are added: buckets whose offset stands */
	struct late_key *late;
	uint32_t *chains;     /* late_capacity heads: ordinal + 1, 0 = none */
	uint32_t late_count, late_capacity;
	uint32_t *found;      /* of the last find */
	uint32_t found_capacity;
};

/* The database orders keys as signed integers. */
static uint64_t in_order(uint64_t key)
{
	return key ^ UINT64_C(1) << 63;
}

static uint32_t bucket_of(const struct key_index *index, uint64_t key)
{
	return (uint32_t)(in_order(key) >> (64 - index->bucket_bits));
}

static uint16_t tag_of(uint64_t key)
{
	return (uint16_t)key;
}

int key_index_new(struct env *env, uint64_t key_count, struct key_index **ret_index)
{
	struct key_index *index;
	uint64_t capacity = key_count + LATE_MIN;

	if (capacity > UINT32_MAX)
		return -EOVERFLOW;
	index = env_alloc(env, sizeof(*index));
	if (index == NULL)
		return -ENOMEM;
	index->env = env;
	index->bucket_bits = BUCKET_BITS_MIN;
	while (key_count >> index->bucket_bits >= 4 && index->bucket_bits < BUCKET_BITS_MAX)
		index->bucket_bits++;
	index->capacity = (uint32_t)capacity;
	index->offsets = env_alloc(env, (((size_t)1 << index->bucket_bits) + 1) * sizeof(*index->offsets));
	index->member_nos = env_alloc(env, capacity * sizeof(*index->member_nos));
	index->tags = env_alloc(env, capacity * sizeof(*index->tags));
	if (index->offsets == NULL || index->member_nos == NULL || index->tags == NULL) {
		key_index_free(index);
		return -ENOMEM;
	}
	*ret_index = index;
	return 0;
}

void key_index_free(struct key_index *index)
{
	if (index == NULL)
		return;
	env_free(index->env, index->offsets);
	env_free(index->env, index->member_nos);
	env_free(index->env, index->tags);
	env_free(index->env, index->late);
	env_free(index->env, index->chains);
	env_free(index->env, index->found);
	env_free(index->env, index);
}

static int resize(struct key_index *index, uint64_t count)
{
	uint32_t *member_nos;
	uint16_t *tags;

	if (count > UINT32_MAX)
		return -EOVERFLOW;
	member_nos = env_realloc(index->env, index->member_nos, count * sizeof(*member_nos));
	if (member_nos == NULL)
		return -ENOMEM;
	index->member_nos = member_nos;
	tags = env_realloc(index->env, index->tags, count * sizeof(*tags));
	if (tags == NULL)
		return -ENOMEM;
	index->tags = tags;
	index->capacity = (uint32_t)count;
	return 0;
}

int key_index_add(struct key_index *index, uint64_t key, uint64_t member_no)
{
	uint32_t bucket = bucket_of(index, key);
	int error;

	if (member_no > UINT32_MAX)
		return -EOVERFLOW;
	if (index->count == index->capacity) {
		error = resize(index, (uint64_t)index->capacity + index->capacity / LATE_SHARE + LATE_MIN);
		if (error < 0)
			return error;
	}
	while (index->filled <= bucket)
		index->offsets[index->filled++] = index->count;
	index->member_nos[index->count] = (uint32_t)member_no;
	index->tags[index->count++] = tag_of(key);
	return 0;
}

int key_index_freeze(struct key_index *index)
{
	while (index->filled <= (uint32_t)1 << index->bucket_bits)
		index->offsets[index->filled++] = index->count;
	return resize(index, index->count + 1);
}

/* ---- what comes later ---- */

static int by_bucket(const void *a, const void *b)
{
	const struct late_key *x = a, *y = b;

	if (x->key != y->key)
		return in_order(x->key) < in_order(y->key) ? -1 : 1;
	return x->member_no < y->member_no ? -1 : x->member_no > y->member_no;
}

/* Into their buckets, behind those who are there: from the back, so that nothing is overwritten before it moved. */
static int merge(struct key_index *index)
{
	uint32_t late = index->late_count, bucket = (uint32_t)1 << index->bucket_bits, from = index->count, to, begin;
	int error = resize(index, (uint64_t)index->count + index->late_count);

	if (error < 0)
		return error;
	qsort(index->late, index->late_count, sizeof(*index->late), by_bucket);
	to = index->count + index->late_count;
	index->count = to;
	while (late > 0) {
		index->offsets[bucket--] = to;
		begin = index->offsets[bucket];
		for (; late > 0 && bucket_of(index, index->late[late - 1].key) == bucket; late--) {
			index->member_nos[--to] = index->late[late - 1].member_no;
			index->tags[to] = tag_of(index->late[late - 1].key);
		}
		to -= from - begin;
		memmove(index->member_nos + to, index->member_nos + begin, (from - begin) * sizeof(*index->member_nos));
		memmove(index->tags + to, index->tags + begin, (from - begin) * sizeof(*index->tags));
		from = begin;
	}
	index->late_count = 0;
	memset(index->chains, 0, index->late_capacity * sizeof(*index->chains));
	return 0;
}

static uint32_t *chain_of(const struct key_index *index, uint64_t key)
{
	return &index->chains[key % index->late_capacity];
}

static int late_room(struct key_index *index)
{
	uint32_t capacity = index->count / LATE_SHARE > LATE_MIN ? index->count / LATE_SHARE : LATE_MIN;
	struct late_key *late;
	uint32_t *chains;

	if (index->late_count < index->late_capacity)
		return 0;
	if (index->late_count > 0) {
		int error = merge(index);

		if (error < 0)
			return error;
	}
	if (capacity <= index->late_capacity)
		return 0;
	late = env_realloc(index->env, index->late, capacity * sizeof(*late));
	if (late == NULL)
		return -ENOMEM;
	index->late = late;
	chains = env_alloc(index->env, capacity * sizeof(*chains));
	if (chains == NULL)
		return -ENOMEM;
	env_free(index->env, index->chains);
	index->chains = chains;
	index->late_capacity = capacity;
	return 0;
}

int key_index_put(struct key_index *index, uint64_t key, uint64_t member_no)
{
	uint32_t *chain;
	int error = member_no > UINT32_MAX ? -EOVERFLOW : late_room(index);

	if (error < 0)
		return error;
	chain = chain_of(index, key);
	index->late[index->late_count++] = (struct late_key){key, (uint32_t)member_no, *chain};
	*chain = index->late_count;
	return 0;
}

/* ---- looking up ---- */

static int found_add(struct key_index *index, uint32_t *count, uint32_t member_no)
{
	uint32_t *found, capacity;

	if (*count == index->found_capacity) {
		capacity = index->found_capacity > 0 ? index->found_capacity * 2 : 256;
		found = env_realloc(index->env, index->found, capacity * sizeof(*found));
		if (found == NULL)
			return -ENOMEM;
		index->found = found;
		index->found_capacity = capacity;
	}
	index->found[(*count)++] = member_no;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* They come nearly in order: almost always there is nothing to do. */
static uint32_t sort_found(struct key_index *index, uint32_t count)
{
	uint32_t i, kept = 0;

	for (i = 1; i < count && index->found[i - 1] < index->found[i]; i++)
		;
	if (i >= count)
		return count;
	qsort(index->found, count, sizeof(*index->found), by_number);
	for (i = 0; i < count; i++)
		if (i == 0 || index->found[i] != index->found[i - 1])
			index->found[kept++] = index->found[i];
	return kept;
}

int key_index_find(struct key_index *index, uint64_t key, const uint32_t **ret_member_nos, uint32_t *ret_count)
{
	uint32_t bucket = bucket_of(index, key), place, count = 0, late;
	uint16_t tag = tag_of(key);
	int error = 0;

	for (place = index->offsets[bucket]; place < index->offsets[bucket + 1] && error == 0; place++)
		if (index->tags[place] == tag)
			error = found_add(index, &count, index->member_nos[place]);
	for (late = index->late_count > 0 ? *chain_of(index, key) : 0; late != 0 && error == 0;
	     late = index->late[late - 1].next)
		if (index->late[late - 1].key == key)
			error = found_add(index, &count, index->late[late - 1].member_no);
	if (error < 0)
		return error;
	*ret_count = sort_found(index, count);
	*ret_member_nos = index->found;
	return 0;
}

size_t key_index_bytes(const struct key_index *index)
{
	return sizeof(*index) + (((size_t)1 << index->bucket_bits) + 1) * sizeof(*index->offsets) +
	       index->capacity * (sizeof(*index->member_nos) + sizeof(*index->tags)) +
	       index->late_capacity * (sizeof(*index->late) + sizeof(*index->chains)) +
	       index->found_capacity * sizeof(*index->found);
}

bool key_index_is_crowded(const struct key_index *index)
{
	return index->bucket_bits < BUCKET_BITS_MAX && index->count >> index->bucket_bits >= KEYS_PER_BUCKET_CROWDED;
}
