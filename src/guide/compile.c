/*
 * One guide from YAML to flat tables.
 *
 * Tables grow while the tree is walked once, depth first, and are copied into the guide's arena at the end; until
 * then everything is held by index. Faults of the YAML are complained about and compiling goes on, so that one run
 * shows them all; only what would break the tables (too many of something) ends it at once, as GUIDE_E_INVALID.
 */
#include "compile.h"

#include <errno.h>

#include "muster/env.h"

struct table {
	void *items;
	uint32_t count, capacity;
	size_t item_bytes;
};

struct compiling {
	struct env *env;
	const struct dictionary *dictionary;
	struct arena *arena;
	struct guide_text *text;
	const struct yaml_node *shapes, *once, *unlisted;
	struct table loops, segments, nodes, elements, code_lists, codes;
	struct table places; /* beside segments: where each stands in the YAML */
};

/* `count` zeroed items more. 0, GUIDE_E_INVALID when there are too many, or <0. */
static int table_add(struct compiling *c, struct table *table, uint32_t count, uint32_t *ret_first)
{
	uint32_t capacity = table->capacity == 0 ? 64 : table->capacity;
	void *items;

	if (table->count + count >= GUIDE_NONE) {
		yaml_complain(c->text->errors, c->text->name, SLICE_EMPTY, 1, 1, "the guide is too large");
		c->text->invalid = true;
		return GUIDE_E_INVALID;
	}
	while (capacity < table->count + count)
		capacity *= 2;
	if (capacity > table->capacity) {
		items = env_realloc(c->env, table->items, capacity * table->item_bytes);
		if (items == NULL)
			return -ENOMEM;
		table->items = items;
		table->capacity = capacity;
	}
	memset((char *)table->items + table->count * table->item_bytes, 0, count * table->item_bytes);
	*ret_first = table->count;
	table->count += count;
	return 0;
}

static struct guide_loop *loop_at(const struct compiling *c, uint32_t index)
{
	return (struct guide_loop *)c->loops.items + index;
}

static struct guide_segment *segment_at(const struct compiling *c, uint32_t index)
{
	return (struct guide_segment *)c->segments.items + index;
}

static struct guide_element *element_at(const struct compiling *c, uint32_t index)
{
	return (struct guide_element *)c->elements.items + index;
}

static struct guide_node *node_at(const struct compiling *c, uint32_t index)
{
	return (struct guide_node *)c->nodes.items + index;
}

static struct guide_code_list *code_list_at(const struct compiling *c, uint32_t index)
{
	return (struct guide_code_list *)c->code_lists.items + index;
}

static int keep(const struct compiling *c, struct slice s, struct slice *ret_copy)
{
	*ret_copy = arena_dup(c->arena, s);
	return ret_copy->data == NULL ? -ENOMEM : 0;
}

/* Codes behind those that are there. */
static int add_codes(struct compiling *c, const struct guide_code *codes, uint32_t count, uint32_t *ret_first)
{
	int error = table_add(c, &c->codes, count, ret_first);

	if (error == 0 && count > 0)
		memcpy((struct guide_code *)c->codes.items + *ret_first, codes, count * sizeof(*codes));
	return error;
}

static int add_code_list(struct compiling *c, struct slice name, const struct yaml_node *mapping,
			 const struct yaml_node *unlisted, uint16_t *ret_index)
{
	struct guide_code_list list = {0};
	struct guide_code *codes;
	uint32_t index;
	int error;

	error = guide_read_codes(c->arena, c->text, mapping, &codes, &list.count);
	if (error == 0)
		error = add_codes(c, codes, list.count, &list.first);
	if (error == 0 && unlisted != NULL)
		error = guide_read_codes(c->arena, c->text, unlisted, &codes, &list.unlisted_count);
	if (error == 0 && unlisted != NULL)
		error = add_codes(c, codes, list.unlisted_count, &list.unlisted_first);
	if (error == 0)
		error = keep(c, name, &list.name);
	if (error == 0)
		error = table_add(c, &c->code_lists, 1, &index);
	if (error != 0)
		return error;
	*code_list_at(c, index) = list;
	*ret_index = (uint16_t)index;
	return 0;
}

