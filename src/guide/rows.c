/*
 * The small texts that a guide is made of: headings ("REF R 1 subscriber id") and rows ("R 4/9 @list ~format name").
 */
#include "compile.h"

bool guide_read_usage(struct slice word, enum guide_usage *ret_usage)
{
	if (slice_is(word, "R"))
		*ret_usage = GUIDE_REQUIRED;
	else if (slice_is(word, "S"))
		*ret_usage = GUIDE_SITUATIONAL;
	else if (slice_is(word, "N"))
		*ret_usage = GUIDE_NOT_USED;
	else
		return false;
	return true;
}

bool guide_read_repeat(struct slice word, uint32_t *ret_repeat)
{
	uint64_t value;

	if (slice_is(word, ">1")) {
		*ret_repeat = GUIDE_UNBOUNDED;
		return true;
	}
	if (!slice_to_u64(word, &value) || value == 0 || value > UINT16_MAX)
		return false;
	*ret_repeat = (uint32_t)value;
	return true;
}

/* Ids go into acknowledgments: letters and digits only. */
static bool is_id(struct slice id, size_t len_max)
{
	size_t i;

	for (i = 0; i < id.len; i++)
		if (!(id.data[i] >= 'A' && id.data[i] <= 'Z') && !(id.data[i] >= '0' && id.data[i] <= '9'))
			return false;
	return id.len > 0 && id.len <= len_max;
}

bool guide_read_heading(struct guide_text *text, const struct yaml_node *entry, struct guide_heading *ret_heading)
{
	struct guide_heading heading = {0};
	struct slice rest = entry->key;

	heading.id = guide_word(&rest);
	heading.is_loop = slice_is(heading.id, "loop");
	if (heading.is_loop)
		heading.id = guide_word(&rest);
	if (!is_id(heading.id, heading.is_loop ? 6 : 3) ||
	    !guide_read_usage(guide_word(&rest), &heading.usage) || heading.usage == GUIDE_NOT_USED ||
	    !guide_read_repeat(guide_word(&rest), &heading.repeat)) {
		guide_complain_at_key(text, entry, "written as \"ID USE REPEAT NAME\" or \"loop ID USE REPEAT NAME\"");
		return false;
	}
	heading.name = slice_trim(rest);
	*ret_heading = heading;
	return true;
}

static bool read_row_word(struct slice word, struct guide_row *row)
{
	if (word.data[0] == '@')
		row->list = slice_of(word.data + 1, word.len - 1);
	else if (word.data[0] == '~')
		return guide_read_format(slice_of(word.data + 1, word.len - 1), &row->format);
	else
		return guide_read_length(word, &row->min, &row->max);
	return true;
}

static bool read_row(struct guide_text *text, const struct yaml_node *node, struct guide_row *ret_row)
{
	struct guide_row row = {.at = node};
	const struct yaml_node *words = node;
	struct slice rest;

	if (node->kind == YAML_SEQUENCE && node->count == 2 && node->first->next->kind == YAML_MAPPING) {
		words = node->first;
		row.mapping = node->first->next;
	}
	rest = words->text;
	if (words->kind != YAML_SCALAR || !guide_read_usage(guide_word(&rest), &row.usage))
		goto bad;
	rest = slice_trim(rest);
	while (rest.len > 0 &&
	       (rest.data[0] == '@' || rest.data[0] == '~' || (rest.data[0] >= '0' && rest.data[0] <= '9'))) {
		if (!read_row_word(guide_word(&rest), &row))
			goto bad;
		rest = slice_trim(rest);
	}
	row.name = rest;
	*ret_row = row;
	return true;
bad:
	guide_complain(text, node, "written as USE [MIN/MAX] [@LIST] [~FORMAT] [NAME], or [that, {code: meaning}]");
	return false;
}

void guide_read_rows(struct guide_text *text, const struct yaml_node *mapping, const struct dictionary_layout *layout,
		     struct guide_row *rows)
{
	const struct yaml_node *entry;
	uint64_t pos;

	for (entry = mapping->first; entry != NULL; entry = entry->next) {
		if (slice_is(entry->key, "like"))
			continue;
		if (!slice_to_u64(entry->key, &pos) || pos == 0 || pos > layout->item_count)
			guide_complain_at_key(text, entry, "%.*s has the positions 01 to %02u", (int)layout->id.len,
					      layout->id.data, layout->item_count);
		else
			(void)read_row(text, entry, &rows[pos]);
	}
}

/* The rows of a segment: those of the shape it is like, then its own. */
void guide_read_segment_rows(struct guide_text *text, const struct yaml_node *shapes, const struct yaml_node *entry,
			     const struct dictionary_layout *layout, struct guide_row *rows)
{
	const struct yaml_node *like = yaml_get(entry, "like"), *shape;

	if (entry->kind != YAML_MAPPING) {
		guide_complain(text, entry, "a segment is written as {01: ..., 02: ...}");
		return;
	}
	if (like != NULL) {
		shape = like->kind == YAML_SCALAR ? yaml_get(shapes, like->text.data) : NULL;
		if (shape == NULL || shape->kind != YAML_MAPPING)
			guide_complain(text, like, "there is no such shape");
		else
			guide_read_rows(text, shape, layout, rows);
	}
	guide_read_rows(text, entry, layout, rows);
}

/* The id of the segment that a loop or segment opens with. */
struct slice guide_opening_id(const struct yaml_node *entry)
{
	struct slice rest = entry->key, word = guide_word(&rest);

	if (slice_is(word, "loop") && entry->kind == YAML_SEQUENCE && entry->first != NULL &&
	    entry->first->first != NULL) {
		rest = entry->first->first->key;
		word = guide_word(&rest);
	}
	return word;
}
