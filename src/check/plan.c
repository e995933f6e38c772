/*
 * A guide laid out for walking: symbols, places, code tables.
 *
 * A symbol stands for "segment id with this qualifier". Each id has one symbol for qualifiers that no place of the
 * guide asks for, and one more for each qualifier that some place asks for, numbered right behind it.
 */
#include "plan.h"

#include <assert.h>
#include <errno.h>

#include "sense.h"

static uint32_t power_of_two(uint32_t at_least)
{
	uint32_t n = 8;
	while (n < at_least)
		n *= 2;
	return n;
}

static struct slice segment_id(const struct guide_segment *segment)
{
	return slice_from(segment->id);
}

/* The code list that tells `segment` from others of its id, or NULL when any qualifier will do. */
static const struct guide_code_list *qualifier_list(const struct guide *guide, const struct guide_segment *segment)
{
	uint16_t codes;
	if (segment->qualifier_pos == 0)
		return NULL;
	codes = guide_qualifier_codes(guide, segment);
	return codes == GUIDE_NONE || guide->code_lists[codes].external ? NULL : &guide->code_lists[codes];
}

static struct plan_id *id_slot(struct check_plan *plan, uint32_t key)
{
	uint32_t i = plan_mix(key) & (PLAN_ID_SLOTS - 1);
	while (plan->ids[i].key != 0 && plan->ids[i].key != key)
		i = (i + 1) & (PLAN_ID_SLOTS - 1);
	return &plan->ids[i];
}

/* Number the qualifiers of all segments that bear the id of `entry`. */
static void number_qualifiers(struct check_plan *plan, struct plan_id *entry)
{
	const struct guide *guide = plan->guide;
	for (uint16_t s = 0; s < guide->segment_count; s++) {
		const struct guide_segment *segment = &guide->segments[s];
		const struct guide_code_list *list = qualifier_list(guide, segment);
		if (value_pack(segment_id(segment)) != entry->key || list == NULL)
			continue;
		if (entry->qualifier_pos == 0)
			entry->qualifier_pos = segment->qualifier_pos;
		if (segment->qualifier_pos != entry->qualifier_pos)
			continue;
		entry->listed = true;
		entry->composite =
			guide->elements[segment->first_element + segment->qualifier_pos - 1].component_count > 0;
		for (uint32_t i = 0; i < list->count; i++) {
			uint32_t qualifier = value_pack(guide->codes[list->first + i].code);
			struct plan_symbol *slot = plan_symbol_slot(plan, entry->key, qualifier);
			if (slot->key == 0)
				*slot = (struct plan_symbol){.key = (uint64_t)entry->key << 32 | qualifier,
							     .symbol = plan->symbol_count++};
		}
	}
}

/* Two or three capitals and digits, and none of the ids of envelopes. */
static bool is_body(struct slice id)
{
	static const char *const envelopes[] = {"ISA", "IEA", "TA1", "GS", "GE", "ST", "SE"};
	for (size_t i = 0; i < sizeof(envelopes) / sizeof(envelopes[0]); i++)
		if (slice_is(id, envelopes[i]))
			return false;
	for (size_t i = 0; i < id.len; i++)
		if (!(id.data[i] >= 'A' && id.data[i] <= 'Z') && (i == 0 || id.data[i] < '0' || id.data[i] > '9'))
			return false;
	return id.len == 2 || id.len == 3;
}

/* What is asked of a symbol by its number. */
static int describe_symbols(struct arena *arena, struct check_plan *plan)
{
	plan->marks = arena_alloc_array(arena, plan->symbol_count + 1u, sizeof(*plan->marks));
	plan->numbers = arena_alloc_array(arena, plan->symbol_count + 1u, sizeof(*plan->numbers));
	if (plan->marks == NULL || plan->numbers == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i <= plan->symbol_mask; i++) {
		const struct plan_symbol *slot = &plan->symbols[i];
		uint32_t id = (uint32_t)(slot->key >> 32), number;
		if (slot->key == 0)
			continue;
		plan->marks[slot->symbol] = sense_mark_of(id, (uint32_t)slot->key);
		number = (uint32_t)(slot->symbol - id_slot(plan, id)->symbol);
		plan->numbers[slot->symbol] = number <= PLAN_NUMBER_MAX ? (uint8_t)number : 0;
	}
	return 0;
}

