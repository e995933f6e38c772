/*
 * record: rows of a record in work, in figures and in words.
 */
#include "work.h"

#include "muster/text.h"

#include "muster/buffer.h"

bool is_forced(const struct record_work *it)
{
	return it->work->input->forced_new || it->work->input->forced_member_id.len > 0;
}

bool is_cobra(const struct member_record *record)
{
	return slice_is(record->benefit_status, "C");
}

bool is_child(const struct member_record *record)
{
	static const char *const children[] = {"05", "07", "09", "10", "15", "17", "19", "24", "38"};
	size_t i;

	for (i = 0; i < sizeof(children) / sizeof(children[0]); i++)
		if (slice_is(record->relationship, children[i]))
			return true;
	return false;
}

bool is_support_order(const struct record_work *it)
{
	const char *agreed = it->work->input->policy->support_order;
	struct slice sent = it->record->facts[FACT_reporting_category];

	if (it->record->is_subscriber || sent.len == 0)
		return false;
	return agreed[0] != '\0' ? slice_is(sent, agreed) : slice_is(sent, "QMCSO") || slice_is(sent, "NMSN");
}

bool is_compared(const struct record_work *it)
{
	return it->work->input->compares && slice_is(it->record->maintenance, "030");
}

bool is_upsert(const struct record_work *it)
{
	return it->work->input->policy->upsert && slice_is(it->record->maintenance, "001");
}

bool is_any_day(const struct member_record *record)
{
	return slice_is(record->reason, "02") || slice_is(record->reason, "05") || slice_is(record->reason, "03");
}

struct row *record_row(struct record_work *it, enum decide_action action)
{
	return work_row(it->work, it->record, it->draft, action, it->match.confidence, it->match.rule);
}

void row_show_span(struct row *row, const struct coverage_span *span)
{
	row->operation.group_id = span->group_id;
	row->operation.plan_id = span->plan_id;
	row->operation.begins_on = span->begins_on;
	row->operation.ends_on = span->ends_on;
}

int record_span_row(struct record_work *it, enum decide_action action, uint32_t before_id,
		    const struct coverage_span *before, uint32_t after_id)
{
	const struct coverage_span *after = &it->draft->spans.items[spans_index(&it->draft->spans, after_id)].span;
	struct row *row = record_row(it, action);
	struct slice change = SLICE_EMPTY;

	if (action != DECIDE_NO_CHANGE) {
		change = describe_span(it->work->arena, before, after, before_id != 0 && before_id != after_id);
		if (change.data == NULL)
			return -ENOMEM;
	}
	if (row == NULL)
		return -ENOMEM;
	row_touch(row, before_id, after_id);
	row->operation.change = change;
	row_show_span(row, after);
	return 0;
}

/* ---- words ---- */

static void label(struct buffer *out, const char *name)
{
	if (out->len > 0)
		buffer_add_text(out, "; ");
	buffer_add_text(out, name);
	buffer_add_text(out, ": ");
}

static void describe_text(struct buffer *out, const char *name, struct slice before, struct slice after)
{
	if (slice_equal(before, after))
		return;
	label(out, name);
	buffer_add_slice(out, before.len > 0 ? before : SLICE_LITERAL("none"));
	buffer_add_text(out, " -> ");
	buffer_add_slice(out, after.len > 0 ? after : SLICE_LITERAL("none"));
}

static const char *day_text(date_day day, const char *none, char text[DATE_TEXT_BYTES])
{
	return day != DATE_NONE ? date_format_iso(day, text) : none;
}

static void describe_day(struct buffer *out, const char *name, date_day before, date_day after)
{
	char old[DATE_TEXT_BYTES], new[DATE_TEXT_BYTES];

	if (before == after)
		return;
	label(out, name);
	buffer_add_text(out, day_text(before, "open", old));
	buffer_add_text(out, " -> ");
	buffer_add_text(out, day_text(after, "open", new));
}

static void describe_new(struct buffer *out, const struct coverage_span *span)
{
	char day[DATE_TEXT_BYTES];

	buffer_add_text(out, "new coverage: ");
	buffer_add_slice(out, span->plan_id);
	if (span->tier.len > 0) {
		buffer_add_char(out, ' ');
		buffer_add_slice(out, span->tier);
	}
	buffer_printf(out, " from %s", date_format_iso(span->begins_on, day));
	if (span->ends_on != DATE_NONE)
		buffer_printf(out, " to %s", date_format_iso(span->ends_on, day));
	if (span->cobra)
		buffer_add_text(out, ", COBRA");
}

static void describe_values(struct buffer *out, const struct coverage_span *before, const struct coverage_span *after)
{
	describe_text(out, "group_id", before->group_id, after->group_id);
	describe_text(out, "plan_id", before->plan_id, after->plan_id);
	describe_text(out, "tier", before->tier, after->tier);
	if (before->cobra != after->cobra) {
		label(out, "cobra");
		buffer_add_text(out, after->cobra ? "no -> yes" : "yes -> no");
	}
}

struct slice describe_span(struct arena *arena, const struct coverage_span *before, const struct coverage_span *after,
			   bool another)
{
	char day[DATE_TEXT_BYTES];
	struct slice described;
	struct buffer out;

	buffer_init(&out, arena->env);
	if (before == NULL) {
		describe_new(&out, after);
	} else if (another) {
		describe_values(&out, before, after);
		buffer_add_text(&out, out.len > 0 ? "; from " : "from ");
		buffer_add_text(&out, date_format_iso(after->begins_on, day));
		if (after->ends_on != DATE_NONE)
			buffer_printf(&out, " to %s", date_format_iso(after->ends_on, day));
	} else {
		describe_values(&out, before, after);
		describe_day(&out, "begins_on", before->begins_on, after->begins_on);
		describe_day(&out, "ends_on", before->ends_on, after->ends_on);
		if (before->voided != after->voided) {
			label(&out, "voided");
			buffer_add_text(&out, after->voided ? "no -> yes" : "yes -> no");
		}
	}
	described = out.error == 0 ? text_masked(arena, arena_dup(arena, buffer_slice(&out))) : SLICE_EMPTY;
	buffer_fini(&out);
	return described;
}
