/*
 * fault_report: the same fault once, with how often and where.
 *
 * Faults are kept in the order in which their first finding came, those of a file one behind the other. A hash over
 * them finds the group of a finding; it is emptied with each file.
 */
#include "muster/fault_report.h"

#include <errno.h>

#include "muster/arena.h"
#include "muster/text.h"
#include "quote.h"

#define SLOTS 4096u /* more than FAULT_REPORT_FAULTS, and a power of two */
#define NUMBER_BYTES 24u

struct spot {
	uint64_t line;
	uint32_t member_pos;
	char tset[NUMBER_BYTES];
};

/* Its first finding is list.items[] of the same index. */
struct fault {
	uint64_t count, members;
	uint32_t last_tset, last_member; /* the member that was counted last */
	struct spot spots[FAULT_REPORT_PLACES];
	struct slice guide;
};

struct set_line {
	char interchange[NUMBER_BYTES], fgroup[NUMBER_BYTES], tset[NUMBER_BYTES];
	struct check_verdict verdict;
	struct set_line *next;
};

struct report_file {
	struct slice name;
	struct verdict_out_totals totals;
	uint64_t segments, members;
	uint64_t left_out; /* findings of faults that found no room */
	uint32_t first_fault, fault_count;
	struct set_line *first, *last; /* sets not accepted */
	uint32_t set_count;
	struct report_file *next;
};

struct fault_report {
	struct env *env;
	bool unmasked;
	struct arena arena;
	struct report_file *first, *last;
	struct report_file rest; /* of files that found no room: counted, and used as `last` */
	uint64_t files, files_left_out;
	struct verdict_out_totals totals;
	struct finding_list list;
	struct fault *faults;
	uint16_t slots[SLOTS];    /* index + 1; 0 = free */
	struct report_file *file; /* in hand */
};

int fault_report_new(struct env *env, bool unmasked, struct fault_report **ret_report)
{
	struct fault_report *report = env_alloc(env, sizeof(*report));
	if (report == NULL)
		return -ENOMEM;
	report->env = env;
	report->unmasked = unmasked;
	arena_init(&report->arena, env, 0, 0);
	finding_list_init(&report->list, &report->arena, FAULT_REPORT_FAULTS);
	report->faults = arena_alloc_array(&report->arena, FAULT_REPORT_FAULTS, sizeof(*report->faults));
	if (report->faults == NULL) {
		fault_report_free(report);
		return -ENOMEM;
	}
	*ret_report = report;
	return 0;
}

void fault_report_free(struct fault_report *report)
{
	if (report == NULL)
		return;
	arena_fini(&report->arena);
	env_free(report->env, report);
}

int fault_report_file(struct fault_report *report, const char *name)
{
	struct report_file *file = &report->rest;

	memset(report->slots, 0, sizeof(report->slots));
	if (report->files++ < FAULT_REPORT_FILES) {
		file = arena_alloc(&report->arena, sizeof(*file));
		if (file == NULL)
			return -ENOMEM;
		file->name = arena_dup(&report->arena, slice_from(name));
		if (file->name.data == NULL)
			return -ENOMEM;
		file->first_fault = report->list.count;
		if (report->last != NULL)
			report->last->next = file;
		else
			report->first = file;
		report->last = file;
	} else {
		report->files_left_out++;
	}
	report->file = file;
	return 0;
}

/* ---- taking ---- */

static uint32_t key_of(const struct finding *finding)
{
	uint32_t hash = 2166136261u ^ (uint32_t)finding->code;
	hash = (hash ^ finding->where.element_pos) * 16777619u;
	hash = (hash ^ finding->where.component_pos) * 16777619u;
	for (size_t i = 0; i < finding->loop.len; i++)
		hash = (hash ^ (unsigned char)finding->loop.data[i]) * 16777619u;
	for (size_t i = 0; finding->segment_id[i] != '\0'; i++)
		hash = (hash ^ (unsigned char)finding->segment_id[i]) * 16777619u;
	return hash;
}

static bool is_same(const struct fault_report *report, uint32_t index, const struct verdict_out_place *place,
		    const struct finding *finding)
{
	const struct finding *first = &report->list.items[index];
	return first->code == finding->code && first->severity == finding->severity &&
	       first->where.element_pos == finding->where.element_pos &&
	       first->where.component_pos == finding->where.component_pos &&
	       strcmp(first->segment_id, finding->segment_id) == 0 && slice_equal(first->loop, finding->loop) &&
	       slice_equal(report->faults[index].guide, place->guide);
}

