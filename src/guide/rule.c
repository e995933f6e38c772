/*
 * Situational rules from YAML (docs/GUIDES.md) to flat tables.
 *
 * Compiled against a guide whose loops and segments stand, and appended to the rules it has, so that a partner's
 * overlay can bring rules of its own.
 */
#include <errno.h>

#include "compile.h"

/* A table that grows in the arena; what it leaves behind stays there until the guide goes. */
struct list {
	void *items;
	uint32_t count, capacity;
	size_t item_bytes;
};

struct ruling {
	struct arena *arena;
	struct guide_text *text;
	struct guide *guide;
	struct list rules, places, tests, targets, facts, sources, values;
	/* the rule in hand */
	uint16_t at_loop;    /* where it stands: what its paths are looked up from */
	uint16_t at_segment; /* GUIDE_NONE: at the loop's end, or at many segments */
	struct slice own_id; /* of the segment or segments it stands at; empty at a loop */
	bool anywhere;       /* at segments of many loops: asks only about them */
};

/* A zeroed item more, or NULL with *ret_error set. */
static void *list_add(struct ruling *r, struct list *list, int *ret_error)
{
	uint32_t capacity = list->capacity < 16 ? 16 : list->capacity * 2;
	void *items;

	if (list->count + 1 >= GUIDE_NONE || (list == &r->facts && list->count == GUIDE_FACTS_MAX)) {
		if (r->text != NULL)
			yaml_complain(r->text->errors, r->text->name, SLICE_EMPTY, 1, 1,
				      "the guide has too many rules");
		*ret_error = GUIDE_E_INVALID;
		return NULL;
	}
	if (list->count == list->capacity) {
		items = arena_alloc_array(r->arena, capacity, list->item_bytes);
		if (items == NULL) {
			*ret_error = -ENOMEM;
			return NULL;
		}
		if (list->count > 0)
			memcpy(items, list->items, list->count * list->item_bytes);
		list->items = items;
		list->capacity = capacity;
	}
	return (char *)list->items + list->count++ * list->item_bytes;
}

static uint16_t parent_of(const struct guide *guide, uint16_t loop)
{
	return guide->loops[loop].parent;
}

/* The innermost loop that holds both. */
static uint16_t common_loop(const struct guide *guide, uint16_t a, uint16_t b)
{
	while (a != b) {
		if (guide->loops[a].depth >= guide->loops[b].depth)
			a = parent_of(guide, a);
		else
			b = parent_of(guide, b);
	}
	return a;
}

static bool is_in_loop(const struct guide *guide, const struct guide_path *path, uint16_t loop)
{
	uint16_t i;

	for (i = 0; i < guide->segment_count; i++)
		if (guide->segments[i].loop == loop && guide_path_has(guide, path, i))
			return true;
	return false;
}

/*
 * The loop that a path means: the one it names, else the innermost one around the rule that has such a segment.
 * GUIDE_NONE, with a complaint, when there is none.
 */
static uint16_t loop_of_path(struct ruling *r, const struct yaml_node *at, const struct guide_path *path)
{
	const struct guide *guide = r->guide;
	uint16_t loop = path->in_loop ? guide_loop_find(guide, path->loop) : r->at_loop;

	if (path->in_loop && loop != GUIDE_NONE && (path->segment.len == 0 || is_in_loop(guide, path, loop)))
		return loop;
	while (!path->in_loop && loop != GUIDE_NONE) {
		if (is_in_loop(guide, path, loop))
			return loop;
		loop = parent_of(guide, loop);
	}
	guide_complain(r->text, at, "the guide has no such place");
	return GUIDE_NONE;
}

static struct guide_segment *opener_of(const struct guide *guide, uint16_t loop)
{
	return &guide->segments[guide->nodes[guide->loops[loop].first_node].index];
}

static bool same_question(const struct ruling *r, const struct guide_question *a, const struct guide_question *b)
{
	const struct slice *values = r->values.items;
	uint16_t i;

	if (a->pos != b->pos || a->component_pos != b->component_pos || a->value_count != b->value_count)
		return false;
	for (i = 0; i < a->value_count; i++)
		if (!slice_equal(values[a->first_value + i], values[b->first_value + i]))
			return false;
	return true;
}

