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
	/* Of the cases at hand. */
	uint32_t cases, runs, detected, cascades, answered, failed;
};

void matrix_init(struct matrix *matrix);
void matrix_fini(struct matrix *matrix);
/* Start counting afresh. `guide` by its id. */
void matrix_begin(struct matrix *matrix, const char *guide_id);
/* Print the counts as TAP diagnostics; fails where something did not pass, or fewer cases were there. */
void matrix_end(struct matrix *matrix, const char *what, uint32_t cases_at_least);

/*
 * Check `bytes`, in which there is one fault; a warning where its row is one. `also` are codes of consequences, and
 * end with FINDING_CODE_COUNT; NULL for none.
 */
void matrix_run(struct matrix *matrix, const char *what, uint64_t seed, struct slice bytes,
                const struct check_options *options, const struct expected *expected, const enum finding_code *also);
/* Check sound bytes: nothing but the warnings `allowed` (NULL for none) may be said. How many sets were accepted. */
uint32_t matrix_sound(struct matrix *matrix, const char *what, uint64_t seed, struct slice bytes,
                      const enum finding_code *allowed);

/* The tests, by file. */
void test_faults_834(void **state);
void test_faults_820(void **state);
void test_faults_envelope(void **state);
void test_sweep_834(void **state);
void test_sweep_820(void **state);
void test_shapes(void **state);

/* ---- cases written down ---- */

enum fault_op {
	FAULT_DROP,        /* the line at `at` */
	FAULT_DROP_LOOP,   /* the loop it stands in */
	FAULT_SET,         /* element `pos` to `text` (pos 0: the id) */
	FAULT_TAIL,        /* `text` behind the last element */
	FAULT_BEFORE,      /* a line `text` before it */
	FAULT_AFTER,       /* and behind it */
	FAULT_COPY,        /* until `pos` of it stand there; the last one is at fault */
	FAULT_COPY_LOOP,   /* the same of the loop it opens */
	FAULT_MOVE_BEFORE, /* it goes before the line at address `text` */
	FAULT_MOVE_AFTER,
	FAULT_MOVE_LOOP_BEFORE, /* the loop that it opens */
	FAULT_CUT          /* the file ends before it */
};

struct fault {
	const char *what;
	enum fault_op op;
	const char *at;
	uint32_t pos;
	const char *text;
	struct expected expected;  /* its position is not used: */
	const char *place;         /* where it is told: an address as it is with the fault; NULL = where that was put */
	uint32_t behind;           /* and so many segments behind that */
	const char *without;       /* addresses, divided by blanks: loops and segments taken out beforehand */
	enum finding_code also[MATRIX_ALSO];
};

/* Every fault of the table with several seeds, each in a draft as full as may be once. */
void matrix_faults(struct matrix *matrix, const struct fault *faults, size_t count);

#endif
