/*
 * validate: check files, change nothing; findings and verdicts to stdout, trial acknowledgments where asked for.
 */
#include "cli_internal.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "muster/ack.h"
#include "muster/batch.h"
#include "muster/path.h"
#include "muster/verdict_out.h"

struct validate_run {
	struct cli *cli;
	uint64_t files, bytes;
	struct verdict_out_totals totals;
	int64_t started_ns;
};

/* One file under way: what the walk's events go to. */
struct validate_file {
	struct validate_run *run;
	struct cli_progress progress;
	const struct check_handler *out, *ack; /* ack NULL: none wanted */
};

#define BOTH(name, arguments_out, arguments_ack)                                                                       \
	struct validate_file *file = context;                                                                          \
	int r = file->out->name != NULL ? file->out->name arguments_out : 0;                                           \
	if (r == 0 && file->ack != NULL && file->ack->name != NULL)                                                    \
		r = file->ack->name arguments_ack;                                                                     \
	return r

static int file_interchange_begin(void *context, const struct x12_interchange *a)
{
	BOTH(interchange_begin, (file->out->context, a), (file->ack->context, a));
}

static int file_interchange_end(void *context, const struct x12_interchange *a)
{
	BOTH(interchange_end, (file->out->context, a), (file->ack->context, a));
}

static int file_fgroup_begin(void *context, const struct x12_fgroup *a)
{
	BOTH(fgroup_begin, (file->out->context, a), (file->ack->context, a));
}

static int file_fgroup_end(void *context, const struct x12_fgroup *a)
{
	BOTH(fgroup_end, (file->out->context, a), (file->ack->context, a));
}

static int file_tset_begin(void *context, const struct x12_tset *a, const struct guide *b)
{
	BOTH(tset_begin, (file->out->context, a, b), (file->ack->context, a, b));
}

static int file_tset_end(void *context, const struct x12_tset *a, const struct check_verdict *b)
{
	BOTH(tset_end, (file->out->context, a, b), (file->ack->context, a, b));
}

static int file_loop_begin(void *context, const struct guide *a, const struct guide_loop *b)
{
	BOTH(loop_begin, (file->out->context, a, b), (file->ack->context, a, b));
}

static int file_loop_end(void *context, const struct guide *a, const struct guide_loop *b)
{
	BOTH(loop_end, (file->out->context, a, b), (file->ack->context, a, b));
}

static int file_segment(void *context, const struct guide *a, const struct guide_segment *b, const struct x12_segment *c)
{
	BOTH(segment, (file->out->context, a, b, c), (file->ack->context, a, b, c));
}

static int file_finding(void *context, const struct finding *a)
{
	BOTH(finding, (file->out->context, a), (file->ack->context, a));
}

static int file_progress(void *context, uint64_t offset)
{
	struct validate_file *file = context;

	cli_progress_at(&file->progress, offset);
	return 0;
}

/* The events that nobody takes are left out, so that the walk need not make them. */
static struct check_handler file_handler(struct validate_file *file)
{
	const struct check_handler *out = file->out, *ack = file->ack;
	struct check_handler handler = {
		.context = file,
		.interchange_begin = file_interchange_begin,
		.interchange_end = file_interchange_end,
		.fgroup_begin = file_fgroup_begin,
		.fgroup_end = file_fgroup_end,
		.tset_begin = file_tset_begin,
		.tset_end = file_tset_end,
		.finding = file_finding,
		.progress = file_progress,
	};

	if (out->loop_begin != NULL || (ack != NULL && ack->loop_begin != NULL))
		handler.loop_begin = file_loop_begin;
	if (out->loop_end != NULL || (ack != NULL && ack->loop_end != NULL))
		handler.loop_end = file_loop_end;
	if (out->segment != NULL || (ack != NULL && ack->segment != NULL))
		handler.segment = file_segment;
	return handler;
}

static int validate_write(void *context, struct slice text)
{
	struct cli *cli = context;

	buffer_add_slice(&cli->out, text);
	return cli_flush_some(cli);
}

static int validate_publish(struct cli *cli, const char *path, const char *extension, struct slice content)
{
	char out[LIMIT_PATH_BYTES];
	int r;

	if (slice_is_empty(content))
		return 0;
	r = path_format(out, "%s/%s.%s", cli->options.ack, path_leaf(path), extension);
	return r < 0 ? r : io_publish(cli->env, out, content);
}

static int validate_acks(struct cli *cli, const char *path, struct ack *ack)
{
	struct slice ta1, ack999;
	int r = ack_finish(ack, &ta1, &ack999);

	if (r == 0)
		r = env_mkdirs(cli->env, cli->options.ack);
	if (r == 0)
		r = validate_publish(cli, path, "ta1", ta1);
	return r == 0 ? validate_publish(cli, path, "999", ack999) : r;
}