/* One more of `fault`; a member counts once for all his findings of it. */
static void count_fault(struct fault *fault, const struct verdict_out_place *place, const struct finding *finding)
{
	const struct x12_where *where = &finding->where;
	if (fault->count < FAULT_REPORT_PLACES) {
		struct spot *spot = &fault->spots[fault->count];
		spot->line = where->line;
		spot->member_pos = where->member_pos;
		slice_to_cstr(place->tset, spot->tset, sizeof(spot->tset));
	}
	fault->count++;
	if (where->member_pos == 0 || (where->member_pos == fault->last_member && where->tset == fault->last_tset))
		return;
	fault->members++;
	fault->last_member = where->member_pos;
	fault->last_tset = where->tset;
}

int fault_report_finding(void *context, const struct verdict_out_place *place, const struct finding *finding)
{
	struct fault_report *report = context;
	uint32_t slot = key_of(finding) % SLOTS, index = report->list.count;
	int r;

	while (report->slots[slot] != 0 && !is_same(report, report->slots[slot] - 1u, place, finding))
		slot = (slot + 1) % SLOTS;
	if (report->slots[slot] != 0) {
		count_fault(&report->faults[report->slots[slot] - 1u], place, finding);
		return 0;
	}
	if (index == FAULT_REPORT_FAULTS || report->file == &report->rest) {
		report->file->left_out++;
		return 0;
	}
	r = finding_list_add(&report->list, finding);
	if (r < 0)
		return r;
	report->faults[index].guide = place->guide; /* static: the guide outlives the report */
	report->slots[slot] = (uint16_t)(index + 1);
	report->file->fault_count++;
	count_fault(&report->faults[index], place, finding);
	return 0;
}

int fault_report_verdict(void *context, const struct verdict_out_place *place, const struct check_verdict *verdict)
{
	struct fault_report *report = context;
	struct report_file *file = report->file;
	struct set_line *line;

	file->segments += verdict->segments;
	file->members += verdict->members;
	if (verdict->decision == CHECK_ACCEPTED || file == &report->rest || file->set_count++ >= FAULT_REPORT_SETS)
		return 0;
	line = arena_alloc(&report->arena, sizeof(*line));
	if (line == NULL)
		return -ENOMEM;
	slice_to_cstr(place->interchange, line->interchange, sizeof(line->interchange));
	slice_to_cstr(place->fgroup, line->fgroup, sizeof(line->fgroup));
	slice_to_cstr(place->tset, line->tset, sizeof(line->tset));
	line->verdict = *verdict;
	if (file->last != NULL)
		file->last->next = line;
	else
		file->first = line;
	file->last = line;
	return 0;
}

void fault_report_file_end(struct fault_report *report, const struct verdict_out_totals *totals)
{
	report->file->totals = *totals;
	report->totals.sets += totals->sets;
	report->totals.accepted += totals->accepted;
	report->totals.accepted_with_errors += totals->accepted_with_errors;
	report->totals.rejected += totals->rejected;
	report->totals.errors += totals->errors;
	report->totals.warnings += totals->warnings;
	report->totals.infos += totals->infos;
}

const struct verdict_out_totals *fault_report_totals(const struct fault_report *report)
{
	return &report->totals;
}

/* ---- words ---- */

static void add_count(struct buffer *out, const char *before, uint64_t n, const char *what)
{
	buffer_add_text(out, before);
	text_add_count(out, n, what);
}

/* "3 sets: 2 accepted, 1 rejected; 2 errors, 1 warning" */
static void add_totals(struct buffer *out, const struct verdict_out_totals *totals)
{
	const char *before = ": ";
	add_count(out, "", totals->sets, "set");
	if (totals->accepted > 0) {
		buffer_printf(out, "%s%llu accepted", before, (unsigned long long)totals->accepted);
		before = ", ";
	}
	if (totals->accepted_with_errors > 0) {
		buffer_printf(out, "%s%llu accepted but for members with errors", before,
			      (unsigned long long)totals->accepted_with_errors);
		before = ", ";
	}
	if (totals->rejected > 0)
		buffer_printf(out, "%s%llu rejected", before, (unsigned long long)totals->rejected);
	add_count(out, "; ", totals->errors, "error");
	add_count(out, ", ", totals->warnings, "warning");
	if (totals->infos > 0)
		add_count(out, ", ", totals->infos, "note");
}

