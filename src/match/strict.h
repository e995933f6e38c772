/*
 * strict: what a record of a file may do without a person, beyond knowing whom it means.
 *
 * Internal to match. The score and its guards (guard.c) say who is meant. A file's record changes what is on file, and
 * so more is asked: a member found whose SSN, birth date or name is another one goes to a representative (unless a
 * correction was announced), and "new" is only who cannot be anybody on file. Exceptions get their category here, and
 * automatic matches the name of the rule they satisfy, if any: a person is best convinced by a rule.
 *
 * Source    BUSINESS B3; matching section 4 (hard conflicts); CONTRACT section 5 (categories).
 */
#ifndef MATCH_STRICT_H
#define MATCH_STRICT_H

#include "search.h"

struct strict {
	struct arena *arena;
	const struct search *search;
	const struct match_query *query;
	const struct match_person *sent;
	struct scored **scored; /* best first */
	uint32_t count;
};

/* Fills rule and plausible from the levels. */
void match_strict_assess(const struct match_query *query, struct scored *scored);
/* Decides; *ret_result gets everything but the candidates. 0 or -ENOMEM. */
int match_strict_decide(const struct strict *strict, struct match_result *ret_result);

#endif
