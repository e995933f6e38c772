/*
 * store: the connection, its settings, transactions, and the one checkpoint.
 *
 * Debian 12's SQLite has the WAL-reset hazard (promises 5.3): a checkpoint beside another connection's commit can
 * damage the database. So nothing checkpoints by itself here (wal_autocheckpoint 0, no checkpoint on close), every
 * writer holds `<db>.lock` shared around its transaction, and store_checkpoint holds it exclusively.
 *
 * A transaction that SQLite had to end by itself (disk full, I/O error) leaves `aborted` behind: until the rollback
 * nothing more runs, so that the rest of a changeset can never commit without its beginning.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "muster/limits.h"
#include "muster/log.h"
#include "store_internal.h"

#define BUSY_MS_MAX_DEFAULT 10000
#define BUSY_STEP_MS_MAX 100
/* A checkpoint that wants to shorten the WAL waits this long for readers. */
#define CHECKPOINT_WAIT_MS 500
/* A million members with a year's changes: a record's look-ups lie all over the database. Taken only as it fills. */
#define CACHE_MEBIBYTES 512
/* Families of one roster line, one file's sets: rows of walks are small. */
#define SCRATCH_BLOCK_BYTES ((size_t)64 * 1024)

#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC 0xfe534d42
#endif
#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xff534d42
#endif

/* File systems whose locks or shared memory do not hold between hosts: WAL would be damaged there. */
static const uint32_t network_magics[] = {
	NFS_SUPER_MAGIC,       SMB_SUPER_MAGIC,       SMB2_SUPER_MAGIC,  CIFS_SUPER_MAGIC, V9FS_MAGIC,
	AFS_SUPER_MAGIC,       CODA_SUPER_MAGIC,      NCP_SUPER_MAGIC,   CEPH_SUPER_MAGIC, 0x0bd00bd0 /* Lustre */,
	0x47504653 /* GPFS */, 0x01161970 /* GFS2 */, OCFS2_SUPER_MAGIC,
};

/* The folder of `path` into `out`. */
static void folder_of(const char *path, char out[LIMIT_PATH_BYTES])
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		snprintf(out, LIMIT_PATH_BYTES, ".");
	else
		snprintf(out, LIMIT_PATH_BYTES, "%.*s", slash > path ? (int)(slash - path) : 1, path);
}

static int refuse_network(const char *path)
{
	char folder[LIMIT_PATH_BYTES];
	struct statfs fs;
	size_t i;

	folder_of(path, folder);
	if (statfs(folder, &fs) != 0)
		return log_failure(MUSTER_ERROR_DB_AWAY, "%s", folder);
	for (i = 0; i < (size_t)COUNT_OF(network_magics); i++)
		if ((uint32_t)fs.f_type == network_magics[i])
			return log_failure(MUSTER_ERROR_DB_AWAY,
					   "%s lies on a network file system: put it on a local one", path);
	return 0;
}

/* Sleep a little longer with each try; false when the limit is passed. */
static bool wait_a_little(struct store *store, int tries)
{
	uint32_t random;
	int ms;

	if (tries == 0)
		store->busy_ms = 0;
	if (store->busy_ms >= store->busy_ms_max)
		return false;
	/* Longer with each try, and never two waiters in step. */
	store->env->random(store->env, &random, sizeof(random));
	ms = tries < 7 ? 1 << tries : BUSY_STEP_MS_MAX;
	ms = ms / 2 + 1 + (int)(random % (uint32_t)(ms / 2 + 1));
	sqlite3_sleep(ms);
	store->busy_ms += ms;
	return true;
}

static int busy_handler(void *context, int tries)
{
	return wait_a_little(context, tries) ? 1 : 0;
}

static char *joined(struct env *env, const char *path, const char *suffix)
{
	size_t bytes = strlen(path) + strlen(suffix) + 1;
	char *text = env_alloc(env, bytes);

	if (text != NULL)
		snprintf(text, bytes, "%s%s", path, suffix);
	return text;
}

static int set_paths(struct store *store, const char *path)
{
	store->path = joined(store->env, path, "");
	store->lock_path = joined(store->env, path, ".lock");
	store->wal_path = joined(store->env, path, "-wal");
	return store->path != NULL && store->lock_path != NULL && store->wal_path != NULL ? 0 : -ENOMEM;
}

