/*
 * decide: a family's records, what is known, and the plan's rules, into a changeset.
 *
 * Pure: reads the database only through a view, touches nothing. A family is decided together, subscriber first,
 * on images of its members: what stands before, and what shall stand after. Each record ends in exactly one way:
 * operations (applied or no change), an exception, or deferred (a dependent whose subscriber has not come yet).
 *
 * Order     operations and exceptions stand in the order in which they are to be applied and reported.
 * Memory    the changeset lives in the arena given.
 * Source    BUSINESS B1-B7; enrollment-semantics sections 2-4, 8; CONTRACT section 5; 820 reference section 8.
 */
#ifndef MUSTER_DECIDE_H
#define MUSTER_DECIDE_H

#include "muster/enroll.h"
#include "muster/match.h"
#include "muster/remit.h"

enum decide_action {
	DECIDE_ADD,
	DECIDE_CHANGE,
	DECIDE_TERMINATE,
	DECIDE_REINSTATE,
	DECIDE_VOID,
	DECIDE_TRANSFER,
	DECIDE_NO_CHANGE,
	DECIDE_POST,
	DECIDE_ACTION_COUNT
};
/* As in applied.csv: "add", "no_change", ... */
const char *decide_action_name(enum decide_action action);

/* A separation of a contract by region (B12): who of that region bears the old number still means the new contract. */
struct decide_separation {
	struct slice group_id, region; /* the new contract, and whose it is */
	date_day begins_on;
	date_day reroute_until;        /* later a record under the old number is an exception (B13) */
};

/* What of a member on file one operation touches. */
struct decide_footprint {
	uint64_t member_no;
	uint64_t span_nos[2];                /* 0 = none, or one that is new by it */
	const struct member *before, *after; /* his person data; NULL: it is not about them */
};

/* What decide may look at. Every pointer that it returns lives in `arena` or longer. NULL = no such thing. */
struct decide_view {
	void *context;
	int (*group)(void *context, struct slice group_id, struct arena *arena, const struct group **ret_group);
	int (*plan)(void *context, struct slice plan_id, struct arena *arena, const struct plan **ret_plan);
	/* The one plan of this insurance line that is sold on `day`; NULL when there is none, or a choice. May be NULL. */
	int (*plan_of_line)(void *context, struct slice insurance_line, date_day day, struct arena *arena,
	                    const struct plan **ret_plan);
	int (*member)(void *context, struct slice member_id, struct arena *arena, const struct member **ret_member);
	/* Everybody of this family, spans included, subscriber first. */
	int (*household)(void *context, struct family_key key, struct arena *arena, const struct member ***ret_members,
			 uint32_t *ret_count);
	/*
	 * How many sponsors gave this family's number, and the one where it is one. `covers` not empty: of families alone
	 * whose subscriber was ever covered in a group of that sponsor. May be NULL: nobody is asked.
	 */
	int (*sponsors_of_number)(void *context, struct slice subscriber_id, struct slice covers, struct arena *arena,
	                          struct slice *ret_sponsor_id, uint32_t *ret_count);
	/* Is it the sponsor of any group? May be NULL: of none. */
	int (*sponsor_known)(void *context, struct slice sponsor_id, bool *ret_known);
	/* For payments: the group of a sponsor's tax id or account; NULL when none or several. */
	int (*group_by_sponsor)(void *context, struct slice sponsor_id, struct arena *arena,
				const struct group **ret_group);
	/* The group that an invoice number was billed to, and how much is open on it; NULL when there is no such bill. */
	int (*group_by_invoice)(void *context, struct slice invoice, struct arena *arena,
				const struct group **ret_group);
	/* Was this payment (payer, trace, amount, day) taken before, by another set? */
	int (*payment_seen)(void *context, struct slice payer_id, struct slice trace, cents total, date_day settles_on,
			    bool *ret_seen);
	/* The separations of a contract that is linked with another, latest first. May be NULL: there are none. */
	int (*separations)(void *context, struct slice group_id, struct arena *arena,
	                   const struct decide_separation **ret_separations, uint32_t *ret_count);
	struct match_candidates candidates;
	uint64_t population; /* how many members there are to be taken for one another; 0 = not known */
	/* Members of whom a representative said that they are not the person of this match_identity. NULL: of nobody so far. */
	int (*ruled_out)(void *context, const struct hash *identity, struct arena *arena,
	                 const uint64_t **ret_member_nos, uint32_t *ret_count);
	const struct match_model *model; /* NULL = the one carried inside the program */
	/*
	 * Did a record of its own end this coverage, not a change that put another in its place? May be NULL: of none is it
	 * known.
	 */
	int (*was_ended)(void *context, uint64_t member_no, uint64_t span_no, struct arena *arena, bool *ret_ended);
	/*
	 * What a file received after the set under way has done to the same things, in words; empty = nothing. NULL, but for a
	 * set that was held and is released: elsewhere nothing can have come later.
	 */
	int (*later_change)(void *context, const struct decide_footprint *footprint, struct arena *arena,
			    struct slice *ret_words);
};