/* The sources of a fact are the segments of the path; true when fact `f` has this one. */
static bool has_source(const struct ruling *r, uint32_t f, uint16_t segment, struct slice qualifier)
{
	const struct guide_source *sources = r->sources.items;
	uint32_t i;

	for (i = 0; i < r->sources.count; i++)
		if (sources[i].fact == f && sources[i].segment == segment &&
		    slice_equal(sources[i].qualifier, qualifier))
			return true;
	return false;
}

static int add_source(struct ruling *r, uint16_t fact, uint16_t segment, struct slice qualifier)
{
	int error = 0;
	struct guide_source *source = list_add(r, &r->sources, &error);
	struct slice kept = arena_dup(r->arena, qualifier);

	if (source == NULL)
		return error;
	if (kept.data == NULL)
		return -ENOMEM;
	*source = (struct guide_source){.segment = segment, .fact = fact, .qualifier = kept};
	return 0;
}

/* The first segment that the path means in its loop; of a path that is a loop, the one that opens it. */
static uint16_t first_segment(const struct guide *guide, const struct guide_path *path, uint16_t loop)
{
	uint16_t i;

	if (path->segment.len == 0)
		return (uint16_t)(opener_of(guide, loop) - guide->segments);
	for (i = 0; i < guide->segment_count; i++)
		if (guide->segments[i].loop == loop && guide_path_has(guide, path, i))
			return i;
	return GUIDE_NONE;
}

static int find_fact(struct ruling *r, const struct guide_path *path, uint16_t loop,
		     const struct guide_question *question, uint16_t *ret_fact)
{
	const struct guide *guide = r->guide;
	uint16_t scope = common_loop(guide, r->at_loop, loop), first = first_segment(guide, path, loop), i;
	struct guide_fact *fact = r->facts.items;
	int error = 0;

	for (i = 0; i < r->facts.count; i++) {
		if (fact[i].loop == scope && same_question(r, &fact[i].question, question) &&
		    has_source(r, i, first, path->qualifier)) {
			*ret_fact = i;
			return 0;
		}
	}
	*ret_fact = (uint16_t)r->facts.count;
	fact = list_add(r, &r->facts, &error);
	if (fact == NULL)
		return error;
	*fact = (struct guide_fact){.loop = scope, .question = *question};
	if (path->segment.len == 0)
		return add_source(r, *ret_fact, first, path->qualifier);
	for (i = 0; error == 0 && i < guide->segment_count; i++)
		if (guide->segments[i].loop == loop && guide_path_has(guide, path, i))
			error = add_source(r, *ret_fact, i, path->qualifier);
	return error;
}

/* Does the path mean the very segment that the rule stands at? */
static bool is_own(const struct ruling *r, const struct guide_path *path)
{
	if (r->own_id.len == 0 || !slice_equal(path->segment, r->own_id) || path->qualifier.len > 0)
		return false;
	return !path->in_loop || (!r->anywhere && slice_is(path->loop, r->guide->loops[r->at_loop].id));
}

static bool element_is_there(const struct guide *guide, const struct guide_segment *segment, uint8_t pos,
			     uint8_t component_pos)
{
	const struct guide_element *element = guide_element_at(guide, segment, pos);

	return element != NULL && component_pos <= element->component_count;
}

/* Does some segment of this id have the element? Complains otherwise. */
static bool check_element(struct ruling *r, const struct yaml_node *at, const struct guide_path *path)
{
	const struct guide *guide = r->guide;
	uint16_t i;

	for (i = 0; path->pos > 0 && i < guide->segment_count; i++)
		if (slice_is(path->segment, guide->segments[i].id) &&
		    element_is_there(guide, &guide->segments[i], path->pos, path->component_pos))
			return true;
	if (path->pos > 0)
		guide_complain(r->text, at, "the guide has no such element");
	return path->pos == 0;
}

