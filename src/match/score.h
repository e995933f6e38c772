/*
 * score: how likely each member of the pool is the one meant.
 *
 * Internal to match. A record means one member of the pool, or nobody on file. For each member the evidence is
 * log2 m(levels) - log2 (t/N u_twin + h/N u_house + u_stranger): the same person against whatever else he could be.
 * The odds of all members and of "nobody" together give the probabilities.
 *
 * Units     millibits, whole numbers; probabilities by plain arithmetic: the same bits on every machine.
 * Source    matching section 4.
 */
#ifndef MATCH_SCORE_H
#define MATCH_SCORE_H

#include "model.h"

/* A member of the pool, compared and weighed. */
struct scored {
	struct match_person person;
	enum match_level level[FIELD_COUNT];
	enum match_class against;  /* what else he most likely would be */
	int32_t bits[FIELD_COUNT]; /* same person against that */
	int32_t prior;             /* before any evidence, against that and against "nobody" */
	int32_t rest;              /* <= 0: the less likely alternatives */
	int32_t total;             /* the sum of these all: log2 of the odds against "nobody" */
	int32_t person_bits;       /* of the fields that tell people of one household apart, against a housemate */
	double odds;               /* 2^total; 0 where that is nothing, or where excluded */
	double probability;        /* calibrated */
	const char *rule;          /* that he satisfies, or NULL (strict.h) */
	bool ruled_out;            /* by a representative: no candidate, still a witness */
	bool excluded;             /* surely somebody else: another record's twin; he stands against nothing */
	bool claimed;              /* by another record of this file */
	bool plausible;            /* he may be the one meant: he stands against "new" */
	bool holds_ssn;            /* his SSN is the one sent, the subscriber's on a dependent included */
};

/* What is the same for all members that one record is held against. */
struct score_setting {
	const struct match_model *model;
	int32_t first_millibits, last_millibits; /* how rare the names sent are */
	int32_t prior;                           /* log2 of pi / (1 - pi), calibrated per intent */
	int32_t log2_population;
};

void match_score_setting(const struct match_model *model, const struct match_person *sent, int intent,
			 uint64_t population, struct score_setting *ret_setting);
/* Fills bits to person_bits from the levels. */
void match_score_member(const struct score_setting *setting, struct scored *scored);
/*
 * Probabilities of all, from their totals; they are sorted, best first. `is_same` (may be NULL) says which two members of the pool are one person
 * twice: these do not stand against each other. Returns the probability that nobody of them is meant.
 */
double match_score_probabilities(const struct match_model *model, struct scored **scored, uint32_t count,
				 bool (*is_same)(const void *context, uint32_t a, uint32_t b), const void *context);
/* Evidence rows of one member; `candidate->millibits` is their sum, and the member's total. 0 or -ENOMEM. */
int match_score_explain(struct arena *arena, const struct match_query *query, const struct match_person *sent,
			const struct scored *scored, struct match_candidate *ret_candidate);
/* log2 of x > 0, and 2 to the power of x, by arithmetic alone; then the same with millibits. */
double match_log2(double x);
double match_exp2(double x);
int32_t match_log2_millibits(double x);
double match_exp2_millibits(int32_t millibits);

#endif
