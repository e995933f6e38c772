/*
 * store_internal: what the files of this module share: the connection, and queries over cached statements.
 *
 * A query is opened with its SQL, its parameters are bound in order, then it is run (no rows) or its rows are read,
 * each column in order. The first failure stays in query.error and makes everything after it do nothing; it comes
 * out of query_run or query_close, which every opened query must reach.
 */
#ifndef MUSTER_STORE_INTERNAL_H
#define MUSTER_STORE_INTERNAL_H

#include <sqlite3.h>

#include "muster/store.h"

/* Distinct SQL texts of this module: under 200. */
#define STATEMENT_SLOTS 512u

struct statement {
	const char *sql; /* its address is the key: texts are literals */
	sqlite3_stmt *stmt;
	bool busy;
};

/* A match key that waits to be written (store_keys_collect). */
struct pending_key {
	uint64_t key, member_no;
};

/* Rows read in the transaction under way (known.c), open-addressed by id. */
#define KNOWN_ROWS 256u
struct known_row {
	struct slice id;
	const void *row; /* NULL = free */
};
struct known_rows {
	struct known_row rows[KNOWN_ROWS];
	size_t count;
};

/* The UPDATE of a set of a member's columns (member.c). */
#define MEMBER_UPDATES_MAX 64u
struct member_update {
	uint32_t columns;
	char *sql; /* NULL = free */
};

/* The number of a member's last change, of some whose changes this transaction wrote (change.c). */
#define LAST_CHANGES 256u
struct last_change {
	uint64_t member_no; /* 0 = nobody */
	uint32_t member_seq;
};

enum store_state { STORE_IDLE, STORE_READING, STORE_WRITING };

struct vfs_shim;

struct store {
	struct env *env;
	sqlite3 *db;
	struct vfs_shim *vfs;
	char *path, *lock_path, *wal_path;
	int lock_fd; /* -1 = not held */
	bool is_beside; /* a copy: holds the lock file as long as it lives */
	enum store_state state;
	bool in_savepoint;
	bool audited; /* a row was added to the trail since the store was opened */
	int fault;   /* -EIO or _DB_CORRUPT: nothing more is done */
	int aborted; /* SQLite ended the open transaction by itself, with this: only a rollback is left */
	int64_t busy_ms_max, busy_ms;
	struct statement statements[STATEMENT_SLOTS];
	struct arena scratch; /* rows of walks; used as a stack */
	char member_id_format[64], operator_id[128];
	struct last_change last_changes[LAST_CHANGES]; /* by member_no modulo their count */
	struct member_update member_updates[MEMBER_UPDATES_MAX];
	bool keys_collecting;
	struct pending_key *keys;
	size_t key_count;
	store_key_fn watch; /* of keys that are written; NULL = nobody */
	void *watch_context;
	struct arena known; /* of the two tables; emptied with the transaction */
	struct known_rows known_groups, known_plans;
};

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- vfs.c -------------------------------------------------------------------------------------------------- */

/* A VFS of our own over the system's, that asks env's gate before each operation. Registered until freed. */
int vfs_shim_new(struct env *env, struct vfs_shim **ret_shim);
void vfs_shim_free(struct vfs_shim *shim);
const char *vfs_shim_name(const struct vfs_shim *shim);
/* The -errno that the gate last answered, 0 = none since the last call. */
int vfs_shim_take_error(struct vfs_shim *shim);

/* From now on: the WAL is a copy without a name, the database file is only read, nothing is locked (beside.c). */
void vfs_shim_set_beside(struct vfs_shim *shim);

/* ---- store.c ------------------------------------------------------------------------------------------------ */

/* A store without a connection yet. 0 or <0. */
int store_new(struct env *env, const char *path, struct store **ret_store);
/* Open the connection through the store's VFS; set all that promises 5.1 wants but journal_mode, which is the file's. */
int store_connect(struct store *store);
int store_configure(struct store *store);
/* Take the lock file shared until the store is closed. */
int store_lock_for_good(struct store *store);

/* ---- memory.c ----------------------------------------------------------------------------------------------- */

/* From the first use of SQLite in this process on: it keeps small blocks that it gave back. */
void store_keep_memory(void);

/* ---- migrate.c ---------------------------------------------------------------------------------------------- */

#define STORE_APPLICATION_ID 0x6d737472 /* "mstr" */
/* Is the file ours, and not newer than we are? An empty one is, when it may be made. */
int store_check_owner(struct store *store, bool create);
/* Has a newer muster brought its schema up since it was opened? What is written by older rules would be found by none. */
int store_check_not_newer(struct store *store);
/* Bring its schema up to date. */
int store_migrate(struct store *store);
/* Has it a schema of before? */
int store_is_older(struct store *store, bool *ret_older);

/* ---- query.c ------------------------------------------------------------------------------------------------ */

/*
 * What an SQLite result means to our callers: 0, STORE_E_EXISTS or STORE_E_INVALID for a refused row, else <0,
 * logged. Sets store->fault and store->aborted.
 */
int store_result(struct store *store, int rc, const char *doing);
/* SQL of our own without parameters, as PRAGMA and BEGIN. */
int store_execute(struct store *store, const char *sql);
/* The one integer that `sql` gives. */
int store_execute_i64(struct store *store, const char *sql, int64_t *ret_value);

struct query {
	struct store *store;
	struct statement *statement; /* NULL: stmt is our own */
	sqlite3_stmt *stmt;
	int bound, column;
	int error;
};

/*
 * A table of statements that insert so many rows: `first` is the whole of the first one's, `more` the values of each
 * further one, in which '?' is the next parameter. OR FAIL in `first`: nothing is kept by SQLite to take the first rows
 * back when a later one is refused, for the transaction ends then.
 */
