/* If this failed: one member's data could be overwritten by the next one's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "muster/arena.h"
#include "muster/env_fault.h"
#include "muster/error.h"
#include "world.h"

static void test_alloc(void **state)
{
	struct arena arena;
	unsigned char *blocks[200];
	size_t i, j;

	(void)state;
	arena_init(&arena, &world.env, 256, 0);
	for (i = 0; i < 200; i++) {
		blocks[i] = arena_alloc(&arena, i);
		assert_non_null(blocks[i]);
		assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
		for (j = 0; j < i; j++)
			assert_int_equal(blocks[i][j], 0);
		memset(blocks[i], (int)i, i);
		(void)arena_dup(&arena, SLICE_LITERAL("x")); /* breaks the alignment */
	}
	for (i = 0; i < 200; i++)
		for (j = 0; j < i; j++)
			assert_int_equal(blocks[i][j], i);
	assert_non_null(arena_alloc(&arena, 100000)); /* more than a block */
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX - 100));
	assert_null(arena_alloc_array(&arena, SIZE_MAX / 2, 3));
	assert_non_null(arena_alloc_array(&arena, 3, 0));
	assert_non_null(arena_alloc(&arena, 8));
	arena_fini(&arena);
}

static void test_alloc_unset(void **state)
{
	struct arena arena;
	uint64_t *items, *others;
	size_t i;

	(void)state;
	arena_init(&arena, &world.env, 256, 0);
	(void)arena_dup(&arena, SLICE_LITERAL("x"));
	items = arena_alloc_unset(&arena, 20, sizeof(*items));
	assert_non_null(items);
	assert_int_equal((uintptr_t)items % _Alignof(max_align_t), 0);
	for (i = 0; i < 20; i++)
		items[i] = i;
	/* More than a block; then zeroed ones behind them, where something else has lain. */
	others = arena_alloc_unset(&arena, 200, sizeof(*others));
	assert_non_null(others);
	memset(others, 0xff, 200 * sizeof(*others));
	for (i = 0; i < 20; i++)
		assert_int_equal(items[i], i);
	arena_reset(&arena);
	others = arena_alloc_array(&arena, 100, sizeof(*others));
	assert_non_null(others);
	for (i = 0; i < 100; i++)
		assert_int_equal(others[i], 0);
	assert_null(arena_alloc_unset(&arena, SIZE_MAX / 2, 3));
	assert_null(arena_alloc_unset(&arena, 1, SIZE_MAX));
	assert_non_null(arena_alloc_unset(&arena, 0, 8));
	arena_fini(&arena);
}

static void test_text(void **state)
{
	struct arena arena;
	struct slice s;

	(void)state;
	arena_init(&arena, &world.env, 0, 0);
	s = arena_dup(&arena, SLICE_LITERAL("a\0b"));
	assert_int_equal(s.len, 3);
	assert_memory_equal(s.data, "a\0b", 4);
	s = arena_dup(&arena, SLICE_EMPTY);
	assert_int_equal(s.len, 0);
	assert_string_equal(s.data, "");
	s = arena_printf(&arena, "%s-%d", "x", 42);
	assert_true(slice_is(s, "x-42"));
	assert_int_equal(s.data[s.len], '\0');
	arena_fini(&arena);
}

static void test_rewind(void **state)
{
	struct env_fault fault;
	struct arena arena;
	struct arena_mark empty, mark;
	struct slice kept;
	uint64_t allocations;
	size_t i, used;

	(void)state;
	env_fault_init(&fault, &world.env, 1);
	arena_init(&arena, &fault.env, 128, 0);
	empty = arena_mark(&arena);
	kept = arena_dup(&arena, SLICE_LITERAL("kept"));
	mark = arena_mark(&arena);
	used = arena.bytes_used;
	for (i = 0; i < 50; i++)
		assert_non_null(arena_alloc(&arena, 40));
	arena_rewind(&arena, mark);
	assert_int_equal(arena.bytes_used, used);
	assert_true(slice_is(kept, "kept"));
	/* What was given back is used again: the next fifty need no memory, and are zero. */
	allocations = fault.counts[ENV_ALLOC];
	for (i = 0; i < 50; i++)
		memset(arena_alloc(&arena, 40), 0xee, 40);
	assert_true(slice_is(kept, "kept"));
	assert_int_equal(fault.counts[ENV_ALLOC], allocations);
	arena_rewind(&arena, empty);
	assert_int_equal(arena.bytes_used, 0);
	assert_int_equal(*(unsigned char *)arena_alloc(&arena, 40), 0);
	arena_reset(&arena);
	arena_reset(&arena);
	assert_int_equal(arena.bytes_used, 0);
	assert_int_equal(fault.counts[ENV_ALLOC], allocations);
	/* A kept block that is too small for what comes stays for later. */
	assert_non_null(arena_alloc(&arena, 1000));
	assert_non_null(arena_alloc(&arena, 40));
	arena_fini(&arena);
	arena_fini(&arena);
}

static void test_limit(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, &world.env, 64, 100);
	assert_non_null(arena_alloc(&arena, 60));
	assert_null(arena_alloc(&arena, 60));
	assert_null(arena_dup(&arena, slice_of("0123456789012345678901234567890123456789", 40)).data);
	assert_non_null(arena_alloc(&arena, 32)); /* still usable */
	arena_reset(&arena);
	assert_non_null(arena_alloc(&arena, 100));
	arena_fini(&arena);
}

static void test_no_memory(void **state)
{
	struct env_fault fault;
	struct arena arena;

	(void)state;
	env_fault_init(&fault, &world.env, 1);
	env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_OP(ENV_ALLOC), 2, ENV_FAULT_ERROR_ONCE, ENOMEM});
	arena_init(&arena, &fault.env, 64, 0);
	assert_non_null(arena_alloc(&arena, 60));
	assert_null(arena_printf(&arena, "%060d", 1).data);
	assert_non_null(arena_printf(&arena, "%060d", 1).data);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_alloc_unset), cmocka_unit_test(test_text),	cmocka_unit_test(test_rewind),
		cmocka_unit_test(test_limit), cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
