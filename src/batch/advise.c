/*
 * advise: what of a file was not applied, told its sender as an 824.
 *
 * Made from the rows of sets and exceptions (of a duplicate, which has none, from its bytes) as they were received: what a representative does with an item later
 * changes nothing, so the file can be made again byte for byte. Its control numbers follow those of the
 * acknowledgments and were taken with them.
 */
#include "advise.h"

#include "muster/file_advice.h"
#include "muster/json.h"

struct advise {
	struct job *job;
	struct advice *advice;
	struct arena arena; /* of the set in hand, and of one item */
	uint64_t interchange_no;
	char usage[4];
	char fgroup[32];
	uint32_t fgroups;
	bool is_834;
};

uint32_t advise_numbers(const struct job *job)
{
	return job->profile->report_824 ? job->fgroup_count : 0;
}

static int value_of(struct advise *advise, struct slice object, const char *key, struct slice *ret_value)
{
	struct slice text;

	*ret_value = SLICE_EMPTY;
	if (!json_find(object, key, &text))
		return 0;
	*ret_value = json_decode(&advise->arena, text);
	return ret_value->data != NULL ? 0 : -ENOMEM;
}

static int advise_item(void *context, const struct store_exception *exception)
{
	struct advise *advise = context;
	struct arena_mark mark = arena_mark(&advise->arena);
	struct advice_item item = {
		.member_pos = exception->member_pos,
		.segment_pos = exception->segment_pos,
		/* A status of the first version is of the file's own run, not a representative's. */
		.rejected = exception->category == CATEGORY_SYNTAX_RECORD ||
			    (exception->status == STORE_EXCEPTION_REJECTED && exception->version == 1),
		.category = slice_from(category_name(exception->category)),
		.reason = exception->reason,
		.subscriber_id = exception->subscriber_id,
	};
	int r = value_of(advise, exception->incoming, "last_name", &item.last_name);

	if (r == 0)
		r = value_of(advise, exception->incoming, "first_name", &item.first_name);
	if (!advise->is_834)
		item.segment_pos = 0; /* remittance lines are no INS */
	if (r == 0)
		r = advice_add(advise->advice, &item);
	arena_rewind(&advise->arena, mark);
	return r;
}

/* A set that is not taken as a whole and of which no row of the queue tells. */
static int advise_whole(struct advise *advise, const struct store_tset *tset)
{
	bool duplicate = tset->outcome == STORE_TSET_DUPLICATE;
	const struct advice_item item = {
		.rejected = duplicate,
		.category = slice_from(category_name(duplicate ? CATEGORY_DUP_FILE : CATEGORY_FILE_HOLD)),
		.reason = tset->reason,
	};

	if (!duplicate && (tset->outcome != STORE_TSET_HELD || tset->hold_category != CATEGORY_COUNT))
		return 0;
	return advice_add(advise->advice, &item);
}

/* Sets come in file order; those of one group one behind the other. */
static void count_fgroup(struct advise *advise, const struct store_tset *tset)
{
	char fgroup[sizeof(advise->fgroup)];

	slice_to_cstr(tset->fgroup_control, fgroup, sizeof(fgroup));
	if (advise->fgroups == 0 || tset->interchange_no != advise->interchange_no ||
	    strcmp(fgroup, advise->fgroup) != 0)
		advise->fgroups++;
	advise->interchange_no = tset->interchange_no;
	memcpy(advise->fgroup, fgroup, sizeof(fgroup));
}

static int find_usage(void *context, const struct store_interchange *interchange)
{
	struct advise *advise = context;

	if (interchange->interchange_no == advise->interchange_no)
		slice_to_cstr(interchange->usage, advise->usage, sizeof(advise->usage));
	return 0;
}

static int advise_set(void *context, const struct store_tset *tset)
{
	struct advise *advise = context;
	const struct store_exception_filter filter = {
		.file_no = advise->job->file.file_no, .tset_no = tset->tset_no, .in_file_order = true};
	struct advice_tset set = {
		.sender_qualifier = tset->sender_qualifier,
		.sender_id = tset->sender_id,
		.receiver_qualifier = tset->receiver_qualifier,
		.receiver_id = tset->receiver_id,
		.sender_code = tset->sender_code,
		.receiver_code = tset->receiver_code,
		.fgroup_date = tset->fgroup_date,
		.fgroup_time = tset->fgroup_time,
		.fgroup_control = tset->fgroup_control,
		.version = tset->guide_id,
		.set_id = tset->set_id,
		.control_number = tset->control_number,
	};
	bool same = advise->fgroups > 0 && advise->interchange_no == tset->interchange_no;
	int r = 0;

	count_fgroup(advise, tset);
	set.fgroup_ordinal = advise->fgroups;
	advise->is_834 = slice_is(tset->set_id, "834");
	if (!same)
		r = store_interchanges_each(advise->job->store, advise->job->file.file_no, find_usage, advise);
	set.usage = slice_from(advise->usage);
	if (r == 0)
		r = value_of(advise, tset->header, slice_is(tset->set_id, "820") ? "trace" : "reference",
			     &set.reference);
	if (r == 0) {
		advice_set(advise->advice, &set);
		r = store_exceptions_each(advise->job->store, &filter, advise_item, advise);
	}
	if (r == 0)
		r = advise_whole(advise, tset);
	arena_reset(&advise->arena);
	return r;
}

/* No rows are kept of a duplicate's sets: the file itself names them. */
static int advise_duplicate(struct job *job, struct advice *advice)
{
	const struct file_advice_whole whole = {
		.category = CATEGORY_DUP_FILE, .rejected = true, .reason = job->file.reason};
	struct file_advice *sets;
	int r = file_advice_new(job->env, &sets);

	if (r < 0)
		return r;
	r = job_walk_with(job, false, file_advice_handler(sets));
	if (r == 0)
		r = file_advice_write(sets, &whole, false, advice);
	file_advice_free(sets);
	return r;
}

int advise_make(struct job *job, const struct advice_sink *sink)
{
	struct advise advise = {.job = job};
	uint64_t number = (job->file.ack_control_first + ack_control_numbers_used(job->ack) - 1) % 999999999 + 1;
	int r;

	if (!job->profile->report_824 || job->profile->ack == PROFILE_ACK_NONE)
		return 0;
	r = advice_new(job->env, job->file.received_ms, (uint32_t)number, sink, &advise.advice);
	if (r < 0)
		return r;
	arena_init(&advise.arena, job->env, 0, 0);
	if (job->duplicate)
		r = advise_duplicate(job, advise.advice);
	else
		r = store_tsets_each(job->store, job->file.file_no, advise_set, &advise);
	if (r == 0)
		r = advice_finish(advise.advice);
	arena_fini(&advise.arena);
	advice_free(advise.advice);
	return r;
}
