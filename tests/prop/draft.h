/*
 * draft: a file before it is bytes: lines of elements, made up from a compiled guide, to be damaged in one place.
 *
 * The same seed makes the same draft; another seed another one: names, ids, dates and codes differ, and of optional
 * things which are there. Until something in it is changed a draft is correct as SNIP 1 to 3 go.
 *
 * Addresses "2100A/NM1*IL" is the NM1 of loop 2100A whose first element is IL; "2100A/NM1" any; "/BGN" stands in no
 *           loop; "GS" is of an envelope. Meant is the first one in the record that the faults go to (the second
 *           member; the second individual of an 820), else the first in the file; with `^` in front always that.
 * Memory    the draft's arena; drafts are reset by draft_begin.
 */
#ifndef TESTS_PROP_DRAFT_H
#define TESTS_PROP_DRAFT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "muster/arena.h"
#include "muster/env.h"
#include "muster/guide.h"
#include "muster/x12.h"

#define DRAFT_ELEMENTS 40u
#define DRAFT_LINES 2500u
#define DRAFT_DEPTH 8u
#define DRAFT_NOWHERE UINT32_MAX

/* How much of what a guide allows is there: only what it requires; half of the rest; all once; all as often as may be.
 */
enum draft_fullness { DRAFT_LEAST, DRAFT_SOME, DRAFT_MOST, DRAFT_BRIM };

/* Of values: as it comes, the shortest and the longest that the guide takes. */
enum draft_length { DRAFT_ANY, DRAFT_SHORTEST, DRAFT_LONGEST };

struct draft_line {
	const char *id;                       /* "" stands for an empty segment */
	const char *elements[DRAFT_ELEMENTS]; /* [0] is element 1 */
	uint32_t element_count;
	const char *tail;            /* behind the last element, as it is */
	uint16_t segment;            /* of the guide, or GUIDE_NONE: envelopes and what was put in */
	uint32_t loops[DRAFT_DEPTH]; /* which repeat of each loop around it, outermost first */
	uint32_t depth;              /* how many of them */
};

/* What a draft is to be like. Zero is an ordinary file of one set with three records, most of it in the second. */
struct draft_shape {
	enum draft_fullness target, others; /* of the record for the faults, and of the rest */
	uint32_t records;                   /* members, or individuals; 0 = 3 */
	uint32_t tsets, fgroups;            /* 0 = 1 */
	const char *separators;             /* element, repetition, component, terminator; NULL = "*^:~" */
	const char *line_end;               /* behind each terminator; NULL = "" */
	bool lower_case;                    /* names with letters of the extended set */
	bool no_records;                    /* an 820 of an organization alone */
	enum draft_length length;
};

struct draft {
	struct arena arena;
	const struct guide *guide;
	struct draft_shape shape;
	uint64_t random;
	uint32_t next_loop, copies;
	uint32_t record_loop; /* the repeat of the record that faults go to */
	const char *date;     /* of everything in the record being made */
	struct draft_line *lines;
	uint32_t count;
};

void draft_init(struct draft *draft, struct env *env);
void draft_fini(struct draft *draft);
/* Forget everything and make a whole interchange with control number `seed`. */
void draft_begin(struct draft *draft, const struct guide *guide, uint64_t seed, const struct draft_shape *shape);
/* Below `limit`, from the draft's own sequence. */
uint32_t draft_random(struct draft *draft, uint32_t limit);

/* Index of the line with that address, or DRAFT_NOWHERE. */
uint32_t draft_find(const struct draft *draft, const char *address);
/* What comes behind the loop that the line stands in, with all its loops. */
uint32_t draft_loop_end(const struct draft *draft, uint32_t at);
/* As IK302 counts; 0 outside sets. */
uint32_t draft_position(const struct draft *draft, uint32_t at);
/* Loop id of the guide; "" for the set itself, envelopes and lines put in. */
const char *draft_loop_id(const struct draft *draft, uint32_t at);
const char *draft_element(const struct draft *draft, uint32_t at, uint32_t pos);

/* Put a line in before `at`, in the loops of the line `like`. Divided at `*`; the rest of a text with no `*` is the id.
 */
void draft_insert(struct draft *draft, uint32_t at, uint32_t like, const char *text);
/* The line says something else, in the same place. */
void draft_rewrite(struct draft *draft, uint32_t at, const char *text);
/* Put copies of the lines first..end-1 in before `at`; each copy of a loop is a repeat of its own. */
void draft_copy(struct draft *draft, uint32_t first, uint32_t end, uint32_t at);
void draft_remove(struct draft *draft, uint32_t first, uint32_t end);
/* Put the lines first..end-1 before `to`, which is none of them; the new index of the first. */
uint32_t draft_move(struct draft *draft, uint32_t first, uint32_t end, uint32_t to);
/* pos 0 is the id. The value is copied. */
void draft_set(struct draft *draft, uint32_t at, uint32_t pos, const char *value);

/* As bytes, behind what `out` holds already. Empty elements at the end of segments are left off; counts are right. */
void draft_write(const struct draft *draft, struct buffer *out);

#endif
