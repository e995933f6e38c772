/*
 * enroll: what an 834 says about people, as records.
 *
 * Feed it the events of a walk (check.h); it gathers each 2000 loop into a member_record and hands over whole
 * families: consecutive members of a set with the same subscriber id (REF*0F), in the sender's order. Says only
 * what the sender said; knows nothing of the database.
 *
 * Units     dates as date_day, DATE_NONE where not sent or not a date. Codes as sent, trimmed.
 * Memory    one arena per family, reset when the family callback has returned: records are borrowed for its length.
 * Source    834-005010X220A1; enrollment-semantics sections 2, 4, 6.
 */
#ifndef MUSTER_ENROLL_H
#define MUSTER_ENROLL_H

#include "muster/check.h"
#include "muster/facts.h"
#include "muster/member.h"

struct enroll_ref {
	struct slice qualifier, value;
};

struct enroll_date {
	struct slice qualifier;
	date_day day, end; /* end: of an RD8 period, else DATE_NONE */
};

/* The set's header: BGN, REF*38, DTP, N1 loops. */
struct enroll_header {
	struct slice purpose;       /* BGN01 */
	struct slice reference;     /* BGN02 */
	date_day created_on;        /* BGN03 */
	struct slice created_time;  /* BGN04 */
	struct slice prior_reference; /* BGN06 */
	struct slice action;        /* BGN08: 2, 4, RX */
	struct slice policy;        /* REF*38 */
	date_day effective_on;      /* DTP*007 */
	struct slice sponsor_id, sponsor_name, payer_id, broker_id;
};

/* Where a sender puts what; all zero: as CONTRACT section 5 has it. */
enum enroll_group_key { ENROLL_GROUP_ANY, ENROLL_GROUP_HEADER, ENROLL_GROUP_MEMBER, ENROLL_GROUP_COVERAGE };
/* A reporting category (2750 N1*75) that is kept as a fact. */
struct enroll_category {
	struct slice name;
	enum fact fact;
};
/* What the end of COB02 says of the other coverage: the other payer's rank, or that it is Medicare. */
enum enroll_cob {
	ENROLL_COB_AS_SENT, /* COB01 has it */
	ENROLL_COB_PRIMARY,
	ENROLL_COB_SECONDARY,
	ENROLL_COB_TERTIARY,
	ENROLL_COB_MEDICARE
};
struct enroll_cob_rule {
	struct slice suffix;
	enum enroll_cob meaning;
};
struct enroll_habits {
	enum enroll_group_key group_key; /* the only place that names the group: header REF*38, REF of 2000, of 2300 */
	char group_ref[4];               /* REF of 2000 with the group; "" = 1L */
	char plan_ref[4];                /* REF of 2300 with the plan; "" = HD04 */
	char subgroup_ref[4], employer_ref[4], carrier_ref[4], case_ref[4]; /* REF of 2000 kept as facts; "" = none */
	const struct enroll_category *categories; /* borrowed */
	uint32_t category_count;
	const struct enroll_cob_rule *cob_rules; /* borrowed; the first that fits */
	uint32_t cob_rule_count;
	bool family_split;               /* a family is ended and enrolled anew where one of it leaves: pairs are told */
	bool end_is_exclusive;           /* for these pairs */
	bool sponsor_is_policy;          /* the sponsor is header REF*38: N1*P5 names who files for many */
};

struct enroll_coverage {
	struct slice maintenance;    /* HD01 */
	struct slice insurance_line; /* HD03 */
	struct slice plan;           /* HD04 */
	struct slice tier;           /* HD05 */
	date_day begins_on, ends_on; /* DTP*348, 349 */
	date_day effective_on;       /* DTP*303 */
	const struct enroll_ref *refs;
	uint32_t ref_count;
	bool wants_card;             /* an IDC was sent */
	struct slice pcp_id;         /* 2310 NM1*P3 NM109 */
	struct slice pcp_kind;       /* NM108: XX = NPI, SV = the plan's number */
	uint32_t segment_pos;
};

/* The names and person data of one NM1 with its followers (2100A, or 2100B as `prior`). */
struct enroll_person {
	struct slice last_name, first_name, middle_name, prefix, suffix;
	struct slice ssn;            /* NM109 with 34; as sent */
	struct slice other_id;       /* NM109 with ZZ */
	date_day birth_on;
	char sex;                    /* 0 = not sent */
};

