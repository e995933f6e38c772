/*
 * The office's calendar. Its clock has to be named: due times that are hours off would look like a promise kept.
 */
#include "business.h"

#include <errno.h>
#include <string.h>

#define MINUTES_MIN 60 /* of a working day */
#define HOLIDAYS_MAX 2000

static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

void business_defaults(struct calendar *ret_calendar)
{
	*ret_calendar = (struct calendar){.weekdays = 0x1F, .opens = 8 * 60, .closes = 17 * 60};
}

static int read_days(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct calendar *calendar = target;
	unsigned weekdays = 0;
	const struct yaml_node *item;
	size_t i;

	for (item = node->kind == YAML_SEQUENCE ? node->first : NULL; item != NULL; item = item->next) {
		for (i = 0; i < 7; i++)
			if (item->kind == YAML_SCALAR && slice_is(item->text, day_names[i]))
				break;
		if (i == 7)
			key_fault(reader, item, "a working day is mon, tue, wed, thu, fri, sat or sun");
		else
			weekdays |= 1u << i;
	}
	if (node->kind != YAML_SEQUENCE || node->count == 0)
		key_fault(reader, node, "days is a list of working days, like [mon, tue, wed, thu, fri]");
	calendar->weekdays = weekdays;
	return 0;
}

/* "08:00"; 24:00 is the day's end. */
static bool parse_minute(struct slice text, int32_t *ret_minute)
{
	uint64_t hours, minutes;

	if (text.len != 5 || text.data[2] != ':' || !slice_to_u64(slice_of(text.data, 2), &hours) ||
	    !slice_to_u64(slice_of(text.data + 3, 2), &minutes) || minutes > 59 || hours * 60 + minutes > 24 * 60)
		return false;
	*ret_minute = (int32_t)(hours * 60 + minutes);
	return true;
}

static int read_hours(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct calendar *calendar = target;
	struct slice text = node->kind == YAML_SCALAR ? node->text : SLICE_EMPTY;
	int32_t opens = 0, closes = 0;

	if (text.len != 11 || text.data[5] != '-' || !parse_minute(slice_of(text.data, 5), &opens) ||
	    !parse_minute(slice_of(text.data + 6, 5), &closes) || closes - opens < MINUTES_MIN)
		key_fault(reader, node, "hours are an hour at least, like 08:00-17:00");
	calendar->opens = opens;
	calendar->closes = closes;
	return 0;
}

static int read_zone(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	if (node->kind != YAML_SCALAR || !calendar_set_zone(target, node->text))
		key_fault(
			reader, node,
			"time_zone is Eastern, Central, Mountain, Arizona, Pacific, Alaska, Hawaii, UTC, or a distance like "
			"UTC-08:00");
	return 0;
}

/* "2026-12-25", or each year "12-25". */
static bool parse_holiday(struct slice text, struct calendar_holiday *ret_holiday)
{
	char dated[16] = "2024-"; /* a year with a 29th of February */
	date_day day;
	bool yearly = text.len == 5;

	if (yearly)
		memcpy(dated + 5, text.data, text.len);
	if (!date_parse_iso(yearly ? slice_from(dated) : text, &day))
		return false;
	date_to_ymd(day, &ret_holiday->year, &ret_holiday->month, &ret_holiday->day);
	if (yearly)
		ret_holiday->year = 0;
	return true;
}

static int read_holidays(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct calendar *calendar = target;
	struct calendar_holiday *holidays;
	const struct yaml_node *item;

	if (node->kind != YAML_SEQUENCE || node->count > HOLIDAYS_MAX) {
		key_fault(reader, node, "holidays is a list, like [2026-11-26, 12-25]");
		return 0;
	}
	holidays = arena_alloc_array(reader->arena, node->count + 1, sizeof(*holidays));
	if (holidays == NULL)
		return -ENOMEM;
	calendar->holidays = holidays;
	calendar->holiday_count = 0;
	for (item = node->first; item != NULL; item = item->next)
		if (item->kind != YAML_SCALAR || !parse_holiday(item->text, &holidays[calendar->holiday_count++]))
			key_fault(reader, item, "a holiday is a day as 2026-11-26, or as 12-25 in every year");
	return 0;
}

static const struct key business_keys[] = {
	{"days", KEY_OWN, 0, 0, 0, NULL, NULL, read_days},
	{"hours", KEY_OWN, 0, 0, 0, NULL, NULL, read_hours},
	{"time_zone", KEY_OWN, 0, 0, 0, NULL, NULL, read_zone},
	{"holidays", KEY_OWN, 0, 0, 0, NULL, NULL, read_holidays},
	{0},
};

int business_read(struct key_reader *reader, const struct yaml_node *node, struct calendar *calendar)
{
	const struct yaml_node *item;
	bool zone = false;

	if (node->kind != YAML_MAPPING) {
		key_fault(reader, node, "business holds days, hours, time_zone and holidays");
		return 0;
	}
	for (item = node->first; item != NULL; item = item->next)
		zone |= slice_is(item->key, "time_zone");
	if (!zone)
		key_fault_at_key(reader, node, "business wants its time_zone");
	return keys_read(reader, business_keys, node, calendar);
}