#define INSERTS_MAX 8u
#define INSERTS(first, more)                                                                                           \
	{                                                                                                              \
		[1] = first, [2] = first more, [3] = first more more, [4] = first more more more,                      \
		[5] = first more more more more, [6] = first more more more more more,                                 \
		[7] = first more more more more more more, [8] = first more more more more more more more,             \
	}

/* `sql` is a literal: its statement is kept. */
void query_open(struct query *query, struct store *store, const char *sql);
/* `sql` is made for this one use. */
void query_open_once(struct query *query, struct store *store, const char *sql);
void query_i64(struct query *query, int64_t value);
void query_u64(struct query *query, uint64_t value);
/* 0 becomes NULL. */
void query_no(struct query *query, uint64_t no);
void query_bool(struct query *query, bool value);
/* DATE_NONE becomes NULL. */
void query_day(struct query *query, date_day day);
/* -1 becomes NULL. */
void query_amount(struct query *query, cents amount);
void query_text(struct query *query, struct slice text);
void query_cstr(struct query *query, const char *text);
/* Empty becomes NULL. */
void query_text_or_null(struct query *query, struct slice text);
void query_blob(struct query *query, const void *data, size_t bytes);
void query_hash(struct query *query, const struct hash *hash);
/* The next row: true, or false at the end and after an error. */
bool query_row(struct query *query);
/* Run a statement without rows and close it. */
int query_run(struct query *query);
int query_close(struct query *query);

/* Is the next column NULL? Reads nothing. */
bool read_is_null(struct query *query);
int64_t read_i64(struct query *query);
uint64_t read_u64(struct query *query);
uint32_t read_u32(struct query *query);
bool read_bool(struct query *query);
date_day read_day(struct query *query);
/* NULL becomes -1. */
cents read_amount(struct query *query);
/* A copy in `arena` (NULL: the row's own bytes, good until the next row); NULL and '' become the empty slice. */
struct slice read_text(struct query *query, struct arena *arena);
void read_hash(struct query *query, struct hash *ret_hash);
/* The index of the column's text in `names`, or a damaged database. */
int read_name(struct query *query, const char *const *names, int count);
/* arena_alloc, its failure noted in the query. */
void *query_alloc(struct query *query, struct arena *arena, size_t bytes);
/* A growing array in an arena: room for one more, the old items copied. NULL = no memory, noted. */
void *query_grow(struct query *query, struct arena *arena, void *items, size_t item_bytes, uint32_t count,
		 uint32_t *capacity);

/* ---- shared by several --------------------------------------------------------------------------------------- */

#define TALLY_COLUMNS(t)                                                                                             \
	t "members_read, " t "members_applied, " t "members_no_change, " t "members_exception, " t                   \
	  "members_rejected, " t "members_duplicate, " t "members_held, " t "money_read, " t "money_posted, " t      \
	  "money_suspended, " t "money_rejected, " t "money_duplicate, " t "money_held"
#define TALLY_SET                                                                                                    \
	"members_read = ?, members_applied = ?, members_no_change = ?, members_exception = ?, members_rejected = ?, " \
	"members_duplicate = ?, members_held = ?, money_read = ?, money_posted = ?, money_suspended = ?, "           \
	"money_rejected = ?, money_duplicate = ?, money_held = ?"
/* By enum store_tset_outcome. */
#define STORE_TSET_OUTCOME_COUNT (STORE_TSET_TEST + 1)
extern const char *const store_tset_outcome_names[STORE_TSET_OUTCOME_COUNT];

void query_tally(struct query *query, const struct store_tally *tally);
void read_tally(struct query *query, struct store_tally *ret_tally);

/* "F00000012" in `arena`; empty for 0. */
struct slice store_read_file_id(struct query *query, struct arena *arena, uint64_t file_no);
/* Where a row comes from: columns of files f, interchanges i and tsets t. */
#define ORIGIN_COLUMNS "f.file_no, f.name, i.control_number, t.fgroup_control, t.control_number, t.ordinal"
void read_origin(struct query *query, struct arena *arena, struct store_origin *ret_origin);
/* The same of a set, in the store's scratch arena. */
int read_tset_origin(struct store *store, uint64_t tset_no, struct store_origin *ret_origin);

/* Hand on rows of (name, count). */
int store_walk_counts(struct query *query, store_count_fn fn, void *context);

/* The columns of a member that can change, in the order of member_columns and store_read_member. */
#define MEMBER_FIELD_COLUMNS                                                                                         \
	"subscriber_id, relationship, last_name, first_name, middle_name, suffix, ssn, birth_on, died_on, sex, "     \
	"address1, address2, city, state, zip, phone, email, employee_id, medicare_id, pcp_id, "             \
	"facts, confidential, support_order, sponsor_id"
#define MEMBER_COLUMNS "member_no, member_id, version, " MEMBER_FIELD_COLUMNS
/* A row of MEMBER_COLUMNS, with its spans. */
void store_read_member(struct query *query, struct arena *arena, struct member *ret_member);

/* FROM and WHERE of the spans in group ?1: who has one is known beforehand, the rest is one look at each member. */
#define SPANS_OF_GROUP                                                                                                \
	"group_members g CROSS JOIN coverage_spans s ON s.member_no = g.member_no WHERE g.group_id = ?1 "              \
	"AND s.group_id = ?1"

/* Nothing of it is known any more; rows handed out stay. */
void known_forget(struct known_rows *rows);

/* Nothing is known of last changes any more. */
void last_changes_forget(struct store *store);

/* Write the match keys that differ, or note them while collecting. */
int store_keys_write(struct store *store, uint64_t member_no, const struct store_keys *keys);

#endif
