/*
 * full: what a full file adds to its outputs: who was left out and what became of him; what an audit found.
 */
#include "muster/csv.h"
#include "work.h"

static void origin_columns(struct buffer *out, const struct store_origin *origin, uint32_t member_pos)
{
	csv_add_guarded(out, true, origin->file_name);
	csv_add(out, false, origin->interchange_control);
	csv_add(out, false, origin->fgroup_control);
	csv_add(out, false, origin->tset_control);
	buffer_add_char(out, ',');
	buffer_add_u64(out, member_pos);
}

static int omission_row(void *context, const struct store_omission *omission)
{
	struct work *work = context;
	struct buffer *out = &work->text;

	origin_columns(out, &omission->origin, omission->member_pos);
	csv_add(out, false, slice_from(store_omission_name(omission->outcome)));
	csv_add(out, false, omission->member_id);
	csv_add(out, false, omission->subscriber_id);
	csv_add(out, false, omission->group_id);
	buffer_add_char(out, ',');
	buffer_add_u64(out, omission->absences);
	csv_add_guarded(out, false, omission->reason);
	csv_end_record(out);
	return work_flush_some(work);
}

int write_omissions(struct work *work)
{
	buffer_add_text(&work->text, "file,interchange,group,set,member_pos,outcome,member_id,subscriber_id,group_id,"
				     "absences,reason\r\n");
	return store_omissions_each(work->store, work->file->file_no, omission_row, work);
}

static int audit_row(void *context, const struct store_discrepancy *line)
{
	struct work *work = context;
	struct buffer *out = &work->text;

	origin_columns(out, &line->origin, line->member_pos);
	csv_add(out, false, line->outcome);
	csv_add(out, false, line->member_id);
	csv_add(out, false, line->subscriber_id);
	csv_add(out, false, line->field);
	csv_add_guarded(out, false, line->stored);
	csv_add_guarded(out, false, line->sent);
	csv_add(out, false, line->explained);
	csv_end_record(out);
	return work_flush_some(work);
}

int write_audit(struct work *work)
{
	buffer_add_text(&work->text, "file,interchange,group,set,member_pos,outcome,member_id,subscriber_id,field,"
				     "database_value,file_value,explained\r\n");
	return store_discrepancies_each(work->store, work->file->file_no, audit_row, work);
}
