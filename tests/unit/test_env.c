/* If this failed: a full disk or a crash could go unnoticed, and a night's changes be lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "muster/env_fault.h"
#include "muster/error.h"
#include "world.h"

static struct env_fault fault;

static int setup(void **state)
{
	(void)state;
	env_fault_init(&fault, &world.env, 42);
	return 0;
}

static void plan(enum env_op op, uint64_t nth, enum env_fault_kind kind, int error)
{
	env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_OP(op), nth, kind, error});
}

static void assert_content(const char *path, const char *want)
{
	char *data;
	size_t bytes;

	assert_int_equal(io_read_file(&world.env, path, 10000, &data, &bytes), 0);
	assert_string_equal(data, want);
	env_free(&world.env, data);
}

static void test_files(void **state)
{
	const char *path = world_path("file"), *moved = world_path("moved");
	struct env_stat st;
	char data[20] = "";
	int fd;

	(void)state;
	assert_false(env_exists(&world.env, path));
	fd = env_open(&world.env, path, O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(env_write(&world.env, fd, "0123456789", 10), 0);
	assert_int_equal(env_sync(&world.env, fd), 0);
	assert_int_equal(env_seek(&world.env, fd, 4), 0);
	assert_int_equal(env_read(&world.env, fd, data, 3), 3);
	assert_string_equal(data, "456");
	assert_int_equal(env_read(&world.env, fd, data, sizeof(data)), 3);
	assert_int_equal(env_read(&world.env, fd, data, sizeof(data)), 0);
	assert_int_equal(env_seek(&world.env, fd, UINT64_MAX), -EINVAL);
	assert_int_equal(env_close(&world.env, fd), 0);
	assert_int_equal(env_close(&world.env, fd), -EBADF);
	assert_int_equal(env_open(&world.env, path, O_RDWR | O_CREAT | O_EXCL, 0600), -EEXIST);
	assert_int_equal(env_stat(&world.env, path, &st), 0);
	assert_int_equal(st.size_bytes, 10);
	assert_int_equal(st.mode, S_IFREG | 0600);
	assert_int_equal(st.links, 1);
	assert_int_equal(env_rename(&world.env, path, moved), 0);
	assert_int_equal(env_rename(&world.env, path, moved), -ENOENT);
	assert_int_equal(env_stat(&world.env, path, &st), -ENOENT);
	assert_true(env_exists(&world.env, moved));
	assert_int_equal(env_unlink(&world.env, moved), 0);
	assert_int_equal(env_unlink(&world.env, moved), 0);
	/* A link to nothing is something. */
	assert_int_equal(symlink("nowhere", moved), 0);
	assert_true(env_exists(&world.env, moved));
	assert_int_equal(env_stat(&world.env, moved, &st), 0);
	assert_true(S_ISLNK(st.mode));
	assert_int_equal(env_unlink(&world.env, moved), 0);
	assert_false(env_exists(&world.env, "/dev/null/x"));
}

/* A file whose writer only pauses would be taken for whole, or one that somebody only reads would never be taken. */
static void test_who_writes(void **state)
{
	const char *path = world_file("half", SLICE_LITERAL("ISA"));
	struct env_stat st, other;
	int fd;

	(void)state;
	if (access("/proc/self/fd", R_OK) != 0)
		skip();
	assert_int_equal(env_stat(&world.env, path, &st), 0);
	assert_int_equal(env_stat(&world.env, world_file("beside", SLICE_EMPTY), &other), 0);
	assert_int_equal(env_is_written(&world.env, &st), 0);
	fd = env_open(&world.env, path, O_RDONLY, 0);
	assert_int_equal(env_is_written(&world.env, &st), 0);
	assert_int_equal(env_close(&world.env, fd), 0);
	fd = env_open(&world.env, path, O_WRONLY | O_APPEND, 0);
	assert_int_equal(env_is_written(&world.env, &st), 1);
	assert_int_equal(env_is_written(&world.env, &other), 0);
	assert_int_equal(env_close(&world.env, fd), 0);
	assert_int_equal(env_is_written(&world.env, &st), 0);
}