/* SQLite would make it readable for others; -wal and -shm take the database's mode. */
static int make_file(struct store *store)
{
	int fd = env_open(store->env, store->path, O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd == -EEXIST)
		return 0;
	return fd < 0 ? log_failure(fd, "%s", store->path) : env_close(store->env, fd);
}

int store_connect(struct store *store)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int rc = sqlite3_open_v2(store->path, &store->db, flags, vfs_shim_name(store->vfs));

	if (store->db == NULL)
		return -ENOMEM;
	return store_result(store, rc, store->path);
}

/* In the file's header: by which file format it is written; 2 is a database in WAL mode. */
#define HEADER_WRITE_FORMAT 18
#define HEADER_FORMAT_WAL 2

/*
 * A database becomes one in WAL mode before it has a WAL. One that is not, beside a WAL, was put where another one stood;
 * SQLite would read that one's last changes into it. The header is read through the connection's own file: to open and
 * close the database once more would drop the locks that other connections of this process hold.
 */
static int refuse_foreign_wal(struct store *store)
{
	unsigned char header[HEADER_WRITE_FORMAT + 1];
	sqlite3_file *file = NULL;
	int rc;

	if (store_wal_bytes(store) == 0)
		return 0;
	rc = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_FILE_POINTER, (void *)&file);
	if (rc == SQLITE_OK)
		rc = file->pMethods->xRead(file, header, sizeof(header), 0);
	if (rc == SQLITE_IOERR_SHORT_READ || (rc == SQLITE_OK && header[HEADER_WRITE_FORMAT] == HEADER_FORMAT_WAL))
		return 0;
	if (rc != SQLITE_OK)
		return store_result(store, rc, "header");
	return log_failure(
		MUSTER_ERROR_DB_AWAY,
		"%s was put back from a backup, and %s belongs to the database that stood there before: move "
		"it and %s-shm away",
		store->path, store->wal_path, store->path);
}

/* What is no PRAGMA. */
static int configure_db(struct store *store)
{
	static const struct {
		int option, value;
	} rows[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1}, {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
		{SQLITE_DBCONFIG_DQS_DML, 0},          {SQLITE_DBCONFIG_DQS_DDL, 0},
	};
	size_t i;
	int rc = sqlite3_busy_handler(store->db, busy_handler, store);

	for (i = 0; i < (size_t)COUNT_OF(rows) && rc == SQLITE_OK; i++)
		rc = sqlite3_db_config(store->db, rows[i].option, rows[i].value, (int *)NULL);
	return store_result(store, rc, "configure");
}

/* journal_mode is kept in the file, and set once; a file in another mode is somebody else's. */
static int set_journal_mode(struct store *store)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(store->db, "PRAGMA journal_mode = WAL", -1, &stmt, NULL), error;
	bool wal = false;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		wal = strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
	error = store_result(store, rc, "journal_mode");
	sqlite3_finalize(stmt);
	if (error == 0 && !wal)
		error = log_failure(MUSTER_ERROR_DB_AWAY, "%s: the database does not take WAL mode", store->path);
	return error;
}

int store_configure(struct store *store)
{
	static const char *const pragmas[] = {
		"PRAGMA cell_size_check = ON", "PRAGMA mmap_size = 0",           "PRAGMA secure_delete = ON",
		"PRAGMA temp_store = MEMORY",  "PRAGMA synchronous = FULL",      "PRAGMA wal_autocheckpoint = 0",
		"PRAGMA foreign_keys = ON",    "PRAGMA recursive_triggers = ON",
	};
	size_t i;
	int error = configure_db(store);

	for (i = 0; i < (size_t)COUNT_OF(pragmas) && error == 0; i++)
		error = store_execute(store, pragmas[i]);
	if (error == 0)
		error = store_set_cache(store, CACHE_MEBIBYTES);
	return error;
}

