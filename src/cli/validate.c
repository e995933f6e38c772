/*
 * validate: check files, change nothing; findings and verdicts to stdout, as lines for scripts or as a report for
 * people, trial acknowledgments where asked for.
 */
#include "cli_internal.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "muster/ack.h"
#include "muster/batch.h"
#include "muster/fault_report.h"
#include "muster/file_advice.h"
#include "muster/io.h"
#include "muster/path.h"

/* A file whose answers were written. */
struct validate_name {
	struct validate_name *next;
	struct slice leaf;
};

struct validate_run {
	struct cli *cli;
	bool ndjson;
	struct fault_report *report; /* NULL: NDJSON alone is wanted */
	uint64_t files, bytes, errors;
	int failure; /* the first file that could not be read; the others are checked all the same */
	int64_t started_ns;
	struct validate_name *names; /* of --ack */
};

/* Who takes the events of a walk: the findings' way out, and the answers that are wanted. */
#define TAKERS_MAX 3

/* One file under way: what the walk's events go to. */
struct validate_file {
	struct validate_run *run;
	const char *name;
	const struct profile *profile;
	struct verdict_out *out;
	struct ack *ack;            /* NULL: none wanted */
	struct file_advice *advice; /* NULL: none wanted */
	const struct check_handler *takers[TAKERS_MAX];
	uint32_t taker_count;
	struct cli_progress progress;
	uint64_t decoded; /* bytes walked */
};

#define EACH(name, arguments)                                                                                          \
	struct validate_file *file = context;                                                                          \
	int r = 0;                                                                                                     \
	for (uint32_t i = 0; r == 0 && i < file->taker_count; i++) {                                                   \
		const struct check_handler *taker = file->takers[i];                                                   \
		if (taker->name != NULL)                                                                               \
			r = taker->name arguments;                                                                     \
	}                                                                                                              \
	return r

static int file_interchange_begin(void *context, const struct x12_interchange *a)
{
	EACH(interchange_begin, (taker->context, a));
}

static int file_interchange_end(void *context, const struct x12_interchange *a)
{
	EACH(interchange_end, (taker->context, a));
}

static int file_fgroup_begin(void *context, const struct x12_fgroup *a)
{
	EACH(fgroup_begin, (taker->context, a));
}

static int file_fgroup_end(void *context, const struct x12_fgroup *a)
{
	EACH(fgroup_end, (taker->context, a));
}

static int file_tset_begin(void *context, const struct x12_tset *a, const struct guide *b)
{
	EACH(tset_begin, (taker->context, a, b));
}

static int file_tset_end(void *context, const struct x12_tset *a, const struct check_verdict *b)
{
	EACH(tset_end, (taker->context, a, b));
}

static int file_loop_begin(void *context, const struct guide *a, const struct guide_loop *b)
{
	EACH(loop_begin, (taker->context, a, b));
}

static int file_loop_end(void *context, const struct guide *a, const struct guide_loop *b)
{
	EACH(loop_end, (taker->context, a, b));
}

static int file_segment(void *context, const struct guide *a, const struct guide_segment *b,
			const struct x12_segment *c)
{
	EACH(segment, (taker->context, a, b, c));
}

static int file_finding(void *context, const struct finding *a)
{
	EACH(finding, (taker->context, a));
}

static int file_progress(void *context, uint64_t offset)
{
	struct validate_file *file = context;

	file->decoded = offset;
	cli_progress_at(&file->progress, offset);
	return 0;
}

static bool file_wants(void *context, const struct guide *guide, const struct guide_segment *node)
{
	const struct validate_file *file = context;

	for (uint32_t i = 0; i < file->taker_count; i++) {
		const struct check_handler *taker = file->takers[i];
		if (taker->segment != NULL && (taker->wants == NULL || taker->wants(taker->context, guide, node)))
			return true;
	}
	return false;
}

/* The events that nobody takes are left out, so that the walk need not make them. */
static struct check_handler file_handler(struct validate_file *file)
{
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

