/*
 * What a compiled guide must keep so that a walker can trust it: loops open with a segment that is required once, and
 * siblings of one id can be told apart.
 */
#include "compile.h"

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
