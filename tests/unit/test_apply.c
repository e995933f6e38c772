/* If this failed: after an upgrade nobody on file would be found by name or birth date, and be taken for a new member. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>

#include "muster/apply.h"
#include "muster/env_fault.h"
#include "muster/log.h"
#include "store_world.h"

#define MEMBERS 3
#define OLD_KEY 77 /* of another version: nobody bears it */

static struct member members[MEMBERS];
static const char *path;

static struct store *opened(struct env *env)
{
	struct store *result = NULL;

	assert_int_equal(store_open(env, path, STORE_CREATE, &result), 0);
	return result;
}

static bool has_key(struct store *from, uint64_t key, uint64_t member_no)
{
	uint64_t numbers[LIMIT_CANDIDATES_PER_KEY];
	uint32_t count, i;

	assert_int_equal(store_key_members(from, key, LIMIT_CANDIDATES_PER_KEY, numbers, &count), 0);
	for (i = 0; i < count; i++)
		if (numbers[i] == member_no)
			return true;
	return false;
}

static int count_key(void *context, uint64_t key, uint64_t member_no)
{
	(void)key;
	(void)member_no;
	++*(uint32_t *)context;
	return 0;
}

/* All keys are those of now, and no other. */
static bool keys_are_new(struct store *from)
{
	uint64_t keys[MATCH_KEYS_MAX];
	uint32_t stored = 0, wanted = 0, found = 0, i, k, count;

	assert_int_equal(store_keys_each(from, count_key, &stored), 0);
	for (i = 0; i < MEMBERS; i++) {
		count = match_member_keys(&members[i], keys);
		wanted += count;
		for (k = 0; k < count; k++)
			found += has_key(from, keys[k], members[i].member_no);
	}
	return stored == wanted && found == wanted;
}

/* As an earlier muster left them: one each. */
static bool keys_are_old(struct store *from)
{
	uint32_t stored = 0, i;

	assert_int_equal(store_keys_each(from, count_key, &stored), 0);
	for (i = 0; i < MEMBERS; i++)
		if (!has_key(from, OLD_KEY, members[i].member_no))
			return false;
	return stored == MEMBERS;
}

static void put_members(const char *version)
{
	static const char *const names[MEMBERS][2] = {{"M1", "ANNA"}, {"M2", "BELA"}, {"M3", "CARL"}};
	const struct store_keys old = {.after = (const uint64_t[]){OLD_KEY}, .after_count = 1};
	uint32_t i;

	begin();
	put_reference_data(store);
	for (i = 0; i < MEMBERS; i++) {
		members[i] = a_member(slice_from(names[i][0]), S("F1"), i == 0 ? S("18") : S("19"));
		members[i].first_name = slice_from(names[i][1]);
		insert(&members[i], &old);
	}
	if (version != NULL)
		assert_int_equal(store_meta_put(store, "match_keys_version", slice_from(version)), 0);
	commit();
}

/* The database of an earlier schema, as it lies on the disk; and closed. */
static struct slice template_of_schema_13(void)
{
	char *data;
	size_t bytes;

	set_back(path, TO_SCHEMA_13);
	assert_int_equal(io_read_file(&world.env, path, 100000000, &data, &bytes), 0);
	return slice_of(data, bytes);
}

static void put_back(struct slice template)
{
	static const char *const suffixes[] = {"-wal", "-shm", ".lock"};
	char name[512];
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		(void)unlink(name);
	}
	assert_int_equal(io_publish(&world.env, path, template), 0);
}

static int setup(void **state)
{
	int result = store_world_setup(state);

	path = world_path("muster.db");
	return result;
}

static void test_keys_of_another_version(void **state)
{
	struct slice version;

	(void)state;
	put_members("1");
	assert_true(keys_are_old(store));
	assert_int_equal(apply_keys_renew(store), 0);
	assert_true(keys_are_new(store));
	assert_int_equal(store_meta_get(store, "match_keys_version", &arena, &version), 0);
	assert_slice(version, "2");
}

/* What is right is left alone: a start costs one look. */
static void test_keys_of_this_version(void **state)
{
	(void)state;
	put_members("2");
	assert_int_equal(apply_keys_renew(store), 0);
	assert_true(keys_are_old(store));
}

/* Schema 13 said nothing of the version, and there was only the first. */
static void test_upgrade_from_schema_13(void **state)
{
	struct slice template;

	(void)state;
	put_members(NULL);
	template = template_of_schema_13();
	store = opened(&world.env);
	assert_int_equal(apply_keys_renew(store), 0);
	assert_true(keys_are_new(store));
	env_free(&world.env, (char *)(uintptr_t)template.data);
}

/* A start under `env`: opens, and makes the keys anew. */
static int start(struct env *env)
{
	struct store *into = NULL;
	int result = store_open(env, path, STORE_CREATE, &into);

	if (result == 0)
		result = apply_keys_renew(into);
	store_close(into);
	return result;
}

/* All or nothing, wherever the machine fails or the power goes; and the next start puts it right. */
static void test_upgrade_cut_short(void **state)
{
	struct slice template;
	struct env_fault fault;
	uint64_t count, nth, kind, old = 0;
	int status;

	(void)state;
	put_members(NULL);
	template = template_of_schema_13();
	env_fault_init(&fault, &world.env, 1);
	env_fault_plan(&fault, (struct env_fault_plan){.ops = ENV_FAULT_CHANGES});
	assert_int_equal(start(&fault.env), 0);
	count = env_fault_count(&fault, ENV_FAULT_CHANGES);
	assert_true(count > 10);
	log_set_level(LOG_ERROR);
	for (nth = 1; nth <= count; nth++)
		for (kind = 0; kind < 2; kind++) {
			put_back(template);
			env_fault_init(&fault, &world.env, 1);
			env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_CHANGES, nth,
								       kind == 0 ? ENV_FAULT_ERROR_ONCE : ENV_FAULT_KILL, EIO});
			if (kind == 0) {
				(void)start(&fault.env);
			} else if (fork() == 0) {
				_exit(start(&fault.env) != 0);
			} else {
				assert_true(wait(&status) > 0);
				assert_true(WIFSIGNALED(status));
			}
			store = opened(&world.env);
			assert_true(keys_are_old(store) || keys_are_new(store));
			old += keys_are_old(store);
			assert_int_equal(apply_keys_renew(store), 0);
			assert_true(keys_are_new(store));
			store_close(store);
			store = NULL;
		}
	log_set_level(LOG_NOTICE);
	assert_true(old > 0);
	env_free(&world.env, (char *)(uintptr_t)template.data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, store_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_keys_of_another_version),
		TEST(test_keys_of_this_version),
		TEST(test_upgrade_from_schema_13),
		TEST(test_upgrade_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