static int make_symbols(struct arena *arena, struct check_plan *plan)
{
	const struct guide *guide = plan->guide;
	uint32_t qualifiers = 0, ids = 0;
	for (uint16_t s = 0; s < guide->segment_count; s++) {
		const struct guide_code_list *list = qualifier_list(guide, &guide->segments[s]);
		qualifiers += list != NULL ? list->count : 0;
	}
	plan->symbol_mask = power_of_two(qualifiers * 2) - 1;
	plan->symbols = arena_alloc_array(arena, plan->symbol_mask + 1, sizeof(*plan->symbols));
	if (plan->symbols == NULL)
		return -ENOMEM;
	for (uint16_t s = 0; s < guide->segment_count; s++) {
		uint32_t key = value_pack(segment_id(&guide->segments[s]));
		struct plan_id *entry = id_slot(plan, key);
		if (entry->key != 0)
			continue;
		ids++;
		assert(ids < PLAN_ID_SLOTS / 2);
		*entry = (struct plan_id){
			.key = key, .symbol = plan->symbol_count++, .body = is_body(segment_id(&guide->segments[s]))};
		number_qualifiers(plan, entry);
	}
	return describe_symbols(arena, plan);
}

static enum plan_kind kind_of(const struct guide *guide, const struct guide_element *element)
{
	if (element->usage == GUIDE_NOT_USED)
		return PLAN_UNUSED;
	if (element->type == GUIDE_COMPOSITE)
		return PLAN_COMPOSITE;
	if (element->format == GUIDE_FORMAT_BY_QUALIFIER)
		return PLAN_PERIOD;
	if (element->format == GUIDE_FORMAT_ID_BY_QUALIFIER)
		return PLAN_IDENTITY;
	if (element->format == GUIDE_FORMAT_PHONE_BY_QUALIFIER)
		return PLAN_PHONE;
	if (element->format == GUIDE_FORMAT_ZIP)
		return PLAN_ZIP;
	if (element->codes != GUIDE_NONE)
		return guide->code_lists[element->codes].external ? PLAN_EXTERNAL : PLAN_CODE;
	switch (element->type) {
	case GUIDE_N:
		return PLAN_INTEGER;
	case GUIDE_R:
		return PLAN_DECIMAL;
	case GUIDE_DT:
		return PLAN_DATE;
	case GUIDE_TM:
		return PLAN_TIME;
	case GUIDE_AN:
	case GUIDE_ID:
	case GUIDE_B:
	case GUIDE_COMPOSITE:
		break;
	}
	return PLAN_TEXT;
}

static int make_elements(struct arena *arena, struct check_plan *plan)
{
	const struct guide *guide = plan->guide;
	plan->elements = arena_alloc_array(arena, guide->element_count + 1u, sizeof(*plan->elements));
	if (plan->elements == NULL)
		return -ENOMEM;
	for (uint16_t i = 0; i < guide->element_count; i++) {
		const struct guide_element *element = &guide->elements[i];
		plan->elements[i] = (struct plan_element){.kind = (uint8_t)kind_of(guide, element),
							  .min = element->min,
							  .span = (uint16_t)(element->max - element->min),
							  .codes = element->codes};
	}
	return 0;
}

