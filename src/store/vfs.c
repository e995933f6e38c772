/*
 * vfs: SQLite's file operations through the gate of struct env.
 *
 * A thin VFS over the system's own. Each operation that touches a file asks the gate first, so that a test can fail
 * the n-th write, sync or truncate of the database as it can fail those of any other file. Without a gate it costs
 * one comparison. Locks and the shared memory of the WAL index pass through untouched: they never fail for want of
 * disk, and die with the process.
 *
 * SQLite writes a WAL frame by frame, its header apart from its page: two system calls for 4 KiB. What follows on one
 * another is gathered here, and handed on as one before anything could miss it: a sync, a read of those bytes, a question
 * for the size, an unlock, the close. No other connection reads bytes that were not synced before it was told of them, so
 * nobody sees the difference; nor does a crash, for what was not synced was never promised. Only where an overwrite leaves
 * the bytes beside it alone: elsewhere SQLite writes behind its sync. Nothing is gathered of the database file: behind the
 * last page of a checkpoint SQLite heeds no answer before it takes the pages for written.
 *
 * For a store beside another (beside.c) the WAL that SQLite opens is a copy of the real one in a file whose name is gone;
 * the database file is read and never written, and no lock is asked for.
 *
 * A refused operation becomes the SQLite result that the system's VFS would have given, so that SQLite does what it
 * does on a real fault; the -errno itself is remembered for the one who asks (vfs_shim_take_error).
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "muster/limits.h"
#include "store_internal.h"

/* The system's VFS takes less than 128 KiB at once. */
#define GATHERED_BYTES ((size_t)64 * 1024)

struct vfs_shim {
	sqlite3_vfs vfs; /* first: SQLite hands it back to us */
	sqlite3_vfs *real;
	struct env *env;
	int error;
	bool beside;
	char copy_name[LIMIT_PATH_BYTES]; /* beside: of the WAL's copy, while it has one; SQLite keeps the pointer */
	char name[48];
};

struct shim_file {
	sqlite3_file file; /* first */
	struct vfs_shim *shim;
	const char *name;
	sqlite3_file *real; /* right behind this struct */
	bool gathers, is_copy; /* is_copy: lost at a crash whatever is synced */
	char *gathered; /* GATHERED_BYTES, once something was written; NULL = none yet */
	size_t gathered_bytes;
	sqlite3_int64 gathered_at;
};

static struct vfs_shim *shim_of(sqlite3_vfs *vfs)
{
	return (struct vfs_shim *)vfs->pAppData;
}

/* What a refusal of this operation with `error` looks like. */
static int refused(struct vfs_shim *shim, int error, enum env_op op, int refusal)
{
	shim->error = error;
	if (error == -ENOMEM)
		return SQLITE_IOERR_NOMEM;
	if ((error == -ENOSPC || error == -EDQUOT) && op == ENV_DB_WRITE)
		return SQLITE_FULL;
	return refusal;
}

/* None of SQLite's results: a write is to be cut amid (ENV_GATE_TORN). */
#define TORN (-1)

/* SQLITE_OK, TORN, or a refusal. */
static int gate(struct vfs_shim *shim, enum env_op op, const char *name, int refusal)
{
	int error;

	if (shim->env->gate == NULL)
		return SQLITE_OK;
	error = env_gate(shim->env, op, name != NULL ? name : "");
	if (error == 0)
		return SQLITE_OK;
	return error == ENV_GATE_TORN ? TORN : refused(shim, error, op, refusal);
}

static struct shim_file *shim_file_of(sqlite3_file *file)
{
	return (struct shim_file *)file;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
	return shim_file_of(file)->real;
}

/* Beside another store the database file is somebody else's. */
static bool is_untouchable(const struct shim_file *self)
{
	return self->shim->beside && !self->is_copy;
}

/* Hand on what was gathered. What could not be written is not kept: SQLite gives the transaction up. */
static int flush(struct shim_file *self)
{
	int bytes = (int)self->gathered_bytes;

	self->gathered_bytes = 0;
	return bytes == 0 ? SQLITE_OK
			  : self->real->pMethods->xWrite(self->real, self->gathered, bytes, self->gathered_at);
}

