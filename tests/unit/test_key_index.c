/* If this failed, a member who is on file would not be found, and be taken for a new one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "muster/env_fault.h"
#include "muster/error.h"
#include "muster/key_index.h"

static struct env env;

struct entry {
	uint64_t key;
	uint64_t member_no;
};

static uint64_t mixed(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

/* As the database has them: keys are signed there. */
static int in_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->key != y->key)
		return (int64_t)x->key < (int64_t)y->key ? -1 : 1;
	return x->member_no < y->member_no ? -1 : x->member_no > y->member_no;
}

/* Seven keys a member; one in seven is shared by about thirty. */
static struct entry entry_of(uint64_t ordinal)
{
	uint64_t member_no = ordinal / 7 + 1;

	return (struct entry){ordinal % 7 == 0 ? mixed(member_no % 97 + 1000000) : mixed(ordinal), member_no};
}

static struct key_index *index_of(struct entry *entries, uint32_t count)
{
	struct key_index *index;
	uint32_t i;

	for (i = 0; i < count; i++)
		entries[i] = entry_of(i);
	qsort(entries, count, sizeof(*entries), in_order);
	assert_int_equal(key_index_new(&env, count, &index), 0);
	for (i = 0; i < count; i++)
		assert_int_equal(key_index_add(index, entries[i].key, entries[i].member_no), 0);
	assert_int_equal(key_index_freeze(index), 0);
	return index;
}

static bool finds(struct key_index *index, uint64_t key, uint64_t member_no)
{
	const uint32_t *numbers;
	uint32_t count, i;
	bool found = false;

	assert_int_equal(key_index_find(index, key, &numbers, &count), 0);
	for (i = 0; i < count; i++) {
		if (i > 0)
			assert_true(numbers[i - 1] < numbers[i]);
		found = found || numbers[i] == member_no;
	}
	return found;
}

#define STORED 14000u
#define LATER 70000u

/* What was there, and what came later through several mergers, is found in order and once. */
static void test_finds_all(void **state)
{
	static struct entry entries[STORED];
	struct key_index *index = index_of(entries, STORED);
	uint32_t i;

	(void)state;
	for (i = STORED; i < LATER; i++) {
		struct entry entry = entry_of(i), again = entry_of(i - STORED);

		assert_int_equal(key_index_put(index, entry.key, entry.member_no), 0);
		if (i % 5 == 0)
			assert_int_equal(key_index_put(index, again.key, again.member_no), 0);
		assert_true(finds(index, entry.key, entry.member_no));
	}
	for (i = 0; i < LATER; i++)
		assert_true(finds(index, entry_of(i).key, entry_of(i).member_no));
	key_index_free(index);
}

/* Who has another key comes along by chance alone. */
static void test_finds_few_others(void **state)
{
	static struct entry entries[STORED];
	struct key_index *index = index_of(entries, STORED);
	const uint32_t *numbers;
	uint32_t i, count, others = 0;

	(void)state;
	for (i = 0; i < 100000; i++) {
		assert_int_equal(key_index_find(index, mixed(UINT64_C(1) << 40 | i), &numbers, &count), 0);
		others += count;
	}
	assert_true(others < 50);
	key_index_free(index);
}

static void test_begins_empty(void **state)
{
	struct key_index *index;
	uint32_t i;

	(void)state;
	assert_int_equal(key_index_new(&env, 0, &index), 0);
	assert_int_equal(key_index_freeze(index), 0);
	assert_false(finds(index, 7, 1));
	for (i = 0; i < LATER; i++)
		assert_int_equal(key_index_put(index, entry_of(i).key, entry_of(i).member_no), 0);
	for (i = 0; i < LATER; i++)
		assert_true(finds(index, entry_of(i).key, entry_of(i).member_no));
	/* 1,024 buckets were enough for nothing at all: time to make it anew. */
	assert_true(key_index_is_crowded(index));
	key_index_free(index);
}

/* 64 bytes a member, as it is read and after it grew by a tenth. */
static void test_is_small(void **state)
{
	uint32_t count = 7 * 60000, i;
	struct entry *entries = malloc(count * sizeof(*entries));
	struct key_index *index;

	(void)state;
	assert_non_null(entries);
	index = index_of(entries, count);
	free(entries);
	assert_true(key_index_bytes(index) <= 64 * 60000);
	for (i = 0; i < count / 10; i++)
		assert_int_equal(key_index_put(index, entry_of(count + i).key, entry_of(count + i).member_no), 0);
	assert_true(key_index_bytes(index) <= 64 * 66000);
	assert_false(key_index_is_crowded(index));
	key_index_free(index);
}

/* Without memory it says so, and still knows what it knew. */
static void test_without_memory(void **state)
{
	struct env_fault fault;
	struct key_index *index;
	const uint32_t *numbers;
	uint32_t failed, i, count, refused = 0;
	int error;

	(void)state;
	for (failed = 1; failed < 40; failed++) {
		env_fault_init(&fault, &env, 1);
		env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_OP(ENV_ALLOC), failed, ENV_FAULT_ERROR_ONCE, ENOMEM});
		error = key_index_new(&fault.env, 100, &index);
		if (error < 0) {
			assert_int_equal(error, -ENOMEM);
			refused++;
			continue;
		}
		error = key_index_freeze(index);
		assert_true(error == 0 || error == -ENOMEM);
		refused += error < 0;
		for (i = 0; i < 20000; i++) {
			error = key_index_put(index, entry_of(i).key, entry_of(i).member_no);
			if (error < 0) {
				assert_int_equal(error, -ENOMEM);
				refused++;
				assert_int_equal(key_index_put(index, entry_of(i).key, entry_of(i).member_no), 0);
			}
		}
		/* The one failure may have waited for the first find. */
		error = key_index_find(index, entry_of(0).key, &numbers, &count);
		assert_true(error == 0 || error == -ENOMEM);
		refused += error < 0;
		for (i = 0; i < 20000; i += 11)
			assert_true(finds(index, entry_of(i).key, entry_of(i).member_no));
		key_index_free(index);
	}
	assert_true(refused >= 8);
}

static void test_numbers_too_large(void **state)
{
	struct key_index *index;

	(void)state;
	assert_int_equal(key_index_new(&env, UINT64_C(1) << 40, &index), -EOVERFLOW);
	assert_int_equal(key_index_new(&env, 10, &index), 0);
	assert_int_equal(key_index_add(index, 5, UINT64_C(1) << 32), -EOVERFLOW);
	assert_int_equal(key_index_freeze(index), 0);
	assert_int_equal(key_index_put(index, 5, UINT64_C(1) << 32), -EOVERFLOW);
	key_index_free(index);
	key_index_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_all),
		cmocka_unit_test(test_finds_few_others),
		cmocka_unit_test(test_begins_empty),
		cmocka_unit_test(test_is_small),
		cmocka_unit_test(test_without_memory),
		cmocka_unit_test(test_numbers_too_large),
	};

	env_real_init(&env);
	return cmocka_run_group_tests_name("key_index", tests, NULL, NULL);
}
