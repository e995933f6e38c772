#include "spans.h"

#include <assert.h>
#include <stdlib.h>

#include "muster/decide.h"
#include "muster/error.h"

enum product product_of(struct slice insurance_line)
{
	static const struct {
		const char *line;
		enum product product;
	} known[] = {
		{"HLT", PRODUCT_MEDICAL}, {"HMO", PRODUCT_MEDICAL}, {"PPO", PRODUCT_MEDICAL}, {"POS", PRODUCT_MEDICAL},
		{"EPO", PRODUCT_MEDICAL}, {"MM", PRODUCT_MEDICAL},  {"DEN", PRODUCT_DENTAL},  {"DCP", PRODUCT_DENTAL},
		{"VIS", PRODUCT_VISION},  {"PDG", PRODUCT_DRUG},    {"MOD", PRODUCT_DRUG},
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]) && insurance_line.len > 0; i++)
		if (known[i].line[0] == insurance_line.data[0] && slice_is(insurance_line, known[i].line))
			return known[i].product;
	return PRODUCT_OTHER;
}

bool product_same(struct slice line_a, struct slice line_b)
{
	enum product a = product_of(line_a);

	return a == PRODUCT_OTHER ? slice_equal(line_a, line_b) : a == product_of(line_b);
}

bool decide_same_product(struct slice line_a, struct slice line_b)
{
	return product_same(line_a, line_b);
}

bool span_matches(const struct coverage_span *span, const struct span_filter *filter)
{
	if (filter == NULL)
		return true;
	if (filter->group_id.len > 0 && !slice_equal(filter->group_id, span->group_id))
		return false;
	if (filter->plan_id.len > 0 && !slice_equal(filter->plan_id, span->plan_id))
		return false;
	return filter->insurance_line.len == 0 || product_same(filter->insurance_line, span->insurance_line);
}

int end_compare(date_day a, date_day b)
{
	if (a == b)
		return 0;
	if (a == DATE_NONE || b == DATE_NONE)
		return a == DATE_NONE ? 1 : -1;
	return a < b ? -1 : 1;
}

bool dates_overlap(date_day a_begins, date_day a_ends, date_day b_begins, date_day b_ends)
{
	if ((a_ends != DATE_NONE && a_ends < a_begins) || (b_ends != DATE_NONE && b_ends < b_begins))
		return false;
	return (a_ends == DATE_NONE || b_begins <= a_ends) && (b_ends == DATE_NONE || a_begins <= b_ends);
}

static int order(const void *a, const void *b)
{
	const struct coverage_span *x = &((const struct work_span *)a)->span, *y = &((const struct work_span *)b)->span;
	int by_line;

	if (x->begins_on != y->begins_on)
		return x->begins_on < y->begins_on ? -1 : 1;
	by_line = slice_compare(x->insurance_line, y->insurance_line);
	if (by_line != 0)
		return by_line;
	return ((const struct work_span *)a)->id < ((const struct work_span *)b)->id ? -1 : 1;
}

int spans_load(struct arena *arena, const struct coverage_span *spans, uint32_t count, uint32_t *ids,
	       struct span_list *ret_list)
{
	struct work_span *items = arena_alloc_array(arena, count + 1, sizeof(*items));
	uint32_t i;

	if (items == NULL)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		items[i] = (struct work_span){spans[i], (int32_t)i, ++*ids};
	*ret_list = (struct span_list){items, count};
	return 0;
}

uint32_t spans_index(const struct span_list *list, uint32_t id)
{
	uint32_t i = 0;

	while (i < list->count && list->items[i].id != id)
		i++;
	assert(i < list->count);
	return i;
}

int32_t spans_find_overlap(const struct span_list *list, const struct span_filter *filter, date_day begins,
			   date_day ends, uint32_t except_id)
{
	uint32_t i;

	for (i = 0; i < list->count; i++) {
		const struct coverage_span *span = &list->items[i].span;

		if (list->items[i].id != except_id && !span->voided && span_matches(span, filter) &&
		    dates_overlap(span->begins_on, span->ends_on, begins, ends))
			return (int32_t)i;
	}
	return -1;
}

int32_t spans_find_last(const struct span_list *list, const struct span_filter *filter)
{
	uint32_t i;

	for (i = list->count; i > 0; i--)
		if (!list->items[i - 1].span.voided && span_matches(&list->items[i - 1].span, filter))
			return (int32_t)i - 1;
	return -1;
}

bool spans_active_from(const struct span_list *list, const struct span_filter *filter, date_day day)
{
	return spans_find_overlap(list, filter, day, DATE_NONE, 0) >= 0;
}

/* A fresh copy with room for one more: the old one stays as it was for whoever holds it. */
static int spans_copy(struct arena *arena, struct span_list *list)
{
	struct work_span *items = arena_alloc_array(arena, list->count + 1, sizeof(*items));

	if (items == NULL)
		return -ENOMEM;
	if (list->count > 0)
		memcpy(items, list->items, list->count * sizeof(*items));
	list->items = items;
	return 0;
}

int spans_insert(struct arena *arena, struct span_list *list, const struct coverage_span *span, uint32_t *ids,
		 uint32_t *ret_id)
{
	if (spans_copy(arena, list) < 0)
		return -ENOMEM;
	list->items[list->count++] = (struct work_span){*span, -1, ++*ids};
	qsort(list->items, list->count, sizeof(*list->items), order);
	*ret_id = *ids;
	return 0;
}

int spans_replace(struct arena *arena, struct span_list *list, uint32_t id, const struct coverage_span *span)
{
	if (spans_copy(arena, list) < 0)
		return -ENOMEM;
	list->items[spans_index(list, id)].span = *span;
	qsort(list->items, list->count, sizeof(*list->items), order);
	return 0;
}

struct coverage_span span_ended(const struct coverage_span *span, date_day day)
{
	struct coverage_span ended = *span;

	if (day < span->begins_on)
		ended.voided = true;
	else
		ended.ends_on = day;
	return ended;
}

bool spans_are_disjoint(const struct coverage_span *spans, uint32_t count)
{
	uint32_t i, j;

	for (i = 0; i < count; i++)
		for (j = i + 1; j < count; j++)
			if (!spans[i].voided && !spans[j].voided && slice_equal(spans[i].group_id, spans[j].group_id) &&
			    product_same(spans[i].insurance_line, spans[j].insurance_line) &&
			    dates_overlap(spans[i].begins_on, spans[i].ends_on, spans[j].begins_on, spans[j].ends_on))
				return false;
	return true;
}
