/*
 * strict: the rules that make a match automatic, and the guards that forbid it.
 *
 * Internal to match. First honest form of the decision: automatic only by unique agreement under a named rule with
 * nothing contradicting; new only when nobody on file can be meant. The scored three-class model takes this
 * module's place behind the same functions.
 *
 * Source    BUSINESS B3; matching section 1 (twin guard) and 4 (hard conflicts); CONTRACT section 5 (categories).
 */
#ifndef MATCH_STRICT_H
#define MATCH_STRICT_H

#include "compare.h"

/* One member of the pool, compared. */
struct scored {
	struct match_person person;
	struct match_comparison comparison;
	const char *rule; /* that he satisfies, or NULL */
	bool claimed;     /* by another record of this file */
	bool plausible;   /* he may be the one meant: he stands against "new" */
	bool holds_ssn;   /* his SSN is the one sent, the subscriber's on a dependent included */
};

struct strict {
	struct arena *arena;
	const struct match_query *query;
	const struct match_person *sent;
	struct scored **scored; /* best first */
	uint32_t count;
};

/* Fills rule, plausible and holds_ssn from the comparison. */
void match_strict_assess(const struct match_query *query, const struct match_person *sent, struct scored *scored);
/* Decides; *ret_result gets everything but the candidates. 0 or -ENOMEM. */
int match_strict_decide(const struct strict *strict, struct match_result *ret_result);

#endif
