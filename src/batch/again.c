/*
 * again: outputs made once more, long after their file was filed. They are functions of rows, but for the findings and the
 * acknowledgments, which come from the kept original once more.
 */
#include "muster/log.h"
#include "release.h"

static int make_again(struct job *job, const char *folder)
{
	int r = release_find_original(job);

	if (r == 0 && !env_exists(job->env, job->original))
		return BATCH_E_MISSING;
	job->duplicate = job->file.duplicate_of != 0 && job->file.outcome == STORE_FILE_DUPLICATE;
	if (r == 0)
		r = job_validate(job, false);
	return r < 0 ? r : job_make_again(job, folder);
}

int batch_make_again(struct batch *batch, const struct store_run_file *row, const char *folder, void *context,
		     store_output_fn fn)
{
	struct job job;
	uint32_t i;
	int r;

	if (row->file->stage != STORE_FILE_FILED)
		return MUSTER_ERROR_INTERNAL;
	r = job_init(&job, batch, row->file);
	job.file.tally = row->tally;
	if (r == 0)
		r = make_again(&job, folder);
	for (i = 0; r == 0 && i < job.manifest.count; i++)
		r = fn(context, &job.manifest.lines[i]);
	job_fini(&job);
	return r;
}
