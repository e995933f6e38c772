/*
 * What a partner's profile changes about the guides (SNIP 7).
 *
 * A derived set shares its base's guides until something is laid over one: then the guide is copied, table by table,
 * and the copy is changed in place. Lists of codes are never changed, only added, for elements share them.
 */
#include <errno.h>

#include "code_file.h"
#include "compile.h"

/* A guide being changed. */
struct laying {
	struct guide_set *set;
	struct arena *arena;
	struct guide_text *text;
	struct guide *guide;
};

/* One line of an overlay: what it says about its place. NULL: nothing. */
struct change {
	const struct yaml_node *at; /* its key is the place */
	const struct yaml_node *usage, *repeat, *length, *codes, *list;
	struct guide_path path;
};

int guide_set_derive(const struct guide_set *base, struct arena *arena, struct guide_set **ret_set)
{
	struct guide_set *set = arena_alloc(arena, sizeof(*set));

	if (set == NULL)
		return -ENOMEM;
	set->env = base->env;
	set->site = arena;
	set->dictionary = base->dictionary;
	set->count = base->count;
	set->entries = arena_alloc_array(arena, base->count + 1u, sizeof(*set->entries));
	if (set->entries == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < base->count; i++)
		set->entries[i].guide = base->entries[i].guide;
	*ret_set = set;
	return 0;
}

int guide_set_lists(const struct guide_set *set, struct arena *arena, const char *const **ret_names)
{
	const struct dictionary *dictionary = &set->dictionary;
	const char **names = arena_alloc_array(arena, dictionary->list_count + 1u, sizeof(*names));

	if (names == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < dictionary->list_count; i++)
		names[i] = dictionary->lists[i].name.data;
	*ret_names = names;
	return 0;
}

/* A copy with room for `more` items behind it. */
static void *copy_table(struct arena *arena, const void *items, uint32_t count, uint32_t more, size_t item_bytes)
{
	void *copy = arena_alloc_array(arena, (size_t)count + more + 1, item_bytes);

	if (copy != NULL && count > 0)
		memcpy(copy, items, count * item_bytes);
	return copy;
}

/* A guide of the set's own in place of the one it shares. Codes are copied when some are added. */
static int own_guide(struct guide_set *set, struct guide_entry *entry, struct guide **ret_guide)
{
	struct guide *guide = arena_alloc(set->site, sizeof(*guide));

	if (guide == NULL)
		return -ENOMEM;
	*guide = *entry->guide;
	guide->loops = copy_table(set->site, guide->loops, guide->loop_count, 0, sizeof(*guide->loops));
	guide->segments = copy_table(set->site, guide->segments, guide->segment_count, 0, sizeof(*guide->segments));
	guide->elements = copy_table(set->site, guide->elements, guide->element_count, 0, sizeof(*guide->elements));
	guide->code_lists =
		copy_table(set->site, guide->code_lists, guide->code_list_count, 0, sizeof(*guide->code_lists));
	if (guide->loops == NULL || guide->segments == NULL || guide->elements == NULL || guide->code_lists == NULL)
		return -ENOMEM;
	*ret_guide = guide;
	return 0;
}

/* Codes, sorted, behind those of the guide. */
static int add_codes(struct arena *arena, struct guide *guide, const struct guide_code *codes, uint32_t count,
		     uint32_t *ret_first)
{
	guide->codes = copy_table(arena, guide->codes, guide->code_count, count, sizeof(*guide->codes));
	guide->code_keys = copy_table(arena, guide->code_keys, guide->code_count, count, sizeof(*guide->code_keys));
	if (guide->codes == NULL || guide->code_keys == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		guide->codes[guide->code_count + i] = codes[i];
		guide->code_keys[guide->code_count + i] = guide_code_key(codes[i].code);
	}
	*ret_first = guide->code_count;
	guide->code_count += count;
	return 0;
}

