/*
 * If this failed: what is only tried out would be decided on a picture of the plan that never was, or what the disk refused
 * would be taken for stored.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_world.h"

static const char *meta_of(struct store *from, const char *name)
{
	static char text[32];
	struct slice value;

	assert_int_equal(store_meta_get(from, name, &arena, &value), 0);
	return slice_to_cstr(value, text, sizeof(text));
}

static int files_here(void)
{
	struct dirent **entries;
	int i, count = scandir(world_path("."), &entries, NULL, NULL);

	for (i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return count;
}

/* What is tried out beside a store keeps nobody waiting, sees one moment, and leaves nothing. */
static void test_beside(void **state)
{
	struct store *other, *beside, *second;
	struct member member;
	struct buffer before, after;
	int i, files;

	(void)state;
	buffer_init(&before, &world.env);
	buffer_init(&after, &world.env);
	assert_int_equal(store_open(&world.env, world_path("muster.db"), 0, &other), 0);
	store_set_busy_limit(other, 30);
	begin();
	assert_int_equal(store_meta_put(store, "a", S("in the WAL")), 0);
	commit();
	files = files_here();
	assert_int_equal(store_open_beside(store, &beside), 0);
	assert_int_equal(files_here(), files);
	assert_string_equal(meta_of(beside, "a"), "in the WAL");
	assert_int_equal(store_begin(beside, STORE_WRITE), 0);
	assert_int_equal(store_meta_put(beside, "a", S("tried")), 0);
	/* Others write meanwhile, as they like; neither side sees the other's. */
	assert_int_equal(store_begin(other, STORE_WRITE), 0);
	assert_int_equal(store_meta_put(other, "b", S("decided")), 0);
	assert_int_equal(store_commit(other), 0);
	assert_string_equal(meta_of(beside, "b"), "");
	assert_string_equal(meta_of(store, "a"), "in the WAL");
	/* More than the page cache keeps goes into the copy of the WAL, and back. */
	assert_int_equal(store_set_cache(beside, 1), 0);
	for (i = 0; i < 8000; i++) {
		member = a_member(SLICE_EMPTY, S("F1"), S("18"));
		assert_int_equal(store_member_insert(beside, &member, &no_keys, &arena), 0);
	}
	assert_int_equal(store_commit(beside), 0);
	assert_int_equal(store_begin(beside, STORE_WRITE), 0);
	assert_string_equal(meta_of(beside, "a"), "tried");
	store_rollback(beside);
	assert_int_equal(store_check(beside, true, &before), 0);
	/* Only the checkpoint waits; another store beside does not. */
	assert_int_equal(store_checkpoint(other, false), STORE_E_LOCKED);
	assert_int_equal(store_open_beside(store, &second), 0);
	assert_string_equal(meta_of(second, "b"), "decided");
	store_close(second);
	store_close(beside);
	assert_int_equal(store_checkpoint(other, true), 0);
	assert_int_equal(store_wal_bytes(store), 0);
	assert_string_equal(meta_of(store, "a"), "in the WAL");
	assert_string_equal(meta_of(other, "b"), "decided");
	/* With an empty WAL, and none: the same. */
	assert_int_equal(store_open_beside(store, &beside), 0);
	assert_string_equal(meta_of(beside, "a"), "in the WAL");
	store_close(beside);
	assert_int_equal(store_verify(store, &after), 0);
	assert_int_equal(files_here(), files);
	store_close(other);
	buffer_fini(&before);
	buffer_fini(&after);
}

/* A member's row is read from the WAL while somebody commits all the time: never half of a commit. */
static void test_beside_amid_writers(void **state)
{
	struct store *beside;
	pid_t child;
	int i, status;

	(void)state;
	begin();
	assert_int_equal(store_meta_put(store, "left", S("0")), 0);
	assert_int_equal(store_meta_put(store, "right", S("0")), 0);
	commit();
	child = fork();
	if (child == 0) {
		struct store *writer;
		char text[16];

		if (store_open(&world.env, world_path("muster.db"), 0, &writer) != 0)
			_exit(1);
		for (i = 1; i < 400; i++) {
			snprintf(text, sizeof(text), "%d", i);
			if (store_begin(writer, STORE_WRITE) != 0 || store_meta_put(writer, "left", slice_from(text)) != 0 ||
			    store_meta_put(writer, "right", slice_from(text)) != 0 || store_commit(writer) != 0)
				_exit(1);
			if (i % 20 == 0)
				(void)store_checkpoint(writer, i % 40 == 0);
		}
		_exit(0);
	}
	for (i = 0; waitpid(child, &status, WNOHANG) == 0; i++) {
		char left[32];

		assert_int_equal(store_open_beside(store, &beside), 0);
		snprintf(left, sizeof(left), "%s", meta_of(beside, "left"));
		assert_string_equal(meta_of(beside, "right"), left);
		store_close(beside);
	}
	assert_int_equal(status, 0);
	print_message("# %d stores beside a writer\n", i);
	assert_true(i > 3);
	assert_string_equal(meta_of(store, "left"), "399");
}

