/*
 * explain: evidence in words.
 */
#include <stdio.h>

#include "compare.h"
#include "muster/match_link.h"
#include "muster/text.h"

#define VALUE_WIDTH 22

/* Some senders use the SSN as the family's number. */
static void add_masked(struct buffer *out, struct slice value)
{
	struct buffer text;

	buffer_init(&text, out->env);
	text_add_masked(&text, value);
	text_add_visible(out, buffer_slice(&text));
	if (text.error != 0)
		out->error = text.error;
	buffer_fini(&text);
}

/* Left-justified; what is longer pushes the rest to the right. Partners' bytes are made visible. */
static void add_cell(struct buffer *out, struct slice value, bool is_ssn)
{
	char masked[TEXT_SSN_BYTES];
	size_t begin = out->len;

	if (is_ssn)
		buffer_add_text(out, text_mask_ssn(value, masked));
	else if (text_holds_ssn(value))
		add_masked(out, value);
	else
		text_add_visible(out, value);
	do
		buffer_add_char(out, ' ');
	while (out->error == 0 && out->len < begin + VALUE_WIDTH);
}

char *match_bits_format(int32_t millibits, char out[MATCH_BITS_BYTES])
{
	uint32_t size = millibits < 0 ? 0u - (uint32_t)millibits : (uint32_t)millibits;

	snprintf(out, MATCH_BITS_BYTES, "%s%u.%03u", millibits < 0 ? "-" : "", size / 1000, size % 1000);
	return out;
}

static void add_bits(struct buffer *out, int32_t millibits)
{
	char bits[MATCH_BITS_BYTES], text[MATCH_BITS_BYTES + 1];

	snprintf(text, sizeof(text), "%s%s", millibits < 0 ? "" : "+", match_bits_format(millibits, bits));
	buffer_printf(out, "%9s", text);
}

static void add_row(struct buffer *out, const struct match_evidence *row)
{
	bool is_ssn = strcmp(row->field, "ssn") == 0;

	if (row->sent.len == 0 && row->known.len == 0 && row->millibits == 0)
		return;
	buffer_printf(out, "  %-14s", row->field);
	add_bits(out, row->millibits);
	buffer_add_text(out, "  ");
	add_cell(out, row->sent, is_ssn);
	add_cell(out, row->known, is_ssn);
	buffer_printf(out, "%s\n", row->level);
}

/* "1 in 18,000,000 wrong", or what it comes to where it is not so certain. */
static void add_odds(struct buffer *out, double probability)
{
	double wrong = 1.0 - probability;

	if (wrong < 1e-12)
		buffer_add_text(out, "less than 1 in 1,000,000,000,000 wrong");
	else if (wrong <= 0.5)
		buffer_printf(out, "1 in %.0f wrong", 1.0 / wrong);
	else
		buffer_printf(out, "1 in %.0f right", probability > 1e-12 ? 1.0 / probability : 1e12);
}

static void add_candidate(struct buffer *out, const struct match_candidate *candidate, uint32_t rank)
{
	uint32_t i;

	buffer_printf(out, "%u. ", rank);
	text_add_visible(out, candidate->member->member_id);
	buffer_printf(out, "  probability %.9f, ", candidate->probability);
	add_odds(out, candidate->probability);
	buffer_printf(out, "\n  %-14s%9s  %-*s%-*s\n", "field", "bits", VALUE_WIDTH, "sent", VALUE_WIDTH, "on file");
	for (i = 0; i < candidate->evidence_count; i++)
		add_row(out, &candidate->evidence[i]);
	buffer_printf(out, "  %-14s", "sum");
	add_bits(out, candidate->millibits);
	buffer_add_text(out, candidate->evidence_count > 0 && candidate->evidence[0].against_housemate
				     ? "  against somebody of the household\n"
				     : "  against a stranger\n");
}

/* The fields by which the best is better than the next, and the other way round. */
static void add_separation(struct buffer *out, const struct match_candidate *best, const struct match_candidate *next)
{
	int32_t difference;
	uint32_t i;

	buffer_add_text(out, "Between 1 and 2:");
	for (i = 0; i < FIELD_COUNT && i < best->evidence_count && i < next->evidence_count; i++) {
		difference = best->evidence[i].millibits - next->evidence[i].millibits;
		if (difference > -500 && difference < 500)
			continue;
		buffer_printf(out, " %s", best->evidence[i].field);
		add_bits(out, difference);
	}
	buffer_add_text(out, "; in all");
	add_bits(out, best->millibits - next->millibits);
	buffer_add_char(out, '\n');
}

void match_result_print(const struct match_result *result, uint32_t candidates_max, struct buffer *out)
{
	uint32_t i;

	switch (result->disposition) {
	case MATCH_AUTO:
		buffer_add_text(out, "Automatic");
		break;
	case MATCH_NEW:
		buffer_add_text(out, "Nobody on file");
		break;
	case MATCH_REVIEW:
		buffer_add_text(out, "To a person");
		break;
	}
	if (result->disposition == MATCH_REVIEW && result->guard != NULL)
		buffer_printf(out, ": %s", result->guard);
	buffer_printf(out, ". That nobody on file is meant: %.9f\n", result->none_probability);
	for (i = 0; i < result->candidate_count && i < candidates_max; i++)
		add_candidate(out, &result->candidates[i], i + 1);
	if (result->candidate_count > 1 && candidates_max > 0)
		add_separation(out, &result->candidates[0], &result->candidates[1]);
}
