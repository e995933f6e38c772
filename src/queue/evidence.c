/*
 * evidence: what speaks for and against each candidate, for the page of one item: field by field, in all, how often so
 * much is wrong, and what tells the best from the next.
 *
 * A field that one side does not name says nothing and is left out.
 */
#include <stdio.h>

#include "item.h"
#include "muster/limits.h"
#include "muster/match.h"

#define FIELDS_MAX 64u
/* What separates two candidates by less than this is not named. */
#define MILLIBITS_SAID 500

struct field_bits {
	struct slice field;
	int32_t millibits;
};

/* A candidate's evidence by field, without what is no field: the prior and the other alternatives. */
struct fields {
	struct field_bits rows[FIELDS_MAX];
	uint32_t count;
	int32_t all; /* what is no field counts here */
};

/* Right-justified to `width` columns. */
static void add_bits(struct buffer *out, int32_t millibits, int width)
{
	char bits[MATCH_BITS_BYTES], text[MATCH_BITS_BYTES + 1];

	snprintf(text, sizeof(text), "%s%s", millibits < 0 ? "" : "+", match_bits_format(millibits, bits));
	buffer_printf(out, "%*s", width, text);
}

/* From the score as it is kept, six decimals. */
static void add_odds(struct buffer *out, uint32_t share_e6)
{
	uint32_t wrong_e6 = 1000000u - share_e6;

	if (wrong_e6 == 0)
		buffer_add_text(out, "less than 1 in 1,000,000 wrong");
	else if (wrong_e6 <= 500000u)
		buffer_printf(out, "1 in %u wrong", (1000000u + wrong_e6 / 2) / wrong_e6);
	else if (share_e6 > 0)
		buffer_printf(out, "1 in %u right", (1000000u + share_e6 / 2) / share_e6);
	else
		buffer_add_text(out, "less than 1 in 1,000,000 right");
}

static bool is_field(struct slice name)
{
	return !slice_is(name, "prior") && !slice_is(name, "other");
}

static void add_row(struct buffer *out, const struct item_evidence *evidence)
{
	if (evidence->millibits == 0 && (slice_is_empty(evidence->sent) || slice_is_empty(evidence->known)))
		return;
	buffer_printf(out, "  %8.*s bits  %.*s: %.*s\n", (int)evidence->bits.len, evidence->bits.data,
		      (int)evidence->field.len, evidence->field.data, (int)evidence->level.len, evidence->level.data);
}

static int add_candidate(const struct item_view *view, uint32_t at_candidate, struct buffer *out, struct fields *fields)
{
	const struct store_candidate *candidate = &view->item->candidates[at_candidate];
	struct item_evidence evidence;
	struct slice against = SLICE_EMPTY;
	size_t at = 0;
	int r;

	buffer_printf(out, "\ncandidate %u: %.*s, ", at_candidate + 1, (int)candidate->member_id.len,
		      candidate->member_id.data);
	add_odds(out, candidate->score_e6);
	buffer_add_char(out, '\n');
	*fields = (struct fields){0};
	while ((r = item_next_evidence(view, candidate, &at, &evidence)) == 1) {
		add_row(out, &evidence);
		fields->all += evidence.millibits;
		against = slice_is_empty(against) ? evidence.against : against;
		if (is_field(evidence.field) && fields->count < FIELDS_MAX)
			fields->rows[fields->count++] = (struct field_bits){evidence.field, evidence.millibits};
	}
	if (at > 0 && !slice_is_empty(against)) {
		add_bits(out, fields->all, 10);
		buffer_printf(out, " bits  in all, against %s\n",
			      slice_is(against, "housemate") ? "somebody of the household" : "a stranger");
	}
	return r;
}

static int32_t bits_of(const struct fields *fields, struct slice field)
{
	uint32_t i;

	for (i = 0; i < fields->count; i++)
		if (slice_equal(fields->rows[i].field, field))
			return fields->rows[i].millibits;
	return 0;
}

static void add_separation(struct buffer *out, const struct fields *best, const struct fields *next)
{
	uint32_t i, said = 0;

	for (i = 0; i < best->count; i++) {
		int32_t difference = best->rows[i].millibits - bits_of(next, best->rows[i].field);

		if (difference > -MILLIBITS_SAID && difference < MILLIBITS_SAID)
			continue;
		buffer_printf(out, "%s%.*s ", said++ == 0 ? "\nbetween 1 and 2: " : ", ", (int)best->rows[i].field.len,
			      best->rows[i].field.data);
		add_bits(out, difference, 0);
	}
	buffer_add_text(out, said > 0 ? "\n" : "\nbetween 1 and 2: nothing that was sent tells them apart\n");
}

int item_evidence_print(const struct item_view *view, struct buffer *out)
{
	struct fields fields[LIMIT_CANDIDATES];
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < view->item->candidate_count && i < LIMIT_CANDIDATES; i++)
		r = add_candidate(view, i, out, &fields[i]);
	if (r == 0 && i > 1 && fields[0].count > 0 && fields[1].count > 0)
		add_separation(out, &fields[0], &fields[1]);
	return r;
}
