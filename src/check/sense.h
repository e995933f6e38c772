/*
 * sense: rules across elements and segments (SNIP 4), as warnings.
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

/* Segments at which a rule looks. */
enum sense_of {
	SENSE_NONE,
	SENSE_BGN,
	SENSE_QTY,
	SENSE_INS,
	SENSE_DTP,
	SENSE_NAME,       /* NM1 of 2100A */
	SENSE_PRIOR_NAME, /* NM1 of 2100B */
	SENSE_DMG,
	SENSE_N4,
	SENSE_HD,
	SENSE_LOOP_MARK, /* LS, LE */
	SENSE_BPR,
	SENSE_TRN,
	SENSE_RMR,
	SENSE_ADX_BEFORE, /* 2200: adjusts an earlier payment */
	SENSE_ADX_AFTER   /* 2320: explains this one */
};

/* Loops whose begin or end a rule waits for. */
enum sense_loop {
	SENSE_LOOP_OTHER,
	SENSE_LOOP_MEMBER,
	SENSE_LOOP_DISABILITY,
	SENSE_LOOP_COVERAGE,
	SENSE_LOOP_OTHER_COVERAGE
};

/* Dates that belong together as begin and end. */
#define SENSE_SPANS 10u

struct sense {
	/* Days as value_day_number has them, 0 = none. */
	uint32_t created_on; /* BGN03 */
	struct {
		uint32_t begin, end;
	} spans[SENSE_SPANS];
	/* of the member in hand */
	struct x12_where ins;
	bool terminated;       /* INS03 = 024 */
	bool corrected;        /* NM101 = 74 */
	bool prior_name;       /* 2100B was sent */
	bool member_ended;     /* a DTP*357 was sent */
	bool any_ended;        /* a DTP*349 was sent in some coverage */
	struct x12_where name; /* NM1 of 2100A */
	/* of the coverage in hand */
	struct x12_where hd;
	char hd_action[4];                   /* HD01 */
	bool coverage_begun, coverage_ended; /* DTP*348, 349 were sent */
	char loop_mark[8];                   /* LS01 */
	char bpr10[16], bpr11[16];
};

enum sense_loop sense_of_loop(const struct guide *guide, const struct guide_loop *loop);
enum sense_of sense_of_segment(const struct guide *guide, const struct guide_segment *segment);
void sense_begin(struct check *check);
/* A loop has been opened, before its first segment is looked at. */
void sense_loop_begin(struct check *check, enum sense_loop loop);
int sense_segment(struct check *check, enum sense_of what, const struct x12_segment *segment);
/* A loop ends; what it should have held can be told. */
int sense_loop_end(struct check *check, enum sense_loop loop);

#endif
