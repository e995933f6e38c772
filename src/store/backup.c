/*
 * backup: a copy of the database that somebody can go back to.
 *
 * The copy is made by SQLite itself (VACUUM INTO): one moment of the database, also while others write, without the WAL
 * and without what was deleted. It is written as `.<name>.tmp`, checked page by page, read once more for its digest,
 * synced, and only then gets its name, behind the digest: who sees a backup sees a whole one with its digest beside it.
 *
 *   - `<db>.backup.lock` keeps two copies of one database from the same temporary name. What a kill left there is in
 *     nobody's way: the next backup of that name takes it away.
 *   - A copy is not in WAL mode until it is opened as the database. That tells a database that was put back from a backup,
 *     and the WAL of the one that stood there before must not be read into it (store.c).
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "muster/io.h"
#include "muster/limits.h"
#include "muster/log.h"
#include "muster/path.h"
#include "store_internal.h"

#define READ_BYTES ((size_t)64 * 1024)
/* A digest, two blanks, a name, as sha256sum writes it. */
#define DIGEST_FILE_BYTES (HASH_TEXT_BYTES + LIMIT_PATH_BYTES)
#define DIGEST_SUFFIX ".sha256"

/* ---- files --------------------------------------------------------------------------------------------------- */

/* The digest of a file, and its size; synced before it is closed where that is asked for. 0 or -errno. */
static int hash_file(struct env *env, const char *path, bool sync, struct hash *ret_hash, uint64_t *ret_bytes)
{
	int fd = env_open_input(env, path, NULL), error = 0;
	struct hash_state state;
	uint64_t total = 0;
	char *buffer;
	ssize_t n = 1;

	if (fd < 0)
		return fd;
	buffer = env_alloc(env, READ_BYTES);
	if (buffer == NULL)
		error = -ENOMEM;
	hash_init(&state);
	while (error == 0 && n > 0) {
		n = env_read(env, fd, buffer, READ_BYTES);
		if (n < 0)
			error = (int)n;
		else
			hash_update(&state, buffer, (size_t)n);
		total += n > 0 ? (uint64_t)n : 0;
	}
	if (error == 0 && sync)
		error = env_sync(env, fd);
	env_free(env, buffer);
	(void)env_close(env, fd); /* only read from */
	if (error != 0)
		return error;
	hash_final(&state, ret_hash);
	*ret_bytes = total;
	return 0;
}

static int publish_digest(struct env *env, const char *digest_path, const char *path, const struct hash *hash)
{
	char text[HASH_TEXT_BYTES], line[DIGEST_FILE_BYTES + sizeof("  \n")];

	snprintf(line, sizeof(line), "%s  %s\n", hash_format(hash, text), path_leaf(path));
	return io_publish(env, digest_path, slice_from(line));
}

/* Does the file beside the copy say this digest? STORE_E_DAMAGED with the reason where it does not. */
static int check_digest(struct env *env, const char *path, const struct hash *hash, struct buffer *text)
{
	char digest_path[LIMIT_PATH_BYTES], want[HASH_TEXT_BYTES];
	char *said = NULL;
	size_t bytes = 0;
	int error = path_format(digest_path, "%s" DIGEST_SUFFIX, path);

	if (error == 0)
		error = io_read_file(env, digest_path, DIGEST_FILE_BYTES, &said, &bytes);
	if (error == -ENOENT || error == -EFBIG) {
		buffer_printf(text, "%s, its digest, is %s\n", digest_path, error == -ENOENT ? "not there" : "none");
		return STORE_E_DAMAGED;
	}
	if (error < 0)
		return log_failure(error, "%s", path);
	hash_format(hash, want);
	if (bytes < strlen(want) || memcmp(said, want, strlen(want)) != 0) {
		buffer_printf(text, "its bytes are not those that were written: %s does not agree\n", digest_path);
		error = STORE_E_DAMAGED;
	}
	env_free(env, said);
	return error;
}

/* ---- the copy, looked at ------------------------------------------------------------------------------------- */

/* A connection to a copy, which stays as it is: not in WAL mode, in its own schema. */
static int open_copy(struct env *env, const char *path, struct store **ret_copy)
{
	struct store *copy;
	int error = store_new(env, path, &copy);

	if (error != 0)
		return error;
	error = vfs_shim_new(env, &copy->vfs);
	if (error == 0)
		error = store_connect(copy);
	if (error == 0)
		error = store_configure(copy);
	if (error == 0)
		error = store_check_owner(copy, false);
	if (error == 0) {
		*ret_copy = copy;
		return 0;
	}
	store_close(copy);
	return error;
}

/* Every page; and `records` too: what store_verify looks at. 0, STORE_E_DAMAGED with the findings, <0. */
static int check_copy(struct env *env, const char *path, bool records, struct buffer *text)
{
	struct store *copy;
	bool is_older;
	int error = open_copy(env, path, &copy);

	if (error == MUSTER_ERROR_DB_CORRUPT) {
		buffer_add_text(text, "it is no database any more\n");
		return STORE_E_DAMAGED;
	}
	if (error != 0)
		return error;
	error = store_check(copy, true, text);
	if (error == 0)
		error = store_is_older(copy, &is_older);
	/* The questions are those of this schema. */
	if (error == 0 && records && !is_older)
		error = store_verify(copy, text);
	store_close(copy);
	return error;
}