static int add_value(struct ruling *r, const struct yaml_node *scalar, struct guide_question *question)
{
	int error = 0;
	struct slice *value = list_add(r, &r->values, &error);

	if (value == NULL)
		return error;
	*value = arena_dup(r->arena, scalar->text);
	if (value->data == NULL)
		return -ENOMEM;
	question->value_count++;
	return 0;
}

/* A code, or a list of them. */
static int read_values(struct ruling *r, const struct yaml_node *node, struct guide_question *question)
{
	const struct yaml_node *item;
	int error = 0;

	question->first_value = (uint16_t)r->values.count;
	if (node->kind == YAML_SCALAR && node->text.len > 0)
		return add_value(r, node, question);
	if (node->kind == YAML_SEQUENCE) {
		for (item = node->first; item != NULL && error == 0; item = item->next)
			if (item->kind == YAML_SCALAR && item->text.len > 0)
				error = add_value(r, item, question);
	}
	if (error == 0 && (question->value_count == 0 || question->value_count != node->count))
		guide_complain(r->text, node, "written as a code, a list of codes, present, absent or {not: codes}");
	return error;
}

static int add_test(struct ruling *r, const struct yaml_node *at, const struct guide_path *path,
		    const struct guide_question *question, bool wanted)
{
	struct guide_test test = {.wanted = wanted, .fact = GUIDE_NONE, .question = *question}, *place;
	uint16_t loop;
	int error = 0;

	if (!is_own(r, path)) {
		if (r->anywhere) {
			guide_complain_at_key(r->text, at, "a rule at */ asks about its own segment only");
			return 0;
		}
		loop = loop_of_path(r, at, path);
		if (loop != GUIDE_NONE)
			error = find_fact(r, path, loop, question, &test.fact);
		if (loop == GUIDE_NONE || error != 0)
			return error;
	}
	place = list_add(r, &r->tests, &error);
	if (place != NULL)
		*place = test;
	return error;
}

/* One line of `when`: PLACE: present | absent | CODE | [CODES] | {not: CODES} */
static int read_condition(struct ruling *r, const struct yaml_node *node)
{
	struct guide_question sent = {0}, coded;
	const struct yaml_node *other = yaml_get(node, "not");
	struct guide_path path;
	int error;

	if (!guide_path_parse(r->guide, node->key, &path)) {
		guide_complain_at_key(r->text, node, "a condition is about a place as 2100B, DTP*357 or INS03");
		return 0;
	}
	if (!check_element(r, node, &path))
		return 0;
	sent.pos = path.pos;
	sent.component_pos = path.component_pos;
	coded = sent;
	if (node->kind == YAML_SCALAR && !node->quoted && slice_is(node->text, "absent"))
		return add_test(r, node, &path, &sent, false);
	if (node->kind == YAML_SCALAR && !node->quoted && slice_is(node->text, "present"))
		return add_test(r, node, &path, &sent, true);
	if (path.pos == 0 || (node->kind == YAML_MAPPING && (other == NULL || node->count != 1))) {
		guide_complain(r->text, node,
			       path.pos == 0 ? "a segment or loop is present or absent" : "written as {not: codes}");
		return 0;
	}
	if (other == NULL) {
		error = read_values(r, node, &coded);
		return error == 0 ? add_test(r, node, &path, &coded, true) : error;
	}
	error = add_test(r, node, &path, &sent, true);
	if (error == 0)
		error = read_values(r, other, &coded);
	return error == 0 ? add_test(r, node, &path, &coded, false) : error;
}

static int add_target(struct ruling *r, const struct yaml_node *node)
{
	struct guide_target target = {.fact = GUIDE_NONE, .segment = GUIDE_NONE}, *place;
	const struct guide_question sent = {0};
	struct guide_path path;
	uint16_t loop;
	int error = 0;

	if (node->kind != YAML_SCALAR || !guide_path_parse(r->guide, node->text, &path)) {
		guide_complain(r->text, node, "what is required or forbidden is a place as 2100B, DTP*357 or INS03");
		return 0;
	}
	if (!check_element(r, node, &path))
		return 0;
	if (is_own(r, &path)) {
		target.pos = path.pos;
		target.component_pos = path.component_pos;
	} else if (r->own_id.len > 0 || path.pos > 0) {
		guide_complain(r->text, node,
			       "at a segment its own elements are required or forbidden, at a loop segments");
		return 0;
	} else {
		loop = loop_of_path(r, node, &path);
		if (loop == GUIDE_NONE)
			return 0;
		target.segment = first_segment(r->guide, &path, loop);
		error = find_fact(r, &path, loop, &sent, &target.fact);
	}
	place = error == 0 ? list_add(r, &r->targets, &error) : NULL;
	if (place != NULL)
		*place = target;
	return error;
}

