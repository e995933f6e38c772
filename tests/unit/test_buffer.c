/* If this failed: a report or an acknowledgment could be cut short without anybody knowing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "muster/buffer.h"
#include "muster/env_fault.h"
#include "muster/error.h"
#include "world.h"

static void test_append(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, &world.env);
	assert_int_equal(buffer_slice(&buffer).len, 0);
	buffer_add_text(&buffer, "a");
	buffer_add_char(&buffer, '\0');
	buffer_add_slice(&buffer, SLICE_EMPTY);
	buffer_add_u64(&buffer, 0);
	buffer_add_char(&buffer, ' ');
	buffer_add_u64(&buffer, UINT64_MAX);
	buffer_printf(&buffer, " %s/%03d", "x", 7);
	assert_int_equal(buffer.len, 3 + 1 + 20 + 6);
	assert_memory_equal(buffer.data, "a\0" "0 18446744073709551615 x/007", buffer.len + 1);
	buffer_clear(&buffer);
	assert_int_equal(buffer.len, 0);
	assert_string_equal(buffer.data, "");
	buffer_fini(&buffer);
	buffer_fini(&buffer);
}

static void test_growth(void **state)
{
	struct buffer buffer;
	size_t i;

	(void)state;
	buffer_init(&buffer, &world.env);
	for (i = 0; i < 5000; i++)
		buffer_printf(&buffer, "%04zu", i);
	assert_int_equal(buffer.len, 20000);
	for (i = 0; i < 5000; i++) {
		char want[5];

		snprintf(want, sizeof(want), "%04zu", i);
		assert_memory_equal(buffer.data + 4 * i, want, 4);
	}
	assert_int_equal(buffer.data[20000], '\0');
	buffer_fini(&buffer);
}

static void test_no_memory(void **state)
{
	struct env_fault fault;
	struct buffer buffer;

	(void)state;
	env_fault_init(&fault, &world.env, 1);
	env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_OP(ENV_ALLOC), 2, ENV_FAULT_ERROR_ONCE, ENOMEM});
	buffer_init(&buffer, &fault.env);
	buffer_add_text(&buffer, "kept");
	buffer_printf(&buffer, "%01000d", 1); /* this growth fails */
	assert_int_equal(buffer.error, -ENOMEM);
	buffer_add_text(&buffer, "x"); /* remembered: nothing is added behind the gap */
	assert_true(slice_is(buffer_slice(&buffer), "kept"));
	buffer_clear(&buffer);
	assert_int_equal(buffer.error, 0);
	buffer_add_text(&buffer, "again");
	assert_true(slice_is(buffer_slice(&buffer), "again"));
	buffer_fini(&buffer);
}

static void test_absurd_size(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, &world.env);
	buffer_add_text(&buffer, "a");
	buffer_add(&buffer, "", SIZE_MAX);
	assert_int_equal(buffer.error, -ENOMEM);
	buffer_fini(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_absurd_size),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
