/*
 * What a compiled guide must keep so that a walker can trust it: loops open with a segment that is required once, and
 * siblings of one id can be told apart; and there is no more of anything than he has room for.
 */
#include <assert.h>
#include <string.h>

#include "compile.h"

/* Elements of a segment are bits of a mask. */
static_assert(DICTIONARY_POSITIONS <= 64, "elements of a segment are bits of 64");

/* The segment that a node opens with; loops were checked to open with one. */
static const struct guide_segment *opening_segment(const struct guide *guide, const struct guide_node *node)
{
	return node->is_loop ? &guide->segments[guide->nodes[guide->loops[node->index].first_node].index]
			     : &guide->segments[node->index];
}

static bool share_a_code(const struct guide *guide, const struct guide_segment *a, const struct guide_segment *b)
{
	const struct guide_code_list *list = &guide->code_lists[guide_qualifier_codes(guide, b)];
	uint32_t i;

	for (i = 0; i < list->count; i++)
		if (guide_segment_matches(guide, a, slice_from(a->id), guide->codes[list->first + i].code))
			return true;
	return false;
}

/* Siblings of one id must be told apart by their qualifiers; one without takes the rest and stands last. */
static void check_siblings(struct guide_text *text, const struct guide *guide, const struct yaml_node *const *places,
			   const struct guide_loop *loop)
{
	const struct guide_node *nodes = guide->nodes + loop->first_node;
	uint32_t i, j;

	for (j = 1; j < loop->node_count; j++) {
		const struct guide_segment *b = opening_segment(guide, &nodes[j]);

		for (i = 0; i < j; i++) {
			const struct guide_segment *a = opening_segment(guide, &nodes[i]);

			if (strcmp(a->id, b->id) != 0)
				continue;
			if (a->qualifier_pos == 0 || (b->qualifier_pos > 0 && share_a_code(guide, a, b)))
				guide_complain_at_key(text, places[b - guide->segments],
						      "cannot be told from an earlier %s of this loop", b->id);
		}
	}
}

/* Loops may open with loops before this was checked; somewhere below there is a segment. */
static const struct guide_node *first_segment(const struct guide *guide, const struct guide_loop *loop)
{
	const struct guide_node *node = &guide->nodes[loop->first_node];

	while (node->is_loop)
		node = &guide->nodes[guide->loops[node->index].first_node];
	return node;
}

void guide_check_tree(struct guide_text *text, const struct guide *guide, const struct yaml_node *const *places)
{
	uint32_t i;

	for (i = 0; i < guide->loop_count; i++) {
		const struct guide_loop *loop = &guide->loops[i];
		const struct guide_node *node = first_segment(guide, loop);
		const struct guide_segment *segment = &guide->segments[node->index];

		if (guide->nodes[loop->first_node].is_loop || segment->usage != GUIDE_REQUIRED || segment->repeat != 1)
			guide_complain_at_key(text, places[node->index],
					      "loop \"%s\" does not open with a segment that is required once",
					      loop->id);
	}
	for (i = 0; i < guide->loop_count && !text->invalid; i++)
		check_siblings(text, guide, places, &guide->loops[i]);
}

/* ---- limits ---- */

struct id_use {
	const char *id;
	uint64_t codes; /* over all segments of this id: those that tell them apart */
};

struct limits {
	struct guide_text *text;
	const struct guide *guide;
	const struct yaml_node *const *places;
	const struct yaml_node *at;
	struct id_use uses[GUIDE_SEGMENT_IDS_MAX];
	uint32_t use_count;
};

static const struct yaml_node *place_of(const struct limits *limits, uint32_t segment)
{
	static const struct yaml_node beginning = {.line = 1, .column = 1, .key_line = 1, .key_column = 1};

	if (limits->places != NULL)
		return limits->places[segment];
	return limits->at != NULL ? limits->at : &beginning;
}

static uint32_t qualifier_count(const struct guide *guide, const struct guide_segment *segment)
{
	uint16_t codes = segment->qualifier_pos > 0 ? guide_qualifier_codes(guide, segment) : GUIDE_NONE;

	return codes == GUIDE_NONE || guide->code_lists[codes].external ? 0 : guide->code_lists[codes].count;
}

/* The use of this id; NULL, with a complaint, where it is one too many. */
static struct id_use *use_of(struct limits *limits, uint32_t segment)
{
	const char *id = limits->guide->segments[segment].id;

	for (uint32_t i = 0; i < limits->use_count; i++)
		if (strcmp(limits->uses[i].id, id) == 0)
			return &limits->uses[i];
	if (limits->use_count == GUIDE_SEGMENT_IDS_MAX) {
		guide_complain_at_key(limits->text, place_of(limits, segment),
				      "a guide has at most %u different segments", GUIDE_SEGMENT_IDS_MAX);
		return NULL;
	}
	limits->uses[limits->use_count] = (struct id_use){.id = id};
	return &limits->uses[limits->use_count++];
}

static void check_loop_limits(struct limits *limits, const struct guide_loop *loop)
{
	const struct guide *guide = limits->guide;
	const struct guide_node *nodes = guide->nodes + loop->first_node;
	const struct yaml_node *at = place_of(limits, first_segment(guide, loop)->index);
	uint32_t required = 0;

	for (uint32_t i = 0; i < loop->node_count; i++)
		required += (nodes[i].is_loop ? guide->loops[nodes[i].index].usage
					      : guide->segments[nodes[i].index].usage) == GUIDE_REQUIRED;
	if (loop->node_count > GUIDE_LOOP_PLACES_MAX)
		guide_complain_at_key(limits->text, at, "loop \"%s\" has %u places; a loop has at most %u", loop->id,
				      loop->node_count, GUIDE_LOOP_PLACES_MAX);
	if (required > GUIDE_LOOP_REQUIRED_MAX)
		guide_complain_at_key(limits->text, at, "loop \"%s\" has %u required places; at most %u can be",
				      loop->id, required, GUIDE_LOOP_REQUIRED_MAX);
}

/* Segments are found by their ids and by the codes that tell them apart: tables of what is counted here. */
static void check_table_limits(struct limits *limits)
{
	const struct guide *guide = limits->guide;
	uint64_t links = 0, codes = 0;
	struct id_use *use;

	for (uint32_t i = 0; i < guide->segment_count; i++) {
		use = use_of(limits, i);
		if (use == NULL)
			return;
		use->codes += qualifier_count(guide, &guide->segments[i]);
	}
	for (uint32_t i = 0; i < limits->use_count; i++)
		codes += 1 + limits->uses[i].codes;
	for (uint32_t i = 0; i < guide->node_count; i++) {
		use = use_of(limits, (uint32_t)(opening_segment(guide, &guide->nodes[i]) - guide->segments));
		links += use != NULL ? 1 + use->codes : 0;
	}
	if (links > GUIDE_LINKS_MAX || codes * guide->loop_count > GUIDE_CELLS_MAX)
		guide_complain_at_key(limits->text, place_of(limits, 0),
				      "too many codes tell the segments of this guide apart (%llu over all its places; "
				      "at most %u)",
				      (unsigned long long)links, GUIDE_LINKS_MAX);
}

void guide_check_limits(struct guide_text *text, const struct guide *guide, const struct yaml_node *const *places,
			const struct yaml_node *at)
{
	struct limits limits = {.text = text, .guide = guide, .places = places, .at = at};

	for (uint32_t i = 0; i < guide->loop_count; i++)
		check_loop_limits(&limits, &guide->loops[i]);
	check_table_limits(&limits);
}
