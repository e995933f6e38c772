/*
 * If this failed: after the disk of the database died, what representatives decided would be gone, or members would go on
 * from a copy that never was a state of the plan.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "muster/env_fault.h"
#include "muster/log.h"
#include "store_world.h"

#define COPY world_path("copy.db")
#define DIGEST world_path("copy.db.sha256")

static struct buffer found;

static int check_copy(void)
{
	buffer_clear(&found);
	return store_backup_check(&world.env, COPY, &found);
}

static void dump_of(struct store *of, struct buffer *text)
{
	buffer_init(text, &world.env);
	assert_int_equal(store_dump(of, 0, text), 0);
}

static void put_members(struct store *into, uint32_t count)
{
	while (count-- > 0) {
		struct coverage_span span = a_span(day(2026, 1, 1), DATE_NONE);
		struct member member = a_member(SLICE_EMPTY, S("F1"), S("18"));

		member.spans = &span;
		member.span_count = 1;
		assert_int_equal(store_member_insert(into, &member, &no_keys, &arena), 0);
	}
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void remove_copy(void)
{
	(void)unlink(COPY);
	(void)unlink(DIGEST);
}

/* Put a copy where the database stood, as the manual says. */
static void put_back(const char *copy)
{
	store_close(store);
	store = NULL;
	assert_int_equal(unlink(world_path("muster.db")), 0);
	assert_int_equal(io_copy_file(&world.env, copy, world_path("muster.db"), NULL, NULL), 0);
}

/* What is copied is what stands there, WAL and all; put back it is the database again. */
static void test_copy_and_back(void **state)
{
	struct buffer before, after;
	struct hash hash;
	uint64_t bytes = 0;

	(void)state;
	begin();
	put_members(store, 50);
	commit();
	assert_true(store_wal_bytes(store) > 0);
	dump_of(store, &before);
	assert_int_equal(store_backup(store, COPY, &hash, &bytes), 0);
	assert_true(bytes > 4096);
	assert_int_equal(mode_of(COPY), 0600);
	assert_int_equal(mode_of(DIGEST), 0600);
	assert_false(env_exists(&world.env, world_path(".copy.db.tmp")));
	assert_false(env_exists(&world.env, world_path(".copy.db.tmp-journal")));
	assert_int_equal(check_copy(), 0);
	/* Looked at, it is as it was: no WAL beside it. */
	assert_false(env_exists(&world.env, world_path("copy.db-wal")));
	begin();
	put_members(store, 1);
	commit();
	put_back(COPY);
	assert_int_equal(unlink(world_path("muster.db-wal")), 0);
	assert_int_equal(unlink(world_path("muster.db-shm")), 0);
	assert_int_equal(store_open(&world.env, world_path("muster.db"), 0, &store), 0);
	dump_of(store, &after);
	assert_string_equal(before.data, after.data);
	buffer_fini(&before);
	buffer_fini(&after);
}

/* The WAL of the database that stood there before is not read into the one that was put back. */
static void test_foreign_wal(void **state)
{
	struct hash hash;
	uint64_t bytes;
	const char *wal;

	(void)state;
	assert_int_equal(store_backup(store, COPY, &hash, &bytes), 0);
	begin();
	put_members(store, 1);
	commit();
	wal = world_path("muster.db-wal");
	assert_true(store_wal_bytes(store) > 0);
	put_back(COPY);
	log_set_level(LOG_ERROR);
	assert_int_equal(store_open(&world.env, world_path("muster.db"), 0, &store), MUSTER_ERROR_DB_AWAY);
	store = NULL;
	log_set_level(LOG_NOTICE);
	assert_int_equal(unlink(wal), 0);
	(void)unlink(world_path("muster.db-shm"));
	assert_int_equal(store_open(&world.env, world_path("muster.db"), 0, &store), 0);
	/* From here on it is a database like any other. */
	begin();
	put_members(store, 1);
	commit();
	store_close(store);
	assert_int_equal(store_open(&world.env, world_path("muster.db"), 0, &store), 0);
}

