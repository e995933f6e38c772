#include "manifest.h"

#include <assert.h>
#include <stdio.h>

#include "job.h"

int manifest_add(struct job *job, const char *name, const char *suffix, const struct store_output *line)
{
	struct manifest *manifest = &job->manifest;
	struct slice full = arena_printf(&job->arena, "%s%s", name, suffix);

	assert(manifest->count < MANIFEST_LINES_MAX);
	if (full.data == NULL)
		return -ENOMEM;
	manifest->lines[manifest->count] = *line;
	manifest->lines[manifest->count++].name = full;
	return 0;
}

static int begin_run(const struct batch *batch, uint64_t *ret_run_no)
{
	const struct batch_settings *settings = &batch->settings;
	struct store_run run = {
		.verb = slice_from(settings->verb != NULL ? settings->verb : ""),
		.version = slice_from(settings->version != NULL ? settings->version : ""),
		.as_of = settings->today,
		.operator_id = settings->operator_id,
	};
	int r = store_run_add(batch->store, &run);

	*ret_run_no = run.run_no;
	return r;
}

int manifest_write(struct job *job, uint64_t *ret_run_no)
{
	struct store_run_file row = {.file = &job->file,
				     .released = job->released,
				     .outcome = job->file.outcome,
				     .reason = job->file.reason,
				     .tally = job->file.tally};
	uint32_t i;
	int r = 0;

	*ret_run_no = job->batch->run_no;
	if (*ret_run_no == 0)
		r = begin_run(job->batch, ret_run_no);
	row.run_no = *ret_run_no;
	if (r == 0)
		r = store_run_file_put(job->store, &row);
	for (i = 0; r == 0 && i < job->manifest.count; i++)
		r = store_run_output_add(job->store, row.run_no, job->file.file_no, &job->manifest.lines[i]);
	return r;
}