	for (uint32_t i = 0; i < file->taker_count; i++) {
		if (file->takers[i]->loop_begin != NULL)
			handler.loop_begin = file_loop_begin;
		if (file->takers[i]->loop_end != NULL)
			handler.loop_end = file_loop_end;
		if (file->takers[i]->segment != NULL)
			handler.segment = file_segment;
	}
	handler.wants = file_wants;
	return handler;
}

static int validate_finding(void *context, const struct verdict_out_place *place, const struct finding *finding)
{
	struct validate_run *run = context;
	struct cli *cli = run->cli;
	int r = run->report != NULL ? fault_report_finding(run->report, place, finding) : 0;

	if (r < 0 || !run->ndjson)
		return r;
	verdict_out_add_finding_json(&cli->out, place, finding, cli->options.unmasked);
	return cli_flush_some(cli);
}

static int validate_verdict(void *context, const struct verdict_out_place *place, const struct check_verdict *verdict)
{
	struct validate_run *run = context;
	int r = run->report != NULL ? fault_report_verdict(run->report, place, verdict) : 0;

	if (r < 0 || !run->ndjson)
		return r;
	verdict_out_add_verdict_json(&run->cli->out, place, verdict);
	return cli_flush_some(run->cli);
}

static int validate_publish(struct cli *cli, const char *path, const char *extension, struct slice content)
{
	char out[LIMIT_PATH_BYTES];
	int r;

	if (slice_is_empty(content))
		return 0;
	r = path_format(out, "%s/%s.%s", cli->options.ack, path_leaf(path), extension);
	if (r == 0)
		r = io_publish(cli->env, out, content);
	return r < 0 ? cli_cannot_write(cli, r, out) : r;
}

/* Answers are called by the file's name without its folders: has a file of this run taken the name? */
static int validate_take_name(struct validate_run *run, const char *path)
{
	struct slice leaf = slice_from(path_leaf(path));
	struct validate_name *name;

	for (name = run->names; name != NULL; name = name->next)
		if (slice_equal(name->leaf, leaf))
			return cli_failed(run->cli, -EEXIST,
					  "%s has the name of a file before it, whose answers are not written over; "
					  "give it an --ack folder of its own", path);
	name = arena_alloc(&run->cli->arena, sizeof(*name));
	if (name == NULL)
		return -ENOMEM;
	*name = (struct validate_name){.next = run->names, .leaf = arena_dup(&run->cli->arena, leaf)};
	run->names = name;
	return name->leaf.data != NULL ? 0 : -ENOMEM;
}

static int validate_keep(void *context, struct slice bytes)
{
	struct buffer *text = context;

	buffer_add_slice(text, bytes);
	return text->error;
}

/* The 824 as `process` would write it, as far as the file alone tells. */
static int validate_advise(struct validate_file *file)
{
	struct cli *cli = file->run->cli;
	struct file_advice_whole whole = {.category = CATEGORY_FILE_HOLD};
	struct buffer text;
	const struct advice_sink sink = {.context = &text, .take = validate_keep};
	/* Behind the numbers of the other answers. */
	uint32_t number = 1 + ack_control_numbers_used(file->ack);
	struct advice *advice;
	int r = advice_new(cli->env, env_clock_ms(cli->env), number, &sink, &advice);

	if (r < 0)
		return r;
	buffer_init(&text, cli->env);
	whole.reason = file_advice_waits_why(file->advice, file->profile->accept_complete_sets);
	r = file_advice_write(file->advice, whole.reason.len > 0 ? &whole : NULL, true, advice);
	if (r == 0)
		r = advice_finish(advice);
	if (r == 0)
		r = validate_publish(cli, file->name, "824", buffer_slice(&text));
	buffer_fini(&text);
	advice_free(advice);
	return r;
}

