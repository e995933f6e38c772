/*
 * ack_state: an acknowledgment in the making. ack.c writes envelopes, ack_set.c what stands between AK2 and IK5.
 */
#ifndef MUSTER_ACK_STATE_H
#define MUSTER_ACK_STATE_H

#include "muster/ack.h"
#include "muster/arena.h"

/* IK502..06 and AK905..09. */
#define ACK_CODES_MAX 5u
/* CTX01-2. */
#define ACK_KEY_BYTES 35u

struct ack_codes {
	const char *codes[ACK_CODES_MAX]; /* static, of the findings table */
	uint32_t count;
};

/* An error to be told, with the key of the record that it lies in. */
struct ack_entry {
	struct finding finding;
	struct slice key; /* of the member or remittance; empty = none */
};

struct ack_set {
	struct arena arena;
	struct finding_list list; /* errors of segments and elements, in the order of arrival */
	struct slice *keys;       /* beside list.items */
	struct ack_codes codes;   /* of the set itself */
	bool in_error;            /* there are errors of segments or elements, kept or not */
	uint32_t record_first;    /* in the list: the first finding of the record in hand */
	char key[ACK_KEY_BYTES]; /* of the record in hand, as sent */
	size_t key_len;          /* 0: none yet */
	bool is_834, is_820;
};

struct ack {
	struct env *env;
	struct ack_options options;
	struct check_handler handler;
	struct buffer ta1, reply;
	struct x12_writer writer; /* of the 999 */
	uint32_t next_number, numbers_before;

	struct x12_interchange interchange;
	bool interchange_open;
	const char *error_code, *warning_code; /* TA105: of the first error and the first warning */
	bool rejected;
	bool reply_open;    /* ISA of the 999 is written */
	size_t reply_start; /* where it begins in `reply` */
	uint32_t groups_written;

	struct x12_fgroup fgroup;
	bool fgroup_answered; /* no 999 answers a 999 */
	bool is_997;             /* the group is of version 004010 and gets the answer of that time */
	bool fgroup_rejected;
	size_t fgroup_start; /* of its AK1 in `reply` */
	struct ack_codes fgroup_codes;
	uint32_t sets_accepted, sets_with_errors, sets_rejected;

	struct ack_set set;
	uint32_t findings_told; /* in all IK3 and IK4 written */
};

void ack_codes_add(struct ack_codes *codes, const char *code);
/* Bytes that may stand in an acknowledgment: no separators, no control bytes, ASCII. */
bool ack_is_clean(const struct ack *ack, struct slice value);
/* `value` made to fit an element of `min` to `max` characters: cleaned, cut, or filled up with zeros before it. */
struct slice ack_fit(const struct ack *ack, struct slice value, size_t min, size_t max, char out[40]);

/* The finding's code as this answer may bear it. */
const char *ack_code(const struct ack *ack, const struct finding *finding);

void ack_set_begin(struct ack *ack, const struct x12_tset *tset);
int ack_set_finding(struct ack *ack, const struct finding *finding);
/* Does the place hold what a sender finds a record by? */
bool ack_set_is_key(const struct guide *guide, const struct guide_segment *node);
void ack_set_segment(struct ack *ack, const struct x12_segment *segment);
/* A record (834: member, 820: organization or individual) has begun or ended. */
int ack_set_record_end(struct ack *ack);
void ack_set_record_begin(struct ack *ack);
int ack_set_end(struct ack *ack, const struct x12_tset *tset, const struct check_verdict *verdict);

#endif
