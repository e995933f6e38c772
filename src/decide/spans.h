/*
 * spans: arithmetic of coverage spans.
 *
 * Internal to decide. Both ends are inclusive and an open end is DATE_NONE; so the day after an end is end + 1, and
 * a span that ends before it begins was never effective: it is marked voided, counts nowhere, and is never removed.
 *
 * Invariant  two spans of one member in one group and one product class never share a day, voided ones apart.
 * Source     enrollment-semantics section 4.
 */
#ifndef DECIDE_SPANS_H
#define DECIDE_SPANS_H

#include "muster/arena.h"
#include "muster/member.h"

/* What excludes each other: an HMO and a PPO are both medical. Lines outside the list exclude only themselves. */
enum product { PRODUCT_MEDICAL, PRODUCT_DENTAL, PRODUCT_VISION, PRODUCT_DRUG, PRODUCT_OTHER };
enum product product_of(struct slice insurance_line);
bool product_same(struct slice line_a, struct slice line_b);

/* A span in work: it keeps its identity while others are put before it. */
struct work_span {
	struct coverage_span span;
	int32_t before_index; /* in the image's before.spans; -1 = new */
	uint32_t id;          /* within the family, from 1 */
};

/* A member's spans. Copied before each change, so that an older copy of this struct is a snapshot. */
struct span_list {
	struct work_span *items; /* sorted by begins_on, then insurance line */
	uint32_t count;
};

/* Which spans are meant. Empty slices and NULL mean any. */
struct span_filter {
	struct slice group_id, insurance_line, plan_id;
};

bool span_matches(const struct coverage_span *span, const struct span_filter *filter);
/* Do two stretches share a day? Ends may be DATE_NONE. A stretch that ends before it begins shares none. */
bool dates_overlap(date_day a_begins, date_day a_ends, date_day b_begins, date_day b_ends);
/* -1, 0, 1: open ends are later than any day. */
int end_compare(date_day a, date_day b);

/* 0 or -ENOMEM. `ids` counts up. */
int spans_load(struct arena *arena, const struct coverage_span *spans, uint32_t count, uint32_t *ids,
	       struct span_list *ret_list);
/* Index of the span with this id; it is there. */
uint32_t spans_index(const struct span_list *list, uint32_t id);
/* First span that matches, is not voided and shares a day with the stretch; -1 = none. `except_id` 0 = none. */
int32_t spans_find_overlap(const struct span_list *list, const struct span_filter *filter, date_day begins,
			   date_day ends, uint32_t except_id);
/* Last span that matches and is not voided; -1 = none. */
int32_t spans_find_last(const struct span_list *list, const struct span_filter *filter);
/* Is any span that matches effective on or after `day`? */
bool spans_active_from(const struct span_list *list, const struct span_filter *filter, date_day day);

/* Put in a new span. 0 with its id, or -ENOMEM. The caller made sure that it collides with none. */
int spans_insert(struct arena *arena, struct span_list *list, const struct coverage_span *span, uint32_t *ids,
		 uint32_t *ret_id);
/* Replace the values of a span. 0 or -ENOMEM. */
int spans_replace(struct arena *arena, struct span_list *list, uint32_t id, const struct coverage_span *span);
/* The span as it is when it ends with `day`: voided where it would end before it begins. */
struct coverage_span span_ended(const struct coverage_span *span, date_day day);

/* The invariant: true when no two spans that count collide. */
bool spans_are_disjoint(const struct coverage_span *spans, uint32_t count);

#endif
