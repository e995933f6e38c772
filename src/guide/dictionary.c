/*
 * specs/elements.yaml and specs/codes into tables.
 *
 * Rows are short texts ("AN 1/50 reference", "128! 127 352 C040 / R0203"), read word by word; a bad one is
 * complained about and skipped, so that one run shows all faults.
 */
#include "dictionary.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void complain_at(struct guide_text *text, uint32_t line, uint32_t column, const char *format, va_list arguments)
{
	char message[256];

	(void)vsnprintf(message, sizeof(message), format, arguments);
	yaml_complain(text->errors, text->name, text->text, line, column, "%s", message);
	text->invalid = true;
}

void guide_complain(struct guide_text *text, const struct yaml_node *at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain_at(text, at->line, at->column, format, arguments);
	va_end(arguments);
}

void guide_complain_at_key(struct guide_text *text, const struct yaml_node *at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain_at(text, at->key_line, at->key_column, format, arguments);
	va_end(arguments);
}

struct slice guide_word(struct slice *rest)
{
	size_t start = 0, end;

	while (start < rest->len && rest->data[start] == ' ')
		start++;
	end = slice_find(*rest, ' ', start);
	if (start == rest->len) {
		*rest = SLICE_EMPTY;
		return SLICE_EMPTY;
	}
	struct slice word = slice_of(rest->data + start, end - start);

	*rest = slice_of(rest->data + end, rest->len - end);
	return word;
}

static bool read_u16(struct slice digits, uint16_t *ret_value)
{
	uint64_t value;

	if (!slice_to_u64(digits, &value) || value > UINT16_MAX)
		return false;
	*ret_value = (uint16_t)value;
	return true;
}

bool guide_read_length(struct slice word, uint16_t *ret_min, uint16_t *ret_max)
{
	size_t bar = slice_find(word, '/', 0);

	return bar < word.len && read_u16(slice_of(word.data, bar), ret_min) &&
	       read_u16(slice_of(word.data + bar + 1, word.len - bar - 1), ret_max) && *ret_min > 0 &&
	       *ret_min <= *ret_max;
}

bool guide_read_format(struct slice word, enum guide_format *ret_format)
{
	static const struct {
		const char *name;
		enum guide_format format;
	} formats[] = {
		{"date", GUIDE_FORMAT_BY_QUALIFIER},
		{"id", GUIDE_FORMAT_ID_BY_QUALIFIER},
		{"phone", GUIDE_FORMAT_PHONE_BY_QUALIFIER},
		{"zip", GUIDE_FORMAT_ZIP},
		{"amount", GUIDE_FORMAT_AMOUNT},
	};
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (slice_is(word, formats[i].name)) {
			*ret_format = formats[i].format;
			return true;
		}
	}
	return false;
}

bool guide_read_relation(struct slice word, uint32_t positions, struct guide_relation *ret_relation)
{
	struct guide_relation relation = {0};
	size_t i;

	if (word.len < 5 || word.len % 2 == 0 || word.len > 1 + 2 * sizeof(relation.pos) ||
	    memchr("PRECL", word.data[0], 5) == NULL)
		return false;
	relation.kind = word.data[0];
	for (i = 1; i < word.len; i += 2) {
		uint16_t pos;

		if (!read_u16(slice_of(word.data + i, 2), &pos) || pos == 0 || pos > positions)
			return false;
		relation.pos[relation.count++] = (uint8_t)pos;
	}
	*ret_relation = relation;
	return true;
}

static int compare_codes(const void *a, const void *b)
{
	return slice_compare(((const struct guide_code *)a)->code, ((const struct guide_code *)b)->code);
}

int guide_read_codes(struct arena *arena, struct guide_text *text, const struct yaml_node *mapping,
		     struct guide_code **ret_codes, uint32_t *ret_count)
{
	struct guide_code *codes;
	const struct yaml_node *entry;
	uint32_t count = 0;

	*ret_codes = NULL;
	*ret_count = 0;
	if (mapping->kind != YAML_MAPPING || mapping->count == 0) {
		guide_complain(text, mapping, "codes are written as {code: meaning}");
		return 0;
	}
	codes = arena_alloc_array(arena, mapping->count, sizeof(*codes));
	if (codes == NULL)
		return -ENOMEM;
	for (entry = mapping->first; entry != NULL; entry = entry->next) {
		if (entry->kind != YAML_SCALAR || entry->key.len == 0) {
			guide_complain_at_key(text, entry, "a code has a meaning in words");
			continue;
		}
		codes[count].code = arena_dup(arena, entry->key);
		codes[count].meaning = arena_dup(arena, entry->text);
		if (codes[count].code.data == NULL || codes[count].meaning.data == NULL)
			return -ENOMEM;
		count++;
	}
	qsort(codes, count, sizeof(*codes), compare_codes);
	*ret_codes = codes;
	*ret_count = count;
	return 0;
}

