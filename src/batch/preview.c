/*
 * Preview: the whole line inside one transaction that is rolled back at the end, in a store beside the database
 * (store_open_beside), so that nobody waits for it. Nothing is claimed, no number is used up, no file is written; what
 * it tells is what process would do now.
 */
#include "muster/path.h"
#include "job.h"

static int preview_line(struct job *job, struct store_file *file)
{
	int r = store_file_add(job->store, file);

	job->file = *file;
	if (r == 0)
		r = job_validate(job, true);
	return r == 0 ? job_apply(job) : r;
}

static void preview_result(const struct job *job, struct batch_result *result)
{
	*result = (struct batch_result){.outcome = job->file.outcome, .kind = job->file.kind, .tally = job->file.tally};
	job_safe_name(job->file.name, result->name, sizeof(result->name));
	slice_to_cstr(job->file.reason, result->reason, sizeof(result->reason));
	result->exceptions_waiting = job->file.tally.members_exception;
}

int batch_preview_file(struct batch *batch, const char *path, const char *profile_name,
		       const struct batch_preview *preview, struct batch_result *ret_result)
{
	const struct profile *profile;
	struct store_file file = {
		.name = slice_from(path_leaf(path)),
		.received_ms = batch_received_ms(batch),
		.as_of = batch->settings.today,
		.from_test_folder = path_is_in(path, BATCH_TEST_FOLDER),
	};
	struct env_stat stat;
	struct job job;
	int r = env_stat(batch->env, path, &stat);

	if (r == 0 && profile_name == NULL)
		r = batch_profile_of_file(batch->env, batch->settings.profiles, path, &profile);
	if (r < 0)
		return r;
	file.partner = slice_from(profile_name != NULL ? profile_name : profile->name);
	file.bytes = stat.size_bytes;
	r = job_init(&job, batch, &file);
	if (r == 0)
		r = path_format(job.original, "%s", path);
	job.preview = preview;
	if (r == 0)
		r = store_begin(batch->store, STORE_WRITE);
	if (r == 0)
		r = preview_line(&job, &file);
	store_rollback(batch->store);
	if (r == 0)
		preview_result(&job, ret_result);
	job_fini(&job);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}
