/*
 * member: one member, or one household: read, insert, update.
 *
 * Invariants: member_no, member_id and span_no never change once given; spans are ended or voided, never deleted;
 * `version` counts the changes of a member, spans included, and an update tells which version it was decided on.
 * What a row could be refused for is looked at before the first write, so that a STORE_E_* leaves nothing behind.
 */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "store_internal.h"

/* Digits of the sequence in a member number: what fits an integer of 64 bits. */
#define MEMBER_ID_DIGITS_MAX 18

/* ---- reading ------------------------------------------------------------------------------------------------- */

static void read_fields(struct query *query, struct arena *arena, struct member *member)
{
	struct slice sex;

	member->subscriber_id = read_text(query, arena);
	member->relationship = read_text(query, arena);
	member->last_name = read_text(query, arena);
	member->first_name = read_text(query, arena);
	member->middle_name = read_text(query, arena);
	member->suffix = read_text(query, arena);
	member->ssn = read_text(query, arena);
	member->birth_on = read_day(query);
	member->died_on = read_day(query);
	sex = read_text(query, arena);
	member->sex = slice_is_empty(sex) ? 0 : sex.data[0];
	member->address1 = read_text(query, arena);
	member->address2 = read_text(query, arena);
	member->city = read_text(query, arena);
	member->state = read_text(query, arena);
	member->zip = read_text(query, arena);
	member->phone = read_text(query, arena);
	member->email = read_text(query, arena);
	member->employee_id = read_text(query, arena);
	member->medicare_id = read_text(query, arena);
	member->pcp_id = read_text(query, arena);
	member->facts = read_text(query, arena);
	member->confidential = read_bool(query);
	member->support_order = read_bool(query);
	member->sponsor_id = read_text(query, arena);
}

static void read_member_row(struct query *query, struct arena *arena, struct member *member)
{
	member->member_no = read_u64(query);
	member->member_id = read_text(query, arena);
	member->version = read_u32(query);
	read_fields(query, arena, member);
}

static bool span_before(const struct coverage_span *a, const struct coverage_span *b)
{
	int order;

	if (a->begins_on != b->begins_on)
		return a->begins_on < b->begins_on;
	order = slice_compare(a->insurance_line, b->insurance_line);
	return order != 0 ? order < 0 : a->span_no < b->span_no;
}

/* A member has a handful of spans, nearly sorted: insertion is the sort for that. */
static void sort_spans(struct coverage_span *spans, uint32_t count)
{
	uint32_t i, j;

	for (i = 1; i < count; i++) {
		struct coverage_span span = spans[i];

		for (j = i; j > 0 && span_before(&span, &spans[j - 1]); j--)
			spans[j] = spans[j - 1];
		spans[j] = span;
	}
}

static void read_span(struct query *query, struct arena *arena, struct coverage_span *span)
{
	span->span_no = read_u64(query);
	span->group_id = read_text(query, arena);
	span->plan_id = read_text(query, arena);
	span->insurance_line = read_text(query, arena);
	span->tier = read_text(query, arena);
	span->begins_on = read_day(query);
	span->ends_on = read_day(query);
	span->cobra = read_bool(query);
	span->voided = read_bool(query);
}

static int read_spans(struct store *store, struct arena *arena, struct member *member)
{
	struct query query;
	uint32_t capacity = 0;

	member->spans = NULL;
	member->span_count = 0;
	query_open(&query, store,
		   "SELECT span_no, group_id, plan_id, insurance_line, tier, begins_on, ends_on, cobra, voided "
		   "FROM coverage_spans WHERE member_no = ?");
	query_u64(&query, member->member_no);
	while (query_row(&query)) {
		member->spans =
			query_grow(&query, arena, member->spans, sizeof(*member->spans), member->span_count, &capacity);
		if (member->spans != NULL)
			read_span(&query, arena, &member->spans[member->span_count++]);
	}
	sort_spans(member->spans, member->span_count);
	return query_close(&query);
}

