/* If this failed: two records could be taken for one another, or a control number be misread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "muster/slice.h"

#define L(s) SLICE_LITERAL(s)

static void test_compare(void **state)
{
	static const char nul_inside[] = "a\0b";

	(void)state;
	assert_true(slice_equal(SLICE_EMPTY, L("")));
	assert_false(slice_equal(L("a"), L("ab")));
	assert_false(slice_equal(L("a"), slice_of(nul_inside, 3)));
	assert_true(slice_is(L("ab"), "ab"));
	assert_false(slice_is(slice_of(nul_inside, 3), "a"));
	assert_true(slice_starts_with(L("ISA*"), "ISA"));
	assert_false(slice_starts_with(L("IS"), "ISA"));
	assert_true(slice_starts_with(SLICE_EMPTY, ""));
	assert_int_equal(slice_compare(SLICE_EMPTY, SLICE_EMPTY), 0);
	assert_true(slice_compare(L("a"), L("b")) < 0);
	assert_true(slice_compare(L("b"), L("a")) > 0);
	assert_true(slice_compare(L("a"), L("ab")) < 0);
	assert_true(slice_compare(L("ab"), L("a")) > 0);
	/* Bytes, not signed characters. */
	assert_true(slice_compare(L("z"), L("\xc3\x91")) < 0);
	assert_true(slice_equal_nocase(L("McDonald"), L("MCDONALD")));
	assert_false(slice_equal_nocase(L("a"), L("b")));
	assert_false(slice_equal_nocase(L("a"), L("ab")));
	assert_false(slice_equal_nocase(L("@"), L("`")));
}

/* As slice_is says it; a NUL in the file's bytes is no end of a code. */
static void test_codes(void **state)
{
	static const struct slice values[] = {SLICE_INIT(""),    SLICE_INIT("0"),     SLICE_INIT("0F"), SLICE_INIT("0F1"),
					      SLICE_INIT("0f"),  SLICE_INIT("0F\0"),  SLICE_INIT("\0F"), SLICE_INIT("F"),
					      SLICE_INIT("\0"), SLICE_INIT("0F\0x"), SLICE_INIT("XF")};
	static const char *const codes[] = {"", "0", "0F", "0F1", "F"};
	size_t value, code, equal = 0;

	(void)state;
	for (value = 0; value < sizeof(values) / sizeof(values[0]); value++)
		for (code = 0; code < sizeof(codes) / sizeof(codes[0]); code++) {
			assert_int_equal(slice_is_code(values[value], codes[code]), slice_is(values[value], codes[code]));
			equal += slice_is_code(values[value], codes[code]);
		}
	assert_int_equal(equal, 5);
}

static void test_trim(void **state)
{
	(void)state;
	assert_true(slice_is(slice_trim(L(" \t a b\r\n")), "a b"));
	assert_int_equal(slice_trim(L(" \t\r\n ")).len, 0);
	assert_int_equal(slice_trim(SLICE_EMPTY).len, 0);
}

static void test_numbers(void **state)
{
	uint64_t value = 7;

	(void)state;
	assert_true(slice_is_digits(L("0123456789")));
	assert_false(slice_is_digits(SLICE_EMPTY));
	assert_false(slice_is_digits(L("1 ")));
	assert_false(slice_is_digits(L("\xd9\xa1"))); /* an Arabic one */
	assert_true(slice_to_u64(L("000000834"), &value));
	assert_int_equal(value, 834);
	assert_true(slice_to_u64(L("999999999999999999"), &value));
	assert_true(value == UINT64_C(999999999999999999));
	value = 7;
	assert_false(slice_to_u64(L("1000000000000000000"), &value));
	assert_false(slice_to_u64(L("-1"), &value));
	assert_false(slice_to_u64(L("+1"), &value));
	assert_false(slice_to_u64(SLICE_EMPTY, &value));
	assert_int_equal(value, 7);
}

static void test_copy_and_find(void **state)
{
	char out[4] = "xxx";

	(void)state;
	assert_string_equal(slice_to_cstr(L("ab"), out, sizeof(out)), "ab");
	assert_string_equal(slice_to_cstr(L("abc"), out, sizeof(out)), "abc");
	assert_string_equal(slice_to_cstr(L("abcd"), out, sizeof(out)), "abc");
	assert_string_equal(slice_to_cstr(SLICE_EMPTY, out, sizeof(out)), "");
	assert_int_equal(slice_find(L("a~b~"), '~', 0), 1);
	assert_int_equal(slice_find(L("a~b~"), '~', 2), 3);
	assert_int_equal(slice_find(L("a~b~"), '*', 0), 4);
	assert_int_equal(slice_find(L("a"), 'a', 9), 1);
	assert_int_equal(slice_find(SLICE_EMPTY, 'a', 0), 0);
	assert_int_equal(slice_from(NULL).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_codes), cmocka_unit_test(test_trim),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_copy_and_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
