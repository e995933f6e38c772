/*
 * advice: what became of a set's records beyond its syntax, as an 824.
 *
 * One interchange for each received functional group that has something to tell, in it one 824 for each set, in that
 * one item for each record. Pure: the same sets, items, control numbers and clock give the same bytes.
 *
 * Codes     a record that cannot be taken is IR (item rejected), one that waits for a decision IE (accepted with
 *           errors); a whole set TR and TE. The condition is always 024 with words: partners differ in what they take
 *           of the others.
 * SSNs      a subscriber number of nine digits shows its last four; texts are masked. Names only where the record has
 *           no subscriber number.
 * Memory    constant: what is written is handed on while items come, so a file whose every record waits is answered, too.
 * Source    x12-syntax section 11.
 */
#ifndef MUSTER_ADVICE_H
#define MUSTER_ADVICE_H

#include "muster/x12.h"

/* The set that is answered, in the sender's words. Sender and receiver change places in the answer. */
struct advice_tset {
	uint32_t fgroup_ordinal; /* 1-based among the groups of the file: another one, another interchange */
	struct slice sender_qualifier, sender_id, receiver_qualifier, receiver_id, usage; /* ISA05-08, ISA15 */
	struct slice sender_code, receiver_code, fgroup_date, fgroup_time, fgroup_control, version; /* GS02-06, GS08 */
	struct slice set_id, control_number;                                                        /* ST01, ST02 */
	struct slice reference; /* BGN02 or TRN02; may be empty */
};

struct advice_item {
	uint32_t member_pos;   /* 0: the set as a whole */
	uint32_t segment_pos;  /* of its INS; 0 = not known */
	bool rejected;         /* else it waits */
	struct slice category; /* DUP_ADD */
	struct slice reason;
	struct slice subscriber_id, last_name, first_name; /* as sent */
};

/* Who takes the bytes, whole segments at a time. Not called when there was no item. <0 ends the writing. */
struct advice_sink {
	void *context;
	int (*take)(void *context, struct slice bytes);
};

struct advice; /* opaque */

/* The answer to group n takes the control number `control_number` + n - 1 for ISA13 and GS06. 0 or -ENOMEM. */
int advice_new(struct env *env, int64_t clock_ms, uint32_t control_number, const struct advice_sink *sink,
	       struct advice **ret_advice);
void advice_free(struct advice *advice);
/* The items that follow are of this set; written only when one does. Borrowed until the next set. */
void advice_set(struct advice *advice, const struct advice_tset *tset);
/* 0, -ENOMEM, or what the sink refused with. */
int advice_add(struct advice *advice, const struct advice_item *item);
/* Closes what is open, and hands on the rest. As advice_add. */
int advice_finish(struct advice *advice);

#endif