static int validate_acks(struct validate_file *file)
{
	struct cli *cli = file->run->cli;
	struct slice ta1, ack999;
	int r = ack_finish(file->ack, &ta1, &ack999);

	if (r == 0)
		r = validate_take_name(file->run, file->name);
	if (r < 0)
		return r;
	r = env_mkdirs(cli->env, cli->options.ack);
	if (r < 0)
		return cli_cannot_write(cli, r, cli->options.ack);
	if (r == 0)
		r = validate_publish(cli, file->name, "ta1", ta1);
	if (r == 0)
		r = validate_publish(cli, file->name, "999", ack999);
	return r == 0 && file->advice != NULL ? validate_advise(file) : r;
}

static bool validate_is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

/* The bytes, and the profile of whoever sent them. */
static int validate_open(struct validate_run *run, const char *path, struct io_source **ret_source,
			 const struct profile **ret_profile, uint64_t *ret_bytes)
{
	struct cli *cli = run->cli;
	struct env_stat stat = {0};
	struct slice head;
	int r;

	*ret_bytes = 0;
	if (validate_is_stdin(path)) {
		r = io_source_open_fd(cli->env, 0, ret_source, &head);
		return r < 0 ? r : batch_profile_of_bytes(cli->env, cli->profiles, head, ret_profile);
	}
	r = batch_profile_of_file(cli->env, cli->profiles, path, ret_profile);
	if (r == 0)
		r = env_stat(cli->env, path, &stat);
	*ret_bytes = stat.size_bytes;
	return r < 0 ? r : io_source_open(cli->env, path, ret_source);
}

/* Who takes what the walk tells: settled once it is known whose file this is. */
static int validate_takers(struct validate_file *file)
{
	struct cli *cli = file->run->cli;
	const struct ack_options options = {.clock_ms = env_clock_ms(cli->env),
					    .control_number = 1,
					    .trial = true,
					    .accepted_left_out = file->profile->accepted_sets_left_out,
					    .ta1_only_when_asked = file->profile->ta1_only_when_asked};
	int r = 0;

	file->takers[file->taker_count++] = verdict_out_handler(file->out);
	if (cli->options.ack == NULL)
		return 0;
	r = ack_new(cli->env, &options, &file->ack);
	if (r < 0)
		return r;
	file->takers[file->taker_count++] = ack_handler(file->ack);
	if (file->profile->report_824)
		r = file_advice_new(cli->env, &file->advice);
	if (file->advice != NULL)
		file->takers[file->taker_count++] = file_advice_handler(file->advice);
	return r;
}

static int validate_walk(struct validate_file *file, const char *path)
{
	struct validate_run *run = file->run;
	struct cli *cli = run->cli;
	struct check_handler handler;
	struct check_options check;
	struct io_source *source = NULL;
	uint64_t bytes;
	int r = validate_open(run, path, &source, &file->profile, &bytes);

	if (r == 0)
		r = validate_takers(file);
	if (r == 0) {
		io_source_without_hash(source);
		if (file->profile->max_inflated_bytes != 0)
			io_source_limit(source, file->profile->max_inflated_bytes);
		check = file->profile->check;
		check.skip_content_hash = true;
		handler = file_handler(file);
		cli_progress_begin(&file->progress, cli, path, bytes);
		r = check_source(cli->env, cli->guides, source, &check, &handler);
		cli_progress_end(&file->progress);
		run->bytes += file->decoded;
	}
	io_source_close(source);
	return r;
}

static int validate_file(struct validate_run *run, const char *path)
{
	struct cli *cli = run->cli;
	struct validate_file file = {.run = run, .name = validate_is_stdin(path) ? "stdin" : path};
	const struct verdict_out_options options = {
		.file = file.name,
		.unmasked = cli->options.unmasked,
		.least = cli->options.quiet ? FINDING_ERROR : FINDING_INFO,
		.context = run,
		.finding = validate_finding,
		.verdict = validate_verdict,
	};
	int r = verdict_out_new(cli->env, &options, &file.out);

	if (r == 0 && run->report != NULL)
		r = fault_report_file(run->report, file.name);
	if (r == 0)
		r = validate_walk(&file, path);
	if (r < 0)
		cli_failed(cli, r, "cannot read %s: %s", file.name, muster_error_text(r));
	if (r == 0) {
		run->files++;
		run->errors += verdict_out_totals(file.out)->errors;
		if (run->report != NULL)
			fault_report_file_end(run->report, verdict_out_totals(file.out));
	}
	if (r == 0 && file.ack != NULL)
		r = validate_acks(&file);
	file_advice_free(file.advice);
	ack_free(file.ack);
	verdict_out_free(file.out);
	return r;
}