static int shim_close(sqlite3_file *file)
{
	struct shim_file *self = shim_file_of(file);
	int rc = flush(self), closed;

	env_free(self->shim->env, self->gathered);
	self->gathered = NULL;
	closed = self->real->pMethods->xClose(self->real);
	return rc != SQLITE_OK ? rc : closed;
}

static bool is_gathered(const struct shim_file *self, int bytes, sqlite3_int64 offset)
{
	return self->gathered_bytes > 0 && offset < self->gathered_at + (sqlite3_int64)self->gathered_bytes &&
	       self->gathered_at < offset + bytes;
}

static int shim_read(sqlite3_file *file, void *out, int bytes, sqlite3_int64 offset)
{
	struct shim_file *self = shim_file_of(file);
	int rc = gate(self->shim, ENV_DB_READ, self->name, SQLITE_IOERR_READ);

	if (rc == SQLITE_OK && is_gathered(self, bytes, offset))
		rc = flush(self);
	return rc != SQLITE_OK ? rc : self->real->pMethods->xRead(self->real, out, bytes, offset);
}

/* Does it follow on what was gathered, with room for it? */
static bool follows(const struct shim_file *self, int bytes, sqlite3_int64 offset)
{
	return self->gathered_bytes + (size_t)bytes <= GATHERED_BYTES &&
	       (self->gathered_bytes == 0 || offset == self->gathered_at + (sqlite3_int64)self->gathered_bytes);
}

static int make_room(struct shim_file *self)
{
	self->gathered = env_alloc(self->shim->env, GATHERED_BYTES);
	if (self->gathered != NULL)
		return SQLITE_OK;
	self->shim->error = -ENOMEM;
	return SQLITE_IOERR_NOMEM;
}

/* All that came before it, and its first half. */
static int tear(struct shim_file *self, const void *data, int bytes, sqlite3_int64 offset)
{
	int rc = flush(self);

	if (rc == SQLITE_OK)
		rc = self->real->pMethods->xWrite(self->real, data, bytes / 2, offset);
	return rc != SQLITE_OK ? rc : refused(self->shim, env_torn(self->shim->env), ENV_DB_WRITE, SQLITE_IOERR_WRITE);
}

static int shim_write(sqlite3_file *file, const void *data, int bytes, sqlite3_int64 offset)
{
	struct shim_file *self = shim_file_of(file);
	int rc = is_untouchable(self) ? SQLITE_IOERR_WRITE
				      : gate(self->shim, ENV_DB_WRITE, self->name, SQLITE_IOERR_WRITE);

	if (rc == TORN)
		return tear(self, data, bytes, offset);
	if (rc == SQLITE_OK && !follows(self, bytes, offset))
		rc = flush(self);
	if (rc == SQLITE_OK && self->gathers && self->gathered == NULL)
		rc = make_room(self);
	if (rc != SQLITE_OK)
		return rc;
	/* SQLite writes no piece as long as that: but then it goes on as it came. */
	if (self->gathered == NULL || !follows(self, bytes, offset))
		return self->real->pMethods->xWrite(self->real, data, bytes, offset);
	if (self->gathered_bytes == 0)
		self->gathered_at = offset;
	memcpy(self->gathered + self->gathered_bytes, data, (size_t)bytes);
	self->gathered_bytes += (size_t)bytes;
	return SQLITE_OK;
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct shim_file *self = shim_file_of(file);
	int rc = is_untouchable(self) ? SQLITE_IOERR_TRUNCATE
				      : gate(self->shim, ENV_DB_TRUNCATE, self->name, SQLITE_IOERR_TRUNCATE);

	if (rc == SQLITE_OK)
		rc = flush(self);
	return rc != SQLITE_OK ? rc : self->real->pMethods->xTruncate(self->real, size);
}

