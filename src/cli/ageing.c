#include "ageing.h"

#include <stdio.h>

#include "muster/category.h"
#include "muster/profile.h"
#include "muster/store.h"
#include "muster/text.h"

#define BARS 4
#define OVERDUE BARS
/* Shares of an item's time at which somebody should hear of it. */
static const uint32_t alerts[] = {50, 75, 90};
#define ALERTS (sizeof(alerts) / sizeof(alerts[0]))

struct ageing {
	struct cli *cli;
	int64_t now_ms;
	uint64_t waits;
	int64_t first_due_ms; /* of those that are overdue; 0 = none */
	uint64_t bars[CATEGORY_COUNT + 1][BARS + 1]; /* the last row: all */
	uint64_t used[ALERTS];                      /* this share or more, but not overdue */
};

uint32_t ageing_percent(const struct cli *cli, int64_t created_ms, int64_t due_ms, int64_t now_ms)
{
	const struct calendar *calendar = &cli->config->calendar;
	int64_t whole, used;

	if (now_ms > due_ms)
		return 101;
	whole = calendar_between(calendar, created_ms, due_ms);
	used = calendar_between(calendar, created_ms, now_ms);
	if (whole <= 0)
		return 100;
	return used >= whole ? 100 : (uint32_t)(used * 100 / whole);
}

static int take_item(void *context, const struct store_exception_age *item)
{
	struct ageing *ageing = context;
	uint32_t percent = ageing_percent(ageing->cli, item->created_ms, item->due_ms, ageing->now_ms);
	uint32_t bar = percent > 100 ? OVERDUE : percent * BARS / 100;
	size_t i;

	if (percent == 100)
		bar = BARS - 1;
	ageing->waits++;
	ageing->bars[item->category][bar]++;
	ageing->bars[CATEGORY_COUNT][bar]++;
	for (i = 0; i < ALERTS; i++)
		ageing->used[i] += percent >= alerts[i] && percent <= 100;
	if (bar == OVERDUE && (ageing->first_due_ms == 0 || item->due_ms < ageing->first_due_ms))
		ageing->first_due_ms = item->due_ms;
	return 0;
}

static int ageing_take(struct cli *cli, struct ageing *ret_ageing)
{
	*ret_ageing = (struct ageing){.cli = cli, .now_ms = cli_now_ms(cli)};
	return store_exception_ages_each(cli->store, take_item, ret_ageing);
}

/* ---- shown --------------------------------------------------------------------------------------------------- */

/* "12-24 h" where the hours can be quartered, else "25-50 %". */
static struct slice bar_title(struct cli *cli, int bar)
{
	int32_t hours = cli->config->due_hours;

	if (bar == OVERDUE)
		return SLICE_LITERAL("overdue");
	if (hours % BARS == 0)
		return arena_printf(&cli->arena, "%d-%d h", hours / BARS * bar, hours / BARS * (bar + 1));
	return arena_printf(&cli->arena, "%d-%d %%", 100 / BARS * bar, 100 / BARS * (bar + 1));
}

static bool row_is_empty(const struct ageing *ageing, int row)
{
	int bar;

	for (bar = 0; bar <= OVERDUE; bar++)
		if (ageing->bars[row][bar] > 0)
			return false;
	return true;
}

static void rule_text(const struct cli *cli, struct buffer *out)
{
	static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	const struct calendar *calendar = &cli->config->calendar;
	int i;

	if (!calendar->business) {
		buffer_printf(out, "%d hours after receipt, around the clock", cli->config->due_hours);
		return;
	}
	buffer_printf(out, "%d working hours after receipt: ", cli->config->due_hours);
	for (i = 0; i < 7; i++)
		if ((calendar->weekdays >> i & 1u) != 0)
			buffer_printf(out, "%s ", days[i]);
	buffer_printf(out, "%02d:%02d-%02d:%02d %.*s, but for ", calendar->opens / 60, calendar->opens % 60,
		      calendar->closes / 60, calendar->closes % 60, (int)calendar->zone.len, calendar->zone.data);
	text_add_count(out, calendar->holiday_count, "holiday");
}

static int ageing_text(const struct ageing *ageing)
{
	struct cli *cli = ageing->cli;
	struct cli_table table;
	const char *titles[BARS + 2] = {"category"};
	int row, bar, r;

	for (bar = 0; bar <= OVERDUE; bar++) {
		titles[bar + 1] = bar_title(cli, bar).data;
		if (titles[bar + 1] == NULL)
			return -ENOMEM;
	}
	cli_table_begin(&table, cli, BARS + 2, titles);
	for (row = 0; row <= CATEGORY_COUNT; row++) {
		if (row < CATEGORY_COUNT && row_is_empty(ageing, row))
			continue;
		cli_table_cell(&table, slice_from(row < CATEGORY_COUNT ? category_name((enum category)row) : "all"));
		for (bar = 0; bar <= OVERDUE; bar++)
			cli_table_cell(&table,
				       arena_printf(&cli->arena, "%llu", (unsigned long long)ageing->bars[row][bar]));
	}
	r = cli_table_end(&table);
	text_add_count(&cli->out, ageing->waits, "item");
	buffer_printf(&cli->out,
		      ", %llu overdue; half of the time is used by %llu, three quarters by %llu, nine tenths by %llu\n",
		      (unsigned long long)ageing->bars[CATEGORY_COUNT][OVERDUE], (unsigned long long)ageing->used[0],
		      (unsigned long long)ageing->used[1], (unsigned long long)ageing->used[2]);
	buffer_add_text(&cli->out, "due ");
	rule_text(cli, &cli->out);
	buffer_add_char(&cli->out, '\n');
	return r;
}