/* Whose SSN must be there before a person is taken in. */
enum decide_ssn { DECIDE_SSN_NOBODY, DECIDE_SSN_SUBSCRIBERS, DECIDE_SSN_EVERYBODY };

/* An end that is moved: asked about when it has passed; simply moved; or only after a reinstatement. */
enum decide_earlier_term { DECIDE_EARLIER_ASK, DECIDE_EARLIER_DIRECT, DECIDE_EARLIER_REINSTATE_FIRST };
/* Who comes back: by 025 or 021; by 025 only, and a 021 is new coverage; by 021 only. */
enum decide_reinstate { DECIDE_REINSTATE_ANY, DECIDE_REINSTATE_025, DECIDE_REINSTATE_021 };
/* Another plan: by one 001 or by 024 with 021; by one 001 only; by the pair only. */
enum decide_plan_change { DECIDE_PLAN_CHANGE_ANY, DECIDE_PLAN_CHANGE_SIMPLE, DECIDE_PLAN_CHANGE_PAIR };
/* Coverage from the first to the last of months: not asked for, asked about, or moved there. */
enum decide_month_rule { DECIDE_MONTH_ANY, DECIDE_MONTH_HOLD, DECIDE_MONTH_SHIFT };

/* Where a partner sends what. Values of a profile; all zero = the defaults of CONTRACT section 5. */
struct decide_policy {
	char member_id_ref[4];       /* REF qualifier of the plan's member number; "" = 23 */
	bool subscriber_id_is_ssn;   /* ref0F=ssn */
	bool number_is_plan_wide;    /* family_numbers=plan: REF*0F is one family's over all sponsors */
	bool end_is_exclusive;
	int32_t retro_add_days, retro_term_days, future_days; /* 0 = no limit */
	int32_t age_limit_years;     /* 0 = 26 */
	bool allow_test_files;       /* ISA15 = T is applied */
	enum decide_ssn ssn_required;
	bool reject_dep_without_sub; /* a dependent whose subscriber has not come is rejected; else he waits for him */
	bool add_without_coverage;   /* INS03 = 021 without HD creates the member */
	bool dependents_stay;        /* the subscriber's new plan or group is not theirs: they have records of their own */
	uint64_t hold_on;            /* categories (1 << enum category) that hold a record up instead of warning */
	char support_order[32];      /* REF*17 of a child under a medical child support order; "" = QMCSO or NMSN */
	/* Where the sender puts ids; REF qualifiers of the 2000 loop. */
	char employee_id_ref[4];     /* "" = ABB */
	char medicare_id_ref[4];     /* "" = F6 */
	char prior_id_ref[4];        /* beside Q4 and 6O */
	/* How he tells what happened. */
	bool upsert;                 /* INS03 001 for everything: who is not on file is added */
	bool merge_ins;              /* a record for each coverage: 024 ends those that its HDs name, and no others */
	enum decide_earlier_term earlier_term;
	enum decide_reinstate reinstate;
	enum decide_plan_change plan_change;
	bool renewal_inside;         /* dependents whom a renewal's family does not name are dropped by it */
	bool renewal_survives;       /* a termination leaves coverage alone that begins after it */
	bool cancel_at_begin;        /* an end on the first day is no day of cover: never effective */
	bool current_only;           /* full files hold nobody's past: what is over and not on file is not taken in */
	enum decide_month_rule month_rule;
	int32_t gap_days;            /* a re-add after so many days without cover is continuous */
	int32_t waiting_days;        /* a subscriber's coverage begins so many days after hire (DTP 336) */
	int32_t reinstate_days;      /* ended longer ago: a reinstatement makes a new span; 0 = no limit */
	bool address_cascade_off;    /* the subscriber's new address is not given to dependents who shared the old one */
};

