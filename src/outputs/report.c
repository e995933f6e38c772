/*
 * report: one page about one file, to read in a browser or to print.
 *
 * No script, nothing loaded from anywhere; every value is made visible, masked and escaped on its way in. Long tables
 * are cut, and say where the rest stands: a page that nobody can open helps nobody.
 */
#include <stdio.h>

#include "muster/text.h"
#include "work.h"

#define ROWS_MAX 1000u

static const char style[] =
	"body{font:15px/1.45 system-ui,sans-serif;color:#1c2833;max-width:72em;margin:2em auto;padding:0 1em}"
	"h1{font-size:1.5em;margin:0 0 .2em}h2{font-size:1.1em;margin:2em 0 .5em;border-bottom:1px solid #d5dbdf}"
	"p{margin:.3em 0}.quiet{color:#5d6d7e}.state{font-weight:600}"
	"dl{display:flex;flex-wrap:wrap;gap:.5em 2em;margin:1em 0}dl div{min-width:6em}"
	"dt{color:#5d6d7e;font-size:.85em}"
	"dd{margin:0;font-size:1.25em;font-variant-numeric:tabular-nums}"
	"table{border-collapse:collapse;width:100%;font-size:.87em}th,td{text-align:left;vertical-align:top;"
	"padding:.25em .8em .25em 0;border-bottom:1px solid #eceff1}th{color:#5d6d7e;font-weight:600}"
	"td.n{text-align:right;font-variant-numeric:tabular-nums}"
	"td.c{font-family:ui-monospace,monospace;white-space:nowrap}"
	"@media print{body{margin:0;max-width:none;font-size:11px}h2{break-after:avoid}tr{break-inside:avoid}}";

struct report {
	struct work *work;
	struct buffer *out;
	struct buffer visible;
	uint64_t rows; /* of the table that is open, so far */
};
/* From a walk: the table is full. */
enum { FULL = 1 };

/* ---- escaping ----------------------------------------------------------------------------------------------- */

/* Any text: what cannot be seen is shown, what HTML obeys is escaped. */
static void add(struct report *report, struct slice text)
{
	buffer_clear(&report->visible);
	text_add_visible(&report->visible, text);
	text_add_html(report->out, buffer_slice(&report->visible));
	if (report->visible.error != 0)
		report->out->error = report->visible.error;
}

static void cell(struct report *report, const char *class, struct slice text)
{
	buffer_printf(report->out, class[0] != '\0' ? "<td class=%s>" : "<td%s>", class);
	add(report, text);
	buffer_add_text(report->out, "</td>");
}

static void cell_number(struct report *report, uint64_t number)
{
	buffer_printf(report->out, "<td class=n>%llu</td>", (unsigned long long)number);
}

static void cell_day(struct report *report, date_day day)
{
	char text[DATE_TEXT_BYTES];

	cell(report, "c", slice_from(date_format_iso(day, text)));
}

static void table_begin(struct report *report, const char *title, const char *const *columns)
{
	report->rows = 0;
	buffer_printf(report->out, "<h2>%s</h2>\n<table><thead><tr>", title);
	for (; *columns != NULL; columns++)
		buffer_printf(report->out, "<th>%s</th>", *columns);
	buffer_add_text(report->out, "</tr></thead><tbody>\n");
}

/*
 * `r`: how the walk over its rows ended; handed on, unless the table was full. `empty`: what to say of a table without
 * rows. `rest`: where those stand that were left out.
 */
static int table_end(struct report *report, int r, const char *empty, const char *rest)
{
	buffer_add_text(report->out, "</tbody></table>\n");
	if (report->rows == 0)
		buffer_printf(report->out, "<p class=quiet>%s</p>\n", empty);
	if (r == FULL)
		buffer_printf(report->out, "<p class=quiet>These are the first %llu; %s</p>\n",
			      (unsigned long long)report->rows, rest);
	return r == FULL ? 0 : r;
}

