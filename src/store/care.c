/*
 * care: checks of the database as a whole, its settings for doctor, and its content as text for tests.
 */
#include <stdio.h>
#include <string.h>

#include "store_internal.h"

/* Lines of a check: more help nobody. */
#define CHECK_LINES_MAX 100

/* Append the rows of `sql` (one text each), until there are enough. `fine`: the one row that means all is well. */
static int gather(struct store *store, const char *sql, const char *fine, struct buffer *text)
{
	struct query query;
	int lines = 0;

	query_open(&query, store, sql);
	while (lines < CHECK_LINES_MAX && query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);
		struct slice line = read_text(&query, &store->scratch);

		if (!slice_is(line, fine)) {
			buffer_add_slice(text, line);
			buffer_add_char(text, '\n');
			lines++;
		}
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

static int finish_check(int error, const struct buffer *text, size_t len_before)
{
	if (error == 0)
		error = text->error;
	return error == 0 && text->len > len_before ? STORE_E_DAMAGED : error;
}

int store_check(struct store *store, bool thorough, struct buffer *ret_text)
{
	size_t len = ret_text->len;
	int error = gather(store, thorough ? "PRAGMA integrity_check" : "PRAGMA quick_check", "ok", ret_text);

	return finish_check(error, ret_text, len);
}

/* Each gives one line a contradiction. */
static const char *const contradictions[] = {
	"SELECT 'member ' || m.member_id || ': spans ' || a.span_no || ' and ' || b.span_no || ' overlap' "
	"FROM coverage_spans a JOIN coverage_spans b ON b.member_no = a.member_no AND b.span_no > a.span_no "
	"AND b.group_id = a.group_id AND b.insurance_line = a.insurance_line "
	"JOIN members m ON m.member_no = a.member_no WHERE a.voided = 0 AND b.voided = 0 "
	"AND (a.ends_on IS NULL OR a.ends_on >= b.begins_on) AND (b.ends_on IS NULL OR b.ends_on >= a.begins_on)",
	"SELECT 'member number ' || member_no || ' is kept under the wrong groups' FROM ("
	"SELECT member_no FROM (SELECT group_id, member_no FROM coverage_spans EXCEPT SELECT group_id, member_no FROM group_members) "
	"UNION SELECT member_no FROM (SELECT group_id, member_no FROM group_members EXCEPT "
	"SELECT group_id, member_no FROM coverage_spans)) ORDER BY member_no",
	"SELECT 'row of ' || \"table\" || ' without its ' || parent FROM pragma_foreign_key_check",
	"SELECT 'change ' || tset_no || '-' || member_pos || ' is not in the ledger' FROM changes c WHERE NOT EXISTS "
	"(SELECT 1 FROM ledger l WHERE l.tset_no = c.tset_no AND l.member_pos = c.member_pos)",
	"SELECT 'item ' || item_id || ' is not in the ledger' FROM exceptions e WHERE tset_no IS NOT NULL "
	"AND member_pos > 0 AND NOT EXISTS "
	"(SELECT 1 FROM ledger l WHERE l.tset_no = e.tset_no AND l.member_pos = e.member_pos)",
	"SELECT 'notice ' || tset_no || '-' || member_pos || ' is not in the ledger' FROM notices n WHERE NOT EXISTS "
	"(SELECT 1 FROM ledger l WHERE l.tset_no = n.tset_no AND l.member_pos = n.member_pos)",
	"SELECT 'warning ' || tset_no || '-' || member_pos || ' is not in the ledger' FROM warnings w WHERE NOT EXISTS "
	"(SELECT 1 FROM ledger l WHERE l.tset_no = w.tset_no AND l.member_pos = w.member_pos)",
	/* Outcomes as enum store_record_outcome; who was left out of a full file stands behind the last record. */
	"SELECT 'set ' || t.tset_no || ': its tally is not what its ledger says' FROM tsets t LEFT JOIN "
	"(SELECT l.tset_no, sum(l.outcome = 1) AS applied, sum(l.outcome = 2) AS no_change, sum(l.outcome = 3) AS exception, "
	"sum(l.outcome IN (4, 7)) AS rejected, sum(l.outcome = 5) AS duplicate, sum(l.outcome = 6) AS held "
	"FROM ledger l JOIN tsets s ON s.tset_no = l.tset_no WHERE l.member_pos BETWEEN 1 AND s.members_read GROUP BY 1) c "
	"ON c.tset_no = t.tset_no WHERE t.outcome = 'applied' AND t.done = 1 AND "
	"(t.members_applied, t.members_no_change, t.members_exception, t.members_rejected, t.members_duplicate, t.members_held) "
	"<> (coalesce(c.applied, 0), coalesce(c.no_change, 0), coalesce(c.exception, 0), coalesce(c.rejected, 0), "
	"coalesce(c.duplicate, 0), coalesce(c.held, 0))",
	"SELECT 'match key of no member ' || member_no FROM match_keys k WHERE NOT EXISTS "
	"(SELECT 1 FROM members m WHERE m.member_no = k.member_no)",
};

/* The conservation law of promises section 3. */
static int check_law(void *context, const struct store_file *file)
{
	struct buffer *text = context;

	if (file->stage >= STORE_FILE_APPLIED && !store_tally_is_balanced(&file->tally))
		buffer_printf(text, "file %.*s: what was read is not what became of it\n", (int)file->file_id.len,
			      file->file_id.data);
	return 0;
}

static int check_audit(struct store *store, struct buffer *text)
{
	struct hash head;
	uint64_t count, bad_no;
	int error = store_audit_verify(store, &count, &head, &bad_no);

	if (error != STORE_E_DAMAGED)
		return error;
	buffer_printf(text, "audit row %llu does not follow from the one before\n", (unsigned long long)bad_no);
	return 0;
}

int store_verify(struct store *store, struct buffer *ret_text)
{
	size_t len = ret_text->len;
	int i, error = 0;

	for (i = 0; i < COUNT_OF(contradictions) && error == 0; i++)
		error = gather(store, contradictions[i], "", ret_text);
	if (error == 0)
		error = store_files_each(store, 0, check_law, ret_text);
	if (error == 0)
		error = check_audit(store, ret_text);
	return finish_check(error, ret_text, len);
}

/* ---- settings ------------------------------------------------------------------------------------------------ */

static const struct {
	const char *name, *sql, *want; /* want NULL: any */
} settings[] = {
	{"journal_mode", "PRAGMA journal_mode", "wal"},
	{"synchronous", "PRAGMA synchronous", "2"},
	{"foreign_keys", "PRAGMA foreign_keys", "1"},
	{"trusted_schema", "PRAGMA trusted_schema", "0"},
	{"cell_size_check", "PRAGMA cell_size_check", "1"},
	{"mmap_size", "PRAGMA mmap_size", "0"},
	{"secure_delete", "PRAGMA secure_delete", "1"},
	{"temp_store", "PRAGMA temp_store", "2"},
	{"wal_autocheckpoint", "PRAGMA wal_autocheckpoint", "0"},
	{"cache_size", "PRAGMA cache_size", NULL},
	{"page_size", "PRAGMA page_size", NULL},
	{"user_version", "PRAGMA user_version", NULL},
};

static int report_setting(struct store *store, int index, store_setting_fn fn, void *context)
{
	struct arena_mark mark = arena_mark(&store->scratch);
	const char *want = settings[index].want;
	struct slice value = SLICE_EMPTY;
	struct query query;
	int error;

	query_open(&query, store, settings[index].sql);
	if (query_row(&query))
		value = read_text(&query, &store->scratch);
	error = query_close(&query);
	/* arena_dup ends it with a NUL. mmap_size answers nothing where SQLite was built without it. */
	if (slice_is_empty(value))
		value = SLICE_LITERAL("0");
	if (error == 0)
		error = fn(context, settings[index].name, value.data, want == NULL || slice_is(value, want));
	arena_rewind(&store->scratch, mark);
	return error;
}

static int report_option(struct store *store, const char *name, int option, store_setting_fn fn, void *context)
{
	int value = 0;
	int error = store_result(store, sqlite3_db_config(store->db, option, -1, &value), name);

	return error != 0 ? error : fn(context, name, value != 0 ? "1" : "0", value != 0);
}

int store_settings_each(struct store *store, store_setting_fn fn, void *context)
{
	int i, error = 0;

	for (i = 0; i < COUNT_OF(settings) && error == 0; i++)
		error = report_setting(store, i, fn, context);
	if (error == 0)
		error = report_option(store, "defensive", SQLITE_DBCONFIG_DEFENSIVE, fn, context);
	if (error == 0)
		error = report_option(store, "no_ckpt_on_close", SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, fn, context);
	return error;
}

const char *store_sqlite_version(bool *ret_in_hazard_range)
{
	int version = sqlite3_libversion_number();

	/* Promises 5.3: 3.7.0 to 3.51.2, but for the back-ports 3.44.6 and later 3.44.x, 3.50.7 and later 3.50.x. */
	*ret_in_hazard_range = version >= 3007000 && version <= 3051002 && !(version >= 3044006 && version < 3045000) &&
			       !(version >= 3050007 && version < 3051000);
	return sqlite3_libversion();
}

/* ---- dump ---------------------------------------------------------------------------------------------------- */

/* Clock values, the chain that is computed over them, and which run did what: one that was killed was two. */
static bool is_time(const char *table, const char *column)
{
	size_t len = strlen(column);

	return strcmp(column, "run_no") == 0 || (len > 3 && strcmp(column + len - 3, "_ms") == 0) ||
	       (strcmp(table, "audit") == 0 && strcmp(column, "chain") == 0);
}

static void dump_value(struct buffer *out, sqlite3_stmt *stmt, int column)
{
	const unsigned char *data;
	int i, bytes;

	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_NULL:
		buffer_add_text(out, "NULL");
		return;
	case SQLITE_INTEGER:
		buffer_printf(out, "%lld", (long long)sqlite3_column_int64(stmt, column));
		return;
	case SQLITE_BLOB:
		data = sqlite3_column_blob(stmt, column);
		bytes = sqlite3_column_bytes(stmt, column);
		for (i = 0; i < bytes; i++)
			buffer_printf(out, "%02x", data[i]);
		return;
	default:
		data = sqlite3_column_text(stmt, column);
		bytes = sqlite3_column_bytes(stmt, column);
		buffer_add_char(out, '\'');
		for (i = 0; i < bytes; i++)
			if (data[i] < 0x20 || data[i] == '\\' || data[i] == '\'')
				buffer_printf(out, "\\x%02x", data[i]);
			else
				buffer_add_char(out, (char)data[i]);
		buffer_add_char(out, '\'');
		return;
	}
}