/* One member, before and after. member_no 0 in `before`: new to the plan; apply gives the number. */
struct decide_image {
	struct member before, after; /* with their spans, sorted; a span with span_no 0 is new */
	bool fields_changed;         /* something but the spans differs */
	bool claimed;                /* a record was found to mean this member; false: reached by a cascade only */
	struct slice new_member_id;  /* a number wished for a new member (REF*23 of an unknown person is not one); empty */
};

/* A span that an operation made or changed. */
struct decide_touch {
	bool is_new;                          /* there was none before: `before` is empty */
	struct coverage_span before, after;   /* as this operation found and left it */
	uint32_t after_index;                 /* in image->after.spans, which has its span_no once it is stored */
};
#define DECIDE_TOUCHES_MAX 2

/* One row of applied.csv and of the change history. */
struct decide_operation {
	enum decide_action action;
	uint32_t member_pos;
	uint32_t segment_pos;
	uint64_t offset;
	struct decide_image *image;  /* NULL: a declination by somebody who is not on file; nothing is kept of him */
	bool carries_fields;         /* this row is about person data: fields_before and _after are given */
	const struct member *fields_before, *fields_after; /* without spans; before NULL: a member new to the plan */
	struct decide_touch touches[DECIDE_TOUCHES_MAX]; /* every span that it touched: undo is made of these */
	uint32_t touch_count;
	int32_t span_before_index, span_after_index; /* in image->before.spans / after.spans; -1 = none */
	struct slice group_id, plan_id; /* of the row; may be empty for a change of person data */
	date_day begins_on, ends_on;
	double confidence;
	const char *match_rule;
	struct slice change;         /* in words, masked: "address1: 1 MAIN ST -> 2 OAK AVE" */
};

/* Do coverages of these insurance lines exclude each other? An HMO and a PPO do: both are medical. */
bool decide_same_product(struct slice line_a, struct slice line_b);

struct decide_exception {
	const struct member_record *record; /* or NULL: a remittance line */
	const struct remittance_line *line;
	uint32_t member_pos;
	enum category category;
	struct slice reason;
	bool rejected;               /* its outcome is DECIDE_REJECTED */
	double confidence;           /* of the best candidate */
	struct hash identity;        /* match_identity of who was sent; zero = nobody was looked for */
	const struct match_candidate *candidates; /* NULL = nobody was looked for: a representative had named the person */
	uint32_t candidate_count;
};

/* What a person should know of a record beside its outcome; it holds nothing up. Masked. */
struct decide_warning {
	uint32_t member_pos;
	struct slice text;
};

/* REJECTED: the partner agreed to mend such a record himself. It stands among the exceptions, but nobody works on it. */
enum decide_outcome { DECIDE_APPLIED, DECIDE_UNCHANGED, DECIDE_EXCEPTION, DECIDE_REJECTED, DECIDE_DEFERRED };

struct changeset {
	struct arena *arena;
	struct family_key family; /* whom the records' REF*0F means */
	struct decide_image **images;
	uint32_t image_count, image_capacity;
	struct decide_operation *operations;
	uint32_t operation_count, operation_capacity;
	struct decide_exception *exceptions;
	uint32_t exception_count, exception_capacity;
	enum decide_outcome *outcomes; /* one for each record of the family, in its order */
	uint32_t outcome_count;
	struct decide_warning *warnings;
	uint32_t warning_count, warning_capacity;
};