static void test_folders(void **state)
{
	const char *deep = world_path("a//b/c/"), *file = world_file("plain", SLICE_LITERAL("x"));
	char under[600], **names;
	struct env_stat st;
	size_t count;

	(void)state;
	assert_int_equal(env_mkdirs(&world.env, deep), 0);
	assert_int_equal(env_mkdirs(&world.env, deep), 0);
	assert_int_equal(env_stat(&world.env, world_path("a/b/c"), &st), 0);
	assert_int_equal(st.mode, S_IFDIR | 0700);
	snprintf(under, sizeof(under), "%s/x", file);
	assert_int_equal(env_mkdirs(&world.env, under), -ENOTDIR);
	assert_int_equal(env_mkdirs(&world.env, file), -ENOTDIR);
	assert_int_equal(env_mkdirs(&world.env, ""), -ENOENT);
	assert_int_equal(env_sync_dir(&world.env, world_path("a")), 0);
	assert_int_equal(env_sync_dir(&world.env, file), -ENOTDIR);
	assert_int_equal(env_rmdir(&world.env, world_path("a/b")), -ENOTEMPTY);
	assert_int_equal(env_rmdir(&world.env, world_path("a/b/c")), 0);
	assert_int_equal(env_rmdir(&world.env, world_path("a/b/c")), 0);
	assert_int_equal(env_list(&world.env, world_path("a/b"), &names, &count), 0);
	assert_int_equal(count, 0);
	env_free(&world.env, names);
	assert_int_equal(env_list(&world.env, world_path("nothing"), &names, &count), -ENOENT);
}

static void test_list_is_sorted(void **state)
{
	char **names, name[200];
	size_t count, i;
	long total = 0;

	(void)state;
	assert_int_equal(env_mkdirs(&world.env, world_path("many")), 0);
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "many/%zu-%0*zu", i * 7919 % 300, (int)(i % 90) + 1, i);
		(void)world_file(name, SLICE_EMPTY);
	}
	(void)world_file("many/-\xff\n", SLICE_EMPTY);
	assert_int_equal(env_list(&world.env, world_path("many"), &names, &count), 0);
	assert_int_equal(count, 301);
	assert_string_equal(names[0], "-\xff\n");
	for (i = 1; i < count; i++) {
		assert_true(strcmp(names[i - 1], names[i]) < 0);
		total += strtol(names[i], NULL, 10);
	}
	assert_int_equal(total, 300 * 299 / 2);
	env_free(&world.env, names);
}

static void test_lock(void **state)
{
	const char *path = world_file("lock", SLICE_EMPTY);
	int first = env_open(&world.env, path, O_RDWR, 0), second = env_open(&world.env, path, O_RDWR, 0);

	(void)state;
	assert_int_equal(env_lock(&world.env, first, false), 0);
	assert_int_equal(env_lock(&world.env, second, false), -EWOULDBLOCK);
	assert_int_equal(env_lock(&world.env, second, true), -EWOULDBLOCK);
	assert_int_equal(env_close(&world.env, first), 0);
	assert_int_equal(env_lock(&world.env, second, true), 0);
	assert_int_equal(env_close(&world.env, second), 0);
}

static void test_memory(void **state)
{
	unsigned char *block = env_alloc(&world.env, 1000);
	size_t i;

	(void)state;
	for (i = 0; i < 1000; i++)
		assert_int_equal(block[i], 0);
	block[999] = 7;
	block = env_realloc(&world.env, block, 100000);
	assert_int_equal(block[999], 7);
	env_free(&world.env, block);
	env_free(&world.env, NULL);
	block = env_alloc(&world.env, 0);
	assert_non_null(block);
	env_free(&world.env, block);
	plan(ENV_ALLOC, 2, ENV_FAULT_ERROR_STICKY, ENOMEM);
	block = env_alloc(&fault.env, 10);
	assert_non_null(block);
	assert_null(env_alloc(&fault.env, 10));
	assert_null(env_realloc(&fault.env, block, 20));
	env_free(&fault.env, block); /* giving back never fails */
}