static bool read_type(struct slice word, struct dictionary_element *element)
{
	static const struct {
		const char *name;
		enum guide_type type;
	} types[] = {{"AN", GUIDE_AN}, {"ID", GUIDE_ID}, {"R", GUIDE_R},
		     {"DT", GUIDE_DT}, {"TM", GUIDE_TM}, {"B", GUIDE_B}};
	size_t i;

	if (word.len == 2 && word.data[0] == 'N' && word.data[1] >= '0' && word.data[1] <= '9') {
		element->type = GUIDE_N;
		element->decimals = (uint8_t)(word.data[1] - '0');
		return true;
	}
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (slice_is(word, types[i].name)) {
			element->type = types[i].type;
			return true;
		}
	}
	return false;
}

/* "ID 2/2 @states state or province" */
static int read_element(struct arena *arena, struct guide_text *text, const struct yaml_node *entry,
			struct dictionary_element *ret_element)
{
	struct dictionary_element element = {0};
	struct slice rest = entry->text, word;

	if (!read_u16(entry->key, &element.ref) || element.ref == 0)
		guide_complain_at_key(text, entry, "an element is called by its number");
	if (!read_type(guide_word(&rest), &element) ||
	    !guide_read_length(guide_word(&rest), &element.min, &element.max))
		guide_complain(text, entry, "an element is written as TYPE MIN/MAX [@LIST] [~FORMAT] NAME");
	rest = slice_trim(rest);
	while (rest.len > 0 && (rest.data[0] == '@' || rest.data[0] == '~')) {
		word = guide_word(&rest);
		if (word.data[0] == '@')
			element.list = arena_dup(arena, slice_of(word.data + 1, word.len - 1));
		else if (!guide_read_format(slice_of(word.data + 1, word.len - 1), &element.format))
			guide_complain(text, entry, "formats are ~date, ~id, ~phone, ~zip and ~amount");
		rest = slice_trim(rest);
	}
	element.name = arena_dup(arena, rest);
	if (element.name.data == NULL)
		return -ENOMEM;
	*ret_element = element;
	return 0;
}

static int compare_refs(const void *a, const void *b)
{
	return (int)((const struct dictionary_element *)a)->ref - (int)((const struct dictionary_element *)b)->ref;
}

static int read_elements(struct dictionary *d, struct arena *arena, struct guide_text *text,
			 const struct yaml_node *mapping)
{
	const struct yaml_node *entry;
	int error;

	d->elements = arena_alloc_array(arena, mapping->count, sizeof(*d->elements));
	if (d->elements == NULL)
		return -ENOMEM;
	for (entry = mapping->first; entry != NULL; entry = entry->next) {
		error = read_element(arena, text, entry, &d->elements[d->element_count]);
		if (error < 0)
			return error;
		d->element_count++;
	}
	qsort(d->elements, d->element_count, sizeof(*d->elements), compare_refs);
	return 0;
}

static const struct dictionary_element *find_element(const struct dictionary *d, struct slice number)
{
	struct dictionary_element key = {0};

	if (!read_u16(number, &key.ref))
		return NULL;
	return bsearch(&key, d->elements, d->element_count, sizeof(*d->elements), compare_refs);
}

/* "1365*9", "98!", "C998*10!" */
static bool read_item(const struct dictionary *d, struct slice word, struct dictionary_item *ret_item,
		      bool *ret_qualifier)
{
	struct dictionary_item item = {.repeat = 1};
	size_t star;

	*ret_qualifier = word.data[word.len - 1] == '!';
	if (*ret_qualifier)
		word.len--;
	star = slice_find(word, '*', 0);
	if (star < word.len && !read_u16(slice_of(word.data + star + 1, word.len - star - 1), &item.repeat))
		return false;
	word.len = star;
	item.element = find_element(d, word);
	if (item.element == NULL)
		item.composite = dictionary_layout_find(d, word);
	*ret_item = item;
	return item.element != NULL || item.composite != NULL;
}

static void read_notes(struct dictionary *d, struct guide_text *text, const struct yaml_node *entry, struct slice rest,
		       struct dictionary_layout *layout, uint32_t capacity)
{
	struct slice word;

	layout->first_relation = (uint16_t)d->relation_count;
	while ((word = guide_word(&rest)).len > 0) {
		if (d->relation_count == capacity ||
		    !guide_read_relation(word, layout->item_count, &d->relations[d->relation_count])) {
			guide_complain(text, entry, "not a relational note: %.*s", (int)word.len, word.data);
			continue;
		}
		d->relation_count++;
		layout->relation_count++;
	}
}

