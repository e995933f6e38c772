/*
 * batch: drives the line: claim, validate, match, decide, apply, acknowledge, file.
 *
 * One file is taken through durable stages, each ended by one database transaction; whatever kills the program
 * between any two of its steps, the next run goes on where the database says, applies nothing twice and loses
 * nothing. The database is the truth, folders its cache.
 *
 *   arrived --[claim: bytes in work/, file row]--> claimed --[pass 1: verdicts of all sets]--> validated
 *   validated --[pass 2: families, in chunks with a resume mark]--> applied
 *   applied --[acknowledgments and outputs visible, original archived, last transaction]--> filed
 *
 * Two passes  every set's verdict is fixed before the first effect; both passes read the same claimed bytes.
 * One writer  a run holds the lock file; a second one leaves with MUSTER_ERROR_BUSY (exit 75).
 * Errors      <0 our machine: the file stays claimed and the next run resumes it. A file that is held, rejected or a
 *             duplicate is an outcome (struct batch_result), not an error.
 * Source      DESIGN section 2; promises sections 2 to 4; CONTRACT section 5.
 */
#ifndef MUSTER_BATCH_H
#define MUSTER_BATCH_H

#include "muster/guide.h"
#include "muster/profile.h"
#include "muster/store.h"

struct batch_settings {
	struct env *env;
	struct store *store;
	struct guide_set *guides;
	const struct config *config;
	const struct profiles *profiles;
	date_day today;
	bool today_fixed;           /* --as-of: received = 00:00:00Z of that day */
	struct slice operator_id;   /* who runs this; for the audit */
	const char *verb, *version; /* of the command and of muster, for the run's report; may be NULL */
	bool is_beside;             /* the store is one beside the database: no lock is taken, no folder made */
	/* Bytes read of a known total, for progress bars; NULL = nobody looks. */
	void *progress_context;
	void (*progress)(void *context, const char *what, uint64_t done, uint64_t total);
};

/* How one file ended. */
struct batch_result {
	char file_id[STORE_FILE_ID_BYTES];
	char name[256];              /* the file's own name, fit for display and for names of ours */
	enum store_file_outcome outcome;
	enum store_file_kind kind;
	char reason[512];            /* of held, rejected, duplicate */
	struct store_tally tally;
	uint64_t exceptions_waiting; /* of this file */
	bool ran;
};

struct batch; /* opaque */

/*
 * Takes the lock, unless the store lies beside. Settings are borrowed. 0, MUSTER_ERROR_BUSY when another muster runs, or
 * <0. Where operators are listed and the configuration names a model that none has promoted: MUSTER_ERROR_CONFIG.
 */
int batch_open(const struct batch_settings *settings, struct batch **ret_batch);
void batch_close(struct batch *batch);
/* From now on this model (match_model_id) may match records. Inside a write transaction. 0 or <0. */
int batch_promote_model(struct store *store, struct arena *arena, struct slice model_id);

/*
 * One named file through the whole line; outputs into `out_folder` under the file's own name. The file itself is
 * left where it is. A file whose work was interrupted before is resumed. `profile_name` NULL: by its sender.
 */
int batch_process(struct batch *batch, const char *path, const char *out_folder, const char *profile_name,
                  struct batch_result *ret_result);
/*
 * The same for a corrected file: records applied before are left alone, the others run again. What representatives said of
 * the original's records is carried out first: it was said before.
 */
int batch_reprocess(struct batch *batch, const char *path, const char *out_folder, struct batch_result *ret_result);

/* What became of an item that ran again. */
enum batch_item_end {
	BATCH_ITEM_APPLIED,
	BATCH_ITEM_WAITS,   /* an exception still, or once more */
	BATCH_ITEM_CLOSED,  /* rejected or skipped: without an effect on members */
	BATCH_ITEM_BEFORE,  /* it had its effect before; nothing was done */
	BATCH_ITEM_MISSED   /* its record is not in the kept original: nothing was done, the next run tries again */
};
struct batch_item {
	struct slice item_id, decision; /* borrowed for the call */
	enum batch_item_end end;
};
/* Items of the queue again, each with its decision if it has one. An unknown item: log and -ENOENT. */
int batch_reprocess_items(struct batch *batch, const struct slice *item_ids, uint32_t count, void *context,
                          void (*report)(void *context, const struct batch_item *item));
/* All items with a decision that was not carried out yet. */
int batch_carry_out_decisions(struct batch *batch, void *context,
                              void (*report)(void *context, const struct batch_item *item));

/* Go on with every file whose work was interrupted, and make the folders agree with the database. */
int batch_recover(struct batch *batch, void *context, void (*report)(void *context, const struct batch_result *result),
                  uint32_t *ret_resumed);
/*
 * All that has arrived whole in the drop folders, lane by lane in order. `report` is told of each file. A folder or file
 * that cannot be used stops no other lane: it is left where it is and logged, and *ret_left is the first one's -errno, to
 * end with; else 0.
 */
int batch_run(struct batch *batch, void *context, void (*report)(void *context, const struct batch_result *result),
              int *ret_left);

/*
 * What process would do: everything decided and nothing kept. Each family is told, with what would be done; `audited`:
 * with what would only be reported. A family without records is one that a full file leaves out.
 */
