/*
 * contract: orders about contracts, carried out.
 *
 * A contract is terminated (all its coverage ends on a day), reinstated (that coverage is restored as if it had never
 * ended), separated by region (the families of a region go on under a contract of their own, without a gap), or linked
 * with another. Each order is one database transaction: contract, spans, history, ledger, notices and audit together.
 * The same order again changes nothing, and says so: whoever was interrupted before he had seen the result repeats it.
 *
 * Order     stands as a file that nobody sent (store.h, "orders"): its changes have a place in history.
 * Units     days; both ends of a span inclusive.
 * Memory    what is reported lives in the arena given.
 * Errors    <0 our machine; CONTRACT_E_REFUSED: nothing was changed, the report's reason says why.
 * Source    BUSINESS B11-B18; 13 subscribers, 60 days: B12, B18.
 */
#ifndef MUSTER_CONTRACT_H
#define MUSTER_CONTRACT_H

#include "muster/apply.h"

enum { CONTRACT_E_REFUSED = 1 };

/* B12: from this many subscribers on a region other than the headquarters' may have to separate. */
#define CONTRACT_SEPARATION_SUBSCRIBERS 13
/* B18: so long after its termination date a contract can be reinstated. */
#define CONTRACT_REINSTATEMENT_DAYS 60

struct contract_order {
	enum store_order_kind kind;
	struct slice group_id;
	struct slice other_group_id;  /* separate: the new contract; link: the other one */
	struct slice region;          /* separate */
	date_day on;                  /* terminate: last covered day; separate: first day under the new contract;
	                                 reinstate: the day of the request */
	int64_t at_ms;                /* now */
	struct slice operator_id;     /* who ordered it */
	bool dry_run;                 /* do all of it, then take it back */
	struct apply_cards cards;
};

struct contract_report {
	uint64_t file_no;             /* of the order, for its notices; 0 in a dry run */
	bool repeated;                /* carried out before: nothing was changed now */
	uint32_t members, spans;      /* changed */
	uint32_t kept;                /* reinstate: members whose coverage was altered since, and stays as it is */
	date_day reroute_until;       /* separate: the old number is understood until then */
	struct slice reason;          /* why refused */
	struct slice note;            /* what to know; may be empty */
};

int contract_carry_out(struct env *env, struct store *store, struct arena *arena, const struct contract_order *order,
                       struct contract_report *ret_report);

/* Subscribers covered on a day, by region. An address in no region counts for the group's own. */
struct contract_region {
	struct slice region;
	uint64_t subscribers;
	bool is_headquarters;         /* the group's own region */
	bool must_separate;           /* another one, with CONTRACT_SEPARATION_SUBSCRIBERS or more */
};
#define CONTRACT_REGIONS_MAX 16
int contract_regions(struct store *store, const struct group *group, date_day day,
                     struct contract_region ret_regions[CONTRACT_REGIONS_MAX], uint32_t *ret_count);

/* The region of a family: by its subscriber's address, else the group's own. */
struct slice contract_region_of(const struct member *subscriber, const struct group *group);
/* B13: the end of the contract's renewal month, the next after `day`; without one, of the month of `day`. */
date_day contract_reroute_until(const struct group *group, date_day day);

#endif
