#include "lane.h"

#include <stdio.h>

#include "muster/log.h"
#include "muster/path.h"
#include "numbers.h"

#define ORDER_BYTES 16
/* ISA13 has nine digits: behind the last number comes 1 again. */
#define CONTROL_MAX UINT64_C(999999999)

/* "CCYYMMDDHHMM" of ISA09 and ISA10. */
static struct slice lane_order(struct slice date, struct slice time, char out[ORDER_BYTES])
{
	out[0] = '\0';
	if (date.len == 6 && time.len == 4)
		snprintf(out, ORDER_BYTES, "20%.6s%.4s", date.data, time.data);
	return slice_from(out);
}

/* Did the file come through its partner's drop folder? */
static bool lane_applies(const struct job *job)
{
	char folder[LIMIT_PATH_BYTES];

	return path_format(folder, "%s/%.*s", job->batch->settings.config->out, (int)job->file.partner.len,
			   job->file.partner.data) == 0 &&
	       slice_is(job->file.out_dir, folder);
}

static void warn_of_gap(const struct job *job, uint64_t first, uint64_t last)
{
	char file_id[STORE_FILE_ID_BYTES];

	store_file_id_format(job->file.file_no, file_id);
	if (first == last)
		log_message(LOG_WARNING, "%s: interchange %09llu of this sender has not come", file_id,
			    (unsigned long long)first);
	else
		log_message(LOG_WARNING, "%s: interchanges %09llu to %09llu of this sender have not come", file_id,
			    (unsigned long long)first, (unsigned long long)last);
}

/* How far a number lies ahead of the last one (0 = none yet); 0 = it does not. Behind the last number comes the first. */
static uint64_t lane_ahead(uint64_t last, uint64_t control)
{
	const uint64_t low = CONTROL_MAX / 10, high = CONTROL_MAX - low;

	if (last > high && control < low)
		return control + CONTROL_MAX - last;
	if (last > 0 && last < low && control > high)
		return 0;
	return control > last ? control - last : 0;
}

int lane_look(struct job *job, const struct x12_interchange *interchange, bool *ret_hold)
{
	const struct store_lane key = {
		.sender_qualifier = interchange->sender_qualifier,
		.sender_id = interchange->sender_id,
		.receiver_qualifier = interchange->receiver_qualifier,
		.receiver_id = interchange->receiver_id,
	};
	char text[ORDER_BYTES];
	struct slice order = lane_order(interchange->date, interchange->time, text);
	struct store_lane lane;
	uint64_t control;
	int r = store_lane_get(job->store, &key, &job->arena, &lane);

	*ret_hold = false;
	if (r < 0)
		return r;
	if (lane.last_control != 0 && slice_to_u64(interchange->control_number, &control) &&
	    lane_ahead(lane.last_control, control) > 1)
		warn_of_gap(job, lane.last_control % CONTROL_MAX + 1, control > 1 ? control - 1 : CONTROL_MAX);
	*ret_hold = lane_applies(job) && job->profile->out_of_order == PROFILE_HOLD && !slice_is_empty(order) &&
		    slice_compare(order, lane.last_applied) < 0;
	return 0;
}

int lane_came_before(struct job *job, const struct store_interchange *interchange, struct slice *ret_refusal)
{
	struct store_numbers_limit limit;
	char file_id[STORE_FILE_ID_BYTES];
	uint64_t file_no = 0;
	int r;

	if (job->file.reprocess_of != 0)
		return 0;
	r = numbers_limit(job, &limit);
	if (r == 0)
		r = store_interchange_taken(job->store, interchange, job->file.file_no, &limit, &job->arena, &file_no);
	if (r < 0 || file_no == 0)
		return r;
	store_file_id_format(file_no, file_id);
	if (!job->profile->reject_dup_isa13) {
		log_message(LOG_WARNING, "file %llu: the interchange control number was used before, in file %s",
			    (unsigned long long)job->file.file_no, file_id);
		return 0;
	}
	*ret_refusal = arena_printf(&job->arena, "the interchange control number (ISA13) was used before, in file %s",
				    file_id);
	return ret_refusal->data != NULL ? 0 : -ENOMEM;
}

static int lane_advance_one(void *context, const struct store_interchange *interchange)
{
	struct job *job = context;
	const struct store_lane key = {
		.sender_qualifier = interchange->sender_qualifier,
		.sender_id = interchange->sender_id,
		.receiver_qualifier = interchange->receiver_qualifier,
		.receiver_id = interchange->receiver_id,
	};
	char text[ORDER_BYTES];
	struct slice order = lane_order(interchange->date, interchange->time, text);
	struct store_lane lane;
	uint64_t control = 0;
	bool again = false;
	int r;

	r = store_lane_get(job->store, &key, &job->arena, &lane);
	if (r == 0 && slice_to_u64(interchange->control_number, &control) && control < lane.last_control)
		r = numbers_come_again(job, interchange, &again);
	if (r < 0)
		return r;
	if (again || lane_ahead(lane.last_control, control) > 0)
		lane.last_control = control;
	if (job->file.outcome == STORE_FILE_PROCESSED && slice_compare(order, lane.last_applied) > 0) {
		lane.last_applied = order;
		lane.last_file_no = job->file.file_no;
	}
	return store_lane_put(job->store, &lane);
}

int lane_advance(struct job *job)
{
	return store_interchanges_each(job->store, job->file.file_no, lane_advance_one, job);
}