struct batch_preview {
	void *context;
	int (*family)(void *context, const struct enroll_family *family, const struct changeset *changeset,
		      bool audited);
	int (*verdict)(void *context, const struct x12_tset *tset, const struct check_verdict *verdict);
	int (*finding)(void *context, const struct finding *finding);
};
/* `profile_name` NULL: by its sender. */
int batch_preview_file(struct batch *batch, const char *path, const char *profile_name,
		       const struct batch_preview *preview, struct batch_result *ret_result);

/*
 * The records of the last nights by another model, beside the one in use, from the kept originals and against the
 * members as they were known before each file: what would be decided otherwise. Changes nothing.
 */
enum batch_shadow_word { BATCH_SHADOW_SILENT, BATCH_SHADOW_AGREES, BATCH_SHADOW_AGAINST };
struct batch_shadow_change {
	struct slice record_id, file_name;           /* "F00000012-1-3"; borrowed, as all of it */
	const struct match_result *now, *changed;    /* by the model in use, by the other */
	struct slice decision;                       /* what a representative said of this record; may be empty */
	enum batch_shadow_word word;                 /* does that agree with what the other model does by itself? */
};
struct batch_shadow {
	const struct match_model *model; /* NULL = the one carried inside the program */
	uint32_t nights;                 /* days on which files came, counted back from the last */
	void *context;
	int (*change)(void *context, const struct batch_shadow_change *change);
};
struct batch_shadow_totals {
	uint32_t nights, files, missing; /* missing: the original is no longer kept */
	uint64_t records;
	uint64_t to_review, to_automatic, other_person; /* automatic: a member, or new, without a representative */
	uint64_t agrees, against;                       /* of these changes */
	uint64_t automatic[2];                          /* by the model in use, by the other */
	double expected_wrong[2];
};
int batch_shadow(struct batch *batch, const struct batch_shadow *request, struct batch_shadow_totals *ret_totals);

/*
 * One record of a file that was processed, matched once more in the same way by the model in use: who was sent, and the
 * candidates with their evidence. `matched` is called once, or never where the record is no longer found; what it is given
 * lives until it returns. 0, BATCH_E_MISSING (the original is no longer kept), <0, or what `matched` returned.
 */
enum { BATCH_E_MISSING = 1 };
struct batch_rematch {
	uint64_t file_no;
	struct slice record_id; /* "F00000012-1-3" */
	void *context;
	int (*matched)(void *context, const struct hash *identity, const struct match_result *result);
};
int batch_rematch(struct batch *batch, const struct batch_rematch *request);

/*
 * Originals and outputs that are older than the configuration wants them kept (retention), and that nobody needs any more:
 * an item that waits, a decision that is not carried out, an undo, a legal hold. What was begun and cut short is ended
 * first. Each is told, also those that are kept because of `needs`.
 */
struct batch_retention_file {
	const struct store_file *file; /* borrowed for the call */
	enum store_removal what;
	uint32_t count;                /* files on the disk */
	unsigned needs;                /* 0: removed (dry: it would be); else kept, STORE_NEEDS_* */
};
struct batch_retention {
	bool dry; /* look only */
	void *context;
	int (*file)(void *context, const struct batch_retention_file *file); /* may be NULL */
};
struct batch_retention_totals {
	uint64_t removed[STORE_REMOVAL_COUNT], kept;
};
/* 0, <0, or what `file` returned. MUSTER_ERROR_INTERRUPTED: the next one goes on. */
int batch_retention(struct batch *batch, const struct batch_retention *request,
		    struct batch_retention_totals *ret_totals);

/*
 * The outputs of a file as a run left it once more, from the database and the kept original, into `folder` (P32). `fn` is
 * told of each. Changes nothing else. 0, BATCH_E_MISSING, <0, or what `fn` returned.
 */
int batch_make_again(struct batch *batch, const struct store_run_file *row, const char *folder, void *context,
                     store_output_fn fn);

/* A file that a partner was to send (profile key expect): is it there? */
struct batch_expected {
	const struct profile *profile;
	const struct profile_expect *expect; /* NULL: nothing is expected of him; then only `last` is told */
	int64_t due_ms, next_ms;       /* by when the last one had to be there, and the next one */
	bool late;                     /* the last one is not */
	const struct store_file *last; /* the last of its kind that came; NULL = none ever. Borrowed for the call */
};
/*
 * Every file that is expected of every partner; and every partner of whom none is. Needs no lock. 0, <0, or what `fn`
 * returned.
 */
int batch_expected_each(struct env *env, struct store *store, const struct config *config,
			const struct profiles *profiles, int64_t now_ms, void *context,
			int (*fn)(void *context, const struct batch_expected *expected));

/* The profile of whoever sent this file (or the file that begins with these bytes), told by its first envelopes; never NULL.
 * 0 or <0. */
int batch_profile_of_bytes(struct env *env, const struct profiles *profiles, struct slice head,
			   const struct profile **ret_profile);
int batch_profile_of_file(struct env *env, const struct profiles *profiles, const char *path,
                          const struct profile **ret_profile);

/* Ask the work under way to end at its next commit (from a signal handler). */
void batch_interrupt(void);

#endif