struct decide_input {
	const struct decide_view *view;
	const struct decide_policy *policy;
	date_day today;              /* the run's one "today" */
	const struct enroll_family *family;
	/*
	 * A full file: records of INS03 or HD01 030 are compared with what is stored, and what differs is changed. Not
	 * set: such a record is no action, an exception.
	 */
	bool compares;
	bool last_chance;            /* end of file: a dependent without subscriber is an exception, not deferred */
	/* A representative's decision on the one record of this family (reprocess): empty = none. */
	struct slice forced_member_id;
	bool forced_new;
	bool insists; /* he was told already that the person is on file (DUP_ADD), and says `new` all the same */
	bool insists_alone; /* or that a dependent is covered without his subscriber (DEP_NO_SUBSCRIBER) */
	/*
	 * Told of each record that was matched, before anything follows from it: who was sent (match_identity), and whom it
	 * means. Both live in the arena. May be NULL.
	 */
	void (*matched)(void *context, const struct member_record *record, const struct hash *identity,
			const struct match_result *result);
	void *matched_context;
	/* Was this member claimed by another record of this set, outside this family? NULL = nobody was. */
	bool (*is_claimed)(void *context, uint64_t member_no);
	void *claimed_context;
};

/* Decide one family. 0 with *ret_changeset filled (its arrays in `arena`), or <0. */
int decide_family(struct arena *arena, const struct decide_input *input, struct changeset *ret_changeset);

/*
 * Termination by omission: a household of which a full file leaves somebody out. Pure as decide_family.
 *
 *   the subscriber present     each dependent who is left out ends by himself
 *   the subscriber left out    all end together; but where one of them is kept, or stands in the file, nobody does: a
 *                              family without its subscriber is a question
 *   a coverage ends by itself by the end of the month after the file's: it stays; it was said explicitly
 *
 * Source    enrollment-semantics section 5.
 */
enum decide_omission_outcome {
	DECIDE_OMISSION_NONE, /* in the file, or not covered there: nothing to say */
	DECIDE_OMISSION_ENDED,
	DECIDE_OMISSION_WAITS, /* for a representative, or for another full file */
	DECIDE_OMISSION_KEPT
};
struct decide_absence {
	const struct member *member; /* with all his spans */
	bool present;                /* a record of the file means him */
	bool waits;                  /* the file does not settle yet (grace), with its reason below */
	struct slice protection;     /* why he is kept though he is left out; empty = nothing keeps him */
	enum decide_omission_outcome outcome; /* out, with */
	struct slice reason;         /* in and out */
};
struct decide_omission_input {
	struct slice group_id;
	date_day today, file_on;
	date_day ends_on;         /* the last covered day of those who end */
	int32_t retro_term_days;  /* 0 = no limit */
	bool ask;                 /* end nobody: a representative decides */
	bool forced;              /* a representative said so: neither protection nor family keeps anybody */
	uint32_t member_pos;      /* of the rows: there is no record */
};
/*
 * `people`: subscriber first, where he is on file. *ret_asks: somebody waits for a representative, with `reason` of the
 * first such. 0 or <0.
 */
int decide_omission(struct arena *arena, const struct decide_omission_input *input, struct decide_absence *people,
                    uint32_t count, struct changeset *ret_changeset, bool *ret_asks);

/* Each field of a person that differs, shown as in `change` (masked). 0, <0, or what `fn` returned. */
int decide_differences(struct arena *arena, const struct member *before, const struct member *after, void *context,
                       int (*fn)(void *context, const char *field, struct slice before, struct slice after));

/* One remittance line: posted against whom, or suspended and why. */
struct decide_payment {
	bool posted;
	struct slice group_id;       /* empty when suspended */
	const struct member *member; /* NULL on organization level */
	double confidence;
	const char *match_rule;
	enum category category;      /* when suspended */
	struct slice reason;
	struct slice change;         /* "pending until 2026-02-01: 500.00 on account" */
	const struct match_candidate *candidates;
	uint32_t candidate_count;
};
/* A whole set first: 0 and *ret_category CATEGORY_COUNT when it may be posted; else why nothing of it is. */
int decide_remittance(struct arena *arena, const struct decide_view *view, const struct remit_header *header,
                      cents paid, cents adjusted, enum category *ret_category, struct slice *ret_reason);
/*
 * Then each line. `forced_id`: a representative's decision `match:<id>` on it (reprocess), a member's or a group's id;
 * empty = none. What a line weighs is paid + adjusted_before: posted or suspended as a whole.
 */
int decide_remittance_line(struct arena *arena, const struct decide_view *view, const struct decide_policy *policy,
                           date_day today, const struct remit_header *header, const struct remittance_line *line,
                           struct slice forced_id, struct decide_payment *ret_payment);

#endif