void store_read_member(struct query *query, struct arena *arena, struct member *ret_member)
{
	read_member_row(query, arena, ret_member);
	if (query->error == 0)
		query->error = read_spans(query->store, arena, ret_member);
}

static int finish_member(struct query *query, struct arena *arena, const struct member **ret_member)
{
	struct member *member;

	*ret_member = NULL;
	if (query_row(query)) {
		member = query_alloc(query, arena, sizeof(*member));
		if (member != NULL) {
			store_read_member(query, arena, member);
			*ret_member = member;
		}
	}
	return query_close(query);
}

int store_member_get(struct store *store, struct slice member_id, struct arena *arena, const struct member **ret_member)
{
	struct query query;

	query_open(&query, store, "SELECT " MEMBER_COLUMNS " FROM members WHERE member_id = ?");
	query_text(&query, member_id);
	return finish_member(&query, arena, ret_member);
}

int store_member_get_no(struct store *store, uint64_t member_no, struct arena *arena, const struct member **ret_member)
{
	struct query query;

	query_open(&query, store, "SELECT " MEMBER_COLUMNS " FROM members WHERE member_no = ?");
	query_u64(&query, member_no);
	return finish_member(&query, arena, ret_member);
}

static void query_family(struct query *query, struct family_key key)
{
	query_text(query, key.subscriber_id);
	if (!key.any_sponsor)
		query_text(query, key.sponsor_id);
}

/* The members of a household as their rows come: by number, for the index on the family's key ends in it. */
struct household {
	struct member **members;
	uint32_t count, capacity;
};

static int read_household(struct store *store, struct family_key key, struct arena *arena, struct household *household)
{
	struct query query;
	struct member *member;

	query_open(&query, store,
		   key.any_sponsor ? "SELECT " MEMBER_COLUMNS
				     " FROM members WHERE subscriber_id = ?1 ORDER BY member_no"
				   : "SELECT " MEMBER_COLUMNS
				     " FROM members WHERE subscriber_id = ?1 AND sponsor_id = ?2 ORDER BY member_no");
	query_family(&query, key);
	while (query_row(&query)) {
		household->members = query_grow(&query, arena, household->members, sizeof(struct member *),
						household->count, &household->capacity);
		member = query_alloc(&query, arena, sizeof(*member));
		if (household->members == NULL || member == NULL)
			break;
		read_member_row(&query, arena, member);
		household->members[household->count++] = member;
	}
	return query_close(&query);
}

/* Members of a family are mostly taken in together: their numbers, and so their spans, lie side by side. */
#define HOUSEHOLD_SPREAD_MAX 16u

#define HOUSEHOLD_SPANS                                                                                                \
	"SELECT s.member_no, s.span_no, s.group_id, s.plan_id, s.insurance_line, s.tier, s.begins_on, s.ends_on, "     \
	"s.cobra, s.voided FROM members m CROSS JOIN coverage_spans s ON s.member_no = m.member_no "

static void open_household_spans(struct query *query, struct store *store, struct family_key key,
				 const struct household *household)
{
	uint64_t first = household->members[0]->member_no, last = household->members[household->count - 1]->member_no;

	if (last - first < HOUSEHOLD_SPREAD_MAX) {
		query_open(
			query, store,
			"SELECT member_no, span_no, group_id, plan_id, insurance_line, tier, begins_on, ends_on, cobra, "
			"voided FROM coverage_spans WHERE member_no BETWEEN ? AND ? ORDER BY member_no");
		query_u64(query, first);
		query_u64(query, last);
		return;
	}
	query_open(query, store,
		   key.any_sponsor ? HOUSEHOLD_SPANS "WHERE m.subscriber_id = ?1 ORDER BY m.member_no"
				   : HOUSEHOLD_SPANS
			   "WHERE m.subscriber_id = ?1 AND m.sponsor_id = ?2 ORDER BY m.member_no");
	query_family(query, key);
}

