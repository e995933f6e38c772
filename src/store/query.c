/*
 * query: prepared statements, bound and read column by column; and what SQLite's results mean.
 *
 * Statements are kept by the address of their SQL, which is a literal. One that is in use (a walk whose callback
 * asks the same question) is prepared a second time for that use.
 */
#include <assert.h>
#include <string.h>

#include "muster/log.h"
#include "store_internal.h"

/* The machine's answer where it gave one: SQLite folds them all into one. 0 = none. */
static int system_error(struct store *store)
{
	int error = store->vfs != NULL ? vfs_shim_take_error(store->vfs) : 0;

	return error != 0 ? error : -sqlite3_system_errno(store->db);
}

static int io_error(struct store *store)
{
	int error = system_error(store);

	return error < 0 && error != -ENOENT && error != -EAGAIN ? error : -EIO;
}

/* Not there or not allowed is a matter of the path; a machine in need is not. */
static int open_error(struct store *store)
{
	int error = system_error(store);

	switch (-error) {
	case EIO:
	case ENOSPC:
	case EDQUOT:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return error;
	default:
		return MUSTER_ERROR_DB_AWAY;
	}
}

static int trouble(struct store *store, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return MUSTER_ERROR_BUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return MUSTER_ERROR_DB_CORRUPT;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_IOERR:
		return rc == SQLITE_IOERR_NOMEM ? -ENOMEM : io_error(store);
	case SQLITE_CANTOPEN:
		return open_error(store);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	default:
		return MUSTER_ERROR_INTERNAL;
	}
}

static int refused_row(int rc)
{
	switch (rc) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return STORE_E_EXISTS;
	case SQLITE_CONSTRAINT_CHECK:
	case SQLITE_CONSTRAINT_FOREIGNKEY:
	case SQLITE_CONSTRAINT_NOTNULL:
		return STORE_E_INVALID;
	default:
		return 0; /* a trigger: a bug of ours */
	}
}

int store_result(struct store *store, int rc, const char *doing)
{
	int error;

	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
		return 0;
	if ((rc & 0xff) == SQLITE_CONSTRAINT && refused_row(rc) > 0)
		return refused_row(rc);
	error = trouble(store, rc);
	if ((rc & 0xff) == SQLITE_IOERR && rc != SQLITE_IOERR_NOMEM)
		store->fault = error;
	if (error == MUSTER_ERROR_DB_CORRUPT)
		store->fault = error;
	if (store->state != STORE_IDLE && sqlite3_get_autocommit(store->db) != 0)
		store->aborted = error;
	return log_failure(error, "database: %s: %s (%d)", doing, sqlite3_errmsg(store->db), rc);
}

int store_execute(struct store *store, const char *sql)
{
	if (store->fault < 0)
		return store->fault;
	return store_result(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL), sql);
}

int store_execute_i64(struct store *store, const char *sql, int64_t *ret_value)
{
	sqlite3_stmt *stmt = NULL;
	int rc, error;

	if (store->fault < 0)
		return store->fault;
	rc = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*ret_value = sqlite3_column_int64(stmt, 0);
	error = store_result(store, rc, sql);
	sqlite3_finalize(stmt);
	return error;
}

/* ---- statements ---------------------------------------------------------------------------------------------- */

