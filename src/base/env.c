/*
 * env: the one file that touches the operating system.
 *
 * Each function asks the gate, then makes one system call (retried on EINTR, completed when short), then turns
 * errno into a negative result. Nothing here decides anything.
 */
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "muster/env.h"
#include "muster/error.h"
#include "muster/hash.h"
#include "muster/limits.h"

static int64_t read_clock(clockid_t clock, int64_t units_per_second)
{
	struct timespec now;
	int failed = clock_gettime(clock, &now);

	assert(failed == 0);
	(void)failed;
	return (int64_t)now.tv_sec * units_per_second + now.tv_nsec / (INT64_C(1000000000) / units_per_second);
}

static int64_t real_clock_ms(struct env *env)
{
	(void)env;
	return read_clock(CLOCK_REALTIME, 1000);
}

static int64_t real_monotonic_ns(struct env *env)
{
	(void)env;
	return read_clock(CLOCK_MONOTONIC, INT64_C(1000000000));
}

static void real_random(struct env *env, void *out, size_t bytes)
{
	(void)env;
	hash_random(out, bytes);
}

static void *real_reallocate(struct env *env, void *block, size_t bytes)
{
	(void)env;
	if (bytes == 0) {
		free(block);
		return NULL;
	}
	return realloc(block, bytes);
}

void env_real_init(struct env *ret_env)
{
	*ret_env = (struct env){.clock_ms = real_clock_ms,
				.monotonic_ns = real_monotonic_ns,
				.random = real_random,
				.reallocate = real_reallocate};
}

const char *env_op_name(enum env_op op)
{
	static const char *const names[ENV_OP_COUNT] = {
		[ENV_OPEN] = "open",
		[ENV_READ] = "read",
		[ENV_WRITE] = "write",
		[ENV_SYNC] = "sync",
		[ENV_CLOSE] = "close",
		[ENV_RENAME] = "rename",
		[ENV_UNLINK] = "unlink",
		[ENV_MKDIR] = "mkdir",
		[ENV_STAT] = "stat",
		[ENV_LIST] = "list",
		[ENV_LOCK] = "lock",
		[ENV_ALLOC] = "alloc",
		[ENV_DB_OPEN] = "db_open",
		[ENV_DB_READ] = "db_read",
		[ENV_DB_WRITE] = "db_write",
		[ENV_DB_SYNC] = "db_sync",
		[ENV_DB_TRUNCATE] = "db_truncate",
		[ENV_DB_DELETE] = "db_delete",
		[ENV_DB_COMMIT] = "db_commit",
	};

	return op < ENV_OP_COUNT ? names[op] : "any";
}

int env_gate(struct env *env, enum env_op op, const char *what)
{
	int answer = 0;

	if (env->gate == NULL)
		return 0;
	do
		answer = env->gate(env, op, what);
	while (answer == -EINTR && op != ENV_SYNC);
	assert(answer <= 0 || (answer == ENV_GATE_TORN && (op == ENV_WRITE || op == ENV_DB_WRITE)));
	return answer;
}

int env_torn(struct env *env)
{
	int error;

	assert(env->torn != NULL);
	error = env->torn(env);
	assert(error < 0);
	return error;
}

void *env_realloc(struct env *env, void *block, size_t bytes)
{
	if (env_gate(env, ENV_ALLOC, "") < 0)
		return NULL;
	/* 0 would free. */
	return env->reallocate(env, block, bytes > 0 ? bytes : 1);
}

void *env_alloc(struct env *env, size_t bytes)
{
	void *block = env_realloc(env, NULL, bytes);

	if (block != NULL)
		memset(block, 0, bytes);
	return block;
}

void env_free(struct env *env, void *block)
{
	if (block != NULL)
		env->reallocate(env, block, 0);
}

int64_t env_clock_ms(struct env *env)
{
	return env->clock_ms(env);
}

int64_t env_monotonic_ns(struct env *env)
{
	return env->monotonic_ns(env);
}

static void fill_stat(const struct stat *st, struct env_stat *ret_stat)
{
	*ret_stat = (struct env_stat){.size_bytes = (uint64_t)st->st_size,
				      .mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
				      .ctime_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec,
				      .device = (uint64_t)st->st_dev,
				      .inode = (uint64_t)st->st_ino,
				      .mode = (uint32_t)st->st_mode,
				      .links = (uint32_t)st->st_nlink,
				      .uid = (uint32_t)st->st_uid};
}

