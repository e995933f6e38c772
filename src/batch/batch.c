/*
 * A run: its lock, one file through all stages, and going on with what was interrupted.
 */
#include "muster/batch.h"

#include <fcntl.h>

#include "claim.h"
#include "muster/log.h"
#include "muster/path.h"
#include "job.h"
#include "model.h"
#include "retention.h"

static int batch_lock(struct batch *batch)
{
	char path[LIMIT_PATH_BYTES];
	int r = path_format(path, "%s.run.lock", batch->settings.config->database);

	if (r < 0)
		return r;
	batch->lock_fd = env_open(batch->env, path, O_RDWR | O_CREAT, 0600);
	if (batch->lock_fd < 0)
		return log_failure(batch->lock_fd, "cannot open the lock file %s", path);
	r = env_lock(batch->env, batch->lock_fd, false);
	return r == -EWOULDBLOCK ? MUSTER_ERROR_BUSY : r;
}

int batch_open(const struct batch_settings *settings, struct batch **ret_batch)
{
	struct batch *batch = env_alloc(settings->env, sizeof(*batch));
	int r;

	if (batch == NULL)
		return -ENOMEM;
	*batch = (struct batch){.settings = *settings, .env = settings->env, .store = settings->store, .lock_fd = -1};
	arena_init(&batch->arena, batch->env, 0, 0);
	r = settings->is_beside ? 0 : batch_lock(batch);
	if (r == 0)
		r = model_open(batch);
	if (r == 0 && !settings->is_beside)
		r = env_mkdirs(batch->env, settings->config->work);
	if (r == 0)
		r = store_set_member_id_format(batch->store, settings->config->member_id_format);
	if (r != 0) {
		batch_close(batch);
		return r > 0 ? MUSTER_ERROR_CONFIG : r;
	}
	*ret_batch = batch;
	return 0;
}

void batch_close(struct batch *batch)
{
	if (batch == NULL)
		return;
	apply_keys_close(&batch->keys);
	if (batch->lock_fd >= 0)
		(void)env_close(batch->env, batch->lock_fd);
	arena_fini(&batch->arena);
	env_free(batch->env, batch);
}

/* ---- one file through its stages ---- */

static int drive_duplicate(struct job *job)
{
	char received[CLOCK_TEXT_BYTES], name[256];
	const struct store_file *first;
	int r;

	if (job->file.reprocess_of != 0)
		return 0;
	r = store_file_by_hash(job->store, &job->file.sha256, job->file.file_no, &job->arena, &first);
	if (r < 0 || first == NULL || first->outcome != STORE_FILE_PROCESSED)
		return r;
	job->duplicate = true;
	job->file.outcome = STORE_FILE_DUPLICATE;
	job->file.duplicate_of = first->file_no;
	job->file.reason = arena_printf(&job->arena, "received before: the same bytes came as %s (%.*s) at %s",
					 job_safe_name(first->name, name, sizeof(name)), (int)first->file_id.len,
					 first->file_id.data, clock_format_rfc3339(first->received_ms, received));
	return job->file.reason.data != NULL ? 0 : -ENOMEM;
}

/* Every stage is passed in order; a resumed file enters where the database says it was. */
static int job_drive(struct job *job)
{
	int r = 0;

	job->duplicate = job->file.duplicate_of != 0 && job->file.outcome == STORE_FILE_DUPLICATE;
	if (job->file.stage == STORE_FILE_CLAIMED) {
		r = drive_duplicate(job);
		if (r == 0)
			r = job_validate(job, true);
	} else {
		r = job_validate(job, false);
	}
	if (r == 0 && job->file.stage == STORE_FILE_VALIDATED)
		r = job_apply(job);
	return r < 0 ? r : job_finish(job);
}

static int batch_fill_result(struct job *job, struct batch_result *result)
{
	struct store_exception_filter filter = {
		.statuses = 1u << STORE_EXCEPTION_OPEN | 1u << STORE_EXCEPTION_ASSIGNED, .file_no = job->file.file_no};

	store_file_id_format(job->file.file_no, result->file_id);
	job_safe_name(job->file.name, result->name, sizeof(result->name));
	slice_to_cstr(job->file.reason, result->reason, sizeof(result->reason));
	result->outcome = job->file.outcome;
	result->kind = job->file.kind;
	result->tally = job->file.tally;
	result->ran = true;
	return store_exceptions_count(job->store, &filter, &result->exceptions_waiting);
}

int batch_drive_file(struct batch *batch, const struct store_file *file, struct batch_result *result)
{
	struct job job;
	int r = job_init(&job, batch, file);

	if (r == 0)
		r = job_drive(&job);
	if (r == 0)
		r = batch_fill_result(&job, result);
	job_fini(&job);
	return r;
}

/* ---- named files ---- */

int64_t batch_received_ms(const struct batch *batch)
{
	return batch->settings.today_fixed ? (int64_t)batch->settings.today * CLOCK_DAY_MS : env_clock_ms(batch->env);
}

struct unfinished {
	struct arena *arena;
	const struct store_file *like;
	struct store_file found;
};