struct member_record {
	uint32_t member_pos;         /* ordinal of the INS in its set */
	uint32_t segment_pos;        /* of the INS */
	uint64_t offset, line;       /* of the INS */
	bool is_subscriber;          /* INS01 = Y */
	struct slice relationship, maintenance, reason, benefit_status; /* INS02 03 04 05 */
	struct slice medicare_parts, medicare_reason;                  /* INS06 */
	bool medicare_by_cob;        /* a 2320 tells of Medicare, by the sender's habit */
	uint32_t cob_count;          /* 2320 so far, where he has such habits */
	struct slice cobra_event, employment_status, student_status;   /* INS07 08 09 */
	bool handicapped;            /* INS10 = Y */
	date_day died_on;            /* INS12 */
	bool confidential;           /* INS13 = R */
	struct slice confidentiality; /* INS13 as sent: empty keeps what is stored */
	uint32_t birth_order;        /* INS17, 0 = not sent */
	struct slice subscriber_id;  /* REF*0F */
	struct slice group;          /* REF*1L of the member; empty: see coverages, then header.policy */
	enum enroll_group_key group_key; /* by the sender's habit: which of these three counts */
	const struct enroll_ref *refs; /* all REF of the 2000 loop */
	uint32_t ref_count;
	const struct enroll_date *dates; /* all DTP of the 2000 loop */
	uint32_t date_count;
	bool corrected;              /* NM101 = 74 */
	struct enroll_person person;
	bool has_prior;              /* 2100B was sent */
	struct enroll_person prior;
	bool has_address;            /* 2100A N3/N4 was sent */
	struct slice address1, address2, city, state, zip, country;
	bool has_mailing;            /* 2100C */
	struct slice phone, email;   /* PER: TE, HP, CP, WP in this order of preference; EM */
	struct slice facts[FACT_COUNT];     /* empty = not sent */
	uint8_t fact_loops[FACT_COUNT];     /* how often the loop that tells a fact began: the first one counts */
	const struct enroll_coverage *coverages;
	uint32_t coverage_count;
	/* By the sender's habit: an end (024), and the record of the same family that enrolls the same person anew from the
	 * next day. Their member_pos; 0 = there is none. */
	uint32_t goes_on_at, goes_on_from;
	/* Of the second: the coverages that the first ends, its REF*1L (empty: none), and does it end all that the member has
	 * there? Borrowed. */
	const struct enroll_coverage *ended;
	uint32_t ended_count;
	struct slice ended_group;
	bool ended_all;
	uint32_t errors;             /* findings of severity error inside this loop (profile reject: member) */
	struct slice first_error;    /* code and message of the first of them */
	/* The loop's segments, canonical: element separator *, component :, repetition ^, terminator ~ and no line ends. */
	struct slice raw;
	const uint64_t *raw_offsets; /* of each of them in the file: the hash knows nothing of places */
	uint32_t raw_count;
	struct hash content_hash;    /* of raw */
};

struct enroll_family {
	const struct x12_interchange *interchange;
	const struct x12_fgroup *fgroup;
	const struct x12_tset *tset;
	const struct enroll_header *header;
	struct member_record *members;
	uint32_t member_count;
	struct arena *arena; /* the family's: what the callback needs for the family's length may go here */
};

struct enroll_sink {
	void *context;
	/* A set's header is complete (before its first member; also for sets without members, at their end). */
	int (*header)(void *context, const struct x12_tset *tset, const struct enroll_header *header);
	int (*family)(void *context, const struct enroll_family *family);
};

struct enroll; /* opaque */

int enroll_new(struct env *env, const struct enroll_sink *sink, struct enroll **ret_enroll);
void enroll_free(struct enroll *enroll);
/* How the sender of what comes writes; copied. */
void enroll_set_habits(struct enroll *enroll, const struct enroll_habits *habits);
/*
 * Records are read only as far as they say whom and what they concern: is_subscriber, relationship, maintenance, refs, and
 * of each coverage its maintenance and refs. Enough to count by; nothing to decide by.
 */
void enroll_set_outline(struct enroll *enroll);
/* Walk events go in here; it ignores sets of other guides. */
const struct check_handler *enroll_handler(struct enroll *enroll);

/* The value of the first REF with this qualifier, or empty. */
struct slice enroll_ref_value(const struct enroll_ref *refs, uint32_t count, const char *qualifier);
/*
 * The group of a record, as CONTRACT section 5 finds it: its REF*1L, else a coverage's, else the header's REF*38; or the
 * one of these that the sender's habit names.
 */
struct slice enroll_group(const struct enroll_header *header, const struct member_record *record);
/* The same for one of its coverages. */
struct slice enroll_coverage_group(const struct enroll_header *header, const struct member_record *record,
                                   const struct enroll_coverage *coverage);
/* The day of the first DTP with this qualifier, or DATE_NONE. */
date_day enroll_date_value(const struct member_record *record, const char *qualifier);

#endif