static int add_list(struct laying *l, struct guide_code_list list, uint16_t *ret_index)
{
	struct guide *guide = l->guide;

	if (guide->code_list_count + 1u >= GUIDE_NONE) {
		yaml_complain(l->text->errors, l->text->name, SLICE_EMPTY, 1, 1,
			      "the guide has too many lists of codes");
		return GUIDE_E_INVALID;
	}
	guide->code_lists = copy_table(l->arena, guide->code_lists, guide->code_list_count, 1, sizeof(list));
	if (guide->code_lists == NULL)
		return -ENOMEM;
	guide->code_lists[guide->code_list_count] = list;
	*ret_index = guide->code_list_count++;
	return 0;
}

/* Every guide that uses the external list takes its new codes. */
static int replace_in_guide(struct guide_set *set, struct guide_entry *entry, const struct dictionary_list *list)
{
	struct guide *guide = entry->guide;
	uint32_t first;
	uint16_t i;
	int error;

	for (i = 0; i < guide->code_list_count; i++)
		if (guide->code_lists[i].external && slice_equal(guide->code_lists[i].name, list->name))
			break;
	if (i == guide->code_list_count)
		return 0;
	error = own_guide(set, entry, &guide);
	if (error == 0)
		error = add_codes(set->site, guide, list->codes, list->count, &first);
	if (error != 0)
		return error;
	guide->code_lists[i].first = first;
	guide->code_lists[i].count = list->count;
	entry->guide = guide;
	return 0;
}

/* The dictionary's lists with `list` among them, in place of one of its name. */
static int replace_in_dictionary(struct guide_set *set, const struct dictionary_list *list)
{
	struct dictionary *dictionary = &set->dictionary;
	uint32_t i;

	dictionary->lists =
		copy_table(set->site, dictionary->lists, dictionary->list_count, 1, sizeof(*dictionary->lists));
	if (dictionary->lists == NULL)
		return -ENOMEM;
	for (i = 0; i < dictionary->list_count; i++)
		if (slice_equal(dictionary->lists[i].name, list->name))
			break;
	dictionary->lists[i] = *list;
	dictionary->list_count += i == dictionary->list_count;
	return 0;
}

static int read_yaml_list(struct guide_set *set, struct slice list, struct guide_text *text,
			  struct dictionary_list *ret_list)
{
	struct dictionary one = {.lists = ret_list};
	struct yaml_node *root;
	int error = yaml_parse(set->site, text->name, text->text, text->errors, &root);

	if (error == YAML_E_INVALID)
		return GUIDE_E_INVALID;
	if (error == 0)
		error = dictionary_read_list(&one, set->site, text, root);
	if (error == 0 && !text->invalid && !slice_equal(ret_list->name, list))
		guide_complain(text, yaml_get(root, "list"), "this is the list \"%.*s\", and \"%.*s\" is wanted",
			       (int)ret_list->name.len, ret_list->name.data, (int)list.len, list.data);
	return error;
}

static bool ends_in(const char *name, const char *ending)
{
	size_t n = strlen(name), m = strlen(ending);

	return n > m && strcmp(name + n - m, ending) == 0;
}

int guide_set_replace_list(struct guide_set *set, struct slice list, const char *name, struct slice content,
			   struct buffer *errors)
{
	struct guide_text text = {.name = name, .text = content, .errors = errors};
	struct dictionary_list read = {.count = 0};
	int error;

	if (ends_in(name, ".csv") || ends_in(name, ".txt"))
		error = code_file_read(set->site, &text, list, ends_in(name, ".csv"), &read);
	else
		error = read_yaml_list(set, list, &text, &read);
	if (error == 0 && text.invalid)
		error = GUIDE_E_INVALID;
	if (error == 0)
		error = replace_in_dictionary(set, &read);
	for (uint32_t i = 0; error == 0 && i < set->count; i++)
		error = replace_in_guide(set, &set->entries[i], &read);
	return error;
}

static bool is_listed(const struct yaml_node *sequence, struct slice code)
{
	for (const struct yaml_node *item = sequence->first; item != NULL; item = item->next)
		if (slice_equal(item->text, code))
			return true;
	return false;
}

static bool holds_code(const struct guide_code *codes, uint32_t count, struct slice code)
{
	for (uint32_t i = 0; i < count; i++)
		if (slice_equal(codes[i].code, code))
			return true;
	return false;
}

