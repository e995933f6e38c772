/*
 * audit: is the trail what it was? Its rows against each other, and against the anchors kept outside of the database.
 */
#include "audit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "muster/io.h"
#include "muster/path.h"
#include "muster/profile.h"

#define KEY_BYTES_MIN 16u
#define KEY_BYTES_MAX 4096u

/* A key that others can read seals nothing. */
static int read_key(struct cli *cli, struct slice *ret_key)
{
	const char *path = cli->config->anchor_key;
	struct env_stat stat;
	size_t bytes;
	char *text;
	int r = env_stat(cli->env, path, &stat);

	if (r == 0 && (stat.mode & (S_IRWXG | S_IRWXO)) != 0)
		return cli_failed(cli, MUSTER_ERROR_CONFIG, "anchor_key: others may read %s: chmod 600", path);
	if (r == 0)
		r = io_read_file(cli->env, path, KEY_BYTES_MAX, &text, &bytes);
	if (r < 0)
		return cli_failed(cli, r, "anchor_key: cannot read %s", path);
	*ret_key = arena_dup(&cli->arena, slice_trim(slice_of(text, bytes)));
	env_free(cli->env, text);
	if (ret_key->data == NULL)
		return -ENOMEM;
	if (ret_key->len < KEY_BYTES_MIN)
		return cli_failed(cli, MUSTER_ERROR_CONFIG, "anchor_key: %s holds fewer than %u characters", path,
				  KEY_BYTES_MIN);
	return 0;
}

static int find_place(struct cli *cli, const char *anchors, struct anchor_place *ret_place)
{
	const struct config *config = cli->config;
	const char *path = anchors != NULL ? anchors : config->anchors;

	*ret_place = (struct anchor_place){.path = path, .to_log = config->anchor_log};
	if (path == NULL)
		ret_place->path = arena_printf(&cli->arena, "%s.anchors", config->database).data;
	if (ret_place->path == NULL)
		return -ENOMEM;
	return config->anchor_key != NULL ? read_key(cli, &ret_place->key) : 0;
}

int audit_anchor(struct cli *cli)
{
	struct anchor_place place;
	int r;

	if (cli->store == NULL || cli->truth != NULL || !store_has_audited(cli->store))
		return 0;
	r = find_place(cli, NULL, &place);
	if (r < 0)
		return r;
	r = anchor_append(cli->env, cli->store, &place, false);
	return r < 0 ? cli_failed(cli, r,
				  "what was done is done, but the audit trail's anchor cannot be written to %s: %s",
				  place.path, muster_error_text(r))
		     : 0;
}

/* ---- verify -------------------------------------------------------------------------------------------------- */

static void tell(const struct anchor_report *report, const char *path, struct buffer *words)
{
	const struct anchor *broken = &report->broken;
	char at[CLOCK_TEXT_BYTES];

	switch (report->fault) {
	case ANCHOR_SOUND:
		if (!report->there)
			buffer_printf(
				words,
				"%llu rows fit together; there are no anchors in %s: an end that was cut off would "
				"not be seen",
				(unsigned long long)report->rows, path);
		else
			buffer_printf(words, "%llu rows fit together, %llu anchors agree, the last with row %llu of %s",
				      (unsigned long long)report->rows, (unsigned long long)report->anchors,
				      (unsigned long long)report->last.audit_no,
				      clock_format_rfc3339(report->last.at_ms, at));
		return;
	case ANCHOR_ROW:
		buffer_printf(
			words,
			"row %llu does not fit the row before it: it was changed, put in, or rows before it are gone",
			(unsigned long long)report->bad_row);
		return;
	case ANCHOR_CUT:
		buffer_printf(
			words,
			"the trail ends with row %llu, but row %llu stood in it at %s: its end was cut off, or an older "
			"database was put back",
			(unsigned long long)report->rows, (unsigned long long)broken->audit_no,
			clock_format_rfc3339(broken->at_ms, at));
		return;
	case ANCHOR_OTHER_ROW:
		buffer_printf(
			words,
			"row %llu is another one than at %s: the trail was written anew, or goes on from an older "
			"database",
			(unsigned long long)broken->audit_no, clock_format_rfc3339(broken->at_ms, at));
		return;
	case ANCHOR_LINE:
		buffer_printf(words, "line %llu of %s is no anchor, or not sealed with this site's key",
			      (unsigned long long)report->line, path);
		return;
	}
}

