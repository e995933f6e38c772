/*
 * index: candidates in memory.
 *
 * Members are sorted into buckets by a hash of their keys: per key a number of four bytes and a tag of one, per bucket
 * an offset of four, with two keys a bucket: about 7 bytes a key, 8 keys a member. A tag that fits by chance is found
 * out by making the member's keys again. What is put in later stands in a small table beside; a member who was
 * replaced is known by his number.
 */
#include <stdlib.h>

#include "muster/error.h"
#include "muster/match_link.h"

#define KEYS_MAX (MATCH_KEYS_MAX + MATCH_KEYS_MAX + 2)

struct late_entry {
	uint64_t key;
	const struct member *member;
	uint32_t next; /* ordinal + 1 of the next entry of its chain, 0 = last */
};

struct match_index {
	struct env *env;
	const struct member *members;
	uint32_t count;
	bool wide;
	uint32_t *offsets, *ordinals;
	uint8_t *tags;
	uint32_t bucket_mask, entry_count;
	struct late_entry *late;
	uint32_t late_count, late_capacity;
	uint32_t *late_first, *late_last; /* LATE_CHAINS heads and tails */
	const struct member **replaced;   /* those put in, latest form; an open table by member_no */
	uint32_t replaced_count, replaced_capacity; /* capacity a power of two, at most half full */
};

#define LATE_CHAINS 65536u

/* Case does not matter in ids. `kind` keeps their keys apart from each other and from match keys. */
static uint64_t id_key(char kind, struct slice id)
{
	uint64_t hash = (UINT64_C(0xCBF29CE484222325) ^ (unsigned char)kind) * UINT64_C(0x100000001B3);
	size_t i;

	id = slice_trim(id);
	for (i = 0; i < id.len; i++) {
		unsigned char c = (unsigned char)id.data[i];

		if (c >= 'a' && c <= 'z')
			c = (unsigned char)(c - 'a' + 'A');
		hash = (hash ^ c) * UINT64_C(0x100000001B3);
	}
	hash = (hash ^ hash >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94D049BB133111EB);
	return hash ^ hash >> 31;
}

static uint32_t keys_of(const struct match_index *index, const struct member *member, uint64_t keys[KEYS_MAX])
{
	uint32_t count = match_member_keys(member, keys);

	if (index->wide)
		count += match_link_keys(member, keys + count);
	if (slice_trim(member->member_id).len > 0)
		keys[count++] = id_key('m', member->member_id);
	if (slice_trim(member->subscriber_id).len > 0)
		keys[count++] = id_key('s', member->subscriber_id);
	return count;
}

/* Neither of the bits of the bucket nor of those that tell a key's kind. */
static uint8_t tag_of(uint64_t key)
{
	return (uint8_t)(key >> 48);
}

struct building {
	uint64_t *keys;
	uint32_t *ordinals;
	size_t count, capacity;
};

static int collect(struct match_index *index, struct building *building)
{
	uint64_t keys[KEYS_MAX];
	uint32_t i, k, count;

	for (i = 0; i < index->count; i++) {
		if (building->count + KEYS_MAX > building->capacity) {
			size_t capacity = building->capacity > 0 ? building->capacity * 2 : 1024;
			uint64_t *all = env_realloc(index->env, building->keys, capacity * sizeof(*all));
			uint32_t *ordinals;

			if (all == NULL)
				return -ENOMEM;
			building->keys = all;
			ordinals = env_realloc(index->env, building->ordinals, capacity * sizeof(*ordinals));
			if (ordinals == NULL)
				return -ENOMEM;
			building->ordinals = ordinals;
			building->capacity = capacity;
		}
		count = keys_of(index, &index->members[i], keys);
		for (k = 0; k < count; k++) {
			building->keys[building->count] = keys[k];
			building->ordinals[building->count++] = i;
		}
	}
	return building->count <= UINT32_MAX ? 0 : -EOVERFLOW;
}

