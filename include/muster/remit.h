/*
 * remit: what an 820 says about money, as lines.
 *
 * Feed it the events of a walk; it hands over the header of each set (payment, trace, payer) and one
 * remittance_line for each RMR, with the ADX before it (moving money: 2200) and after it (explaining: 2320).
 *
 * Units     cents; dates as date_day.
 * Memory    one arena per entity (ENT), rewound after each of its lines was handed over: lines are borrowed for the
 *           call, the header until the end of its set.
 * Source    820-005010X218 sections 1, 3, 4, 6; premium-billing section 9.
 */
#ifndef MUSTER_REMIT_H
#define MUSTER_REMIT_H

#include "muster/check.h"
#include "muster/enroll.h"
#include "muster/money.h"

struct remit_header {
	struct slice handling;        /* BPR01 */
	cents total;                  /* BPR02 */
	struct slice credit_debit, method; /* BPR03 04 */
	date_day settles_on;          /* BPR16 */
	struct slice trace_type, trace, originator; /* TRN01 02 03 */
	const struct enroll_ref *refs; /* header REF */
	uint32_t ref_count;
	date_day period_begin, period_end; /* DTM*582 */
	struct slice payer_id_qualifier, payer_id, payer_name, payee_id;
	struct slice currency;        /* CUR02; empty = USD */
};

struct remit_adjustment {
	cents amount;
	struct slice reason; /* ADX02 */
};

struct remittance_line {
	uint32_t line_pos;           /* ordinal of the RMR in its set; an entity with 2200 ADX but no RMR counts as one */
	uint32_t segment_pos;
	uint64_t offset, line;
	bool individual;             /* 2000B; else organization */
	struct slice entity_qualifier, entity_id; /* ENT03 04 */
	struct slice last_name, first_name, person_qualifier, person_id; /* 2100B NM1 */
	struct slice reference_qualifier, reference; /* RMR01 02 */
	struct slice action;         /* RMR03 */
	cents paid;                  /* RMR04 */
	bool has_billed;
	cents billed;                /* RMR05 */
	cents adjusted_before;       /* sum of the entity's 2200 ADX: carried by its first line, 0 on the others */
	cents adjusted_after;        /* sum of this RMR's 2320 ADX */
	const struct remit_adjustment *adjustments; /* 2200 of the entity (first line only), then 2320 */
	uint32_t adjustment_count, adjustments_before;
	const struct enroll_ref *refs;
	uint32_t ref_count;
	date_day period_begin, period_end; /* DTM*582 of the line */
	date_day due_on;             /* DTM*AAG */
	uint32_t head_count;         /* sum of SLN in persons */
	/* The segments of entity and line, canonical as in enroll.h, each with its offset; cut where it gets absurd. */
	struct slice raw;
	const uint64_t *raw_offsets;
	uint32_t raw_count;
	struct hash content_hash;    /* of all of them */
};

struct remit_sink {
	void *context;
	int (*header)(void *context, const struct x12_tset *tset, const struct remit_header *header);
	int (*line)(void *context, const struct x12_tset *tset, const struct remit_header *header,
		    const struct remittance_line *line);
	/* At the end of the set: P = sum of paid, V = sum of 2200 adjustments (820 reference section 6). */
	int (*end)(void *context, const struct x12_tset *tset, const struct remit_header *header, uint32_t lines,
		   cents paid, cents adjusted);
};

struct remit; /* opaque */

int remit_new(struct env *env, const struct remit_sink *sink, struct remit **ret_remit);
void remit_free(struct remit *remit);
const struct check_handler *remit_handler(struct remit *remit);

#endif
