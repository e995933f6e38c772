/* If this failed: half a report could lie under its final name, and somebody would take it for the whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>

#include "muster/env_fault.h"
#include "muster/error.h"
#include "world.h"

/* More than one write of the outfile. */
#define LARGE_BYTES ((size_t)200000)

static char old_content[LARGE_BYTES + 1], new_content[LARGE_BYTES + 1];

static int setup(void **state)
{
	size_t i;

	for (i = 0; i < LARGE_BYTES; i++) {
		old_content[i] = (char)('a' + i % 23);
		new_content[i] = (char)('A' + i % 19);
	}
	return world_setup(state);
}

static void read_back(const char *path, char **ret_data, size_t *ret_bytes)
{
	assert_int_equal(io_read_file(&world.env, path, 10 * LARGE_BYTES, ret_data, ret_bytes), 0);
}

static void assert_content(const char *path, struct slice want)
{
	char *data;
	size_t bytes;

	read_back(path, &data, &bytes);
	assert_int_equal(bytes, want.len);
	if (bytes > 0)
		assert_memory_equal(data, want.data, bytes);
	env_free(&world.env, data);
}

/* Names in the test's folder `name`. */
static size_t count_names(const char *name)
{
	char **names;
	size_t count;

	assert_int_equal(env_list(&world.env, world_path(name), &names, &count), 0);
	env_free(&world.env, names);
	return count;
}

static void test_commit(void **state)
{
	struct io_outfile out;
	struct hash hash, want;
	const char *path;

	(void)state;
	assert_int_equal(env_mkdirs(&world.env, world_path("commit")), 0);
	path = world_path("commit/a.999");
	assert_int_equal(io_outfile_open(&out, &world.env, path), 0);
	io_outfile_write(&out, new_content, 5);
	io_outfile_write(&out, "", 0);
	io_outfile_write(&out, new_content + 5, LARGE_BYTES - 5);
	assert_int_equal(out.bytes, LARGE_BYTES);
	assert_false(env_exists(&world.env, path));
	assert_true(env_exists(&world.env, world_path("commit/.a.999.tmp")));
	assert_int_equal(io_outfile_commit(&out, &hash), 0);
	hash_of(slice_of(new_content, LARGE_BYTES), &want);
	assert_memory_equal(hash.bytes, want.bytes, HASH_BYTES);
	assert_content(path, slice_of(new_content, LARGE_BYTES));
	assert_int_equal(count_names("commit"), 1);
	io_outfile_abort(&out);
	assert_content(path, slice_of(new_content, LARGE_BYTES));
	assert_int_equal(io_publish(&world.env, path, SLICE_EMPTY), 0);
	assert_content(path, SLICE_EMPTY);
}

static void test_abort(void **state)
{
	struct io_outfile out;

	(void)state;
	assert_int_equal(env_mkdirs(&world.env, world_path("abort")), 0);
	assert_int_equal(io_outfile_open(&out, &world.env, world_path("abort/a")), 0);
	io_outfile_write(&out, "x", 1);
	io_outfile_abort(&out);
	io_outfile_abort(&out);
	assert_int_equal(count_names("abort"), 0);
	assert_true(io_outfile_commit(&out, NULL) < 0);
	assert_int_equal(count_names("abort"), 0);
}

static void test_bad_names(void **state)
{
	struct io_outfile out;

	(void)state;
	assert_int_equal(io_outfile_open(&out, &world.env, world_path("no/such/folder")), -ENOENT);
	assert_int_equal(io_outfile_commit(&out, NULL), -ENOENT);
	io_outfile_abort(&out);
	assert_int_equal(io_outfile_open(&out, &world.env, world_path("folder/")), -EISDIR);
	/* A link planted under the temporary name is not written through. */
	(void)world_file("target", SLICE_LITERAL("x"));
	assert_int_equal(symlink(world_path("target"), world_path(".planted.tmp")), 0);
	assert_int_equal(io_outfile_open(&out, &world.env, world_path("planted")), -ELOOP);
	assert_content(world_path("target"), SLICE_LITERAL("x"));
}

/* A name without a folder is one in the current folder. */
static void test_bare_name(void **state)
{
	char before[1000];

	(void)state;
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(world.folder), 0);
	assert_int_equal(io_publish(&world.env, "bare", SLICE_LITERAL("x")), 0);
	assert_int_equal(chdir(before), 0);
	assert_content(world_path("bare"), SLICE_LITERAL("x"));
}

