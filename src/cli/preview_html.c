/*
 * A previewed file as a page: figures first, then each family with what would change, field by field.
 *
 * No script, nothing loaded from anywhere; what a partner sent is made visible and escaped on its way in.
 */
#include "preview.h"

#include <stdio.h>

#include "muster/text.h"

static const char style[] =
	"body{font:15px/1.45 system-ui,sans-serif;color:#1c2833;max-width:64em;margin:2em auto;padding:0 1em}"
	"h1{font-size:1.5em;margin:0 0 .2em}h2{font-size:1.2em;margin:2em 0 .3em;border-bottom:1px solid #d5dbdf}"
	"h3{font-size:1em;margin:1.6em 0 .3em}p{margin:.3em 0}.quiet{color:#5d6d7e;font-weight:400}"
	"dl{display:flex;flex-wrap:wrap;gap:.5em 2em;margin:.8em 0}dl div{min-width:5em}dt{color:#5d6d7e;font-size:.85em}"
	"dd{margin:0;font-size:1.35em;font-variant-numeric:tabular-nums}"
	".entry{border-left:4px solid #b2babb;padding:.15em 0 .25em .8em;margin:.5em 0}"
	".add{border-color:#1e8449}.change{border-color:#2471a3}.end{border-color:#a93226}.wait{border-color:#b9770e}"
	".entry.wait{background:#fdf6e9}.report{border-color:#7d3c98}.who{font-weight:600}.sign{display:inline-block;width:1.1em;font-weight:700}"
	".add .sign,dl .add{color:#1e8449}.change .sign,dl .change{color:#2471a3}.end .sign,dl .end{color:#a93226}"
	".wait .sign,dl .wait{color:#b9770e}"
	"table{border-collapse:collapse;font-size:.9em;margin:.2em 0 .2em 1.1em}td{padding:.1em 1em .1em 0;vertical-align:top}"
	"td:first-child{min-width:12em}td.f{color:#5d6d7e}td.f:first-child{min-width:0}del{color:#a93226;text-decoration-thickness:1px}ins{color:#1e8449;text-decoration:none;"
	"font-weight:600}.warn{color:#9a6a00;margin-left:1em}.why{margin-left:1.1em}"
	"@media print{body{margin:0;max-width:none;font-size:11px}.entry{break-inside:avoid}h3{break-after:avoid}}";

static const struct {
	char sign;
	const char *class, *title;
} kinds[] = {{'+', "add", "added"},
	     {'~', "change", "changed"},
	     {'-', "end", "ended"},
	     {'?', "wait", "waiting"},
	     {'!', "report", "reported"},
	     {'=', "same", "as they are"}};

static const char *class_of(char sign)
{
	size_t i = 0;

	while (i + 1 < sizeof(kinds) / sizeof(kinds[0]) && kinds[i].sign != sign)
		i++;
	return kinds[i].class;
}

/* Any text: what cannot be seen is shown, what HTML obeys is escaped. */
static void add(struct buffer *out, struct slice text)
{
	struct buffer masked, visible;

	buffer_init(&masked, out->env);
	buffer_init(&visible, out->env);
	text_add_masked(&masked, text);
	text_add_visible(&visible, buffer_slice(&masked));
	buffer_fini(&masked);
	text_add_html(out, buffer_slice(&visible));
	if (visible.error != 0)
		out->error = visible.error;
	buffer_fini(&visible);
}

static void add_name(struct buffer *out, struct slice last, struct slice first)
{
	add(out, last);
	buffer_add_text(out, first.len > 0 ? ", " : "");
	add(out, first);
}

/* The old value, and an arrow; of somebody new there is none. */
static void add_before(struct buffer *out, const struct preview_entry *entry,
		       const struct preview_difference *difference)
{
	bool nothing = difference->before.len == 0;

	if (nothing && (difference->coverage.len > 0 || entry->member_id.len == 0))
		return;
	buffer_add_text(out, nothing ? "<span class=quiet>" : "<del>");
	add(out, nothing ? SLICE_LITERAL("(nothing)") : difference->before);
	buffer_add_text(out, nothing ? "</span> &rarr; " : "</del> &rarr; ");
}

