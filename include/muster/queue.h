/*
 * queue: the exceptions, as representatives work on them.
 *
 * Shows items with the candidates beside what was sent, writes them out as CSV and XML, takes decisions one by one or
 * as such a file. A decision is only recorded here; running the record again with it is batch's work.
 *
 * Decisions `match:<id>` (a member; for money also a group), `new`, `not:<id>` (a candidate; the record runs again
 *           without him), `reject`, `skip`. A held file takes only the last two; a held 834 set and an omission
 *           (OMITTED) also `release`, which wants a note: the set runs past its guard, the coverage ends.
 * Four eyes a set is released by two operators: the first one's `release` is a proposal, which waits in the queue until
 *           another says `release` too; `withdraw` takes a proposal back. The same operator twice is refused. Names are
 *           the same that differ by case alone.
 * Versions  an item's version grows with every change. A decision that names a version which is no longer the item's
 *           is refused: somebody else was faster.
 * Masking   everything that leaves here is masked: SSNs as ***-**-1234, wherever in a field or segment they stand.
 * Labels    what `match`, `new` and `not` say of who is meant is kept to learn from, with the evidence that was shown;
 *           those whom they rule out are no candidates any more for that person, in this file or another, until
 *           somebody says `match` of them.
 * Effects   each function that changes something runs its own write transaction (with its audit row), unless one is
 *           open already.
 * Errors    <0 our machine. >0 QUEUE_E_*: nothing was changed; `reterr_text` says why, for a person.
 * Source    CONTRACT section 5; promises P26, P34; reference/operations sections 3 and 4 (four eyes: 4.4);
 *           enrollment-semantics section 8.
 */
#ifndef MUSTER_QUEUE_H
#define MUSTER_QUEUE_H

#include "muster/json.h"
#include "muster/store.h"

enum queue_result {
	QUEUE_E_UNKNOWN = 1,  /* no such item */
	QUEUE_E_STALE = 2,    /* the version is not the item's */
	QUEUE_E_CLOSED = 3,   /* decided already */
	QUEUE_E_DECISION = 4, /* the decision makes no sense for this item */
	QUEUE_E_TAKEN = 5,    /* leased by another operator: take it over with a note */
	QUEUE_E_EMPTY = 6,    /* nothing waits */
	QUEUE_E_FILE = 7,     /* the file as a whole cannot be taken */
	QUEUE_E_DENIED = 8,   /* this operator may not decide so */
	QUEUE_E_PROPOSED = 9  /* of these alone not a refusal: a proposal was written down (or withdrawn), nothing is decided */
};

/* How long `next` keeps others away from an item. */
#define QUEUE_LEASE_MS (INT64_C(15) * 60 * 1000)
#define QUEUE_NOTE_BYTES_MAX 4096u

/* Takes bytes that are finished. 0 or <0. */
struct queue_sink {
	void *context;
	int (*write)(void *context, const char *data, size_t bytes);
};

/* ---- seeing ------------------------------------------------------------------------------------------------- */

/* "0.912000". Returns `out`. */
#define QUEUE_SHARE_BYTES 16
char *queue_share_format(uint32_t share_e6, char out[QUEUE_SHARE_BYTES]);

/* `value` with the SSN that the item's record bears masked wherever it stands. data NULL = no memory. */
struct slice queue_mask(struct arena *arena, const struct store_exception *item, struct slice value);

/* One item as a JSON object: `whole` with incoming fields, candidates, evidence and segments. 0 or -ENOMEM. */
int queue_add_json(struct env *env, struct json *json, const struct store_exception *item, bool whole);
/* The same with candidates' present data, the decisions so far and what would make it certain. 0, QUEUE_E_UNKNOWN, <0. */
int queue_show_json(struct store *store, struct env *env, struct slice item_id, struct json *json);
/* A page for a person: what was sent beside up to five candidates, field by field. 0, QUEUE_E_UNKNOWN, <0. */
int queue_show_text(struct store *store, struct env *env, struct slice item_id, struct buffer *out);

/* ---- deciding ----------------------------------------------------------------------------------------------- */