static int make_codes(struct arena *arena, struct check_plan *plan)
{
	const struct guide *guide = plan->guide;
	plan->codes = arena_alloc_array(arena, guide->code_list_count + 1u, sizeof(*plan->codes));
	if (plan->codes == NULL)
		return -ENOMEM;
	for (uint16_t l = 0; l < guide->code_list_count; l++) {
		const struct guide_code_list *list = &guide->code_lists[l];
		struct plan_codes *codes = &plan->codes[l];
		uint32_t *slots;
		codes->mask = power_of_two(list->count * 2) - 1;
		slots = arena_alloc_array(arena, codes->mask + 1, sizeof(*slots));
		if (slots == NULL)
			return -ENOMEM;
		codes->slots = slots;
		codes->packed = true;
		for (uint32_t i = 0; i < list->count && codes->packed; i++) {
			struct slice code = guide->codes[list->first + i].code;
			uint32_t at = plan_mix(value_pack(code)) & codes->mask;
			codes->packed = code.len <= 4;
			while (slots[at] != 0)
				at = (at + 1) & codes->mask;
			slots[at] = value_pack(code);
		}
	}
	for (uint16_t i = 0; i < guide->element_count; i++) {
		const uint16_t list = plan->elements[i].codes;
		if (plan->elements[i].kind == PLAN_CODE && plan->codes[list].packed &&
		    guide->code_lists[list].count > 0)
			plan->elements[i].usual = value_pack(guide->codes[guide->code_lists[list].first].code);
	}
	return 0;
}

static struct plan_relation relation_of(const struct guide_relation *relation)
{
	struct plan_relation r = {.kind = relation->kind, .first = UINT64_C(1) << (relation->pos[0] - 1)};
	for (uint8_t i = 1; i < relation->count; i++)
		r.rest |= UINT64_C(1) << (relation->pos[i] - 1);
	return r;
}

static int make_segments(struct arena *arena, struct check_plan *plan)
{
	const struct guide *guide = plan->guide;
	plan->segments = arena_alloc_array(arena, guide->segment_count + 1u, sizeof(*plan->segments));
	plan->relations = arena_alloc_array(arena, guide->relation_count + 1u, sizeof(*plan->relations));
	if (plan->segments == NULL || plan->relations == NULL)
		return -ENOMEM;
	for (uint16_t r = 0; r < guide->relation_count; r++)
		plan->relations[r] = relation_of(&guide->relations[r]);
	for (uint16_t s = 0; s < guide->segment_count; s++) {
		const struct guide_segment *from = &guide->segments[s];
		struct plan_segment *segment = &plan->segments[s];
		assert(from->element_count <= 64);
		segment->elements = &plan->elements[from->first_element];
		segment->element_count = (uint8_t)from->element_count;
		segment->relations = &plan->relations[from->first_relation];
		segment->relation_count = (uint8_t)from->relation_count;
		segment->qualifier_pos = from->qualifier_pos;
		segment->sense = (uint8_t)sense_of_segment(guide, from);
		segment->not_used = from->usage == GUIDE_NOT_USED;
		for (uint16_t e = 0; e < from->element_count; e++) {
			enum guide_usage usage = guide->elements[from->first_element + e].usage;
			segment->required |= (uint64_t)(usage == GUIDE_REQUIRED) << e;
		}
	}
	return 0;
}

/* The segment whose arrival opens `loop`: guides see to it that the first node is one. */
static uint16_t opener_of(const struct guide *guide, uint16_t loop)
{
	const struct guide_node *node = &guide->nodes[guide->loops[loop].first_node];
	assert(!node->is_loop);
	return node->index;
}

static void make_node(struct check_plan *plan, uint16_t loop, uint16_t local, uint8_t *once_slots)
{
	const struct guide *guide = plan->guide;
	uint16_t index = (uint16_t)(guide->loops[loop].first_node + local);
	const struct guide_node *from = &guide->nodes[index];
	const struct guide_segment *segment = &guide->segments[from->is_loop ? 0 : from->index];
	const struct guide_loop *child = &guide->loops[from->is_loop ? from->index : 0];
	struct plan_node *node = &plan->nodes[index];

	node->loop = loop;
	node->local = (uint8_t)local;
	node->depth = guide->loops[loop].depth;
	node->child = from->is_loop ? from->index : PLAN_NONE;
	node->segment = from->is_loop ? opener_of(guide, from->index) : from->index;
	node->repeat = from->is_loop ? child->repeat : segment->repeat;
	node->ordinal = from->is_loop ? child->ordinal : segment->ordinal;
	node->opens_here = local == 0;
	if (!from->is_loop && segment->qualifier_once && *once_slots < PLAN_ONCE_SLOTS)
		node->once_slot = ++*once_slots;
	if ((from->is_loop ? child->usage : segment->usage) == GUIDE_REQUIRED) {
		uint32_t bit = (uint32_t)__builtin_popcountll(plan->loops[loop].required);
		assert(bit < PLAN_REQUIRED_MAX);
		node->required_bit = UINT64_C(1) << bit;
		plan->loops[loop].required |= node->required_bit;
	}
}