static int validate_one(struct validate_run *run, const char *path)
{
	int r = validate_file(run, path);

	if (r >= 0 || r == -ENOMEM)
		return r;
	if (run->failure == 0)
		run->failure = r;
	return 0;
}

static int validate_path(struct validate_run *run, const char *path)
{
	char inner[LIMIT_PATH_BYTES];
	struct env_stat stat;
	char **names;
	size_t count, i;
	int r;

	if (validate_is_stdin(path))
		return validate_one(run, path);
	r = env_stat(run->cli->env, path, &stat);
	if (r < 0) {
		if (r == -ENOENT)
			cli_failed(run->cli, r, "there is no file %s", path);
		else
			cli_failed(run->cli, r, "cannot read %s: %s", path, muster_error_text(r));
		run->failure = run->failure == 0 ? r : run->failure;
		return 0;
	}
	if (!S_ISDIR(stat.mode))
		return validate_one(run, path);
	r = env_list(run->cli->env, path, &names, &count);
	if (r < 0)
		return r;
	for (i = 0; r == 0 && i < count; i++) {
		/* A folder is often given with its slash. */
		r = path_format(inner, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", names[i]);
		if (r == 0 && names[i][0] != '.')
			r = validate_path(run, inner);
	}
	env_free(run->cli->env, names);
	return r;
}

static int validate_page(struct validate_run *run)
{
	struct buffer page;
	int r;

	buffer_init(&page, run->cli->env);
	fault_report_html(run->report, &page);
	r = page.error != 0 ? page.error : io_publish(run->cli->env, run->cli->options.html, buffer_slice(&page));
	buffer_fini(&page);
	return r < 0 ? cli_cannot_write(run->cli, r, run->cli->options.html) : r;
}

/* How fast it went is for people who look on: a report that is sent or kept is the same on every machine. */
static void validate_say_rate(struct validate_run *run)
{
	double seconds = (double)(env_monotonic_ns(run->cli->env) - run->started_ns) / 1e9;

	if (run->ndjson || isatty(2) != 1 || seconds <= 0)
		return;
	cli_say(run->cli, "%llu file%s in %.1f s: %.1f files/s, %.1f MB/s", (unsigned long long)run->files,
		run->files == 1 ? "" : "s", seconds, (double)run->files / seconds, (double)run->bytes / 1e6 / seconds);
}

static int validate_all(struct validate_run *run)
{
	struct cli *cli = run->cli;
	int i, r = cli_open_config(cli);

	if (r == 0)
		r = cli_open_guides(cli);
	if (r == 0 && (!run->ndjson || cli->options.html != NULL))
		r = fault_report_new(cli->env, cli->options.unmasked, &run->report);
	for (i = 0; r == 0 && i < cli->argument_count; i++)
		r = validate_path(run, cli->arguments[i]);
	if (r == 0 && !run->ndjson)
		fault_report_text(run->report, &cli->out);
	if (r == 0 && cli->options.html != NULL)
		r = validate_page(run);
	return r;
}

int cli_validate(struct cli *cli)
{
	struct validate_run run = {.cli = cli, .started_ns = env_monotonic_ns(cli->env)};
	int r;

	if (cli->argument_count == 0)
		return cli_usage_error(cli, "wants files or folders, or - for standard input: muster validate FILE...");
	run.ndjson = cli->options.format == CLI_NDJSON || cli->options.format == CLI_JSON;
	r = validate_all(&run);
	fault_report_free(run.report);
	if (r < 0)
		return r;
	validate_say_rate(&run);
	if (run.failure < 0)
		return run.failure;
	return run.errors > 0 ? 1 : 0;
}
