/*
 * guard: volume guards. A set that would end or change too much of a group is held whole, before its first effect.
 *
 * Pass 1 counts, for each set and group, the records that ask for a termination or for any change: an upper bound,
 * for a record may turn out to change nothing. Only where that bound is over the line the set is decided for real
 * and taken back (job_dry_run), and the exact figures judge it.
 *
 * A group without active members has nothing to protect: a first enrollment is never over the line.
 *
 * Source    CONTRACT section 5 (defaults); promise P26; enrollment-semantics section 5.
 */
#ifndef MUSTER_BATCH_GUARD_H
#define MUSTER_BATCH_GUARD_H

#include "job.h"

struct guard_suspect {
	uint32_t tset_ordinal;
	uint64_t tset_no;
};

struct guard {
	struct job *job;
	struct arena arena;          /* of the set under way */
	struct job_volume *volumes; /* its groups: an open-addressed table by group_id */
	uint32_t volume_capacity, volume_count;
	struct guard_suspect *suspects;
	uint32_t suspect_count, suspect_capacity;
};

void guard_init(struct guard *guard, struct job *job);
void guard_fini(struct guard *guard);
void guard_begin_set(struct guard *guard);
int guard_count_family(struct guard *guard, const struct enroll_family *family);
/* Do the groups of the set under way have to be counted to judge it? */
bool guard_must_count(const struct guard *guard);
/* Is the bound of the set under way over a line? Reads only. */
int guard_suspects(struct guard *guard, bool *ret_suspect);
/* It is, and the set is to be applied: remember it. */
int guard_note_set(struct guard *guard, uint32_t tset_ordinal, uint64_t tset_no);
/* It is not to be applied after all. */
void guard_forget_set(struct guard *guard, uint64_t tset_no);
/* Judge those remembered, inside the write transaction of pass 1. */
int guard_judge(struct guard *guard);

/* Over the percentage and over the minimum? */
bool guard_over_the_line(uint64_t count, uint64_t active, int32_t percent, int32_t minimum);
/* Which line a set is over. */
enum guard_line {
	GUARD_WITHIN,
	GUARD_TERMINATIONS, /* of the group's active members */
	GUARD_CHANGES,
	GUARD_ERRORS,       /* of the group's records */
	GUARD_USUAL_TERMINATIONS, /* of what is usual */
	GUARD_USUAL_ADDS,
	GUARD_USUAL_CHANGES
};
struct guard_finding {
	enum guard_line line;
	uint64_t count;   /* what is too much */
	uint64_t against; /* active members; records; the sum of the last files */
	uint32_t files;   /* so many of them */
};
/* Against active members alone. */
enum guard_line guard_judge_volume(const struct profile_guards *guards, const struct job_volume *volume,
				   uint64_t active);
/* Against active members, its own records, and what is usual of the partner's files of this kind. 0 or <0. */
int guard_judge_group(struct job *job, const struct job_volume *volume, uint64_t active, bool full,
		      struct guard_finding *ret_finding);
/* As what such a set waits. */
enum category guard_category(enum guard_line line);
/* Why a set is held, by such a line. data NULL = no memory. */
struct slice guard_sentence(struct arena *arena, const struct profile_guards *guards, struct slice group_id,
                            const struct guard_finding *finding);

/* The counter of `group_id` in an open-addressed table that grows; NULL when there is no memory. */
struct job_volume *guard_volume(struct arena *arena, struct job_volume **volumes, uint32_t *capacity, uint32_t *count,
                                 struct slice group_id);

#endif
