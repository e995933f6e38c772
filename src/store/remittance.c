/*
 * remittance: the money of 820 sets: one payment a set, its lines with where each was placed.
 */
#include <string.h>

#include "store_internal.h"

static const char *const status_names[] = {
	[STORE_PAYMENT_PENDING] = "pending",
	[STORE_PAYMENT_POSTED] = "posted",
	[STORE_PAYMENT_SUSPENDED] = "suspended",
	[STORE_PAYMENT_REJECTED] = "rejected",
};

const char *store_payment_status_name(enum store_payment_status status)
{
	return status_names[status];
}

/* ---- payments ------------------------------------------------------------------------------------------------ */

#define REMITTANCE_COLUMNS                                                                                             \
	"tset_no, payer_qualifier, payer_id, payer_name, payee_id, trace, method, handling, credit_debit, total, "     \
	"settles_on, period_begin, period_end, duplicate"

int store_remittance_add(struct store *store, const struct store_remittance *remittance)
{
	struct query query;

	query_open(&query, store,
		   "INSERT INTO remittances(" REMITTANCE_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	query_u64(&query, remittance->tset_no);
	query_text(&query, remittance->payer_qualifier);
	query_text(&query, remittance->payer_id);
	query_text(&query, remittance->payer_name);
	query_text(&query, remittance->payee_id);
	query_text(&query, remittance->trace);
	query_text(&query, remittance->method);
	query_text(&query, remittance->handling);
	query_text(&query, remittance->credit_debit);
	query_i64(&query, remittance->total);
	query_day(&query, remittance->settles_on);
	query_day(&query, remittance->period_begin);
	query_day(&query, remittance->period_end);
	query_bool(&query, remittance->duplicate);
	return query_run(&query);
}

static void read_remittance(struct query *query, struct arena *arena, struct store_remittance *remittance)
{
	remittance->tset_no = read_u64(query);
	remittance->payer_qualifier = read_text(query, arena);
	remittance->payer_id = read_text(query, arena);
	remittance->payer_name = read_text(query, arena);
	remittance->payee_id = read_text(query, arena);
	remittance->trace = read_text(query, arena);
	remittance->method = read_text(query, arena);
	remittance->handling = read_text(query, arena);
	remittance->credit_debit = read_text(query, arena);
	remittance->total = read_i64(query);
	remittance->settles_on = read_day(query);
	remittance->period_begin = read_day(query);
	remittance->period_end = read_day(query);
	remittance->duplicate = read_bool(query);
}

int store_remittance_get(struct store *store, uint64_t tset_no, struct arena *arena,
			 const struct store_remittance **ret_remittance)
{
	struct query query;
	struct store_remittance *remittance;

	*ret_remittance = NULL;
	query_open(&query, store, "SELECT " REMITTANCE_COLUMNS " FROM remittances WHERE tset_no = ?");
	query_u64(&query, tset_no);
	if (query_row(&query)) {
		remittance = query_alloc(&query, arena, sizeof(*remittance));
		if (remittance != NULL) {
			read_remittance(&query, arena, remittance);
			*ret_remittance = remittance;
		}
	}
	return query_close(&query);
}

int store_remittance_seen(struct store *store, struct slice payer_id, struct slice trace, cents total,
			  date_day settles_on, uint64_t but_tset_no, uint64_t *ret_tset_no)
{
	struct query query;

	*ret_tset_no = 0;
	query_open(
		&query, store,
		"SELECT tset_no FROM remittances WHERE trace = ?1 AND payer_id = ?2 AND total = ?3 AND settles_on IS ?4 "
		"AND tset_no NOT IN (SELECT tset_no FROM tsets WHERE tset_no = ?5 OR revision_of = ?5) AND duplicate = 0 "
		"ORDER BY tset_no LIMIT 1");
	query_text(&query, trace);
	query_text(&query, payer_id);
	query_i64(&query, total);
	query_day(&query, settles_on);
	query_u64(&query, but_tset_no);
	if (query_row(&query))
		*ret_tset_no = read_u64(&query);
	return query_close(&query);
}

/* ---- lines --------------------------------------------------------------------------------------------------- */

#define LINE_COLUMNS(l)                                                                                                \
	l "tset_no, " l "line_pos, " l "reference_qualifier, " l "reference, " l "entity_id, " l "amount, " l          \
	  "paid, " l "adjusted, " l "billed, " l "period_begin, " l "period_end, " l "segment_pos, " l "offset, " l    \
	  "status, " l "group_id, " l "member_no, " l "pending_until, " l "rule, " l "reason"
#define LINE_SELECT                                                                                                    \
	"SELECT " LINE_COLUMNS("l.") ", coalesce(m.member_id, ''), r.trace, r.settles_on, " ORIGIN_COLUMNS " "         \
				     "FROM remittance_lines l JOIN remittances r ON r.tset_no = l.tset_no JOIN tsets " \
				     "t ON t.tset_no = l.tset_no "                                                     \
				     "JOIN interchanges i ON i.interchange_no = t.interchange_no JOIN files f ON "     \
				     "f.file_no = t.file_no "                                                          \
				     "LEFT JOIN members m ON m.member_no = l.member_no "

static void query_placement(struct query *query, const struct store_remittance_line *line)
{
	query_cstr(query, status_names[line->status]);
	query_text_or_null(query, line->group_id);
	query_no(query, line->member_no);
	query_day(query, line->pending_until);
	query_text(query, line->rule);
	query_text(query, line->reason);
}

static void query_billed(struct query *query, const struct store_remittance_line *line)
{
	if (line->has_billed)
		query_i64(query, line->billed);
	else
		query_no(query, 0);
}

int store_remittance_line_add(struct store *store, const struct store_remittance_line *line)
{
	struct query query;

	query_open(&query, store,
		   "INSERT INTO remittance_lines(" LINE_COLUMNS("") ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	query_u64(&query, line->tset_no);
	query_i64(&query, line->line_pos);
	query_text(&query, line->reference_qualifier);
	query_text(&query, line->reference);
	query_text(&query, line->entity_id);
	query_i64(&query, line->amount);
	query_i64(&query, line->paid);
	query_i64(&query, line->adjusted);
	query_billed(&query, line);
	query_day(&query, line->period_begin);
	query_day(&query, line->period_end);
	query_i64(&query, line->segment_pos);
	query_u64(&query, line->offset);
	query_placement(&query, line);
	return query_run(&query);
}

int store_remittance_line_update(struct store *store, const struct store_remittance_line *line)
{
	struct query query;
	int error;

	query_open(&query, store,
		   "UPDATE remittance_lines SET status = ?, group_id = ?, member_no = ?, pending_until = ?, rule = ?, "
		   "reason = ? WHERE tset_no = ? AND line_pos = ?");
	query_placement(&query, line);
	query_u64(&query, line->tset_no);
	query_i64(&query, line->line_pos);
	error = query_run(&query);
	return error != 0 || sqlite3_changes(store->db) == 1 ? error : STORE_E_MISSING;
}

static void read_line(struct query *query, struct arena *arena, struct store_remittance_line *line)
{
	line->tset_no = read_u64(query);
	line->line_pos = read_u32(query);
	line->reference_qualifier = read_text(query, arena);
	line->reference = read_text(query, arena);
	line->entity_id = read_text(query, arena);
	line->amount = read_i64(query);
	line->paid = read_i64(query);
	line->adjusted = read_i64(query);
	line->has_billed = !read_is_null(query);
	line->billed = read_i64(query);
	line->period_begin = read_day(query);
	line->period_end = read_day(query);
	line->segment_pos = read_u32(query);
	line->offset = read_u64(query);
	line->status = (enum store_payment_status)read_name(query, status_names, COUNT_OF(status_names));
	line->group_id = read_text(query, arena);
	line->member_no = read_u64(query);
	line->pending_until = read_day(query);
	line->rule = read_text(query, arena);
	line->reason = read_text(query, arena);
	line->member_id = read_text(query, arena);
	line->trace = read_text(query, arena);
	line->settles_on = read_day(query);
	read_origin(query, arena, &line->origin);
}

int store_remittance_line_get(struct store *store, uint64_t tset_no, uint32_t line_pos, struct arena *arena,
			      const struct store_remittance_line **ret_line)
{
	struct query query;
	struct store_remittance_line *line;

	*ret_line = NULL;
	query_open(&query, store, LINE_SELECT "WHERE l.tset_no = ? AND l.line_pos = ?");
	query_u64(&query, tset_no);
	query_i64(&query, line_pos);
	if (query_row(&query)) {
		line = query_alloc(&query, arena, sizeof(*line));
		if (line != NULL) {
			read_line(&query, arena, line);
			*ret_line = line;
		}
	}
	return query_close(&query);
}

static int walk_lines(struct query *query, store_remittance_line_fn fn, void *context)
{
	struct store *store = query->store;
	struct store_remittance_line line;

	while (query_row(query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		read_line(query, &store->scratch, &line);
		if (query->error == 0)
			query->error = fn(context, &line);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(query);
}

int store_remittance_lines_of_tset(struct store *store, uint64_t tset_no, store_remittance_line_fn fn, void *context)
{
	struct query query;

	query_open(&query, store, LINE_SELECT "WHERE l.tset_no = ? ORDER BY l.line_pos");
	query_u64(&query, tset_no);
	return walk_lines(&query, fn, context);
}

int store_remittance_lines_of_group(struct store *store, struct slice group_id, store_remittance_line_fn fn,
				    void *context)
{
	struct query query;

	query_open(&query, store, LINE_SELECT "WHERE l.group_id = ? ORDER BY l.tset_no, l.line_pos");
	query_text(&query, group_id);
	return walk_lines(&query, fn, context);
}

int store_remittance_totals(struct store *store, uint64_t tset_no, struct store_payment_totals *ret_totals)
{
	struct query query;

	memset(ret_totals, 0, sizeof(*ret_totals));
	query_open(&query, store,
		   "SELECT status, count(*), sum(amount) FROM remittance_lines WHERE tset_no = ? GROUP BY status");
	query_u64(&query, tset_no);
	while (query_row(&query)) {
		int status = read_name(&query, status_names, COUNT_OF(status_names));

		ret_totals->lines[status] = read_u64(&query);
		ret_totals->amounts[status] = read_i64(&query);
	}
	return query_close(&query);
}
