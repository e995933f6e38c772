/*
 * A partner's calendar. Silence is the failure that nobody sees: who is late is said at each run, until the file is
 * there or the next one is due.
 */
#include "expect.h"

#include <errno.h>
#include <string.h>

#include "agreed.h"
#include "muster/date.h"
#include "muster/profile.h"

#define WINDOW_HOURS_DEFAULT 12
#define WINDOW_HOURS_MAX 744
#define WEEKDAYS 0x1Fu
#define EVERY_DAY 0x7Fu
/* A day of each month comes within so many days. */
#define DAYS_BETWEEN_MAX 32

static const char *const kind_names[] = {
	[PROFILE_EXPECT_ANY] = "any",
	[PROFILE_EXPECT_CHANGE] = "change",
	[PROFILE_EXPECT_FULL] = "full",
	[PROFILE_EXPECT_820] = "820",
};
static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};

const char *profile_expect_kind_name(enum profile_expect_kind kind)
{
	return kind_names[kind];
}

/* ---- when ---- */

static bool falls_on(const struct profile_expect *expect, date_day day)
{
	/* 1970-01-01 was a Thursday; 700,000 weeks keep the sum above zero. */
	unsigned weekday = ((unsigned)(day + 4900000) + 3) % 7;
	int year, month, of_month, last;

	if ((expect->weekdays >> weekday & 1) != 0)
		return true;
	date_to_ymd(day, &year, &month, &of_month);
	if ((expect->month_days >> of_month & 1) != 0)
		return true;
	date_to_ymd(date_month_end(day), &year, &month, &last);
	return of_month == last && expect->month_days >> last > 1;
}

/* The last day is looked for from tomorrow on: the clock on the wall may be there already. */
void profile_expect_due(const struct profile_expect *expect, const struct calendar *calendar, int64_t now_ms,
			int64_t *ret_last_ms, int64_t *ret_next_ms)
{
	date_day today = calendar_day(calendar, now_ms), day;

	for (day = today + 1; day > today - DAYS_BETWEEN_MAX; day--)
		if (falls_on(expect, day) && calendar_ms(calendar, day, expect->by_minutes) <= now_ms)
			break;
	*ret_last_ms = calendar_ms(calendar, day, expect->by_minutes);
	for (day = today; day < today + DAYS_BETWEEN_MAX; day++)
		if (falls_on(expect, day) && calendar_ms(calendar, day, expect->by_minutes) > now_ms)
			break;
	*ret_next_ms = calendar_ms(calendar, day, expect->by_minutes);
}

/* ---- reading ---- */

struct expect_text {
	struct profile_expect expect;
	const struct yaml_node *schedule;
};

/* "15:00" */
static int read_by(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct slice text = node->kind == YAML_SCALAR ? node->text : SLICE_EMPTY;
	uint64_t hours = 24, minutes = 60;

	if (text.len != 5 || text.data[2] != ':' || !slice_to_u64(slice_of(text.data, 2), &hours) || hours > 23 ||
	    !slice_to_u64(slice_of(text.data + 3, 2), &minutes) || minutes > 59)
		key_fault(reader, node, "by is a time of the day, in quotes: '15:00'");
	else
		((struct expect_text *)target)->expect.by_minutes = (int32_t)(hours * 60 + minutes);
	return 0;
}

static const struct key_choice kind_choices[] = {{"any", PROFILE_EXPECT_ANY},
						 {"change", PROFILE_EXPECT_CHANGE},
						 {"full", PROFILE_EXPECT_FULL},
						 {"820", PROFILE_EXPECT_820},
						 {NULL, 0}};
#define AT(field) offsetof(struct expect_text, field)
static const struct key expect_keys[] = {
	{"file", KEY_CHOICE, AT(expect.kind), 0, 0, kind_choices, NULL, NULL},
	{"schedule", KEY_NODE, AT(schedule), 0, 0, NULL, NULL, NULL},
	{"by", KEY_OWN, 0, 0, 0, NULL, NULL, read_by},
	{"window", KEY_INTEGER, AT(expect.window_hours), 1, WINDOW_HOURS_MAX, NULL, NULL, NULL},
	{0},
};

static void read_day(struct key_reader *reader, const struct yaml_node *item, struct profile_expect *expect)
{
	int64_t of_month = 0;
	int weekday = 0;

	while (item->kind == YAML_SCALAR && day_names[weekday] != NULL && !slice_is(item->text, day_names[weekday]))
		weekday++;
	if (item->kind == YAML_SCALAR && day_names[weekday] != NULL)
		expect->weekdays |= (uint8_t)(1u << weekday);
	else if (item->kind == YAML_SCALAR && yaml_to_i64(item, &of_month) && of_month >= 1 && of_month <= 31)
		expect->month_days |= 1u << of_month;
	else
		key_fault(reader, item,
			  "a day is mon, tue, wed, thu, fri, sat, sun, or a day of the month from 1 to 31");
}

static void read_schedule(struct key_reader *reader, const struct yaml_node *node, struct profile_expect *expect)
{
	if (node->kind == YAML_SCALAR && slice_is(node->text, "daily"))
		expect->weekdays = EVERY_DAY;
	else if (node->kind == YAML_SCALAR && slice_is(node->text, "weekdays"))
		expect->weekdays = WEEKDAYS;
	else if (node->kind != YAML_SEQUENCE || node->count == 0)
		key_fault(reader, node, "schedule is daily, weekdays, or a list of days like [mon, thu] or [5, 20]");
	else
		for (const struct yaml_node *item = node->first; item != NULL; item = item->next)
			read_day(reader, item, expect);
}

/* One file that is expected. */
static int read_one(struct key_reader *reader, const struct yaml_node *node, struct profile_expect *ret_expect)
{
	struct expect_text text = {.expect = {.by_minutes = -1, .window_hours = WINDOW_HOURS_DEFAULT}};
	uint32_t faults = reader->faults;
	int r;

	if (node->kind != YAML_MAPPING) {
		key_fault(reader, node, "expect is written as {schedule: weekdays, by: '06:00'}, or as a list of such");
		return 0;
	}
	r = keys_read(reader, expect_keys, node, &text);
	if (r < 0 || reader->faults > faults)
		return r;
	if (text.schedule == NULL || text.expect.by_minutes < 0)
		key_fault(reader, node,
			  "expect wants schedule, and by: the time of the day after which the file is late");
	else
		read_schedule(reader, text.schedule, &text.expect);
	*ret_expect = text.expect;
	return 0;
}

int expect_read(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct profile *profile = &((struct profile_text *)target)->profile;
	uint32_t count = node->kind == YAML_SEQUENCE ? node->count : 1, i = 0;
	struct profile_expect *expects = arena_alloc_array(reader->arena, (size_t)count + 1, sizeof(*expects));
	int r = 0;

	if (expects == NULL)
		return -ENOMEM;
	if (node->kind != YAML_SEQUENCE)
		r = read_one(reader, node, expects);
	else
		for (const struct yaml_node *item = node->first; item != NULL && r == 0; item = item->next)
			r = read_one(reader, item, &expects[i++]);
	profile->expects = expects;
	profile->expect_count = count;
	return r;
}