static int read_layout(struct dictionary *d, struct arena *arena, struct guide_text *text,
		       const struct yaml_node *entry, uint32_t relation_capacity)
{
	struct dictionary_layout *layout = &d->layouts[d->layout_count];
	struct dictionary_item items[DICTIONARY_POSITIONS], *kept;
	struct slice rest = entry->text, word;
	bool qualifier;

	while ((word = guide_word(&rest)).len > 0 && !slice_is(word, "/")) {
		if (layout->item_count == DICTIONARY_POSITIONS ||
		    !read_item(d, word, &items[layout->item_count], &qualifier)) {
			guide_complain(text, entry, "no such element or composite: %.*s", (int)word.len, word.data);
			continue;
		}
		layout->item_count++;
		if (qualifier)
			layout->qualifier_pos = layout->item_count;
	}
	read_notes(d, text, entry, rest, layout, relation_capacity);
	kept = arena_alloc_array(arena, layout->item_count + 1u, sizeof(*kept));
	layout->id = arena_dup(arena, entry->key);
	if (kept == NULL || layout->id.data == NULL)
		return -ENOMEM;
	memcpy(kept, items, layout->item_count * sizeof(*kept));
	layout->items = kept;
	d->layout_count++;
	return 0;
}

static int read_layouts(struct dictionary *d, struct arena *arena, struct guide_text *text,
			const struct yaml_node *mapping, uint32_t relation_capacity)
{
	const struct yaml_node *entry;
	int error;

	for (entry = mapping->first; entry != NULL; entry = entry->next) {
		error = read_layout(d, arena, text, entry, relation_capacity);
		if (error < 0)
			return error;
	}
	return 0;
}

/* Every note takes at least six bytes with its blank. */
static uint32_t notes_at_most(const struct yaml_node *mapping)
{
	const struct yaml_node *entry;
	size_t bytes = 0;

	for (entry = mapping->first; entry != NULL; entry = entry->next)
		bytes += entry->text.len;
	return (uint32_t)(bytes / 6 + 1);
}

int dictionary_read(struct dictionary *d, struct arena *arena, struct guide_text *text, const struct yaml_node *root)
{
	static const char *const keys[] = {"elements", "composites", "segments", NULL};
	const struct yaml_node *parts[3];
	uint32_t notes;
	size_t i;
	int error;

	text->invalid |= yaml_check_keys(text->errors, text->name, text->text, root, keys) > 0;
	for (i = 0; i < 3; i++) {
		parts[i] = yaml_get(root, keys[i]);
		if (parts[i] == NULL || parts[i]->kind != YAML_MAPPING) {
			guide_complain(text, root, "\"%s\" is missing", keys[i]);
			return 0;
		}
	}
	notes = notes_at_most(parts[1]) + notes_at_most(parts[2]);
	d->layouts = arena_alloc_array(arena, (size_t)parts[1]->count + parts[2]->count, sizeof(*d->layouts));
	d->relations = arena_alloc_array(arena, notes, sizeof(*d->relations));
	if (d->layouts == NULL || d->relations == NULL)
		return -ENOMEM;
	error = read_elements(d, arena, text, parts[0]);
	if (error == 0)
		error = read_layouts(d, arena, text, parts[1], notes);
	if (error == 0)
		error = read_layouts(d, arena, text, parts[2], notes);
	return error;
}

int dictionary_read_list(struct dictionary *d, struct arena *arena, struct guide_text *text,
			 const struct yaml_node *root)
{
	static const char *const keys[] = {"list", "codes", NULL};
	struct dictionary_list *list = &d->lists[d->list_count];
	const struct yaml_node *codes = yaml_get(root, "codes");

	text->invalid |= yaml_check_keys(text->errors, text->name, text->text, root, keys) > 0;
	list->name = arena_dup(arena, yaml_text(root, "list", SLICE_EMPTY));
	if (list->name.data == NULL)
		return -ENOMEM;
	if (list->name.len == 0 || codes == NULL) {
		guide_complain(text, root, "a code list has a name in \"list\" and its codes in \"codes\"");
		return 0;
	}
	d->list_count++;
	return guide_read_codes(arena, text, codes, &list->codes, &list->count);
}

const struct dictionary_layout *dictionary_layout_find(const struct dictionary *d, struct slice id)
{
	uint32_t i;

	for (i = 0; i < d->layout_count; i++)
		if (slice_equal(d->layouts[i].id, id))
			return &d->layouts[i];
	return NULL;
}

const struct dictionary_list *dictionary_list_find(const struct dictionary *d, struct slice name)
{
	uint32_t i;

	for (i = 0; i < d->list_count; i++)
		if (slice_equal(d->lists[i].name, name))
			return &d->lists[i];
	return NULL;
}
