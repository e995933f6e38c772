/*
 * order: orders about contracts, whom they concern, and the notices that changes bring.
 *
 * Notices are appended in the order of sets and records, so the table is clustered as it is read.
 */
#include "store_internal.h"

static const char *const order_kinds[] = {
	[STORE_ORDER_TERMINATE] = "terminate",
	[STORE_ORDER_REINSTATE] = "reinstate",
	[STORE_ORDER_SEPARATE] = "separate",
	[STORE_ORDER_LINK] = "link",
};

const char *store_order_kind_name(enum store_order_kind kind)
{
	return order_kinds[kind];
}

int store_order_add(struct store *store, const struct store_order *order)
{
	struct query query;

	query_open(
		&query, store,
		"INSERT INTO orders(tset_no, kind, group_id, other_group_id, region, on_day, reroute_until, answers) "
		"VALUES(?,?,?,?,?,?,?,?)");
	query_u64(&query, order->tset_no);
	query_cstr(&query, order_kinds[order->kind]);
	query_text(&query, order->group_id);
	query_text(&query, order->other_group_id);
	query_text(&query, order->region);
	query_day(&query, order->on_day);
	query_day(&query, order->reroute_until);
	query_no(&query, order->answers);
	return query_run(&query);
}

int store_orders_of_group(struct store *store, struct slice group_id, store_order_fn fn, void *context)
{
	struct query query;
	struct store_order order;

	query_open(&query, store,
		   "SELECT o.tset_no, o.kind, o.group_id, o.other_group_id, o.region, o.on_day, o.reroute_until, "
		   "o.answers, t.file_no FROM orders o JOIN tsets t ON t.tset_no = o.tset_no "
		   "JOIN ledger l ON l.tset_no = o.tset_no AND l.member_pos = 0 "
		   "WHERE o.group_id = ? AND l.outcome <> ? ORDER BY o.tset_no DESC");
	query_text(&query, group_id);
	query_u64(&query, STORE_RECORD_UNDONE);
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		order.tset_no = read_u64(&query);
		order.kind = (enum store_order_kind)read_name(&query, order_kinds, COUNT_OF(order_kinds));
		order.group_id = read_text(&query, &store->scratch);
		order.other_group_id = read_text(&query, &store->scratch);
		order.region = read_text(&query, &store->scratch);
		order.on_day = read_day(&query);
		order.reroute_until = read_day(&query);
		order.answers = read_u64(&query);
		order.file_no = read_u64(&query);
		if (query.error == 0)
			query.error = fn(context, &order);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

/* ---- whom an order concerns ---------------------------------------------------------------------------------- */

int store_group_members(struct store *store, struct slice group_id, date_day day, struct arena *arena,
			const uint64_t **ret_member_nos, uint32_t *ret_count)
{
	uint64_t *numbers = NULL;
	uint32_t count = 0, capacity = 0;
	struct query query;
	int error;

	query_open(&query, store,
		   "SELECT member_no FROM members WHERE member_no IN (SELECT s.member_no FROM " SPANS_OF_GROUP
		   " AND s.voided = 0 AND (s.ends_on IS NULL OR s.ends_on >= ?2)) "
		   "ORDER BY subscriber_id, sponsor_id, relationship <> '18', member_no");
	query_text(&query, group_id);
	query_day(&query, day);
	while (query_row(&query)) {
		uint64_t *grown = query_grow(&query, arena, numbers, sizeof(*numbers), count, &capacity);

		if (grown == NULL)
			break;
		numbers = grown;
		numbers[count++] = read_u64(&query);
	}
	error = query_close(&query);
	*ret_member_nos = numbers;
	*ret_count = count;
	return error;
}

int store_group_places(struct store *store, struct slice group_id, date_day day, store_place_fn fn, void *context)
{
	struct query query;

	query_open(&query, store,
		   "SELECT state, substr(zip, 1, 3), count(*) FROM members WHERE relationship = '18' AND member_no IN "
		   "(SELECT s.member_no FROM " SPANS_OF_GROUP " AND s.voided = 0 AND s.begins_on <= ?2 "
		   "AND (s.ends_on IS NULL OR s.ends_on >= ?2)) GROUP BY 1, 2 ORDER BY 1, 2");
	query_text(&query, group_id);
	query_day(&query, day);
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);
		struct slice state = read_text(&query, &store->scratch);
		struct slice zip3 = read_text(&query, &store->scratch);
		uint64_t subscribers = read_u64(&query);

		if (query.error == 0)
			query.error = fn(context, state, zip3, subscribers);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

/* ---- notices ------------------------------------------------------------------------------------------------- */

#define NOTICE_COLUMNS(n)                                                                                              \
	n "tset_no, " n "member_pos, " n "notice_index, " n "kind, " n "member_id, " n "subscriber_id, " n             \
	  "group_id, " n "plan_id, " n "channel, " n "address, " n "reason, " n "later"

static int insert_notice(struct store *store, const struct store_notice *notice, const char *sql)
{
	struct query query;

	query_open(&query, store, sql);
	query_u64(&query, notice->tset_no);
	query_i64(&query, notice->member_pos);
	query_text(&query, notice->kind);
	query_text(&query, notice->member_id);
	query_text(&query, notice->subscriber_id);
	query_text(&query, notice->group_id);
	query_text(&query, notice->plan_id);
	query_text(&query, notice->channel);
	query_text(&query, notice->address);
	query_text(&query, notice->reason);
	query_bool(&query, notice->later);
	return query_run(&query);
}

static int owe_notices(struct store *store, const struct store_notice *notice)
{
	struct query query;

	query_open(&query, store, "INSERT INTO notices_owed(tset_no, member_pos) VALUES(?,?) ON CONFLICT DO NOTHING");
	query_u64(&query, notice->tset_no);
	query_i64(&query, notice->member_pos);
	return query_run(&query);
}

/* Most records ask for one notice: which number the next one has is looked up only where the first is taken. */
int store_notice_add(struct store *store, const struct store_notice *notice)
{
	int error =
		insert_notice(store, notice,
			      "INSERT INTO notices(" NOTICE_COLUMNS("") ") VALUES(?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, "
									"?9, ?10, ?11)");

	if (error == STORE_E_EXISTS)
		error = insert_notice(
			store, notice,
			"INSERT INTO notices(" NOTICE_COLUMNS(
				"") ") VALUES(?1, ?2, (SELECT max(notice_index) "
				    "+ 1 FROM notices WHERE tset_no = ?1 AND member_pos = ?2), ?3, ?4, ?5, ?6, ?7, ?8, "
				    "?9, ?10, ?11)");
	return error == 0 && notice->later ? owe_notices(store, notice) : error;
}

int store_notices_written(struct store *store, uint64_t tset_no, uint32_t member_pos)
{
	struct query query;

	query_open(&query, store, "DELETE FROM notices_owed WHERE tset_no = ? AND member_pos = ?");
	query_u64(&query, tset_no);
	query_i64(&query, member_pos);
	return query_run(&query);
}

int store_notices_owed(struct store *store, void *context,
		       int (*fn)(void *context, uint64_t tset_no, uint32_t member_pos))
{
	struct query query;

	query_open(&query, store, "SELECT tset_no, member_pos FROM notices_owed ORDER BY tset_no, member_pos");
	while (query_row(&query)) {
		uint64_t tset_no = read_u64(&query);
		uint32_t member_pos = read_u32(&query);

		if (query.error == 0)
			query.error = fn(context, tset_no, member_pos);
	}
	return query_close(&query);
}

int store_notices_forget_kept(struct store *store, uint64_t file_no)
{
	struct query query;

	query_open(
		&query, store,
		"WITH told AS (SELECT c.* FROM tsets t JOIN changes c ON c.tset_no = t.tset_no WHERE t.file_no = ?1 "
		"AND c.undone = 0 AND c.member_no IS NOT NULL), "
		"ends AS (SELECT member_no, member_id, group_id, max(tset_no) AS in_set, min(ends_on) AS first_on, "
		"max(ends_on) AS ends_on, count(*) AS coverages FROM told WHERE action = 'terminate' "
		"GROUP BY member_no, group_id), "
		"kept AS (SELECT member_id, group_id FROM ends e WHERE first_on = ends_on AND coverages = "
		"(SELECT count(*) FROM told r WHERE r.member_no = e.member_no AND r.group_id = e.group_id "
		"AND r.tset_no > e.in_set AND (r.action = 'reinstate' OR (r.action = 'add' "
		"AND r.begins_on = e.ends_on + 1)))) "
		"DELETE FROM notices WHERE later = 0 AND tset_no IN (SELECT tset_no FROM tsets WHERE file_no = ?1) "
		"AND (member_id, group_id) IN (SELECT member_id, group_id FROM kept) AND "
		"(kind IN ('termination', 'certificate', 'reinstatement') OR (kind = 'card' AND reason = 'new enrollment' "
		"AND plan_id IN (SELECT plan_id FROM told WHERE told.member_id = notices.member_id "
		"AND action = 'terminate')))");
	query_u64(&query, file_no);
	return query_run(&query);
}

/* Texts are those of the statement's row, good until the next one. */
static void read_notice(struct query *query, struct store_notice *notice)
{
	notice->tset_no = read_u64(query);
	notice->member_pos = read_u32(query);
	notice->notice_index = read_u32(query);
	notice->kind = read_text(query, NULL);
	notice->member_id = read_text(query, NULL);
	notice->subscriber_id = read_text(query, NULL);
	notice->group_id = read_text(query, NULL);
	notice->plan_id = read_text(query, NULL);
	notice->channel = read_text(query, NULL);
	notice->address = read_text(query, NULL);
	notice->reason = read_text(query, NULL);
	notice->later = read_bool(query);
}

static int notices_between(struct store *store, uint64_t tset_no, uint32_t first_pos, uint32_t last_pos,
			   store_notice_fn fn, void *context)
{
	struct arena_mark mark = arena_mark(&store->scratch);
	struct store_notice notice = {0};
	struct query query;
	int error = read_tset_origin(store, tset_no, &notice.origin);

	if (error != 0)
		return error;
	query_open(&query, store,
		   "SELECT " NOTICE_COLUMNS("") " FROM notices WHERE tset_no = ? AND member_pos BETWEEN ? AND ? "
		   "ORDER BY member_pos, notice_index");
	query_u64(&query, tset_no);
	query_i64(&query, first_pos);
	query_i64(&query, last_pos);
	while (query_row(&query)) {
		read_notice(&query, &notice);
		if (query.error == 0)
			query.error = fn(context, &notice);
	}
	arena_rewind(&store->scratch, mark);
	return query_close(&query);
}

int store_notices_of_record(struct store *store, uint64_t tset_no, uint32_t member_pos, store_notice_fn fn,
			    void *context)
{
	return notices_between(store, tset_no, member_pos, member_pos, fn, context);
}

struct notice_walk {
	struct store *store;
	store_notice_fn fn;
	void *context;
};

static int notices_of_next_tset(void *context, const struct store_tset *tset)
{
	struct notice_walk *walk = context;

	return notices_between(walk->store, tset->tset_no, 0, UINT32_MAX, walk->fn, walk->context);
}

int store_notices_of_file(struct store *store, uint64_t file_no, store_notice_fn fn, void *context)
{
	struct notice_walk walk = {store, fn, context};

	return store_tsets_each(store, file_no, notices_of_next_tset, &walk);
}
