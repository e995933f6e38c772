/*
 * The last steps: acknowledgments and outputs become visible, the original goes to its archive.
 *
 * All of them can be done again with the same result, so the transaction that says FILED comes last: whoever finds
 * the file in an earlier stage makes them again, byte for byte.
 */
#include "advise.h"
#include "claim.h"
#include "muster/log.h"
#include "muster/outputs.h"
#include "muster/path.h"
#include "job.h"

/* Where things go: to the partner's and representatives' folder, and beside the original for good. */
struct finish {
	struct job *job;
	char name[256]; /* `<n>` */
	char out[LIMIT_PATH_BYTES], archive[LIMIT_PATH_BYTES];
	bool out_alone; /* not beside the original */
};

static int publish(struct finish *finish, const char *extension, struct slice content)
{
	const char *const folders[] = {finish->out, finish->archive};
	struct store_output line = {.bytes = content.len};
	char path[LIMIT_PATH_BYTES];
	size_t i;
	int r = 0;

	if (slice_is_empty(content))
		return 0;
	for (i = 0; r == 0 && i < (finish->out_alone ? 1u : 2u); i++) {
		r = path_format(path, "%s/%s%s", folders[i], finish->name, extension);
		if (r == 0)
			r = io_publish(finish->job->env, path, content);
	}
	hash_of(content, &line.sha256);
	return r < 0 ? r : manifest_add(finish->job, finish->name, extension, &line);
}

static int finish_acknowledge(struct finish *finish)
{
	struct slice ta1, ack999;
	int r = ack_finish(finish->job->ack, &ta1, &ack999);

	if (r < 0 || finish->job->profile->ack == PROFILE_ACK_NONE)
		return r;
	r = publish(finish, ".ta1", ta1);
	return r < 0 ? r : publish(finish, ".999", ack999);
}

/* The 824 while it is made; there is no file before there is something to tell. */
struct finish_advice {
	struct env *env;
	struct io_outfile out;
	bool opened;
	char path[LIMIT_PATH_BYTES];
};

static int finish_take_advice(void *context, struct slice bytes)
{
	struct finish_advice *advice = context;
	int r = advice->opened ? 0 : io_outfile_open(&advice->out, advice->env, advice->path);

	if (r < 0)
		return r;
	advice->opened = true;
	io_outfile_write(&advice->out, bytes.data, bytes.len);
	return advice->out.error;
}

static int finish_advise(struct finish *finish)
{
	struct finish_advice advice = {.env = finish->job->env};
	const struct advice_sink sink = {.context = &advice, .take = finish_take_advice};
	struct store_output line = {0};
	char to[LIMIT_PATH_BYTES];
	int r = path_format(advice.path, "%s/%s.824", finish->out, finish->name);

	if (r == 0)
		r = advise_make(finish->job, &sink);
	if (!advice.opened)
		return r;
	if (r == 0)
		r = io_outfile_commit(&advice.out, &line.sha256);
	else
		io_outfile_abort(&advice.out);
	line.bytes = advice.out.bytes;
	if (r == 0)
		r = manifest_add(finish->job, finish->name, ".824", &line);
	if (r < 0 || finish->out_alone)
		return r;
	r = path_format(to, "%s/%s.824", finish->archive, finish->name);
	return r < 0 ? r : io_copy_file(advice.env, advice.path, to, NULL, NULL);
}

/*
 * The outputs stay beside the original, too: a later file of the same name takes their place in out/, and whoever
 * was at work on its exceptions must still find them.
 */
static int finish_outputs(struct finish *finish)
{
	struct job *job = finish->job;
	const struct profile_drift *drift = &job->profile->drift;
	const struct outputs_request request = {.file_no = job->file.file_no,
						.folder = finish->out,
						.name = finish->name,
						.findings = &job->findings,
						.tally = finish->out_alone ? &job->file.tally : NULL,
						.errors = job->profile->errors,
						.calendar = &job->batch->settings.config->calendar,
						.drift = {.files = drift->files,
							  .files_min = drift->files_min,
							  .records_min = drift->records_min,
							  .review_points = drift->review_points,
							  .match_points = drift->match_points,
							  .wrong_per_10k = drift->wrong_per_10k}};
	char from[LIMIT_PATH_BYTES], to[LIMIT_PATH_BYTES];
	struct outputs_written written;
	int kind, r = outputs_write(job->env, job->store, &request, &written);

	if (r == 0)
		job->matching = written.matching;

	for (kind = 0; r == 0 && kind < OUTPUTS_KIND_COUNT; kind++) {
		const char *suffix = outputs_suffix((enum outputs_kind)kind);
		const struct store_output line = {.sha256 = written.files[kind].sha256,
						  .bytes = written.files[kind].bytes,
						  .rows = written.files[kind].rows,
						  .is_table = outputs_is_table((enum outputs_kind)kind)};

		if (!written.files[kind].written)
			continue;
		r = manifest_add(job, finish->name, suffix, &line);
		if (r < 0 || finish->out_alone)
			continue;
		r = path_format(from, "%s/%s%s", finish->out, finish->name, suffix);
		if (r == 0)
			r = path_format(to, "%s/%s%s", finish->archive, finish->name, suffix);
		if (r == 0)
			r = io_copy_file(job->env, from, to, NULL, NULL);
	}
	return r;
}