/* By counting: entries of a bucket keep the order of the members. */
static int freeze(struct match_index *index, const struct building *building)
{
	uint32_t buckets = 1, place;
	size_t i;

	while (buckets < building->count / 2 && buckets < 1u << 31)
		buckets *= 2;
	index->bucket_mask = buckets - 1;
	index->entry_count = (uint32_t)building->count;
	index->offsets = env_alloc(index->env, ((size_t)buckets + 2) * sizeof(*index->offsets));
	index->ordinals = env_alloc(index->env, (building->count + 1) * sizeof(*index->ordinals));
	index->tags = env_alloc(index->env, building->count + 1);
	if (index->offsets == NULL || index->ordinals == NULL || index->tags == NULL)
		return -ENOMEM;
	for (i = 0; i < building->count; i++)
		index->offsets[(building->keys[i] & index->bucket_mask) + 2]++;
	for (i = 2; i <= (size_t)buckets + 1; i++)
		index->offsets[i] += index->offsets[i - 1];
	for (i = 0; i < building->count; i++) {
		place = index->offsets[(building->keys[i] & index->bucket_mask) + 1]++;
		index->ordinals[place] = building->ordinals[i];
		index->tags[place] = tag_of(building->keys[i]);
	}
	return 0;
}

int match_index_new(struct env *env, const struct member *members, uint32_t count, bool wide,
		    struct match_index **ret_index)
{
	struct match_index *index = env_alloc(env, sizeof(*index));
	struct building building = {0};
	int error;

	if (index == NULL)
		return -ENOMEM;
	index->env = env;
	index->members = members;
	index->count = count;
	index->wide = wide;
	error = collect(index, &building);
	if (error == 0)
		error = freeze(index, &building);
	env_free(env, building.keys);
	env_free(env, building.ordinals);
	if (error < 0) {
		match_index_free(index);
		return error;
	}
	*ret_index = index;
	return 0;
}

void match_index_free(struct match_index *index)
{
	if (index == NULL)
		return;
	env_free(index->env, index->offsets);
	env_free(index->env, index->ordinals);
	env_free(index->env, index->tags);
	env_free(index->env, index->late);
	env_free(index->env, index->late_first);
	env_free(index->env, index->late_last);
	env_free(index->env, index->replaced);
	env_free(index->env, index);
}

size_t match_index_bytes(const struct match_index *index)
{
	return ((size_t)index->bucket_mask + 3) * sizeof(*index->offsets) +
	       (size_t)index->entry_count * (sizeof(*index->ordinals) + 1) +
	       index->late_capacity * sizeof(*index->late) +
	       (index->late_first != NULL ? 2 * LATE_CHAINS * sizeof(uint32_t) : 0) +
	       index->replaced_capacity * sizeof(*index->replaced);
}

static int late_room(struct match_index *index)
{
	struct late_entry *late;
	uint32_t capacity;

	if (index->late_first == NULL)
		index->late_first = env_alloc(index->env, LATE_CHAINS * sizeof(uint32_t));
	if (index->late_last == NULL)
		index->late_last = env_alloc(index->env, LATE_CHAINS * sizeof(uint32_t));
	if (index->late_first == NULL || index->late_last == NULL)
		return -ENOMEM;
	if (index->late_count + KEYS_MAX <= index->late_capacity)
		return 0;
	capacity = index->late_capacity > 0 ? index->late_capacity * 2 : 256;
	late = env_realloc(index->env, index->late, capacity * sizeof(*late));
	if (late == NULL)
		return -ENOMEM;
	index->late = late;
	index->late_capacity = capacity;
	return 0;
}