static int add_external_list(struct compiling *c, const struct dictionary_list *external, uint16_t *ret_index)
{
	struct guide_code_list list = {.name = external->name, .external = true, .count = external->count};
	uint32_t index;
	int error = add_codes(c, external->codes, external->count, &list.first);

	if (error == 0)
		error = table_add(c, &c->code_lists, 1, &index);
	if (error != 0)
		return error;
	*code_list_at(c, index) = list;
	*ret_index = (uint16_t)index;
	return 0;
}

/* A list by name: the guide's own, or an external one, which is taken in at its first use. */
static int find_list(struct compiling *c, struct slice name, const struct yaml_node *at, uint16_t *ret_index)
{
	const struct dictionary_list *external;
	uint32_t i;

	for (i = 0; i < c->code_lists.count; i++) {
		if (slice_equal(code_list_at(c, i)->name, name)) {
			*ret_index = (uint16_t)i;
			return 0;
		}
	}
	external = dictionary_list_find(c->dictionary, name);
	if (external != NULL)
		return add_external_list(c, external, ret_index);
	guide_complain(c->text, at, "no code list is called \"%.*s\"", (int)name.len, name.data);
	return 0;
}

static int compile_code_lists(struct compiling *c, const struct yaml_node *mapping)
{
	const struct yaml_node *entry;
	uint16_t index;
	int error;

	if (mapping == NULL)
		return 0;
	for (entry = mapping->first; entry != NULL; entry = entry->next) {
		error = add_code_list(c, entry->key, entry, yaml_get(c->unlisted, entry->key.data), &index);
		if (error != 0)
			return error;
	}
	return 0;
}

static int compile_components(struct compiling *c, const struct dictionary_layout *composite,
			      const struct guide_row *row, const char *label, uint32_t index);

/* The code list of a used element. `label` names one that is written in place. */
static int compile_codes(struct compiling *c, const struct dictionary_element *element, const struct guide_row *row,
			 const char *label, uint16_t *ret_codes)
{
	*ret_codes = GUIDE_NONE;
	if (row->mapping != NULL)
		return add_code_list(c, slice_from(label), row->mapping, NULL, ret_codes);
	if (row->list.len > 0)
		return find_list(c, row->list, row->at, ret_codes);
	if (element->list.len > 0)
		return find_list(c, element->list, row->at, ret_codes);
	return 0;
}

static int compile_element(struct compiling *c, uint32_t index, uint32_t pos, const struct dictionary_item *item,
			   const struct guide_row *row, const char *label)
{
	const struct dictionary_element *said = item->element;
	struct guide_element element = {.pos = (uint8_t)pos, .repeat = item->repeat, .codes = GUIDE_NONE};
	bool used = row->at != NULL && row->usage != GUIDE_NOT_USED;
	int error = 0;

	element.usage = used ? row->usage : GUIDE_NOT_USED;
	element.type = said != NULL ? said->type : GUIDE_COMPOSITE;
	element.name = said != NULL ? said->name : item->composite->id;
	if (said != NULL) {
		element.decimals = said->decimals;
		element.element_ref = said->ref;
		element.min = row->max > 0 ? row->min : said->min;
		element.max = row->max > 0 ? row->max : said->max;
		element.format = row->format != GUIDE_FORMAT_NONE ? row->format : said->format;
	}
	if (used && row->name.len > 0)
		error = keep(c, row->name, &element.name);
	if (error == 0 && used && said != NULL)
		error = compile_codes(c, said, row, label, &element.codes);
	*element_at(c, index) = element;
	if (error == 0 && used && said == NULL)
		error = compile_components(c, item->composite, row, label, index);
	return error;
}

/* The components of the used composite at `index`, behind all elements so far. */
static int compile_components(struct compiling *c, const struct dictionary_layout *composite,
			      const struct guide_row *row, const char *label, uint32_t index)
{
	struct guide_row rows[DICTIONARY_POSITIONS + 1] = {0};
	uint32_t first, pos;
	int error;

	if (row->mapping == NULL) {
		guide_complain(c->text, row->at, "a composite is written as [USE NAME, {01: ..., 02: ...}]");
		return 0;
	}
	guide_read_rows(c->text, row->mapping, composite, rows);
	error = table_add(c, &c->elements, composite->item_count, &first);
	if (error != 0)
		return error;
	element_at(c, index)->first_component = (uint16_t)first;
	element_at(c, index)->component_count = composite->item_count;
	element_at(c, index)->first_relation = composite->first_relation;
	element_at(c, index)->relation_count = composite->relation_count;
	for (pos = 1; pos <= composite->item_count; pos++) {
		struct slice name = arena_printf(c->arena, "%s-%02u", label, pos);

		if (name.data == NULL)
			return -ENOMEM;
		error = compile_element(c, first + pos - 1, pos, &composite->items[pos - 1], &rows[pos], name.data);
		if (error != 0)
			return error;
	}
	return 0;
}