int archive_folder(const struct config *config, const struct store_file *file, enum store_file_outcome outcome,
                   char out[LIMIT_PATH_BYTES])
{
	char file_id[STORE_FILE_ID_BYTES];
	int year, month, day;

	store_file_id_format(file->file_no, file_id);
	date_to_ymd(date_of_clock_ms(file->received_ms), &year, &month, &day);
	if (outcome == STORE_FILE_HELD)
		return path_format(out, "%s/%s", config->held, file_id);
	if (outcome == STORE_FILE_REJECTED)
		return path_format(out, "%s/%s", config->rejected, file_id);
	return path_format(out, "%s/%04d/%02d/%s", config->done, year, month, file_id);
}

int job_archive_folder(const struct job *job, char out[LIMIT_PATH_BYTES])
{
	return archive_folder(job->batch->settings.config, &job->file, job->file.outcome, out);
}

/* A held or rejected file's folder says why, for whoever looks there first. */
static int finish_reason(struct job *job, const char *folder)
{
	char path[LIMIT_PATH_BYTES], name[256];
	struct buffer text;
	int r;

	if (job->file.outcome != STORE_FILE_HELD && job->file.outcome != STORE_FILE_REJECTED)
		return 0;
	buffer_init(&text, job->env);
	buffer_printf(&text, "%s: %s\n%.*s\n", job_safe_name(job->file.name, name, sizeof(name)),
		      store_file_outcome_name(job->file.outcome), (int)job->file.reason.len, job->file.reason.data);
	r = text.error != 0 ? text.error : path_format(path, "%s/reason.txt", folder);
	if (r == 0)
		r = io_publish(job->env, path, buffer_slice(&text));
	buffer_fini(&text);
	return r;
}

/*
 * One that came compressed is kept as it came: packed once more it could not be read again, for nesting is damage (io.h),
 * and what was decided on its records would be carried out on none.
 */
static int archive_original(struct job *job, const char *path, struct hash *ret_hash)
{
	struct io_source *source;
	bool packed;
	int r = io_source_open(job->env, job->original, &source);

	if (r < 0)
		return r;
	packed = io_source_is_gzip(source);
	io_source_close(source);
	return packed ? io_copy_file(job->env, job->original, path, ret_hash, NULL)
		      : io_gzip_file(job->env, job->original, path, ret_hash);
}

static int finish_archive(struct finish *finish)
{
	struct job *job = finish->job;
	char path[LIMIT_PATH_BYTES];
	struct hash hash;
	int r = finish_reason(job, finish->archive);

	if (r == 0)
		r = path_format(path, "%s/original.gz", finish->archive);
	if (r == 0)
		r = archive_original(job, path, &hash);
	if (r == 0 && memcmp(&hash, &job->file.sha256, sizeof(hash)) != 0)
		r = log_failure(-EIO, "file %llu: the bytes in work/ are not those that were claimed",
				(unsigned long long)job->file.file_no);
	return r;
}

static int finish_stage(struct job *job, enum store_file_stage stage)
{
	uint64_t run_no = 0;
	int r = store_begin(job->store, STORE_WRITE);

	job->file.stage = stage;
	job->matching.partner = job->file.partner;
	if (r == 0)
		r = store_file_update(job->store, &job->file);
	if (r == 0 && job->file.outcome == STORE_FILE_PROCESSED)
		r = store_matching_put(job->store, &job->matching);
	if (r == 0)
		r = manifest_write(job, &run_no);
	if (r == 0)
		r = store_commit(job->store);
	if (r == 0)
		job->batch->run_no = run_no;
	else
		store_rollback(job->store);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

/* The folder of a path. */
static void folder_of(const char *path, char out[LIMIT_PATH_BYTES])
{
	char *slash;

	slice_to_cstr(slice_from(path), out, LIMIT_PATH_BYTES);
	slash = strrchr(out, '/');
	if (slash != NULL)
		*slash = '\0';
}

int job_publish_again(struct job *job)
{
	struct finish finish = {.job = job};
	int r;

	job_output_name(job, finish.name, sizeof(finish.name));
	slice_to_cstr(job->file.out_dir, finish.out, sizeof(finish.out));
	folder_of(job->original, finish.archive);
	r = env_mkdirs(job->env, finish.out);
	return r < 0 ? r : finish_outputs(&finish);
}

int job_make_again(struct job *job, const char *folder)
{
	struct finish finish = {.job = job, .out_alone = true};
	int r;

	job_output_name(job, finish.name, sizeof(finish.name));
	slice_to_cstr(slice_from(folder), finish.out, sizeof(finish.out));
	r = env_mkdirs(job->env, finish.out);
	if (r == 0)
		r = finish_acknowledge(&finish);
	if (r == 0)
		r = finish_advise(&finish);
	return r < 0 ? r : finish_outputs(&finish);
}

int job_finish(struct job *job)
{
	struct finish finish = {.job = job};
	int r = job_archive_folder(job, finish.archive);

	job_output_name(job, finish.name, sizeof(finish.name));
	slice_to_cstr(job->file.out_dir, finish.out, sizeof(finish.out));
	if (r == 0)
		r = env_mkdirs(job->env, finish.out);
	if (r == 0)
		r = env_mkdirs(job->env, finish.archive);
	if (r == 0)
		r = finish_acknowledge(&finish);
	if (r == 0)
		r = finish_advise(&finish);
	if (r == 0)
		r = finish_outputs(&finish);
	if (r == 0)
		r = finish_archive(&finish);
	if (r == 0)
		r = finish_stage(job, STORE_FILE_FILED);
	if (r == 0)
		r = claim_remove_folder(job->env, job->folder);
	return r;
}