static int read_targets(struct ruling *r, const struct yaml_node *node, struct guide_rule *rule)
{
	const struct yaml_node *item;
	int error = 0;

	rule->first_target = (uint16_t)r->targets.count;
	if (node->kind == YAML_SEQUENCE) {
		for (item = node->first; item != NULL && error == 0; item = item->next)
			error = add_target(r, item);
	} else {
		error = add_target(r, node);
	}
	rule->target_count = (uint16_t)(r->targets.count - rule->first_target);
	return error;
}

/* Where the rule stands. False with a complaint. */
static bool read_at(struct ruling *r, const struct yaml_node *entry, struct guide_path *ret_path)
{
	const struct yaml_node *at = yaml_get(entry, "at");
	uint16_t i;

	if (at == NULL || at->kind != YAML_SCALAR || !guide_path_parse(r->guide, at->text, ret_path) ||
	    !ret_path->in_loop || ret_path->pos > 0 || ret_path->qualifier.len > 0) {
		guide_complain_at_key(r->text, at != NULL ? at : entry,
				      "a rule stands at a loop (at: 2000) or segment (at: 2000/INS)");
		return false;
	}
	r->anywhere = slice_is(ret_path->loop, "*");
	r->at_loop = r->anywhere ? 0 : guide_loop_find(r->guide, ret_path->loop);
	r->own_id = ret_path->segment;
	for (i = 0; ret_path->segment.len > 0 && i < r->guide->segment_count; i++)
		if (guide_path_has(r->guide, ret_path, i))
			return true;
	if (ret_path->segment.len == 0 && r->at_loop != GUIDE_NONE)
		return true;
	guide_complain(r->text, at, "the guide has no such place");
	return false;
}

static int add_places(struct ruling *r, const struct guide_path *path, uint16_t rule)
{
	struct guide_rule_place *place;
	int error = 0;
	uint16_t i;

	for (i = 0; error == 0 && path->segment.len > 0 && i < r->guide->segment_count; i++) {
		if (!guide_path_has(r->guide, path, i))
			continue;
		place = list_add(r, &r->places, &error);
		if (place != NULL)
			*place = (struct guide_rule_place){.segment = i, .rule = rule};
	}
	return error;
}

static bool read_severity(const struct yaml_node *node, enum finding_severity *ret_severity)
{
	enum finding_severity severity;

	for (severity = FINDING_INFO; node->kind == YAML_SCALAR && severity <= FINDING_OFF; severity++) {
		if (slice_is(node->text, finding_severity_name(severity))) {
			*ret_severity = severity;
			return true;
		}
	}
	return false;
}

static int read_words(struct ruling *r, const struct yaml_node *entry, struct guide_rule *rule)
{
	static const char *const keys[] = {"at", "when", "require", "forbid", "severity", "text", NULL};
	const struct yaml_node *severity = yaml_get(entry, "severity");

	r->text->invalid |= yaml_check_keys(r->text->errors, r->text->name, r->text->text, entry, keys) > 0;
	rule->severity = FINDING_WARNING;
	if (severity != NULL && !read_severity(severity, &rule->severity))
		guide_complain(r->text, severity, "a severity is error, warning, info or off");
	rule->name = arena_dup(r->arena, entry->key);
	rule->text = arena_dup(r->arena, yaml_text(entry, "text", SLICE_EMPTY));
	if (rule->name.data == NULL || rule->text.data == NULL)
		return -ENOMEM;
	if (rule->text.len == 0)
		guide_complain_at_key(r->text, entry, "a rule says in \"text\" what it wants and why");
	return 0;
}

