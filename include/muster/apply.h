/*
 * apply: a changeset into the database, and the database as decide sees it.
 *
 * Everything here runs inside the caller's write transaction: the effects of a family, its ledger rows, change
 * rows and exceptions are written together or not at all. A record that is in the ledger already is never applied
 * again: apply_family refuses it (the caller looks first, with apply_is_done).
 *
 * Errors    as store's; MUSTER_ERROR_INTERNAL when the changeset contradicts the database (a bug: nothing of the
 *           transaction may be kept).
 * Source    DESIGN section 2.8; promises P19, P35, P37; CONTRACT section 5.
 */
#ifndef MUSTER_APPLY_H
#define MUSTER_APPLY_H

#include "muster/decide.h"
#include "muster/store.h"

/*
 * Match keys in memory, for a run with many records: what the run itself writes is followed. It holds keys only: the
 * members come from the database.
 */
struct apply_keys {
	struct store *store;     /* borrowed; NULL = not in use */
	struct key_index *index;
	int64_t data_version;
};
/*
 * Where the stored keys are those of another version of match: make them anew, all in one transaction of its own. To be
 * called before anybody is looked for. 0, or <0.
 */
int apply_keys_renew(struct store *store);
/* Have them in memory and true. 0, or <0. */
int apply_keys_open(struct apply_keys *keys, struct store *store, struct env *env);
/* Somebody else changed the database: they are given up. Call it at the beginning of each transaction. 0, or <0. */
int apply_keys_check(struct apply_keys *keys);
/* Harmless when not in use. */
void apply_keys_close(struct apply_keys *keys);

/*
 * decide's view of the database. A family is looked at many times while it is decided: what was read for it is kept
 * (in the arena that the first question named) until apply_view_forget(), which must be called before the arena is
 * reset and before the next family, for applying changes what was read.
 */
#define APPLY_VIEW_MEMBERS 512u
#define APPLY_VIEW_HOUSEHOLDS 8u
/* N104 has 80 characters; a longer one is asked about each time. */
#define APPLY_VIEW_SPONSOR_BYTES 81u
struct apply_view {
	struct decide_view view; /* hand this out */
	struct store *store;     /* borrowed */
	struct apply_keys *keys; /* where candidates are looked up when in use; NULL, or not in use: the database */
	uint64_t stored_members; /* on file when the view was made */
	uint64_t key_lookups;    /* how often the database was asked who bears a key */
	uint64_t corrected_no;   /* the set that the one under way corrects; 0 = none */
	uint64_t released_no;    /* the set under way, where it was held and is released: see apply_view_released() */
	const struct arena *arena;
	const struct member *members[APPLY_VIEW_MEMBERS]; /* by member_no, open-addressed */
	const uint64_t *member_keys[APPLY_VIEW_MEMBERS];  /* theirs, the count first; NULL = not made yet */
	uint32_t member_count;
	struct {
		struct family_key key;
		const struct member **members;
		uint32_t count;
	} households[APPLY_VIEW_HOUSEHOLDS];
	uint32_t household_count;
	/* Who was asked about last, and whether he is the sponsor of any group: good for the file. */
	char sponsor_id[APPLY_VIEW_SPONSOR_BYTES];
	bool sponsor_known;
};
/* 0, or <0. */
int apply_view_init(struct apply_view *view, struct store *store);
void apply_view_forget(struct apply_view *view);
/* The set under way was held and is released now: of each member the view tells what later sets have done to him. */
void apply_view_released(struct apply_view *view, uint64_t tset_no);

/*
 * Notices (BUSINESS 4): rows for notices.csv, written with the changes that bring them.
 *
 *   card                  B8: a new enrollment, another name, plan or group, or on request (IDC); never for an audit,
 *                         nor for an address. Digital, but printed for the regions below, for Medicare members, and
 *                         for a plan that is sold outside the contract's region
 *   certificate           B15: creditable coverage, when somebody's coverage in a contract ends; marked "may be
 *                         disregarded" where he goes on without a gap in another contract
 *   accumulator_transfer  B14: he goes on in a contract that is linked with the old one
 *   old_number            B13: a record under the old number of a separated contract was taken for the new one
 *   termination, reinstatement, separation, autopay
 */