/* Nothing is written over, and nothing but a sound copy passes. */
static void test_refused_and_damaged(void **state)
{
	struct hash hash;
	struct store *other;
	uint64_t bytes;
	char *data;
	size_t len, i;

	(void)state;
	world_file("copy.db", S("something of value"));
	assert_int_equal(store_backup(store, COPY, &hash, &bytes), STORE_E_EXISTS);
	assert_int_equal(mode_of(COPY), 0600);
	assert_int_equal(check_copy(), STORE_E_DAMAGED);
	assert_non_null(strstr(found.data, "not there"));
	assert_int_equal(unlink(COPY), 0);
	log_set_level(LOG_ERROR);
	assert_int_equal(check_copy(), -ENOENT);
	assert_int_equal(store_backup(store, world_path("nowhere/copy.db"), &hash, &bytes), -ENOENT);
	log_set_level(LOG_NOTICE);
	/* A look that failed leaves the store as it was. */
	assert_int_equal(store_open(&world.env, world_path("muster.db"), 0, &other), 0);
	assert_int_equal(store_backup(other, COPY, &hash, &bytes), 0);
	store_close(other);
	assert_int_equal(io_read_file(&world.env, COPY, 1u << 28, &data, &len), 0);
	for (i = 5; i < len; i += 4099) {
		data[i] ^= 0x40;
		assert_int_equal(unlink(COPY), 0);
		(void)world_file("copy.db", slice_of(data, len));
		data[i] ^= 0x40;
		assert_int_equal(check_copy(), STORE_E_DAMAGED);
		assert_non_null(strstr(found.data, "does not agree"));
	}
	env_free(&world.env, data);
}

/* With a digest that fits: what is no sound database of ours is told of by its pages and records. */
static void test_digest_alone_is_not_enough(void **state)
{
	char line[HASH_TEXT_BYTES + 32], text[HASH_TEXT_BYTES], *data;
	struct hash hash;
	uint64_t bytes;
	size_t len;
	sqlite3 *db;

	(void)state;
	begin();
	put_members(store, 3);
	commit();
	assert_int_equal(store_backup(store, COPY, &hash, &bytes), 0);
	assert_int_equal(sqlite3_open(COPY, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "DELETE FROM group_members WHERE member_no = 1", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(check_copy(), STORE_E_DAMAGED);
	assert_int_equal(io_read_file(&world.env, COPY, 1u << 28, &data, &len), 0);
	hash_of(slice_of(data, len), &hash);
	env_free(&world.env, data);
	snprintf(line, sizeof(line), "%s  copy.db\n", hash_format(&hash, text));
	(void)world_file("copy.db.sha256", slice_from(line));
	assert_int_equal(check_copy(), STORE_E_DAMAGED);
	assert_non_null(strstr(found.data, "kept under the wrong groups"));
}

static int meta_number(struct store *from, const char *name)
{
	struct slice value;

	assert_int_equal(store_meta_get(from, name, &arena, &value), 0);
	return (int)strtol(slice_to_cstr(value, (char[16]){0}, 16), NULL, 10);
}

static void write_on_and_on(void)
{
	struct store *writer;
	char text[16];
	int i;

	if (store_open(&world.env, world_path("muster.db"), 0, &writer) != 0)
		_exit(1);
	for (i = 1;; i++) {
		snprintf(text, sizeof(text), "%d", i);
		if (store_begin(writer, STORE_WRITE) != 0 || store_meta_put(writer, "left", slice_from(text)) != 0)
			_exit(1);
		put_members(writer, 20);
		if (store_meta_put(writer, "right", slice_from(text)) != 0 || store_commit(writer) != 0)
			_exit(1);
	}
}

/* One moment of the plan, though somebody commits all the time: never half of a commit; and nobody waits for the copy. */
static void test_copy_amid_writers(void **state)
{
	struct store *copy;
	struct hash hash;
	uint64_t bytes;
	pid_t child;
	int i, before, after = 0;

	(void)state;
	begin();
	put_members(store, 1000);
	commit();
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		write_on_and_on();
	while (meta_number(store, "right") < 3)
		usleep(1000);
	for (i = 0; i < 5; i++) {
		before = meta_number(store, "right");
		assert_int_equal(store_backup(store, COPY, &hash, &bytes), 0);
		after = meta_number(store, "right");
		assert_int_equal(check_copy(), 0);
		assert_int_equal(store_open(&world.env, COPY, 0, &copy), 0);
		assert_int_equal(meta_number(copy, "left"), meta_number(copy, "right"));
		assert_in_range(meta_number(copy, "left"), (uintmax_t)before, (uintmax_t)after);
		store_close(copy);
		remove_copy();
		(void)unlink(world_path("copy.db-wal"));
		(void)unlink(world_path("copy.db-shm"));
	}
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &i, 0), child);
	assert_true(WIFSIGNALED(i));
	assert_true(after > before);
}