static bool has_qualifier_codes(const struct compiling *c, const struct guide_segment *segment)
{
	const struct guide_element *element;

	if (segment->qualifier_pos == 0)
		return false;
	element = element_at(c, segment->first_element + segment->qualifier_pos - 1u);
	if (element->component_count > 0)
		element = element_at(c, element->first_component);
	return element->codes != GUIDE_NONE;
}

static bool is_once(const struct compiling *c, struct slice id)
{
	const struct yaml_node *entry;

	for (entry = c->once != NULL ? c->once->first : NULL; entry != NULL; entry = entry->next)
		if (slice_equal(entry->text, id))
			return true;
	return false;
}

static int compile_elements(struct compiling *c, const struct yaml_node *entry, const struct dictionary_layout *layout,
			    uint32_t first)
{
	struct guide_row rows[DICTIONARY_POSITIONS + 1] = {0};
	uint32_t pos;
	int error;

	guide_read_segment_rows(c->text, c->shapes, entry, layout, rows);
	for (pos = 1; pos <= layout->item_count; pos++) {
		char label[8] = "";

		/* "INS06": only codes and components written in place need it. */
		if (rows[pos].mapping != NULL) {
			(void)slice_to_cstr(layout->id, label, 4);
			label[layout->id.len] = (char)('0' + pos / 10);
			label[layout->id.len + 1] = (char)('0' + pos % 10);
		}
		error = compile_element(c, first + pos - 1, pos, &layout->items[pos - 1], &rows[pos], label);
		if (error != 0)
			return error;
	}
	return 0;
}

static int compile_segment(struct compiling *c, const struct yaml_node *entry, const struct guide_heading *heading,
			   struct guide_segment *segment)
{
	const struct dictionary_layout *layout = dictionary_layout_find(c->dictionary, heading->id);
	uint32_t first;
	int error;

	if (layout == NULL) {
		guide_complain_at_key(c->text, entry, "specs/elements.yaml has no segment %.*s", (int)heading->id.len,
				      heading->id.data);
		return 0;
	}
	error = table_add(c, &c->elements, layout->item_count, &first);
	if (error == 0)
		error = keep(c, heading->name, &segment->name);
	if (error == 0)
		error = compile_elements(c, entry, layout, first);
	if (error != 0)
		return error;
	(void)slice_to_cstr(heading->id, segment->id, sizeof(segment->id));
	segment->usage = heading->usage;
	segment->repeat = heading->repeat;
	segment->first_element = (uint16_t)first;
	segment->element_count = layout->item_count;
	segment->first_relation = layout->first_relation;
	segment->relation_count = layout->relation_count;
	segment->qualifier_pos = layout->qualifier_pos;
	if (!has_qualifier_codes(c, segment))
		segment->qualifier_pos = 0;
	segment->qualifier_once = segment->qualifier_pos > 0 && heading->repeat > 1 && is_once(c, heading->id);
	return 0;
}

static int compile_children(struct compiling *c, const struct yaml_node *sequence, uint32_t loop);

static int add_segment(struct compiling *c, const struct yaml_node *entry, const struct guide_heading *heading,
		       uint32_t loop, uint16_t ordinal, uint32_t *ret_index)
{
	struct guide_segment segment = {.loop = (uint16_t)loop, .ordinal = ordinal};
	uint32_t place;
	int error = table_add(c, &c->segments, 1, ret_index);

	if (error == 0)
		error = table_add(c, &c->places, 1, &place);
	if (error == 0)
		error = compile_segment(c, entry, heading, &segment);
	if (error != 0)
		return error;
	*segment_at(c, *ret_index) = segment;
	((const struct yaml_node **)c->places.items)[place] = entry;
	return 0;
}