static void test_read_file(void **state)
{
	const char *path = world_file("read", SLICE_LITERAL("12345"));
	char *data = NULL;
	size_t bytes = 0;

	(void)state;
	assert_int_equal(io_read_file(&world.env, path, 4, &data, &bytes), -EFBIG);
	assert_null(data);
	assert_int_equal(io_read_file(&world.env, path, 5, &data, &bytes), 0);
	assert_int_equal(bytes, 5);
	assert_string_equal(data, "12345");
	env_free(&world.env, data);
	assert_int_equal(io_read_file(&world.env, world_path("nothing"), 5, &data, &bytes), -ENOENT);
	assert_int_equal(io_read_file(&world.env, world.folder, 5, &data, &bytes), -EISDIR);
	path = world_file("empty", SLICE_EMPTY);
	assert_int_equal(io_read_file(&world.env, path, 0, &data, &bytes), 0);
	assert_int_equal(bytes, 0);
	assert_string_equal(data, "");
	env_free(&world.env, data);
}

static void test_copy(void **state)
{
	const char *from = world_file("from", slice_of(old_content, LARGE_BYTES)), *to = world_path("to");
	struct hash hash, want;
	uint64_t bytes;

	(void)state;
	assert_int_equal(io_copy_file(&world.env, from, to, &hash, &bytes), 0);
	hash_of(slice_of(old_content, LARGE_BYTES), &want);
	assert_memory_equal(hash.bytes, want.bytes, HASH_BYTES);
	assert_int_equal(bytes, LARGE_BYTES);
	assert_content(to, slice_of(old_content, LARGE_BYTES));
	assert_int_equal(io_copy_file(&world.env, world_path("nothing"), to, &hash, &bytes), -ENOENT);
	assert_int_equal(io_copy_file(&world.env, world.folder, to, &hash, &bytes), -EISDIR);
	assert_content(to, slice_of(old_content, LARGE_BYTES));
}

static void test_gzip(void **state)
{
	const char *from = world_file("from", slice_of(old_content, LARGE_BYTES));
	struct io_source *source;
	struct hash hash, want;
	char *data = env_alloc(&world.env, LARGE_BYTES + 1), *first, *second;
	size_t got = 0, first_bytes, second_bytes;
	ssize_t n;

	(void)state;
	assert_int_equal(io_gzip_file(&world.env, from, world_path("a.gz"), &hash), 0);
	hash_of(slice_of(old_content, LARGE_BYTES), &want);
	assert_memory_equal(hash.bytes, want.bytes, HASH_BYTES);
	assert_int_equal(io_source_open(&world.env, world_path("a.gz"), &source), 0);
	while ((n = io_source_read(source, data + got, LARGE_BYTES + 1 - got)) > 0)
		got += (size_t)n;
	assert_int_equal(n, 0);
	assert_true(io_source_is_gzip(source));
	assert_int_equal(io_source_damage(source), IO_SOUND);
	assert_int_equal(got, LARGE_BYTES);
	assert_memory_equal(data, old_content, LARGE_BYTES);
	io_source_close(source);
	env_free(&world.env, data);
	/* No name and no time inside: the same again is the same bytes. */
	assert_int_equal(io_copy_file(&world.env, from, world_path("other name"), NULL, NULL), 0);
	assert_int_equal(io_gzip_file(&world.env, world_path("other name"), world_path("b.gz"), NULL), 0);
	read_back(world_path("a.gz"), &first, &first_bytes);
	read_back(world_path("b.gz"), &second, &second_bytes);
	assert_int_equal(first_bytes, second_bytes);
	assert_memory_equal(first, second, first_bytes);
	assert_memory_equal(first + 3, "\0\0\0\0\0", 5); /* flags, time */
	env_free(&world.env, first);
	env_free(&world.env, second);
}

typedef int (*work)(struct env *env, const char *from, const char *to);

static int work_publish(struct env *env, const char *from, const char *to)
{
	(void)from;
	return io_publish(env, to, slice_of(new_content, LARGE_BYTES));
}

static int work_copy(struct env *env, const char *from, const char *to)
{
	return io_copy_file(env, from, to, NULL, NULL);
}

static int work_gzip(struct env *env, const char *from, const char *to)
{
	return io_gzip_file(env, from, to, NULL);
}

static const work works[] = {work_publish, work_copy, work_gzip};

static const char *begin_sweep(const char **ret_from)
{
	*ret_from = world_file("new", slice_of(new_content, LARGE_BYTES));
	assert_int_equal(env_mkdirs(&world.env, world_path("sweep")), 0);
	return world_path("sweep/out");
}

