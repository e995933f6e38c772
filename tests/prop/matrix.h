/*
 * matrix: faults, one a file, and whether check and ack tell each as they should.
 *
 * A run is one draft with one fault in it. It passes when check tells exactly that fault, by code and place; when the
 * TA1 or 999 tells it too, with its code and place; and when check finds nothing at all in that TA1 and 999. What
 * does not pass is printed, counted, and fails the test at its end.
 */
#ifndef TESTS_PROP_MATRIX_H
#define TESTS_PROP_MATRIX_H

#include "draft.h"
#include "muster/check.h"

/* What a case expects of the checker and of the acknowledgment. */
struct expected {
	enum finding_code code;
	const char *ack;      /* "IK4 7": segment and code; of warnings too, though no acknowledgment tells them */
	const char *segment;  /* "" for none */
	const char *answered; /* IK301 where that is another; NULL = the same */
	const char *loop;     /* "" for none */
	uint32_t position;
	uint32_t element, component, repetition; /* 0 = not that deep; repetition 0 of an element is the first */
	bool rejects; /* an error by the guide's own rule, though the table of findings says warning */
	bool untold;  /* of the file and no interchange in it: no acknowledgment tells it */
};

/* Consequences that are no cascade: each envelope left open says so at its own level. */
#define MATRIX_ALSO 3u

struct matrix {
	struct env env;
	struct guide_set *guides;
	const struct guide *guide; /* of the cases at hand */
	struct draft draft;
	struct buffer bytes;
	bool produced[FINDING_CODE_COUNT];
	/* Of the draft before it was damaged: more of them are a cascade as well. UINT32_MAX: nobody has counted. */
	uint32_t warnings_before;
	/* Of the cases at hand. */
	uint32_t cases, runs, detected, cascades, answered, failed;
};

void matrix_init(struct matrix *matrix);
void matrix_fini(struct matrix *matrix);
/* Start counting afresh. `guide` by its id. */
void matrix_begin(struct matrix *matrix, const char *guide_id);
/* Print the counts as TAP diagnostics; fails where something did not pass, or fewer cases were there. */
void matrix_end(struct matrix *matrix, const char *what, uint32_t cases_at_least);

/* The same for sound files: what was said against them were false alarms. */
void matrix_end_sound(struct matrix *matrix, const char *what, uint32_t cases_at_least);

/*
 * Check `bytes`, in which there is one fault; a warning where its row is one. `also` are codes of consequences, and
 * end with FINDING_CODE_COUNT; NULL for none.
 */
void matrix_run(struct matrix *matrix, const char *what, uint64_t seed, struct slice bytes,
		const struct check_options *options, const struct expected *expected, const enum finding_code *also);
/*
 * Check sound bytes: nothing but the warnings `allowed` (NULL for none) may be said, and warnings about business sense
 * (SNIP 4 and up), for what a draft says of its people is invented at random. How many sets were accepted.
 */
uint32_t matrix_sound(struct matrix *matrix, const char *what, uint64_t seed, struct slice bytes,
		      const enum finding_code *allowed);

/* The warnings about the draft in hand as it is, for the next matrix_run. */
void matrix_count_warnings(struct matrix *matrix);

/* One member of a gzip file behind what `to` holds, stored as it is. */
void matrix_gzip(struct buffer *to, const char *data, size_t bytes);

/* The tests, by file. */
void test_faults_834(void **state);
void test_faults_820(void **state);
void test_faults_envelope(void **state);
void test_sweep_834(void **state);
void test_sweep_820(void **state);
void test_shapes(void **state);
void test_every_code(void **state);

/* ---- cases written down ---- */

enum fault_op {
	FAULT_DROP,        /* the line at `at` */
	FAULT_DROP_LOOP,   /* the loop it stands in */
	FAULT_SET,         /* element `pos` to `text` (pos 0: the id) */
	FAULT_LINE,        /* the whole line to `text` */
	FAULT_TAIL,        /* `text` behind the last element */
	FAULT_BEFORE,      /* a line `text` before it */
	FAULT_AFTER,       /* and behind it */
	FAULT_COPY,        /* until `pos` of it stand there; the last one is at fault */
	FAULT_COPY_LOOP,   /* the same of the loop it opens */
	FAULT_MOVE_BEFORE, /* it goes before the line at address `text` */
	FAULT_MOVE_AFTER,
	FAULT_MOVE_LOOP_BEFORE, /* the loop that it opens */
	FAULT_CUT               /* the file ends before it */
};