static int add_loop(struct compiling *c, const struct yaml_node *entry, const struct guide_heading *heading,
		    uint32_t parent, uint16_t ordinal, uint32_t *ret_index)
{
	struct guide_loop loop = {.usage = heading->usage,
				  .repeat = heading->repeat,
				  .parent = (uint16_t)parent,
				  .ordinal = ordinal,
				  .depth = (uint8_t)(loop_at(c, parent)->depth + 1)};
	int error;

	if (loop.depth > LIMIT_LOOP_DEPTH) {
		guide_complain_at_key(c->text, entry, "loops are nested too deeply");
		return GUIDE_E_INVALID;
	}
	(void)slice_to_cstr(heading->id, loop.id, sizeof(loop.id));
	error = keep(c, heading->name, &loop.name);
	if (error == 0)
		error = table_add(c, &c->loops, 1, ret_index);
	if (error != 0)
		return error;
	*loop_at(c, *ret_index) = loop;
	return compile_children(c, entry, *ret_index);
}

static int compile_child(struct compiling *c, const struct yaml_node *entry, uint32_t loop, uint16_t ordinal,
			 uint32_t node)
{
	struct guide_heading heading;
	uint32_t index = 0;
	int error;

	if (!guide_read_heading(c->text, entry, &heading))
		return 0;
	error = heading.is_loop ? add_loop(c, entry, &heading, loop, ordinal, &index)
				: add_segment(c, entry, &heading, loop, ordinal, &index);
	node_at(c, node)->is_loop = heading.is_loop;
	node_at(c, node)->index = (uint16_t)index;
	return error;
}

static int compile_children(struct compiling *c, const struct yaml_node *sequence, uint32_t loop)
{
	const struct yaml_node *item;
	struct slice opening = SLICE_EMPTY;
	uint16_t ordinal = 0;
	uint32_t node;
	int error;

	if (sequence->kind != YAML_SEQUENCE || sequence->count == 0) {
		guide_complain(c->text, sequence, "a loop is a list of segments and loops");
		return 0;
	}
	error = table_add(c, &c->nodes, sequence->count, &node);
	if (error != 0)
		return error;
	loop_at(c, loop)->first_node = (uint16_t)node;
	loop_at(c, loop)->node_count = (uint16_t)sequence->count;
	for (item = sequence->first; item != NULL; item = item->next, node++) {
		if (item->kind != YAML_MAPPING || item->count != 1) {
			guide_complain(c->text, item, "written as \"- ID USE REPEAT NAME: {...}\"");
			continue;
		}
		if (!slice_equal(opening, guide_opening_id(item->first)))
			ordinal++;
		opening = guide_opening_id(item->first);
		error = compile_child(c, item->first, loop, ordinal, node);
		if (error != 0)
			return error;
	}
	return 0;
}

static int compile_root(struct compiling *c, const struct yaml_node *root)
{
	const struct yaml_node *tree = yaml_get(root, "tree");
	uint32_t index;
	int error;

	if (tree == NULL) {
		guide_complain(c->text, root, "\"tree\" is missing");
		return 0;
	}
	error = table_add(c, &c->loops, 1, &index);
	if (error != 0)
		return error;
	*loop_at(c, index) =
		(struct guide_loop){.usage = GUIDE_REQUIRED, .repeat = 1, .parent = GUIDE_NONE, .ordinal = 1};
	error = compile_children(c, tree, index);
	loop_at(c, index)->name = SLICE_LITERAL("transaction set");
	return error;
}

/* Hand a finished table to the guide's arena. */
static void *settle(const struct compiling *c, const struct table *table)
{
	void *copy = arena_alloc_array(c->arena, (size_t)table->count + 1, table->item_bytes);

	if (copy != NULL && table->count > 0)
		memcpy(copy, table->items, table->count * table->item_bytes);
	return copy;
}

