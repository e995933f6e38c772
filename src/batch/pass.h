/* The state of a pass over the accepted sets; see pass.c. */
#ifndef MUSTER_BATCH_PASS_H
#define MUSTER_BATCH_PASS_H

#include "claims.h"
#include "job.h"

struct pass {
	struct job_pass pass; /* first: see job_walk */
	struct enroll *enroll;
	struct remit *remit;
	struct apply_view known; /* the database, as decide sees it */
	struct arena arena;       /* of the set under way: its row */
	struct arena family_arena;
	struct store_tset tset;   /* the set under way */
	bool open;                /* it is to be applied */
	bool last_chance;         /* pass 3 */
	struct store_full_set full; /* of the set under way: is it a full file's? */
	uint32_t only_ordinal;    /* a dry run's set; 0 = all that are a full file's */
	bool dry;
	size_t deferred_at;       /* pass 3: how far in the list */
	uint32_t members_uncommitted, sets_uncommitted; /* in the open transaction */
	uint32_t members_in_chunk;    /* of these members those of the set under way */
	uint32_t chunk_first_pos, chunk_last_pos;
	struct hash_content_state payload;
	struct claims claims;     /* who was claimed in this set */
	/* Reprocess: what the original set and its revisions did, by content. */
	struct store_ledger_index *done_before;
	/* Remittances: the set as a whole may not be posted. */
	enum category set_category;
	struct slice set_reason;
	/* A dry run's figures. */
	struct arena *volume_arena;
	struct job_volume *volumes;
	uint32_t volume_capacity, volume_count;
};

/* A change of these groups is counted in a dry run; NULL = no memory. */
struct job_volume *pass_volume(struct pass *pass, struct slice group_id);

/* The keys in memory, where they are wanted: between transactions, for what is read then nobody takes back. */
int pass_open_keys(struct pass *pass);

static inline struct job *pass_job(struct pass *pass)
{
	return pass->pass.job;
}

/* Is INS03 030 compared with what is stored? */
static inline bool pass_compares(struct pass *pass)
{
	return pass->full.mode != STORE_FULL_NONE || pass_job(pass)->profile->full.mode == PROFILE_FULL_NEVER;
}

#endif
