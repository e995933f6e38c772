/*
 * What a file came to: the last word on each of its sets, the conservation law, the file's outcome.
 */
#include "lane.h"
#include "muster/log.h"
#include "job.h"
#include "whole.h"

struct settle {
	struct job *job;
	uint32_t by_outcome[STORE_TSET_TEST + 1];
	struct slice reason; /* of the first set that was not applied */
};

/* A set's last word: its tally says where all its members and money went; a waiting one gets its row in the queue. */
static int settle_tset(void *context, const struct store_tset *stored)
{
	struct settle *settle = context;
	struct job *job = settle->job;
	struct apply_origin origin = job_origin(job, stored);
	struct store_tset row = *stored;
	int r = 0;

	/* Settled before: the other sets of a file of which one was released. */
	if (stored->done && stored->outcome != STORE_TSET_OPEN) {
		settle->by_outcome[row.outcome]++;
		store_tally_add(&job->file.tally, &row.tally);
		return 0;
	}
	switch (stored->outcome) {
	case STORE_TSET_OPEN:
		row.outcome = STORE_TSET_APPLIED;
		break;
	case STORE_TSET_APPLIED:
		break;
	case STORE_TSET_REJECTED:
		row.tally.members_rejected = row.tally.members_read;
		row.tally.money_rejected = row.tally.money_read;
		break;
	case STORE_TSET_DUPLICATE:
		row.tally.members_duplicate = row.tally.members_read;
		row.tally.money_duplicate = row.tally.money_read;
		break;
	case STORE_TSET_HELD:
	case STORE_TSET_TEST:
		row.tally.members_held = row.tally.members_read;
		row.tally.money_held = row.tally.money_read;
		if (row.hold_category != CATEGORY_COUNT)
			r = apply_hold(&origin, row.hold_category, row.reason);
		break;
	}
	row.done = true;
	settle->by_outcome[row.outcome]++;
	/* The file's reason is that of its first set that waits, else of the first that was not applied. */
	if (row.outcome != STORE_TSET_APPLIED &&
	    (slice_is_empty(settle->reason) ||
	     (row.outcome == STORE_TSET_HELD && settle->by_outcome[STORE_TSET_HELD] == 1)))
		settle->reason = arena_dup(&job->arena, row.reason);
	if (r == 0)
		r = store_tset_update(job->store, &row);
	store_tally_add(&job->file.tally, &row.tally);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

static void settle_file(struct settle *settle)
{
	struct store_file *file = &settle->job->file;
	const uint32_t *by = settle->by_outcome;

	if (settle->job->duplicate)
		return;
	if (by[STORE_TSET_APPLIED] > 0) {
		file->outcome = STORE_FILE_PROCESSED;
		file->reason = SLICE_EMPTY;
		return;
	}
	file->reason = settle->reason;
	if (job_waits_whole(settle->job)) {
		file->outcome = STORE_FILE_HELD;
		file->reason = job_waits_why(settle->job);
	} else if (by[STORE_TSET_HELD] + by[STORE_TSET_TEST] > 0) {
		file->outcome = STORE_FILE_HELD;
	} else if (by[STORE_TSET_DUPLICATE] > 0) {
		file->outcome = STORE_FILE_DUPLICATE;
	} else {
		file->outcome = STORE_FILE_REJECTED;
		if (slice_is_empty(file->reason))
			file->reason = settle->job->interchange_count == 0
				? SLICE_LITERAL("no X12 interchange was found in the file")
				: SLICE_LITERAL("the file holds no transaction set that can be processed");
	}
}

static int settle_hold_file(struct job *job)
{
	struct apply_origin origin = job_origin(job, NULL);

	if (job->file.outcome != STORE_FILE_HELD || !job_waits_whole(job))
		return 0;
	return apply_hold(&origin, CATEGORY_FILE_HOLD, job->file.reason);
}

int job_settle(struct job *job)
{
	struct settle settle = {.job = job};
	struct whole whole;
	int r = whole_find(job, &whole);

	if (r == 0)
		r = job_begin(job);

	memset(&job->file.tally, 0, sizeof(job->file.tally));
	if (job->duplicate) {
		job->file.tally.members_read = job->file.tally.members_duplicate = job->members_read;
		job->file.tally.money_read = job->file.tally.money_duplicate = job->money_read;
	} else if (r == 0) {
		r = store_tsets_each(job->store, job->file.file_no, settle_tset, &settle);
	}
	settle_file(&settle);
	/* Each family in sets of its own: what was ended in one and given back in another. */
	if (r == 0 && job->profile->enroll.family_split)
		r = store_notices_forget_kept(job->store, job->file.file_no);
	if (r == 0)
		r = settle_hold_file(job);
	if (r == 0)
		r = whole_supersede(job, &whole);
	if (r == 0 && !store_tally_is_balanced(&job->file.tally))
		r = log_failure(MUSTER_ERROR_INTERNAL, "file %llu: the conservation law does not hold",
				(unsigned long long)job->file.file_no);
	if (r == 0)
		r = lane_advance(job);
	if (!job->released)
		job->file.stage = STORE_FILE_APPLIED;
	if (r == 0)
		r = store_file_update(job->store, &job->file);
	if (r == 0)
		r = job_commit(job);
	if (r != 0)
		store_rollback(job->store);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}
