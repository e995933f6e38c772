/* The state of pass 1; see validate.c. */
#ifndef MUSTER_BATCH_VALIDATE_H
#define MUSTER_BATCH_VALIDATE_H

#include "guard.h"

struct validate {
	struct job_pass pass; /* first: see job_walk */
	bool record;
	struct enroll *enroll;
	struct remit *remit;
	struct guard guard;
	struct arena arena;        /* of the set under way */
	struct store_interchange interchange;
	uint64_t fgroup_first_no, interchange_first_no; /* tset_no of their first sets; 0 = none yet */
	uint64_t last_tset_no;
	char fgroup_fields[6][32]; /* GS01 02 03 04 05 06 */
	struct slice header;       /* JSON of the set under way */
	struct slice came_before;  /* ISA13 was used before, and the partner's profile refuses that: why; else empty */
	bool name_agreed;          /* the file's name is as agreed, and says: */
	struct slice name_parts[PROFILE_NAME_PARTS];
	bool out_of_order;         /* the interchange is older than what was applied */
	bool envelope_rejected;    /* by what its ISA says */
	struct slice action;       /* BGN08 of the set under way; empty in an 820 */
	struct store_full_set full;
	uint32_t records, compared; /* of the set under way: all, and those of INS03 030 */
	enum category hold_category;
	struct slice hold_reason;
	cents money;               /* of the set under way */
	uint32_t sets_in_commit;
};

/*
 * The database's write lock is held from the first row that is written to the next pause of the walk, or until
 * something begins that takes its time: a representative who decides meanwhile must not wait for a whole file (P40).
 */
int validate_begin_writing(struct validate *validate);
int validate_end_writing(struct validate *validate);

static inline struct job *validate_job(struct validate *validate)
{
	return validate->pass.job;
}

#endif