int audit_look(struct cli *cli, const char *anchors, struct anchor_report *ret_report, struct buffer *ret_words)
{
	struct anchor_place place;
	int r = find_place(cli, anchors, &place);

	if (r == 0 && anchors != NULL && !env_exists(cli->env, anchors))
		r = cli_failed(cli, -ENOENT, "there is no file %s", anchors);
	if (r == 0)
		r = anchor_verify(cli->env, cli->store, &place, ret_report);
	if (r == 0)
		tell(ret_report, place.path, ret_words);
	return r < 0 ? r : ret_words->error;
}

static void verify_json(struct cli *cli, const struct anchor_report *report, struct slice words)
{
	static const char *const faults[] = {"", "row", "cut", "other_row", "line"};
	char head[HASH_TEXT_BYTES];
	struct json json;

	json_init(&json, &cli->out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "schema", SLICE_LITERAL("muster.audit"));
	json_u64(&json, "v", 1);
	json_bool(&json, "sound", report->fault == ANCHOR_SOUND);
	json_text_or_null(&json, "fault", slice_from(faults[report->fault]));
	json_u64(&json, "rows", report->rows);
	json_text(&json, "head", slice_from(hash_format(&report->head, head)));
	json_u64(&json, "bad_row", report->bad_row);
	json_u64(&json, "anchors", report->anchors);
	json_u64(&json, "broken_anchor_row", report->broken.audit_no);
	json_u64(&json, "bad_line", report->line);
	json_text(&json, "says", words);
	json_object_end(&json);
	buffer_add_char(&cli->out, '\n');
}

static int audit_verify(struct cli *cli)
{
	struct anchor_report report;
	struct buffer words;
	int r;

	if (cli->argument_count > 1)
		return cli_usage_error(cli, "verify wants no more than one file of anchors");
	buffer_init(&words, cli->env);
	r = audit_look(cli, cli->argument_count > 0 ? cli->arguments[0] : NULL, &report, &words);
	if (r == 0 && cli->options.format != CLI_TEXT)
		verify_json(cli, &report, buffer_slice(&words));
	else if (r == 0)
		buffer_printf(&cli->out, "%s\n", words.data);
	buffer_fini(&words);
	return r < 0 ? r : report.fault == ANCHOR_SOUND ? 0 : 70;
}

/* ---- head, restart ------------------------------------------------------------------------------------------- */

static int audit_head(struct cli *cli)
{
	struct anchor_place place;
	struct slice line;
	int r;

	if (cli->argument_count > 0)
		return cli_usage_error(cli, "head takes no argument");
	r = find_place(cli, NULL, &place);
	if (r == 0)
		r = anchor_line(cli->env, cli->store, &place, &cli->arena, &line);
	if (r == 0)
		buffer_printf(&cli->out, "%.*s\n", (int)line.len, line.data);
	return r;
}

/* That it is so stands in the trail, too, with who said it and why. */
static int audit_restart(struct cli *cli)
{
	struct store_audit audit = {.kind = SLICE_LITERAL("anchors"), .subject = SLICE_LITERAL("restart")};
	struct anchor_place place;
	int r;

	if (cli->argument_count > 0)
		return cli_usage_error(cli, "restart takes no argument");
	if (cli->options.note == NULL || slice_trim(slice_from(cli->options.note)).len == 0)
		return cli_usage_error(cli, "restart wants --note: why the trail is another one from now on");
	audit.text = slice_from(cli->options.note);
	r = find_place(cli, NULL, &place);
	if (r == 0)
		r = store_begin(cli->store, STORE_WRITE);
	if (r < 0)
		return r;
	r = cli_commit_audited(cli, 0, &audit);
	if (r == 0)
		r = anchor_append(cli->env, cli->store, &place, true);
	if (r == 0)
		cli_say(cli,
			"the trail is anchored anew in %s; what stood there before is kept, and no longer compared",
			place.path);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

int cli_audit(struct cli *cli)
{
	int r = cli_open_store(cli);

	if (r < 0)
		return r;
	if (strcmp(cli->subverb, "verify") == 0)
		return audit_verify(cli);
	return strcmp(cli->subverb, "head") == 0 ? audit_head(cli) : audit_restart(cli);
}