int env_open(struct env *env, const char *path, int flags, mode_t mode)
{
	int error = env_gate(env, ENV_OPEN, path), fd;

	if (error < 0)
		return error;
	do
		fd = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

int env_open_input(struct env *env, const char *path, struct env_stat *ret_stat)
{
	struct stat st;
	int fd = env_open(env, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0), error = 0;

	if (fd < 0)
		return fd == -ENXIO || fd == -ENODEV ? -EINVAL : fd; /* sockets and devices without a driver */
	if (fstat(fd, &st) != 0)
		error = -errno;
	else if (S_ISDIR(st.st_mode))
		error = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		error = -EINVAL;
	if (error < 0) {
		close(fd);
		return error;
	}
	if (ret_stat != NULL)
		fill_stat(&st, ret_stat);
	return fd;
}

ssize_t env_read(struct env *env, int fd, void *out, size_t bytes)
{
	int error = env_gate(env, ENV_READ, "");
	size_t done = 0;
	ssize_t n;

	if (error < 0)
		return error;
	while (done < bytes) {
		n = read(fd, (char *)out + done, bytes - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int write_all(int fd, const char *data, size_t bytes)
{
	size_t done = 0;
	ssize_t n;

	while (done < bytes) {
		n = write(fd, data + done, bytes - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* no progress and no reason: never loop on it */
		done += (size_t)n;
	}
	return 0;
}

int env_write(struct env *env, int fd, const void *data, size_t bytes)
{
	int answer = env_gate(env, ENV_WRITE, ""), error;

	if (answer < 0)
		return answer;
	if (answer == ENV_GATE_TORN) {
		error = write_all(fd, data, bytes / 2);
		return error < 0 ? error : env_torn(env);
	}
	return write_all(fd, data, bytes);
}

int env_seek(struct env *env, int fd, uint64_t offset)
{
	(void)env;
	if (offset > INT64_MAX)
		return -EINVAL;
	return lseek(fd, (off_t)offset, SEEK_SET) < 0 ? -errno : 0;
}

int env_sync(struct env *env, int fd)
{
	int error = env_gate(env, ENV_SYNC, "");

	if (error < 0)
		return error;
	/* Once: after a failure the kernel may call the lost pages clean, and a second fsync would lie (P12). */
	return fsync(fd) != 0 ? -errno : 0;
}

int env_close(struct env *env, int fd)
{
	int error = env_gate(env, ENV_CLOSE, "");

	/* Linux gives the descriptor back whatever close says: so never twice, and EINTR is no failure. */
	if (close(fd) != 0 && errno != EINTR && error == 0)
		error = -errno;
	return error;
}

int env_stat(struct env *env, const char *path, struct env_stat *ret_stat)
{
	int error = env_gate(env, ENV_STAT, path);
	struct stat st;

	if (error < 0)
		return error;
	if (lstat(path, &st) != 0)
		return -errno;
	fill_stat(&st, ret_stat);
	return 0;
}

bool env_exists(struct env *env, const char *path)
{
	struct env_stat st;
	int error = env_stat(env, path, &st);

	return error != -ENOENT && error != -ENOTDIR;
}

int env_rename(struct env *env, const char *from, const char *to)
{
	int error = env_gate(env, ENV_RENAME, to);

	if (error < 0)
		return error;
	return rename(from, to) != 0 ? -errno : 0;
}

int env_unlink(struct env *env, const char *path)
{
	int error = env_gate(env, ENV_UNLINK, path);

	if (error < 0)
		return error;
	return unlink(path) != 0 && errno != ENOENT ? -errno : 0;
}

static int make_dir(struct env *env, const char *path)
{
	int error = env_gate(env, ENV_MKDIR, path);
	struct stat st;

	if (error < 0)
		return error;
	if (mkdir(path, 0700) == 0)
		return 0;
	if (errno != EEXIST && errno != EROFS && errno != EACCES && errno != EISDIR)
		return -errno;
	/* A parent that is there is good enough, also where we could not have made it. */
	error = -errno;
	if (stat(path, &st) != 0)
		return error;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int env_mkdirs(struct env *env, const char *path)
{
	char part[LIMIT_PATH_BYTES];
	size_t len = strlen(path), i;
	int error;

	if (len == 0)
		return -ENOENT;
	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, len + 1);
	for (i = 1; i <= len; i++) {
		if ((part[i] != '/' && part[i] != '\0') || part[i - 1] == '/')
			continue;
		part[i] = '\0';
		error = make_dir(env, part);
		if (error < 0)
			return error;
		part[i] = path[i];
	}
	return 0;
}

int env_rmdir(struct env *env, const char *path)
{
	int error = env_gate(env, ENV_UNLINK, path);

	if (error < 0)
		return error;
	return rmdir(path) != 0 && errno != ENOENT ? -errno : 0;
}

int env_sync_dir(struct env *env, const char *path)
{
	int fd = env_open(env, path, O_RDONLY | O_DIRECTORY, 0), error, close_error;

	if (fd < 0)
		return fd;
	error = env_sync(env, fd);
	close_error = env_close(env, fd);
	return error < 0 ? error : close_error;
}

int env_lock(struct env *env, int fd, bool shared)
{
	int error = env_gate(env, ENV_LOCK, "");

	if (error < 0)
		return error;
	while (flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* Names one behind the other, each with its NUL, as a folder gives them. */
struct name_text {
	char *text;
	size_t len, capacity, count;
};

static int add_name(struct env *env, struct name_text *names, const char *name)
{
	size_t bytes = strlen(name) + 1, capacity = names->capacity > 0 ? names->capacity : 4096;
	char *text;

	while (capacity < names->len + bytes)
		capacity *= 2;
	if (capacity > names->capacity) {
		text = env_realloc(env, names->text, capacity);
		if (text == NULL)
			return -ENOMEM;
		names->text = text;
		names->capacity = capacity;
	}
	memcpy(names->text + names->len, name, bytes);
	names->len += bytes;
	names->count++;
	return 0;
}

static int read_names(struct env *env, DIR *dir, struct name_text *names)
{
	struct dirent *entry;
	int error = 0;

	while (error == 0) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			return -errno;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			error = add_name(env, names, entry->d_name);
	}
	return error;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One block: the pointers, then the text they point into. */
static int pack_names(struct env *env, const struct name_text *names, char ***ret_names)
{
	size_t i, pointers_bytes = names->count * sizeof(char *);
	char **list = env_alloc(env, pointers_bytes + names->len), *at;

	if (list == NULL)
		return -ENOMEM;
	at = (char *)list + pointers_bytes;
	if (names->len > 0)
		memcpy(at, names->text, names->len);
	for (i = 0; i < names->count; i++) {
		list[i] = at;
		at += strlen(at) + 1;
	}
	if (names->count > 1)
		qsort(list, names->count, sizeof(*list), compare_names);
	*ret_names = list;
	return 0;
}

int env_list(struct env *env, const char *path, char ***ret_names, size_t *ret_count)
{
	struct name_text names = {NULL, 0, 0, 0};
	int error = env_gate(env, ENV_LIST, path);
	DIR *dir;

	if (error < 0)
		return error;
	dir = opendir(path);
	if (dir == NULL)
		return -errno;
	error = read_names(env, dir, &names);
	if (closedir(dir) != 0 && error == 0 && errno != EINTR)
		error = -errno;
	if (error == 0)
		error = pack_names(env, &names, ret_names);
	if (error == 0)
		*ret_count = names.count;
	env_free(env, names.text);
	return error;
}

/* One of a process's descriptors: is it this file, open for writing? Its link is writable where the descriptor is. */
static bool is_writer(int fds, const char *name, const struct env_stat *file)
{
	struct stat st;

	if (fstatat(fds, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || (st.st_mode & S_IWUSR) == 0)
		return false;
	return fstatat(fds, name, &st, 0) == 0 && (uint64_t)st.st_dev == file->device &&
	       (uint64_t)st.st_ino == file->inode;
}

/* A process that is gone meanwhile, or is not ours to look at, shows nothing. */
static bool process_writes(const char *pid, const struct env_stat *file)
{
	char path[sizeof("/proc//fd") + 256];
	struct dirent *entry;
	bool writes = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.255s/fd", pid);
	dir = opendir(path);
	if (dir == NULL)
		return false;
	while (!writes && (entry = readdir(dir)) != NULL)
		writes = entry->d_name[0] != '.' && is_writer(dirfd(dir), entry->d_name, file);
	(void)closedir(dir);
	return writes;
}

int env_is_written(struct env *env, const struct env_stat *file)
{
	int written = env_gate(env, ENV_LIST, "/proc");
	struct dirent *entry;
	DIR *dir;

	if (written < 0)
		return written;
	dir = opendir("/proc");
	if (dir == NULL)
		return 0;
	while (written == 0 && (entry = readdir(dir)) != NULL)
		written = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && process_writes(entry->d_name, file);
	(void)closedir(dir);
	return written;
}

void env_syslog(struct env *env, const char *line)
{
	(void)env;
	syslog(LOG_AUTHPRIV | LOG_NOTICE, "%s", line);
}