static void make_loop(struct check_plan *plan, uint16_t l)
{
	const struct guide *guide = plan->guide;
	const struct guide_loop *from = &guide->loops[l];
	struct plan_loop *loop = &plan->loops[l];
	uint8_t once_slots = 0;

	*loop = (struct plan_loop){
		.first_node = from->first_node, .node_count = from->node_count, .first_segment = opener_of(guide, l)};
	loop->is_member = slice_starts_with(slice_from(from->id), "2000");
	loop->is_line =
		slice_is(guide->set_id, "820") ? slice_starts_with(slice_from(from->id), "2300") : loop->is_member;
	loop->sense = (uint8_t)sense_of_loop(guide, from);
	assert(from->node_count <= UINT8_MAX);
	for (uint16_t i = 0; i < from->node_count; i++)
		make_node(plan, l, i, &once_slots);
	loop->has_once = once_slots > 0;
	for (uint16_t i = 0; i < from->node_count; i++) {
		struct plan_node *node = &plan->nodes[from->first_node + i];
		for (uint16_t j = 0; j < from->node_count; j++) {
			const struct plan_node *other = &plan->nodes[from->first_node + j];
			if (other->ordinal < node->ordinal)
				node->required_before |= other->required_bit;
		}
	}
	if (from->node_count > plan->node_max)
		plan->node_max = from->node_count;
}

static int make_loops(struct arena *arena, struct check_plan *plan)
{
	const struct guide *guide = plan->guide;
	plan->loops = arena_alloc_array(arena, guide->loop_count + 1u, sizeof(*plan->loops));
	plan->nodes = arena_alloc_array(arena, guide->node_count + 1u, sizeof(*plan->nodes));
	if (plan->loops == NULL || plan->nodes == NULL)
		return -ENOMEM;
	for (uint16_t l = 0; l < guide->loop_count; l++)
		make_loop(plan, l);
	plan->se = PLAN_NONE;
	plan->st = plan->loops[0].first_segment;
	for (uint16_t s = 0; s < guide->segment_count; s++)
		if (slice_is(segment_id(&guide->segments[s]), "SE"))
			plan->se = s;
	return 0;
}

/* Put `node` before the others that take `symbol` in its loop. */
static void link_symbol(struct check_plan *plan, uint16_t node, uint16_t symbol, uint32_t *links)
{
	uint16_t *head = &plan->heads[(uint32_t)plan->nodes[node].loop * plan->symbol_count + symbol];
	plan->links[*links] = (struct plan_link){.node = node, .next = *head};
	*head = (uint16_t)(*links)++;
}

/* Does a sibling of `node` ask for this very symbol? Then it is the sibling's. */
static bool is_siblings(const struct check_plan *plan, uint16_t node, uint32_t id, const struct plan_symbol *symbol)
{
	const struct guide *guide = plan->guide;
	const struct plan_loop *loop = &plan->loops[plan->nodes[node].loop];
	for (uint16_t i = 0; i < loop->node_count; i++) {
		const struct guide_segment *segment = &guide->segments[plan->nodes[loop->first_node + i].segment];
		const struct guide_code_list *list = qualifier_list(guide, segment);
		if (list == NULL || value_pack(segment_id(segment)) != id)
			continue;
		for (uint32_t c = 0; c < list->count; c++)
			if ((uint32_t)symbol->key == value_pack(guide->codes[list->first + c].code))
				return true;
	}
	return false;
}

