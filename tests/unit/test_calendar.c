/* If this failed: a member's question would lie longer than was promised, or be called late while there was time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "muster/calendar.h"

#define HOUR_MS INT64_C(3600000)

static const struct calendar_holiday holidays[] = {{2026, 11, 26}, {0, 12, 25}};
static const struct calendar office = {.business = true,
				       .weekdays = 0x1F,
				       .opens = 8 * 60,
				       .closes = 17 * 60,
				       .utc_offset_minutes = -480,
				       .summer_time = true,
				       .holidays = holidays,
				       .holiday_count = 2};

static int64_t at(const char *text)
{
	int64_t ms;

	assert_true(clock_parse_rfc3339(slice_from(text), &ms));
	return ms;
}

static void test_plain_hours(void **state)
{
	const struct calendar plain = {.business = false};

	(void)state;
	assert_int_equal(calendar_add(&plain, at("2026-02-28T10:00:00Z"), 48 * HOUR_MS), at("2026-03-02T10:00:00Z"));
	assert_int_equal(calendar_between(&plain, at("2026-02-28T10:00:00Z"), at("2026-03-02T10:00:00Z")), 48 * HOUR_MS);
	assert_int_equal(calendar_between(&plain, at("2026-03-02T10:00:00Z"), at("2026-02-28T10:00:00Z")), 0);
}

/* Row: received, working hours, due. Counted by hand; 08:00 by the office is 16:00Z in winter, 15:00Z in summer. */
static void test_working_hours(void **state)
{
	static const struct {
		const char *from;
		int64_t hours;
		const char *due;
	} rows[] = {
		{"2026-01-12T18:00:00Z", 3, "2026-01-12T21:00:00Z"},  /* Monday 10:00: the same day */
		{"2026-01-12T18:00:00Z", 7, "2026-01-13T01:00:00Z"},  /* to the minute of closing */
		{"2026-01-12T18:00:00Z", 8, "2026-01-13T17:00:00Z"},  /* an hour of Tuesday */
		{"2026-01-12T03:00:00Z", 1, "2026-01-12T17:00:00Z"},  /* Sunday evening there */
		{"2026-01-13T01:00:00Z", 1, "2026-01-13T17:00:00Z"},  /* just closed */
		{"2026-01-16T18:00:00Z", 48, "2026-01-23T21:00:00Z"}, /* Friday: 7 + 4 x 9 + 5 hours of the next one */
		{"2026-03-06T23:00:00Z", 4, "2026-03-09T17:00:00Z"},  /* Friday 15:00, over the begin of summer time */
		{"2026-10-30T22:00:00Z", 4, "2026-11-02T18:00:00Z"},  /* Friday 15:00, over its end */
		{"2026-11-25T23:00:00Z", 9, "2026-11-27T23:00:00Z"},  /* the day before Thanksgiving, 15:00 */
		{"2027-12-24T23:00:00Z", 9, "2027-12-27T23:00:00Z"},  /* Friday; the 25th is off every year */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[CLOCK_TEXT_BYTES];
		int64_t due = calendar_add(&office, at(rows[i].from), rows[i].hours * HOUR_MS);

		if (due != at(rows[i].due))
			fail_msg("%s + %d: %s", rows[i].from, (int)rows[i].hours, clock_format_rfc3339(due, text));
		assert_int_equal(calendar_between(&office, at(rows[i].from), due), rows[i].hours * HOUR_MS);
	}
}

/* An office that never closes has a Sunday of 23 and one of 25 hours, and no other day of another length. */
static void test_every_hour_of_a_year_counts_once(void **state)
{
	struct calendar always = office;
	int64_t from = at("2026-01-01T08:00:00Z"), ms, sum = 0;

	(void)state;
	always.weekdays = 0x7F;
	always.opens = 0;
	always.closes = 24 * 60;
	always.holiday_count = 0;
	for (ms = from; ms < from + 366 * CLOCK_DAY_MS; ms += HOUR_MS / 2) {
		assert_int_equal(calendar_between(&always, ms, ms + HOUR_MS / 2), HOUR_MS / 2);
		sum += HOUR_MS / 2;
	}
	assert_int_equal(calendar_between(&always, from, ms), sum);
	assert_int_equal(calendar_add(&always, from, sum), ms);
}

/* What is added passes: for any begin, and never backwards. */
static void test_adding_and_measuring_agree(void **state)
{
	int64_t from = at("2026-10-20T00:00:00Z"), last = 0, ms;

	(void)state;
	for (ms = from; ms < from + 30 * CLOCK_DAY_MS; ms += 17 * 60000) {
		int64_t due = calendar_add(&office, ms, 48 * HOUR_MS);

		assert_int_equal(calendar_between(&office, ms, due), 48 * HOUR_MS);
		assert_true(due >= last);
		last = due;
	}
}

static void test_a_year_without_work_ends(void **state)
{
	struct calendar_holiday all[366];
	struct calendar never = office;
	uint32_t count = 0;
	date_day day;

	(void)state;
	for (day = 19723; count < 366; day++, count++) { /* the days of 2024, every year */
		int year;

		date_to_ymd(day, &year, &all[count].month, &all[count].day);
		all[count].year = 0;
	}
	never.holidays = all;
	never.holiday_count = count;
	assert_true(calendar_add(&never, at("2026-01-12T18:00:00Z"), HOUR_MS) > at("2100-01-01T00:00:00Z"));
	assert_int_equal(calendar_between(&never, at("2026-01-12T18:00:00Z"), at("2027-01-12T18:00:00Z")), 0);
}

static void test_zones(void **state)
{
	struct calendar calendar = {.business = true};

	(void)state;
	assert_true(calendar_set_zone(&calendar, slice_from("Arizona")));
	assert_int_equal(calendar.utc_offset_minutes, -420);
	assert_false(calendar.summer_time);
	assert_true(calendar_set_zone(&calendar, slice_from("Eastern")));
	assert_true(calendar.summer_time);
	assert_true(calendar_set_zone(&calendar, slice_from("UTC+05:30")));
	assert_int_equal(calendar.utc_offset_minutes, 330);
	assert_false(calendar.summer_time);
	assert_false(calendar_set_zone(&calendar, slice_from("UTC-8")));
	assert_false(calendar_set_zone(&calendar, slice_from("UTC-15:00")));
	assert_false(calendar_set_zone(&calendar, slice_from("UTC-08:60")));
	assert_false(calendar_set_zone(&calendar, slice_from("pacific")));
	assert_false(calendar_set_zone(&calendar, slice_from("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_hours),
		cmocka_unit_test(test_working_hours),
		cmocka_unit_test(test_every_hour_of_a_year_counts_once),
		cmocka_unit_test(test_adding_and_measuring_agree),
		cmocka_unit_test(test_a_year_without_work_ends),
		cmocka_unit_test(test_zones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