/* The rule of this name, which a later one replaces; else a new one. */
static struct guide_rule *place_of_rule(struct ruling *r, struct slice name, int *ret_error)
{
	struct guide_rule *rules = r->rules.items;
	uint32_t i;

	for (i = 0; i < r->rules.count; i++)
		if (slice_equal(rules[i].name, name))
			return &rules[i];
	return list_add(r, &r->rules, ret_error);
}

static void forget_places(struct ruling *r, uint16_t rule)
{
	struct guide_rule_place *places = r->places.items;
	uint32_t i, kept = 0;

	for (i = 0; i < r->places.count; i++)
		if (places[i].rule != rule)
			places[kept++] = places[i];
	r->places.count = kept;
}

static int read_rule(struct ruling *r, const struct yaml_node *entry)
{
	const struct yaml_node *when = yaml_get(entry, "when"), *item;
	const struct yaml_node *require = yaml_get(entry, "require"), *forbid = yaml_get(entry, "forbid");
	struct guide_rule rule = {.loop = GUIDE_NONE, .forbids = forbid != NULL}, *place;
	struct guide_path path;
	int error;

	if (entry->kind != YAML_MAPPING || (require == NULL) == (forbid == NULL)) {
		guide_complain_at_key(r->text, entry, "a rule has at, when, text, and either require or forbid");
		return 0;
	}
	error = read_words(r, entry, &rule);
	if (error != 0 || !read_at(r, entry, &path))
		return error;
	rule.first_test = (uint16_t)r->tests.count;
	for (item = when != NULL ? when->first : NULL; item != NULL && error == 0; item = item->next)
		error = read_condition(r, item);
	rule.test_count = (uint16_t)(r->tests.count - rule.first_test);
	if (error == 0)
		error = read_targets(r, require != NULL ? require : forbid, &rule);
	if (path.segment.len == 0)
		rule.loop = r->at_loop;
	place = error == 0 ? place_of_rule(r, rule.name, &error) : NULL;
	if (place == NULL)
		return error;
	*place = rule;
	forget_places(r, (uint16_t)(place - (struct guide_rule *)r->rules.items));
	return add_places(r, &path, (uint16_t)(place - (struct guide_rule *)r->rules.items));
}

/* Lists begin as copies: a guide that is laid over another must not write into it. */
static int take_over(struct ruling *r, struct list *list, const void *items, uint32_t count)
{
	list->items = arena_alloc_array(r->arena, (size_t)count + 1, list->item_bytes);
	if (list->items == NULL)
		return -ENOMEM;
	if (count > 0)
		memcpy(list->items, items, count * list->item_bytes);
	list->count = count;
	list->capacity = count + 1;
	return 0;
}

static int open_lists(struct ruling *r)
{
	const struct guide *guide = r->guide;
	int error = take_over(r, &r->rules, guide->rules, guide->rule_count);

	if (error == 0)
		error = take_over(r, &r->places, guide->rule_places, guide->rule_place_count);
	if (error == 0)
		error = take_over(r, &r->tests, guide->tests, guide->test_count);
	if (error == 0)
		error = take_over(r, &r->targets, guide->targets, guide->target_count);
	if (error == 0)
		error = take_over(r, &r->facts, guide->facts, guide->fact_count);
	if (error == 0)
		error = take_over(r, &r->sources, guide->sources, guide->source_count);
	if (error == 0)
		error = take_over(r, &r->values, guide->values, guide->value_count);
	return error;
}

static void close_lists(const struct ruling *r)
{
	struct guide *guide = r->guide;

	guide->rules = r->rules.items;
	guide->rule_count = (uint16_t)r->rules.count;
	guide->rule_places = r->places.items;
	guide->rule_place_count = (uint16_t)r->places.count;
	guide->tests = r->tests.items;
	guide->test_count = (uint16_t)r->tests.count;
	guide->targets = r->targets.items;
	guide->target_count = (uint16_t)r->targets.count;
	guide->facts = r->facts.items;
	guide->fact_count = (uint16_t)r->facts.count;
	guide->sources = r->sources.items;
	guide->source_count = (uint16_t)r->sources.count;
	guide->values = r->values.items;
	guide->value_count = (uint16_t)r->values.count;
}

