/*
 * later: a set that was held, and of whose members later files have spoken since.
 *
 * A representative lets the set go on, not one file over another: whom a later file has changed is not brought back to
 * what the older one says. Such a record waits, and says what came in between.
 *
 * Source    enrollment-semantics sections 1 (order of files) and 8 (later files may have superseded it).
 */
#include "work.h"

static int refuse(struct work *work, uint32_t record, const struct row *row, struct slice words)
{
	struct slice id = row->draft->image->before.member_id;

	work->refusals[record].category = CATEGORY_OUT_OF_SEQUENCE;
	work->refusals[record].reason = arena_printf(
		work->arena,
		"While the set was held a later file changed member %.*s: %.*s. Does what this older record says "
		"still hold? Then match it to him; else reject it.",
		SLICE_ARGS(id), SLICE_ARGS(words));
	return work->refusals[record].reason.data != NULL ? 0 : -ENOMEM;
}

static uint64_t span_no(const struct row *row, uint32_t id)
{
	return id != 0 ? row->draft->spans.items[spans_index(&row->draft->spans, id)].span.span_no : 0;
}

/* May the row be about something that a later file has spoken of? Not where it is refused already, or about nobody on file. */
static bool is_asked(const struct work *work, const struct row *row, uint32_t record)
{
	return row->draft != NULL && row->draft->image->before.member_no != 0 &&
	       row->operation.action != DECIDE_NO_CHANGE && record < work->input->family->member_count &&
	       work->refusals[record].reason.data == NULL;
}

int later_check(struct work *work, bool *ret_found)
{
	const struct decide_view *view = work->input->view;
	uint32_t i;
	int error = 0;

	*ret_found = false;
	for (i = 0; view->later_change != NULL && i < work->row_count && error == 0; i++) {
		const struct row *row = &work->rows[i];
		uint32_t record = work_record_of(work, row);
		struct decide_footprint footprint = {.before = row->operation.fields_before,
						     .after = row->operation.fields_after};
		struct slice words;

		if (!is_asked(work, row, record))
			continue;
		footprint.member_no = row->draft->image->before.member_no;
		footprint.span_nos[0] = span_no(row, row->span_before_id);
		footprint.span_nos[1] = span_no(row, row->span_after_id);
		error = view->later_change(view->context, &footprint, work->arena, &words);
		if (error == 0 && words.len > 0) {
			*ret_found = true;
			error = refuse(work, record, row, words);
		}
	}
	return error;
}
