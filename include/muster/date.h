/*
 * date: days, and nothing smaller.
 *
 * A date_day is the number of days since 1970-01-01 in the proleptic Gregorian calendar, years 1 to 9999.
 * DATE_NONE means "no date": not sent, or an open end. Spans are inclusive at both ends, so the day after an end
 * is end + 1 and arithmetic is plain integer arithmetic.
 *
 * Source    X12 types DT and D8/RD8: x12-syntax section 5. Open-end dates: enrollment-semantics section 4.
 */
#ifndef MUSTER_DATE_H
#define MUSTER_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "muster/slice.h"

typedef int32_t date_day;
#define DATE_NONE INT32_MIN

#define DATE_TEXT_BYTES 11 /* "2026-01-31" and its NUL */

bool date_from_ymd(int year, int month, int day, date_day *ret_day);
void date_to_ymd(date_day day, int *ret_year, int *ret_month, int *ret_day);
/* CCYYMMDD. False for anything else, also for days that no calendar has. */
bool date_parse_ccyymmdd(struct slice text, date_day *ret_day);
/* YYYY-MM-DD. */
bool date_parse_iso(struct slice text, date_day *ret_day);
/* YYYY-MM-DD, or "" for DATE_NONE. Returns `out` (DATE_TEXT_BYTES). */
char *date_format_iso(date_day day, char out[DATE_TEXT_BYTES]);
/* CCYYMMDD, or "". */
char *date_format_ccyymmdd(date_day day, char out[DATE_TEXT_BYTES]);
date_day date_month_begin(date_day day);
date_day date_month_end(date_day day);
/* Same day `months` later, cut to the month's last day. */
date_day date_add_months(date_day day, int months);
/* Whole years between birth and day; negative where day is before birth. */
int date_age_years(date_day birth, date_day day);
/* True for the dates that senders use for "no end": 2099-12-31, 2200-12-31, 9999-12-31 and later than 2200. */
bool date_is_open_end(date_day day);

/* The UTC day of a clock value. */
date_day date_of_clock_ms(int64_t clock_ms);
/* RFC 3339 UTC, "2026-01-31T05:06:07Z". `out` needs CLOCK_TEXT_BYTES. Returns `out`. */
#define CLOCK_TEXT_BYTES 25
char *clock_format_rfc3339(int64_t clock_ms, char out[CLOCK_TEXT_BYTES]);
/* Reads what clock_format_rfc3339 writes. */
bool clock_parse_rfc3339(struct slice text, int64_t *ret_clock_ms);
#define CLOCK_DAY_MS INT64_C(86400000)

#endif