/* ---- a machine that fails ------------------------------------------------------------------------------------ */

static int backup_with(struct env_fault *fault, const struct env_fault_plan *plan)
{
	struct store *from;
	struct hash hash;
	uint64_t bytes;
	int r;

	env_fault_init(fault, &world.env, 1);
	r = store_open(&fault->env, world_path("muster.db"), 0, &from);
	if (r != 0)
		return r;
	env_fault_plan(fault, *plan);
	r = store_backup(from, COPY, &hash, &bytes);
	store_close(from);
	return r;
}

static bool is_there(void)
{
	return env_exists(&world.env, COPY);
}

/* Where it stands in spite of an error it is whole; and what is left lying is in the way of nothing. */
static void check_after(int r)
{
	struct env_fault fault;

	if (is_there())
		assert_int_equal(check_copy(), 0);
	else
		assert_int_not_equal(r, 0);
	remove_copy();
	assert_int_equal(backup_with(&fault, &(struct env_fault_plan){0}), 0);
	assert_int_equal(check_copy(), 0);
	assert_false(env_exists(&world.env, world_path(".copy.db.tmp")));
	remove_copy();
}

/* At every operation: an error, a full disk, a kill. Nothing that is not a whole copy ever bears its name. */
static void test_machine_fails(void **state)
{
	static const struct {
		uint64_t ops;
		enum env_fault_kind kind;
		int error;
	} kinds[] = {
		{ENV_FAULT_ALL, ENV_FAULT_ERROR_ONCE, EIO},
		{ENV_FAULT_OP(ENV_WRITE) | ENV_FAULT_OP(ENV_DB_WRITE), ENV_FAULT_ERROR_STICKY, ENOSPC},
		{ENV_FAULT_CHANGES, ENV_FAULT_KILL, 0},
		{ENV_FAULT_OP(ENV_WRITE) | ENV_FAULT_OP(ENV_DB_WRITE), ENV_FAULT_KILL_TORN, 0},
		{ENV_FAULT_OP(ENV_ALLOC), ENV_FAULT_ERROR_ONCE, ENOMEM},
	};
	struct env_fault fault;
	uint64_t count, nth, visible = 0;
	size_t i;
	int status, r;

	(void)state;
	log_set_level(LOG_ERROR);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_int_equal(backup_with(&fault, &(struct env_fault_plan){.ops = kinds[i].ops}), 0);
		count = env_fault_count(&fault, kinds[i].ops);
		assert_true(count > 0);
		remove_copy();
		for (nth = 1; nth <= count; nth += nth + 12 < count ? 7 : 1) {
			const struct env_fault_plan plan = {kinds[i].ops, nth, kinds[i].kind, kinds[i].error};

			r = -1;
			if (kinds[i].error != 0)
				r = backup_with(&fault, &plan);
			else if (fork() == 0)
				_exit(backup_with(&fault, &plan) != 0);
			else
				assert_true(wait(&status) > 0 && WIFSIGNALED(status));
			visible += is_there();
			check_after(r);
		}
	}
	log_set_level(LOG_NOTICE);
	/* The last steps of each sweep come behind the name. */
	assert_true(visible > 0);
}

static int setup(void **state)
{
	int r = store_world_setup_filled(state);

	buffer_init(&found, &world.env);
	return r;
}

static int teardown(void **state)
{
	buffer_fini(&found);
	return store_world_teardown(state);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_copy_and_back),
		CASE(test_foreign_wal),
		CASE(test_refused_and_damaged),
		CASE(test_digest_alone_is_not_enough),
		CASE(test_copy_amid_writers),
		CASE(test_machine_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