/* One more row; false: there is no room for it. */
static bool row_begin(struct report *report)
{
	if (report->rows == ROWS_MAX)
		return false;
	report->rows++;
	buffer_add_text(report->out, "<tr>");
	return true;
}

static int row_end(struct report *report)
{
	buffer_add_text(report->out, "</tr>\n");
	return work_flush_some(report->work);
}

/* ---- the page ----------------------------------------------------------------------------------------------- */

/* CSP wants the style's own hash: then no other style can be slipped in. */
static void add_style_hash(struct buffer *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct hash hash;
	uint32_t bits;
	size_t i;

	hash_of(slice_of(style, sizeof(style) - 1), &hash);
	for (i = 0; i + 2 < HASH_BYTES; i += 3) {
		bits = (uint32_t)hash.bytes[i] << 16 | (uint32_t)hash.bytes[i + 1] << 8 | hash.bytes[i + 2];
		buffer_printf(out, "%c%c%c%c", digits[bits >> 18], digits[bits >> 12 & 63], digits[bits >> 6 & 63],
			      digits[bits & 63]);
	}
	bits = (uint32_t)hash.bytes[30] << 16 | (uint32_t)hash.bytes[31] << 8;
	buffer_printf(out, "%c%c%c=", digits[bits >> 18], digits[bits >> 12 & 63], digits[bits >> 6 & 63]);
}

