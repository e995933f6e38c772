/* If this failed: a full disk or a power cut in the night could leave half a family changed, or change it twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <sys/wait.h>

#include "muster/env_fault.h"
#include "muster/log.h"
#include "store_world.h"

#define DB_OPS                                                                                                         \
	(ENV_FAULT_OP(ENV_DB_OPEN) | ENV_FAULT_OP(ENV_DB_READ) | ENV_FAULT_OP(ENV_DB_WRITE) |                          \
	 ENV_FAULT_OP(ENV_DB_SYNC) | ENV_FAULT_OP(ENV_DB_TRUNCATE) | ENV_FAULT_OP(ENV_DB_DELETE) |                     \
	 ENV_FAULT_OP(ENV_DB_COMMIT) | ENV_FAULT_OP(ENV_OPEN) | ENV_FAULT_OP(ENV_LOCK) | ENV_FAULT_OP(ENV_CLOSE))
#define CHUNKS 2
#define FAMILIES 12 /* a chunk */

static struct env_fault fault;
static const char *path;
static char *wanted;          /* the dump after an undisturbed job */
static struct slice template; /* a database with reference data, and nothing applied yet */

/* ---- the job: what a night does to the database, in small ----------------------------------------------------- */

static int apply_family(struct store *into, struct arena *memory, uint32_t position)
{
	static const struct hash content;
	struct store_keys keys = {.after = (const uint64_t[]){position, position + 1000}, .after_count = 2};
	struct coverage_span span = a_span(day(2026, 1, 1), DATE_NONE);
	struct member member = a_member(SLICE_EMPTY, S("F1"), S("18"));
	int error = store_ledger_put(into, 1, position, STORE_RECORD_APPLIED, &content);

	/* Applied by an earlier, disturbed run. */
	if (error == STORE_E_EXISTS)
		return 0;
	member.spans = &span;
	member.span_count = 1;
	return error != 0 ? error : store_member_insert(into, &member, &keys, memory);
}

static int apply_chunk(struct store *into, struct arena *memory, uint32_t chunk)
{
	uint32_t i;
	int error = store_begin(into, STORE_WRITE);

	if (error != 0)
		return error;
	for (i = 1; i <= FAMILIES && error == 0; i++)
		error = apply_family(into, memory, chunk * FAMILIES + i);
	if (error == 0)
		return store_commit(into);
	store_rollback(into);
	return error;
}

static int checkpoint(struct store *into, bool truncate)
{
	int error = store_checkpoint(into, truncate);

	return error == STORE_E_LOCKED ? 0 : error;
}

/* Opens, applies in chunks with a checkpoint between, shortens the WAL. */
static int work(struct env *env)
{
	struct store *into = NULL;
	struct arena memory;
	uint32_t chunk;
	int error = store_open(env, path, STORE_CREATE, &into);

	arena_init(&memory, &world.env, 0, 0);
	for (chunk = 0; chunk < CHUNKS && error == 0; chunk++) {
		error = apply_chunk(into, &memory, chunk);
		if (error == 0)
			error = checkpoint(into, false);
	}
	if (error == 0)
		error = checkpoint(into, true);
	store_close(into);
	arena_fini(&memory);
	return error;
}

/* ---- before and after ------------------------------------------------------------------------------------------ */

static void remove_database(void)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
	char name[512];
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		(void)unlink(name);
	}
}

static void make_template(void)
{
	struct store *into;
	char *data;
	size_t bytes;

	assert_int_equal(store_open(&world.env, path, STORE_CREATE, &into), 0);
	assert_int_equal(store_begin(into, STORE_WRITE), 0);
	put_reference_data(into);
	assert_int_equal(store_commit(into), 0);
	assert_int_equal(store_checkpoint(into, true), 0);
	store_close(into);
	assert_int_equal(io_read_file(&world.env, path, 10000000, &data, &bytes), 0);
	template = slice_of(data, bytes);
}

static void fresh_database(void)
{
	remove_database();
	assert_int_equal(io_publish(&world.env, path, template), 0);
}

static char *dump(void)
{
	struct store *into;
	struct buffer text;
	char *copy;

	buffer_init(&text, &world.env);
	assert_int_equal(store_open(&world.env, path, 0, &into), 0);
	assert_int_equal(store_check(into, true, &text), 0);
	assert_int_equal(store_dump(into, STORE_DUMP_NO_TIMES, &text), 0);
	store_close(into);
	copy = strdup(text.data);
	buffer_fini(&text);
	return copy;
}

/* Chunks are there whole or not at all; all of them when the job said that it was done. */
static void assert_whole_chunks(bool done)
{
	struct store *into;
	uint64_t count;

	assert_int_equal(store_open(&world.env, path, 0, &into), 0);
	assert_int_equal(store_member_count(into, &count), 0);
	assert_int_equal(count % FAMILIES, 0);
	assert_true(!done || count == CHUNKS * FAMILIES);
	store_close(into);
}

/* After whatever happened, an undisturbed run ends where it always ends. */
static void assert_recovers(bool done)
{
	char *got;

	assert_whole_chunks(done);
	assert_int_equal(work(&world.env), 0);
	got = dump();
	assert_string_equal(got, wanted);
	free(got);
}

