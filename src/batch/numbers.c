#include "numbers.h"

static const struct store_numbers_limit everybody = {.after_file_no = 0, .since_ms = INT64_MIN};

int numbers_limit(struct job *job, struct store_numbers_limit *ret_limit)
{
	return numbers_limit_of(job->store, job->profile, &job->file, &job->arena, ret_limit);
}

int numbers_limit_of(struct store *store, const struct profile *profile, const struct store_file *file,
		     struct arena *arena, struct store_numbers_limit *ret_limit)
{
	const struct store_number_reset *reset;
	int r = store_number_reset_before(store, file->partner, file->file_no, arena, &reset);

	*ret_limit = everybody;
	if (r == 0 && reset != NULL)
		ret_limit->after_file_no = reset->after_file_no;
	if (profile->number_window_days > 0)
		ret_limit->since_ms = file->received_ms - profile->number_window_days * CLOCK_DAY_MS;
	return r;
}

int numbers_file_counts(struct store *store, const struct store_numbers_limit *limit, uint64_t file_no,
			struct arena *arena, bool *ret_counts)
{
	const struct store_file *file;
	int r;

	*ret_counts = file_no > limit->after_file_no;
	if (!*ret_counts || limit->since_ms == everybody.since_ms)
		return 0;
	r = store_file_get(store, file_no, arena, &file);
	*ret_counts = file == NULL || file->received_ms >= limit->since_ms;
	return r;
}

int numbers_look(struct job *job, const struct store_interchange *interchange, const struct store_tset *row,
		 struct arena *arena, struct numbers *ret_numbers)
{
	struct store_numbers_limit limit;
	struct store_number_uses uses;
	bool counts = true;
	int r = store_tset_by_numbers(job->store, interchange, row, job->file.reprocess_of, arena, &uses);

	if (r == 0 && uses.last != NULL)
		r = numbers_limit(job, &limit);
	if (r == 0 && uses.last != NULL)
		r = numbers_file_counts(job->store, &limit, uses.last->file_no, arena, &counts);
	*ret_numbers = (struct numbers){.earlier = uses.last, .era = uses.last_era};
	if (uses.own != NULL)
		*ret_numbers = (struct numbers){.earlier = uses.own, .era = uses.own_era};
	else if (job->file.reprocess_of == 0 && uses.same != NULL)
		ret_numbers->earlier = uses.same;
	else if (!counts)
		*ret_numbers = (struct numbers){.earlier = NULL, .era = uses.last_era + 1};
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
