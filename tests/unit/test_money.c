/* If this failed: a premium would be posted with the wrong amount. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "muster/money.h"

#define NONE INT64_MIN

struct row {
	const char *text;
	cents r, csv; /* NONE: refused */
};

static void test_parse(void **state)
{
	static const struct row rows[] = {
		{"100", 10000, 10000},
		{"100.5", 10050, 10050},
		{"100.50", 10050, 10050},
		{"-25", -2500, -2500},
		{"-0", 0, 0},
		{"0.01", 1, 1},
		{"-0.01", -1, -1},
		{"0100.10", 10010, 10010},
		{".5", 50, NONE},
		{"-.05", -5, NONE},
		{"5.", 500, NONE},
		{"999999999999999.99", INT64_C(99999999999999999), INT64_C(99999999999999999)},
		{"1000000000000000", NONE, NONE},
		{"1.005", NONE, NONE},
		{"1.500", NONE, NONE},
		{"", NONE, NONE},
		{"-", NONE, NONE},
		{".", NONE, NONE},
		{"-.", NONE, NONE},
		{"+1", NONE, NONE},
		{"--1", NONE, NONE},
		{"1-", NONE, NONE},
		{"1,000.00", NONE, NONE},
		{"1.0.0", NONE, NONE},
		{"1e3", NONE, NONE},
		{" 1", NONE, NONE},
		{"1 ", NONE, NONE},
		{"$1", NONE, NONE},
		{"0x1", NONE, NONE},
	};
	size_t i;
	cents amount;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		amount = NONE;
		if (money_parse_r(slice_from(rows[i].text), &amount) != (rows[i].r != NONE) || amount != rows[i].r)
			fail_msg("as R: '%s'", rows[i].text);
		amount = NONE;
		if (money_parse_csv(slice_from(rows[i].text), &amount) != (rows[i].csv != NONE) ||
		    amount != rows[i].csv)
			fail_msg("as CSV: '%s'", rows[i].text);
	}
	assert_false(money_parse_r(SLICE_EMPTY, &amount));
}

static void test_format(void **state)
{
	char out[MONEY_TEXT_BYTES];
	cents amount, again;

	(void)state;
	assert_string_equal(money_format(0, out), "0.00");
	assert_string_equal(money_format(5, out), "0.05");
	assert_string_equal(money_format(-5, out), "-0.05");
	assert_string_equal(money_format(123456, out), "1234.56");
	assert_string_equal(money_format(-100, out), "-1.00");
	assert_string_equal(money_format(INT64_MIN, out), "-92233720368547758.08");
	assert_string_equal(money_format(INT64_MAX, out), "92233720368547758.07");
	for (amount = -2345; amount < 2345; amount++) {
		assert_true(money_parse_csv(slice_from(money_format(amount, out)), &again));
		assert_int_equal(amount, again);
	}
}

static void test_add(void **state)
{
	(void)state;
	assert_int_equal(money_add(150, -50), 100);
	assert_true(money_add(INT64_MAX - 1, 2) == INT64_MAX);
	assert_true(money_add(money_add(INT64_MAX, 5), -100) == INT64_MAX);
	assert_true(money_add(-INT64_MAX, INT64_MAX) == -INT64_MAX);
	assert_true(money_add(-5, INT64_MIN + 5) == -INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_add),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