static int setup(void **state)
{
	/* Thousands of syncs that this test does not need to be real: the processes die, not the machine. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	if (world_setup(state) != 0)
		return -1;
	log_set_level(LOG_ERROR);
	path = world_path("muster.db");
	env_fault_init(&fault, &world.env, 1);
	make_template();
	fresh_database();
	assert_int_equal(work(&world.env), 0);
	wanted = dump();
	return 0;
}

static int teardown(void **state)
{
	free(wanted);
	env_free(&world.env, (void *)(uintptr_t) template.data);
	return world_teardown(state);
}

/* How often the job asks before an operation of the database. */
static uint64_t count_operations(void)
{
	fresh_database();
	env_fault_plan(&fault, (struct env_fault_plan){.ops = DB_OPS});
	assert_int_equal(work(&fault.env), 0);
	return env_fault_count(&fault, DB_OPS);
}

/* ---- sweeps ---------------------------------------------------------------------------------------------------- */

static void sweep_errors(enum env_fault_kind kind, int error)
{
	uint64_t count = count_operations(), failed = 0, nth;

	for (nth = 1; nth <= count; nth++) {
		int result;

		fresh_database();
		env_fault_plan(&fault, (struct env_fault_plan){DB_OPS, nth, kind, error});
		result = work(&fault.env);
		assert_true(result <= 0);
		failed += result < 0;
		assert_recovers(result == 0);
	}
	print_message("%llu operations, %llu failed the job: 0 lost, 0 doubled\n", (unsigned long long)count,
		      (unsigned long long)failed);
	assert_true(failed > 0);
}

static void test_eio_once(void **state)
{
	(void)state;
	sweep_errors(ENV_FAULT_ERROR_ONCE, EIO);
}

static void test_eio_from_then_on(void **state)
{
	(void)state;
	sweep_errors(ENV_FAULT_ERROR_STICKY, EIO);
}

static void test_disk_full(void **state)
{
	(void)state;
	sweep_errors(ENV_FAULT_ERROR_STICKY, ENOSPC);
}

static int killed_work(void)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0)
		_exit(work(&fault.env) == 0 ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void test_kill(void **state)
{
	uint64_t count = count_operations(), nth, kills = 0;

	(void)state;
	for (nth = 1; nth <= count; nth++) {
		fresh_database();
		env_fault_plan(&fault, (struct env_fault_plan){DB_OPS, nth, ENV_FAULT_KILL, 0});
		kills += (uint64_t)WIFSIGNALED(killed_work());
		assert_recovers(false);
	}
	print_message("%llu kills: 0 lost, 0 doubled\n", (unsigned long long)kills);
	assert_int_equal(kills, count);
}

/* A page, or a frame of the WAL, of which half is written when the power goes. */
static void test_kill_amid_writes(void **state)
{
	const uint64_t writes = ENV_FAULT_OP(ENV_DB_WRITE);
	uint64_t count, nth;

	(void)state;
	(void)count_operations();
	count = env_fault_count(&fault, writes);
	assert_true(count > 20);
	for (nth = 1; nth <= count; nth += nth + 8 < count ? 3 : 1) {
		fresh_database();
		env_fault_plan(&fault, (struct env_fault_plan){writes, nth, ENV_FAULT_KILL_TORN, 0});
		assert_true(WIFSIGNALED(killed_work()));
		assert_recovers(false);
	}
}

/* P41: killed while the schema is made, the next start makes it. */
static void test_kill_amid_migration(void **state)
{
	uint64_t count, nth;

	(void)state;
	remove_database();
	env_fault_plan(&fault, (struct env_fault_plan){.ops = DB_OPS});
	store = NULL;
	assert_int_equal(store_open(&fault.env, path, STORE_CREATE, &store), 0);
	count = env_fault_count(&fault, DB_OPS);
	store_close(store);
	for (nth = 1; nth <= count; nth++) {
		struct store *into;

		remove_database();
		env_fault_plan(&fault, (struct env_fault_plan){DB_OPS, nth, ENV_FAULT_KILL, 0});
		assert_true(WIFSIGNALED(killed_work()));
		assert_int_equal(store_open(&world.env, path, STORE_CREATE, &into), 0);
		assert_int_equal(store_begin(into, STORE_WRITE), 0);
		put_reference_data(into);
		assert_int_equal(store_commit(into), 0);
		store_close(into);
		assert_recovers(false);
	}
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

/* SQLite's own allocator with a count of what is left; it is asked before its first use, in main. */
static sqlite3_mem_methods real_memory;
static uint64_t allocations, allocations_max = UINT64_MAX;

static void *counted_malloc(int bytes)
{
	return allocations++ < allocations_max ? real_memory.xMalloc(bytes) : NULL;
}

static void *counted_realloc(void *block, int bytes)
{
	return allocations++ < allocations_max ? real_memory.xRealloc(block, bytes) : NULL;
}

static void count_memory(void)
{
	sqlite3_mem_methods methods;

	assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory), SQLITE_OK);
	methods = real_memory;
	methods.xMalloc = counted_malloc;
	methods.xRealloc = counted_realloc;
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
}

