/*
 * The command line. Options may stand before or after the verb; one table says what each is.
 */
#include "cli_internal.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

enum option_kind { OPTION_TEXT, OPTION_FLAG, OPTION_FORMAT };

struct option_row {
	const char *name; /* with its dashes */
	enum option_kind kind;
	size_t offset; /* in struct cli_options */
	int value;     /* of a format */
	const char *argument, *text;
};

#define TEXT(name, field, argument, text) {name, OPTION_TEXT, offsetof(struct cli_options, field), 0, argument, text}
#define FLAG(name, field, text) {name, OPTION_FLAG, offsetof(struct cli_options, field), 0, NULL, text}
#define FORMAT(name, format, text) {name, OPTION_FORMAT, 0, format, NULL, text}

static const struct option_row option_rows[] = {
	TEXT("--db", db, "FILE", "the database (default: the configuration's, else ./muster.db)"),
	TEXT("-c", config, "FILE",
	     "the configuration (default: $MUSTER_CONFIG, ./muster.yaml, /etc/muster/muster.yaml)"),
	TEXT("--as-of", as_of, "DATE", "what \"today\" is for this run, YYYY-MM-DD"),
	FORMAT("--json", CLI_JSON, "one JSON document on stdout"),
	FORMAT("--ndjson", CLI_NDJSON, "one JSON object a line on stdout"),
	FORMAT("--csv", CLI_CSV, "CSV on stdout"),
	FLAG("-q", quiet, "say nothing but errors"),
	FLAG("-v", verbose, "say more"),
	FLAG("--detailed-exitcode", detailed_exitcode, "exit 2 when all is done and exceptions wait"),
	FLAG("--help", help, "what a verb does, examples first"),
	FLAG("--version", version, "version of muster and its libraries"),
	TEXT("--ack", ack, "DIR", "validate: also write TA1, 999 and 824 there, as a trial"),
	TEXT("--out", out, "DIR", "process, reprocess, queue export, groups, report: where outputs go"),
	TEXT("--on", on, "DATE", "views: as of this day; groups: the day of an order"),
	TEXT("--known-at", known_at, "WHEN",
	     "members show, history: as muster knew it then, a day or 2026-01-31T12:00:00Z"),
	TEXT("--note", note, "TEXT", "queue, retention hold, partners reset, audit restart: a note for the record"),
	TEXT("--decision", decision, "WORD",
	     "queue resolve: match:<member_id>, not:<member_id>, new, release, withdraw, reject, skip"),
	TEXT("--operator", operator_name, "NAME", "who decides (default: the operator of the login name)"),
	TEXT("--role", role, "ROLE", "user: representative, lead, administrator, auditor or service"),
	TEXT("--name", name, "TEXT", "user: what the operator is called"),
	TEXT("--login", login, "NAME", "user: the login name of the machine that is his (default: his id)"),
	TEXT("--region", region, "CODE", "groups separate: whose families go on under the new contract"),
	TEXT("--item", item, "ID", "reprocess: one item of the queue"),
	TEXT("--status", status, "WORD", "queue list: open (default), resolved, rejected, skipped, all"),
	TEXT("--category", category, "NAME", "queue list: only this category"),
	TEXT("--group", group, "ID", "queue list, members find: only this group"),
	TEXT("--owner", owner, "NAME", "queue list, queue assign: whose items"),
	TEXT("--file", file, "ID", "queue list: only this file; undo: all of it"),
	TEXT("--set", set, "ID", "undo: a transaction set, F00000012-1"),
	TEXT("--member-change", member_change, "ID",
	     "undo: a record, F00000012-1-17, or one change of it, F00000012-1-17-0"),
	TEXT("--run", run, "ID", "report: which run, R00000003 (default: the last one)"),
	TEXT("--partner", partner, "NAME", "process, preview: the partner profile to use"),
	TEXT("--limit", limit, "N", "lists: at most so many"),
	TEXT("--to", to, "FORM|ID", "convert: json, xml or edi; groups separate: the new contract"),
	TEXT("-o", output, "FILE", "convert: write here instead of to stdout; preview: also write a changeset"),
	TEXT("--html", html, "FILE", "preview, validate: also write a page"),
	TEXT("--left", left, "FILE", "match: the records, CSV with an id; explain: FILE:ID"),
	TEXT("--right", right, "FILE", "match: whom they may mean, CSV with an id; explain: FILE:ID"),
	TEXT("--truth", truth, "FILE", "match: CSV of left_id,right_id that are the same person"),
	TEXT("--pairs", pairs, "FILE", "match evaluate: what match link wrote"),
	TEXT("--plot", plot, "FILE.svg", "match evaluate: also draw the reliability table there"),
	TEXT("--model", model, "FILE", "match: weights to use instead of the built-in ones"),
	TEXT("--nights", nights, "N", "match shadow: the last so many days on which files came (default 30)"),
	FLAG("--labels", labels, "match train: learn from what representatives decided"),
	FLAG("--train", train, "match link: learn the weights from the two files first"),
	FLAG("--one-to-one", one_to_one, "match link: each person stands in the left file once"),
	FLAG("--unmasked", unmasked, "show SSNs in full"),
	FLAG("--redo", redo, "undo: apply again what was taken back"),
	FLAG("--dry-run", dry_run, "undo, groups, retention purge: show what would happen, do nothing"),
	FLAG("--yes", yes, "undo: do not ask; retention purge: do it"),
};

