/*
 * undo: applied changes taken back, and what muster knew at an earlier time.
 *
 * Part of apply. Nothing is deleted: each change taken back gets a compensating entry, a change row of its own under
 * the same record, action `undo`, which names the row that it takes back (that one is marked undone). Taking back an
 * `undo` applies the change again: action `redo`. So every row not marked undone is in force, and its effect is
 * there, but that of an `undo`, which is that an effect is not. Such rows bear an operator and the time of the undo;
 * they stand in the member's history, never in applied.csv.
 *
 * Members   fields and spans go back to what they were before the change. A span that the change made is voided; a
 *           member new by it stays on file without coverage.
 * Records   one without a change in force is no longer applied: an item of the queue opens again (of a posting there
 *           is one made where there was none: the money is suspended), else the ledger says UNDONE, which counts as
 *           rejected, and `reprocess` of the file applies it again. The file itself stays a file received before.
 * Refusal   nothing is taken back where a later change in force, which is not taken back with it, depends on it: it
 *           touches the same field, address or span, or anything of a member new by it; a coverage that would come
 *           to life again overlaps a later one; a dependent's coverage rests on the subscriber's; the record would wait
 *           for a representative again, and its original is no longer kept (retention).
 * Orders    an order about a contract (contract.h) is taken back as a whole, by its file or set, or for one member. A
 *           contract that it made stays on file, linked with none; nothing is re-routed by it any more.
 * Chunks    first all is looked at and nothing done. Then members are taken back family by family in transactions of
 *           chunk_members; one cut short is finished by saying the same again.
 * Source    DESIGN section 2; promises P35, P37; operations 4.4; CONTRACT section 1.
 */
#ifndef MUSTER_UNDO_H
#define MUSTER_UNDO_H

#include "muster/store.h"

enum undo_result {
	UNDO_E_UNKNOWN = 1, /* no such file, set or change */
	UNDO_E_OPEN = 2,    /* the file, or a set of it that was released, is still under work */
	UNDO_E_NOTHING = 3, /* nothing to take back: done before, or without an effect */
	UNDO_E_BLOCKED = 4  /* refused; every reason was handed to `blocked` */
};

/* What is meant. 0 = all of the wider one. */
struct undo_scope {
	uint64_t file_no, tset_no;
	uint32_t tset_ordinal;
	uint32_t member_pos;
	bool one;          /* only this row of the record: */
	uint32_t op_index;
	bool redo;         /* apply again what was taken back */
};
enum undo_level { UNDO_FILE, UNDO_SET, UNDO_CHANGE };
/*
 * "F00000012", "F00000012-1", "F00000012-1-17" or "F00000012-1-17-0", as `level` wants. A row that is named itself is
 * taken back whatever it is: an `undo` is applied again. 0, UNDO_E_UNKNOWN, UNDO_E_OPEN, <0.
 */
int undo_find(struct store *store, enum undo_level level, struct slice id, bool redo, struct undo_scope *ret_scope);

#define UNDO_ID_BYTES 96
/* "F00000012-1-17-0". Returns `out`. */
char *undo_id_format(const struct store_change *change, char out[UNDO_ID_BYTES]);

struct undo_request {
	struct store *store;
	struct env *env;
	struct undo_scope scope;
	struct slice operator_id; /* who undoes; not empty */
	int64_t at_ms;
	int64_t due_ms;           /* when items that this makes are due */
	uint32_t chunk_members;
	bool dry;                 /* look only */
	void *context;
	/* Each change that is (dry: would be) taken back, once. May be NULL; as may `blocked`. */
	int (*change)(void *context, const struct store_change *change);
	/* Why this one cannot be. `by` NULL: not because of a change that is on file. */
	int (*blocked)(void *context, const struct store_change *change, const char *why,
		       const struct store_change *by);
};
struct undo_totals {
	uint64_t changes, members, lines, blocked;
};
/* 0, UNDO_E_NOTHING, UNDO_E_BLOCKED, <0. Outside of transactions; nobody else may be applying (batch's lock). */
int undo_run(const struct undo_request *request, struct undo_totals *ret_totals);

/*
 * The member as muster knew him at a time: every change made after it is taken back, the last one first. Changes
 * without history (load) count as known from the beginning. *ret_member NULL: he was not known then.
 */
int undo_member_known(struct store *store, const struct member *member, int64_t at_ms, struct arena *arena,
                      const struct member **ret_member);

#endif