static void test_clock_and_random(void **state)
{
	struct env_fault same;
	unsigned char first[64], second[64];
	int64_t now = env_clock_ms(&world.env), then = env_monotonic_ns(&world.env);

	(void)state;
	assert_true(now > INT64_C(1577836800000)); /* 2020 */
	assert_true(env_monotonic_ns(&world.env) >= then);
	env_fault_fix_clock(&fault, 1234567);
	assert_int_equal(env_clock_ms(&fault.env), 1234567);
	assert_int_equal(env_monotonic_ns(&fault.env), env_monotonic_ns(&fault.env));
	world.env.random(&world.env, first, sizeof(first));
	world.env.random(&world.env, second, sizeof(second));
	assert_memory_not_equal(first, second, sizeof(first));
	env_fault_init(&same, &world.env, 42);
	fault.env.random(&fault.env, first, sizeof(first));
	same.env.random(&same.env, second, sizeof(second));
	assert_memory_equal(first, second, sizeof(first));
	same.env.random(&same.env, second, sizeof(second));
	assert_memory_not_equal(first, second, sizeof(first));
}

/* Each operation can be made to fail, and what fails does nothing. */
static void test_every_operation_fails(void **state)
{
	static const enum env_op ops[] = {ENV_OPEN,   ENV_READ,  ENV_WRITE, ENV_SYNC, ENV_CLOSE, ENV_RENAME,
					  ENV_UNLINK, ENV_MKDIR, ENV_STAT,  ENV_LIST, ENV_LOCK};
	const char *path = world_file("victim", SLICE_LITERAL("old"));
	char **names, byte;
	struct env_stat st;
	size_t i, count;
	int fd, result = 0;

	(void)state;
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		fd = open(path, O_RDWR);
		assert_true(fd >= 0);
		plan(ops[i], 1, ENV_FAULT_ERROR_ONCE, ENOSPC);
		switch ((int)ops[i]) {
		case ENV_OPEN:
			result = env_open(&fault.env, path, O_RDWR | O_TRUNC, 0);
			break;
		case ENV_READ:
			result = (int)env_read(&fault.env, fd, &byte, 1);
			break;
		case ENV_WRITE:
			result = env_write(&fault.env, fd, "new", 3);
			break;
		case ENV_SYNC:
			result = env_sync(&fault.env, fd);
			break;
		case ENV_CLOSE:
			result = env_close(&fault.env, fd);
			assert_int_equal(fcntl(fd, F_GETFD), -1); /* not leaked */
			fd = -1;
			break;
		case ENV_RENAME:
			result = env_rename(&fault.env, path, world_path("elsewhere"));
			break;
		case ENV_UNLINK:
			result = env_unlink(&fault.env, path);
			break;
		case ENV_MKDIR:
			result = env_mkdirs(&fault.env, world_path("new"));
			break;
		case ENV_STAT:
			result = env_stat(&fault.env, path, &st);
			break;
		case ENV_LIST:
			result = env_list(&fault.env, world.folder, &names, &count);
			break;
		case ENV_LOCK:
			result = env_lock(&fault.env, fd, false);
			break;
		}
		if (result != -ENOSPC)
			fail_msg("%s: %d", env_op_name(ops[i]), result);
		assert_true(fault.fired);
		assert_int_equal(env_fault_count(&fault, ENV_FAULT_OP(ops[i])), 1);
		if (fd >= 0)
			close(fd);
		assert_content(path, "old");
	}
	assert_false(env_exists(&world.env, world_path("new")));
	/* Not knowing counts as there. */
	plan(ENV_STAT, 1, ENV_FAULT_ERROR_ONCE, EIO);
	assert_true(env_exists(&fault.env, world_path("nothing")));
}

