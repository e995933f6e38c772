/*
 * member: the records of the plan, as every layer passes them around.
 *
 * Plain data without behaviour. Slices are borrowed from whoever filled the record (a store's arena, a reader's);
 * they are UTF-8 as kept, not normalised for comparison.
 *
 * Source    CSV columns: CONTRACT section 3; words: STYLE section 2; spans inclusive: enrollment-semantics section 4.
 */
#ifndef MUSTER_MEMBER_H
#define MUSTER_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "muster/date.h"
#include "muster/money.h"
#include "muster/slice.h"

/* One stretch of coverage of one member under one plan. Both ends inclusive; ends_on DATE_NONE = open. */
struct coverage_span {
	uint64_t span_no; /* 0 = not stored yet */
	struct slice group_id, plan_id;
	struct slice insurance_line; /* HD03 */
	struct slice tier;           /* HD05; may be empty on dependents */
	date_day begins_on, ends_on;
	bool cobra;
	bool voided; /* never effective: kept for history, counted nowhere */
};

struct member {
	uint64_t member_no;         /* database key, 0 = not stored; never shown */
	struct slice member_id;     /* the plan's own number */
	struct slice subscriber_id; /* the family's number: REF*0F */
	struct slice sponsor_id;    /* who gave that number, as text_plain_id has it; empty = not known, see family_key */
	struct slice relationship;  /* INS02; "18" = self, the subscriber */
	struct slice last_name, first_name, middle_name, suffix;
	struct slice ssn; /* nine digits, or empty */
	date_day birth_on;
	date_day died_on;
	char sex; /* 'F', 'M', 'U', or 0 = unknown */
	struct slice address1, address2, city, state, zip;
	struct slice phone, email;
	struct slice employee_id, medicare_id;
	struct slice pcp_id; /* primary care provider: NPI, or the plan's number of him */
	struct slice facts;  /* what else was told of him, as facts.h has it */
	bool confidential;   /* INS13 = R */
	bool support_order;  /* a child covered by a medical child support order: the employee cannot remove him */
	uint32_t version;  /* grows with every change */
	struct coverage_span *spans; /* sorted by begins_on, then insurance_line */
	uint32_t span_count;
};

/*
 * Whose family: sponsors number their employees as they like, so a number tells a family together with its sponsor. The
 * sponsor is that of the group under which the family came (group.sponsor_id); where no group names one it is empty, and
 * such numbers are one family's over all groups without a sponsor.
 */
struct family_key {
	struct slice sponsor_id, subscriber_id;
	bool any_sponsor; /* a look-up: whoever gave the number */
};

static inline struct family_key family_key_of(const struct member *member)
{
	return (struct family_key){.sponsor_id = member->sponsor_id, .subscriber_id = member->subscriber_id};
}

static inline bool family_key_equal(struct family_key a, struct family_key b)
{
	return slice_equal(a.subscriber_id, b.subscriber_id) && slice_equal(a.sponsor_id, b.sponsor_id);
}

enum group_status { GROUP_ACTIVE, GROUP_TERMINATED };
enum cobra_admin { COBRA_ADMIN_SELF, COBRA_ADMIN_TPA, COBRA_ADMIN_PLAN };

/* The employer's contract. Never a functional group. */
struct group {
	struct slice group_id, name, region;
	enum group_status status;
	date_day effective_on, terminates_on;
	enum cobra_admin cobra_admin;
	int renewal_month, billing_day; /* 0 = not given */
	bool paper_bill;
	struct slice broker_id, sponsor_id, linked_group_id;
};

struct plan {
	struct slice plan_id, insurance_line, name, region;
	date_day effective_on, terminates_on;
	/* Monthly; -1 = not sold in this tier. */
	cents rate_emp, rate_esp, rate_ech, rate_fam, rate_ind;
};

struct broker {
	struct slice broker_id, name, tax_id;
	int32_t commission_percent_e4; /* percent x 10,000; -1 = none */
	cents commission_pmpm;         /* -1 = none */
};

/* True when the span covers `day`. */
static inline bool span_covers(const struct coverage_span *span, date_day day)
{
	return !span->voided && span->begins_on <= day && (span->ends_on == DATE_NONE || day <= span->ends_on);
}

#endif
