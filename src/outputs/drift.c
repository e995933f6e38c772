/*
 * drift: does this file's matching depart from what the partner's last files were like?
 *
 * A sender who shifts a column or sends wrong numbers shows here first: more of his records wait, fewer mean somebody,
 * or what is taken for certain is less so. It is said, nothing is held: every single decision has its own guards.
 *
 * Full files are measured by full files, changes by changes: these have other shares of new people.
 *
 * Source    matching section 4 (drift alarms).
 */
#include "muster/error.h"
#include "work.h"

/* So many records must make the difference: a handful of waiting records is a usual night. */
#define RECORDS_MIN 5.0

static uint64_t records_of(const struct store_matching *matching)
{
	return matching->matched + matching->added + matching->review;
}

/* In per cent; the denominator is not 0. */
static double percent(uint64_t part, uint64_t whole)
{
	return 100.0 * (double)part / (double)whole;
}

static double wrong_per_10k(const struct store_matching *matching)
{
	return matching->matched > 0 ? (double)matching->expected_wrong_e6 / 100.0 / (double)matching->matched : 0.0;
}

static int say(struct work *work, struct slice sentence)
{
	if (sentence.data == NULL)
		return -ENOMEM;
	work->drifts[work->drift_count++] = sentence;
	return 0;
}

/* `points` of difference, up only or either way; and not for a few records. */
static bool departs(double now, double before, int32_t points, bool either_way, uint64_t records)
{
	double difference = now - before;

	if (either_way && difference < 0)
		difference = -difference;
	return difference > (double)points && difference / 100.0 * (double)records >= RECORDS_MIN;
}

static int compare(struct work *work, const struct store_matching *now, const struct store_matching *before,
		   uint32_t files)
{
	const struct outputs_drift *drift = &work->request->drift;
	uint64_t records = records_of(now), earlier = records_of(before);
	double review = percent(now->review, records), review_before = percent(before->review, earlier);
	double matched = percent(now->matched, records), matched_before = percent(before->matched, earlier);
	double wrong = wrong_per_10k(now), wrong_before = wrong_per_10k(before);
	int r = 0;

	if (departs(review, review_before, drift->review_points, false, records))
		r = say(work,
			arena_printf(&work->arena,
				     "%.1f %% of the records wait for a representative; of the partner's last %u such "
				     "files it was %.1f %%.",
				     review, files, review_before));
	if (r == 0 && departs(matched, matched_before, drift->match_points, true, records))
		r = say(work,
			arena_printf(&work->arena,
				     "%.1f %% of the records were taken for members on file; of the partner's last %u "
				     "such files it was %.1f %%.",
				     matched, files, matched_before));
	if (r == 0 && wrong - wrong_before > (double)drift->wrong_per_10k)
		r = say(work,
			arena_printf(
				&work->arena,
				"%.3f of 10,000 automatic matches are expected to be wrong; of the partner's last %u "
				"such files it was %.3f.",
				wrong, files, wrong_before));
	return r;
}

int find_drift(struct work *work)
{
	const struct outputs_drift *drift = &work->request->drift;
	struct store_matching *now = &work->written.matching, before;
	uint32_t files;
	int r;

	*now = (struct store_matching){.file_no = work->file->file_no,
				       .partner = work->file->partner,
				       .full = work->is_full,
				       .matched = work->matched_records,
				       .added = work->added_records,
				       .review = work->exceptions.records,
				       .expected_wrong_e6 = work->expected_wrong_e6};
	work->drift_count = 0;
	if (drift->files == 0 || work->file->kind != STORE_KIND_834)
		return 0;
	r = store_matchings_before(work->store, now, (uint32_t)drift->files, &before, &files);
	if (r != 0 || files < (uint32_t)drift->files_min || records_of(now) < (uint64_t)drift->records_min ||
	    records_of(&before) < (uint64_t)drift->records_min || records_of(now) == 0 || records_of(&before) == 0)
		return r;
	return compare(work, now, &before, files);
}