struct apply_cards {
	const struct slice *print_regions; /* of groups whose members get printed cards */
	uint32_t print_region_count;
};

/* Whose effects these are. Borrowed for the call. */
struct apply_origin {
	struct store *store;
	struct env *env;
	uint64_t file_no, tset_no;
	uint32_t tset_ordinal;
	int64_t received_ms, due_ms;
	const int64_t *due_by_category; /* CATEGORY_COUNT of them, for items of this file; NULL = due_ms for all */
	int64_t at_ms;                 /* when it was decided: received_ms, or later when an item runs again */
	struct slice operator_id;      /* a representative's decision; empty = muster itself */
	/* A resolved item runs again: its ledger row turns from EXCEPTION into the new outcome instead of being new. */
	bool again;
	struct slice item_id;          /* of that item */
	struct apply_cards cards;
};

/* Has this record had its effect before? */
int apply_is_done(const struct apply_origin *origin, uint32_t member_pos, bool *ret_done);

/*
 * All effects of one family. Adds to `tally` what became of each record, and to `payload` (the hash for the audit
 * row) what was done. With origin->again an exception that comes back stays the item it was: its reason and
 * category are brought up to date.
 */
int apply_family(struct arena *arena, const struct apply_origin *origin, const struct enroll_family *family,
                 struct changeset *changeset, struct store_tally *tally, struct hash_content_state *payload);

/*
 * An audited family: nothing is applied. Records that change nothing have their rows and count as no change, the others
 * count as held.
 */
int apply_audited(const struct apply_origin *origin, const struct enroll_family *family,
                  const struct changeset *changeset, struct store_tally *tally, struct hash_content_state *payload);
/*
 * What a full file's omissions do to a household: rows and a ledger row under `member_pos`, a position behind the set's
 * last record. A representative's release (origin->again): the item's ledger row turns into APPLIED.
 */
int apply_omission(struct arena *arena, const struct apply_origin *origin, uint32_t member_pos,
                   struct changeset *changeset, struct hash_content_state *payload);
/* A household that waits: an item (OMITTED) under such a position, with those left out as its candidates. */
struct apply_omitted {
	uint32_t member_pos;
	struct slice group_id, reason;
	struct family_key family;
	const struct match_candidate *left_out;
	uint32_t count;
};
int apply_omitted_item(struct arena *arena, const struct apply_origin *origin, const struct apply_omitted *omitted);
/*
 * An order's effects on one member: his ledger row under `member_pos`, then images, operations and notices of a
 * changeset that came from no record.
 */
int apply_ordered(struct arena *arena, const struct apply_origin *origin, uint32_t member_pos,
                  const struct hash *content_hash, struct changeset *changeset, struct hash_content_state *payload);
/*
 * What `change` did to a member's spans and fields, taken back in `member` (whose spans are the caller's own). *ret_fits
 * false: a later change altered what it had left, and nothing is touched. 0 or -ENOMEM.
 */
int apply_take_back(struct arena *arena, const struct store_change *change, struct member *member, bool *ret_fits);

/* A remittance: the set's row, then each line posted or suspended. */
int apply_remittance(const struct apply_origin *origin, const struct remit_header *header, bool duplicate);
int apply_remittance_line(struct arena *arena, const struct apply_origin *origin, const struct remit_header *header,
                          const struct remittance_line *line, const struct decide_payment *payment, date_day today,
                          struct store_tally *tally, struct hash_content_state *payload);

/* A set, or (tset_no 0) a whole file, that waits: its one row in the queue. */
int apply_hold(const struct apply_origin *origin, enum category category, struct slice reason);

#endif
