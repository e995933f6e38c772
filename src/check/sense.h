/*
 * sense: what makes no business sense across elements and segments (SNIP 4), as warnings.
 *
 * Source    834-005010X220A1 sections 4 and 5; 820-005010X218 section 3.
 */
#ifndef MUSTER_CHECK_SENSE_H
#define MUSTER_CHECK_SENSE_H

#include <stdbool.h>
#include <stdint.h>

#include "muster/finding.h"
#include "muster/guide.h"
#include "muster/x12.h"

struct check;

/* Segments that are looked at. */
enum sense_of {
	SENSE_NONE,
	SENSE_BGN,
	SENSE_QTY,
	SENSE_INS,
	SENSE_REF, /* of 2000 */
	SENSE_DTP,
	SENSE_DMG,
	SENSE_COUNTER, /* LX of 2310 and 2700, ENT */
	SENSE_BPR,
	SENSE_TRN,
	SENSE_RMR,
	SENSE_ADX_BEFORE, /* 2200: adjusts an earlier payment */
	SENSE_ADX_AFTER   /* 2320: explains this one */
};

/* Loops in which dates start anew. */
enum sense_loop {
	SENSE_LOOP_OTHER,
	SENSE_LOOP_MEMBER,
	SENSE_LOOP_DISABILITY,
	SENSE_LOOP_COVERAGE,
	SENSE_LOOP_OTHER_COVERAGE,
	SENSE_LOOP_CATEGORIES /* LS to LE */
};

/* Dates that belong together as begin and end. */
#define SENSE_SPANS 10u

/*
 * What sense makes of a segment's bytes alone, whatever came before: of those looked at the straight way (straight.c).
 * Days as value_day_number has them, 0 = none.
 */
struct sense_told {
	uint64_t family;                  /* REF*0F: the id as a hash; 0 = none */
	uint32_t day;                     /* of a DTP or DMG; INS12 */
	uint32_t relationship;            /* INS02, packed */
	uint32_t counter;                 /* LX01, ENT01; 0 = no number */
	uint8_t mark;                     /* DTP: sense_mark_of */
	bool is_subscriber, is_dependent; /* INS01 */
	bool is_contradictory;            /* INS01 and INS02 */
};

/* Families remembered, for dependents that come apart from their subscriber. */
#define SENSE_FAMILIES 64u

struct sense {
	/* Days as value_day_number has them, 0 = none. */
	uint32_t created_on; /* BGN03 */
	bool is_full;        /* BGN08 4 or RX */
	uint32_t days[2 * SENSE_SPANS + 2]; /* by mark: begins and ends */
	/* of the member in hand */
	struct x12_where ins;
	bool is_subscriber, is_dependent; /* INS01 */
	bool is_behind_subscriber;        /* the last subscriber has his REF*0F */
	bool has_id;                      /* REF*0F was seen: a second one is too many, and that is said */
	uint32_t relationship;            /* INS02, packed */
	uint32_t died_on;                 /* INS12 */
	/* REF*0F as hashes: the last subscriber's, the last ones', and those of dependents without one before them */
	uint64_t family, families[SENSE_FAMILIES], orphans[SENSE_FAMILIES];
	uint32_t next_family, next_orphan;
	uint32_t subscriber_born_on; /* of the last subscriber */
	/* LX and ENT count from 1: of the parent in hand, the last one, and whether one was told to be out of step. */
	uint32_t counter;
	bool counter_told;
	char bpr10[16], bpr11[16];
};

enum sense_loop sense_of_loop(const struct guide *guide, const struct guide_loop *loop);
enum sense_of sense_of_segment(const struct guide *guide, const struct guide_segment *segment);
/*
 * What a segment of this id and qualifier, both packed, marks: the begin of span i (from 0) as 2 * i + 2, its end as one
 * more; 0: neither.
 */
uint8_t sense_mark_of(uint32_t id, uint32_t qualifier);
void sense_begin(struct check *check);
/* A loop has been opened, before its first segment is looked at. */
void sense_loop_begin(struct check *check, enum sense_loop loop);
int sense_segment(struct check *check, enum sense_of what, const struct x12_segment *segment);

/* The same in steps, for segments that sense_tells: what it says, whether there is nothing to report, and its effect.
 */
static inline bool sense_tells(enum sense_of what)
{
	return what == SENSE_NONE || what == SENSE_INS || what == SENSE_REF || what == SENSE_DTP || what == SENSE_DMG ||
	       what == SENSE_COUNTER;
}
/* Has a DTP nothing to be held against, as the other date of its span was not sent? Then it is quiet. */
static inline bool sense_is_first(const struct sense *sense, const struct sense_told *told)
{
	return sense->days[told->mark ^ 1] == 0;
}
static inline void sense_take_date(struct sense *sense, const struct sense_told *told)
{
	sense->days[told->mark] = told->day;
}
struct sense_told sense_read(enum sense_of what, uint8_t mark, const struct x12_segment *segment);
bool sense_is_quiet(const struct check *check, enum sense_of what, const struct sense_told *told);
void sense_take(struct check *check, enum sense_of what, const struct sense_told *told);

#endif
