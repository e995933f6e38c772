/*
 * balance: totals that a set states about itself (SNIP 3).
 *
 * 834: header QTY against the members counted. 820: BPR02 = sum of RMR04 + sum of ADX01 in 2200 loops; each RMR04
 * with an RMR05 = RMR05 + sum of ADX01 in its 2320 loops. In cents, exact.
 *
 * Source    834-005010X220A1 section 4 (header QTY); 820-005010X218 section 6.
 */
#ifndef MUSTER_CHECK_BALANCE_H
#define MUSTER_CHECK_BALANCE_H

#include <stdbool.h>

#include "muster/finding.h"
#include "muster/money.h"
#include "muster/x12.h"

struct check;

/* What states an amount, kept until it is known whether it agrees: for the report to quote. Longer ones are not. */
struct balance_quote {
	char bytes[200];
	uint32_t len;
};

struct balance_count {
	bool stated;
	uint64_t value;
	struct x12_where where;
	struct balance_quote quote;
};

struct balance {
	struct balance_count total, subscribers, dependents; /* QTY TO, ET, DT */
	uint64_t subscribers_seen, dependents_seen;
	bool unclear; /* of some member it is not known which he is */
	/* 820 */
	bool stated, unsound; /* BPR02 was read; an amount could not be read */
	cents payment;        /* BPR02 */
	struct x12_where bpr;
	struct balance_quote bpr_quote, line_quote;
	cents paid;                            /* sum of RMR04 */
	cents adjusted_before, adjusted_after; /* sums of ADX01 in 2200 and 2320 */
	bool line_open, line_billed;
	cents line_paid, line_due; /* RMR04; RMR05 and its ADX01 */
	struct x12_where line;
	cents line_differences; /* of lines reported */
	bool line_reported;
};

void balance_begin(struct check *check);
int balance_qty(struct check *check, const struct x12_segment *segment);
void balance_ins(struct balance *balance, bool is_subscriber, bool is_dependent);
void balance_bpr(struct check *check, const struct x12_segment *segment);
void balance_rmr(struct check *check, const struct x12_segment *segment);
void balance_adx(struct check *check, const struct x12_segment *segment, bool before);
/* A remittance line's loop ends: will there be nothing to report? */
bool balance_line_is_quiet(const struct check *check);
/* It ends. */
int balance_line_end(struct check *check);
/* The set ends. */
int balance_end(struct check *check);

#endif
