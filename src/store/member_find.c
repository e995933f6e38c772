/*
 * member_find: many members at once: by match key, by what people ask for, by group; and the match keys themselves.
 *
 * Match keys are 64-bit fingerprints, so a member's keys lie all over their table. One by one that is a page each;
 * a first load therefore collects them (store_keys_collect) and writes them in runs sorted by key, where neighbours
 * share pages.
 */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "store_internal.h"

/* 4 million keys, 64 MiB: a run of them touches each page of a table of a million members once. */
#define KEYS_COLLECTED_MAX ((size_t)4 * 1024 * 1024)

/* ---- match keys ---------------------------------------------------------------------------------------------- */

int store_key_members(struct store *store, uint64_t key, uint32_t max, uint64_t *ret_member_nos, uint32_t *ret_count)
{
	struct query query;
	uint32_t count = 0;

	query_open(&query, store, "SELECT member_no FROM match_keys WHERE key = ? LIMIT ?");
	query_u64(&query, key);
	query_i64(&query, max);
	while (query_row(&query))
		ret_member_nos[count++] = read_u64(&query);
	*ret_count = count;
	return query_close(&query);
}

int store_keys_each(struct store *store, store_key_fn fn, void *context)
{
	struct query query;

	query_open(&query, store, "SELECT key, member_no FROM match_keys ORDER BY key, member_no");
	while (query_row(&query)) {
		uint64_t key = read_u64(&query);

		query.error = fn(context, key, read_u64(&query));
	}
	return query_close(&query);
}

void store_keys_watch(struct store *store, store_key_fn fn, void *context)
{
	store->watch = fn;
	store->watch_context = context;
}

static int write_key(struct store *store, uint64_t key, uint64_t member_no)
{
	struct query query;

	query_open(&query, store, "INSERT OR IGNORE INTO match_keys(key, member_no) VALUES(?,?)");
	query_u64(&query, key);
	query_u64(&query, member_no);
	return query_run(&query);
}

static int remove_key(struct store *store, uint64_t key, uint64_t member_no)
{
	struct query query;

	query_open(&query, store, "DELETE FROM match_keys WHERE key = ? AND member_no = ?");
	query_u64(&query, key);
	query_u64(&query, member_no);
	return query_run(&query);
}

/* Sorted as SQLite sorts them: as signed integers. */
static int compare_keys(const void *a, const void *b)
{
	const struct pending_key *x = a, *y = b;

	if (x->key != y->key)
		return (int64_t)x->key < (int64_t)y->key ? -1 : 1;
	return (x->member_no > y->member_no) - (x->member_no < y->member_no);
}

static int write_collected(struct store *store)
{
	size_t i;
	int error = 0;

	qsort(store->keys, store->key_count, sizeof(*store->keys), compare_keys);
	for (i = 0; i < store->key_count && error == 0; i++)
		error = write_key(store, store->keys[i].key, store->keys[i].member_no);
	store->key_count = 0;
	return error;
}

void store_keys_collect(struct store *store)
{
	assert(store->state == STORE_WRITING);
	store->keys_collecting = true;
}

int store_keys_flush(struct store *store)
{
	int error = store->key_count > 0 ? write_collected(store) : 0;

	store->keys_collecting = false;
	env_free(store->env, store->keys);
	store->keys = NULL;
	return error;
}

static int add_key(struct store *store, uint64_t key, uint64_t member_no)
{
	int error = store->watch != NULL ? store->watch(store->watch_context, key, member_no) : 0;

	if (error < 0)
		return error;
	if (!store->keys_collecting)
		return write_key(store, key, member_no);
	if (store->keys == NULL)
		store->keys = env_alloc(store->env, KEYS_COLLECTED_MAX * sizeof(*store->keys));
	if (store->keys == NULL)
		return -ENOMEM;
	if (store->key_count == KEYS_COLLECTED_MAX)
		error = write_collected(store);
	store->keys[store->key_count++] = (struct pending_key){key, member_no};
	return error;
}

int store_keys_put(struct store *store, uint64_t member_no, const uint64_t *keys, uint32_t count)
{
	uint32_t i;
	int error = 0;

	for (i = 0; i < count && error == 0; i++)
		error = add_key(store, keys[i], member_no);
	return error;
}

int store_keys_clear(struct store *store)
{
	struct query query;

	assert(store->key_count == 0);
	query_open(&query, store, "DELETE FROM match_keys");
	return query_run(&query);
}

static bool holds(const uint64_t *keys, uint32_t count, uint64_t key)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (keys[i] == key)
			return true;
	return false;
}