static void json_bars(const struct ageing *ageing, struct json *json, int row)
{
	int bar;

	json_array_begin(json, "bars");
	for (bar = 0; bar < BARS; bar++) {
		json_object_begin(json, NULL);
		json_u64(json, "from_percent", (uint64_t)(100 / BARS * bar));
		json_u64(json, "to_percent", (uint64_t)(100 / BARS * (bar + 1)));
		json_u64(json, "items", ageing->bars[row][bar]);
		json_object_end(json);
	}
	json_array_end(json);
	json_u64(json, "overdue", ageing->bars[row][OVERDUE]);
}

static void ageing_json(const struct ageing *ageing, bool whole)
{
	struct cli *cli = ageing->cli;
	char text[CLOCK_TEXT_BYTES];
	struct json json;
	int row;

	json_init(&json, &cli->out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "schema", SLICE_LITERAL("muster.ageing"));
	json_u64(&json, "v", 1);
	json_text(&json, "at", slice_from(clock_format_rfc3339(ageing->now_ms, text)));
	json_text(&json, "calendar",
		  cli->config->calendar.business ? SLICE_LITERAL("business") : SLICE_LITERAL("plain"));
	json_u64(&json, "due_hours", (uint64_t)cli->config->due_hours);
	json_u64(&json, "waits", ageing->waits);
	json_bars(ageing, &json, CATEGORY_COUNT);
	json_text_or_null(&json, "overdue_since",
			  ageing->first_due_ms > 0 ? slice_from(clock_format_rfc3339(ageing->first_due_ms, text))
						   : SLICE_EMPTY);
	json_u64(&json, "used_50_percent", ageing->used[0]);
	json_u64(&json, "used_75_percent", ageing->used[1]);
	json_u64(&json, "used_90_percent", ageing->used[2]);
	json_array_begin(&json, "categories");
	for (row = 0; whole && row < CATEGORY_COUNT; row++) {
		if (row_is_empty(ageing, row))
			continue;
		json_object_begin(&json, NULL);
		json_text(&json, "category", slice_from(category_name((enum category)row)));
		json_bars(ageing, &json, row);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	buffer_add_char(&cli->out, '\n');
}

int cli_queue_ageing(struct cli *cli)
{
	struct ageing ageing;
	int r;

	if (cli->argument_count > 0)
		return cli_usage_error(cli, "ageing wants nothing more");
	r = ageing_take(cli, &ageing);
	if (r < 0)
		return r;
	if (cli->options.format == CLI_TEXT)
		return ageing_text(&ageing);
	ageing_json(&ageing, true);
	return cli->out.error;
}

int cli_tell_overdue(struct cli *cli)
{
	char since[CLOCK_TEXT_BYTES];
	struct ageing ageing;
	uint64_t overdue;
	int r = ageing_take(cli, &ageing);

	if (r < 0)
		return r;
	overdue = ageing.bars[CATEGORY_COUNT][OVERDUE];
	if (overdue > 0)
		fprintf(stderr,
			"muster: overdue: %llu of %llu waiting items, the first since %s; see muster queue list\n",
			(unsigned long long)overdue, (unsigned long long)ageing.waits,
			clock_format_rfc3339(ageing.first_due_ms, since));
	if (ageing.used[2] > 0)
		cli_say(cli, "muster: due soon: %llu of %llu waiting items, nine tenths of their time are used",
			(unsigned long long)ageing.used[2], (unsigned long long)ageing.waits);
	if (cli->options.format != CLI_TEXT)
		ageing_json(&ageing, false);
	return cli->out.error;
}

int ageing_summary(struct cli *cli, struct buffer *ret_queue, struct buffer *ret_rule)
{
	struct ageing ageing;
	int r = ageing_take(cli, &ageing);

	if (r < 0)
		return r;
	buffer_printf(ret_queue, "%llu wait, %llu overdue", (unsigned long long)ageing.waits,
		      (unsigned long long)ageing.bars[CATEGORY_COUNT][OVERDUE]);
	rule_text(cli, ret_rule);
	return ret_queue->error != 0 ? ret_queue->error : ret_rule->error;
}