/* Every code of `sequence` must be one that can be taken away or kept. */
static void check_codes_listed(struct laying *l, const struct yaml_node *sequence, const struct guide_code_list *list)
{
	const struct guide_code *codes = l->guide->codes + list->first;

	if (sequence->kind != YAML_SEQUENCE) {
		guide_complain(l->text, sequence, "written as a list of codes, [A, B]");
		return;
	}
	for (const struct yaml_node *item = sequence->first; item != NULL; item = item->next)
		if (item->kind != YAML_SCALAR || !holds_code(codes, list->count, item->text))
			guide_complain(l->text, item, "this is none of the element's codes");
}

/* Put `code` where it belongs among the sorted; one that is there keeps its place. */
static void insert_code(struct guide_code *codes, uint32_t *count, struct guide_code code)
{
	uint32_t i = *count;

	if (holds_code(codes, *count, code.code))
		return;
	for (; i > 0 && slice_compare(codes[i - 1].code, code.code) > 0; i--)
		codes[i] = codes[i - 1];
	codes[i] = code;
	++*count;
}

/* What is left of a list, and what is new in it. */
static int merge_codes(struct laying *l, const struct yaml_node *node, const struct guide_code_list *list,
		       struct guide_code **ret_codes, uint32_t *ret_count)
{
	const struct yaml_node *add = yaml_get(node, "add"), *gone = yaml_get(node, "remove"),
			       *only = yaml_get(node, "only");
	struct guide_code *added = NULL, *codes;
	uint32_t added_count = 0, count = 0;
	int error = add != NULL ? guide_read_codes(l->arena, l->text, add, &added, &added_count) : 0;

	if (error != 0)
		return error;
	if (gone != NULL)
		check_codes_listed(l, gone, list);
	if (only != NULL)
		check_codes_listed(l, only, list);
	codes = arena_alloc_array(l->arena, (size_t)list->count + added_count + 1, sizeof(*codes));
	if (codes == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < list->count; i++) {
		struct guide_code code = l->guide->codes[list->first + i];

		if ((gone == NULL || !is_listed(gone, code.code)) && (only == NULL || is_listed(only, code.code)))
			codes[count++] = code;
	}
	for (uint32_t i = 0; i < added_count; i++)
		insert_code(codes, &count, added[i]);
	if (count == 0)
		guide_complain(l->text, node, "no code would be left; usage: N forbids the element");
	*ret_codes = codes;
	*ret_count = count;
	return 0;
}

static int change_codes(struct laying *l, const struct change *change, struct guide_element *element)
{
	static const char *const keys[] = {"add", "remove", "only", NULL};
	const struct yaml_node *node = change->codes;
	struct guide_code_list list;
	struct guide_code *codes;
	int error;

	if (node->kind != YAML_MAPPING) {
		guide_complain(l->text, node, "written as {add: {CODE: meaning}, remove: [CODE], only: [CODE]}");
		return 0;
	}
	l->text->invalid |= yaml_check_keys(l->text->errors, l->text->name, l->text->text, node, keys) > 0;
	if (element->codes == GUIDE_NONE) {
		guide_complain_at_key(l->text, node, "the guide has no codes for this element; give it a list");
		return 0;
	}
	list = l->guide->code_lists[element->codes];
	error = merge_codes(l, node, &list, &codes, &list.count);
	if (error == 0)
		error = add_codes(l->arena, l->guide, codes, list.count, &list.first);
	return error == 0 ? add_list(l, list, &element->codes) : error;
}

/* An external list in place of the element's codes. */
static int change_list(struct laying *l, const struct change *change, struct guide_element *element)
{
	const struct dictionary_list *external = dictionary_list_find(&l->set->dictionary, change->list->text);
	struct guide_code_list list = {.external = true};
	const char *const *names;
	const char *nearest;
	int error;

	if (external == NULL) {
		error = guide_set_lists(l->set, l->arena, &names);
		nearest = error == 0 ? yaml_nearest(change->list->text, names) : NULL;
		guide_complain(l->text, change->list, "there is no list of codes \"%.*s\"%s%s%s",
			       (int)change->list->text.len, change->list->text.data,
			       nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
			       nearest != NULL ? "\"?" : "");
		return error;
	}
	list.name = external->name;
	list.count = external->count;
	error = add_codes(l->arena, l->guide, external->codes, external->count, &list.first);
	return error == 0 ? add_list(l, list, &element->codes) : error;
}