/* What stands under the final name is the old file or the new one, whole. Returns whether it is the old one. */
static bool is_old(const char *path, struct slice whole)
{
	char *data;
	size_t bytes;
	bool old;

	read_back(path, &data, &bytes);
	old = bytes == LARGE_BYTES && memcmp(data, old_content, bytes) == 0;
	if (!old)
		assert_true(slice_equal(slice_of(data, bytes), whole));
	env_free(&world.env, data);
	return old;
}

/* What `work` makes in an undisturbed run. */
static void make_whole(work todo, const char *from, char **ret_data, size_t *ret_bytes)
{
	const char *path = world_path("whole");

	assert_int_equal(todo(&world.env, from, path), 0);
	read_back(path, ret_data, ret_bytes);
}

/* Each operation failing in turn, once and for good, whole and torn. */
static void test_every_error(void **state)
{
	static const struct env_fault_plan plans[] = {
		{ENV_FAULT_ALL | ENV_FAULT_OP(ENV_ALLOC), 0, ENV_FAULT_ERROR_ONCE, EIO},
		{ENV_FAULT_ALL, 0, ENV_FAULT_ERROR_STICKY, EIO},
		{ENV_FAULT_ALL, 0, ENV_FAULT_ERROR_TORN, ENOSPC},
	};
	const char *from, *to = begin_sweep(&from);
	size_t i, j, whole_bytes;
	char *whole;

	(void)state;
	for (i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		make_whole(works[i], from, &whole, &whole_bytes);
		for (j = 0; j < sizeof(plans) / sizeof(plans[0]); j++) {
			struct env_fault_plan plan = plans[j];
			struct env_fault fault;
			int error = -1;

			env_fault_init(&fault, &world.env, 1);
			for (plan.nth = 1; plan.nth < 200; plan.nth++) {
				assert_int_equal(io_publish(&world.env, to, slice_of(old_content, LARGE_BYTES)), 0);
				env_fault_plan(&fault, plan);
				error = works[i](&fault.env, from, to);
				if (!fault.fired)
					break;
				assert_true(error == 0 || error == -plan.error || error == -ENOMEM);
				if (error == 0)
					continue;
				/* Before the rename: the old one, and no rubbish where unlink itself could work. */
				if (fault.counts[ENV_RENAME] == 0)
					assert_true(is_old(to, slice_of(whole, whole_bytes)));
				else
					(void)is_old(to, slice_of(whole, whole_bytes));
				if (plan.kind != ENV_FAULT_ERROR_STICKY)
					assert_int_equal(count_names("sweep"), 1);
			}
			assert_in_range(plan.nth, 8, 199);
			assert_int_equal(error, 0);
			assert_false(is_old(to, slice_of(whole, whole_bytes)));
		}
		env_free(&world.env, whole);
	}
}

/* Killed before and in the middle of each operation in turn; the next run ends as an undisturbed one. */
static void test_every_kill(void **state)
{
	const char *from, *to = begin_sweep(&from);
	size_t i, whole_bytes;
	uint64_t nth, kills = 0;
	char *whole;

	(void)state;
	for (i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		make_whole(works[i], from, &whole, &whole_bytes);
		for (nth = 1;; nth++) {
			int status;
			pid_t child;

			assert_int_equal(io_publish(&world.env, to, slice_of(old_content, LARGE_BYTES)), 0);
			child = fork();
			assert_true(child >= 0);
			if (child == 0) {
				struct env_fault fault;

				env_fault_init(&fault, &world.env, 1);
				env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_CHANGES, nth,
									       ENV_FAULT_KILL_TORN, 0});
				_exit(works[i](&fault.env, from, to) == 0 ? 0 : 1);
			}
			assert_int_equal(waitpid(child, &status, 0), child);
			if (WIFEXITED(status)) {
				assert_int_equal(WEXITSTATUS(status), 0);
				break;
			}
			kills++;
			(void)is_old(to, slice_of(whole, whole_bytes));
			assert_int_equal(works[i](&world.env, from, to), 0);
			assert_false(is_old(to, slice_of(whole, whole_bytes)));
			assert_int_equal(count_names("sweep"), 1);
		}
		env_free(&world.env, whole);
	}
	assert_true(kills > 20);
	print_message("#: outfiles: %u kills, each followed by a run that ends as an undisturbed one\n", (unsigned)kills);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commit),	  cmocka_unit_test(test_abort),	    cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_bare_name), cmocka_unit_test(test_read_file), cmocka_unit_test(test_copy),
		cmocka_unit_test(test_gzip),	  cmocka_unit_test(test_every_error),
		cmocka_unit_test(test_every_kill),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