/* Where `member_no` stands, or the empty place where it belongs. The table must not be empty. */
static const struct member **replaced_place(const struct member **table, uint32_t capacity, uint64_t member_no)
{
	uint32_t place = (uint32_t)(member_no * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (capacity - 1);

	while (table[place] != NULL && table[place]->member_no != member_no)
		place = (place + 1) & (capacity - 1);
	return &table[place];
}

static int replace(struct match_index *index, const struct member *member)
{
	const struct member **table, **place;
	uint32_t i, capacity;

	if (index->replaced_count * 2 >= index->replaced_capacity) {
		capacity = index->replaced_capacity > 0 ? index->replaced_capacity * 2 : 64;
		table = env_alloc(index->env, capacity * sizeof(struct member *));
		if (table == NULL)
			return -ENOMEM;
		for (i = 0; i < index->replaced_capacity; i++)
			if (index->replaced[i] != NULL)
				*replaced_place(table, capacity, index->replaced[i]->member_no) = index->replaced[i];
		env_free(index->env, index->replaced);
		index->replaced = table;
		index->replaced_capacity = capacity;
	}
	place = replaced_place(index->replaced, index->replaced_capacity, member->member_no);
	index->replaced_count += *place == NULL;
	*place = member;
	return 0;
}

int match_index_put(struct match_index *index, const struct member *member)
{
	uint64_t keys[KEYS_MAX];
	uint32_t i, chain, count = keys_of(index, member, keys);
	int error = late_room(index);

	if (error == 0)
		error = replace(index, member);
	for (i = 0; i < count && error == 0; i++) {
		index->late[index->late_count++] = (struct late_entry){keys[i], member, 0};
		chain = (uint32_t)(keys[i] % LATE_CHAINS);
		if (index->late_first[chain] == 0)
			index->late_first[chain] = index->late_count;
		else
			index->late[index->late_last[chain] - 1].next = index->late_count;
		index->late_last[chain] = index->late_count;
	}
	return error;
}

/* The latest form of a member. */
static const struct member *latest(const struct match_index *index, const struct member *member)
{
	const struct member *replaced;

	if (index->replaced_count == 0)
		return member;
	replaced = *replaced_place(index->replaced, index->replaced_capacity, member->member_no);
	return replaced != NULL ? replaced : member;
}

static bool bears(const struct match_index *index, const struct member *member, uint64_t key)
{
	uint64_t keys[KEYS_MAX];
	uint32_t i, count = keys_of(index, member, keys);

	for (i = 0; i < count; i++)
		if (keys[i] == key)
			return true;
	return false;
}

static int find(struct match_index *index, uint64_t key, uint32_t max, struct match_pool *pool)
{
	uint32_t place = index->offsets[key & index->bucket_mask], late;
	uint32_t end = index->offsets[(key & index->bucket_mask) + 1], found = 0;
	const struct member *member;
	int error = 0;

	for (; place < end && found < max && error == 0; place++) {
		member = &index->members[index->ordinals[place]];
		if (index->tags[place] != tag_of(key) || latest(index, member) != member || !bears(index, member, key))
			continue;
		error = match_pool_add(pool, member);
		found++;
	}
	if (index->late_first == NULL)
		return error;
	for (late = index->late_first[key % LATE_CHAINS]; late != 0 && found < max && error == 0;
	     late = index->late[late - 1].next) {
		member = index->late[late - 1].member;
		if (index->late[late - 1].key != key || latest(index, member) != member)
			continue;
		error = match_pool_add(pool, member);
		found++;
	}
	return error;
}

static int by_key(void *context, uint64_t key, uint32_t max, struct arena *arena, struct match_pool *pool)
{
	(void)arena;
	return find(context, key, max, pool);
}

static int by_member_id(void *context, struct slice id, struct arena *arena, struct match_pool *pool)
{
	(void)arena;
	return find(context, id_key('m', id), UINT32_MAX, pool);
}

/* Members of a table: no sponsor is told. */
static int by_family(void *context, struct family_key key, struct arena *arena, struct match_pool *pool)
{
	(void)arena;
	return find(context, id_key('s', key.subscriber_id), UINT32_MAX, pool);
}

struct match_candidates match_index_candidates(struct match_index *index)
{
	return (struct match_candidates){index, by_key, by_member_id, by_family};
}