/* Link a node that takes every symbol of its id but those of its siblings. With `links` NULL only count. */
static uint32_t link_any(struct check_plan *plan, uint16_t node, const struct plan_id *entry, uint32_t *links)
{
	uint32_t count = 1;
	for (uint32_t i = 0; i <= plan->symbol_mask; i++) {
		const struct plan_symbol *symbol = &plan->symbols[i];
		if (symbol->key >> 32 != entry->key || is_siblings(plan, node, entry->key, symbol))
			continue;
		if (links != NULL)
			link_symbol(plan, node, symbol->symbol, links);
		count++;
	}
	if (links != NULL)
		link_symbol(plan, node, entry->symbol, links);
	return count;
}

/* Link `node` under the symbols that it takes. With `links` NULL only count. */
static uint32_t link_node(struct check_plan *plan, uint16_t node, uint32_t *links)
{
	const struct guide *guide = plan->guide;
	const struct guide_segment *segment = &guide->segments[plan->nodes[node].segment];
	const struct guide_code_list *list = qualifier_list(guide, segment);
	const struct plan_id *entry = plan_find_id(plan, segment_id(segment));

	if (list == NULL || segment->qualifier_pos != entry->qualifier_pos)
		return link_any(plan, node, entry, links);
	for (uint32_t i = 0; links != NULL && i < list->count; i++) {
		uint32_t qualifier = value_pack(guide->codes[list->first + i].code);
		link_symbol(plan, node, plan_symbol_slot(plan, entry->key, qualifier)->symbol, links);
	}
	return list->count;
}

static int make_links(struct arena *arena, struct check_plan *plan)
{
	uint32_t cells = (uint32_t)plan->guide->loop_count * plan->symbol_count, count = 0, used = 0;
	for (uint16_t n = 0; n < plan->guide->node_count; n++)
		count += link_node(plan, n, NULL);
	assert(count < PLAN_NONE);
	plan->heads = arena_alloc_array(arena, cells + 1, sizeof(*plan->heads));
	plan->links = arena_alloc_array(arena, count + 1, sizeof(*plan->links));
	if (plan->heads == NULL || plan->links == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < cells; i++)
		plan->heads[i] = PLAN_NONE;
	for (uint16_t l = 0; l < plan->guide->loop_count; l++)
		plan->loops[l].heads = plan->heads + (size_t)l * plan->symbol_count;
	for (uint16_t n = plan->guide->node_count; n-- > 0;)
		(void)link_node(plan, n, &used);
	return 0;
}

/* A node that is full as soon as its loop is open. */
static bool is_full_at_once(const struct plan_node *node)
{
	return node->opens_here && node->repeat <= 1;
}

/* The node that a symbol moves to from inside `loop`. */
static uint16_t move_of(const struct check_plan *plan, uint16_t loop, uint16_t symbol)
{
	for (; loop != GUIDE_NONE; loop = plan->guide->loops[loop].parent)
		for (uint16_t l = plan_head(plan, loop, symbol); l != PLAN_NONE; l = plan->links[l].next) {
			uint16_t node = plan->links[l].node;
			if (!is_full_at_once(&plan->nodes[node]))
				return plan->segments[plan->nodes[node].segment].straight ? node : PLAN_NONE;
		}
	return PLAN_NONE;
}

static int make_moves(struct arena *arena, struct check_plan *plan)
{
	plan->moves = arena_alloc_array(arena, (size_t)plan->guide->loop_count * plan->symbol_count + 1,
					sizeof(*plan->moves));
	if (plan->moves == NULL)
		return -ENOMEM;
	for (uint16_t l = 0; l < plan->guide->loop_count; l++) {
		uint16_t *row = plan->moves + (size_t)l * plan->symbol_count;
		plan->loops[l].moves = row;
		for (uint16_t symbol = 0; symbol < plan->symbol_count; symbol++)
			row[symbol] = move_of(plan, l, symbol);
	}
	return 0;
}

