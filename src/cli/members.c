/*
 * Views of members: find, show, history. Shapes: CONTRACT section 6.
 */
#include "cli_internal.h"

#include <stdio.h>
#include <string.h>

#include "member_out.h"
#include "members.h"
#include "muster/match.h"
#include "muster/store.h"
#include "muster/text.h"
#include "muster/undo.h"

struct members_view {
	struct cli *cli;
	struct cli_table table;
	struct json json;
	uint64_t count;
};

int members_known_at(struct cli *cli, int64_t *ret_ms)
{
	struct slice text = slice_from(cli->options.known_at);
	date_day day;

	*ret_ms = INT64_MAX;
	if (cli->options.known_at == NULL || clock_parse_rfc3339(text, ret_ms))
		return 0;
	if (!date_parse_iso(text, &day))
		return cli_usage_error(cli, "--known-at wants 2026-01-31 or 2026-01-31T12:00:00Z, not '%s'",
				       cli->options.known_at);
	*ret_ms = ((int64_t)day + 1) * CLOCK_DAY_MS - 1;
	return 0;
}

/* Whose subscriber number was taken for a member number: one family's of each sponsor who gave it. */
static int tell_subscriber(void *context, const struct member *member)
{
	struct cli *cli = context;
	struct slice id = member_out_visible(cli, member->member_id),
		     sponsor_id = member_out_visible(cli, member->sponsor_id);

	if (!slice_is(member->relationship, "18"))
		return 0;
	fprintf(stderr, "muster members: as a subscriber number it is that of member %.*s%s%.*s\n", (int)id.len,
		id.data, sponsor_id.len > 0 ? ", sponsor " : "", (int)sponsor_id.len,
		sponsor_id.len > 0 ? sponsor_id.data : "");
	return 0;
}

int members_get(struct cli *cli, const struct member **ret_member)
{
	const struct store_member_filter by_family = {
		.subscriber_id = slice_from(cli->arguments[0]), .birth_on = DATE_NONE, .count_max = 200};
	int r = store_member_get(cli->store, slice_from(cli->arguments[0]), &cli->arena, ret_member);

	if (r == 0 && *ret_member == NULL) {
		r = store_members_find(cli->store, &by_family, tell_subscriber, cli);
		return r < 0 ? r : cli_failed(cli, -ENOENT, "there is no member %s", cli->arguments[0]);
	}
	return r;
}

/* ---- find ---- */

static int find_row(void *context, const struct member *member)
{
	struct members_view *view = context;
	char birth[DATE_TEXT_BYTES];

	view->count++;
	if (view->cli->options.format == CLI_JSON || view->cli->options.format == CLI_NDJSON) {
		member_out_json(&view->json, NULL, member, DATE_NONE, view->cli->options.unmasked);
		return cli_flush_some(view->cli);
	}
	cli_table_cell(&view->table, member->member_id);
	cli_table_cell(&view->table, member_out_family(view->cli, member));
	cli_table_cell(&view->table, member_out_visible(view->cli, member->last_name));
	cli_table_cell(&view->table, member_out_visible(view->cli, member->first_name));
	cli_table_cell(&view->table, slice_from(date_format_iso(member->birth_on, birth)));
	cli_table_cell(&view->table, member_out_coverage(view->cli, member));
	cli_table_cell(&view->table, member_out_visible(view->cli, member->sponsor_id));
	return view->table.error;
}

static int find_as(struct members_view *view, const struct store_member_filter *filter)
{
	return view->count > 0 ? 0 : store_members_find(view->cli->store, filter, find_row, view);
}

/* Members are kept under a key of their SSN, for matching: nobody else need be looked at. */
static int find_by_ssn(struct members_view *view, struct slice ssn, struct slice group)
{
	struct store *store = view->cli->store;
	const struct member like = {.ssn = ssn, .birth_on = DATE_NONE};
	uint64_t keys[MATCH_KEYS_MAX], numbers[LIMIT_CANDIDATES_PER_KEY];
	uint32_t key_count = match_member_keys(&like, keys), count, k, i;
	int r = 0;

	for (k = 0; r == 0 && k < key_count; k++) {
		r = store_key_members(store, keys[k], LIMIT_CANDIDATES_PER_KEY, numbers, &count);
		for (i = 0; r == 0 && i < count; i++) {
			const struct member *member;

			r = store_member_get_no(store, numbers[i], &view->cli->arena, &member);
			if (r == 0 && member != NULL && slice_equal(member->ssn, ssn)) {
				const struct store_member_filter one = {
					.member_id = member->member_id, .group_id = group, .birth_on = DATE_NONE};

				r = store_members_find(store, &one, find_row, view);
			}
		}
	}
	return r;
}