static void test_interrupted_calls(void **state)
{
	const char *path = world_path("interrupted");
	int fd;

	(void)state;
	plan(ENV_OPEN, 1, ENV_FAULT_ERROR_ONCE, EINTR);
	fd = env_open(&fault.env, path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fault.counts[ENV_OPEN], 2);
	/* But fsync is never asked twice: P12. */
	plan(ENV_SYNC, 1, ENV_FAULT_ERROR_ONCE, EINTR);
	assert_int_equal(env_sync(&fault.env, fd), -EINTR);
	assert_int_equal(fault.counts[ENV_SYNC], 1);
	assert_int_equal(env_close(&fault.env, fd), 0);
}

static void write_twice(const char *path)
{
	int fd = env_open(&fault.env, path, O_WRONLY | O_CREAT | O_TRUNC, 0600), error;

	assert_true(fd >= 0);
	error = env_write(&fault.env, fd, "01234567", 8);
	if (error == 0)
		error = env_write(&fault.env, fd, "89abcdef", 8);
	assert_true(error == 0 || error == -ENOSPC);
	assert_int_equal(env_close(&fault.env, fd), 0);
}

static void test_torn_and_sticky_writes(void **state)
{
	const char *path = world_path("torn");

	(void)state;
	plan(ENV_WRITE, 2, ENV_FAULT_ERROR_TORN, ENOSPC);
	write_twice(path);
	assert_content(path, "0123456789ab");
	plan(ENV_WRITE, 1, ENV_FAULT_ERROR_TORN, ENOSPC);
	write_twice(path);
	assert_content(path, "0123");
	plan(ENV_WRITE, 1, ENV_FAULT_ERROR_STICKY, ENOSPC);
	write_twice(path);
	write_twice(path);
	assert_content(path, "");
	plan(ENV_WRITE, 3, ENV_FAULT_ERROR_ONCE, ENOSPC);
	write_twice(path);
	assert_content(path, "0123456789abcdef");
	assert_false(fault.fired);
}

static void test_kill(void **state)
{
	static const struct {
		enum env_op op;
		uint64_t nth;
		enum env_fault_kind kind;
		const char *left;
	} rows[] = {
		{ENV_WRITE, 2, ENV_FAULT_KILL, "01234567"},
		{ENV_WRITE, 2, ENV_FAULT_KILL_TORN, "0123456789ab"},
		{ENV_CLOSE, 1, ENV_FAULT_KILL_TORN, "0123456789abcdef"},
		{ENV_OPEN, 1, ENV_FAULT_KILL, "old"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *path = world_file("killed", SLICE_LITERAL("old"));
		int status;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			plan(rows[i].op, rows[i].nth, rows[i].kind, 0);
			write_twice(path);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		assert_content(path, rows[i].left);
	}
}

static void test_names(void **state)
{
	enum env_op op, other;

	(void)state;
	for (op = 0; op < ENV_OP_COUNT; op++) {
		assert_non_null(env_op_name(op));
		for (other = 0; other < op; other++)
			assert_string_not_equal(env_op_name(op), env_op_name(other));
	}
	assert_string_equal(env_op_name(ENV_OP_COUNT), "any");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_who_writes),
		cmocka_unit_test(test_folders),
		cmocka_unit_test(test_list_is_sorted),
		cmocka_unit_test(test_lock),
		cmocka_unit_test_setup(test_memory, setup),
		cmocka_unit_test_setup(test_clock_and_random, setup),
		cmocka_unit_test_setup(test_every_operation_fails, setup),
		cmocka_unit_test_setup(test_interrupted_calls, setup),
		cmocka_unit_test_setup(test_torn_and_sticky_writes, setup),
		cmocka_unit_test_setup(test_kill, setup),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