static int settle_all(const struct compiling *c, struct guide *guide)
{
	uint32_t i;

	guide->loops = settle(c, &c->loops);
	guide->segments = settle(c, &c->segments);
	guide->nodes = settle(c, &c->nodes);
	guide->elements = settle(c, &c->elements);
	guide->code_lists = settle(c, &c->code_lists);
	guide->codes = settle(c, &c->codes);
	guide->code_keys = arena_alloc_array(c->arena, (size_t)c->codes.count + 1, sizeof(*guide->code_keys));
	if (guide->loops == NULL || guide->segments == NULL || guide->nodes == NULL || guide->elements == NULL ||
	    guide->code_lists == NULL || guide->codes == NULL || guide->code_keys == NULL)
		return -ENOMEM;
	for (i = 0; i < c->codes.count; i++)
		guide->code_keys[i] = guide_code_key(guide->codes[i].code);
	guide->relations = c->dictionary->relations;
	guide->relation_count = (uint16_t)c->dictionary->relation_count;
	guide->loop_count = (uint16_t)c->loops.count;
	guide->segment_count = (uint16_t)c->segments.count;
	guide->node_count = (uint16_t)c->nodes.count;
	guide->element_count = (uint16_t)c->elements.count;
	guide->code_list_count = (uint16_t)c->code_lists.count;
	guide->code_count = c->codes.count;
	return 0;
}

static int read_titles(const struct compiling *c, const struct yaml_node *root, struct guide *guide)
{
	const struct {
		const char *key;
		struct slice *ret_text;
	} titles[] = {{"guide", &guide->id},
		      {"name", &guide->name},
		      {"set", &guide->set_id},
		      {"functional_id", &guide->functional_id},
		      {"source", &guide->source}};
	size_t i;

	for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		struct slice text = yaml_text(root, titles[i].key, SLICE_EMPTY);

		if (text.len == 0)
			guide_complain(c->text, root, "\"%s\" is missing", titles[i].key);
		if (keep(c, text, titles[i].ret_text) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int compile(struct compiling *c, const struct yaml_node *root, struct guide *guide)
{
	static const char *const keys[] = {"guide", "name",     "set",    "functional_id", "source", "once",
					   "codes", "unlisted", "shapes", "tree",          "rules",  NULL};
	const struct yaml_node *rules = yaml_get(root, "rules");
	int error;

	c->text->invalid |= yaml_check_keys(c->text->errors, c->text->name, c->text->text, root, keys) > 0;
	c->shapes = yaml_get(root, "shapes");
	c->once = yaml_get(root, "once");
	c->unlisted = yaml_get(root, "unlisted");
	error = read_titles(c, root, guide);
	if (error == 0)
		error = compile_code_lists(c, yaml_get(root, "codes"));
	if (error == 0)
		error = compile_root(c, root);
	if (error == 0 && !c->text->invalid)
		error = settle_all(c, guide);
	if (error == 0 && !c->text->invalid)
		guide_check_tree(c->text, guide, c->places.items);
	if (error == 0 && !c->text->invalid)
		guide_check_limits(c->text, guide, c->places.items, NULL);
	if (error == 0 && !c->text->invalid && rules != NULL)
		error = guide_compile_rules(c->arena, c->text, rules, guide);
	return error;
}

int guide_compile(struct env *env, const struct dictionary *dictionary, struct arena *arena, struct guide_text *text,
		  const struct yaml_node *root, struct guide **ret_guide)
{
	struct compiling c = {
		.env = env,
		.dictionary = dictionary,
		.arena = arena,
		.text = text,
		.loops = {.item_bytes = sizeof(struct guide_loop)},
		.segments = {.item_bytes = sizeof(struct guide_segment)},
		.nodes = {.item_bytes = sizeof(struct guide_node)},
		.elements = {.item_bytes = sizeof(struct guide_element)},
		.code_lists = {.item_bytes = sizeof(struct guide_code_list)},
		.codes = {.item_bytes = sizeof(struct guide_code)},
		.places = {.item_bytes = sizeof(struct yaml_node *)},
	};
	struct table *tables[] = {&c.loops, &c.segments, &c.nodes, &c.elements, &c.code_lists, &c.codes, &c.places};
	struct guide *guide = arena_alloc(arena, sizeof(*guide));
	int error = guide == NULL ? -ENOMEM : 0;
	size_t i;

	if (error == 0)
		error = compile(&c, root, guide);
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		env_free(env, tables[i]->items);
	if (error < 0)
		return error;
	if (!text->invalid)
		*ret_guide = guide;
	return 0;
}