static int shim_sync(sqlite3_file *file, int flags)
{
	struct shim_file *self = shim_file_of(file);
	int rc = gate(self->shim, ENV_DB_SYNC, self->name, SQLITE_IOERR_FSYNC);

	if (self->is_copy)
		return rc;
	if (rc == SQLITE_OK)
		rc = flush(self);
	return rc != SQLITE_OK ? rc : self->real->pMethods->xSync(self->real, flags);
}

static int shim_file_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
	int rc = flush(shim_file_of(file));

	return rc != SQLITE_OK ? rc : real_of(file)->pMethods->xFileSize(real_of(file), ret_size);
}

static int shim_lock(sqlite3_file *file, int level)
{
	if (shim_file_of(file)->shim->beside)
		return SQLITE_OK;
	return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int shim_unlock(sqlite3_file *file, int level)
{
	int rc = flush(shim_file_of(file));

	if (rc != SQLITE_OK || shim_file_of(file)->shim->beside)
		return rc;
	return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int shim_check_reserved_lock(sqlite3_file *file, int *ret_reserved)
{
	*ret_reserved = 0;
	if (shim_file_of(file)->shim->beside)
		return SQLITE_OK;
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret_reserved);
}

static int shim_file_control(sqlite3_file *file, int op, void *argument)
{
	int rc = flush(shim_file_of(file));

	return rc != SQLITE_OK ? rc : real_of(file)->pMethods->xFileControl(real_of(file), op, argument);
}

static int shim_sector_size(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int shim_device_characteristics(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int shim_shm_map(sqlite3_file *file, int page, int page_bytes, int extend, void volatile **ret_map)
{
	return real_of(file)->pMethods->xShmMap(real_of(file), page, page_bytes, extend, ret_map);
}

static int shim_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void shim_shm_barrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int shim_shm_unmap(sqlite3_file *file, int delete_flag)
{
	return real_of(file)->pMethods->xShmUnmap(real_of(file), delete_flag);
}

/* Version 2: with the WAL's shared memory, without memory-mapped reading (promises 5.1). */
static const sqlite3_io_methods shim_methods = {
	.iVersion = 2,
	.xClose = shim_close,
	.xRead = shim_read,
	.xWrite = shim_write,
	.xTruncate = shim_truncate,
	.xSync = shim_sync,
	.xFileSize = shim_file_size,
	.xLock = shim_lock,
	.xUnlock = shim_unlock,
	.xCheckReservedLock = shim_check_reserved_lock,
	.xFileControl = shim_file_control,
	.xSectorSize = shim_sector_size,
	.xDeviceCharacteristics = shim_device_characteristics,
	.xShmMap = shim_shm_map,
	.xShmLock = shim_shm_lock,
	.xShmBarrier = shim_shm_barrier,
	.xShmUnmap = shim_shm_unmap,
};

/* Salts and checksum: a WAL that was begun anew has others. */
#define WAL_HEADER_BYTES 32

/* The bytes of the real WAL, in order, into the copy, and which of them were its header. 0 or -errno, or SQLite's. */
static int copy_wal_once(struct vfs_shim *shim, int fd, char *buffer, sqlite3_file *copy, char *ret_header)
{
	sqlite3_int64 offset = 0;
	int error = env_seek(shim->env, fd, 0), rc = copy->pMethods->xTruncate(copy, 0);
	ssize_t bytes = 1;

	memset(ret_header, 0, WAL_HEADER_BYTES);
	while (error == 0 && rc == SQLITE_OK && bytes > 0) {
		bytes = env_read(shim->env, fd, buffer, GATHERED_BYTES);
		if (bytes < 0)
			error = (int)bytes;
		if (bytes >= WAL_HEADER_BYTES && offset == 0)
			memcpy(ret_header, buffer, WAL_HEADER_BYTES);
		if (bytes > 0)
			rc = copy->pMethods->xWrite(copy, buffer, (int)bytes, offset);
		offset += bytes;
	}
	return error != 0 ? error : rc;
}

/* Is this still the header? Whoever begins the WAL anew writes it before any frame. */
static int is_same_header(struct vfs_shim *shim, int fd, char *buffer, const char *header, bool *ret_same)
{
	int error = env_seek(shim->env, fd, 0);
	ssize_t bytes = error == 0 ? env_read(shim->env, fd, buffer, WAL_HEADER_BYTES) : error;

	*ret_same = bytes < WAL_HEADER_BYTES || memcmp(buffer, header, WAL_HEADER_BYTES) == 0;
	return bytes < 0 ? (int)bytes : 0;
}

/*
 * A WAL that is not there is an empty one. One whose frames all stand in the database may be begun anew while it is read,
 * and what was read of it by then is older than the database: then it is read once more. That happens once at most, for
 * nobody copies the new frames into the database meanwhile.
 */
static int copy_wal(struct vfs_shim *shim, const char *wal, sqlite3_file *copy)
{
	char header[WAL_HEADER_BYTES];
	char *buffer = env_alloc(shim->env, GATHERED_BYTES);
	int fd = buffer != NULL ? env_open(shim->env, wal, O_RDONLY | O_NOFOLLOW, 0) : -ENOMEM;
	int result = fd < 0 && fd != -ENOENT ? fd : 0;
	bool same = fd < 0;

	while (result == 0 && !same) {
		result = copy_wal_once(shim, fd, buffer, copy, header);
		if (result == 0)
			result = is_same_header(shim, fd, buffer, header, &same);
	}
	if (fd >= 0)
		(void)env_close(shim->env, fd);
	env_free(shim->env, buffer);
	if (result >= 0)
		return result;
	shim->error = result;
	return result == -ENOMEM ? SQLITE_IOERR_NOMEM : SQLITE_IOERR_READ;
}

/* A file beside the database, which loses its name before anything is in it: a crash leaves nothing. */
static int open_copy(struct vfs_shim *shim, const char *wal, struct shim_file *self, int flags, int *ret_flags)
{
	int rc;

	/* The system's VFS finds the database, whose mode the file gets, before the last hyphen. */
	if (snprintf(shim->copy_name, sizeof(shim->copy_name), "%.*s-copy%ld", (int)(strlen(wal) - strlen("-wal")), wal,
		     (long)getpid()) >= (int)sizeof(shim->copy_name))
		return SQLITE_CANTOPEN;
	self->is_copy = true;
	rc = shim->real->xOpen(shim->real, shim->copy_name, self->real, flags, ret_flags);
	if (rc != SQLITE_OK)
		return rc;
	rc = shim->real->xDelete(shim->real, shim->copy_name, 0);
	if (rc == SQLITE_OK)
		rc = self->real->pMethods->xTruncate(self->real, 0);
	return rc == SQLITE_OK ? copy_wal(shim, wal, self->real) : rc;
}

static int shim_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *ret_flags)
{
	struct vfs_shim *shim = shim_of(vfs);
	struct shim_file *self = shim_file_of(file);
	int rc = gate(shim, ENV_DB_OPEN, name, SQLITE_CANTOPEN);

	file->pMethods = NULL; /* nothing to close yet */
	if (rc != SQLITE_OK)
		return rc;
	self->shim = shim;
	self->name = name;
	self->gathers = self->is_copy = false;
	self->gathered = NULL;
	self->gathered_bytes = 0;
	self->real = (sqlite3_file *)(void *)((char *)file + sizeof(*self));
	self->real->pMethods = NULL;
	if (shim->beside && (flags & SQLITE_OPEN_WAL) != 0)
		rc = open_copy(shim, name, self, flags, ret_flags);
	else
		rc = shim->real->xOpen(shim->real, name, self->real, flags, ret_flags);
	if (rc != SQLITE_OK) {
		if (self->real->pMethods != NULL)
			self->real->pMethods->xClose(self->real);
		return rc;
	}
	file->pMethods = &shim_methods;
	self->gathers = (flags & SQLITE_OPEN_WAL) != 0 && (self->real->pMethods->xDeviceCharacteristics(self->real) &
							   SQLITE_IOCAP_POWERSAFE_OVERWRITE) != 0;
	return rc;
}

static int shim_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
	struct vfs_shim *shim = shim_of(vfs);
	int rc = shim->beside ? SQLITE_IOERR_DELETE : gate(shim, ENV_DB_DELETE, name, SQLITE_IOERR_DELETE);

	return rc != SQLITE_OK ? rc : shim->real->xDelete(shim->real, name, sync_folder);
}

static int shim_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret_there)
{
	sqlite3_vfs *real = shim_of(vfs)->real;

	return real->xAccess(real, name, flags, ret_there);
}