/* What was typed may be a member number, a subscriber number, an SSN or a name: the first that finds somebody. */
static int find_all(struct members_view *view)
{
	struct cli *cli = view->cli;
	struct slice word = slice_from(cli->arguments[0]);
	struct slice group = slice_from(cli->options.group);
	struct store_member_filter by_id = {.member_id = word, .group_id = group, .birth_on = DATE_NONE};
	struct store_member_filter by_family = {.subscriber_id = word, .group_id = group, .birth_on = DATE_NONE};
	struct store_member_filter by_name = {
		.last_name = word, .group_id = group, .birth_on = DATE_NONE, .count_max = 200};
	int r;

	if (cli->argument_count > 1) {
		by_name.first_name = slice_from(cli->arguments[1]);
		return find_as(view, &by_name);
	}
	r = find_as(view, &by_id);
	if (r == 0)
		r = find_as(view, &by_family);
	if (r == 0 && view->count == 0 && word.len == 9 && slice_is_digits(word))
		r = find_by_ssn(view, word, group);
	return r == 0 ? find_as(view, &by_name) : r;
}

static int members_find(struct cli *cli)
{
	static const char *const titles[] = {"member", "subscriber", "last name", "first name",
					     "born",   "coverage",   "sponsor"};
	struct members_view view = {.cli = cli};
	bool json = cli->options.format == CLI_JSON;
	int r;

	if (cli->argument_count < 1 || cli->argument_count > 2)
		return cli_usage_error(cli, "find wants a number, or a last name and the beginning of a first name");
	json_init(&view.json, &cli->out, json);
	if (json)
		json_array_begin(&view.json, NULL);
	else if (cli->options.format == CLI_TEXT || cli->options.format == CLI_CSV)
		cli_table_begin(&view.table, cli, 7, titles);
	r = find_all(&view);
	if (json) {
		json_array_end(&view.json);
		buffer_add_char(&cli->out, '\n');
	} else if (r == 0 && cli->options.format != CLI_NDJSON) {
		r = cli_table_end(&view.table);
	}
	if (r == 0 && view.count == 0)
		cli_say(cli, "nobody is found");
	return r;
}

/* ---- show ---- */

static int members_show(struct cli *cli)
{
	const struct member *member;
	struct json json;
	date_day on = DATE_NONE;
	int64_t known_ms;
	int r;

	if (cli->argument_count != 1)
		return cli_usage_error(cli, "show wants one member number");
	/* What held on a day: --on, or the day that is to be today. */
	if (cli->today_fixed)
		on = cli->today;
	if (cli->options.on != NULL && !cli_on_date(cli, &on))
		return MUSTER_ERROR_USAGE;
	r = members_known_at(cli, &known_ms);
	if (r == 0)
		r = members_get(cli, &member);
	if (r == 0 && known_ms != INT64_MAX)
		r = undo_member_known(cli->store, member, known_ms, &cli->arena, &member);
	if (r < 0)
		return r;
	if (member == NULL)
		return cli_failed(cli, -ENOENT, "member %s was not known then", cli->arguments[0]);
	if (cli->options.format == CLI_TEXT)
		return member_out_text(cli, member, on);
	json_init(&json, &cli->out, cli->options.format == CLI_JSON);
	member_out_json(&json, NULL, member, on, cli->options.unmasked);
	buffer_add_char(&cli->out, '\n');
	return 0;
}

int cli_members(struct cli *cli)
{
	int r = cli_open_store(cli);

	if (r < 0)
		return r;
	if (strcmp(cli->subverb, "find") == 0)
		return members_find(cli);
	return strcmp(cli->subverb, "show") == 0 ? members_show(cli) : members_history(cli);
}
