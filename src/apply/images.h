/*
 * Before and after of a change, as JSON in the change's row: what undo and "known at" are made of.
 *
 * {"new":true,"fields":{"city":"SALEM"},"spans":[{"no":2,"ends_on":"2026-03-31"}]}
 *
 * Both sides hold only what differs; keys are the columns of CONTRACT section 3. A span that the change made stands
 * whole in "after" and not at all in "before"; so do the fields of a member new to the plan, whose "after" is marked
 * `new`. Every span that the change touched is there, by its number within the member.
 *
 * Memory    what is read lives in the arena given.
 */
#ifndef MUSTER_APPLY_IMAGES_H
#define MUSTER_APPLY_IMAGES_H

#include "muster/decide.h"

struct buffer;

struct image_span {
	uint64_t span_no;
	uint32_t parts; /* which of its values are there */
	struct coverage_span values;
};
struct image {
	bool is_new;
	bool is_foreign; /* of a form that this muster cannot take back: written before schema 2 */
	uint32_t fields; /* which of the values are there */
	struct member values;
	struct image_span *spans;
	uint32_t span_count;
};
/* Both sides of one change. */
struct images {
	struct image before, after;
};

/* Append the JSON of one side of `operation`. `after` false: what was before. */
void images_add_json(struct buffer *out, const struct decide_operation *operation, bool after);
/* Append the JSON of a change from `from` to `to`: one member, all spans stored. */
void images_add_difference(struct buffer *before, struct buffer *after, const struct member *from,
                           const struct member *to);

/* 0 or -ENOMEM. */
int images_read(struct arena *arena, struct slice before, struct slice after, struct images *ret_images);
bool images_are_empty(const struct images *images);
/* Do two changes touch the same thing: a field, the address, a span? A new member is touched by everything. */
bool images_meet(const struct images *earlier, const struct images *later);
/* Does the change set the end of this span? */
bool images_set_end(const struct images *images, uint64_t span_no);
/* Does the change touch what the footprint does? */
bool images_meet_footprint(const struct images *images, const struct decide_footprint *footprint);
/* Is the member as the change left him, in all that it touched? */
bool images_fit(const struct images *images, const struct member *member);
/*
 * Take the change back from `member`, whose spans are the caller's own. Spans that it made are voided, or (`forget`)
 * removed. A member new by it keeps his fields.
 */
void images_take_back(const struct images *images, struct member *member, bool forget);

#endif