/* The spans of all of them in one statement: one for each member would cost more than the rows. */
static int read_household_spans(struct store *store, struct family_key key, struct arena *arena,
				const struct household *household)
{
	struct query query;
	uint32_t at = 0, capacity = 0;

	open_household_spans(&query, store, key, household);
	while (query_row(&query)) {
		uint64_t member_no = read_u64(&query);
		struct member *member;

		for (; at < household->count && household->members[at]->member_no < member_no; at++)
			capacity = 0;
		if (at == household->count)
			break;
		member = household->members[at];
		/* A stranger's, between theirs. */
		if (member->member_no != member_no)
			continue;
		member->spans =
			query_grow(&query, arena, member->spans, sizeof(*member->spans), member->span_count, &capacity);
		if (member->spans != NULL)
			read_span(&query, arena, &member->spans[member->span_count++]);
	}
	return query_close(&query);
}

static bool member_before(const struct member *a, const struct member *b)
{
	bool a_subscribes = slice_is(a->relationship, "18"), b_subscribes = slice_is(b->relationship, "18");

	return a_subscribes != b_subscribes ? a_subscribes : a->member_no < b->member_no;
}

int store_household(struct store *store, struct family_key key, struct arena *arena,
		    const struct member ***ret_members, uint32_t *ret_count)
{
	struct household household = {0};
	const struct member **members = NULL;
	uint32_t i, at;
	int error = read_household(store, key, arena, &household);

	if (error == 0 && household.count > 0) {
		error = read_household_spans(store, key, arena, &household);
		members = arena_alloc_array(arena, household.count, sizeof(struct member *));
		if (error == 0 && members == NULL)
			error = -ENOMEM;
	}
	for (i = 0; i < household.count && error == 0; i++) {
		sort_spans(household.members[i]->spans, household.members[i]->span_count);
		for (at = i; at > 0 && member_before(household.members[i], members[at - 1]); at--)
			members[at] = members[at - 1];
		members[at] = household.members[i];
	}
	*ret_members = members;
	*ret_count = household.count;
	return error;
}

int store_family_sponsors(struct store *store, struct slice subscriber_id, struct slice covers, struct arena *arena,
			  struct slice *ret_sponsor_id, uint32_t *ret_count)
{
	struct query query;

	*ret_sponsor_id = SLICE_EMPTY;
	*ret_count = 0;
	query_open(
		&query, store,
		covers.len == 0
			? "SELECT DISTINCT sponsor_id FROM members WHERE subscriber_id = ?1 LIMIT 2"
			: "SELECT DISTINCT m.sponsor_id FROM members m JOIN coverage_spans s ON s.member_no = m.member_no "
			  "JOIN groups g ON g.group_id = s.group_id WHERE m.subscriber_id = ?1 "
			  "AND m.relationship = '18' AND s.voided = 0 "
			  "AND upper(replace(replace(g.sponsor_id, '-', ''), ' ', '')) = ?2 LIMIT 2");
	query_text(&query, subscriber_id);
	if (covers.len > 0)
		query_text(&query, covers);
	while (query_row(&query)) {
		*ret_sponsor_id = read_text(&query, arena);
		++*ret_count;
	}
	return query_close(&query);
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

/* The columns of MEMBER_FIELD_COLUMNS, in that order. */
enum column_kind { COLUMN_TEXT, COLUMN_DAY, COLUMN_SEX, COLUMN_FLAG };
#define TEXT_COLUMN(name) {#name, offsetof(struct member, name), COLUMN_TEXT}
#define DAY_COLUMN(name)  {#name, offsetof(struct member, name), COLUMN_DAY}
#define FLAG_COLUMN(name) {#name, offsetof(struct member, name), COLUMN_FLAG}
static const struct member_column {
	const char *name;
	size_t offset;
	enum column_kind kind;
} member_columns[] = {
	TEXT_COLUMN(subscriber_id), TEXT_COLUMN(relationship), TEXT_COLUMN(last_name),   TEXT_COLUMN(first_name),
	TEXT_COLUMN(middle_name),   TEXT_COLUMN(suffix),       TEXT_COLUMN(ssn),         DAY_COLUMN(birth_on),
	DAY_COLUMN(died_on),        {"sex", offsetof(struct member, sex), COLUMN_SEX},   TEXT_COLUMN(address1),
	TEXT_COLUMN(address2),      TEXT_COLUMN(city),         TEXT_COLUMN(state),       TEXT_COLUMN(zip),
	TEXT_COLUMN(phone),         TEXT_COLUMN(email),        TEXT_COLUMN(employee_id), TEXT_COLUMN(medicare_id),
	TEXT_COLUMN(pcp_id),        TEXT_COLUMN(facts),        FLAG_COLUMN(confidential), FLAG_COLUMN(support_order),
	TEXT_COLUMN(sponsor_id),
};
#define MEMBER_COLUMN_COUNT COUNT_OF(member_columns)
/* Bits of a set of columns. */
#define COLUMNS_ALL ((UINT32_C(1) << MEMBER_COLUMN_COUNT) - 1)
#define COLUMNS_NAME (UINT32_C(15) << 2)
#define COLUMN_FACTS (UINT32_C(1) << 20)

/*
 * A member is loaded without his facts, which come with the first file that names him. Until then his row has room for
 * them: pages are loaded full, and a row that grows in a full page has the pages beside it written too.
 */
#define ROOM_BYTES 64

static struct slice column_text(const struct member_column *column, const struct member *member)
{
	struct slice text;