struct fault {
	const char *what;
	enum fault_op op;
	const char *at;
	uint32_t pos;
	const char *text;
	struct expected expected; /* its position is not used: */
	const char *place;        /* where it is told: an address as it is with the fault; NULL = where that was put */
	uint32_t behind;          /* and so many segments behind that */
	const char *without;      /* addresses, divided by blanks: loops and segments taken out beforehand */
	enum finding_code also[MATRIX_ALSO];
	const char *rewritten,
		*as; /* the line at this address says something else beforehand, which is right as well */
};

#define EXPECT_IK3(name, code_, segment_, loop_)                                                                       \
	{                                                                                                              \
		.code = FINDING_##name, .ack = "IK3 " code_, .segment = segment_, .loop = loop_                        \
	}
#define EXPECT_IK4(name, code_, segment_, loop_, element_)                                                             \
	{                                                                                                              \
		.code = FINDING_##name, .ack = "IK4 " code_, .segment = segment_, .loop = loop_, .element = element_   \
	}
#define EXPECT_PART(name, code_, segment_, loop_, element_, component_, repetition_)                                   \
	{                                                                                                              \
		.code = FINDING_##name, .ack = "IK4 " code_, .segment = segment_, .loop = loop_, .element = element_,  \
		.component = component_, .repetition = repetition_                                                     \
	}
/* Of an envelope or a whole set. */
#define EXPECT_WHOLE(name, ack_, segment_, element_)                                                                   \
	{                                                                                                              \
		.code = FINDING_##name, .ack = ack_, .segment = segment_, .loop = "", .element = element_              \
	}

#define MISSING(segment, loop) EXPECT_IK3(SEGMENT_REQUIRED_MISSING, "3", segment, loop)
#define UNEXPECTED(segment, loop) EXPECT_IK3(SEGMENT_UNEXPECTED, "2", segment, loop)
#define NOT_IN_SET(segment, loop) EXPECT_IK3(SEGMENT_NOT_IN_SET, "6", segment, loop)
#define OUT_OF_ORDER(segment, loop) EXPECT_IK3(SEGMENT_OUT_OF_ORDER, "7", segment, loop)
#define TOO_OFTEN(segment, loop) EXPECT_IK3(SEGMENT_REPEATS_TOO_OFTEN, "5", segment, loop)
#define LOOP_TOO_OFTEN(segment, loop) EXPECT_IK3(LOOP_REPEATS_TOO_OFTEN, "4", segment, loop)
#define NO_ELEMENT(segment, loop, element) EXPECT_IK4(ELEMENT_REQUIRED_MISSING, "1", segment, loop, element)
#define NO_PARTNER(segment, loop, element) EXPECT_IK4(ELEMENT_CONDITION_MISSING, "2", segment, loop, element)
#define TOO_MANY(segment, loop, element) EXPECT_IK4(ELEMENT_TOO_MANY, "3", segment, loop, element)
#define TOO_SHORT(segment, loop, element) EXPECT_IK4(ELEMENT_TOO_SHORT, "4", segment, loop, element)
#define TOO_LONG(segment, loop, element) EXPECT_IK4(ELEMENT_TOO_LONG, "5", segment, loop, element)
#define BAD_CHARACTER(segment, loop, element) EXPECT_IK4(ELEMENT_CHARACTER_INVALID, "6", segment, loop, element)
#define BAD_CODE(segment, loop, element) EXPECT_IK4(ELEMENT_CODE_INVALID, "7", segment, loop, element)
#define NOT_LISTED(segment, loop, element) EXPECT_IK4(ELEMENT_CODE_EXTERNAL, "7", segment, loop, element)
#define BAD_DATE(segment, loop, element) EXPECT_IK4(ELEMENT_DATE_INVALID, "8", segment, loop, element)
#define BAD_TIME(segment, loop, element) EXPECT_IK4(ELEMENT_TIME_INVALID, "9", segment, loop, element)
#define NOT_USED(segment, loop, element) EXPECT_IK4(ELEMENT_NOT_USED, "I10", segment, loop, element)
#define NO_SENSE(segment, loop, element) EXPECT_IK4(ELEMENT_SENSE, "I12", segment, loop, element)

/* Every fault of the table, with several seeds, in a record that holds everything once. */
void matrix_faults(struct matrix *matrix, const struct fault *faults, size_t count);

#endif