static int shim_full_pathname(sqlite3_vfs *vfs, const char *name, int bytes, char *out)
{
	sqlite3_vfs *real = shim_of(vfs)->real;

	return real->xFullPathname(real, name, bytes, out);
}

static int shim_randomness(sqlite3_vfs *vfs, int bytes, char *out)
{
	struct vfs_shim *shim = shim_of(vfs);

	shim->env->random(shim->env, out, (size_t)bytes);
	return bytes;
}

static int shim_sleep(sqlite3_vfs *vfs, int microseconds)
{
	sqlite3_vfs *real = shim_of(vfs)->real;

	return real->xSleep(real, microseconds);
}

/* Julian day x 86,400,000, from the env's clock. */
static int shim_current_time(sqlite3_vfs *vfs, sqlite3_int64 *ret_time)
{
	static const sqlite3_int64 unix_epoch = INT64_C(24405875) * 8640000;

	*ret_time = unix_epoch + env_clock_ms(shim_of(vfs)->env);
	return SQLITE_OK;
}

static int shim_current_time_days(sqlite3_vfs *vfs, double *ret_days)
{
	sqlite3_int64 time;
	int rc = shim_current_time(vfs, &time);

	*ret_days = (double)time / 86400000.0;
	return rc;
}

static int shim_get_last_error(sqlite3_vfs *vfs, int bytes, char *out)
{
	struct vfs_shim *shim = shim_of(vfs);

	if (shim->error != 0)
		return -shim->error;
	return shim->real->xGetLastError != NULL ? shim->real->xGetLastError(shim->real, bytes, out) : 0;
}

