/*
 * env_fault: counts at the gate, and strikes there.
 */
#include <assert.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "muster/env_fault.h"
#include "muster/error.h"

/* What a shell shows for a process that SIGKILL ended. */
#define KILLED_EXIT_STATUS 137

_Noreturn static void die(void)
{
	raise(SIGKILL);
	_exit(KILLED_EXIT_STATUS);
}

static bool is_write(enum env_op op)
{
	return op == ENV_WRITE || op == ENV_DB_WRITE;
}

static int strike(const struct env_fault_plan *plan, enum env_op op)
{
	switch (plan->kind) {
	case ENV_FAULT_NONE:
		return 0;
	case ENV_FAULT_KILL:
		die();
	case ENV_FAULT_KILL_TORN:
		if (is_write(op))
			return ENV_GATE_TORN;
		die();
	case ENV_FAULT_ERROR_ONCE:
	case ENV_FAULT_ERROR_STICKY:
		return -plan->error;
	case ENV_FAULT_ERROR_TORN:
		return is_write(op) ? ENV_GATE_TORN : -plan->error;
	}
	return 0;
}

static int fault_gate(struct env *env, enum env_op op, const char *what)
{
	struct env_fault *fault = env->context;

	(void)what;
	fault->counts[op]++;
	if ((fault->plan.ops & ENV_FAULT_OP(op)) == 0)
		return 0;
	fault->matched++;
	if (fault->matched != fault->plan.nth &&
	    !(fault->plan.kind == ENV_FAULT_ERROR_STICKY && fault->matched > fault->plan.nth))
		return 0;
	fault->fired = true;
	return strike(&fault->plan, op);
}

static int fault_torn(struct env *env)
{
	struct env_fault *fault = env->context;

	if (fault->plan.kind == ENV_FAULT_KILL_TORN)
		die();
	return -fault->plan.error;
}

static int64_t fault_clock_ms(struct env *env)
{
	struct env_fault *fault = env->context;

	return fault->clock_is_fixed ? fault->clock_ms : env_clock_ms(fault->real);
}

static int64_t fault_monotonic_ns(struct env *env)
{
	struct env_fault *fault = env->context;

	return fault->clock_is_fixed ? 0 : env_monotonic_ns(fault->real);
}

/* SplitMix64: a counter, well stirred. */
static uint64_t next_random(struct env_fault *fault)
{
	uint64_t bits = fault->random_state += UINT64_C(0x9e3779b97f4a7c15);

	bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
	return bits ^ bits >> 31;
}

static void fault_random(struct env *env, void *out, size_t bytes)
{
	unsigned char *at = out;
	size_t i;

	for (i = 0; i < bytes; i++)
		at[i] = (unsigned char)(next_random(env->context) >> 32);
}

static void *fault_reallocate(struct env *env, void *block, size_t bytes)
{
	struct env_fault *fault = env->context;

	return fault->real->reallocate(fault->real, block, bytes);
}

void env_fault_init(struct env_fault *fault, struct env *real, uint64_t seed)
{
	*fault = (struct env_fault){.env = {.context = fault,
					    .gate = fault_gate,
					    .torn = fault_torn,
					    .clock_ms = fault_clock_ms,
					    .monotonic_ns = fault_monotonic_ns,
					    .random = fault_random,
					    .reallocate = fault_reallocate},
				    .real = real,
				    .random_state = seed};
}

void env_fault_plan(struct env_fault *fault, struct env_fault_plan plan)
{
	assert(plan.kind <= ENV_FAULT_KILL_TORN || plan.error > 0);
	assert(plan.kind != ENV_FAULT_ERROR_STICKY || plan.error != EINTR);
	fault->plan = plan;
	fault->matched = 0;
	fault->fired = false;
	memset(fault->counts, 0, sizeof(fault->counts));
}

void env_fault_fix_clock(struct env_fault *fault, int64_t clock_ms)
{
	fault->clock_is_fixed = true;
	fault->clock_ms = clock_ms;
}

uint64_t env_fault_count(const struct env_fault *fault, uint64_t ops)
{
	uint64_t count = 0;
	size_t op;

	for (op = 0; op < ENV_OP_COUNT; op++)
		if ((ops & ENV_FAULT_OP(op)) != 0)
			count += fault->counts[op];
	return count;
}