/* P14: from the n-th allocation on there is none: nothing half applied. All of the first, then ever fewer. */
static void test_no_memory_in_sqlite(void **state)
{
	uint64_t count, nth, failed = 0;

	(void)state;
	fresh_database();
	allocations = 0;
	assert_int_equal(work(&world.env), 0);
	count = allocations;
	for (nth = 0; nth < count; nth += 1 + nth / 40) {
		int result;

		fresh_database();
		allocations = 0;
		allocations_max = nth;
		result = work(&world.env);
		allocations_max = UINT64_MAX;
		assert_true(result <= 0);
		failed += result < 0;
		assert_recovers(result == 0);
	}
	assert_true(failed > 0);
}

static void test_no_memory_in_muster(void **state)
{
	const uint64_t ops = ENV_FAULT_OP(ENV_ALLOC);
	uint64_t count, nth;

	(void)state;
	fresh_database();
	env_fault_plan(&fault, (struct env_fault_plan){.ops = ops});
	assert_int_equal(work(&fault.env), 0);
	count = env_fault_count(&fault, ops);
	assert_true(count > 0);
	for (nth = 1; nth <= count; nth++) {
		fresh_database();
		env_fault_plan(&fault, (struct env_fault_plan){ops, nth, ENV_FAULT_ERROR_ONCE, ENOMEM});
		assert_int_equal(work(&fault.env), -ENOMEM);
		assert_recovers(false);
	}
}

/* ---- single faults --------------------------------------------------------------------------------------------- */

static int open_faulty(struct store **ret_store)
{
	fresh_database();
	env_fault_plan(&fault, (struct env_fault_plan){0});
	return store_open(&fault.env, path, 0, ret_store);
}

/* P12: a failed sync is not tried again; nothing more is written. */
static void test_failed_sync_ends_all(void **state)
{
	struct store *into;
	struct slice value;
	struct arena memory;

	(void)state;
	arena_init(&memory, &world.env, 0, 0);
	assert_int_equal(open_faulty(&into), 0);
	assert_int_equal(store_begin(into, STORE_WRITE), 0);
	assert_int_equal(store_meta_put(into, "a", S("1")), 0);
	env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_OP(ENV_DB_SYNC), 1, ENV_FAULT_ERROR_ONCE, EIO});
	assert_int_equal(store_commit(into), -EIO);
	assert_int_equal(store_begin(into, STORE_WRITE), -EIO);
	assert_int_equal(store_meta_get(into, "a", &memory, &value), -EIO);
	assert_int_equal(store_checkpoint(into, true), -EIO);
	assert_int_equal(env_fault_count(&fault, ENV_FAULT_OP(ENV_DB_SYNC)), 1);
	store_close(into);
	arena_fini(&memory);
}

/* P13: once there is room again, the same store goes on. */
static void test_full_disk_goes_on_later(void **state)
{
	struct store *into;
	struct slice value;
	struct arena memory;

	(void)state;
	arena_init(&memory, &world.env, 0, 0);
	assert_int_equal(open_faulty(&into), 0);
	assert_int_equal(store_begin(into, STORE_WRITE), 0);
	assert_int_equal(store_meta_put(into, "a", S("1")), 0);
	env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_OP(ENV_DB_WRITE), 1, ENV_FAULT_ERROR_ONCE, ENOSPC});
	assert_int_equal(store_commit(into), -ENOSPC);
	assert_int_equal(store_meta_get(into, "a", &memory, &value), 0);
	assert_int_equal(value.len, 0);
	assert_int_equal(store_begin(into, STORE_WRITE), 0);
	assert_int_equal(store_meta_put(into, "a", S("1")), 0);
	assert_int_equal(store_commit(into), 0);
	store_close(into);
	arena_fini(&memory);
}

static void test_refused_commit(void **state)
{
	struct store *into;
	struct slice value;
	struct arena memory;

	(void)state;
	arena_init(&memory, &world.env, 0, 0);
	assert_int_equal(open_faulty(&into), 0);
	assert_int_equal(store_begin(into, STORE_WRITE), 0);
	assert_int_equal(store_meta_put(into, "a", S("1")), 0);
	env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_OP(ENV_DB_COMMIT), 1, ENV_FAULT_ERROR_ONCE, EIO});
	assert_int_equal(store_commit(into), -EIO);
	assert_int_equal(store_meta_get(into, "a", &memory, &value), 0);
	assert_int_equal(value.len, 0);
	store_close(into);
	arena_fini(&memory);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_eio_once),
		TEST(test_eio_from_then_on),
		TEST(test_disk_full),
		TEST(test_kill),
		TEST(test_kill_amid_writes),
		TEST(test_kill_amid_migration),
		TEST(test_no_memory_in_sqlite),
		TEST(test_no_memory_in_muster),
		TEST(test_failed_sync_ends_all),
		TEST(test_full_disk_goes_on_later),
		TEST(test_refused_commit),
	};

	count_memory();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