static void add_set(struct buffer *out, const struct set_line *line)
{
	buffer_add_text(out, "set ");
	text_add_visible(out, slice_from(line->tset));
	buffer_add_text(out, " (group ");
	text_add_visible(out, slice_from(line->fgroup));
	buffer_add_text(out, ", interchange ");
	text_add_visible(out, slice_from(line->interchange));
	buffer_printf(out, "): %s; ",
		      line->verdict.decision != CHECK_REJECTED ? "accepted but for members with errors"
		      : line->verdict.errors > 0               ? "rejected"
							       : "rejected, for its group or interchange is");
	add_count(out, "", line->verdict.segments, "segment");
	add_count(out, ", ", line->verdict.members, "member");
	add_count(out, ", ", line->verdict.errors, "error");
	add_count(out, ", ", line->verdict.warnings, "warning");
}

/* "line 21, segment 19, INS03 in loop 2000, member 3, set 0001" */
static void add_where(struct buffer *out, const struct finding *finding, const struct spot *spot)
{
	const struct x12_where *where = &finding->where;
	buffer_printf(out, "line %llu", (unsigned long long)where->line);
	if (where->segment_pos != 0)
		buffer_printf(out, ", segment %u", where->segment_pos);
	if (finding->segment_id[0] != '\0') {
		buffer_add_text(out, ", ");
		text_add_visible(out, slice_from(finding->segment_id));
	}
	if (where->element_pos != 0)
		buffer_printf(out, "%02u", where->element_pos);
	if (where->component_pos != 0)
		buffer_printf(out, "-%u", where->component_pos);
	if (where->repetition_pos > 1)
		buffer_printf(out, " (repetition %u)", where->repetition_pos);
	if (finding->loop.len > 0)
		buffer_printf(out, " in loop %.*s", (int)finding->loop.len, finding->loop.data);
	if (where->member_pos != 0)
		buffer_printf(out, ", member %u", where->member_pos);
	if (spot->tset[0] != '\0') {
		buffer_add_text(out, ", set ");
		text_add_visible(out, slice_from(spot->tset));
	}
}

/* "same fault in 412 members: also line 33 (member 5), ..." */
static void add_others(struct buffer *out, const struct fault *fault)
{
	if (fault->members > 1)
		buffer_printf(out, "same fault in %llu members", (unsigned long long)fault->members);
	else
		buffer_printf(out, "same fault %llu times", (unsigned long long)fault->count);
	if (fault->members > 1 && fault->count > fault->members)
		buffer_printf(out, ", %llu times", (unsigned long long)fault->count);
	buffer_add_text(out, ": also");
	for (uint32_t i = 1; i < fault->count && i < FAULT_REPORT_PLACES; i++) {
		buffer_printf(out, "%s line %llu", i > 1 ? "," : "", (unsigned long long)fault->spots[i].line);
		if (fault->spots[i].member_pos != 0)
			buffer_printf(out, " (member %u)", fault->spots[i].member_pos);
	}
	if (fault->count > FAULT_REPORT_PLACES)
		buffer_add_text(out, ", ...");
}

/* A value or message of the sender's, masked and visible. */
static void add_shown(struct buffer *out, struct slice text, bool unmasked)
{
	struct buffer masked;

	buffer_init(&masked, out->env);
	if (unmasked)
		buffer_add_slice(&masked, text);
	else
		text_add_masked(&masked, text);
	text_add_visible(out, buffer_slice(&masked));
	if (masked.error != 0)
		out->error = masked.error;
	buffer_fini(&masked);
}

static void add_value(struct buffer *out, const struct finding *finding, bool unmasked)
{
	char ssn[TEXT_SSN_BYTES];

	if (finding->sensitive && !unmasked)
		buffer_add_text(out, text_mask_ssn(finding->value, ssn));
	else
		add_shown(out, finding->value,
			  unmasked || check_is_control_number(finding->segment_id, finding->where.element_pos));
}

/* A segment that is missing is not the one that is quoted: that stands in its place. */
static bool is_another(const struct finding *finding)
{
	return finding->code == FINDING_SEGMENT_REQUIRED_MISSING || finding->code == FINDING_SEGMENT_SITUATION_MISSING;
}

/* ---- text ---- */

