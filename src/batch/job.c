#include "job.h"

#include <signal.h>
#include <stdio.h>

#include "muster/log.h"
#include "muster/path.h"

/* Of 255 bytes: with a dot before it and "~F00000001.exceptions.xml.tmp" behind it a name still is one. */
#define OUTPUT_NAME_BYTES_MAX 200u

static volatile sig_atomic_t interrupted;

void batch_interrupt(void)
{
	interrupted = 1;
}

bool job_is_interrupted(void)
{
	return interrupted != 0;
}

char *job_safe_name(struct slice name, char *out, size_t out_bytes)
{
	size_t i;

	slice_to_cstr(name, out, out_bytes);
	for (i = 0; out[i] != '\0'; i++) {
		unsigned char byte = (unsigned char)out[i];

		if (byte < 0x20 || byte >= 0x7F || byte == '/' || byte == '\\' ||
		    (i == 0 && (byte == '.' || byte == '-')))
			out[i] = '_';
	}
	return out;
}

char *job_output_name(const struct job *job, char *out, size_t out_bytes)
{
	char file_id[STORE_FILE_ID_BYTES];
	size_t len;

	job_safe_name(job->file.name, out, out_bytes);
	len = strlen(out);
	if (len <= OUTPUT_NAME_BYTES_MAX && slice_is(job->file.name, out))
		return out;
	if (len > OUTPUT_NAME_BYTES_MAX)
		len = OUTPUT_NAME_BYTES_MAX;
	snprintf(out + len, out_bytes - len, "~%s", store_file_id_format(job->file.file_no, file_id));
	return out;
}

static int job_paths(struct job *job)
{
	char file_id[STORE_FILE_ID_BYTES];
	int r = path_format(job->folder, "%s/%s", job->batch->settings.config->work,
			    store_file_id_format(job->file.file_no, file_id));

	return r < 0 ? r : path_format(job->original, "%s/original", job->folder);
}

/* Keep the file's text beyond the life of whoever gave it. */
static int job_keep(struct job *job)
{
	struct slice *texts[] = {&job->file.file_id, &job->file.name,   &job->file.partner,
				 &job->file.out_dir, &job->file.reason, &job->file.model};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*texts[i] = arena_dup(&job->arena, *texts[i]);
		if (texts[i]->data == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* Whoever answers first may not have waited longer than the plan's own hours: the sooner of both counts. */
static void job_set_due(struct job *job)
{
	const struct config *config = job->batch->settings.config;
	int64_t plain = job_due_ms(job);
	int i;

	for (i = 0; i < CATEGORY_COUNT && job->profile->errors != NULL; i++) {
		int64_t agreed = error_class_due_ms(&job->profile->errors[i], &config->calendar, job->file.received_ms);

		job->due_by_category[i] = agreed != 0 && agreed < plain ? agreed : plain;
	}
}

int job_init(struct job *job, struct batch *batch, const struct store_file *file)
{
	const struct profile *profile;
	int r;

	*job = (struct job){.batch = batch, .env = batch->env, .store = batch->store, .file = *file};
	arena_init(&job->arena, batch->env, 0, 0);
	arena_init(&job->findings_arena, batch->env, 0, 0);
	finding_list_init(&job->findings, &job->findings_arena, LIMIT_FINDINGS_PER_SET);
	r = job_keep(job);
	if (r == 0)
		r = job_paths(job);
	profile = profile_named(batch->settings.profiles, job->file.partner);
	job->profile = profile != NULL ? profile : &batch->settings.profiles->fallback;
	job_set_due(job);
	return r;
}

void job_fini(struct job *job)
{
	ack_free(job->ack);
	env_free(job->env, job->deferred.items);
	arena_fini(&job->findings_arena);
	arena_fini(&job->arena);
}

/* Progress of a walk whose context begins with a struct job_pass. */
static int job_progress(void *context, uint64_t offset)
{
	struct job_pass *pass = context;
	const struct batch_settings *settings = &pass->job->batch->settings;
	int r = pass->pause != NULL ? pass->pause(pass) : 0;

	if (settings->progress != NULL)
		settings->progress(settings->progress_context, pass->what, offset, pass->job->file.bytes);
	return r == 0 && job_is_interrupted() ? MUSTER_ERROR_INTERRUPTED : r;
}

int job_walk_with(struct job *job, bool wants_content, const struct check_handler *handler)
{
	struct check_options check = job->profile->check;
	struct io_source *source;
	int r = io_source_open(job->env, job->original, &source);

	if (r < 0)
		return log_failure(r, "cannot read the claimed bytes of file %llu",
				   (unsigned long long)job->file.file_no);
	io_source_without_hash(source);
	if (job->profile->max_inflated_bytes != 0)
		io_source_limit(source, job->profile->max_inflated_bytes);
	check.skip_content_hash = !wants_content;
	check.known_sound = job->sound;
	r = check_source(job->env, job->batch->settings.guides, source, &check, handler);
	io_source_close(source);
	return r;
}

int job_walk(struct job_pass *pass, struct check_handler handler)
{
	handler.context = pass;
	handler.progress = job_progress;
	return job_walk_with(pass->job, pass->wants_content, &handler);
}

bool job_waits_whole(const struct job *job)
{
	return job->broken || (job->truncated && !job->profile->accept_complete_sets);
}

struct slice job_waits_words(bool damaged, bool truncated)
{
	if (damaged)
		return SLICE_LITERAL(
			"the file's compression is damaged or over a limit: it could not be read to its end");
	if (truncated)
		return SLICE_LITERAL("the file is cut off before its IEA: ask the partner to send it whole");
	return SLICE_LITERAL("the file holds bytes that belong to no interchange: ask the partner what they are");
}

struct slice job_waits_why(const struct job *job)
{
	return job_waits_words(job->damaged, job->truncated);
}

int job_begin(struct job *job)
{
	return job->preview != NULL ? 0 : store_begin(job->store, STORE_WRITE);
}

int job_begin_unless_open(struct job *job)
{
	return store_is_writing(job->store) ? 0 : job_begin(job);
}

int job_commit(struct job *job)
{
	return job->preview != NULL ? 0 : store_commit(job->store);
}

int64_t job_due_ms(const struct job *job)
{
	return config_due_ms(job->batch->settings.config, job->file.received_ms);
}

struct apply_origin job_origin(const struct job *job, const struct store_tset *tset)
{
	return (struct apply_origin){
		.store = job->store,
		.env = job->env,
		.file_no = job->file.file_no,
		.tset_no = tset != NULL ? tset->tset_no : 0,
		.tset_ordinal = tset != NULL ? tset->ordinal : 0,
		.received_ms = job->file.received_ms,
		.at_ms = job->file.received_ms,
		.due_ms = job_due_ms(job),
		.due_by_category = job->profile->errors != NULL ? job->due_by_category : NULL,
		.operator_id = job->operator_id,
		.cards = {.print_regions = job->batch->settings.config->print_regions,
		          .print_region_count = job->batch->settings.config->print_region_count},
	};
}