/* The words that a line may hold depend on what it is about. */
static bool takes_only(struct laying *l, const struct change *change, const char *const *keys)
{
	uint32_t faults = yaml_check_keys(l->text->errors, l->text->name, l->text->text, change->at, keys);

	l->text->invalid |= faults > 0;
	return faults == 0;
}

static bool read_usage(struct laying *l, const struct change *change, enum guide_usage *usage)
{
	if (change->usage == NULL)
		return true;
	if (change->usage->kind == YAML_SCALAR && guide_read_usage(change->usage->text, usage))
		return true;
	guide_complain(l->text, change->usage, "usage is R (required), S (situational) or N (not used)");
	return false;
}

static void read_repeat(struct laying *l, const struct change *change, uint32_t *repeat)
{
	if (change->repeat != NULL &&
	    (change->repeat->kind != YAML_SCALAR || !guide_read_repeat(change->repeat->text, repeat)))
		guide_complain(l->text, change->repeat, "repeat is a number from 1, or >1 for any");
}

static int change_element(struct laying *l, const struct change *change, struct guide_element *element)
{
	static const char *const keys[] = {"usage", "repeat", "length", "codes", "list", NULL};
	uint32_t repeat = element->repeat;
	int error = 0;

	if (!takes_only(l, change, keys) || !read_usage(l, change, &element->usage))
		return 0;
	read_repeat(l, change, &repeat);
	element->repeat = repeat > UINT16_MAX ? UINT16_MAX : (uint16_t)repeat;
	if (element->type == GUIDE_COMPOSITE && element->usage != GUIDE_NOT_USED && element->component_count == 0)
		guide_complain_at_key(l->text, change->at, "the guide says nothing of this composite's components");
	if (element->type == GUIDE_COMPOSITE &&
	    (change->length != NULL || change->codes != NULL || change->list != NULL))
		guide_complain_at_key(l->text, change->at,
				      "a composite's components have lengths and codes: name one, as -1");
	else if (change->length != NULL && (change->length->kind != YAML_SCALAR ||
					    !guide_read_length(change->length->text, &element->min, &element->max)))
		guide_complain(l->text, change->length, "a length is written as 2/15");
	if (change->codes != NULL && change->list != NULL)
		guide_complain_at_key(l->text, change->list, "either codes or list");
	else if (change->codes != NULL && !l->text->invalid)
		error = change_codes(l, change, element);
	else if (change->list != NULL && !l->text->invalid)
		error = change_list(l, change, element);
	return error;
}

/* The first segment of a loop is how the loop is known; ST and SE are not a partner's to change. */
static bool is_fixed(const struct guide *guide, uint16_t segment)
{
	const struct guide_loop *loop = &guide->loops[guide->segments[segment].loop];

	return guide->nodes[loop->first_node].index == segment || strcmp(guide->segments[segment].id, "SE") == 0;
}

static void change_segment(struct laying *l, const struct change *change, uint16_t index)
{
	static const char *const keys[] = {"usage", "repeat", NULL};
	struct guide_segment *segment = &l->guide->segments[index];
	uint16_t codes = guide_qualifier_codes(l->guide, segment);

	if (!takes_only(l, change, keys))
		return;
	if (is_fixed(l->guide, index))
		guide_complain_at_key(l->text, change->at, "this segment opens its loop or the set: change the loop");
	else if (change->path.qualifier.len > 0 && codes != GUIDE_NONE && l->guide->code_lists[codes].count > 1)
		guide_complain_at_key(l->text, change->at,
				      "several qualifiers share this place: change the %s, or write a rule",
				      segment->id);
	else if (read_usage(l, change, &segment->usage))
		read_repeat(l, change, &segment->repeat);
}

