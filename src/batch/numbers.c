#include "numbers.h"

static const struct store_numbers_limit everybody = {.after_file_no = 0, .since_ms = INT64_MIN};

int numbers_limit(struct job *job, struct store_numbers_limit *ret_limit)
{
	const struct store_number_reset *reset;
	int r = store_number_reset_before(job->store, job->file.partner, job->file.file_no, &job->arena, &reset);

	*ret_limit = everybody;
	if (r == 0 && reset != NULL)
		ret_limit->after_file_no = reset->after_file_no;
	if (job->profile->number_window_days > 0)
		ret_limit->since_ms = job->file.received_ms - job->profile->number_window_days * CLOCK_DAY_MS;
	return r;
}

/* Does what this file did with its numbers count? */
static int file_counts(struct job *job, uint64_t file_no, struct arena *arena, bool *ret_counts)
{
	const struct store_file *file;
	struct store_numbers_limit limit;
	int r = numbers_limit(job, &limit);

	*ret_counts = file_no > limit.after_file_no;
	if (r < 0 || !*ret_counts || limit.since_ms == everybody.since_ms)
		return r;
	r = store_file_get(job->store, file_no, arena, &file);
	*ret_counts = file == NULL || file->received_ms >= limit.since_ms;
	return r;
}

int numbers_look(struct job *job, const struct store_interchange *interchange, const struct store_tset *row,
		 struct arena *arena, struct numbers *ret_numbers)
{
	const struct store_tset *last, *same;
	bool counts = true;
	uint32_t era;
	int r = store_tset_by_numbers(job->store, interchange, row, arena, &last, &era, &same);

	if (r == 0 && last != NULL && job->file.reprocess_of == 0)
		r = file_counts(job, last->file_no, arena, &counts);
	*ret_numbers = (struct numbers){.earlier = last, .era = era};
	if (job->file.reprocess_of == 0 && same != NULL)
		ret_numbers->earlier = same;
	else if (!counts)
		*ret_numbers = (struct numbers){.earlier = NULL, .era = era + 1};
	return r;
}

int numbers_come_again(struct job *job, const struct store_interchange *interchange, bool *ret_again)
{
	struct store_numbers_limit limit;
	uint64_t ever = 0, counted = 0;
	int r = numbers_limit(job, &limit);

	if (r == 0)
		r = store_interchange_taken(job->store, interchange, job->file.file_no, &everybody, &job->arena, &ever);
	if (r == 0 && ever != 0)
		r = store_interchange_taken(job->store, interchange, job->file.file_no, &limit, &job->arena, &counted);
	*ret_again = ever != 0 && counted == 0;
	return r;
}