	memcpy(&text, (const char *)member + column->offset, sizeof(text));
	return text;
}

static date_day column_day(const struct member_column *column, const struct member *member)
{
	date_day day;

	memcpy(&day, (const char *)member + column->offset, sizeof(day));
	return day;
}

static bool column_flag(const struct member_column *column, const struct member *member)
{
	bool flag;

	memcpy(&flag, (const char *)member + column->offset, sizeof(flag));
	return flag;
}

static void query_columns(struct query *query, const struct member *member, uint32_t columns)
{
	int i;

	for (i = 0; i < MEMBER_COLUMN_COUNT; i++) {
		const struct member_column *column = &member_columns[i];

		if ((columns & UINT32_C(1) << i) == 0)
			continue;
		switch (column->kind) {
		case COLUMN_TEXT:
			query_text(query, column_text(column, member));
			break;
		case COLUMN_DAY:
			query_day(query, column_day(column, member));
			break;
		case COLUMN_SEX:
			query_text(query, slice_of(&member->sex, member->sex != 0 ? 1 : 0));
			break;
		case COLUMN_FLAG:
			query_bool(query, column_flag(column, member));
			break;
		}
	}
}

static bool column_equal(const struct member_column *column, const struct member *a, const struct member *b)
{
	switch (column->kind) {
	case COLUMN_TEXT:
		return slice_equal(column_text(column, a), column_text(column, b));
	case COLUMN_DAY:
		return column_day(column, a) == column_day(column, b);
	case COLUMN_SEX:
		return a->sex == b->sex;
	case COLUMN_FLAG:
		return column_flag(column, a) == column_flag(column, b);
	}
	return false;
}

static uint32_t columns_that_differ(const struct member *a, const struct member *b)
{
	uint32_t columns = 0;
	int i;

	for (i = 0; i < MEMBER_COLUMN_COUNT; i++)
		if (!column_equal(&member_columns[i], a, b))
			columns |= UINT32_C(1) << i;
	return columns;
}

static bool same_plan(const struct coverage_span *a, const struct coverage_span *b)
{
	return slice_equal(a->group_id, b->group_id) && slice_equal(a->plan_id, b->plan_id) &&
	       slice_equal(a->insurance_line, b->insurance_line);
}

static bool spans_equal(const struct coverage_span *a, const struct coverage_span *b)
{
	return same_plan(a, b) && slice_equal(a->tier, b->tier) && a->begins_on == b->begins_on &&
	       a->ends_on == b->ends_on && a->cobra == b->cobra && a->voided == b->voided;
}

static const struct coverage_span *find_span(const struct member *member, uint64_t span_no)
{
	uint32_t i;

	for (i = 0; i < member->span_count; i++)
		if (member->spans[i].span_no == span_no)
			return &member->spans[i];
	return NULL;
}

/* Nothing is written when this span is as it was. `before` NULL: a new member. */
static bool span_is_kept(const struct member *before, const struct coverage_span *span)
{
	const struct coverage_span *old =
		before != NULL && span->span_no != 0 ? find_span(before, span->span_no) : NULL;

	return old != NULL && spans_equal(old, span);
}

bool store_spans_overlap(const struct coverage_span *spans, uint32_t count, uint32_t *ret_first, uint32_t *ret_second)
{
	uint32_t i, j;

	for (i = 0; i < count; i++)
		for (j = i + 1; j < count; j++) {
			const struct coverage_span *a = &spans[i], *b = &spans[j];

			if (a->voided || b->voided || (a->ends_on != DATE_NONE && a->ends_on < b->begins_on) ||
			    (b->ends_on != DATE_NONE && b->ends_on < a->begins_on))
				continue;
			if (!slice_equal(a->group_id, b->group_id) ||
			    !slice_equal(a->insurance_line, b->insurance_line))
				continue;
			*ret_first = i;
			*ret_second = j;
			return true;
		}
	return false;
}

static int check_span(struct store *store, const struct coverage_span *span)
{
	struct arena_mark mark = arena_mark(&store->scratch);
	const struct group *group = NULL;
	const struct plan *plan = NULL;
	int error;

	if (span->begins_on == DATE_NONE ||
	    (!span->voided && span->ends_on != DATE_NONE && span->ends_on < span->begins_on))
		return STORE_E_INVALID;
	error = store_group_known(store, span->group_id, &store->scratch, &group);
	if (error == 0)
		error = store_plan_known(store, span->plan_id, &store->scratch, &plan);
	arena_rewind(&store->scratch, mark);
	return error != 0 || (group != NULL && plan != NULL) ? error : STORE_E_INVALID;
}

/* All that a member's spans could be refused for, before anything is written. */
static int check_spans(struct store *store, const struct member *before, const struct member *after)
{
	uint32_t i, first, second;
	int error = 0;

	if (store_spans_overlap(after->spans, after->span_count, &first, &second))
		return STORE_E_OVERLAP;
	for (i = 0; i < after->span_count && error == 0; i++) {
		const struct coverage_span *span = &after->spans[i];

		/* A span that says it is stored must be one of before's. */
		if (span->span_no != 0 && (before == NULL || find_span(before, span->span_no) == NULL))
			return STORE_E_INVALID;
		if (!span_is_kept(before, span))
			error = check_span(store, span);
	}
	/* Spans never vanish. */
	for (i = 0; before != NULL && i < before->span_count && error == 0; i++)
		if (find_span(after, before->spans[i].span_no) == NULL)
			error = STORE_E_INVALID;
	return error;
}

static int write_span(struct store *store, uint64_t member_no, const struct coverage_span *span)
{
	struct query query;

	query_open(&query, store,
		   "INSERT INTO coverage_spans(member_no, span_no, group_id, plan_id, insurance_line, tier, begins_on, "
		   "ends_on, cobra, voided) VALUES(?,?,?,?,?,?,?,?,?,?)");
	query_u64(&query, member_no);
	query_u64(&query, span->span_no);
	query_text(&query, span->group_id);
	query_text(&query, span->plan_id);
	query_text(&query, span->insurance_line);
	query_text(&query, span->tier);
	query_day(&query, span->begins_on);
	query_day(&query, span->ends_on);
	query_bool(&query, span->cobra);
	query_bool(&query, span->voided);
	return query_run(&query);
}

/* What refers to other tables stays out of an UPDATE where it is as it was: it would be looked up, and indexed anew. */
static const char *update_span_sql(const struct coverage_span *before, const struct coverage_span *after)
{
	if (same_plan(before, after))
		return "UPDATE coverage_spans SET tier = ?, begins_on = ?, ends_on = ?, cobra = ?, voided = ? "
		       "WHERE member_no = ? AND span_no = ?";
	if (slice_equal(before->group_id, after->group_id))
		return "UPDATE coverage_spans SET tier = ?, begins_on = ?, ends_on = ?, cobra = ?, voided = ?, "
		       "plan_id = ?8, insurance_line = ?9 WHERE member_no = ?6 AND span_no = ?7";
	return "UPDATE coverage_spans SET tier = ?, begins_on = ?, ends_on = ?, cobra = ?, voided = ?, plan_id = ?8, "
	       "insurance_line = ?9, group_id = ?10 WHERE member_no = ?6 AND span_no = ?7";
}

static int update_span(struct store *store, uint64_t member_no, const struct coverage_span *before,
		       const struct coverage_span *after)
{
	struct query query;

	query_open(&query, store, update_span_sql(before, after));
	query_text(&query, after->tier);
	query_day(&query, after->begins_on);
	query_day(&query, after->ends_on);
	query_bool(&query, after->cobra);
	query_bool(&query, after->voided);
	query_u64(&query, member_no);
	query_u64(&query, after->span_no);
	if (!same_plan(before, after)) {
		query_text(&query, after->plan_id);
		query_text(&query, after->insurance_line);
		if (!slice_equal(before->group_id, after->group_id))
			query_text(&query, after->group_id);
	}
	return query_run(&query);
}

/* Is one of the first `count` spans in this group? */
static bool has_group(const struct member *member, uint32_t count, struct slice group_id)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (slice_equal(member->spans[i].group_id, group_id))
			return true;
	return false;
}

