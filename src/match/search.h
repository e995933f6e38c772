/*
 * search: the members who may be meant, weighed, and whether one of them surely is.
 *
 * Internal to match; match.c (records of files), link.c (tables) and train.c stand on it.
 */
#ifndef MATCH_SEARCH_H
#define MATCH_SEARCH_H

#include "score.h"

struct search {
	struct arena *arena;
	const struct match_candidates *candidates;
	const struct match_query *query;
	const struct match_model *model;
	int intent;                        /* enum match_intent, or MODEL_LINK */
	struct score_setting setting;
	struct match_person *sent, *prior; /* prior NULL: not sent */
	struct match_pool pool;
	struct scored **scored;            /* best first after search_run */
	uint32_t count;
	uint64_t except_no;                /* a member never considered: a row held against its own table; 0 = none */
	bool wide;                         /* by match_link_keys too */
	bool stops_early;                  /* numbers and names agree, and nobody else is near: look no further */
	bool with_duplicates;              /* the same person may be on file more than once */
	double none_probability;           /* nobody of them is meant */
};

/* Gather, compare, weigh, sort. The caller has set arena to query, except_no and with_duplicates. 0 or <0. */
int search_run(struct search *search);
/* The same with one member alone, whether any key finds him or not. */
int search_run_one(struct search *search, const struct member *member);
/* Probabilities once more, without those who were excluded since. */
void search_weigh_anew(struct search *search);
/* True when members `a` and `b` of the pool are the same person twice; only asked with with_duplicates. */
bool search_is_same(const void *context, uint32_t a, uint32_t b);

/* What forbids an automatic answer although the numbers allow it. One row each, in this order. */
enum search_guard {
	GUARD_NONE,
	GUARD_EVIDENCE,   /* not certain enough, or not by what tells the person from the household */
	GUARD_MARGIN,     /* another member fits nearly as well */
	GUARD_TWIN,
	GUARD_GENERATION, /* Jr and Sr, father and son */
	GUARD_SSN,        /* SSN equal, name and birth date not */
	GUARD_MEMBER_ID,  /* member id equal, name and birth date not */
	GUARD_SEX,        /* sex and first name both differ */
	GUARD_SSN_OWNER,  /* the SSN is another member's */
	GUARD_SSN_OTHER,  /* he has another SSN, and no slip makes one of the other */
	GUARD_NAMESAKE,   /* names and birth date agree, but in another family or group */
	GUARD_ROLE,       /* no family role is known, and something that tells the person is missing or differs */
	GUARD_CLAIMED,    /* another record of the file meant him */
	GUARD_COUNT
};
/* For people: "an unknown twin is possible". */
const char *search_guard_words(enum search_guard guard);

/* May the best be taken? GUARD_NONE, or what stops it. The pool must not be empty. */
enum search_guard search_guard(const struct search *search);
/* Surely nobody on file is meant. */
bool search_is_new(const struct search *search);

#endif
