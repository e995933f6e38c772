/*
 * The program: parse, find the verb, run it, turn the result into an exit status.
 */
#include "cli_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "muster/cli.h"
#include "muster/guide.h"
#include "muster/hash.h"
#include "muster/store.h"
#include "options.h"

#define CLI_FLUSH_BYTES (64u * 1024u)

int cli_flush(struct cli *cli)
{
	int r = cli->out.error;

	if (r == 0 && cli->out.len > 0)
		r = env_write(cli->env, 1, cli->out.data, cli->out.len);
	buffer_clear(&cli->out);
	/* Whoever read our output has gone: nothing is wrong with the work done. */
	return r == -EPIPE ? 0 : r;
}

int cli_flush_some(struct cli *cli)
{
	return cli->out.len >= CLI_FLUSH_BYTES ? cli_flush(cli) : cli->out.error;
}

void cli_say(struct cli *cli, const char *format, ...)
{
	va_list arguments;

	if (cli->options.quiet)
		return;
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

static void cli_complain(const struct cli *cli, const char *subverb, const char *format, va_list arguments)
{
	fprintf(stderr, "muster%s%s%s%s: ", cli->verb != NULL ? " " : "", cli->verb != NULL ? cli->verb : "",
		subverb != NULL ? " " : "", subverb != NULL ? subverb : "");
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

int cli_usage_error(struct cli *cli, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	cli_complain(cli, NULL, format, arguments);
	va_end(arguments);
	return MUSTER_ERROR_USAGE;
}

int cli_failed(struct cli *cli, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	cli_complain(cli, cli->subverb, format, arguments);
	va_end(arguments);
	cli->told = true;
	return error;
}

int cli_cannot_write(struct cli *cli, int error, const char *path)
{
	cli_failed(cli, error, "cannot write %s: %s", path,
		   error == -ENOENT ? "there is no such folder" : muster_error_text(error));
	return muster_exit_status(error) == muster_exit_status(-ENOENT) ? MUSTER_ERROR_OUTPUT : error;
}

int cli_commit_audited(struct cli *cli, int r, struct store_audit *audit)
{
	if (r == 0)
		r = audit->text.data != NULL ? store_audit_append(cli->store, audit) : -ENOMEM;
	if (r == 0)
		r = store_commit(cli->store);
	if (r != 0)
		store_rollback(cli->store);
	return r;
}

int64_t cli_now_ms(const struct cli *cli)
{
	return cli->today_fixed ? (int64_t)cli->today * CLOCK_DAY_MS : env_clock_ms(cli->env);
}

bool cli_on_date(struct cli *cli, date_day *ret_day)
{
	*ret_day = cli->today;
	if (cli->options.on == NULL || date_parse_iso(slice_from(cli->options.on), ret_day))
		return true;
	cli_usage_error(cli, "--on wants a date as 2026-01-31, not '%s'", cli->options.on);
	return false;
}

static int cli_set_today(struct cli *cli)
{
	cli->today = date_of_clock_ms(env_clock_ms(cli->env));
	if (cli->options.as_of == NULL)
		return 0;
	cli->today_fixed = true;
	if (date_parse_iso(slice_from(cli->options.as_of), &cli->today))
		return 0;
	return cli_usage_error(cli, "--as-of wants a date as 2026-01-31, not '%s'", cli->options.as_of);
}

int cli_open_guides(struct cli *cli)
{
	struct buffer errors;
	int r;

	if (cli->guides != NULL)
		return 0;
	buffer_init(&errors, cli->env);
	r = guide_set_new(cli->env, &errors, &cli->guides);
	if (r == GUIDE_E_INVALID) {
		fprintf(stderr, "%s", errors.data);
		r = MUSTER_ERROR_CONFIG;
	}
	buffer_fini(&errors);
	return r;
}

/* "list" of "list show resolve". */
static bool cli_is_subverb(const char *subverbs, const char *word)
{
	size_t len = strlen(word);
	const char *at = subverbs;

	while ((at = strstr(at, word)) != NULL) {
		if ((at == subverbs || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return len > 0;
		at += len;
	}
	return false;
}

static int cli_take_subverb(struct cli *cli, const struct cli_verb *verb)
{
	const char *subverbs = verb->subverbs;

	if (subverbs == NULL || (subverbs[0] == '|' && cli->argument_count == 0))
		return 0;
	subverbs += subverbs[0] == '|' ? 2 : 0;
	if (cli->argument_count == 0 || !cli_is_subverb(subverbs, cli->arguments[0]))
		return cli_usage_error(cli, "wants one of: %s", subverbs);
	cli->subverb = cli->arguments[0];
	cli->argument_count--;
	memmove(cli->arguments, cli->arguments + 1, (size_t)cli->argument_count * sizeof(cli->arguments[0]));
	return 0;
}

static const struct cli_verb *cli_verb_find(const char *name)
{
	const struct cli_verb *verb;

	for (verb = cli_verbs; verb->name != NULL; verb++)
		if (strcmp(verb->name, name) == 0)
			return verb;
	return NULL;
}

static int cli_dispatch(struct cli *cli)
{
	const struct cli_verb *verb;
	int r;

	if (cli->options.version) {
		buffer_printf(&cli->out, "muster %s\n", MUSTER_VERSION);
		return 0;
	}
	if (cli->verb == NULL && !cli->options.help)
		return cli_usage_error(cli, "say what to do; muster help lists the verbs");
	if (cli->options.help && cli->verb != NULL && strcmp(cli->verb, "help") != 0) {
		cli->arguments[0] = (char *)(uintptr_t)cli->verb;
		cli->argument_count = 1;
	}
	if (cli->options.help || strcmp(cli->verb, "help") == 0)
		return cli_help(cli);
	verb = cli_verb_find(cli->verb);
	if (verb == NULL)
		return cli_usage_error(cli, "there is no such verb; muster help lists them");
	r = cli_take_subverb(cli, verb);
	if (r == 0)
		r = cli_set_today(cli);
	return r < 0 ? r : verb->run(cli);
}

int cli_help(struct cli *cli)
{
	const struct cli_verb *verb;

	if (cli->argument_count > 0) {
		verb = cli_verb_find(cli->arguments[0]);
		if (verb == NULL)
			return cli_usage_error(cli, "there is no verb '%s'; muster help lists them", cli->arguments[0]);
		buffer_printf(&cli->out, "muster %s - %s\n\nusage: muster %s\n\n%s", verb->name, verb->summary,
			      verb->usage, verb->help);
		return 0;
	}
	buffer_add_text(
		&cli->out,
		"muster: membership filings (X12 834, 820) of a health plan, from drop folder to applied changes\n"
		"\nusage: muster [OPTION...] VERB [ARGUMENT...]\n\nverbs:\n");
	for (verb = cli_verbs; verb->name != NULL; verb++)
		buffer_printf(&cli->out, "  %-11s %s\n", verb->name, verb->summary);
	buffer_add_text(&cli->out, "\noptions (before or after the verb):\n");
	cli_options_print(&cli->out);
	buffer_add_text(
		&cli->out,
		"\nexit status: 0 done; 1 validate found errors; 2 with --detailed-exitcode, exceptions wait; 64 usage;\n"
		"65 a file was rejected or held; 66 no such input; 69 database away; 70 bug or damage; 71 memory or\n"
		"system; 73 cannot create; 74 I/O; 75 locked or interrupted, run again; 77 denied; 78 configuration.\n"
		"\nmuster help VERB says more.\n");
	return 0;
}

static void cli_close(struct cli *cli)
{
	store_close(cli->store);
	store_close(cli->truth);
	guide_set_free(cli->guides);
	buffer_fini(&cli->out);
	arena_fini(&cli->arena);
}

int cli_run(struct env *env, int argc, char **argv)
{
	struct cli *cli = env_alloc(env, sizeof(*cli));
	int status, flushed, anchored;

	if (cli == NULL)
		return muster_exit_status(-ENOMEM);
	cli->env = env;
	arena_init(&cli->arena, env, 0, 0);
	buffer_init(&cli->out, env);
	status = hash_setup();
	if (status == 0)
		status = cli_parse(cli, argc, argv);
	if (cli->options.quiet)
		log_set_level(LOG_ERROR);
	else if (cli->options.verbose)
		log_set_level(LOG_DEBUG);
	if (status == 0)
		status = cli_dispatch(cli);
	anchored = audit_anchor(cli);
	if (status >= 0 && anchored < 0)
		status = anchored;
	flushed = cli_flush(cli);
	if (status >= 0 && flushed < 0)
		status = flushed;
	if (status < 0 && status != MUSTER_ERROR_USAGE && !cli->told)
		fprintf(stderr, "muster: %s\n", muster_error_text(status));
	cli_close(cli);
	env_free(env, cli);
	return status < 0 ? muster_exit_status(status) : status;
}
