/*
 * A working day is an interval of UTC time; all arithmetic is on these intervals, day after day. The hour that summer
 * time takes or gives lies in the night of a Sunday: an office that is open then has a day of 23 or 25 hours.
 */
#include "muster/calendar.h"

#include <assert.h>

#define MINUTE_MS INT64_C(60000)
/* Longer than any due time of a year at one hour a week. */
#define DAYS_MAX 80000
#define SUMMER_MINUTES 60
#define CHANGE_MINUTE 120 /* 02:00 */

static unsigned weekday_of(date_day day)
{
	return (unsigned)(((day % 7) + 7 + 3) % 7);
}

/* The first Sunday of a month on or after its `from`th. */
static date_day sunday_from(int year, int month, int from)
{
	date_day day = 0;
	bool real = date_from_ymd(year, month, from, &day);

	assert(real);
	return day + (date_day)((6 - weekday_of(day)) % 7);
}

/* Is it summer at this minute of a local day? The hour that comes twice counts as its first time. */
static bool is_summer(date_day day, int32_t minute)
{
	int year, month, day_of_month;
	date_day begins, ends;

	date_to_ymd(day, &year, &month, &day_of_month);
	begins = sunday_from(year, 3, 8);
	ends = sunday_from(year, 11, 1);
	return (day > begins || (day == begins && minute >= CHANGE_MINUTE)) &&
	       (day < ends || (day == ends && minute < CHANGE_MINUTE));
}

int64_t calendar_ms(const struct calendar *calendar, date_day day, int32_t minute)
{
	int32_t offset = calendar->utc_offset_minutes;

	if (calendar->summer_time && is_summer(day, minute))
		offset += SUMMER_MINUTES;
	return (int64_t)day * CLOCK_DAY_MS + (int64_t)(minute - offset) * MINUTE_MS;
}

date_day calendar_day(const struct calendar *calendar, int64_t utc_ms)
{
	return date_of_clock_ms(utc_ms + (int64_t)calendar->utc_offset_minutes * MINUTE_MS);
}

static bool is_holiday(const struct calendar *calendar, date_day day)
{
	int year, month, day_of_month;
	uint32_t i;

	date_to_ymd(day, &year, &month, &day_of_month);
	for (i = 0; i < calendar->holiday_count; i++) {
		const struct calendar_holiday *off = &calendar->holidays[i];

		if ((off->year == 0 || off->year == year) && off->month == month && off->day == day_of_month)
			return true;
	}
	return false;
}

/* What of a day's working time lies between two times. Returns its length, with its begin. */
static int64_t day_part(const struct calendar *calendar, date_day day, int64_t from_ms, int64_t to_ms,
			int64_t *ret_begin)
{
	int64_t opens, closes;

	if ((calendar->weekdays >> weekday_of(day) & 1u) == 0 || is_holiday(calendar, day))
		return 0;
	opens = calendar_ms(calendar, day, calendar->opens);
	closes = calendar_ms(calendar, day, calendar->closes);
	if (opens < from_ms)
		opens = from_ms;
	if (closes > to_ms)
		closes = to_ms;
	*ret_begin = opens;
	return closes > opens ? closes - opens : 0;
}

int64_t calendar_add(const struct calendar *calendar, int64_t from_ms, int64_t work_ms)
{
	date_day day, first = calendar->business ? calendar_day(calendar, from_ms) : 0;
	int64_t begin = from_ms, part;

	if (!calendar->business)
		return from_ms + work_ms;
	for (day = first; day < first + DAYS_MAX; day++) {
		part = day_part(calendar, day, from_ms, INT64_MAX, &begin);
		if (part > 0 && work_ms <= part)
			return begin + work_ms;
		work_ms -= part;
	}
	return calendar_ms(calendar, day, 0) + work_ms;
}

int64_t calendar_between(const struct calendar *calendar, int64_t from_ms, int64_t to_ms)
{
	date_day day, last;
	int64_t begin, sum = 0;

	if (to_ms <= from_ms)
		return 0;
	if (!calendar->business)
		return to_ms - from_ms;
	/* An hour of summer may belong to the next day on the wall. */
	last = calendar_day(calendar, to_ms) + 1;
	for (day = calendar_day(calendar, from_ms); day <= last; day++)
		sum += day_part(calendar, day, from_ms, to_ms, &begin);
	return sum;
}

/* "UTC-08:00". */
static bool parse_offset(struct slice text, int32_t *ret_minutes)
{
	const char *at = text.data + 3;
	uint64_t hours, minutes;

	if (text.len != 9 || (at[0] != '-' && at[0] != '+') || at[3] != ':' ||
	    !slice_to_u64(slice_of(at + 1, 2), &hours) || !slice_to_u64(slice_of(at + 4, 2), &minutes) || hours > 14 ||
	    minutes > 59)
		return false;
	*ret_minutes = (int32_t)(hours * 60 + minutes) * (at[0] == '-' ? -1 : 1);
	return true;
}

bool calendar_set_zone(struct calendar *calendar, struct slice name)
{
	static const struct {
		const char *name;
		int32_t minutes;
		bool summer;
	} zones[] = {{"Eastern", -300, true},  {"Central", -360, true}, {"Mountain", -420, true},
		     {"Arizona", -420, false}, {"Pacific", -480, true}, {"Alaska", -540, true},
		     {"Hawaii", -600, false},  {"UTC", 0, false}};
	size_t i;

	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (slice_is(name, zones[i].name)) {
			calendar->utc_offset_minutes = zones[i].minutes;
			calendar->summer_time = zones[i].summer;
			calendar->zone = name;
			return true;
		}
	if (!slice_starts_with(name, "UTC") || !parse_offset(name, &calendar->utc_offset_minutes))
		return false;
	calendar->summer_time = false;
	calendar->zone = name;
	return true;
}

int64_t error_class_due_ms(const struct error_class *agreed, const struct calendar *calendar, int64_t received_ms)
{
	return agreed->hours == 0 ? 0 : calendar_add(calendar, received_ms, (int64_t)agreed->hours * 3600 * 1000);
}