/* Who releases a held set. */
enum queue_release {
	QUEUE_RELEASE_BY_TWO, /* one proposes, another confirms */
	QUEUE_RELEASE_ALONE,  /* the site wants no second operator */
	QUEUE_RELEASE_DENIED  /* not this operator */
};
struct queue_decision {
	struct slice item_id;
	struct slice decision;    /* resolve: see above */
	struct slice note;        /* may be empty */
	struct slice operator_id; /* who says so */
	uint32_t version;         /* as the operator saw it; 0 = whatever it is */
	enum queue_release release;
};
int queue_resolve(struct store *store, struct env *env, const struct queue_decision *decision,
                  struct buffer *reterr_text);
/* Give it to `owner`; empty = back to everybody. */
int queue_assign(struct store *store, struct env *env, struct slice item_id, struct slice owner,
                 struct slice operator_id, struct buffer *reterr_text);
/* Add a line to its note. */
int queue_note(struct store *store, struct env *env, struct slice item_id, struct slice note, struct slice operator_id,
               struct buffer *reterr_text);
/*
 * The most urgent item that is free (or assigned to this operator), leased to him. Those leased by anybody are passed
 * over until the lease has run out. 0 with its id in `arena`, QUEUE_E_EMPTY, <0.
 */
int queue_next(struct store *store, struct env *env, struct slice operator_id, struct arena *arena,
               struct slice *ret_item_id);

/* ---- the sample of automatic decisions ----------------------------------------------------------------------- */

struct match_result;

/* What a person says of an automatic decision of the sample: kept to learn from, as a decision on an item is. */
struct queue_sampled {
	struct slice record_id;     /* "F00000012-1-3" */
	uint64_t file_no;
	struct slice decision;      /* "match:<member_id>", "not:<member_id>", "new": nobody who was on file then */
	struct slice operator_id, model;
	const struct hash *identity;
	const struct store_candidate *candidates; /* who was compared with the record, with the evidence */
	uint32_t candidate_count;
};
/* A result's candidates as rows in `arena`: their evidence as levels and bits, without values. 0 or -ENOMEM. */
int queue_sampled_candidates(struct arena *arena, const struct match_result *result,
                             const struct store_candidate **ret_rows, uint32_t *ret_count);
/*
 * Keep it, in the place of what was said of this record before; who is not meant is no candidate for this person any more.
 * Nothing that was applied is changed. In a transaction of its own. 0, QUEUE_E_DECISION, <0.
 */
int queue_label_sampled(struct store *store, const struct queue_sampled *sampled, struct buffer *reterr_text);

/* ---- out and in --------------------------------------------------------------------------------------------- */

enum queue_form { QUEUE_CSV, QUEUE_XML };

/* How many items were written; how many of them are records (not whole sets or files), and of these, rejected. */
struct queue_export_result {
	uint64_t items, records, rejected;
};
/*
 * The items of a filter as a file, row by row. `as_received`: what was true when the file was processed (version 1,
 * open), so that the file can be made again byte for byte; else the present state, and CSV rows end in `decision,note`.
 * `ret_result` may be NULL.
 */
int queue_export(struct store *store, struct env *env, const struct store_exception_filter *filter,
                 enum queue_form form, bool as_received, const struct queue_sink *sink,
                 struct queue_export_result *ret_result);

struct queue_import_result {
	uint32_t rows, decided, proposed, blank, refused; /* blank: without a decision; proposed: or withdrawn */
};
/*
 * Take such a file back with decisions (columns or elements `decision` and `note`). CSV is told from XML by content.
 * Each row stands for itself: the good ones are applied in one transaction, the others are told of in `messages`,
 * one `name:line:column: item: why` each. What a row says of its record (member_pos, last_name, first_name, ssn, amount)
 * must be what the item is about, else it is refused. 0, QUEUE_E_FILE (nothing applied; message), <0.
 */
int queue_import(struct store *store, struct env *env, const char *name, struct slice content,
                 struct slice operator_id, enum queue_release release, struct buffer *messages,
                 struct queue_import_result *ret_result);

#endif
