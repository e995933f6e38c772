/*
 * compare: an incoming person against a member, field by field, as levels of agreement.
 *
 * Internal to match. A field that one side lacks is MISSING and says nothing. Where values known before were sent
 * (2100B), each field takes the better of the two agreements.
 */
#ifndef MATCH_COMPARE_H
#define MATCH_COMPARE_H

#include "person.h"

enum match_field {
#define F(field, name) FIELD_##field,
#define L(field, level, words, stranger, housemate)
#include "levels.h"
#undef F
#undef L
	FIELD_COUNT
};

/* LEVEL_SSN_EQUAL and so on: an index into the one table, unique over all fields; 0 = missing. */
enum match_level {
	LEVEL_MISSING,
#define F(field, name)
#define L(field, level, words, stranger, housemate) LEVEL_##field##_##level,
#include "levels.h"
#undef F
#undef L
	LEVEL_COUNT
};

struct match_comparison {
	enum match_level level[FIELD_COUNT];
	bool housemate;    /* weigh against the household, not against strangers */
	int32_t millibits; /* sum over the fields */
};

void match_compare(const struct match_query *query, const struct match_person *sent, const struct match_person *prior,
		   const struct match_person *known, struct match_comparison *ret_comparison);

/* The evidence rows of a comparison; `candidate->millibits` is their sum. 0 or -ENOMEM. */
int match_explain(struct arena *arena, const struct match_query *query, const struct match_person *sent,
		  const struct match_person *known, const struct match_comparison *comparison,
		  struct match_candidate *candidate);

enum match_level match_first_level(const struct match_name *a, const struct match_name *b);

#endif
