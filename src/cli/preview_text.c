/*
 * A previewed family as text, and as a line of JSON.
 */
#include "preview.h"

#include <stdio.h>

#include "muster/json.h"
#include "muster/text.h"

/* ---- text ---- */

/* As a person may see it: whatever may be an SSN is masked, also where a partner takes it for an id. */
static void add_shown(struct buffer *out, struct slice text)
{
	struct buffer masked;

	buffer_init(&masked, out->env);
	text_add_masked(&masked, text);
	text_add_visible(out, buffer_slice(&masked));
	buffer_fini(&masked);
}

static void add_name(struct buffer *out, struct slice last, struct slice first)
{
	add_shown(out, last);
	buffer_add_text(out, first.len > 0 ? ", " : "");
	add_shown(out, first);
}

static void add_padded(struct buffer *out, struct slice text, size_t width)
{
	size_t len = out->len;

	add_shown(out, text);
	while (out->len - len < width)
		buffer_add_char(out, ' ');
}

static void add_difference(struct buffer *out, const struct preview_difference *difference, bool is_new)
{
	buffer_add_text(out, "        ");
	if (difference->coverage.len > 0) {
		add_padded(out, difference->coverage, 22);
		buffer_printf(out, " %s ", difference->field);
	} else {
		add_padded(out, slice_from(difference->field), 14);
		buffer_add_char(out, ' ');
	}
	if (difference->before.len > 0)
		add_shown(out, difference->before);
	else if (difference->coverage.len == 0 && !is_new)
		buffer_add_text(out, "(nothing)");
	if (difference->before.len > 0 || (difference->coverage.len == 0 && !is_new))
		buffer_add_text(out, " -> ");
	if (difference->after.len > 0)
		add_shown(out, difference->after);
	else
		buffer_add_text(out, "(nothing)");
	buffer_add_char(out, '\n');
}

static void add_candidates(struct buffer *out, const struct preview_entry *entry)
{
	uint32_t i;

	for (i = 0; i < entry->candidate_count; i++) {
		const struct member *member = entry->candidates[i].member;

		buffer_add_text(out, entry->left_out ? "        left out: " : "        may be ");
		add_padded(out, member->member_id, 11);
		buffer_add_char(out, ' ');
		add_name(out, member->last_name, member->first_name);
		if (!entry->left_out)
			buffer_printf(out, "  %.6f", entry->candidates[i].probability);
		buffer_add_char(out, '\n');
	}
}

static void add_entry(struct buffer *out, const struct preview_entry *entry)
{
	uint32_t i;

	buffer_printf(out, "  %c ", entry->sign);
	if (entry->category == CATEGORY_COUNT) {
		add_padded(out, entry->member_id.len > 0 ? entry->member_id : SLICE_LITERAL("(new)"), 11);
		buffer_add_char(out, ' ');
	}
	add_name(out, entry->last_name, entry->first_name);
	buffer_printf(out, ", %s: ", entry->relation);
	if (entry->category != CATEGORY_COUNT) {
		buffer_printf(out, "%.*s as %s  [", (int)entry->actions.len, entry->actions.data,
			      category_name(entry->category));
		preview_add_place(out, entry);
		buffer_add_text(out, "]\n        ");
		add_shown(out, entry->reason);
		buffer_add_char(out, '\n');
		add_candidates(out, entry);
		return;
	}
	buffer_printf(out, "%.*s  [", (int)entry->actions.len, entry->actions.data);
	preview_add_place(out, entry);
	buffer_printf(out, ", %s %.6f]\n", entry->rule, entry->confidence);
	for (i = 0; i < entry->difference_count; i++)
		add_difference(out, &entry->differences[i], entry->member_id.len == 0);
}

void preview_family_text(struct buffer *out, const struct preview_family *family, bool verbose)
{
	uint32_t i;

	buffer_add_text(out, "\nfamily ");
	add_shown(out, family->subscriber_id.len > 0 ? family->subscriber_id : SLICE_LITERAL("without a number"));
	buffer_add_text(out, family->last_name.len > 0 ? ", " : "");
	add_shown(out, family->last_name);
	if (family->set_control.len > 0) {
		buffer_add_text(out, " (set ");
		add_shown(out, family->set_control);
		buffer_add_char(out, ')');
	}
	buffer_add_char(out, '\n');
	for (i = 0; i < family->entry_count; i++)
		if (verbose || family->entries[i].sign != '=')
			add_entry(out, &family->entries[i]);
	for (i = 0; i < family->warning_count; i++) {
		buffer_add_text(out, "  ! ");
		if (family->warning_records[i] > 0)
			buffer_printf(out, "record %u: ", family->warning_records[i]);
		add_shown(out, family->warnings[i]);
		buffer_add_char(out, '\n');
	}
}

/* ---- JSON ---- */

static void json_share(struct json *json, const char *key, double share)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6f", share);
	json_raw(json, key, slice_from(text));
}

static void json_differences(struct json *json, const struct preview_entry *entry)
{
	uint32_t i;

	json_array_begin(json, "differences");
	for (i = 0; i < entry->difference_count; i++) {
		json_object_begin(json, NULL);
		json_text_or_null(json, "coverage", entry->differences[i].coverage);
		json_text(json, "field", slice_from(entry->differences[i].field));
		json_text_or_null(json, "before", entry->differences[i].before);
		json_text_or_null(json, "after", entry->differences[i].after);
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_candidates(struct json *json, const struct preview_entry *entry)
{
	uint32_t i;

	json_text(json, "category", slice_from(category_name(entry->category)));
	json_text(json, "reason", entry->reason);
	json_array_begin(json, "candidates");
	for (i = 0; i < entry->candidate_count; i++) {
		json_object_begin(json, NULL);
		json_text(json, "member_id", entry->candidates[i].member->member_id);
		json_share(json, "probability", entry->candidates[i].probability);
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_entry(struct json *json, const struct preview_entry *entry)
{
	json_object_begin(json, NULL);
	json_text(json, "sign", slice_of(&entry->sign, 1));
	json_text(json, "actions", entry->actions);
	json_text_or_null(json, "member_id", entry->member_id);
	json_text(json, "last_name", entry->last_name);
	json_text(json, "first_name", entry->first_name);
	json_text(json, "relation", slice_from(entry->relation));
	json_u64(json, "member_pos", entry->member_pos);
	json_u64(json, "segment_pos", entry->segment_pos);
	json_bool(json, "along", entry->along);
	json_bool(json, "left_out", entry->left_out);
	json_text(json, "match_rule", slice_from(entry->rule));
	json_share(json, "confidence", entry->confidence);
	if (entry->category != CATEGORY_COUNT)
		json_candidates(json, entry);
	else
		json_differences(json, entry);
	json_object_end(json);
}

void preview_family_json(struct buffer *out, const struct preview_family *family)
{
	struct json json;
	uint32_t i;

	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "schema", SLICE_LITERAL("muster.changeset"));
	json_u64(&json, "v", 1);
	json_text(&json, "kind", SLICE_LITERAL("family"));
	json_text(&json, "set", family->set_control);
	json_text(&json, "subscriber_id", family->subscriber_id);
	json_array_begin(&json, "members");
	for (i = 0; i < family->entry_count; i++)
		json_entry(&json, &family->entries[i]);
	json_array_end(&json);
	json_array_begin(&json, "warnings");
	for (i = 0; i < family->warning_count; i++) {
		json_object_begin(&json, NULL);
		json_u64(&json, "member_pos", family->warning_records[i]);
		json_text(&json, "text", family->warnings[i]);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
}