static int run_for_group(struct store *store, const char *sql, struct slice group_id, uint64_t member_no)
{
	struct query query;

	query_open(&query, store, sql);
	query_text(&query, group_id);
	query_u64(&query, member_no);
	return query_run(&query);
}

/* Under which groups he is found: those of his spans, whatever became of them. `before` NULL: a new member. */
static int write_groups(struct store *store, const struct member *before, const struct member *after)
{
	uint32_t known = before != NULL ? before->span_count : 0, i;
	struct slice group_id;
	int error = 0;

	for (i = 0; i < after->span_count && error == 0; i++) {
		group_id = after->spans[i].group_id;
		if (!has_group(before, known, group_id) && !has_group(after, i, group_id))
			error = run_for_group(store, "INSERT INTO group_members(group_id, member_no) VALUES(?,?)",
					      group_id, after->member_no);
	}
	for (i = 0; i < known && error == 0; i++) {
		group_id = before->spans[i].group_id;
		if (!has_group(after, after->span_count, group_id) && !has_group(before, i, group_id))
			error = run_for_group(store, "DELETE FROM group_members WHERE group_id = ? AND member_no = ?",
					      group_id, after->member_no);
	}
	return error;
}

static int write_spans(struct store *store, const struct member *before, struct member *after)
{
	uint64_t last_no = 0;
	uint32_t i;
	int error = 0;

	for (i = 0; i < after->span_count; i++)
		if (after->spans[i].span_no > last_no)
			last_no = after->spans[i].span_no;
	for (i = 0; i < after->span_count && error == 0; i++) {
		struct coverage_span *span = &after->spans[i];

		if (span->span_no == 0) {
			span->span_no = ++last_no;
			error = write_span(store, after->member_no, span);
		} else if (!span_is_kept(before, span)) {
			error = update_span(store, after->member_no, find_span(before, span->span_no), span);
		}
	}
	return error == 0 ? write_groups(store, before, after) : error;
}