/* A loop that is not used has an opening segment that is not. */
static void change_loop(struct laying *l, const struct change *change, uint16_t index)
{
	static const char *const keys[] = {"usage", "repeat", NULL};
	struct guide_loop *loop = &l->guide->loops[index];
	struct guide_segment *opener = &l->guide->segments[l->guide->nodes[loop->first_node].index];

	if (!takes_only(l, change, keys))
		return;
	if (index == 0) {
		guide_complain_at_key(l->text, change->at, "the set itself cannot be changed");
		return;
	}
	if (read_usage(l, change, &loop->usage))
		read_repeat(l, change, &loop->repeat);
	opener->usage = loop->usage == GUIDE_NOT_USED ? GUIDE_NOT_USED : GUIDE_REQUIRED;
}

/* "2000/INS" and its kin for every segment, each with what the searched path has behind its segment id. */
static int complain_unknown(struct laying *l, const struct change *change)
{
	const struct guide *guide = l->guide;
	struct slice key = change->at->key, tail = SLICE_EMPTY;
	const char **known =
		arena_alloc_array(l->arena, (size_t)guide->segment_count + guide->loop_count + 1, sizeof(*known));
	const char *nearest;
	uint32_t count = 0;

	if (known == NULL)
		return -ENOMEM;
	if (change->path.segment.len > 0) {
		size_t from = (size_t)(change->path.segment.data - key.data) + change->path.segment.len;

		tail = slice_of(key.data + from, key.len - from);
	}
	for (uint16_t i = 1; i < guide->loop_count; i++)
		known[count++] = guide->loops[i].id;
	for (uint16_t i = 0; i < guide->segment_count; i++) {
		const struct guide_segment *segment = &guide->segments[i];

		known[count] =
			arena_printf(l->arena, "%s%s%s%.*s", change->path.in_loop ? guide->loops[segment->loop].id : "",
				     change->path.in_loop ? "/" : "", segment->id, (int)tail.len, tail.data)
				.data;
		if (known[count++] == NULL)
			return -ENOMEM;
	}
	nearest = yaml_nearest(key, known);
	if (nearest != NULL && slice_is(key, nearest))
		guide_complain_at_key(l->text, change->at,
				      "guide %.*s has no place \"%.*s\": the segment has no such element or component",
				      (int)guide->id.len, guide->id.data, (int)key.len, key.data);
	else
		guide_complain_at_key(l->text, change->at, "guide %.*s has no place \"%.*s\"%s%s%s",
				      (int)guide->id.len, guide->id.data, (int)key.len, key.data,
				      nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
				      nearest != NULL ? "\"?" : "");
	return 0;
}

/* The element of a segment that the path means, or NULL. */
static struct guide_element *element_of(const struct guide *guide, const struct guide_path *path,
					uint16_t segment_index)
{
	const struct guide_segment *segment = &guide->segments[segment_index];
	struct guide_element *element;

	if (path->pos > segment->element_count)
		return NULL;
	element = &guide->elements[segment->first_element + path->pos - 1u];
	if (path->component_pos == 0)
		return element;
	return path->component_pos <= element->component_count
		       ? &guide->elements[element->first_component + path->component_pos - 1u]
		       : NULL;
}

/* No two siblings may take one qualifier, or nobody could tell whose segment it is. */
static void check_siblings(struct laying *l, const struct change *change, uint16_t index)
{
	const struct guide *guide = l->guide;
	const struct guide_segment *segment = &guide->segments[index];
	uint16_t codes = guide_qualifier_codes(guide, segment);

	for (uint16_t i = 0; codes != GUIDE_NONE && change->codes != NULL && i < guide->segment_count; i++) {
		const struct guide_segment *other = &guide->segments[i];
		uint16_t theirs = guide_qualifier_codes(guide, other);

		if (i == index || other->loop != segment->loop || strcmp(other->id, segment->id) != 0 ||
		    theirs == GUIDE_NONE)
			continue;
		for (uint32_t c = 0; c < guide->code_lists[codes].count; c++)
			if (guide_code_find(guide, theirs, guide->codes[guide->code_lists[codes].first + c].code) >=
			    0) {
				guide_complain(l->text, change->codes, "another %s of this loop has that qualifier",
					       other->id);
				return;
			}
	}
}

