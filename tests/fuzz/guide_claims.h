/*
 * guide_claims: what a walker relies on in a compiled guide, whoever wrote it: indices in range, loops that open with a
 * required segment, sorted codes, siblings told apart, and no more of anything than the walker has room for.
 */
#ifndef MUSTER_TESTS_FUZZ_GUIDE_CLAIMS_H
#define MUSTER_TESTS_FUZZ_GUIDE_CLAIMS_H

#include "fuzz.h"
#include "muster/guide.h"

static void check_codes(const struct guide *guide, uint16_t index)
{
	const struct guide_code_list *list = &guide->code_lists[index];
	uint32_t i;

	FUZZ_CLAIM(index < guide->code_list_count && list->first + list->count <= guide->code_count);
	for (i = list->first; i < list->first + list->count; i++) {
		FUZZ_CLAIM(i == list->first || slice_compare(guide->codes[i - 1].code, guide->codes[i].code) < 0);
		FUZZ_CLAIM(guide_code_find(guide, index, guide->codes[i].code) == i);
	}
}

static void check_element(const struct guide *guide, const struct guide_element *element, uint32_t pos)
{
	uint32_t i;

	FUZZ_CLAIM(element->pos == pos && element->repeat >= 1 && element->min <= element->max);
	FUZZ_CLAIM(element->first_component + element->component_count <= guide->element_count);
	FUZZ_CLAIM(element->first_relation + element->relation_count <= guide->relation_count);
	if (element->codes != GUIDE_NONE)
		check_codes(guide, element->codes);
	for (i = 0; i < element->component_count; i++)
		check_element(guide, &guide->elements[element->first_component + i], i + 1);
}

static const struct guide_segment *opening(const struct guide *guide, const struct guide_node *node)
{
	if (node->is_loop)
		node = &guide->nodes[guide->loops[node->index].first_node];
	FUZZ_CLAIM(!node->is_loop && node->index < guide->segment_count);
	return &guide->segments[node->index];
}

/* A qualifier's code is taken by one sibling only. */
static void check_siblings(const struct guide *guide, const struct guide_loop *loop)
{
	uint32_t i, j, k;

	for (i = 0; i < loop->node_count; i++) {
		const struct guide_segment *segment = opening(guide, &guide->nodes[loop->first_node + i]);
		const struct guide_code_list *list;

		if (segment->qualifier_pos == 0)
			continue;
		FUZZ_CLAIM(guide_qualifier_codes(guide, segment) < guide->code_list_count);
		list = &guide->code_lists[guide_qualifier_codes(guide, segment)];
		for (j = 0; j < loop->node_count; j++) {
			const struct guide_segment *other = opening(guide, &guide->nodes[loop->first_node + j]);

			for (k = list->first; j != i && other->qualifier_pos > 0 && k < list->first + list->count; k++)
				FUZZ_CLAIM(!guide_segment_matches(guide, other, slice_from(segment->id),
								  guide->codes[k].code));
		}
	}
}

__attribute__((unused)) static void check_guide(const struct guide *guide)
{
	uint32_t i, j;

	FUZZ_CLAIM(guide->loop_count >= 1 && guide->segment_count >= 1);
	FUZZ_CLAIM(guide->node_count == guide->segment_count + guide->loop_count - 1);
	for (i = 0; i < guide->loop_count; i++) {
		const struct guide_loop *loop = &guide->loops[i];
		const struct guide_segment *first = opening(guide, &guide->nodes[loop->first_node]);

		FUZZ_CLAIM(loop->node_count <= GUIDE_LOOP_PLACES_MAX);
		FUZZ_CLAIM(loop->node_count >= 1 && loop->first_node + loop->node_count <= guide->node_count);
		/* An overlay that forbids a loop forbids what opens it. */
		FUZZ_CLAIM(first->usage == (loop->usage == GUIDE_NOT_USED ? GUIDE_NOT_USED : GUIDE_REQUIRED));
		FUZZ_CLAIM(first->repeat == 1 && first->loop == i);
		FUZZ_CLAIM(i == 0 || (loop->parent < i && loop->depth == guide->loops[loop->parent].depth + 1));
		check_siblings(guide, loop);
	}
	for (i = 0; i < guide->segment_count; i++) {
		const struct guide_segment *segment = &guide->segments[i];

		FUZZ_CLAIM(segment->loop < guide->loop_count && segment->ordinal >= 1);
		FUZZ_CLAIM(guide_knows_segment(guide, slice_from(segment->id)));
		for (j = 1; j <= segment->element_count; j++)
			check_element(guide, guide_element_at(guide, segment, j), j);
	}
}

#endif