static void add_differences(struct buffer *out, const struct preview_entry *entry)
{
	uint32_t i;

	if (entry->difference_count == 0)
		return;
	buffer_add_text(out, "<table>\n");
	for (i = 0; i < entry->difference_count; i++) {
		const struct preview_difference *difference = &entry->differences[i];

		buffer_add_text(out, "<tr><td>");
		add(out, difference->coverage.len > 0 ? difference->coverage : slice_from(difference->field));
		buffer_add_text(out, "</td><td class=f>");
		add(out, difference->coverage.len > 0 ? slice_from(difference->field) : SLICE_EMPTY);
		buffer_add_text(out, "</td><td>");
		add_before(out, entry, difference);
		buffer_add_text(out, "<ins>");
		add(out, difference->after.len > 0 ? difference->after : SLICE_LITERAL("(nothing)"));
		buffer_add_text(out, "</ins></td></tr>\n");
	}
	buffer_add_text(out, "</table>\n");
}

static void add_waiting(struct buffer *out, const struct preview_entry *entry)
{
	uint32_t i;

	buffer_add_text(out, "<p class=why>");
	add(out, entry->reason);
	buffer_printf(out, " <span class=quiet>%s</span></p>\n", category_guidance(entry->category));
	if (entry->candidate_count == 0)
		return;
	buffer_add_text(out, "<table>\n");
	for (i = 0; i < entry->candidate_count; i++) {
		const struct member *member = entry->candidates[i].member;

		buffer_printf(out, "<tr><td class=f>%s</td><td>", entry->left_out ? "left out" : "may be");
		add(out, member->member_id);
		buffer_add_text(out, "</td><td>");
		add_name(out, member->last_name, member->first_name);
		buffer_add_text(out, "</td><td class=f>");
		if (!entry->left_out)
			buffer_printf(out, "%.6f", entry->candidates[i].probability);
		buffer_add_text(out, "</td></tr>\n");
	}
	buffer_add_text(out, "</table>\n");
}

static void add_entry(struct buffer *out, const struct preview_entry *entry)
{
	buffer_printf(out, "<div class=\"entry %s\"><span class=sign>%s</span><span class=who>", class_of(entry->sign),
		      entry->sign == '-' ? "&minus;" : (char[]){entry->sign, '\0'});
	add_name(out, entry->last_name, entry->first_name);
	buffer_printf(out, "</span>, %s", entry->relation);
	if (entry->category == CATEGORY_COUNT) {
		buffer_add_text(out, ", ");
		add(out, entry->member_id.len > 0 ? entry->member_id : SLICE_LITERAL("a new member"));
		buffer_add_text(out, ": ");
		add(out, entry->actions);
	} else {
		buffer_add_text(out, ": ");
		add(out, entry->actions);
		buffer_printf(out, " as %s", category_name(entry->category));
	}
	buffer_add_text(out, " <span class=quiet>&middot; ");
	preview_add_place(out, entry);
	if (entry->segment_pos > 0)
		buffer_printf(out, ", segment %u", entry->segment_pos);
	if (entry->category == CATEGORY_COUNT) {
		buffer_add_text(out, " &middot; ");
		add(out, slice_from(entry->rule));
		buffer_printf(out, " %.6f", entry->confidence);
	}
	buffer_add_text(out, "</span>\n");
	if (entry->category != CATEGORY_COUNT)
		add_waiting(out, entry);
	else
		add_differences(out, entry);
	buffer_add_text(out, "</div>\n");
}