static void query_room(struct query *query, const struct member *member)
{
	static const char room[ROOM_BYTES];

	query_blob(query, room, slice_is_empty(member->facts) ? sizeof(room) : 0);
}

static int insert_row(struct store *store, struct member *member)
{
	struct query query;
	int error;

	query_open(&query, store,
		   "INSERT INTO members(member_id, version, " MEMBER_FIELD_COLUMNS ", room) "
		   "VALUES(?,1,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	query_text(&query, member->member_id);
	query_columns(&query, member, COLUMNS_ALL);
	query_room(&query, member);
	error = query_run(&query);
	if (error == 0)
		member->member_no = (uint64_t)sqlite3_last_insert_rowid(store->db);
	return error;
}

int store_member_insert(struct store *store, struct member *member, const struct store_keys *keys, struct arena *arena)
{
	int error = check_spans(store, NULL, member);

	assert(keys->before_count == 0);
	if (error == 0 && slice_is_empty(member->member_id))
		error = store_member_id_next(store, arena, &member->member_id);
	if (error == 0)
		error = insert_row(store, member);
	if (error == 0)
		error = write_spans(store, NULL, member);
	if (error == 0)
		error = store_keys_write(store, member->member_no, keys);
	if (error == 0)
		member->version = 1;
	return error;
}

/* Did the UPDATE hit its row? If not: is there none, or is its version another? */
static int finish_update(struct query *query, uint64_t member_no)
{
	struct store *store = query->store;
	struct query look;
	bool there;
	int error = query_run(query);

	if (error != 0 || sqlite3_changes(store->db) == 1)
		return error;
	query_open(&look, store, "SELECT 1 FROM members WHERE member_no = ?");
	query_u64(&look, member_no);
	there = query_row(&look);
	error = query_close(&look);
	return error != 0 ? error : there ? STORE_E_STALE : STORE_E_MISSING;
}

/*
 * An index whose columns an UPDATE names is taken apart and put together again, whether they differ or not: so none is
 * named that does not.
 */
static void add_update_sql(struct buffer *sql, uint32_t columns)
{
	int i;

	buffer_add_text(sql, "UPDATE members SET version = version + 1");
	for (i = 0; i < MEMBER_COLUMN_COUNT; i++)
		if ((columns & UINT32_C(1) << i) != 0)
			buffer_printf(sql, ", %s = ?", member_columns[i].name);
	if ((columns & COLUMN_FACTS) != 0)
		buffer_add_text(sql, ", room = ?");
	buffer_add_text(sql, " WHERE member_no = ? AND version = ?");
}

/* Opens the statement that sets `columns`: one that is kept while there is room, for sets come again and again. */
static int open_update(struct query *query, struct store *store, uint32_t columns)
{
	struct member_update *update = store->member_updates;
	const struct member_update *end = update + MEMBER_UPDATES_MAX;
	struct buffer sql;
	int error;

	for (; update < end && update->sql != NULL; update++)
		if (update->columns == columns) {
			query_open(query, store, update->sql);
			return 0;
		}
	buffer_init(&sql, store->env);
	add_update_sql(&sql, columns);
	error = sql.error;
	if (error == 0 && update < end) {
		*update = (struct member_update){columns, sql.data};
		query_open(query, store, update->sql);
		return 0;
	}
	if (error == 0)
		query_open_once(query, store, sql.data);
	buffer_fini(&sql);
	return error;
}

static int update_row(struct store *store, const struct member *before, const struct member *after, uint32_t columns)
{
	struct query query;
	int error = open_update(&query, store, columns);

	if (error != 0)
		return error;
	query_columns(&query, after, columns);
	if ((columns & COLUMN_FACTS) != 0)
		query_room(&query, after);
	query_u64(&query, before->member_no);
	query_i64(&query, before->version);
	return finish_update(&query, before->member_no);
}

static int keep_name(struct store *store, const struct member *before, int64_t until_ms)
{
	struct query query;

	query_open(
		&query, store,
		"INSERT INTO names(member_no, name_no, last_name, first_name, middle_name, suffix, until_ms) "
		"VALUES(?1, (SELECT coalesce(max(name_no), 0) + 1 FROM names WHERE member_no = ?1), ?2, ?3, ?4, ?5, ?6)");
	query_u64(&query, before->member_no);
	query_text(&query, before->last_name);
	query_text(&query, before->first_name);
	query_text(&query, before->middle_name);
	query_text(&query, before->suffix);
	query_i64(&query, until_ms != 0 ? until_ms : env_clock_ms(store->env));
	return query_run(&query);
}

static bool all_spans_kept(const struct member *before, const struct member *after)
{
	uint32_t i;

	for (i = 0; i < after->span_count; i++)
		if (!span_is_kept(before, &after->spans[i]))
			return false;
	return true;
}

int store_member_update(struct store *store, const struct member *before, struct member *after,
			const struct store_keys *keys, int64_t at_ms)
{
	uint32_t columns = columns_that_differ(before, after);
	int error = check_spans(store, before, after);

	assert(before->member_no == after->member_no && slice_equal(before->member_id, after->member_id));
	if (error != 0)
		return error;
	if (columns == 0 && all_spans_kept(before, after)) {
		after->version = before->version;
		return 0;
	}
	error = update_row(store, before, after, columns);
	if (error == 0 && (columns & COLUMNS_NAME) != 0)
		error = keep_name(store, before, at_ms);
	if (error == 0)
		error = write_spans(store, before, after);
	if (error == 0)
		error = store_keys_write(store, before->member_no, keys);
	if (error == 0)
		after->version = before->version + 1;
	return error;
}

/* ---- member numbers ------------------------------------------------------------------------------------------ */

int store_set_member_id_format(struct store *store, struct slice format)
{
	size_t marks = 0, i;

	for (i = 0; i < format.len; i++)
		marks += format.data[i] == '#';
	if (format.len >= sizeof(store->member_id_format) || marks == 0 || marks > MEMBER_ID_DIGITS_MAX)
		return STORE_E_INVALID;
	slice_to_cstr(format, store->member_id_format, sizeof(store->member_id_format));
	return 0;
}

/* The digit that makes a Luhn sum with `digits` a multiple of ten. */
static char luhn_digit(const char *digits, size_t count)
{
	int sum = 0, value;
	size_t i;

	for (i = 0; i < count; i++) {
		value = digits[count - 1 - i] - '0';
		if (i % 2 == 0)
			value = value * 2 > 9 ? value * 2 - 9 : value * 2;
		sum += value;
	}
	return (char)('0' + (10 - sum % 10) % 10);
}

/* Digits fill the `#` from the right; those that find no place stand before the first of them. */
static void add_member_id(struct buffer *out, const char *format, uint64_t number)
{
	char digits[24];
	size_t marks = 0, count, given = 0, i;
	const char *at;

	for (at = format; *at != '\0'; at++)
		marks += *at == '#';
	count = (size_t)snprintf(digits, sizeof(digits), "%0*llu", (int)marks, (unsigned long long)number);
	for (at = format; *at != '\0'; at++) {
		if (*at == '@') {
			buffer_add_char(out, luhn_digit(digits, count));
		} else if (*at == '#') {
			for (i = given == 0 ? count - marks + 1 : 1; i > 0; i--)
				buffer_add_char(out, digits[given++]);
		} else {
			buffer_add_char(out, *at);
		}
	}
}

static int member_id_is_used(struct store *store, struct slice member_id, bool *ret_used)
{
	struct query query;

	query_open(&query, store, "SELECT 1 FROM members WHERE member_id = ?");
	query_text(&query, member_id);
	*ret_used = query_row(&query);
	return query_close(&query);
}

int store_member_id_next(struct store *store, struct arena *arena, struct slice *ret_member_id)
{
	struct buffer text;
	uint64_t number = 0;
	bool used = true;
	int error = 0;

	buffer_init(&text, store->env);
	while (error == 0 && used) {
		error = store_sequence_next(store, "member_id", 1, 0, &number);
		buffer_clear(&text);
		add_member_id(&text, store->member_id_format, number);
		if (error == 0)
			error = text.error;
		if (error == 0)
			error = member_id_is_used(store, buffer_slice(&text), &used);
	}
	if (error == 0) {
		*ret_member_id = arena_dup(arena, buffer_slice(&text));
		error = ret_member_id->data != NULL ? 0 : -ENOMEM;
	}
	buffer_fini(&text);
	return error;
}
