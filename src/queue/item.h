/*
 * item: one exception as it may be shown: its JSON columns taken apart, SSNs masked.
 *
 * Everything lives in the arena given to item_view_init; a view stays where it was made.
 */
#ifndef MUSTER_QUEUE_ITEM_H
#define MUSTER_QUEUE_ITEM_H

#include "muster/queue.h"

enum incoming_field {
#define X(name, kind) INCOMING_##name,
#include "muster/tbl/incoming.h"
#undef X
	INCOMING_COUNT
};
enum incoming_kind { INCOMING_TEXT, INCOMING_ID, INCOMING_SSN, INCOMING_DATE, INCOMING_MONEY };

extern const char *const incoming_names[INCOMING_COUNT];
extern const enum incoming_kind incoming_kinds[INCOMING_COUNT];

struct item_view {
	struct arena *arena;
	const struct store_exception *item;
	struct slice sent[INCOMING_COUNT];  /* as sent, the SSN without dashes: for comparing only */
	struct slice shown[INCOMING_COUNT]; /* masked */
	char ssn[9];                        /* the record's own, digits; masked wherever it stands */
	bool has_ssn;
	struct slice offsets;               /* JSON array, of the segments in item->raw; may be empty */
};

/* 0 or -ENOMEM. */
int item_view_init(struct item_view *view, struct arena *arena, const struct store_exception *item);
/* `value` with the record's SSN masked, and whatever else may be one. data NULL = no memory. */
struct slice item_mask(const struct item_view *view, struct slice value);
/* What an incoming field holds, by its kind. */
struct slice item_mask_field(const struct item_view *view, enum incoming_field field, struct slice value);

struct item_segment {
	struct slice text; /* masked: also every element of nine digits */
	bool has_offset;
	uint64_t offset;
};
/* The next segment; *at and *index are 0 before the first. 1, 0 behind the last, or -ENOMEM. */
int item_next_segment(const struct item_view *view, size_t *at, size_t *offset_at, struct item_segment *ret_segment);

struct item_evidence {
	struct slice field, level, sent, known, bits, against; /* sent, known: masked */
	int32_t millibits;                                     /* `bits` as a number */
};
/* The next of a candidate's evidence; *at is 0 before the first. 1, 0 behind the last, or -ENOMEM. */
int item_next_evidence(const struct item_view *view, const struct store_candidate *candidate, size_t *at,
                       struct item_evidence *ret_evidence);

/* evidence.c: each candidate's evidence as text, and what tells the best from the next. 0 or -ENOMEM. */
int item_evidence_print(const struct item_view *view, struct buffer *out);

/*
 * What would make the item certain, in a sentence; `best` NULL: no candidate. Empty where the question is not who is
 * meant. data NULL = no memory.
 */
struct slice item_certainty(const struct item_view *view, const struct member *best);

/*
 * label.c: a decision on who is meant is kept to learn from, with what was shown, and whom it rules out never comes back
 * for this person. `item` with its decision and new version. Nothing for other decisions, and for money. 0 or <0.
 */
int item_label(struct store *store, struct arena *arena, const struct store_exception *item);

/* Is the record an 820 line? 0 or <0. */
int item_is_money(struct store *store, struct arena *arena, const struct store_exception *item, bool *ret_money);

#endif