static void page_head(struct report *report)
{
	const struct store_file *file = report->work->file;
	char received[CLOCK_TEXT_BYTES], day[DATE_TEXT_BYTES];

	buffer_add_text(
		report->out,
		"<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
	add_style_hash(report->out);
	buffer_add_text(report->out, "'\">\n<meta name=viewport content=\"width=device-width\">\n<title>");
	add(report, file->name);
	buffer_printf(report->out, "</title>\n<style>%s</style></head><body>\n<h1>", style);
	add(report, file->name);
	buffer_add_text(report->out, "</h1>\n<p><span class=state>");
	buffer_add_text(report->out, store_file_outcome_name(file->outcome));
	buffer_add_text(report->out, "</span>");
	if (!slice_is_empty(file->reason)) {
		buffer_add_text(report->out, ": ");
		add(report, file->reason);
	}
	buffer_printf(report->out, "</p>\n<p class=quiet>%s, %llu bytes, received %s as ",
		      store_file_kind_name(file->kind), (unsigned long long)file->bytes,
		      clock_format_rfc3339(file->received_ms, received));
	add(report, file->file_id);
	if (!slice_is_empty(file->partner)) {
		buffer_add_text(report->out, " from ");
		add(report, file->partner);
	}
	if (file->as_of != DATE_NONE)
		buffer_printf(report->out, ", taken as of %s", date_format_iso(file->as_of, day));
	buffer_add_text(report->out, "</p>\n");
	if (report->work->duplicate_of != NULL) {
		buffer_add_text(report->out, "<p>First received as ");
		add(report, report->work->duplicate_of->name);
		buffer_printf(report->out, " on %s.</p>\n",
			      clock_format_rfc3339(report->work->duplicate_of->received_ms, received));
	}
}

static void figure(struct report *report, const char *name, uint64_t number)
{
	buffer_printf(report->out, "<div><dt>%s</dt><dd>%llu</dd></div>", name, (unsigned long long)number);
}

static void amount(struct report *report, const char *name, cents value)
{
	char text[MONEY_TEXT_BYTES];

	buffer_printf(report->out, "<div><dt>%s</dt><dd>%s</dd></div>", name, money_format(value, text));
}

static void page_figures(struct report *report)
{
	const struct store_tally *tally = &report->work->file->tally;
	bool money = report->work->file->kind == STORE_KIND_820 || report->work->file->kind == STORE_KIND_MIXED;

	buffer_printf(report->out, "<h2>%s</h2>\n<dl>", money ? "Records" : "Members");
	figure(report, "read", tally->members_read);
	figure(report, "applied", tally->members_applied);
	figure(report, "no change", tally->members_no_change);
	figure(report, "waiting", tally->members_exception);
	figure(report, "rejected", tally->members_rejected);
	figure(report, "duplicate", tally->members_duplicate);
	figure(report, "held", tally->members_held);
	buffer_add_text(report->out, "</dl>\n");
	if (!money)
		return;
	buffer_add_text(report->out, "<h2>Money</h2>\n<dl>");
	amount(report, "read", tally->money_read);
	amount(report, "posted", tally->money_posted);
	amount(report, "suspended", tally->money_suspended);
	amount(report, "rejected", tally->money_rejected);
	amount(report, "duplicate", tally->money_duplicate);
	amount(report, "held", tally->money_held);
	buffer_add_text(report->out, "</dl>\n");
}

static int set_row(void *context, const struct store_tset *tset)
{
	struct report *report = context;

	if (!row_begin(report))
		return FULL;
	cell(report, "c", tset->interchange_control);
	cell(report, "c", tset->fgroup_control);
	cell(report, "c", tset->control_number);
	cell(report, "c", tset->guide_id);
	cell(report, "", tset->verdict);
	cell(report, "", slice_from(store_tset_outcome_name(tset->outcome)));
	cell(report, "", tset->reason);
	cell_number(report, tset->segments);
	cell_number(report, tset->members);
	cell_number(report, tset->errors);
	cell_number(report, tset->warnings);
	return row_end(report);
}

static int page_sets(struct report *report)
{
	static const char *const columns[] = {"Interchange", "Group",    "Set",     "Guide",  "Verdict",  "Outcome",
					      "Reason",      "Segments", "Records", "Errors", "Warnings", NULL};
	int r;

	table_begin(report, "What came in", columns);
	r = store_tsets_each(report->work->store, report->work->file->file_no, set_row, report);
	return table_end(report, r, "No transaction set was found.", "the summary.json has all.");
}

/* "segment 19, INS03-1", or the offset alone where no set is open. */
static void finding_place(const struct finding *finding, char *out, size_t bytes)
{
	const struct x12_where *at = &finding->where;
	int len;

	if (at->segment_pos > 0)
		len = snprintf(out, bytes, "set %u, segment %u, %s", at->tset, at->segment_pos, finding->segment_id);
	else
		len = snprintf(out, bytes, "byte %llu, %s", (unsigned long long)at->offset, finding->segment_id);
	if (at->element_pos > 0 && len > 0 && (size_t)len < bytes)
		len += snprintf(out + len, bytes - (size_t)len, "%02u", at->element_pos);
	if (at->component_pos > 0 && len > 0 && (size_t)len < bytes)
		snprintf(out + len, bytes - (size_t)len, "-%u", at->component_pos);
}

static void finding_value(struct report *report, const struct finding *finding)
{
	char masked[TEXT_SSN_BYTES];
	struct buffer text;

	if (finding->sensitive) {
		cell(report, "c", slice_from(text_mask_ssn(finding->value, masked)));
		return;
	}
	buffer_init(&text, report->work->env);
	text_add_masked(&text, finding->value);
	cell(report, "c", buffer_slice(&text));
	if (text.error != 0)
		report->out->error = text.error;
	buffer_fini(&text);
}

static int finding_line(struct report *report, const struct finding *finding)
{
	const struct finding_row *row = finding_row(finding->code);
	char place[96];

	if (!row_begin(report))
		return FULL;
	finding_place(finding, place, sizeof(place));
	cell(report, "", slice_from(finding_severity_name(finding->severity)));
	cell(report, "c", slice_from(row->code));
	cell(report, "", slice_from(place));
	cell_number(report, finding->where.line);
	finding_value(report, finding);
	cell(report, "", slice_is_empty(finding->message) ? slice_from(row->text) : finding->message);
	return row_end(report);
}

static int page_findings(struct report *report)
{
	static const char *const columns[] = {"Severity", "Code", "Place", "Line", "Value", "What is wrong", NULL};
	const struct finding_list *list = report->work->request->findings;
	uint32_t i;
	int r = 0;

	if (list == NULL)
		return 0;
	table_begin(report, "Findings", columns);
	for (i = 0; r == 0 && i < list->count; i++)
		r = finding_line(report, &list->items[i]);
	if (r == 0 && list->dropped > 0)
		r = FULL;
	return table_end(report, r, "Nothing is wrong with the file's form.",
			 "muster validate --ndjson lists them all.");
}

static int change_row(void *context, const struct store_change *change)
{
	struct report *report = context;
	char share[QUEUE_SHARE_BYTES];

	if (!is_of_the_file(change))
		return 0;
	if (!row_begin(report))
		return FULL;
	cell(report, "c", change->origin.tset_control);
	cell_number(report, change->member_pos);
	cell(report, "", change->action);
	cell(report, "c", change->member_id);
	cell(report, "c", change->group_id);
	cell(report, "c", change->plan_id);
	cell_day(report, change->begins_on);
	cell_day(report, change->ends_on);
	cell(report, "n", slice_from(queue_share_format(change->confidence_e6, share)));
	cell(report, "", change->change);
	return row_end(report);
}

static int page_applied(struct report *report)
{
	static const char *const columns[] = {"Set",    "Record", "Action",     "Member", "Group", "Plan",
					      "Begins", "Ends",   "Confidence", "Change", NULL};
	int r;

	table_begin(report, "What was applied", columns);
	r = store_applied_of_file(report->work->store, report->work->file->file_no, change_row, report);
	return table_end(report, r, "Nothing was applied.", "the applied.csv beside this page has all.");
}

/* For a lead to look at first. */
static int page_certainty(struct report *report)
{
	static const char *const columns[] = {"Set", "Record", "Member", "Rule", "Confidence", NULL};
	const struct work *work = report->work;
	char share[QUEUE_SHARE_BYTES];
	uint32_t i;
	int r = 0;

	table_begin(report, "The least certain automatic matches", columns);
	for (i = 0; i < work->least_count && r == 0; i++) {
		const struct certainty *match = &work->least[i];

		row_begin(report);
		cell(report, "c", match->tset_control);
		cell_number(report, match->member_pos);
		cell(report, "c", match->member_id);
		cell(report, "c", match->match_rule);
		cell(report, "n", slice_from(queue_share_format(1000000u - match->wrong_e6, share)));
		r = row_end(report);
	}
	r = table_end(report, r, "None, or all are certain to six decimals.", "");
	if (!slice_is_empty(work->file->model)) {
		buffer_add_text(report->out, "<p class=quiet>Matched by the model ");
		add(report, work->file->model);
		buffer_add_text(report->out, ".</p>\n");
	}
	buffer_printf(
		report->out,
		"<p>Wrong automatic matches to expect: %llu.%06u, the sum of 1 &minus; confidence.</p>\n"
		"<p class=quiet>Confidence is kept with six decimals; what is more certain counts as right.</p>\n",
		(unsigned long long)(work->expected_wrong_e6 / 1000000), (unsigned)(work->expected_wrong_e6 % 1000000));
	return r;
}

/* Nothing waits for this; it is how one hears of what nobody asked about. */
static int page_sample(struct report *report)
{
	static const char *const columns[] = {"Set", "Record", "Member", "Rule", "Confidence", NULL};
	const struct work *work = report->work;
	char share[QUEUE_SHARE_BYTES];
	uint64_t i;
	int r = 0;

	table_begin(report, "A sample of the automatic decisions, to look over", columns);
	for (i = 0; i < work->sampled_count && i < SAMPLED_MAX && r == 0; i++) {
		const struct sampled *sampled = &work->sampled[i];

		row_begin(report);
		cell(report, "c", sampled->tset_control);
		cell_number(report, sampled->member_pos);
		cell(report, "c", sampled->member_id);
		cell(report, "c", sampled->match_rule);
		cell(report, "n", slice_from(queue_share_format(sampled->confidence_e6, share)));
		r = row_end(report);
	}
	return table_end(report, r, "None of this file: about one in 200 is taken.", "");
}

static int warning_row(void *context, const struct store_warning *warning)
{
	struct report *report = context;

	if (warning->later)
		return 0;
	if (!row_begin(report))
		return FULL;
	cell(report, "c", warning->tset_control);
	cell_number(report, warning->member_pos);
	cell(report, "", warning->text);
	return row_end(report);
}

static int page_warnings(struct report *report)
{
	static const char *const columns[] = {"Set", "Record", "Warning", NULL};
	int r;

	table_begin(report, "What looks odd, and holds nothing up", columns);
	r = store_warnings_of_file(report->work->store, report->work->file->file_no, warning_row, report);
	return table_end(report, r, "Nothing.", "members history shows those of each member.");
}

static void page_drift(struct report *report)
{
	uint32_t i;

	if (report->work->drift_count > 0)
		buffer_add_text(report->out, "<h2>Not as in the last files</h2>\n");
	for (i = 0; i < report->work->drift_count; i++) {
		buffer_add_text(report->out, "<p class=state>");
		add(report, report->work->drifts[i]);
		buffer_add_text(report->out, "</p>\n");
	}
	if (report->work->drift_count > 0)
		buffer_add_text(
			report->out,
			"<p class=quiet>A sender who shifts a column or sends wrong numbers shows here first: look at what "
			"waits, and at the least certain matches, before the next file comes.</p>\n");
}

static int exception_row(void *context, const struct store_exception *item)
{
	struct report *report = context;
	struct arena arena;
	char due[CLOCK_TEXT_BYTES];
	struct slice reason;

	if (!row_begin(report))
		return FULL;
	arena_init(&arena, report->work->env, 0, 0);
	reason = queue_mask(&arena, item, item->reason);
	cell(report, "c", item->item_id);
	cell(report, "c", item->origin.tset_control);
	cell_number(report, item->member_pos);
	cell(report, "c", slice_from(category_name(item->category)));
	cell(report, "", slice_from(urgency_name(category_urgency(item->category))));
	cell(report, "", reason);
	cell(report, "", slice_from(category_guidance(item->category)));
	cell(report, "c", slice_from(clock_format_rfc3339(item->due_ms, due)));
	arena_fini(&arena);
	return reason.data != NULL ? row_end(report) : -ENOMEM;
}

static int page_waiting(struct report *report)
{
	static const char *const columns[] = {"Item",   "Set",        "Record", "Category", "Severity",
					      "Reason", "What to do", "Due",    NULL};
	struct store_exception_filter filter = {.file_no = report->work->file->file_no, .in_file_order = true};
	int r;

	table_begin(report, "What waits for a representative", columns);
	r = store_exceptions_each(report->work->store, &filter, exception_row, report);
	return table_end(report, r, "Nothing waits.", "the exceptions.csv beside this page has all.");
}

static void page_files(struct report *report)
{
	int kind;

	buffer_add_text(report->out, "<h2>Files</h2>\n<ul>\n");
	for (kind = 0; kind < OUTPUTS_KIND_COUNT; kind++) {
		if (!report->work->wanted[kind])
			continue;
		buffer_add_text(report->out, "<li>");
		add(report, slice_from(report->work->request->name));
		buffer_printf(report->out, "%s</li>\n", outputs_suffix((enum outputs_kind)kind));
	}
	buffer_add_text(report->out, "</ul>\n</body></html>\n");
}

int write_report(struct work *work)
{
	struct report report = {.work = work, .out = &work->text};
	int r;

	buffer_init(&report.visible, work->env);
	page_head(&report);
	page_figures(&report);
	page_drift(&report);
	r = page_sets(&report);
	if (r == 0)
		r = page_findings(&report);
	if (r == 0)
		r = page_applied(&report);
	if (r == 0)
		r = page_certainty(&report);
	if (r == 0)
		r = page_sample(&report);
	if (r == 0)
		r = page_waiting(&report);
	if (r == 0)
		r = page_warnings(&report);
	page_files(&report);
	buffer_fini(&report.visible);
	return r;
}