static int open_all(struct store *store, const char *path, unsigned flags)
{
	int error;

	/* Its count of memory costs a lock at each allocation. Both are refused once SQLite is in use: the first call has
	 * done it. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	store_keep_memory();

	error = refuse_network(path);
	if (error == 0 && (flags & STORE_CREATE) == 0 && !env_exists(store->env, path))
		error = log_failure(MUSTER_ERROR_DB_AWAY, "%s: no such database; `muster init` makes one", path);
	if (error == 0 && (flags & STORE_CREATE) != 0)
		error = make_file(store);
	if (error == 0)
		error = vfs_shim_new(store->env, &store->vfs);
	if (error == 0)
		error = store_connect(store);
	if (error == 0)
		error = refuse_foreign_wal(store);
	if (error == 0)
		error = store_configure(store);
	if (error == 0)
		error = store_check_owner(store, (flags & STORE_CREATE) != 0);
	if (error == 0)
		error = set_journal_mode(store);
	return error != 0 ? error : store_migrate(store);
}

int store_new(struct env *env, const char *path, struct store **ret_store)
{
	struct store *store;
	int error;

	if (strlen(path) >= LIMIT_PATH_BYTES - sizeof(".lock"))
		return -ENAMETOOLONG;
	store = env_alloc(env, sizeof(*store));
	if (store == NULL)
		return -ENOMEM;
	store->env = env;
	store->lock_fd = -1;
	store->busy_ms_max = BUSY_MS_MAX_DEFAULT;
	arena_init(&store->scratch, env, SCRATCH_BLOCK_BYTES, 0);
	arena_init(&store->known, env, SCRATCH_BLOCK_BYTES, 0);
	error = store_set_member_id_format(store, SLICE_LITERAL("M########@"));
	assert(error == 0);
	error = set_paths(store, path);
	if (error != 0) {
		store_close(store);
		return error;
	}
	*ret_store = store;
	return 0;
}

int store_open(struct env *env, const char *path, unsigned flags, struct store **ret_store)
{
	struct store *store;
	int error = hash_setup();

	if (error == 0)
		error = store_new(env, path, &store);
	if (error < 0)
		return error;
	error = open_all(store, path, flags);
	if (error != 0) {
		store_close(store);
		return error;
	}
	*ret_store = store;
	return 0;
}

static void unlock(struct store *store)
{
	if (store->is_beside)
		return;
	/* Nothing was written through this descriptor: its close cannot lose anything. */
	if (store->lock_fd >= 0)
		(void)env_close(store->env, store->lock_fd);
	store->lock_fd = -1;
}

void store_close(struct store *store)
{
	size_t i;
	int rc;

	if (store == NULL)
		return;
	if (store->db != NULL)
		store_rollback(store);
	store->is_beside = false;
	unlock(store);
	for (i = 0; i < STATEMENT_SLOTS; i++) {
		assert(!store->statements[i].busy);
		sqlite3_finalize(store->statements[i].stmt);
	}
	for (i = 0; i < MEMBER_UPDATES_MAX; i++)
		env_free(store->env, store->member_updates[i].sql);
	rc = sqlite3_close(store->db);
	assert(rc == SQLITE_OK);
	vfs_shim_free(store->vfs);
	arena_fini(&store->scratch);
	arena_fini(&store->known);
	env_free(store->env, store->keys);
	env_free(store->env, store->path);
	env_free(store->env, store->lock_path);
	env_free(store->env, store->wal_path);
	env_free(store->env, store);
}

struct env *store_env(const struct store *store)
{
	return store->env;
}

void store_set_busy_limit(struct store *store, int64_t ms_max)
{
	store->busy_ms_max = ms_max;
}

int store_set_cache(struct store *store, uint32_t mebibytes)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA cache_size = -%llu", (unsigned long long)mebibytes * 1024);
	return store_execute(store, sql);
}

/* ---- transactions -------------------------------------------------------------------------------------------- */

/* Take the lock file: shared and patiently for a writer, exclusively and at once for the checkpoint. */
static int take_lock(struct store *store, bool shared)
{
	int fd = env_open(store->env, store->lock_path, O_RDWR | O_CREAT, 0600), error, tries = 0;

	assert(store->lock_fd < 0);
	if (fd < 0)
		return log_failure(fd, "%s", store->lock_path);
	store->lock_fd = fd;
	do
		error = env_lock(store->env, fd, shared);
	while (error == -EWOULDBLOCK && shared && wait_a_little(store, tries++));
	if (error == 0)
		return 0;
	unlock(store);
	if (error != -EWOULDBLOCK)
		return log_failure(error, "%s", store->lock_path);
	return shared ? MUSTER_ERROR_BUSY : STORE_E_LOCKED;
}

int store_lock_for_good(struct store *store)
{
	int error = take_lock(store, true);

	store->is_beside = error == 0;
	return error;
}