static void add_fault_text(const struct fault_report *report, uint32_t index, struct buffer *out)
{
	const struct finding *finding = &report->list.items[index];
	const struct fault *fault = &report->faults[index];
	uint32_t from = 0, count = 0;
	size_t line;

	buffer_printf(out, "\n  %s: %s [%s]\n    ", finding_severity_name(finding->severity),
		      finding_row(finding->code)->text, finding_row(finding->code)->code);
	add_where(out, finding, &fault->spots[0]);
	line = out->len;
	buffer_add_text(out, is_another(finding) ? "\n    here stands:\n      " : "\n      ");
	if (fault_report_quote(finding, report->unmasked, out, &from, &count)) {
		buffer_add_text(out, "\n      ");
		for (uint32_t i = 0; i < from; i++)
			buffer_add_char(out, ' ');
		for (uint32_t i = 0; i < count; i++)
			buffer_add_char(out, '^');
	} else if (out->error == 0) {
		out->len = line;
		if (finding->value.len > 0) {
			buffer_add_text(out, "\n    found: ");
			add_value(out, finding, report->unmasked);
		}
	}
	if (finding->message.len > 0) {
		buffer_add_text(out, "\n    ");
		add_shown(out, finding->message, report->unmasked);
	}
	if (fault->count > 1) {
		buffer_add_text(out, "\n    ");
		add_others(out, fault);
	}
	buffer_add_char(out, '\n');
}

static void add_file_text(const struct fault_report *report, const struct report_file *file, struct buffer *out)
{
	buffer_add_char(out, '\n');
	text_add_visible(out, file->name);
	buffer_add_text(out, ": ");
	add_totals(out, &file->totals);
	add_count(out, " (", file->segments, "segment");
	add_count(out, ", ", file->members, "member");
	buffer_add_text(out, ")\n");
	for (const struct set_line *line = file->first; line != NULL; line = line->next) {
		buffer_add_text(out, "  ");
		add_set(out, line);
		buffer_add_char(out, '\n');
	}
	if (file->set_count > FAULT_REPORT_SETS)
		buffer_printf(out, "  and %u more sets that were not accepted\n", file->set_count - FAULT_REPORT_SETS);
	for (uint32_t i = 0; i < file->fault_count; i++)
		add_fault_text(report, file->first_fault + i, out);
	if (file->left_out > 0)
		buffer_printf(out, "\n  and %llu more findings of other faults, for which this report has no room\n",
			      (unsigned long long)file->left_out);
}

void fault_report_text(const struct fault_report *report, struct buffer *out)
{
	add_count(out, "", report->files, "file");
	buffer_add_text(out, ", ");
	add_totals(out, &report->totals);
	buffer_add_char(out, '\n');
	for (const struct report_file *file = report->first; file != NULL; file = file->next)
		add_file_text(report, file, out);
	if (report->files_left_out > 0)
		buffer_printf(out, "\nand %llu more files with %llu findings, for which this report has no room\n",
			      (unsigned long long)report->files_left_out, (unsigned long long)report->rest.left_out);
}

/* ---- page ---- */

static const char style[] =
	"body{font:15px/1.45 system-ui,sans-serif;color:#1c2833;max-width:72em;margin:2em auto;padding:0 1em}"
	"h1{font-size:1.5em;margin:0 0 .2em}h2{font-size:1.1em;margin:2em 0 .5em;border-bottom:1px solid #d5dbdf}"
	"h3{font-size:1em;margin:1.4em 0 .2em}p{margin:.3em 0}.quiet{color:#5d6d7e}"
	".error{color:#a93226}.warning{color:#9a6a00}.info{color:#5d6d7e}"
	"pre{font:13px/1.5 ui-monospace,monospace;background:#f4f6f7;padding:.5em .8em;margin:.4em "
	"0;white-space:pre-wrap;"
	"overflow-wrap:anywhere}mark{background:#f9d5d0;color:inherit;font-weight:600;padding:1px 0}"
	"@media print{body{margin:0;max-width:none;font-size:11px}h2,h3{break-after:avoid}pre{break-inside:avoid}}";

/* `words` are written by the functions above: visible already. They are emptied. */
static void add_words(struct buffer *out, struct buffer *words)
{
	text_add_html(out, buffer_slice(words));
	if (words->error != 0)
		out->error = words->error;
	buffer_clear(words);
}