/* The slot of this SQL, or a free one; NULL when the table is full. */
static struct statement *find_statement(struct store *store, const char *sql)
{
	size_t at = ((uintptr_t)sql >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 32, i;

	for (i = 0; i < STATEMENT_SLOTS; i++) {
		struct statement *slot = &store->statements[(at + i) % STATEMENT_SLOTS];

		if (slot->sql == sql || slot->sql == NULL)
			return slot;
	}
	return NULL;
}

/*
 * Nothing commits by itself: what writes stands between store_begin(STORE_WRITE) and store_commit. VACUUM INTO writes to
 * another file.
 */
static bool is_allowed(const struct store *store, sqlite3_stmt *stmt, const char *sql)
{
	return store->state == STORE_WRITING || sqlite3_stmt_readonly(stmt) != 0 || strncmp(sql, "PRAGMA ", 7) == 0 ||
	       strncmp(sql, "VACUUM INTO ", 12) == 0;
}

static void prepare(struct query *query, const char *sql, unsigned flags)
{
	struct store *store = query->store;
	int rc = sqlite3_prepare_v3(store->db, sql, -1, flags, &query->stmt, NULL);

	query->error = store_result(store, rc, "prepare");
	assert(query->error != 0 || is_allowed(store, query->stmt, sql));
}

static bool query_start(struct query *query, struct store *store)
{
	*query = (struct query){.store = store};
	query->error = store->fault < 0 ? store->fault : store->aborted;
	return query->error == 0;
}

void query_open(struct query *query, struct store *store, const char *sql)
{
	struct statement *slot;

	if (!query_start(query, store))
		return;
	slot = find_statement(store, sql);
	if (slot == NULL || slot->busy) {
		prepare(query, sql, 0);
		return;
	}
	if (slot->stmt == NULL) {
		prepare(query, sql, SQLITE_PREPARE_PERSISTENT);
		if (query->error != 0)
			return;
		slot->sql = sql;
		slot->stmt = query->stmt;
	}
	assert(is_allowed(store, slot->stmt, sql));
	slot->busy = true;
	query->statement = slot;
	query->stmt = slot->stmt;
}

void query_open_once(struct query *query, struct store *store, const char *sql)
{
	if (query_start(query, store))
		prepare(query, sql, 0);
}

int query_close(struct query *query)
{
	if (query->stmt != NULL) {
		/* The error of the last step, if any, was seen by query_row. */
		if (query->statement != NULL) {
			sqlite3_reset(query->stmt);
			query->statement->busy = false;
		} else {
			sqlite3_finalize(query->stmt);
		}
		query->stmt = NULL;
	}
	return query->error;
}

bool query_row(struct query *query)
{
	int rc;

	if (query->error != 0)
		return false;
	query->column = 0;
	rc = sqlite3_step(query->stmt);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		query->error = store_result(query->store, rc, "step");
	return rc == SQLITE_ROW;
}

int query_run(struct query *query)
{
	bool row = query_row(query);

	assert(!row);
	return query_close(query);
}

/* ---- parameters ---------------------------------------------------------------------------------------------- */

static void bind_result(struct query *query, int rc)
{
	if (rc != SQLITE_OK)
		query->error = store_result(query->store, rc, "bind");
}

void query_i64(struct query *query, int64_t value)
{
	if (query->error == 0)
		bind_result(query, sqlite3_bind_int64(query->stmt, ++query->bound, value));
}

static void query_null(struct query *query)
{
	if (query->error == 0)
		bind_result(query, sqlite3_bind_null(query->stmt, ++query->bound));
}

void query_u64(struct query *query, uint64_t value)
{
	query_i64(query, (int64_t)value);
}

void query_no(struct query *query, uint64_t no)
{
	if (no != 0)
		query_u64(query, no);
	else
		query_null(query);
}

void query_bool(struct query *query, bool value)
{
	query_i64(query, value ? 1 : 0);
}

void query_day(struct query *query, date_day day)
{
	if (day != DATE_NONE)
		query_i64(query, day);
	else
		query_null(query);
}

void query_amount(struct query *query, cents amount)
{
	if (amount != -1)
		query_i64(query, amount);
	else
		query_null(query);
}

/* Bound texts and blobs are the caller's: they outlive the step. */
void query_text(struct query *query, struct slice text)
{
	if (query->error == 0)
		bind_result(query, sqlite3_bind_text64(query->stmt, ++query->bound, text.len > 0 ? text.data : "",
						       text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void query_cstr(struct query *query, const char *text)
{
	query_text(query, slice_from(text));
}

void query_text_or_null(struct query *query, struct slice text)
{
	if (!slice_is_empty(text))
		query_text(query, text);
	else
		query_null(query);
}

void query_blob(struct query *query, const void *data, size_t bytes)
{
	if (query->error == 0)
		bind_result(query, sqlite3_bind_blob64(query->stmt, ++query->bound, data, bytes, SQLITE_STATIC));
}

void query_hash(struct query *query, const struct hash *hash)
{
	query_blob(query, hash->bytes, HASH_BYTES);
}

/* ---- columns ------------------------------------------------------------------------------------------------- */

int64_t read_i64(struct query *query)
{
	return sqlite3_column_int64(query->stmt, query->column++);
}

uint64_t read_u64(struct query *query)
{
	return (uint64_t)read_i64(query);
}

uint32_t read_u32(struct query *query)
{
	return (uint32_t)read_i64(query);
}

bool read_bool(struct query *query)
{
	return read_i64(query) != 0;
}

bool read_is_null(struct query *query)
{
	return sqlite3_column_type(query->stmt, query->column) == SQLITE_NULL;
}

date_day read_day(struct query *query)
{
	sqlite3_value *value = sqlite3_column_value(query->stmt, query->column++);

	return sqlite3_value_type(value) == SQLITE_NULL ? DATE_NONE : (date_day)sqlite3_value_int64(value);
}

cents read_amount(struct query *query)
{
	bool none = read_is_null(query);
	int64_t amount = read_i64(query);

	return none ? -1 : amount;
}

/* As a blob: asking for text would make SQLite copy it, to put a NUL behind it. */
static struct slice column_slice(struct query *query)
{
	sqlite3_value *value = sqlite3_column_value(query->stmt, query->column++);
	const char *data = sqlite3_value_blob(value);
	int len = sqlite3_value_bytes(value);

	return len > 0 && data != NULL ? slice_of(data, (size_t)len) : SLICE_EMPTY;
}

struct slice read_text(struct query *query, struct arena *arena)
{
	struct slice text = column_slice(query);

	if (slice_is_empty(text) || arena == NULL)
		return text;
	text = arena_dup(arena, text);
	if (text.data == NULL && query->error == 0)
		query->error = -ENOMEM;
	return text.data != NULL ? text : SLICE_EMPTY;
}

void read_hash(struct query *query, struct hash *ret_hash)
{
	const void *data = sqlite3_column_blob(query->stmt, query->column);
	size_t len = (size_t)sqlite3_column_bytes(query->stmt, query->column);

	query->column++;
	memset(ret_hash, 0, sizeof(*ret_hash));
	if (data != NULL)
		memcpy(ret_hash->bytes, data, len < HASH_BYTES ? len : HASH_BYTES);
}

int read_name(struct query *query, const char *const *names, int count)
{
	struct slice text = column_slice(query);
	int i;

	for (i = 0; i < count; i++)
		if (slice_is(text, names[i]))
			return i;
	/* The schema allows only these words: somebody else wrote here. */
	if (query->error == 0) {
		query->store->fault = MUSTER_ERROR_DB_CORRUPT;
		query->error = log_failure(MUSTER_ERROR_DB_CORRUPT, "database: a word that is none of ours");
	}
	return 0;
}

void *query_alloc(struct query *query, struct arena *arena, size_t bytes)
{
	void *block = query->error == 0 ? arena_alloc(arena, bytes) : NULL;

	if (block == NULL && query->error == 0)
		query->error = -ENOMEM;
	return block;
}

void *query_grow(struct query *query, struct arena *arena, void *items, size_t item_bytes, uint32_t count,
		 uint32_t *capacity)
{
	uint32_t wanted = *capacity > 0 ? *capacity * 2 : 4;
	void *grown;

	if (count < *capacity)
		return items;
	grown = query_alloc(query, arena, item_bytes * wanted);
	if (grown == NULL)
		return NULL;
	if (count > 0)
		memcpy(grown, items, item_bytes * count);
	*capacity = wanted;
	return grown;
}
