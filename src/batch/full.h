/*
 * full: full files, as pass 1 sees them: which sets are one, and which must wait before the first effect.
 *
 * The file is the unit: who is missing is known only when all its sets are read. So a set waits when another full set
 * of the file with a group in common does not get applied; when the file lacks a group that the last one told of; when
 * nobody of a group is in it; when it is much longer or shorter than the last; and when more of a group would be left out, ended or changed than the guards allow.
 *
 * Source    enrollment-semantics sections 1 and 5; CONTRACT section 5; promises P24, P26.
 */
#ifndef MUSTER_BATCH_FULL_H
#define MUSTER_BATCH_FULL_H

#include "job.h"

/* What is said of a set: by its BGN08, by the type in its file's name, and that so many of its records are INS03 030. */
struct full_signs {
	struct slice action, type;
	uint32_t records, compared;
};
/*
 * What it is by what was agreed. Where BGN08 and the name contradict each other: what does less of both, and *ret_doubt
 * says why nobody should be sure; else that is empty. Static.
 */
enum store_full_mode full_mode_of(const struct profile_full *profile, const struct full_signs *signs,
				  struct slice *ret_doubt);
/* Judge the full sets of the file that are to be applied, inside the write transaction of pass 1. */
int full_judge(struct job *job);

/* The file's full sets by group, in an arena. */
struct full_uses {
	struct store_full_use *items;
	uint32_t count, capacity;
	struct arena *arena;
};
int full_load(struct job *job, struct arena *arena, struct full_uses *ret_uses);

#endif
