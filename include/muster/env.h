/*
 * env: the world outside the program.
 *
 * Everything that can fail or that differs from night to night (clock, random bits, files, memory) is reached
 * through a struct env, so that tests can fix it, fail it or kill the program at any point of it. No other file
 * calls open, write, fsync, rename, malloc, time or their kin.
 *
 * One gate  before each effect the env is asked through `gate`; the real world has no gate (NULL). A test's gate
 *           counts, returns a -errno to make this one operation fail, or does not return (kill). For a write it may
 *           return ENV_GATE_TORN: half of the bytes are written, then `torn` is asked, which does not return or
 *           gives the -errno the write ends with. SQLite's file operations pass the same gate (store's VFS calls
 *           env_gate and env_torn), with the ENV_DB_* operations.
 * Lifetime  an env outlives everything made with it. It is used by one thread at a time.
 * Errors    -errno from the operating system or from the gate. EINTR is retried inside, short reads and writes
 *           are completed inside; fsync is never retried (promise P12).
 */
#ifndef MUSTER_ENV_H
#define MUSTER_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum env_op {
	ENV_OPEN,
	ENV_READ,
	ENV_WRITE,
	ENV_SYNC,
	ENV_CLOSE,
	ENV_RENAME,
	ENV_UNLINK,
	ENV_MKDIR,
	ENV_STAT,
	ENV_LIST,
	ENV_LOCK,
	ENV_ALLOC,
	ENV_DB_OPEN,
	ENV_DB_READ,
	ENV_DB_WRITE,
	ENV_DB_SYNC,
	ENV_DB_TRUNCATE,
	ENV_DB_DELETE,
	ENV_DB_COMMIT, /* asked by store just before each COMMIT */
	ENV_OP_COUNT
};

#define ENV_GATE_TORN 1

struct env {
	void *context; /* of whoever made this env */
	/*
	 * Before each operation; `what` is its path, "" where there is only a descriptor or none. 0: go on; -errno:
	 * the operation fails with this; ENV_GATE_TORN (ENV_WRITE and ENV_DB_WRITE only). May not return.
	 */
	int (*gate)(struct env *env, enum env_op op, const char *what);
	/* After the first half of a torn write. -errno, or does not return. NULL where gate never tears. */
	int (*torn)(struct env *env);
	/* UTC, milliseconds since 1970-01-01. */
	int64_t (*clock_ms)(struct env *env);
	/* Monotonic nanoseconds, for rates shown to people; never in an output. */
	int64_t (*monotonic_ns)(struct env *env);
	void (*random)(struct env *env, void *out, size_t bytes);
	/* Like realloc(); bytes == 0 frees and returns NULL. */
	void *(*reallocate)(struct env *env, void *block, size_t bytes);
};

/* The real world: system clock, libsodium's random bits, malloc, no gate. */
void env_real_init(struct env *ret_env);

const char *env_op_name(enum env_op op);

/*
 * Ask the gate, for effects that do not go through the functions below (store's VFS). 0, -errno, or ENV_GATE_TORN:
 * then write the first half of the bytes and return env_torn(). An -EINTR of the gate is asked again.
 */
int env_gate(struct env *env, enum env_op op, const char *what);
int env_torn(struct env *env);

/* Memory. env_alloc gives zeroed bytes, or NULL when there are none (the caller forwards -ENOMEM). */
void *env_alloc(struct env *env, size_t bytes);
void *env_realloc(struct env *env, void *block, size_t bytes);
void env_free(struct env *env, void *block);

int64_t env_clock_ms(struct env *env);
int64_t env_monotonic_ns(struct env *env);

struct env_stat {
	uint64_t size_bytes;
	int64_t mtime_ns;
	int64_t ctime_ns; /* when anything of it changed last, its name too; nobody can set this one */
	uint64_t device, inode;
	uint32_t mode; /* st_mode */
	uint32_t links;
	uint32_t uid;  /* the owner */
};

/*
 * Open; `flags` as open(2), O_CLOEXEC is added. Returns a descriptor or -errno.
 * For bytes of partners use env_open_input: it refuses anything but a regular file (a symlink -ELOOP, a folder
 * -EISDIR, a FIFO, socket or device -EINVAL) and never blocks (promise P27).
 */
int env_open(struct env *env, const char *path, int flags, mode_t mode);
int env_open_input(struct env *env, const char *path, struct env_stat *ret_stat);
/* Bytes read, 0 at the end, or -errno. Reads until `bytes` are there or the file ends. */
ssize_t env_read(struct env *env, int fd, void *out, size_t bytes);
/* 0 when all bytes were written, or -errno. */
int env_write(struct env *env, int fd, const void *data, size_t bytes);
int env_seek(struct env *env, int fd, uint64_t offset);
int env_sync(struct env *env, int fd);
int env_close(struct env *env, int fd);
/* What stands at `path` itself: a symlink is not followed. */
int env_stat(struct env *env, const char *path, struct env_stat *ret_stat);
/*
 * Does some process hold this file open for writing? 1 where /proc shows one, else 0: it shows the processes of our own
 * user, and all of them to root. Or -errno.
 */
int env_is_written(struct env *env, const struct env_stat *file);
/* A line to the machine's log (syslog, journald), as a notice. Nobody knows whether it came to stand there. */
void env_syslog(struct env *env, const char *line);
/* False only when surely nothing is at `path`: where that cannot be known, nothing must be made anew over it. */
bool env_exists(struct env *env, const char *path);
int env_rename(struct env *env, const char *from, const char *to);
/* 0 also when there was nothing. */
int env_unlink(struct env *env, const char *path);
/* Folder and its parents, mode 0700; 0 also when it was there, -ENOTDIR when a file is in the way. */
int env_mkdirs(struct env *env, const char *path);
/* An empty folder; 0 also when there was none. */
int env_rmdir(struct env *env, const char *path);
/* Make the folder's entries durable: open, fsync, close. */
int env_sync_dir(struct env *env, const char *path);
/* An exclusive (or shared) flock without waiting. 0, -EWOULDBLOCK, or -errno. Ends with the descriptor. */
int env_lock(struct env *env, int fd, bool shared);

/*
 * The names in a folder but . and .., sorted bytewise. *ret_names is one block: an array of `*ret_count`
 * pointers, then the text; the caller frees it with env_free.
 */
int env_list(struct env *env, const char *path, char ***ret_names, size_t *ret_count);

#endif
