/*
 * Findings out: severity, counting, and the few that have to wait.
 *
 * What the reader has to say about a segment it says before the walker has placed it. Such findings wait, with
 * copies of their text, until it is known to which loop and member the segment belongs.
 */
#include <stdarg.h>
#include <stdio.h>

#include "state.h"

struct finding report_make(struct check *check, enum finding_code code, const struct x12_where *where,
			   const char *segment_id, const char *format, ...)
{
	struct finding finding = {.code = code, .severity = finding_row(code)->severity, .where = *where};
	slice_to_cstr(slice_from(segment_id), finding.segment_id, sizeof(finding.segment_id));
	if (finding.where.member_pos == 0)
		finding.where.member_pos = check->member_pos;
	if (format != NULL) {
		va_list args;
		va_start(args, format);
		vsnprintf(check->message, sizeof(check->message), format, args);
		va_end(args);
		finding.message = slice_from(check->message);
	}
	return finding;
}

const char *report_element_name(char out[16], const char *segment_id, uint32_t element_pos, uint32_t component_pos)
{
	if (component_pos != 0)
		snprintf(out, 16, "%s%02u-%u", segment_id, element_pos, component_pos);
	else
		snprintf(out, 16, "%s%02u", segment_id, element_pos);
	return out;
}

static bool is_inside_set(enum finding_scope scope)
{
	return scope == FINDING_TSET || scope == FINDING_SEGMENT || scope == FINDING_ELEMENT;
}

static void count_error(struct check *check, const struct finding *finding)
{
	enum finding_scope scope = finding_row(finding->code)->scope;
	if (scope == FINDING_INTERCHANGE && finding->where.interchange == check->interchange.ordinal)
		check->interchange.rejected = true; /* with interchange 0 it is the file's */
	else if (scope == FINDING_FGROUP)
		check->fgroup.rejected = true;
	if (!is_inside_set(scope) || !check->in_tset)
		return;
	check->tally.errors++;
	check->tally.segment_errors += scope == FINDING_SEGMENT;
	if (finding->where.member_pos != 0 && scope != FINDING_TSET)
		check->tally.member_errors++;
	else
		check->tset.rejected = true;
}

static int hand_out(struct check *check, const struct finding *finding)
{
	if (check->handler->finding == NULL)
		return 0;
	return check->handler->finding(check->handler->context, finding);
}

static int report_limit(struct check *check, const struct x12_where *where)
{
	struct x12_where at = *where;
	struct finding finding;
	at.element_pos = at.component_pos = at.repetition_pos = 0;
	finding = report_make(check, FINDING_TSET_FINDINGS_LIMIT, &at, "",
			      "this set has more than %u findings; the acknowledgment and reports show the first ones",
			      LIMIT_FINDINGS_PER_SET);
	if (check->options.severity_set[finding.code])
		finding.severity = check->options.severity[finding.code];
	if (finding.severity == FINDING_OFF)
		return 0;
	if (finding.severity == FINDING_WARNING)
		check->tally.warnings++;
	return hand_out(check, &finding);
}

void report_quote(const struct check *check, struct finding *finding)
{
	const struct x12_segment *segment = check->quoted;
	uintptr_t value = (uintptr_t)finding->value.data;
	uintptr_t from;
	if (segment == NULL || finding->segment.len > 0 || finding->where.segment_pos == 0 ||
	    finding->where.segment_pos != segment->where.segment_pos || finding->where.tset != segment->where.tset)
		return;
	finding->segment = segment->raw;
	from = (uintptr_t)segment->raw.data;
	if (value >= from && value <= from + segment->raw.len)
		finding->segment_at = (uint32_t)(value - from);
}

static bool fits(const struct check_severity *severity, const struct finding *finding)
{
	const struct guide_path *path = &severity->path;
	if (severity->rule.len > 0)
		return slice_equal(severity->rule, finding->rule);
	if (path->in_loop && !slice_is(path->loop, "*") && !slice_equal(path->loop, finding->loop))
		return false;
	if (path->segment.len > 0 && !slice_is(path->segment, finding->segment_id))
		return false;
	return (path->pos == 0 || path->pos == finding->where.element_pos) &&
	       (path->component_pos == 0 || path->component_pos == finding->where.component_pos);
}