/* Somebody else's store, and the read of the WAL's copying at which he writes. */
static struct {
	struct env env;
	struct store *store;
	int reads, at;
} intruder;

static void put_members(struct store *into, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		struct member member = a_member(SLICE_EMPTY, S("F1"), S("18"));

		assert_int_equal(store_member_insert(into, &member, &no_keys, &arena), 0);
	}
}

/* `a` at the WAL's begin, and what came of it at its end; all of it in the database. */
static void fill_wal(void)
{
	assert_int_equal(store_checkpoint(store, true), 0);
	begin();
	assert_int_equal(store_meta_put(store, "a", S("old")), 0);
	commit();
	begin();
	put_members(store, 2000);
	assert_int_equal(store_meta_put(store, "a", S("new")), 0);
	commit();
	assert_int_equal(store_checkpoint(store, false), 0);
}

static int intruder_gate(struct env *env, enum env_op op, const char *what)
{
	(void)env, (void)what;
	if (op != ENV_READ || ++intruder.reads != intruder.at)
		return 0;
	assert_int_equal(store_begin(intruder.store, STORE_WRITE), 0);
	put_members(intruder.store, 1000);
	assert_int_equal(store_commit(intruder.store), 0);
	return 0;
}

/* A WAL that stands in the database already may be begun anew while it is copied: what was copied by then is too old. */
static void test_beside_while_the_wal_begins_anew(void **state)
{
	struct store *beside;
	int r;

	(void)state;
	env_real_init(&intruder.env);
	assert_int_equal(store_open(&intruder.env, world_path("muster.db"), 0, &intruder.store), 0);
	for (intruder.at = 1; intruder.at <= 4; intruder.at++) {
		fill_wal();
		intruder.reads = 0;
		world.env.gate = intruder_gate;
		r = store_open_beside(store, &beside);
		world.env.gate = NULL;
		assert_int_equal(r, 0);
		assert_true(intruder.reads >= intruder.at);
		assert_string_equal(meta_of(beside, "a"), "new");
		store_close(beside);
	}
	store_close(intruder.store);
}

/* What a checkpoint could not write, wherever it lies, it says; and the WAL keeps it. */
static void test_checkpoint_that_fails(void **state)
{
	struct rlimit before, tight;
	struct buffer text;
	struct stat st;
	struct store *other;
	int i, failed = 0;

	(void)state;
	buffer_init(&text, &world.env);
	/* Somebody else keeps alive what the WAL's index says of the checkpoint. */
	assert_int_equal(store_open(&world.env, world_path("muster.db"), 0, &other), 0);
	assert_string_equal(meta_of(other, "a"), "");
	begin();
	put_members(store, 1000);
	commit();
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight = before;
	(void)signal(SIGXFSZ, SIG_IGN);
	for (i = 1; i <= 40; i++) {
		assert_int_equal(store_checkpoint(store, true), 0);
		assert_int_equal(stat(world_path("muster.db"), &st), 0);
		begin();
		put_members(store, 1);
		commit();
		/* The file may not be written behind this: as if the disk refused it there. */
		tight.rlim_cur = (rlim_t)(st.st_size - (off_t)i * 4096);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
		failed += store_checkpoint(store, false) < 0;
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		store_close(store);
		assert_int_equal(store_open(&world.env, world_path("muster.db"), 0, &store), 0);
		assert_int_equal(store_check(store, true, &text), 0);
		assert_int_equal(text.len, 0);
	}
	store_close(other);
	assert_true(failed > 0);
	buffer_fini(&text);
}

#define EMPTY(test) cmocka_unit_test_setup_teardown(test, store_world_setup, store_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EMPTY(test_beside),
		EMPTY(test_beside_amid_writers),
		EMPTY(test_beside_while_the_wal_begins_anew),
		EMPTY(test_checkpoint_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