/* "SELECT columns FROM table ORDER BY its primary key" */
static int dump_sql(struct store *store, const char *table, unsigned flags, struct buffer *sql, struct buffer *order)
{
	struct query query;
	const char *name;

	buffer_add_text(sql, "SELECT ");
	query_open(&query, store, "SELECT name, pk FROM pragma_table_info(?) ORDER BY pk = 0, pk, cid");
	query_cstr(&query, table);
	while (query_row(&query)) {
		name = (const char *)sqlite3_column_text(query.stmt, 0);
		if (sqlite3_column_int(query.stmt, 1) > 0)
			buffer_printf(order, "%s\"%s\"", order->len > 0 ? ", " : " ORDER BY ", name);
		if ((flags & STORE_DUMP_NO_TIMES) == 0 || !is_time(table, name))
			buffer_printf(sql, "%s\"%s\"", sql->len > 7 ? ", " : "", name);
	}
	buffer_printf(sql, " FROM \"%s\"", table);
	if (order->len > 0)
		buffer_add_slice(sql, buffer_slice(order));
	return query_close(&query);
}

static int dump_table(struct store *store, const char *table, unsigned flags, struct buffer *out)
{
	struct buffer sql, order;
	struct query query;
	int error, i;

	buffer_init(&sql, store->env);
	buffer_init(&order, store->env);
	error = dump_sql(store, table, flags, &sql, &order);
	if (error == 0)
		error = sql.error != 0 ? sql.error : order.error;
	if (error == 0) {
		query_open_once(&query, store, sql.data);
		while (query_row(&query)) {
			buffer_printf(out, "%s:", table);
			for (i = 0; i < sqlite3_column_count(query.stmt); i++) {
				buffer_printf(out, " %s=", sqlite3_column_name(query.stmt, i));
				dump_value(out, query.stmt, i);
			}
			buffer_add_char(out, '\n');
		}
		error = query_close(&query);
	}
	buffer_fini(&sql);
	buffer_fini(&order);
	return error;
}

int store_dump(struct store *store, unsigned flags, struct buffer *out)
{
	struct query query;
	int error;

	query_open(&query, store,
		   "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name");
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);
		struct slice table = read_text(&query, &store->scratch);

		if (query.error == 0 && ((flags & STORE_DUMP_NO_TIMES) == 0 || !slice_is(table, "runs")))
			query.error = dump_table(store, table.data, flags, out);
		arena_rewind(&store->scratch, mark);
	}
	error = query_close(&query);
	return error != 0 ? error : out->error;
}