#undef TEXT
#undef FLAG
#undef FORMAT

static const struct option_row *option_find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(option_rows) / sizeof(option_rows[0]); i++)
		if (strlen(option_rows[i].name) == len && memcmp(option_rows[i].name, name, len) == 0)
			return &option_rows[i];
	return NULL;
}

/* Put `value` where the row says. Returns whether the row takes a value. */
static void option_store(struct cli_options *options, const struct option_row *row, const char *value)
{
	char *base = (char *)options;

	switch (row->kind) {
	case OPTION_TEXT:
		memcpy(base + row->offset, &value, sizeof(value));
		break;
	case OPTION_FLAG:
		*(bool *)(base + row->offset) = true;
		break;
	case OPTION_FORMAT:
		options->format = (enum cli_format)row->value;
		break;
	}
}

/* One option at argv[at]. Returns how many arguments it took, or MUSTER_ERROR_USAGE. */
static int option_take(struct cli *cli, int argc, char **argv, int at)
{
	const char *text = argv[at];
	const char *equals = strchr(text, '=');
	size_t len = equals != NULL ? (size_t)(equals - text) : strlen(text);
	const struct option_row *row = option_find(text, len);

	if (strcmp(text, "-h") == 0)
		row = option_find("--help", 6);
	if (row == NULL)
		return cli_usage_error(cli, "no option is called %s; see muster help", text);
	if (row->kind != OPTION_TEXT) {
		if (equals != NULL)
			return cli_usage_error(cli, "%s takes no value", row->name);
		option_store(&cli->options, row, NULL);
		return 1;
	}
	if (equals != NULL) {
		option_store(&cli->options, row, equals + 1);
		return 1;
	}
	if (at + 1 >= argc)
		return cli_usage_error(cli, "%s wants a value: %s", row->name, row->argument);
	option_store(&cli->options, row, argv[at + 1]);
	return 2;
}

int cli_parse(struct cli *cli, int argc, char **argv)
{
	bool only_arguments = false;
	int at = 1;

	while (at < argc) {
		const char *text = argv[at];

		if (!only_arguments && strcmp(text, "--") == 0) {
			only_arguments = true;
			at++;
		} else if (!only_arguments && text[0] == '-' && text[1] != '\0') {
			int taken = option_take(cli, argc, argv, at);

			if (taken < 0)
				return taken;
			at += taken;
		} else if (cli->verb == NULL) {
			cli->verb = text;
			at++;
		} else if (cli->argument_count == CLI_ARGUMENTS_MAX) {
			return cli_usage_error(cli, "more than %d arguments; give a folder instead", CLI_ARGUMENTS_MAX);
		} else {
			cli->arguments[cli->argument_count++] = argv[at++];
		}
	}
	return 0;
}

void cli_options_print(struct buffer *out)
{
	size_t i;

	for (i = 0; i < sizeof(option_rows) / sizeof(option_rows[0]); i++) {
		char left[40];

		snprintf(left, sizeof(left), "%s%s%s", option_rows[i].name, option_rows[i].argument != NULL ? " " : "",
			 option_rows[i].argument != NULL ? option_rows[i].argument : "");
		buffer_printf(out, "  %-22s %s\n", left, option_rows[i].text);
	}
}