static int unfinished_find(void *context, const struct store_file *file)
{
	struct unfinished *search = context;
	const struct store_file *like = search->like;

	if (memcmp(&file->sha256, &like->sha256, sizeof(file->sha256)) != 0 || !slice_equal(file->name, like->name) ||
	    !slice_equal(file->out_dir, like->out_dir))
		return 0;
	search->found = *file;
	search->found.file_id = arena_dup(search->arena, file->file_id);
	search->found.name = arena_dup(search->arena, file->name);
	search->found.partner = arena_dup(search->arena, file->partner);
	search->found.out_dir = arena_dup(search->arena, file->out_dir);
	search->found.reason = arena_dup(search->arena, file->reason);
	search->found.model = arena_dup(search->arena, file->model);
	return 1;
}

/* The same command was cut short before: take over its claim instead of making a second one. */
static int batch_take_over(struct batch *batch, struct claim *claim, struct arena *arena, bool *ret_taken)
{
	struct unfinished search = {.arena = arena, .like = &claim->file};
	int r = store_files_unfinished(batch->store, unfinished_find, &search);

	*ret_taken = r > 0;
	if (r <= 0)
		return r;
	claim->file = search.found;
	return claim_drop(batch);
}

static int batch_make_out(struct batch *batch, const char *folder)
{
	int r = env_mkdirs(batch->env, folder);

	if (r == -ENOENT || r == -ENOTDIR)
		r = -EEXIST; /* 73, cannot create: no input is missing */
	return r < 0 ? log_failure(r, "cannot make the folder %s for results", folder) : 0;
}

static int batch_process_as(struct batch *batch, const char *path, const char *out_folder, const char *profile_name,
                            uint64_t reprocess_of, struct batch_result *ret_result)
{
	struct claim claim = {.file = {
		.name = slice_from(path_leaf(path)),
		.partner = slice_from(profile_name != NULL ? profile_name : ""),
		.out_dir = slice_from(out_folder),
		.received_ms = batch_received_ms(batch),
		.as_of = batch->settings.today,
		.from_test_folder = path_is_in(path, BATCH_TEST_FOLDER),
		.reprocess_of = reprocess_of,
	}};
	struct arena arena;
	bool taken;
	int r;

	arena_init(&arena, batch->env, 0, 0);
	*ret_result = (struct batch_result){0};
	/* A claim whose results cannot be put anywhere would stop every run from then on. */
	r = batch_make_out(batch, out_folder);
	/* What an interrupted command left in work/ may be a partner's only copy, and may lie where this claim goes. */
	if (r == 0)
		r = claim_recover(batch);
	if (r == 0)
		r = claim_copy(batch, path, &claim);
	if (r == 0 && profile_name == NULL)
		r = batch_find_partner(batch, &claim);
	if (r == 0)
		r = batch_take_over(batch, &claim, &arena, &taken);
	if (r == 0 && !taken)
		r = claim_commit(batch, &claim);
	if (r == 0)
		r = batch_drive_file(batch, &claim.file, ret_result);
	arena_fini(&arena);
	return r;
}

int batch_process(struct batch *batch, const char *path, const char *out_folder, const char *profile_name,
                  struct batch_result *ret_result)
{
	return batch_process_as(batch, path, out_folder, profile_name, 0, ret_result);
}

int batch_reprocess(struct batch *batch, const char *path, const char *out_folder, struct batch_result *ret_result)
{
	uint64_t original;
	int r = batch_carry_out_decisions(batch, NULL, NULL);

	if (r == 0)
		r = batch_find_original(batch, path, &original);
	return r < 0 ? r : batch_process_as(batch, path, out_folder, NULL, original, ret_result);
}

/* ---- recovery ---- */

struct recover {
	struct batch *batch;
	struct arena arena;
	struct store_file *files;
	uint32_t count, capacity;
};

static int recover_note(void *context, const struct store_file *file)
{
	struct recover *recover = context;

	if (recover->count == recover->capacity) {
		uint32_t capacity = recover->capacity * 2 + 8;
		struct store_file *grown = arena_alloc_array(&recover->arena, capacity, sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		if (recover->count > 0)
			memcpy(grown, recover->files, recover->count * sizeof(*grown));
		recover->files = grown;
		recover->capacity = capacity;
	}
	recover->files[recover->count] = *file;
	recover->files[recover->count].file_id = arena_dup(&recover->arena, file->file_id);
	recover->files[recover->count].name = arena_dup(&recover->arena, file->name);
	recover->files[recover->count].partner = arena_dup(&recover->arena, file->partner);
	recover->files[recover->count].out_dir = arena_dup(&recover->arena, file->out_dir);
	recover->files[recover->count].reason = arena_dup(&recover->arena, file->reason);
	recover->files[recover->count].model = arena_dup(&recover->arena, file->model);
	recover->count++;
	return 0;
}

int batch_recover(struct batch *batch, void *context, void (*report)(void *context, const struct batch_result *result),
                  uint32_t *ret_resumed)
{
	struct recover recover = {.batch = batch};
	uint32_t i;
	int r;

	arena_init(&recover.arena, batch->env, 0, 0);
	*ret_resumed = 0;
	r = claim_recover(batch);
	if (r == 0)
		r = retention_finish(batch);
	if (r == 0)
		r = store_files_unfinished(batch->store, recover_note, &recover);
	for (i = 0; r == 0 && i < recover.count; i++) {
		struct batch_result result = {0};

		log_message(LOG_NOTICE, "file %llu: going on where its work was interrupted",
			    (unsigned long long)recover.files[i].file_no);
		r = batch_drive_file(batch, &recover.files[i], &result);
		if (r == 0 && report != NULL)
			report(context, &result);
		*ret_resumed += r == 0;
	}
	arena_fini(&recover.arena);
	return r;
}
