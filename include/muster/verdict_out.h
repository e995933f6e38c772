/*
 * verdict_out: findings and verdicts as they are final, for scripts, and for reports to people (fault_report.h).
 *
 * Takes the events of a walk and writes each finding when it comes, each verdict when its interchange has ended:
 * only then is it known whether the envelope takes the set down with it. SSNs are masked, control bytes shown.
 *
 * Memory    constant: at most VERDICT_OUT_WAITING verdicts wait; of more sets in one interchange the first verdicts
 *           are written as they stood.
 * Errors    <0 from the writer or -ENOMEM, forwarded.
 * Source    CONTRACT section 4 (NDJSON).
 */
#ifndef MUSTER_VERDICT_OUT_H
#define MUSTER_VERDICT_OUT_H

#include "muster/check.h"

#define VERDICT_OUT_WAITING 16384u

/* Where a finding or verdict stands, in the sender's own words; empty where there is no such envelope. */
struct verdict_out_place {
	const char *file;
	struct slice interchange, fgroup, tset; /* ISA13, GS06, ST02 */
	struct slice guide;                     /* 005010X220A1 */
};

/* One line each, with its line feed. `unmasked`: SSNs as sent, for those who asked. */
void verdict_out_add_finding_json(struct buffer *out, const struct verdict_out_place *place,
				  const struct finding *finding, bool unmasked);
void verdict_out_add_verdict_json(struct buffer *out, const struct verdict_out_place *place,
				  const struct check_verdict *verdict);

struct verdict_out_options {
	const char *file; /* as it is to be shown; borrowed */
	bool unmasked;
	enum finding_severity least; /* findings below it are only counted; verdicts always come */
	void *context;
	int (*write)(void *context, struct slice text); /* whole lines of NDJSON */
	/* Where set, these are called instead; `place` and what is in it is borrowed for the call. */
	int (*finding)(void *context, const struct verdict_out_place *place, const struct finding *finding);
	int (*verdict)(void *context, const struct verdict_out_place *place, const struct check_verdict *verdict);
};

struct verdict_out_totals {
	uint64_t sets, accepted, accepted_with_errors, rejected;
	uint64_t errors, warnings, infos; /* findings of any scope */
};

struct verdict_out; /* opaque */

int verdict_out_new(struct env *env, const struct verdict_out_options *options, struct verdict_out **ret_verdict_out);
void verdict_out_free(struct verdict_out *verdict_out);
/* Feed it the events of one walk; call its functions from your own handler or use it as it is. */
const struct check_handler *verdict_out_handler(struct verdict_out *verdict_out);
/* Valid once the walk has ended. */
const struct verdict_out_totals *verdict_out_totals(const struct verdict_out *verdict_out);

#endif
