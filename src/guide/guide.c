/*
 * The set of guides, and what is asked of a compiled one.
 *
 * The dictionary and the external code lists live in the set's arena, each guide in an arena of its own, so that
 * one can be replaced. All embedded guides are compiled at once: it takes less time than opening the database.
 */
#include "muster/guide.h"

#include <errno.h>
#include <stdlib.h>

#include "compile.h"
#include "muster/env.h"
#include "muster/specs.h"

/* Parse in `scratch`. 0, GUIDE_E_INVALID or <0. */
static int parse(struct arena *scratch, const struct guide_text *text, struct yaml_node **ret_root)
{
	int error = yaml_parse(scratch, text->name, text->text, text->errors, ret_root);

	return error == YAML_E_INVALID ? GUIDE_E_INVALID : error;
}

static int outcome(int error, const struct guide_text *text)
{
	if (error == 0 && text->invalid)
		error = GUIDE_E_INVALID;
	return text->errors->error < 0 ? text->errors->error : error;
}

/* Where the guide of this id is, or the next free place (with a new entry). */
static int find_place(struct guide_set *set, struct slice id, struct guide_entry **ret_entry)
{
	struct guide_entry *entries;
	uint32_t i;

	for (i = 0; i < set->count; i++) {
		if (slice_equal(set->entries[i].guide->id, id)) {
			arena_fini(&set->entries[i].arena);
			*ret_entry = &set->entries[i];
			return 0;
		}
	}
	entries = env_realloc(set->env, set->entries, (set->count + 1) * sizeof(*entries));
	if (entries == NULL)
		return -ENOMEM;
	set->entries = entries;
	*ret_entry = &entries[set->count++];
	return 0;
}

static int add(struct guide_set *set, struct arena *scratch, struct guide_text *text)
{
	struct yaml_node *root;
	struct guide *guide = NULL;
	struct arena arena;
	struct guide_entry *place;
	int error;

	arena_init(&arena, set->env, 0, 0);
	error = parse(scratch, text, &root);
	if (error == 0)
		error = outcome(guide_compile(set->env, &set->dictionary, &arena, text, root, &guide), text);
	if (error == 0)
		error = find_place(set, guide->id, &place);
	if (error != 0) {
		arena_fini(&arena);
		return error;
	}
	*place = (struct guide_entry){.arena = arena, .guide = guide};
	return 0;
}

int guide_set_add(struct guide_set *set, const char *name, struct slice yaml, struct buffer *errors)
{
	struct guide_text text = {.name = name, .text = yaml, .errors = errors};
	struct arena scratch;
	int error;

	arena_init(&scratch, set->env, 0, 0);
	error = add(set, &scratch, &text);
	arena_fini(&scratch);
	return error;
}

enum part { PART_ELEMENTS, PART_CODES, PART_GUIDES };

static bool is_part(const struct specs_file *file, enum part part)
{
	switch (part) {
	case PART_ELEMENTS:
		return strcmp(file->name, "elements.yaml") == 0;
	case PART_CODES:
		return strncmp(file->name, "codes/", 6) == 0;
	case PART_GUIDES:
		return strncmp(file->name, "guides/", 7) == 0;
	}
	return false;
}

static int read_part(struct guide_set *set, struct arena *scratch, const struct specs_file *file, enum part part,
		     struct buffer *errors)
{
	struct guide_text text = {.name = file->name, .text = file->content, .errors = errors};
	struct yaml_node *root;
	int error;

	if (part == PART_GUIDES)
		return add(set, scratch, &text);
	error = parse(scratch, &text, &root);
	if (error == 0 && part == PART_ELEMENTS)
		error = dictionary_read(&set->dictionary, &set->arena, &text, root);
	else if (error == 0)
		error = dictionary_read_list(&set->dictionary, &set->arena, &text, root);
	return outcome(error, &text);
}