int store_begin(struct store *store, enum store_access access)
{
	int error;

	assert(store->state == STORE_IDLE);
	if (store->fault < 0)
		return store->fault;
	if (access == STORE_READ) {
		error = store_execute(store, "BEGIN");
		if (error == 0)
			store->state = STORE_READING;
		return error;
	}
	error = store->is_beside ? 0 : take_lock(store, true);
	if (error == 0)
		error = store_execute(store, "BEGIN IMMEDIATE");
	if (error != 0) {
		unlock(store);
		return error;
	}
	store->state = STORE_WRITING;
	error = store_check_not_newer(store);
	if (error != 0)
		store_rollback(store);
	return error;
}

static void end_transaction(struct store *store)
{
	store->state = STORE_IDLE;
	store->in_savepoint = false;
	store->aborted = 0;
	store->keys_collecting = false;
	store->key_count = 0;
	known_forget(&store->known_groups);
	known_forget(&store->known_plans);
	arena_reset(&store->known);
	last_changes_forget(store);
	unlock(store);
}

int store_commit(struct store *store)
{
	int error = store->aborted;

	assert(store->state != STORE_IDLE && !store->in_savepoint && store->key_count == 0);
	if (error == 0 && store->state == STORE_WRITING && store->env->gate != NULL)
		error = store->env->gate(store->env, ENV_DB_COMMIT, store->path);
	if (error == 0)
		error = store_execute(store, "COMMIT");
	if (error != 0) {
		store_rollback(store);
		return error;
	}
	end_transaction(store);
	return 0;
}

void store_rollback(struct store *store)
{
	if (store->state == STORE_IDLE)
		return;
	/* A failed rollback changes nothing: what was not committed is not there for anybody else, nor after a start.
	 */
	if (sqlite3_get_autocommit(store->db) == 0 &&
	    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK && store->fault == 0)
		store->fault = log_failure(-EIO, "database: rollback: %s", sqlite3_errmsg(store->db));
	end_transaction(store);
}

int store_savepoint(struct store *store)
{
	int error;

	assert(store->state == STORE_WRITING && !store->in_savepoint);
	error = store->aborted != 0 ? store->aborted : store_execute(store, "SAVEPOINT part");
	store->in_savepoint = error == 0;
	return error;
}

int store_savepoint_release(struct store *store)
{
	assert(store->in_savepoint);
	store->in_savepoint = false;
	return store->aborted != 0 ? store->aborted : store_execute(store, "RELEASE part");
}

int store_savepoint_rollback(struct store *store)
{
	assert(store->in_savepoint);
	store->in_savepoint = false;
	known_forget(&store->known_groups);
	known_forget(&store->known_plans);
	last_changes_forget(store);
	return store->aborted != 0 ? store->aborted : store_execute(store, "ROLLBACK TO part; RELEASE part");
}

bool store_is_writing(const struct store *store)
{
	return store->state == STORE_WRITING;
}

/* ---- checkpoint ---------------------------------------------------------------------------------------------- */

static int checkpoint(struct store *store, int mode)
{
	int rc = sqlite3_wal_checkpoint_v2(store->db, "main", mode, NULL, NULL);

	if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
		return STORE_E_LOCKED;
	return store_result(store, rc, "checkpoint");
}

int store_checkpoint(struct store *store, bool truncate)
{
	int64_t ms_max = store->busy_ms_max;
	int error;

	assert(store->state == STORE_IDLE && !store->is_beside);
	if (store->fault < 0)
		return store->fault;
	error = take_lock(store, false);
	if (error != 0)
		return error;
	error = checkpoint(store, SQLITE_CHECKPOINT_PASSIVE);
	if (error == 0 && truncate) {
		store->busy_ms_max = ms_max < CHECKPOINT_WAIT_MS ? ms_max : CHECKPOINT_WAIT_MS;
		error = checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE);
		store->busy_ms_max = ms_max;
	}
	unlock(store);
	return error;
}

int store_data_version(struct store *store, int64_t *ret_version)
{
	struct query query;

	query_open(&query, store, "PRAGMA data_version");
	if (query_row(&query))
		*ret_version = read_i64(&query);
	return query_close(&query);
}

uint64_t store_wal_bytes(struct store *store)
{
	struct env_stat st;

	return env_stat(store->env, store->wal_path, &st) == 0 ? st.size_bytes : 0;
}