static int change_segments(struct laying *l, const struct change *change)
{
	struct guide *guide = l->guide;
	bool found = false;
	int error = 0;

	for (uint16_t i = 0; error == 0 && i < guide->segment_count && !l->text->invalid; i++) {
		struct guide_element *element;

		if (!guide_path_has(guide, &change->path, i))
			continue;
		if (change->path.pos == 0) {
			found = true;
			change_segment(l, change, i);
			continue;
		}
		element = element_of(guide, &change->path, i);
		if (element == NULL)
			continue;
		found = true;
		error = change_element(l, change, element);
		if (error == 0)
			check_siblings(l, change, i);
	}
	return error == 0 && !found && !l->text->invalid ? complain_unknown(l, change) : error;
}

static int change_place(struct laying *l, const struct yaml_node *line)
{
	struct change change = {.at = line,
				.usage = yaml_get(line, "usage"),
				.repeat = yaml_get(line, "repeat"),
				.length = yaml_get(line, "length"),
				.codes = yaml_get(line, "codes"),
				.list = yaml_get(line, "list")};
	uint16_t loop;

	if (line->kind != YAML_MAPPING) {
		guide_complain(l->text, line,
			       "written as PLACE: {usage: R, repeat: 1, length: 2/15, codes: {...}, list: NAME}");
		return 0;
	}
	if (!guide_path_parse(l->guide, line->key, &change.path))
		return complain_unknown(l, &change);
	if (change.path.segment.len > 0)
		return change_segments(l, &change);
	loop = guide_loop_find(l->guide, change.path.loop);
	change_loop(l, &change, loop);
	return 0;
}

/* All faults of an overlay come in one go, so each line is read as if those before it were right. */
static int change_guide(struct laying *l, const struct yaml_node *overlay)
{
	const struct yaml_node *rules = yaml_get(overlay, "rules");
	bool invalid = false;
	int error = 0;

	if (overlay->kind != YAML_MAPPING) {
		guide_complain(l->text, overlay, "written as PLACE: {usage: R, ...}");
		return 0;
	}
	for (const struct yaml_node *line = overlay->first; line != NULL && error == 0; line = line->next) {
		l->text->invalid = false;
		if (line != rules)
			error = change_place(l, line);
		invalid |= l->text->invalid;
	}
	if (error == 0 && rules != NULL)
		error = guide_compile_rules(l->arena, l->text, rules, l->guide);
	l->text->invalid |= invalid;
	return error;
}

static struct guide_entry *find_entry(struct guide_set *set, struct slice name)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (slice_equal(set->entries[i].guide->id, name) || slice_equal(set->entries[i].guide->set_id, name))
			return &set->entries[i];
	return NULL;
}

int guide_set_overlay(struct guide_set *set, const char *name, struct slice text, const struct yaml_node *overlay,
		      struct buffer *errors)
{
	struct guide_text reading = {.name = name, .text = text, .errors = errors};
	struct laying l = {.set = set, .arena = set->site, .text = &reading};
	bool invalid = false;
	int error = 0;

	if (overlay->kind != YAML_MAPPING)
		guide_complain(&reading, overlay, "written as {834: {PLACE: {usage: R}}}");
	for (const struct yaml_node *item = overlay->first; item != NULL && error == 0; item = item->next) {
		struct guide_entry *entry = find_entry(set, item->key);

		reading.invalid = false;
		if (entry == NULL)
			guide_complain_at_key(&reading, item, "there is no guide of this id or set");
		else
			error = own_guide(set, entry, &l.guide);
		if (entry != NULL && error == 0)
			error = change_guide(&l, item);
		if (entry != NULL && error == 0 && !reading.invalid)
			guide_check_limits(&reading, l.guide, NULL, item);
		if (entry != NULL && error == 0 && !reading.invalid)
			entry->guide = l.guide;
		invalid |= reading.invalid;
	}
	return error == 0 && (invalid || reading.invalid) ? GUIDE_E_INVALID : error;
}

int guide_set_require(struct guide_set *set, struct slice guide_name, struct slice place)
{
	struct guide_entry *entry = find_entry(set, guide_name);
	struct guide *guide;
	int error;

	if (entry == NULL)
		return GUIDE_E_NOT_FOUND;
	error = own_guide(set, entry, &guide);
	if (error == 0)
		error = guide_compile_required(set->site, place, guide);
	if (error == 0)
		entry->guide = guide;
	return error;
}