void preview_family_html(struct buffer *out, const struct preview_family *family)
{
	uint32_t i;

	buffer_add_text(out, "<h3>");
	add(out, family->last_name);
	buffer_add_text(out, " <span class=quiet>family ");
	add(out, family->subscriber_id.len > 0 ? family->subscriber_id : SLICE_LITERAL("without a number"));
	if (family->set_control.len > 0) {
		buffer_add_text(out, ", set ");
		add(out, family->set_control);
	}
	buffer_add_text(out, "</span></h3>\n");
	for (i = 0; i < family->entry_count; i++)
		if (family->entries[i].sign != '=')
			add_entry(out, &family->entries[i]);
	for (i = 0; i < family->warning_count; i++) {
		buffer_add_text(out, "<p class=warn>! ");
		if (family->warning_records[i] > 0)
			buffer_printf(out, "record %u: ", family->warning_records[i]);
		add(out, family->warnings[i]);
		buffer_add_text(out, "</p>\n");
	}
}

static void add_amount(struct buffer *out, const char *title, cents value)
{
	char text[MONEY_TEXT_BYTES];

	buffer_printf(out, "<div><dt>%s</dt><dd>%s</dd></div>", title, money_format(value, text));
}

/* Of members, or of money: payments change nobody. */
static void add_figures(struct buffer *out, const struct batch_result *result, const struct preview_counts *counts)
{
	const struct store_tally *tally = &result->tally;
	size_t i;

	buffer_add_text(out, "<dl>");
	for (i = 0; result->kind != STORE_KIND_820 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].sign != '!' || counts->signs['!'] > 0)
			buffer_printf(out, "<div><dt>%s</dt><dd class=%s>%llu</dd></div>", kinds[i].title,
				      kinds[i].class, (unsigned long long)counts->signs[(unsigned char)kinds[i].sign]);
	if (tally->money_read != 0) {
		add_amount(out, "paid", tally->money_read);
		add_amount(out, "posted", tally->money_posted);
		add_amount(out, "suspended", tally->money_suspended);
	}
	buffer_printf(
		out,
		"</dl>\n<p class=quiet>%llu records read: %llu applied, %llu unchanged, %llu waiting, %llu rejected, "
		"%llu duplicate, %llu held.%s</p>\n",
		(unsigned long long)tally->members_read, (unsigned long long)tally->members_applied,
		(unsigned long long)tally->members_no_change, (unsigned long long)tally->members_exception,
		(unsigned long long)tally->members_rejected, (unsigned long long)tally->members_duplicate,
		(unsigned long long)tally->members_held,
		result->kind != STORE_KIND_820 ? " A record may touch several members." : "");
}

void preview_file_html(struct buffer *out, const struct batch_result *result, const struct preview_counts *counts,
                       const struct buffer *sets)
{
	const char *separator = "<p>What waits: ";
	int category;

	buffer_add_text(out, "<h2>");
	add(out, slice_from(result->name));
	buffer_printf(out, " <span class=quiet>would be %s</span></h2>\n", store_file_outcome_name(result->outcome));
	if (result->reason[0] != '\0') {
		buffer_add_text(out, "<p>");
		add(out, slice_from(result->reason));
		buffer_add_text(out, "</p>\n");
	}
	add_figures(out, result, counts);
	buffer_add_slice(out, buffer_slice(sets));
	for (category = 0; category < CATEGORY_COUNT; category++) {
		if (counts->categories[category] == 0)
			continue;
		buffer_printf(out, "%s%llu %s", separator, (unsigned long long)counts->categories[category],
			      category_name((enum category)category));
		separator = ", ";
	}
	if (separator[0] == ',')
		buffer_add_text(out, "</p>\n");
}

void preview_page(struct buffer *out, const struct buffer *body)
{
	buffer_printf(
		out,
		"<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n"
		"<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
		"<meta name=viewport content=\"width=device-width\">\n<title>Preview</title>\n<style>%s</style></head>\n"
		"<body>\n<h1>What would happen</h1>\n<p class=quiet>A preview: nothing was kept. Processing the file later "
		"does the same if nobody changes the members meanwhile.</p>\n",
		style);
	buffer_add_slice(out, buffer_slice(body));
	buffer_add_text(out, "</body></html>\n");
}