static struct plan_question question_of(const struct guide_question *from)
{
	return (struct plan_question){from->pos, from->component_pos, from->first_value, from->value_count};
}

static uint64_t element_bit(uint8_t pos)
{
	return pos != 0 ? UINT64_C(1) << (pos - 1) : 0;
}

/* What of a rule is about facts. */
static struct plan_rule ask_facts(const struct guide *guide, uint16_t index)
{
	const struct guide_rule *from = &guide->rules[index];
	struct plan_rule rule = {.rule = index, .forbids = from->forbids};

	for (uint16_t i = 0; i < from->test_count; i++) {
		const struct guide_test *test = &guide->tests[from->first_test + i];
		if (test->fact != GUIDE_NONE)
			plan_fact_set(test->wanted ? &rule.held : &rule.unheld, test->fact);
	}
	for (uint16_t i = 0; i < from->target_count; i++)
		if (guide->targets[from->first_target + i].fact != GUIDE_NONE)
			plan_fact_set(&rule.sent, guide->targets[from->first_target + i].fact);
	return rule;
}

/* What of a rule that stands at a segment is about its elements. */
static void ask_elements(const struct guide *guide, struct plan_rule *rule)
{
	const struct guide_rule *from = &guide->rules[rule->rule];
	bool elements_only = true;

	for (uint16_t i = 0; i < from->test_count; i++) {
		const struct guide_test *test = &guide->tests[from->first_test + i];
		if (test->wanted && test->fact == GUIDE_NONE)
			rule->needs |= element_bit(test->question.pos);
	}
	for (uint16_t i = 0; i < from->target_count; i++) {
		const struct guide_target *target = &guide->targets[from->first_target + i];
		elements_only = elements_only && target->pos != 0;
		/* A composite that is there may lack the component that is required. */
		if (from->forbids)
			rule->forbidden |= element_bit(target->pos);
		else if (target->component_pos == 0)
			rule->enough |= element_bit(target->pos);
	}
	if (!elements_only)
		rule->forbidden = 0;
}

/* The facts that the segment tells by being there, and the sources that ask about it. */
static void divide_sources(const struct check_plan *plan, struct plan_segment *segment)
{
	for (uint16_t i = 0; i < segment->source_count; i++) {
		const struct plan_source *source = &plan->sources[segment->first_source + i];
		if (source->qualifier == 0 && source->question.pos == 0)
			plan_fact_set(&segment->told, source->fact);
		else
			segment->asks |= UINT64_C(1) << i;
	}
}

/* What each segment can tell, side by side. */
static void sort_sources(struct check_plan *plan)
{
	const struct guide *guide = plan->guide;
	uint16_t n = 0;
	for (uint16_t s = 0; s < guide->segment_count; s++) {
		struct plan_segment *segment = &plan->segments[s];
		segment->first_source = n;
		for (uint16_t i = 0; i < guide->source_count; i++) {
			const struct guide_source *from = &guide->sources[i];
			if (from->segment != s)
				continue;
			if (from->qualifier.len > 0)
				segment->source_qualifier_pos = segment->qualifier_pos;
			plan->sources[n++] = (struct plan_source){
				.qualifier = from->qualifier.len > 0 ? value_pack(from->qualifier) : 0,
				.fact = from->fact,
				.question = question_of(&guide->facts[from->fact].question),
			};
			plan->sources[n - 1].needs = element_bit(plan->sources[n - 1].question.pos);
		}
		segment->source_count = (uint16_t)(n - segment->first_source);
		if (segment->source_count <= PLAN_STRAIGHT_MAX)
			divide_sources(plan, segment);
	}
}

