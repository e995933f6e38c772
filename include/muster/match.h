/*
 * match: who of the members is meant, and how sure that is.
 *
 * Pure: an incoming person, candidates that arrive through an interface, and out comes a disposition with its
 * explanation. A change applied to the wrong person is the worst thing muster can do; so "automatic" wants proof,
 * and everything else goes to a person with the best candidates shown.
 *
 * Keys      candidates are found by 64-bit keys, computed here for members (to be stored) and for queries alike.
 * Units     probabilities 0..1; score and evidence in bits.
 * Memory    results live in the caller's arena.
 * Source    BUSINESS B3; reference/matching; CONTRACT section 5 (identity conflicts).
 */
#ifndef MUSTER_MATCH_H
#define MUSTER_MATCH_H

#include "muster/arena.h"
#include "muster/category.h"
#include "muster/hash.h"
#include "muster/limits.h"
#include "muster/member.h"

#define MATCH_KEYS_MAX 16

/*
 * Keys of a member: what the store keeps beside him. Returns how many (<= MATCH_KEYS_MAX); none repeats. About six,
 * the same in every version until the keys' own version is raised: then stored ones find nobody. One of them is a bare
 * hash of the SSN: whoever stores keys decides whether to cover it.
 */
#define MATCH_KEYS_VERSION 2
uint32_t match_member_keys(const struct member *member, uint64_t ret_keys[MATCH_KEYS_MAX]);
/* Of a member before and after a change. */
struct match_changed_keys {
	uint64_t before[MATCH_KEYS_MAX], after[MATCH_KEYS_MAX];
	uint32_t before_count, after_count;
};
/*
 * Their keys that can differ: all that only one of them has, and maybe some that both have. None where nothing differs
 * that a key is made of, and those of the home alone where nothing else does.
 */
void match_changed_keys(const struct member *before, const struct member *after, struct match_changed_keys *ret_keys);

/*
 * Who was sent, as a key that stays the same from file to file as long as names (however written), birth date, SSN,
 * member number, family and the values known before are sent the same. `prior` may be NULL.
 */
void match_identity(const struct member *sent, const struct member *prior, struct hash *ret_identity);

struct match_model; /* match_model.h */

enum match_intent { MATCH_ADD, MATCH_CHANGE, MATCH_TERMINATE, MATCH_REINSTATE, MATCH_PAYMENT };
#define MATCH_INTENTS 5

/* The person as sent. `sent` uses struct member for its fields: spans, version and member_no mean nothing. */
struct match_query {
	enum match_intent intent;
	const struct member *sent;
	const struct member *prior;   /* 2100B: the values known before; NULL = not sent. Fields may be empty */
	bool corrected;               /* NM101 = 74, or INS04 = 25: the sent values may differ from the known ones */
	bool is_subscriber;
	bool subscriber_id_is_ssn;    /* the family's number is the subscriber's SSN: on his own record it says nothing more */
	uint32_t birth_order;         /* INS17 */
	struct slice subscriber_ssn;  /* the family's subscriber, to see it on a dependent; may be empty */
	struct slice group_id;
	struct slice forced_member_id; /* a representative's decision: match:<id>; empty = none */
	bool forced_new;              /* a representative's decision: new */
	/*
	 * Members already claimed by other records of this file: never the answer for a second one, unless that one agrees
	 * in names and birth date, and in what else it says of the person: then the same person was sent twice.
	 */
	bool (*is_claimed)(void *context, uint64_t member_no); /* NULL = nobody is */
	void *claimed_context;
	/*
	 * Members of whom a representative said that they are not this person (match_identity). None of them is a candidate,
	 * but what they are witnesses of stands: a twin, whose the SSN or the member number is.
	 */
	const uint64_t *ruled_out;
	uint32_t ruled_out_count;
	const struct match_model *model; /* match_model.h; NULL = the one carried inside the program */
	uint64_t population;             /* members on file; 0 = as many as the model says */
};

/* A set of members, each once (by member_no). */
struct match_pool {
	struct arena *arena;
	const struct member **members;
	uint32_t count, capacity;
};
/* 0 or -ENOMEM. */
int match_pool_add(struct match_pool *pool, const struct member *member);

/* Where candidates come from: SQLite probes, or an index in memory. */
struct match_candidates {
	void *context;
	/* Append pointers to the members that bear `key` to `pool`, at most `max`; members live in `arena`. */
	int (*by_key)(void *context, uint64_t key, uint32_t max, struct arena *arena, struct match_pool *pool);
	int (*by_member_id)(void *context, struct slice member_id, struct arena *arena, struct match_pool *pool);
	/* The whole household. */
	int (*by_family)(void *context, struct family_key key, struct arena *arena, struct match_pool *pool);
};

enum match_disposition { MATCH_AUTO, MATCH_NEW, MATCH_REVIEW };

struct match_evidence {
	const char *field;        /* "last_name" */
	const char *key;          /* the level as model files name it: "one_digit"; "missing"; "" where it is no field */
	const char *level;        /* in words: "equal", "nickname", "one digit differs" */
	struct slice sent, known; /* raw: a display masks SSNs */
	int32_t millibits;
	bool against_housemate;
};

struct match_candidate {
	const struct member *member;
	double probability;
	int32_t millibits;        /* sum of evidence */
	struct match_evidence *evidence;
	uint32_t evidence_count;
};

struct match_result {
	enum match_disposition disposition;
	const struct member *member;   /* AUTO: the one */
	double confidence;             /* that member (AUTO), or "new" (NEW), is right */
	const char *rule;              /* AUTO, NEW: the rule that decided, as in applied.csv: "member_id+birth_on" */
	enum category category;        /* REVIEW */
	struct slice reason;           /* REVIEW: one sentence for a representative */
	struct match_candidate candidates[LIMIT_CANDIDATES]; /* best first */
	uint32_t candidate_count;
	double none_probability;       /* that nobody on file is meant */
	const char *guard;             /* what stopped an automatic match that the numbers allowed, in words; NULL = nothing */
};

/* 0 with *ret_result, or <0. */
int match_person(struct arena *arena, const struct match_candidates *candidates, const struct match_query *query,
                 struct match_result *ret_result);

/*
 * How the record compares with this one member, whoever else there may be: for somebody whom no search brought. Evidence
 * and bits as a candidate's. `member` has a member_no. 0 or -ENOMEM.
 */
int match_person_pair(struct arena *arena, const struct match_query *query, const struct member *member,
                      struct match_candidate *ret_candidate);

#define MATCH_BITS_BYTES 16u
/* -14340 as "-14.340": bits as texts and JSON have them. Returns `out`. */
char *match_bits_format(int32_t millibits, char out[MATCH_BITS_BYTES]);

/*
 * Do two first names mean the same by the nickname table, or one as prefix or initial of the other, or is the one sent the
 * known one typed wrong? For decide's texts.
 */
bool match_first_names_agree(struct slice sent, struct slice known);
/* Equal when case, accents, punctuation, blanks and a suffix on one side only are left out. */
bool match_names_equal(struct slice a, struct slice b);
/* What senders write when there is no name yet: BABY BOY, UNKNOWN. */
bool match_name_is_placeholder(struct slice name);

#endif