int vfs_shim_new(struct env *env, struct vfs_shim **ret_shim)
{
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);
	struct vfs_shim *shim;
	int rc;

	assert(real != NULL);
	shim = env_alloc(env, sizeof(*shim));
	if (shim == NULL)
		return -ENOMEM;
	shim->real = real;
	shim->env = env;
	/* One name a store: each may have an env of its own. */
	snprintf(shim->name, sizeof(shim->name), "muster-%p", (void *)shim);
	shim->vfs = (sqlite3_vfs){
		.iVersion = 2,
		.szOsFile = (int)sizeof(struct shim_file) + real->szOsFile,
		.mxPathname = real->mxPathname,
		.zName = shim->name,
		.pAppData = shim,
		.xOpen = shim_open,
		.xDelete = shim_delete,
		.xAccess = shim_access,
		.xFullPathname = shim_full_pathname,
		.xRandomness = shim_randomness,
		.xSleep = shim_sleep,
		.xCurrentTime = shim_current_time_days,
		.xGetLastError = shim_get_last_error,
		.xCurrentTimeInt64 = shim_current_time,
	};
	rc = sqlite3_vfs_register(&shim->vfs, 0);
	if (rc != SQLITE_OK) {
		env_free(env, shim);
		return -ENOMEM;
	}
	*ret_shim = shim;
	return 0;
}

void vfs_shim_free(struct vfs_shim *shim)
{
	if (shim == NULL)
		return;
	sqlite3_vfs_unregister(&shim->vfs);
	env_free(shim->env, shim);
}

void vfs_shim_set_beside(struct vfs_shim *shim)
{
	shim->beside = true;
}

const char *vfs_shim_name(const struct vfs_shim *shim)
{
	return shim->name;
}

int vfs_shim_take_error(struct vfs_shim *shim)
{
	int error = shim->error;

	shim->error = 0;
	return error;
}
