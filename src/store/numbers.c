/*
 * numbers: partners who begin their control numbers anew.
 */
#include "store_internal.h"

static int last_file(struct store *store, uint64_t *ret_file_no)
{
	struct query query;

	*ret_file_no = 0;
	query_open(&query, store, "SELECT coalesce(max(file_no), 0) FROM files");
	if (query_row(&query))
		*ret_file_no = read_u64(&query);
	return query_close(&query);
}

/* A number lower than the last one would be none that is missing, and a higher one none that leaves a gap. */
static int forget_lanes(struct store *store, struct slice partner)
{
	struct query query;

	query_open(&query, store,
		   "UPDATE lanes SET last_control = 0 WHERE EXISTS(SELECT 1 FROM interchanges i JOIN files f "
		   "ON f.file_no = i.file_no WHERE f.partner = ? AND i.sender_qualifier = lanes.sender_qualifier "
		   "AND i.sender_id = lanes.sender_id)");
	query_text(&query, partner);
	return query_run(&query);
}

int store_number_reset_add(struct store *store, struct store_number_reset *reset)
{
	struct query query;
	int error = last_file(store, &reset->after_file_no);

	if (error == 0)
		error = forget_lanes(store, reset->partner);
	if (error != 0)
		return error;
	query_open(&query, store,
		   "INSERT INTO number_resets(partner, after_file_no, at_ms, operator_id, reason) VALUES(?,?,?,?,?)");
	query_text(&query, reset->partner);
	query_u64(&query, reset->after_file_no);
	query_i64(&query, reset->at_ms);
	query_text(&query, reset->operator_id);
	query_text(&query, reset->reason);
	return query_run(&query);
}

int store_number_reset_before(struct store *store, struct slice partner, uint64_t file_no, struct arena *arena,
			      const struct store_number_reset **ret_reset)
{
	struct store_number_reset *reset;
	struct query query;

	*ret_reset = NULL;
	query_open(&query, store,
		   "SELECT partner, after_file_no, at_ms, operator_id, reason FROM number_resets WHERE partner = ? "
		   "AND after_file_no < ? ORDER BY after_file_no DESC, reset_no DESC LIMIT 1");
	query_text(&query, partner);
	query_i64(&query, file_no < INT64_MAX ? (int64_t)file_no : INT64_MAX);
	reset = query_row(&query) ? query_alloc(&query, arena, sizeof(*reset)) : NULL;
	if (reset != NULL) {
		reset->partner = read_text(&query, arena);
		reset->after_file_no = read_u64(&query);
		reset->at_ms = read_i64(&query);
		reset->operator_id = read_text(&query, arena);
		reset->reason = read_text(&query, arena);
		*ret_reset = reset;
	}
	return query_close(&query);
}
