/* What the parts of undo share; see undo.h. */
#ifndef MUSTER_APPLY_UNDO_WORK_H
#define MUSTER_APPLY_UNDO_WORK_H

#include "images.h"
#include "muster/undo.h"
#include "origin.h"

/* A change that is to be taken back. */
struct undo_entry {
	struct slice subscriber_id; /* families together */
	uint64_t member_no;
	uint32_t member_seq;
	bool is_money, is_group;
	uint64_t tset_no;
	uint32_t member_pos, op_index;
};

/* A set whose tally changes in the transaction under way. */
struct undo_set {
	struct store_tset row;
	struct undo_set *next;
};

struct undo {
	const struct undo_request *request;
	struct arena list_arena; /* of the entries */
	struct arena arena;      /* of one member, or one line */
	struct arena chunk_arena;
	struct undo_entry *entries;
	size_t count, capacity;
	bool write;              /* second time over: do it */
	struct undo_set *sets;
	struct undo_totals totals;
	struct hash_content_state payload;
	bool original_removed;   /* no record of the file can run again */
	uint64_t chunk_changes, chunk_members;
};

/* Actions. */
bool undo_is_in_force(const struct store_change *change); /* its effect is there because of it */
bool undo_is_money(const struct store_change *change);
bool undo_is_group(const struct store_change *change); /* an order's, about the contract */
/* Does the row belong to what is taken back as a whole: to be taken back now, or before a crash, or its undo? */
bool undo_is_part(const struct undo_scope *scope, const struct store_change *change);
/* Is this row to be taken back? */
bool undo_selects(const struct undo_scope *scope, const struct store_change *change);

/* undo_member.c: all of one member's entries, the last change first. Refusals are counted in totals.blocked. */
int undo_member(struct undo *undo, const struct undo_entry *entries, size_t count);
/* Says that `change` cannot be taken back, once for each. */
int undo_block(struct undo *undo, const struct store_change *change, const char *why, const struct store_change *by);

/* undo_record.c */
/* May the record be applied again? Refuses the row where it was decided or applied otherwise since. */
int undo_check_again(struct undo *undo, const struct store_change *change, bool *ret_ok);
/* May the record wait again? Refuses the row of one that could be decided on and never carried out. */
int undo_check_waits(struct undo *undo, const struct store_change *change, bool *ret_ok);
/* The compensating entry for `taken`; fills its op_index, text and place from there. `member` may be NULL. */
int undo_add_entry(struct undo *undo, const struct store_change *taken, const struct member *member,
                   struct slice before, struct slice after);
/* Ledger, item and tally of a record follow its rows. `line`: the remittance line, or NULL. */
int undo_settle(struct undo *undo, uint64_t tset_no, uint32_t member_pos, const struct store_remittance_line *line);
/* One posting taken back, or done again. */
int undo_line(struct undo *undo, const struct undo_entry *entry);
/* undo_group.c: what an order did to a contract. */
int undo_group(struct undo *undo, const struct undo_entry *entry);

/* Tallies of the sets and the file, and the audit row. */
int undo_end_chunk(struct undo *undo);

#endif