/* What the partner's profile says of the rule or place, else of the code; else as the finding was made. */
enum finding_severity report_severity(const struct check *check, const struct finding *finding)
{
	const struct check_options *options = &check->options;
	enum finding_scope scope = finding_row(finding->code)->scope;
	bool placed = scope == FINDING_SEGMENT || scope == FINDING_ELEMENT;
	for (uint32_t i = placed ? options->severity_count : 0; i-- > 0;)
		if (fits(&options->severities[i], finding))
			return options->severities[i].severity;
	return options->severity_set[finding->code] ? options->severity[finding->code] : finding->severity;
}

int report_deliver(struct check *check, const struct finding *finding)
{
	struct finding f = *finding;
	int r;

	/* What a file that ends early has not brought is told by its end. */
	if (check->cut_off && is_inside_set(finding_row(finding->code)->scope))
		return 0;
	report_quote(check, &f);
	f.severity = report_severity(check, finding);
	if (f.severity == FINDING_OFF)
		return 0;
	if (f.severity == FINDING_ERROR)
		count_error(check, &f);
	if (f.severity == FINDING_WARNING && check->in_tset && is_inside_set(finding_row(f.code)->scope))
		check->tally.warnings++;
	r = hand_out(check, &f);
	if (r < 0 || !check->in_tset || ++check->tally.findings != LIMIT_FINDINGS_PER_SET + 1)
		return r;
	return report_limit(check, &f.where);
}

static struct slice copy_text(char *out, size_t out_bytes, struct slice text)
{
	size_t len = text.len < out_bytes - 1 ? text.len : out_bytes - 1;
	if (len > 0)
		memcpy(out, text.data, len);
	out[len] = '\0';
	return slice_of(out, len);
}

void report_hold(struct held *held, const struct finding *finding)
{
	held->finding = *finding;
	held->finding.value = copy_text(held->value, sizeof(held->value), finding->value);
	held->finding.message = copy_text(held->message, sizeof(held->message), finding->message);
	held->finding.segment =
		copy_text(held->segment, sizeof(held->segment),
			  finding_segment_part(finding, sizeof(held->segment) - 1, &held->finding.segment_at));
}

/* The walker knows what the reader cannot: whose segment it is, and in which loop. */
static int deliver_from_reader(struct check *check, struct finding *finding)
{
	if (check->in_tset && finding->where.tset == check->tset.ordinal && finding->where.segment_pos > 0) {
		enum finding_scope scope = finding_row(finding->code)->scope;
		if (scope == FINDING_SEGMENT || scope == FINDING_ELEMENT) {
			finding->where.member_pos = check->member_pos;
			if (finding->loop.len == 0)
				finding->loop = walk_loop_id(check);
		}
	}
	return report_deliver(check, finding);
}

/* While a segment waits only the findings about it: those about the one behind it have come already. */
int report_release_held(struct check *check)
{
	uint32_t count = check->waiting.is_there ? check->waiting.held_count : check->held_count;
	for (uint32_t i = 0; i < count; i++) {
		int r = deliver_from_reader(check, &check->held[i].finding);
		if (r < 0)
			return r;
	}
	check->held_count -= count;
	check->waiting.held_count = 0;
	for (uint32_t i = 0; i < check->held_count; i++)
		report_hold(&check->held[i], &check->held[count + i].finding);
	return 0;
}

int report_take_from_reader(void *context, const struct finding *finding)
{
	struct check *check = context;
	enum finding_scope scope = finding_row(finding->code)->scope;
	struct finding copy = *finding;
	int r = 0;

	if (scope != FINDING_SEGMENT && scope != FINDING_ELEMENT)
		return deliver_from_reader(check, &copy);
	/* Passed over by the reader: like a segment that the guide does not know. */
	if (finding->severity == FINDING_ERROR && check->guide != NULL) {
		r = repair_waiting(check, NULL);
		return r == 0 ? walk_hold_unknown(check, finding) : r;
	}
	if (check->held_count == HELD_MAX)
		r = repair_waiting(check, NULL);
	if (r == 0 && check->held_count == HELD_MAX)
		r = report_release_held(check);
	if (r == 0)
		report_hold(&check->held[check->held_count++], finding);
	return r;
}