static void add_line(struct buffer *out, const char *class, struct buffer *words)
{
	buffer_printf(out, class[0] != '\0' ? "<p class=%s>" : "<p%s>", class);
	add_words(out, words);
	buffer_add_text(out, "</p>\n");
}

static void add_quote_html(struct buffer *out, struct slice quote, uint32_t from, uint32_t count)
{
	size_t begin = quote_byte_of(quote, from), end = quote_byte_of(quote, from + count);

	buffer_add_text(out, "<pre>");
	text_add_html(out, slice_of(quote.data, begin));
	buffer_add_text(out, "<mark>");
	if (begin == end)
		buffer_add_char(out, ' ');
	text_add_html(out, slice_of(quote.data + begin, end - begin));
	buffer_add_text(out, "</mark>");
	text_add_html(out, slice_of(quote.data + end, quote.len - end));
	buffer_add_text(out, "</pre>\n");
}

static void add_fault_html(const struct fault_report *report, uint32_t index, struct buffer *out, struct buffer *words)
{
	const struct finding *finding = &report->list.items[index];
	const struct fault *fault = &report->faults[index];
	uint32_t from = 0, count = 0;

	buffer_printf(out, "<h3 class=%s>%s: %s <span class=quiet>%s</span></h3>\n",
		      finding_severity_name(finding->severity), finding_severity_name(finding->severity),
		      finding_row(finding->code)->text, finding_row(finding->code)->code);
	add_where(words, finding, &fault->spots[0]);
	if (is_another(finding) && finding->segment.len > 0)
		buffer_add_text(words, "; here stands:");
	add_line(out, "quiet", words);
	if (fault_report_quote(finding, report->unmasked, words, &from, &count)) {
		add_quote_html(out, buffer_slice(words), from, count);
		buffer_clear(words);
	} else if (finding->value.len > 0) {
		buffer_add_text(words, "found: ");
		add_value(words, finding, report->unmasked);
		add_line(out, "", words);
	}
	if (finding->message.len > 0) {
		add_shown(words, finding->message, report->unmasked);
		add_line(out, "", words);
	}
	if (fault->count > 1) {
		add_others(words, fault);
		add_line(out, "quiet", words);
	}
}

static void add_file_html(const struct fault_report *report, const struct report_file *file, struct buffer *out,
			  struct buffer *words)
{
	buffer_add_text(out, "<h2>");
	text_add_visible(words, file->name);
	add_words(out, words);
	buffer_add_text(out, "</h2>\n");
	add_totals(words, &file->totals);
	add_count(words, " (", file->segments, "segment");
	add_count(words, ", ", file->members, "member");
	buffer_add_char(words, ')');
	add_line(out, "", words);
	for (const struct set_line *line = file->first; line != NULL; line = line->next) {
		add_set(words, line);
		add_line(out, "", words);
	}
	if (file->set_count > FAULT_REPORT_SETS)
		buffer_printf(out, "<p class=quiet>and %u more sets that were not accepted</p>\n",
			      file->set_count - FAULT_REPORT_SETS);
	for (uint32_t i = 0; i < file->fault_count; i++)
		add_fault_html(report, file->first_fault + i, out, words);
	if (file->left_out > 0)
		buffer_printf(out,
			      "<p class=quiet>and %llu more findings of other faults, for which this report has no "
			      "room</p>\n",
			      (unsigned long long)file->left_out);
}

void fault_report_html(const struct fault_report *report, struct buffer *out)
{
	struct buffer words;

	buffer_init(&words, out->env);
	buffer_printf(
		out,
		"<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n"
		"<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
		"<meta name=viewport content=\"width=device-width\">\n<title>Validation "
		"report</title>\n<style>%s</style></head>\n"
		"<body>\n<h1>Validation report</h1>\n",
		style);
	add_count(&words, "", report->files, "file");
	buffer_add_text(&words, ", ");
	add_totals(&words, &report->totals);
	add_line(out, "", &words);
	for (const struct report_file *file = report->first; file != NULL; file = file->next)
		add_file_html(report, file, out, &words);
	if (report->files_left_out > 0)
		buffer_printf(out,
			      "<p class=quiet>and %llu more files with %llu findings, for which this report has no "
			      "room</p>\n",
			      (unsigned long long)report->files_left_out, (unsigned long long)report->rest.left_out);
	buffer_add_text(out, "</body></html>\n");
	buffer_fini(&words);
}