/* The rules of each segment, then those of each loop, side by side. */
static void sort_rules(struct check_plan *plan)
{
	const struct guide *guide = plan->guide;
	uint16_t n = 0;
	for (uint16_t s = 0; s < guide->segment_count; s++) {
		struct plan_segment *segment = &plan->segments[s];
		segment->first_rule = n;
		for (uint16_t i = 0; i < guide->rule_place_count; i++) {
			if (guide->rule_places[i].segment != s)
				continue;
			plan->rules[n] = ask_facts(guide, guide->rule_places[i].rule);
			ask_elements(guide, &plan->rules[n++]);
		}
		segment->rule_count = (uint16_t)(n - segment->first_rule);
		segment->ruled = segment->rule_count > 0 || segment->source_count > 0;
		segment->straight = segment->rule_count <= PLAN_STRAIGHT_MAX &&
				    segment->source_count <= PLAN_STRAIGHT_MAX && !segment->not_used &&
				    sense_tells((enum sense_of)segment->sense);
	}
	for (uint16_t l = 0; l < guide->loop_count; l++) {
		struct plan_loop *loop = &plan->loops[l];
		loop->first_rule = n;
		for (uint16_t i = 0; i < guide->rule_count; i++)
			if (guide->rules[i].loop == l) {
				plan->rules[n] = ask_facts(guide, i);
				plan_facts_add(&loop->asked, &plan->rules[n].held);
				plan_facts_add(&loop->asked, &plan->rules[n].unheld);
				plan_facts_add(&loop->asked, &plan->rules[n++].sent);
			}
		loop->rule_count = (uint16_t)(n - loop->first_rule);
	}
	for (uint16_t i = 0; i < guide->fact_count; i++) {
		plan->loops[guide->facts[i].loop].forgets = true;
		plan_fact_set(&plan->loops[guide->facts[i].loop].forgotten, i);
	}
}

static int make_rules(struct arena *arena, struct check_plan *plan)
{
	const struct guide *guide = plan->guide;
	plan->tests = arena_alloc_array(arena, guide->test_count + 1u, sizeof(*plan->tests));
	plan->values = arena_alloc_array(arena, guide->value_count + 1u, sizeof(*plan->values));
	plan->sources = arena_alloc_array(arena, guide->source_count + 1u, sizeof(*plan->sources));
	plan->rules = arena_alloc_array(arena, (size_t)guide->rule_place_count + guide->rule_count + 1u,
					sizeof(*plan->rules));
	if (plan->tests == NULL || plan->values == NULL || plan->sources == NULL || plan->rules == NULL)
		return -ENOMEM;
	for (uint16_t i = 0; i < guide->test_count; i++)
		plan->tests[i] = (struct plan_test){guide->tests[i].wanted, guide->tests[i].fact,
						    question_of(&guide->tests[i].question)};
	for (uint16_t i = 0; i < guide->value_count; i++)
		plan->values[i] = value_pack(guide->values[i]);
	sort_sources(plan);
	sort_rules(plan);
	return 0;
}

int plan_new(struct arena *arena, const struct guide *guide, struct check_plan **ret_plan)
{
	struct check_plan *plan = arena_alloc(arena, sizeof(*plan));
	int r;
	if (plan == NULL)
		return -ENOMEM;
	plan->guide = guide;
	if ((r = make_symbols(arena, plan)) < 0 || (r = make_elements(arena, plan)) < 0 ||
	    (r = make_codes(arena, plan)) < 0 || (r = make_segments(arena, plan)) < 0 ||
	    (r = make_loops(arena, plan)) < 0 || (r = make_links(arena, plan)) < 0 ||
	    (r = make_rules(arena, plan)) < 0 || (r = make_moves(arena, plan)) < 0)
		return r;
	*ret_plan = plan;
	return 0;
}

uint16_t plan_symbol_of(const struct check_plan *plan, const struct x12_segment *segment)
{
	const struct plan_id *entry = plan_find_id(plan, segment->id);
	struct slice qualifier;
	if (entry == NULL)
		return PLAN_NONE;
	if (!entry->listed || segment->element_count < entry->qualifier_pos)
		return entry->symbol;
	qualifier = segment->elements[entry->qualifier_pos - 1];
	if (entry->composite)
		qualifier = slice_of(qualifier.data, slice_find(qualifier, segment->separators->component, 0));
	return plan_symbol_with(plan, entry, value_pack(value_trim_end(qualifier)));
}