int store_keys_write(struct store *store, uint64_t member_no, const struct store_keys *keys)
{
	uint32_t i;
	int error = 0;

	for (i = 0; i < keys->before_count && error == 0; i++) {
		if (holds(keys->after, keys->after_count, keys->before[i]))
			continue;
		/* What is to go may still be waiting to be written. */
		if (store->key_count > 0)
			error = write_collected(store);
		if (error == 0)
			error = remove_key(store, keys->before[i], member_no);
	}
	for (i = 0; i < keys->after_count && error == 0; i++)
		if (!holds(keys->before, keys->before_count, keys->after[i]))
			error = add_key(store, keys->after[i], member_no);
	return error;
}

/* ---- walks --------------------------------------------------------------------------------------------------- */

static int walk_members(struct query *query, store_member_fn fn, void *context)
{
	struct store *store = query->store;
	struct member member;

	while (query_row(query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		store_read_member(query, &store->scratch, &member);
		if (query->error == 0)
			query->error = fn(context, &member);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(query);
}

int store_members_each(struct store *store, store_member_fn fn, void *context)
{
	struct query query;

	query_open(&query, store, "SELECT " MEMBER_COLUMNS " FROM members ORDER BY member_no");
	return walk_members(&query, fn, context);
}

int store_member_count(struct store *store, uint64_t *ret_count)
{
	struct query query;

	*ret_count = 0;
	query_open(&query, store, "SELECT count(*) FROM members");
	if (query_row(&query))
		*ret_count = read_u64(&query);
	return query_close(&query);
}

int store_member_last_no(struct store *store, uint64_t *ret_member_no)
{
	struct query query;

	*ret_member_no = 0;
	query_open(&query, store, "SELECT max(member_no) FROM members");
	if (query_row(&query))
		*ret_member_no = read_u64(&query);
	return query_close(&query);
}

/* A LIKE pattern for "begins with", its own marks escaped. Bound, so it need not be safe against anything else. */
static struct slice prefix_pattern(struct arena *arena, struct slice prefix)
{
	struct slice pattern;
	char *out = arena_alloc(arena, prefix.len * 2 + 1);
	size_t i, len = 0;

	if (out == NULL)
		return SLICE_EMPTY;
	for (i = 0; i < prefix.len; i++) {
		if (prefix.data[i] == '%' || prefix.data[i] == '_' || prefix.data[i] == '\\')
			out[len++] = '\\';
		out[len++] = prefix.data[i];
	}
	out[len++] = '%';
	pattern = slice_of(out, len);
	return pattern;
}

/* The last name that begins so: behind all others, for no character comes after U+10FFFF. */
static struct slice prefix_end(struct arena *arena, struct slice prefix)
{
	return arena_printf(arena, "%.*s\xf4\x8f\xbf\xbf", (int)prefix.len, prefix.data);
}

/* Conditions that are not asked for compare an empty parameter. Numbers and last names choose the index. */
#define FIND_CONDITIONS                                                                                                \
	"(?1 = '' OR member_id = ?1) AND (?2 = '' OR subscriber_id = ?2) AND (?3 = '' OR ssn = ?3) "                   \
	"AND (?4 IS NULL OR last_name LIKE ?4 ESCAPE '\\') AND (?5 IS NULL OR first_name LIKE ?5 ESCAPE '\\') "        \
	"AND (?6 = '' OR member_no IN (SELECT member_no FROM group_members WHERE group_id = ?6)) "                     \
	"AND (?7 IS NULL OR birth_on = ?7) ORDER BY member_no LIMIT ?8"

static const char *find_sql(const struct store_member_filter *filter)
{
	if (!slice_is_empty(filter->member_id))
		return "SELECT " MEMBER_COLUMNS " FROM members WHERE member_id = ?1 AND " FIND_CONDITIONS;
	if (!slice_is_empty(filter->subscriber_id))
		return "SELECT " MEMBER_COLUMNS " FROM members WHERE subscriber_id = ?2 AND " FIND_CONDITIONS;
	if (!slice_is_empty(filter->last_name))
		return "SELECT " MEMBER_COLUMNS " FROM members WHERE last_name COLLATE NOCASE >= ?9 AND "
		       "last_name COLLATE NOCASE < ?10 AND " FIND_CONDITIONS;
	return "SELECT " MEMBER_COLUMNS " FROM members WHERE " FIND_CONDITIONS;
}

int store_members_find(struct store *store, const struct store_member_filter *filter, store_member_fn fn, void *context)
{
	struct arena_mark mark = arena_mark(&store->scratch);
	struct slice last = SLICE_EMPTY, first = SLICE_EMPTY, end = SLICE_EMPTY;
	bool by_name = !slice_is_empty(filter->last_name) && slice_is_empty(filter->member_id) &&
		       slice_is_empty(filter->subscriber_id);
	struct query query;
	int error;

	if (!slice_is_empty(filter->last_name)) {
		last = prefix_pattern(&store->scratch, filter->last_name);
		end = prefix_end(&store->scratch, filter->last_name);
	}
	if (!slice_is_empty(filter->first_name))
		first = prefix_pattern(&store->scratch, filter->first_name);
	if ((!slice_is_empty(filter->last_name) && (last.data == NULL || end.data == NULL)) ||
	    (!slice_is_empty(filter->first_name) && first.data == NULL))
		return -ENOMEM;
	query_open(&query, store, find_sql(filter));
	query_text(&query, filter->member_id);
	query_text(&query, filter->subscriber_id);
	query_text(&query, filter->ssn);
	query_text_or_null(&query, last);
	query_text_or_null(&query, first);
	query_text(&query, filter->group_id);
	query_day(&query, filter->birth_on);
	query_i64(&query, filter->count_max > 0 ? (int64_t)filter->count_max : -1);
	if (by_name) {
		query_text(&query, filter->last_name);
		query_text(&query, end);
	}
	error = walk_members(&query, fn, context);
	arena_rewind(&store->scratch, mark);
	return error;
}

/* ---- roster -------------------------------------------------------------------------------------------------- */

static uint32_t keep_covering(struct member *member, struct slice group_id, date_day day)
{
	uint32_t i, kept = 0;

	for (i = 0; i < member->span_count; i++)
		if (slice_equal(member->spans[i].group_id, group_id) && span_covers(&member->spans[i], day))
			member->spans[kept++] = member->spans[i];
	member->span_count = kept;
	return kept;
}

/* The subscriber, and those of the household who are covered. */
static int roster_family(struct store *store, struct family_key key, struct slice group_id, date_day day,
			 store_roster_fn fn, void *context)
{
	const struct member **household;
	const struct member **members;
	uint32_t household_count, count = 0, i;
	int error = store_household(store, key, &store->scratch, &household, &household_count);

	if (error != 0)
		return error;
	members = arena_alloc_array(&store->scratch, household_count, sizeof(struct member *));
	if (members == NULL)
		return -ENOMEM;
	for (i = 0; i < household_count; i++) {
		struct member *member = arena_alloc(&store->scratch, sizeof(*member));

		if (member == NULL)
			return -ENOMEM;
		*member = *household[i];
		if (keep_covering(member, group_id, day) > 0 || (i == 0 && slice_is(member->relationship, "18")))
			members[count++] = member;
	}
	return fn(context, members, count);
}

int store_roster(struct store *store, struct slice group_id, date_day day, store_roster_fn fn, void *context)
{
	struct query query;

	query_open(&query, store,
		   "SELECT DISTINCT subscriber_id, sponsor_id FROM members WHERE member_no IN (SELECT s.member_no FROM "
		   SPANS_OF_GROUP " AND s.voided = 0 AND s.begins_on <= ?2 AND (s.ends_on IS NULL OR s.ends_on >= ?2)) "
		   "ORDER BY subscriber_id, sponsor_id");
	query_text(&query, group_id);
	query_day(&query, day);
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);
		struct family_key key = {.subscriber_id = read_text(&query, &store->scratch)};

		key.sponsor_id = read_text(&query, &store->scratch);

		if (query.error == 0)
			query.error = roster_family(store, key, group_id, day, fn, context);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

/* ---- what else is known of a member -------------------------------------------------------------------------- */

int store_identifier_put(struct store *store, uint64_t member_no, struct slice kind, struct slice value)
{
	struct query query;

	query_open(&query, store, "INSERT OR IGNORE INTO identifiers(member_no, kind, value) VALUES(?,?,?)");
	query_u64(&query, member_no);
	query_text(&query, kind);
	query_text(&query, value);
	return query_run(&query);
}

int store_identifiers_each(struct store *store, uint64_t member_no, store_identifier_fn fn, void *context)
{
	struct query query;

	query_open(&query, store, "SELECT kind, value FROM identifiers WHERE member_no = ? ORDER BY kind, value");
	query_u64(&query, member_no);
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);
		struct slice kind = read_text(&query, &store->scratch), value = read_text(&query, &store->scratch);

		if (query.error == 0)
			query.error = fn(context, kind, value);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

int store_names_each(struct store *store, uint64_t member_no, store_name_fn fn, void *context)
{
	struct query query;
	struct store_name name;

	query_open(&query, store,
		   "SELECT last_name, first_name, middle_name, suffix, until_ms FROM names WHERE member_no = ? "
		   "ORDER BY name_no DESC");
	query_u64(&query, member_no);
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		name.last_name = read_text(&query, &store->scratch);
		name.first_name = read_text(&query, &store->scratch);
		name.middle_name = read_text(&query, &store->scratch);
		name.suffix = read_text(&query, &store->scratch);
		name.until_ms = read_i64(&query);
		if (query.error == 0)
			query.error = fn(context, &name);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}
