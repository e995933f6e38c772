/*
 * date: the proleptic Gregorian calendar in integers.
 *
 * Days are counted with years that begin on 1 March, so that the leap day is the last of its year and months have
 * lengths that one linear formula gives; a cycle of 400 years has 146,097 days.
 */
#include "muster/date.h"

#define DAYS_PER_CYCLE 146097
/* Days from 0000-03-01 to 1970-01-01. */
#define EPOCH_DAY 719468

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool date_from_ymd(int year, int month, int day, date_day *ret_day)
{
	int cycle, year_of_cycle, day_of_year;

	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return false;
	if (month <= 2) {
		year--;
		month += 12;
	}
	cycle = year / 400;
	year_of_cycle = year % 400;
	day_of_year = (153 * (month - 3) + 2) / 5 + day - 1;
	*ret_day = cycle * DAYS_PER_CYCLE + year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 +
		   day_of_year - EPOCH_DAY;
	return true;
}

void date_to_ymd(date_day day, int *ret_year, int *ret_month, int *ret_day)
{
	int days = day + EPOCH_DAY; /* not negative for years 1 to 9999 */
	int cycle = days / DAYS_PER_CYCLE, day_of_cycle = days % DAYS_PER_CYCLE;
	/* Take the leap days out of the days before dividing by 365; the last day of a cycle is one of them. */
	int year_of_cycle = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 - day_of_cycle / 146096) / 365;
	int day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
	int shifted_month = (5 * day_of_year + 2) / 153; /* 0 = March */

	*ret_day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
	*ret_month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
	*ret_year = cycle * 400 + year_of_cycle + (*ret_month <= 2 ? 1 : 0);
}

/* `digits` decimal digits from `at`; -1 for anything else. */
static int number_at(struct slice text, size_t at, size_t digits)
{
	uint64_t value;

	if (!slice_to_u64(slice_of(text.data + at, digits), &value))
		return -1;
	return (int)value;
}

/* Two digits. */
static int two_at(struct slice text, size_t at)
{
	return (text.data[at] - '0') * 10 + text.data[at + 1] - '0';
}

bool date_parse_ccyymmdd(struct slice text, date_day *ret_day)
{
	return text.len == 8 && slice_is_digits(text) &&
	       date_from_ymd(two_at(text, 0) * 100 + two_at(text, 2), two_at(text, 4), two_at(text, 6), ret_day);
}

bool date_parse_iso(struct slice text, date_day *ret_day)
{
	return text.len == 10 && text.data[4] == '-' && text.data[7] == '-' &&
	       date_from_ymd(number_at(text, 0, 4), number_at(text, 5, 2), number_at(text, 8, 2), ret_day);
}

/* Two digits; all callers' values fit. */
static char *put_two(char *out, int value)
{
	out[0] = (char)('0' + value / 10);
	out[1] = (char)('0' + value % 10);
	return out + 2;
}

static char *format(date_day date, bool dashes, char out[DATE_TEXT_BYTES])
{
	int year, month, day;
	char *at = out;

	if (date != DATE_NONE) {
		date_to_ymd(date, &year, &month, &day);
		at = put_two(put_two(at, year / 100), year % 100);
		if (dashes)
			*at++ = '-';
		at = put_two(at, month);
		if (dashes)
			*at++ = '-';
		at = put_two(at, day);
	}
	*at = '\0';
	return out;
}

char *date_format_iso(date_day day, char out[DATE_TEXT_BYTES])
{
	return format(day, true, out);
}

char *date_format_ccyymmdd(date_day day, char out[DATE_TEXT_BYTES])
{
	return format(day, false, out);
}

date_day date_month_begin(date_day day)
{
	int year, month, day_of_month;

	date_to_ymd(day, &year, &month, &day_of_month);
	return day - day_of_month + 1;
}

date_day date_month_end(date_day day)
{
	int year, month, day_of_month;

	date_to_ymd(day, &year, &month, &day_of_month);
	return day - day_of_month + month_days(year, month);
}

date_day date_add_months(date_day date, int months)
{
	int year, month, day, months_since_0;
	date_day result;

	date_to_ymd(date, &year, &month, &day);
	months_since_0 = year * 12 + month - 1 + months;
	if (months_since_0 < 12 || months_since_0 >= 120000)
		return DATE_NONE;
	year = months_since_0 / 12;
	month = months_since_0 % 12 + 1;
	if (day > month_days(year, month))
		day = month_days(year, month);
	return date_from_ymd(year, month, day, &result) ? result : DATE_NONE;
}

int date_age_years(date_day birth, date_day date)
{
	int birth_year, birth_month, birth_day, year, month, day, age;

	date_to_ymd(birth, &birth_year, &birth_month, &birth_day);
	date_to_ymd(date, &year, &month, &day);
	age = year - birth_year;
	return month < birth_month || (month == birth_month && day < birth_day) ? age - 1 : age;
}

bool date_is_open_end(date_day date)
{
	int year, month, day;

	if (date == DATE_NONE)
		return false;
	date_to_ymd(date, &year, &month, &day);
	return year > 2200 || ((year == 2099 || year == 2200) && month == 12 && day == 31);
}

static int64_t floor_divide(int64_t value, int64_t by)
{
	return value / by - (value % by < 0 ? 1 : 0);
}

date_day date_of_clock_ms(int64_t clock_ms)
{
	return (date_day)floor_divide(clock_ms, CLOCK_DAY_MS);
}

char *clock_format_rfc3339(int64_t clock_ms, char out[CLOCK_TEXT_BYTES])
{
	date_day day = date_of_clock_ms(clock_ms);
	int second = (int)((clock_ms - day * CLOCK_DAY_MS) / 1000);
	char *at = out;

	date_format_iso(day, out);
	at += 10;
	*at++ = 'T';
	at = put_two(at, second / 3600);
	*at++ = ':';
	at = put_two(at, second / 60 % 60);
	*at++ = ':';
	at = put_two(at, second % 60);
	*at++ = 'Z';
	*at = '\0';
	return out;
}

bool clock_parse_rfc3339(struct slice text, int64_t *ret_clock_ms)
{
	int hour, minute, second;
	date_day day;

	if (text.len != 20 || text.data[10] != 'T' || text.data[13] != ':' || text.data[16] != ':' ||
	    text.data[19] != 'Z' || !date_parse_iso(slice_of(text.data, 10), &day))
		return false;
	hour = number_at(text, 11, 2);
	minute = number_at(text, 14, 2);
	second = number_at(text, 17, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
		return false;
	*ret_clock_ms = day * CLOCK_DAY_MS + ((int64_t)hour * 3600 + minute * 60 + second) * 1000;
	return true;
}