static struct ruling ruling_of(struct arena *arena, struct guide_text *text, struct guide *guide)
{
	return (struct ruling){
		.arena = arena,
		.text = text,
		.guide = guide,
		.rules = {.item_bytes = sizeof(struct guide_rule)},
		.places = {.item_bytes = sizeof(struct guide_rule_place)},
		.tests = {.item_bytes = sizeof(struct guide_test)},
		.targets = {.item_bytes = sizeof(struct guide_target)},
		.facts = {.item_bytes = sizeof(struct guide_fact)},
		.sources = {.item_bytes = sizeof(struct guide_source)},
		.values = {.item_bytes = sizeof(struct slice)},
	};
}

int guide_compile_rules(struct arena *arena, struct guide_text *text, const struct yaml_node *rules,
			struct guide *guide)
{
	struct ruling r = ruling_of(arena, text, guide);
	const struct yaml_node *entry;
	int error = open_lists(&r);

	if (rules->kind != YAML_MAPPING) {
		guide_complain(text, rules,
			       "rules are written as NAME: {at: ..., when: {...}, require: ..., text: ...}");
		return error;
	}
	for (entry = rules->first; entry != NULL && error == 0; entry = entry->next)
		error = read_rule(&r, entry);
	if (error == 0)
		close_lists(&r);
	return error;
}

/* Where the required place is looked for: an element at its segment, a segment or loop in the loop around it. */
static int find_required(struct ruling *r, const struct guide_path *path, struct guide_rule *rule,
			 struct guide_target *target)
{
	const struct guide *guide = r->guide;
	const struct guide_question sent = {0};
	uint16_t loop = guide_loop_find(guide, path->loop), first;

	if (!path->in_loop || loop == GUIDE_NONE || (path->segment.len == 0 && loop == 0))
		return GUIDE_E_NOT_FOUND;
	first = first_segment(guide, path, loop);
	if (first == GUIDE_NONE)
		return GUIDE_E_NOT_FOUND;
	if (path->pos > 0) {
		*target = (struct guide_target){path->pos, path->component_pos, GUIDE_NONE, GUIDE_NONE};
		return path->qualifier.len == 0 &&
				       element_is_there(guide, &guide->segments[first], path->pos, path->component_pos)
			       ? 0
			       : GUIDE_E_NOT_FOUND;
	}
	r->at_loop = path->segment.len > 0 ? loop : guide->loops[loop].parent;
	rule->loop = r->at_loop;
	target->segment = first;
	return find_fact(r, path, loop, &sent, &target->fact);
}

int guide_compile_required(struct arena *arena, struct slice place, struct guide *guide)
{
	struct ruling r = ruling_of(arena, NULL, guide);
	struct guide_rule rule = {
		.name = SLICE_LITERAL(GUIDE_RULE_AGREED), .severity = FINDING_ERROR, .loop = GUIDE_NONE};
	struct guide_target target = {.fact = GUIDE_NONE}, *new_target;
	struct guide_rule *new_rule;
	struct guide_path path;
	int error = open_lists(&r);

	if (error != 0 || !guide_path_parse(guide, place, &path))
		return error != 0 ? error : GUIDE_E_NOT_FOUND;
	error = find_required(&r, &path, &rule, &target);
	if (error != 0)
		return error;
	rule.text = arena_printf(arena, "it is agreed that %.*s is always sent", (int)place.len, place.data);
	if (rule.text.data == NULL)
		return -ENOMEM;
	rule.first_target = (uint16_t)r.targets.count;
	rule.target_count = 1;
	new_target = list_add(&r, &r.targets, &error);
	new_rule = new_target != NULL ? list_add(&r, &r.rules, &error) : NULL;
	if (new_rule == NULL)
		return error;
	*new_target = target;
	*new_rule = rule;
	if (path.pos > 0)
		error = add_places(&r, &path, (uint16_t)(r.rules.count - 1));
	if (error == 0)
		close_lists(&r);
	return error;
}