static void validate_count(struct validate_run *run, const struct verdict_out_totals *totals)
{
	run->files++;
	run->totals.sets += totals->sets;
	run->totals.accepted += totals->accepted;
	run->totals.accepted_with_errors += totals->accepted_with_errors;
	run->totals.rejected += totals->rejected;
	run->totals.errors += totals->errors;
	run->totals.warnings += totals->warnings;
	run->totals.infos += totals->infos;
}

static int validate_walk(struct validate_run *run, const char *path, struct verdict_out *out, struct ack *ack)
{
	struct cli *cli = run->cli;
	struct validate_file file = {.run = run, .out = verdict_out_handler(out), .ack = ack != NULL ? ack_handler(ack) : NULL};
	struct check_handler handler = file_handler(&file);
	const struct profile *profile;
	struct check_options check;
	struct env_stat stat = {0};
	struct io_source *source;
	int r = batch_profile_of_file(cli->env, cli->profiles, path, &profile);

	if (r == 0)
		r = env_stat(cli->env, path, &stat);
	if (r == 0)
		r = io_source_open(cli->env, path, &source);
	if (r < 0)
		return r;
	io_source_without_hash(source);
	check = profile->check;
	check.skip_content_hash = true;
	run->bytes += stat.size_bytes;
	cli_progress_begin(&file.progress, cli, path, stat.size_bytes);
	r = check_source(cli->env, cli->guides, source, &check, &handler);
	cli_progress_end(&file.progress);
	io_source_close(source);
	return r;
}

static int validate_file(struct validate_run *run, const char *path)
{
	struct cli *cli = run->cli;
	const struct verdict_out_options options = {
		.file = path,
		.json = cli->options.format == CLI_NDJSON || cli->options.format == CLI_JSON,
		.unmasked = cli->options.unmasked,
		.least = cli->options.quiet ? FINDING_ERROR : FINDING_INFO,
		.context = cli,
		.write = validate_write,
	};
	const struct ack_options ack_options = {.clock_ms = env_clock_ms(cli->env), .control_number = 1, .trial = true};
	struct verdict_out *out = NULL;
	struct ack *ack = NULL;
	int r = verdict_out_new(cli->env, &options, &out);

	if (r == 0 && cli->options.ack != NULL)
		r = ack_new(cli->env, &ack_options, &ack);
	if (r == 0)
		r = validate_walk(run, path, out, ack);
	if (r == 0 && ack != NULL)
		r = validate_acks(cli, path, ack);
	if (r == 0)
		validate_count(run, verdict_out_totals(out));
	ack_free(ack);
	verdict_out_free(out);
	if (r < 0)
		fprintf(stderr, "muster validate: cannot read %s\n", path);
	return r;
}

static int validate_path(struct validate_run *run, const char *path)
{
	char inner[LIMIT_PATH_BYTES];
	struct env_stat stat;
	char **names;
	size_t count, i;
	int r = env_stat(run->cli->env, path, &stat);

	if (r < 0) {
		fprintf(stderr, "muster validate: there is no file %s\n", path);
		return r;
	}
	if (!S_ISDIR(stat.mode))
		return validate_file(run, path);
	r = env_list(run->cli->env, path, &names, &count);
	if (r < 0)
		return r;
	for (i = 0; r == 0 && i < count; i++) {
		r = path_format(inner, "%s/%s", path, names[i]);
		if (r == 0 && names[i][0] != '.')
			r = validate_path(run, inner);
	}
	env_free(run->cli->env, names);
	return r;
}

static void validate_summary(struct validate_run *run)
{
	double seconds = (double)(env_monotonic_ns(run->cli->env) - run->started_ns) / 1e9;

	if (run->cli->options.format != CLI_TEXT)
		return;
	cli_say(run->cli, "%llu files, %llu sets: %llu accepted, %llu accepted with errors, %llu rejected; %llu errors, %llu warnings "
		"(%.1f MB/s)", (unsigned long long)run->files, (unsigned long long)run->totals.sets,
		(unsigned long long)run->totals.accepted, (unsigned long long)run->totals.accepted_with_errors,
		(unsigned long long)run->totals.rejected, (unsigned long long)run->totals.errors,
		(unsigned long long)run->totals.warnings, seconds > 0 ? (double)run->bytes / 1e6 / seconds : 0);
}

int cli_validate(struct cli *cli)
{
	struct validate_run run = {.cli = cli, .started_ns = env_monotonic_ns(cli->env)};
	int i, r;

	if (cli->argument_count == 0)
		return cli_usage_error(cli, "wants files or folders: muster validate FILE...");
	r = cli_open_config(cli);
	if (r == 0)
		r = cli_open_guides(cli);
	for (i = 0; r == 0 && i < cli->argument_count; i++)
		r = validate_path(&run, cli->arguments[i]);
	if (r < 0)
		return r;
	validate_summary(&run);
	return run.totals.errors > 0 ? 1 : 0;
}