int store_backup_check(struct env *env, const char *path, struct buffer *ret_text)
{
	struct hash hash;
	uint64_t bytes;
	int error = hash_setup();

	if (error == 0)
		error = hash_file(env, path, false, &hash, &bytes);
	if (error < 0)
		return log_failure(error, "%s", path);
	error = check_digest(env, path, &hash, ret_text);
	if (error == 0)
		error = check_copy(env, path, true, ret_text);
	return error == 0 ? ret_text->error : error;
}

/* ---- making it ----------------------------------------------------------------------------------------------- */

struct backup {
	struct store *store;
	struct env *env;
	const char *path;
	int lock_fd;
	char temporary[LIMIT_PATH_BYTES], journal[LIMIT_PATH_BYTES], digest[LIMIT_PATH_BYTES], folder[LIMIT_PATH_BYTES];
};

static int name_files(struct backup *backup)
{
	const char *leaf = path_leaf(backup->path);
	int folder = (int)(leaf - backup->path);
	int error = leaf[0] != '\0' ? 0 : -EISDIR;

	if (error == 0)
		error = path_format(backup->temporary, "%.*s.%s.tmp", folder, backup->path, leaf);
	if (error == 0)
		error = path_format(backup->journal, "%s-journal", backup->temporary);
	if (error == 0)
		error = path_format(backup->digest, "%s" DIGEST_SUFFIX, backup->path);
	if (error == 0)
		error = path_format(backup->folder, "%.*s", folder > 0 ? folder : 1, folder > 0 ? backup->path : ".");
	return error;
}

static int lock_out_others(struct backup *backup)
{
	char path[LIMIT_PATH_BYTES];
	int error = path_format(path, "%s.backup.lock", backup->store->path);

	if (error != 0)
		return error;
	backup->lock_fd = env_open(backup->env, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	if (backup->lock_fd < 0)
		return backup->lock_fd;
	error = env_lock(backup->env, backup->lock_fd, false);
	return error == -EWOULDBLOCK ? MUSTER_ERROR_BUSY : error;
}

/* Harmless where they are not there. */
static int remove_temporary(struct backup *backup)
{
	int error = env_unlink(backup->env, backup->temporary);
	int second = env_unlink(backup->env, backup->journal);

	return error != 0 ? error : second;
}

/* Ours alone from the first byte on: SQLite takes an empty file as it finds it. */
static int make_empty(struct backup *backup)
{
	int error = remove_temporary(backup);
	int fd = error == 0 ? env_open(backup->env, backup->temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600)
			    : error;

	return fd < 0 ? fd : env_close(backup->env, fd);
}

static int vacuum_into(struct backup *backup)
{
	struct query query;

	query_open(&query, backup->store, "VACUUM INTO ?");
	query_cstr(&query, backup->temporary);
	return query_run(&query);
}

static int check_made(struct backup *backup)
{
	struct buffer text;
	int error;

	buffer_init(&text, backup->env);
	error = check_copy(backup->env, backup->temporary, false, &text);
	if (error == STORE_E_DAMAGED)
		error = log_failure(MUSTER_ERROR_DB_CORRUPT,
				    "the copy is damaged, as the database or the disk may be: %s",
				    text.len > 0 ? text.data : "");
	buffer_fini(&text);
	return error;
}

/* The digest first: a copy that is seen has it. */
static int publish(struct backup *backup, const struct hash *hash)
{
	int error;

	if (env_exists(backup->env, backup->path))
		return STORE_E_EXISTS;
	error = publish_digest(backup->env, backup->digest, backup->path, hash);
	if (error == 0)
		error = env_rename(backup->env, backup->temporary, backup->path);
	return error != 0 ? error : env_sync_dir(backup->env, backup->folder);
}

/* With the lock held. */
static int make_copy(struct backup *backup, struct hash *ret_hash, uint64_t *ret_bytes)
{
	struct hash hash;
	uint64_t bytes = 0;
	int error = make_empty(backup);

	if (error == 0)
		error = vacuum_into(backup);
	if (error == 0)
		error = check_made(backup);
	if (error == 0)
		error = hash_file(backup->env, backup->temporary, true, &hash, &bytes);
	if (error == 0)
		error = publish(backup, &hash);
	/* What cannot be taken away now the next backup of that name takes away. */
	(void)remove_temporary(backup);
	if (error != 0)
		return error;
	*ret_hash = hash;
	*ret_bytes = bytes;
	return 0;
}

int store_backup(struct store *store, const char *path, struct hash *ret_hash, uint64_t *ret_bytes)
{
	struct backup backup = {.store = store, .env = store->env, .path = path, .lock_fd = -1};
	int error = name_files(&backup);

	if (error == 0 && env_exists(store->env, path))
		error = STORE_E_EXISTS;
	if (error == 0)
		error = lock_out_others(&backup);
	if (error == 0)
		error = make_copy(&backup, ret_hash, ret_bytes);
	if (backup.lock_fd >= 0)
		(void)env_close(store->env, backup.lock_fd); /* nothing was written through it */
	return error < 0 ? log_failure(error, "%s: no backup was made", path) : error;
}
