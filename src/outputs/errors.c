/*
 * errors: what a partner is told that he has to mend, in his words: his severity, and by when he answers. A file without
 * errors has the table too, with no rows: that nothing is wrong is an answer.
 */
#include "muster/csv.h"
#include "work.h"

static int error_row(void *context, const struct store_exception *item)
{
	struct work *work = context;
	const struct error_class *agreed = &work->request->errors[item->category];
	struct arena_mark mark = arena_mark(&work->arena);
	struct buffer *out = &work->text;
	char answer_by[CLOCK_TEXT_BYTES] = "";
	struct slice shown[] = {item->subscriber_id, item->group_id, item->reason};
	size_t i;

	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		shown[i] = queue_mask(&work->arena, item, shown[i]);
		if (shown[i].data == NULL)
			return -ENOMEM;
	}
	work->written.files[OUTPUTS_ERRORS_CSV].rows++;
	csv_add(out, true, item->item_id);
	csv_add_guarded(out, false, item->origin.file_name);
	csv_add(out, false, item->origin.interchange_control);
	csv_add(out, false, item->origin.fgroup_control);
	csv_add(out, false, item->origin.tset_control);
	buffer_add_char(out, ',');
	buffer_add_u64(out, item->member_pos);
	csv_add(out, false, slice_from(category_name(item->category)));
	csv_add(out, false, agreed->severity);
	if (agreed->hours > 0)
		clock_format_rfc3339(error_class_due_ms(agreed, work->request->calendar, item->created_ms), answer_by);
	csv_add(out, false, slice_from(answer_by));
	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		csv_add_guarded(out, false, shown[i]);
	csv_end_record(out);
	arena_rewind(&work->arena, mark);
	return work_flush_some(work);
}

int write_errors(struct work *work)
{
	const struct store_exception_filter filter = {
		.file_no = work->file->file_no, .as_received = true, .in_file_order = true};

	buffer_add_text(&work->text,
			"item,file,interchange,group,set,member_pos,error,severity,answer_by,subscriber_id,"
			"group_id,reason\r\n");
	return store_exceptions_each(work->store, &filter, error_row, work);
}
