/* The verdict on a set, and the fingerprint of its content. */
#include "state.h"

const char *check_decision_name(enum check_decision decision)
{
	switch (decision) {
	case CHECK_ACCEPTED:
		return "accepted";
	case CHECK_ACCEPTED_WITH_ERRORS:
		return "accepted_with_errors";
	case CHECK_REJECTED:
		return "rejected";
	}
	return "rejected";
}

void verdict_begin(struct check *check)
{
	check->tally = (struct tally){0};
	check->content_len = 0;
	if (!check->options.skip_content_hash)
		hash_content_init(&check->content);
}

static void flush_content(struct check *check)
{
	hash_content_update(&check->content, check->content_bytes, check->content_len);
	check->content_len = 0;
}

static bool is_usual(const struct x12_separators *separators)
{
	return separators->element == '*' && separators->component == ':' &&
	       (separators->repetition == '^' || separators->repetition == '\0');
}

static void add_content(struct check *check, struct slice bytes)
{
	while (bytes.len > 0) {
		size_t room, piece;

		if (check->content_len == CONTENT_BYTES)
			flush_content(check);
		room = CONTENT_BYTES - check->content_len;
		piece = bytes.len < room ? bytes.len : room;
		memcpy(check->content_bytes + check->content_len, bytes.data, piece);
		check->content_len += piece;
		bytes = slice_of(bytes.data + piece, bytes.len - piece);
	}
}

/* Separators become the usual ones, so that the same content sent with others has the same fingerprint. */
static void add_exchanged(struct check *check, struct slice raw, const struct x12_separators *separators)
{
	size_t i;

	for (i = 0; i < raw.len; i++) {
		char c = raw.data[i];

		if (c == separators->element)
			c = '*';
		else if (c == separators->component)
			c = ':';
		else if (c == separators->repetition && c != '\0')
			c = '^';
		add_content(check, slice_of(&c, 1));
	}
}

void verdict_content(struct check *check, struct slice raw, const struct x12_separators *separators)
{
	if (is_usual(separators))
		add_content(check, raw);
	else
		add_exchanged(check, raw, separators);
	add_content(check, SLICE_LITERAL("~"));
}

/*
 * Errors outside members, or in the envelope, reject the whole; errors of members do unless the partner keeps sound
 * ones. A payment is one sum: an 820 is taken as a whole or not at all.
 */
static enum check_decision decide(const struct check *check)
{
	if (check->interchange.rejected || check->fgroup.rejected || check->tset.rejected || check->fgroup_unknown)
		return CHECK_REJECTED;
	if (check->guide == NULL)
		return CHECK_REJECTED;
	if (check->tally.errors == 0)
		return CHECK_ACCEPTED;
	if (!check->options.reject_member || slice_is(check->guide->set_id, "820"))
		return CHECK_REJECTED;
	return CHECK_ACCEPTED_WITH_ERRORS;
}

void verdict_end(struct check *check, struct check_verdict *ret_verdict)
{
	*ret_verdict = (struct check_verdict){.decision = decide(check),
					      .segments = check->tset.segment_count,
					      .members = check->members,
					      .errors = check->tally.errors,
					      .warnings = check->tally.warnings,
					      .member_errors = check->tally.member_errors};
	if (check->options.skip_content_hash)
		return;
	flush_content(check);
	hash_content_final(&check->content, &ret_verdict->content_hash);
}