static int read_specs(struct guide_set *set, struct arena *scratch, struct buffer *errors)
{
	static const enum part order[] = {PART_ELEMENTS, PART_CODES, PART_GUIDES};
	size_t part, i;
	int error;

	set->dictionary.lists = arena_alloc_array(&set->arena, specs_file_count + 1, sizeof(*set->dictionary.lists));
	if (set->dictionary.lists == NULL)
		return -ENOMEM;
	for (part = 0; part < sizeof(order) / sizeof(order[0]); part++) {
		for (i = 0; i < specs_file_count; i++) {
			if (!is_part(&specs_files[i], order[part]))
				continue;
			error = read_part(set, scratch, &specs_files[i], order[part], errors);
			arena_reset(scratch);
			if (error != 0)
				return error;
		}
	}
	return 0;
}

int guide_set_new(struct env *env, struct buffer *errors, struct guide_set **ret_set)
{
	struct guide_set *set = env_alloc(env, sizeof(*set));
	struct arena scratch;
	int error;

	if (set == NULL)
		return -ENOMEM;
	set->env = env;
	arena_init(&set->arena, env, 0, 0);
	arena_init(&scratch, env, 0, 0);
	error = read_specs(set, &scratch, errors);
	arena_fini(&scratch);
	if (error != 0) {
		guide_set_free(set);
		return error;
	}
	*ret_set = set;
	return 0;
}

void guide_set_free(struct guide_set *set)
{
	uint32_t i;

	if (set == NULL)
		return;
	for (i = 0; i < set->count; i++)
		arena_fini(&set->entries[i].arena);
	env_free(set->env, set->entries);
	arena_fini(&set->arena);
	env_free(set->env, set);
}

const struct guide *guide_set_find(const struct guide_set *set, struct slice guide_id)
{
	uint32_t i;

	for (i = 0; i < set->count; i++)
		if (slice_equal(set->entries[i].guide->id, guide_id))
			return set->entries[i].guide;
	return NULL;
}

uint32_t guide_set_count(const struct guide_set *set)
{
	return set->count;
}

const struct guide *guide_set_at(const struct guide_set *set, uint32_t index)
{
	return index < set->count ? set->entries[index].guide : NULL;
}

uint64_t guide_code_key(struct slice code)
{
	uint64_t key = 0;
	size_t i;

	for (i = 0; i < 8; i++)
		key = key << 8 | (i < code.len ? (unsigned char)code.data[i] : 0);
	return key;
}

/* Keys decide but for codes that agree in their first eight bytes. */
static int64_t find_code(const struct guide *guide, uint32_t first, uint32_t count, struct slice code)
{
	uint64_t key = guide_code_key(code);
	uint32_t low = first, high = first + count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (guide->code_keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < first + count && guide->code_keys[low] == key; low++)
		if (slice_equal(guide->codes[low].code, code))
			return low;
	return -1;
}

int64_t guide_code_find(const struct guide *guide, uint16_t code_list, struct slice code)
{
	const struct guide_code_list *list = &guide->code_lists[code_list];

	return find_code(guide, list->first, list->count, code);
}

bool guide_code_is_unlisted(const struct guide *guide, uint16_t code_list, struct slice code)
{
	const struct guide_code_list *list = &guide->code_lists[code_list];

	return find_code(guide, list->unlisted_first, list->unlisted_count, code) >= 0;
}

const struct guide_element *guide_element_at(const struct guide *guide, const struct guide_segment *segment,
					     uint32_t pos)
{
	return pos >= 1 && pos <= segment->element_count ? &guide->elements[segment->first_element + pos - 1] : NULL;
}

uint16_t guide_qualifier_codes(const struct guide *guide, const struct guide_segment *segment)
{
	const struct guide_element *element = guide_element_at(guide, segment, segment->qualifier_pos);

	if (element == NULL)
		return GUIDE_NONE;
	return element->component_count > 0 ? guide->elements[element->first_component].codes : element->codes;
}

bool guide_segment_matches(const struct guide *guide, const struct guide_segment *segment, struct slice id,
			   struct slice qualifier)
{
	if (!slice_is(id, segment->id))
		return false;
	return segment->qualifier_pos == 0 ||
	       guide_code_find(guide, guide_qualifier_codes(guide, segment), qualifier) >= 0;
}

bool guide_knows_segment(const struct guide *guide, struct slice id)
{
	uint32_t i;

	for (i = 0; i < guide->segment_count; i++)
		if (slice_is(id, guide->segments[i].id))
			return true;
	return false;
}
