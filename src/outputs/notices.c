/*
 * notices: the letters and cards that other systems are asked to send (BUSINESS 4), one row each.
 */
#include "muster/csv.h"
#include "work.h"

/* Those of the file itself, or those that a decision on one record brought later. */
static bool is_wanted(const struct work *work, const struct store_notice *notice)
{
	return notice->later == (work->later_tset_no != 0);
}

static int each_notice(struct work *work, store_notice_fn fn)
{
	if (work->later_tset_no != 0)
		return store_notices_of_record(work->store, work->later_tset_no, work->later_member_pos, fn, work);
	return store_notices_of_file(work->store, work->file->file_no, fn, work);
}

static int notice_row(void *context, const struct store_notice *notice)
{
	struct work *work = context;
	struct buffer *out = &work->text;

	if (!is_wanted(work, notice))
		return 0;
	csv_add(out, true, notice->kind);
	csv_add(out, false, notice->member_id);
	csv_add(out, false, notice->subscriber_id);
	csv_add(out, false, notice->group_id);
	csv_add(out, false, notice->plan_id);
	csv_add(out, false, notice->channel);
	csv_add_guarded(out, false, notice->address);
	csv_add_guarded(out, false, notice->reason);
	csv_add_guarded(out, false, notice->origin.file_name);
	csv_add(out, false, notice->origin.interchange_control);
	csv_add(out, false, notice->origin.fgroup_control);
	csv_add(out, false, notice->origin.tset_control);
	buffer_add_char(out, ',');
	buffer_add_u64(out, notice->member_pos);
	csv_end_record(out);
	work->notice_rows++;
	return work_flush_some(work);
}

static int count_row(void *context, const struct store_notice *notice)
{
	struct work *work = context;

	work->notice_rows += is_wanted(work, notice);
	return 0;
}

int count_notices(struct work *work)
{
	work->notice_rows = 0;
	return each_notice(work, count_row);
}

int write_notices(struct work *work)
{
	work->notice_rows = 0;
	buffer_add_text(&work->text, "kind,member_id,subscriber_id,group_id,plan_id,channel,address,reason,file,"
				     "interchange,group,set,member_pos\r\n");
	return each_notice(work, notice_row);
}
