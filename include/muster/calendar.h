/*
 * calendar: hours as an office counts them.
 *
 * Plain: every hour counts. Business: only those between opening and closing on working days that are no holidays, by
 * the office's own clock. That clock is a distance from UTC and, where wanted, the summer time of the United States; it
 * is computed here, so that a due time is the same on every machine.
 *
 * Units     *_ms are UTC milliseconds; minutes of the local day, 1440 = its end.
 * Source    BUSINESS B4; reference/operations 4.1. Summer time: 15 U.S.C. 260a, from the second Sunday of March, 02:00, to
 *           the first Sunday of November, 02:00.
 */
#ifndef MUSTER_CALENDAR_H
#define MUSTER_CALENDAR_H

#include "muster/category.h"
#include "muster/date.h"

/* A day off: once, or (year 0) every year. */
struct calendar_holiday {
	int year, month, day;
};

struct calendar {
	bool business;       /* else the rest is not looked at */
	unsigned weekdays;   /* working days: bit 0 = Monday */
	int32_t opens, closes; /* minutes; opens < closes <= 1440 */
	int32_t utc_offset_minutes; /* of standard time: -480 = Pacific */
	bool summer_time;
	struct slice zone;   /* what calendar_set_zone was given: borrowed, for display */
	const struct calendar_holiday *holidays;
	uint32_t holiday_count;
};

/*
 * When `work_ms` have passed since `from_ms`. A calendar that has no working hour for years (holidays without end) counts
 * as plain from then on.
 */
int64_t calendar_add(const struct calendar *calendar, int64_t from_ms, int64_t work_ms);
/* The same for an error that a partner is to answer; 0 where nothing was agreed. */
int64_t error_class_due_ms(const struct error_class *agreed, const struct calendar *calendar, int64_t received_ms);
/* A minute of a day by the office's clock, as UTC milliseconds; plain: by UTC. */
int64_t calendar_ms(const struct calendar *calendar, date_day day, int32_t minute);
/* The day of standard time: at most an hour behind the clock on the wall. */
date_day calendar_day(const struct calendar *calendar, int64_t utc_ms);
/* What has passed between two times; 0 where `to_ms` is not later. */
int64_t calendar_between(const struct calendar *calendar, int64_t from_ms, int64_t to_ms);
/*
 * "Eastern", "Central", "Mountain", "Arizona", "Pacific", "Alaska", "Hawaii", "UTC", or a fixed distance as "UTC-08:00",
 * into the calendar. False for anything else.
 */
bool calendar_set_zone(struct calendar *calendar, struct slice name);

#endif
