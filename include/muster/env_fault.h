/*
 * env_fault: a world that fails on command. For tests; not part of the program.
 *
 * Built over a real env: files are real, but each operation is counted and one of them (or all from one on) fails, is
 * torn, or is the last thing the process does. With a fixed clock and random bits from a seed two runs are the same.
 *
 *     struct env_fault fault;
 *     env_fault_init(&fault, &real, 1);
 *     work(&fault.env);                                     // counts: fault.counts, env_fault_count()
 *     for (nth = 1; nth <= count; nth++) {
 *             env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_CHANGES, nth, ENV_FAULT_ERROR_ONCE, EIO});
 *             work(&fault.env);                             // must leave nothing half done
 *     }
 *
 * A kill ends the process by SIGKILL: run the work in a fork()ed child and wait for it.
 */
#ifndef MUSTER_ENV_FAULT_H
#define MUSTER_ENV_FAULT_H

#include "muster/env.h"

/* Sets of operations. */
#define ENV_FAULT_OP(op) (UINT64_C(1) << (op))
#define ENV_FAULT_ALL (ENV_FAULT_OP(ENV_OP_COUNT) - 1 - ENV_FAULT_OP(ENV_ALLOC))
/* Those after which the disk may look different. */
#define ENV_FAULT_CHANGES                                                                                              \
	(ENV_FAULT_OP(ENV_OPEN) | ENV_FAULT_OP(ENV_WRITE) | ENV_FAULT_OP(ENV_SYNC) | ENV_FAULT_OP(ENV_CLOSE) |         \
	 ENV_FAULT_OP(ENV_RENAME) | ENV_FAULT_OP(ENV_UNLINK) | ENV_FAULT_OP(ENV_MKDIR) | ENV_FAULT_OP(ENV_DB_OPEN) |   \
	 ENV_FAULT_OP(ENV_DB_WRITE) | ENV_FAULT_OP(ENV_DB_SYNC) | ENV_FAULT_OP(ENV_DB_TRUNCATE) |                      \
	 ENV_FAULT_OP(ENV_DB_DELETE) | ENV_FAULT_OP(ENV_DB_COMMIT))

enum env_fault_kind {
	ENV_FAULT_NONE,         /* only count */
	ENV_FAULT_KILL,         /* die before the operation */
	ENV_FAULT_KILL_TORN,    /* a write: die after its first half; another operation: as ENV_FAULT_KILL */
	ENV_FAULT_ERROR_ONCE,   /* the operation fails */
	ENV_FAULT_ERROR_STICKY, /* it and all later ones of `ops` fail (full disk, dead disk) */
	ENV_FAULT_ERROR_TORN    /* a write: fails after its first half; another operation: as ENV_FAULT_ERROR_ONCE */
};

struct env_fault_plan {
	uint64_t ops; /* ENV_FAULT_OP() of each that counts for `nth` */
	uint64_t nth; /* from 1 */
	enum env_fault_kind kind;
	int error; /* errno, positive; not EINTR with ENV_FAULT_ERROR_STICKY, for that would never end */
};

struct env_fault {
	struct env env; /* hand this out */
	struct env *real;
	struct env_fault_plan plan;
	uint64_t counts[ENV_OP_COUNT];
	uint64_t matched; /* operations of plan.ops seen since env_fault_plan */
	bool fired;
	bool clock_is_fixed;
	int64_t clock_ms;
	uint64_t random_state;
};

/* `real` is borrowed. No plan, the real clock, random bits from `seed`. */
void env_fault_init(struct env_fault *fault, struct env *real, uint64_t seed);
/* A new plan; counters start at 0. The random bits go on. */
void env_fault_plan(struct env_fault *fault, struct env_fault_plan plan);
/* From now on it is always `clock_ms`; the monotonic clock stands still too. */
void env_fault_fix_clock(struct env_fault *fault, int64_t clock_ms);
/* How many operations of `ops` were asked for since the last plan: the length of a sweep. */
uint64_t env_fault_count(const struct env_fault *fault, uint64_t ops);

#endif
