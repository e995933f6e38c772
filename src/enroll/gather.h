/*
 * gather: the segments of one 2000 loop, kept until the loop has ended.
 *
 * Internal to enroll. A member's family is known only at his REF*0F, and the family before him must be handed over
 * first; so his segments wait here as bytes, outside the family's arena, and are read when the loop is complete.
 *
 * Memory    two blocks that grow to the largest member seen, within LIMIT_MEMBER_SEGMENTS and LIMIT_MEMBER_BYTES.
 */
#ifndef ENROLL_GATHER_H
#define ENROLL_GATHER_H

#include "muster/arena.h"
#include "muster/enroll.h"

/* The loops that records are read from; all others only stand in the raw text. */
enum enroll_loop {
	LOOP_OTHER,
	LOOP_2000,
	LOOP_2100A,
	LOOP_2100B,
	LOOP_2100C,
	LOOP_2100D,
	LOOP_2100E,
	LOOP_2100F,
	LOOP_2100G,
	LOOP_2200,
	LOOP_2300,
	LOOP_2310,
	LOOP_2320,
	LOOP_2750
};

/* Elements divided; positions past the end are empty. */
#define RECORD_ELEMENTS_MAX 20

struct gathered_segment {
	size_t at, len; /* in `text`, without terminator */
	uint32_t places_at, place_count; /* in `places`: its id and its elements, RECORD_ELEMENTS_MAX at most */
	uint64_t offset; /* in the file */
	uint32_t segment_pos;
	enum enroll_loop loop;
};

struct gather {
	struct buffer text; /* each segment as sent, then '~' */
	struct gathered_segment *segments;
	uint32_t count, capacity;
	struct gathered_place {
		uint32_t at, len; /* in the segment */
	} *places;
	uint32_t place_count, place_capacity;
	bool outline;   /* only what says whom and what a record concerns is gathered, and read */
	bool overflown; /* over a limit: what came later is not kept */
	uint32_t member_pos, segment_pos;
	uint64_t offset, line;
	uint32_t errors;
	struct buffer first_error;
};

void enroll_gather_init(struct gather *gather, struct env *env);
void enroll_gather_fini(struct gather *gather, struct env *env);
/* Forget the last member. */
void enroll_gather_begin(struct gather *gather);
/* 0 or -ENOMEM. */
int enroll_gather_add(struct gather *gather, struct env *env, enum enroll_loop loop, const struct x12_segment *segment);
/* A finding of severity error inside this loop. */
void enroll_gather_error(struct gather *gather, const struct finding *finding);
/* "element_code_invalid at segment 12, element 3: the value is not ..." */
void enroll_gather_describe(struct buffer *out, const struct finding *finding);

struct divided {
	struct slice element[RECORD_ELEMENTS_MAX + 1]; /* [0] is the segment id; trimmed */
};
/* The gathered segment `index`, in a copy of the gather's text. */
void enroll_gather_divide(const struct gather *gather, const char *text, uint32_t index, struct divided *ret_divided);
/* A segment that is not gathered, in a copy of its own. */
void enroll_segment_divide(struct slice copy, const struct x12_segment *segment, struct divided *ret_divided);

/* What a segment tells that is kept as a fact. 0 or -ENOMEM. */
int enroll_facts_read(struct arena *arena, enum enroll_loop loop, const struct divided *segment, char component,
		      struct member_record *record);

/* Read the gathered loop into `ret_record`, all of it in `arena`. 0 or -ENOMEM. */
int enroll_record_read(struct arena *arena, const struct gather *gather, const struct x12_separators *separators,
		       const struct enroll_habits *habits, struct member_record *ret_record);

/*
 * A segment of a 2750 loop. `*fact` is what the sender's habits make of the loop that it stands in, FACT_COUNT: nothing;
 * kept between the segments of one loop. 0 or -ENOMEM.
 */
int enroll_category_read(struct arena *arena, const struct enroll_habits *habits, const struct divided *segment,
			 enum fact *fact, struct member_record *record);

/* A segment of a 2320 loop, as the sender's habits have it: behind enroll_facts_read. 0 or -ENOMEM. */
int enroll_cob_read(struct arena *arena, const struct enroll_habits *habits, const struct divided *segment,
		    struct member_record *record);

/* Tell the pairs of a family that is ended and enrolled anew: goes_on_at and goes_on_from. */
void enroll_split_pair(const struct enroll_habits *habits, struct member_record *members, uint32_t count);

/* DTP02 and DTP03 as a day or a period. */
struct enroll_date enroll_record_date(const struct divided *dtp);

#endif
