/*
 * run: what each run did, and the manifest of what it wrote.
 */
#include <stdio.h>

#include "store_internal.h"

#define RUN_SELECT "SELECT run_no, verb, version, as_of, operator_id, started_ms FROM runs "

char *store_run_id_format(uint64_t run_no, char out[STORE_RUN_ID_BYTES])
{
	snprintf(out, STORE_RUN_ID_BYTES, "R%08llu", (unsigned long long)run_no);
	return out;
}

int store_run_add(struct store *store, struct store_run *run)
{
	struct query query;
	int error;

	run->started_ms = env_clock_ms(store->env);
	query_open(&query, store, "INSERT INTO runs(verb, version, as_of, operator_id, started_ms) VALUES(?,?,?,?,?)");
	query_text(&query, run->verb);
	query_text(&query, run->version);
	query_day(&query, run->as_of);
	query_text(&query, run->operator_id);
	query_i64(&query, run->started_ms);
	error = query_run(&query);
	if (error == 0)
		run->run_no = (uint64_t)sqlite3_last_insert_rowid(store->db);
	return error;
}

static void read_run(struct query *query, struct arena *arena, struct store_run *run)
{
	run->run_no = read_u64(query);
	run->verb = read_text(query, arena);
	run->version = read_text(query, arena);
	run->as_of = read_day(query);
	run->operator_id = read_text(query, arena);
	run->started_ms = read_i64(query);
}

int store_run_get(struct store *store, uint64_t run_no, struct arena *arena, const struct store_run **ret_run)
{
	struct store_run *run;
	struct query query;

	*ret_run = NULL;
	query_open(&query, store, RUN_SELECT "WHERE ?1 = 0 OR run_no = ?1 ORDER BY run_no DESC LIMIT 1");
	query_u64(&query, run_no);
	run = query_row(&query) ? query_alloc(&query, arena, sizeof(*run)) : NULL;
	if (run != NULL) {
		read_run(&query, arena, run);
		*ret_run = run;
	}
	return query_close(&query);
}

int store_runs_each(struct store *store, store_run_fn fn, void *context)
{
	struct store_run run;
	struct query query;

	query_open(&query, store, RUN_SELECT "ORDER BY run_no");
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		read_run(&query, &store->scratch, &run);
		if (query.error == 0)
			query.error = fn(context, &run);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

static int forget(struct store *store, const char *sql, uint64_t run_no, uint64_t file_no)
{
	struct query query;

	query_open(&query, store, sql);
	query_u64(&query, run_no);
	query_u64(&query, file_no);
	return query_run(&query);
}

int store_run_file_put(struct store *store, const struct store_run_file *row)
{
	const uint64_t file_no = row->file->file_no;
	struct query query;
	int error = forget(store, "DELETE FROM run_outputs WHERE run_no = ? AND file_no = ?", row->run_no, file_no);

	if (error == 0)
		error = forget(store, "DELETE FROM run_files WHERE run_no = ? AND file_no = ?", row->run_no, file_no);
	if (error != 0)
		return error;
	query_open(&query, store,
		   "INSERT INTO run_files(run_no, file_no, released, outcome, reason, " TALLY_COLUMNS("") ") "
		   "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	query_u64(&query, row->run_no);
	query_u64(&query, file_no);
	query_bool(&query, row->released);
	query_cstr(&query, store_file_outcome_name(row->outcome));
	query_text(&query, row->reason);
	query_tally(&query, &row->tally);
	return query_run(&query);
}

int store_run_output_add(struct store *store, uint64_t run_no, uint64_t file_no, const struct store_output *output)
{
	struct query query;

	query_open(&query, store,
		   "INSERT INTO run_outputs(run_no, file_no, name, sha256, bytes, rows) VALUES(?,?,?,?,?,?)");
	query_u64(&query, run_no);
	query_u64(&query, file_no);
	query_text(&query, output->name);
	query_hash(&query, &output->sha256);
	query_u64(&query, output->bytes);
	if (output->is_table)
		query_u64(&query, output->rows);
	else
		query_no(&query, 0);
	return query_run(&query);
}

/* The outcome of then, by its name. */
static enum store_file_outcome read_outcome(struct query *query, struct arena *arena)
{
	struct slice name = read_text(query, arena);
	int outcome;

	for (outcome = STORE_FILE_OPEN; outcome <= STORE_FILE_DUPLICATE; outcome++)
		if (slice_is(name, store_file_outcome_name((enum store_file_outcome)outcome)))
			return (enum store_file_outcome)outcome;
	query->error = query->error != 0 ? query->error : MUSTER_ERROR_DB_CORRUPT;
	return STORE_FILE_OPEN;
}

static void read_run_file(struct query *query, struct arena *arena, struct store_run_file *row, uint64_t *ret_file_no)
{
	*ret_file_no = read_u64(query);
	row->released = read_bool(query);
	row->outcome = read_outcome(query, arena);
	row->reason = read_text(query, arena);
	row->last_run_no = read_u64(query);
	read_tally(query, &row->tally);
}

int store_run_files_each(struct store *store, uint64_t run_no, store_run_file_fn fn, void *context)
{
	struct store_run_file row = {.run_no = run_no};
	struct query query;

	query_open(&query, store,
		   "SELECT file_no, released, outcome, reason, (SELECT max(l.run_no) FROM run_files l WHERE "
		   "l.file_no = r.file_no), " TALLY_COLUMNS("") " FROM run_files r WHERE run_no = ? ORDER BY file_no");
	query_u64(&query, run_no);
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);
		uint64_t file_no;

		read_run_file(&query, &store->scratch, &row, &file_no);
		if (query.error == 0)
			query.error = store_file_get(store, file_no, &store->scratch, &row.file);
		if (query.error == 0)
			query.error = row.file != NULL ? fn(context, &row) : MUSTER_ERROR_DB_CORRUPT;
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

int store_run_outputs_each(struct store *store, uint64_t run_no, uint64_t file_no, store_output_fn fn, void *context)
{
	struct query query;

	query_open(&query, store,
		   "SELECT name, sha256, bytes, rows IS NOT NULL, coalesce(rows, 0) FROM run_outputs WHERE run_no = ? "
		   "AND file_no = ? ORDER BY name");
	query_u64(&query, run_no);
	query_u64(&query, file_no);
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);
		struct store_output output = {.name = read_text(&query, &store->scratch)};

		read_hash(&query, &output.sha256);
		output.bytes = read_u64(&query);
		output.is_table = read_bool(&query);
		output.rows = read_u64(&query);
		if (query.error == 0)
			query.error = fn(context, &output);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}
