/* If this failed: coverage would begin or end on the wrong day, or a child age out in the wrong month. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "muster/date.h"

static date_day day_of(const char *iso)
{
	date_day day;

	assert_true(date_parse_iso(slice_from(iso), &day));
	return day;
}

/* Every day of the calendar, counted by hand beside it. */
static void test_every_day(void **state)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	date_day expected = -719162, day;
	int year, month, day_of_month, y, m, d;

	(void)state;
	for (year = 1; year <= 9999; year++) {
		bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

		for (month = 1; month <= 12; month++) {
			int length = lengths[month - 1] + (leap && month == 2 ? 1 : 0);

			assert_false(date_from_ymd(year, month, length + 1, &day));
			for (day_of_month = 1; day_of_month <= length; day_of_month++, expected++) {
				if (!date_from_ymd(year, month, day_of_month, &day) || day != expected)
					fail_msg("%d-%d-%d", year, month, day_of_month);
				date_to_ymd(day, &y, &m, &d);
				if (y != year || m != month || d != day_of_month)
					fail_msg("%d is %d-%d-%d", day, y, m, d);
			}
		}
	}
	assert_int_equal(day_of("1970-01-01"), 0);
	assert_int_equal(day_of("2000-03-01"), 11017);
}

static void test_parse(void **state)
{
	static const char *const wrong[] = {"", "2026010", "202601011", "20260229", "20261301", "20260001", "20260100",
					    "00000101", "2026 101", "-2026101", "2026010a", "20260431"};
	static const char *const wrong_iso[] = {"", "2026-1-1", "2026-02-29", "2026/01/01", "20260101",
						"2026-01-01 ", "2026-01-01T", "+026-01-01", "0000-01-01"};
	date_day day = 5;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(date_parse_ccyymmdd(slice_from(wrong[i]), &day));
	for (i = 0; i < sizeof(wrong_iso) / sizeof(wrong_iso[0]); i++)
		assert_false(date_parse_iso(slice_from(wrong_iso[i]), &day));
	assert_int_equal(day, 5);
	assert_true(date_parse_ccyymmdd(SLICE_LITERAL("20240229"), &day));
	assert_int_equal(day, day_of("2024-02-29"));
	assert_true(date_parse_ccyymmdd(SLICE_LITERAL("00010101"), &day));
	assert_true(date_parse_ccyymmdd(SLICE_LITERAL("99991231"), &day));
}

static void test_format(void **state)
{
	char out[DATE_TEXT_BYTES];

	(void)state;
	assert_string_equal(date_format_iso(day_of("0987-06-05"), out), "0987-06-05");
	assert_string_equal(date_format_ccyymmdd(day_of("2026-12-31"), out), "20261231");
	assert_string_equal(date_format_iso(DATE_NONE, out), "");
	assert_string_equal(date_format_ccyymmdd(DATE_NONE, out), "");
}

static void test_months(void **state)
{
	(void)state;
	assert_int_equal(date_month_begin(day_of("2024-02-29")), day_of("2024-02-01"));
	assert_int_equal(date_month_end(day_of("2024-02-01")), day_of("2024-02-29"));
	assert_int_equal(date_month_end(day_of("2100-02-10")), day_of("2100-02-28"));
	assert_int_equal(date_month_end(day_of("2026-12-31")), day_of("2026-12-31"));
	assert_int_equal(date_add_months(day_of("2026-01-31"), 1), day_of("2026-02-28"));
	assert_int_equal(date_add_months(day_of("2026-01-31"), 2), day_of("2026-03-31"));
	assert_int_equal(date_add_months(day_of("2026-01-31"), -2), day_of("2025-11-30"));
	assert_int_equal(date_add_months(day_of("2026-12-15"), 1), day_of("2027-01-15"));
	assert_int_equal(date_add_months(day_of("2026-12-15"), -24), day_of("2024-12-15"));
	assert_int_equal(date_add_months(day_of("9999-12-15"), 1), DATE_NONE);
	assert_int_equal(date_add_months(day_of("0001-01-15"), -1), DATE_NONE);
}

static void test_age(void **state)
{
	(void)state;
	assert_int_equal(date_age_years(day_of("2000-05-20"), day_of("2026-05-19")), 25);
	assert_int_equal(date_age_years(day_of("2000-05-20"), day_of("2026-05-20")), 26);
	/* Born on a leap day: a year older on 1 March. */
	assert_int_equal(date_age_years(day_of("2000-02-29"), day_of("2026-02-28")), 25);
	assert_int_equal(date_age_years(day_of("2000-02-29"), day_of("2026-03-01")), 26);
	assert_int_equal(date_age_years(day_of("2026-05-20"), day_of("2026-05-20")), 0);
	assert_int_equal(date_age_years(day_of("2026-05-20"), day_of("2026-05-19")), -1);
}

static void test_open_end(void **state)
{
	(void)state;
	assert_true(date_is_open_end(day_of("2099-12-31")));
	assert_true(date_is_open_end(day_of("2200-12-31")));
	assert_true(date_is_open_end(day_of("2201-01-01")));
	assert_true(date_is_open_end(day_of("9999-12-31")));
	assert_false(date_is_open_end(day_of("2099-12-30")));
	assert_false(date_is_open_end(day_of("2200-12-30")));
	assert_false(date_is_open_end(day_of("2026-12-31")));
	assert_false(date_is_open_end(DATE_NONE));
}

static void test_clock(void **state)
{
	static const char *const wrong[] = {"", "2026-01-31T24:00:00Z", "2026-01-31T00:60:00Z", "2026-01-31T00:00:60Z",
					    "2026-01-31 00:00:00Z", "2026-01-31T00:00:00", "2026-02-30T00:00:00Z",
					    "2026-01-31T00:00:00+00:00", "2026-01-31T-1:00:00Z"};
	char out[CLOCK_TEXT_BYTES];
	int64_t clock_ms = 5;
	size_t i;

	(void)state;
	assert_string_equal(clock_format_rfc3339(0, out), "1970-01-01T00:00:00Z");
	assert_string_equal(clock_format_rfc3339(-1, out), "1969-12-31T23:59:59Z");
	assert_string_equal(clock_format_rfc3339(INT64_C(1767225599999), out), "2025-12-31T23:59:59Z");
	assert_int_equal(date_of_clock_ms(INT64_C(1767225599999)), day_of("2025-12-31"));
	assert_int_equal(date_of_clock_ms(INT64_C(1767225600000)), day_of("2026-01-01"));
	assert_int_equal(date_of_clock_ms(-1), -1);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(clock_parse_rfc3339(slice_from(wrong[i]), &clock_ms));
	assert_int_equal(clock_ms, 5);
	assert_true(clock_parse_rfc3339(SLICE_LITERAL("2025-12-31T23:59:59Z"), &clock_ms));
	assert_true(clock_ms == INT64_C(1767225599000));
	assert_true(clock_parse_rfc3339(SLICE_LITERAL("1969-12-31T23:59:59Z"), &clock_ms));
	assert_true(clock_ms == -1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_day), cmocka_unit_test(test_parse), cmocka_unit_test(test_format),
		cmocka_unit_test(test_months),	  cmocka_unit_test(test_age),	cmocka_unit_test(test_open_end),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
