/*
 * job: one file on its way through the line. Shared by the steps of batch; see batch.h for the stages.
 *
 * Lifetime  a struct job lives from claim to filing of one file, or as long as a preview of it.
 */
#ifndef MUSTER_BATCH_JOB_H
#define MUSTER_BATCH_JOB_H

#include "muster/apply.h"
#include "muster/batch.h"
#include "muster/match_model.h"
#include "manifest.h"

/* Below a partner's drop folder, where he agreed to it (test_rule: folder): its files are trials. */
#define BATCH_TEST_FOLDER "test"

struct batch {
	struct batch_settings settings;
	struct env *env;
	struct store *store;
	int lock_fd;
	uint32_t resumed;
	uint64_t run_no; /* of this run's row; 0 = it has filed nothing yet */
	struct apply_keys keys; /* kept from file to file while they are true */
	struct arena arena;              /* for the life of the batch */
	const struct match_model *model; /* NULL = the one carried inside the program */
	char model_id[MATCH_MODEL_ID_BYTES];
};

/* Records that wait for the end of the file: (set ordinal, member ordinal), in file order. */
struct job_deferred {
	struct {
		uint32_t tset_ordinal, member_pos;
	} *items;
	size_t count, capacity;
};

struct job {
	struct batch *batch;
	struct env *env;
	struct store *store;
	struct arena arena;           /* for the life of the file */
	struct store_file file;       /* as in the database; text in `arena` */
	const struct profile *profile;
	struct slice operator_id;
	char folder[LIMIT_PATH_BYTES];   /* work/<file_id> */
	char original[LIMIT_PATH_BYTES]; /* the claimed bytes */

	/* What pass 1 found. */
	struct arena findings_arena;
	struct finding_list findings;
	bool sound;                   /* it was walked to its end, and there was nothing to find */
	struct ack *ack;
	bool truncated;               /* an interchange without its IEA */
	bool broken;                  /* an error that belongs to no interchange */
	bool damaged;                 /* its compression is damaged or over a limit: it could not be read to its end */
	bool duplicate;               /* of a file received before: nothing is recorded of its sets */
	uint64_t members_read;        /* over all sets */
	cents money_read;
	uint64_t first_tset_no;
	uint32_t tset_count, fgroup_count, interchange_count;
	bool saw_834, saw_820;

	struct job_deferred deferred;
	int64_t due_by_category[CATEGORY_COUNT]; /* of items of this file, where its partner has times of his own */

	struct store_matching matching; /* of the outputs that were written */
	struct manifest manifest;
	/* A set of a file that is FILED already was released and runs: the file's stage stays. */
	bool released;
	/* A preview: everything happens inside one transaction that is rolled back; nothing is committed. */
	const struct batch_preview *preview;
	/* Items of the queue that run again; NULL: the file itself runs. */
	struct job_items *items;
	/* The records are matched by two models and nothing is applied; NULL: the file runs. */
	struct shadow *shadow;
};
struct shadow;

/* One item of the queue that runs again, with its decision. */
struct job_item {
	uint32_t tset_ordinal, member_pos;
	struct slice item_id, decision, operator_id;
	bool omitted; /* a full file left somebody out: there is no record */
	bool told_on_file; /* that the person is on file already (DUP_ADD) was the item's question */
	bool told_alone;   /* that a dependent is without his subscriber (DEP_NO_SUBSCRIBER) was it */
	bool superseded; /* a corrected record, or a newer full file, has taken its place: it has no effect any more */
	bool ran;
	enum batch_item_end end;
};
struct job_items {
	struct job_item *items; /* by tset_ordinal, member_pos */
	uint32_t count;
};

/* The partner whose profile fits the claimed bytes: into claim->file.partner. */
struct claim;
int batch_find_partner(struct batch *batch, struct claim *claim);
/* The file that this one corrects: the one with the same control numbers, else the latest of the same name; 0 = none. */
int batch_find_original(struct batch *batch, const char *path, uint64_t *ret_file_no);
/* All stages of a file that has its row. */
int batch_drive_file(struct batch *batch, const struct store_file *file, struct batch_result *result);
/* When a file that is claimed now was received: 00:00:00Z of --as-of, else the clock. */
int64_t batch_received_ms(const struct batch *batch);

/* Set up for `file` (copied); its folder names follow from its file_id. */
int job_init(struct job *job, struct batch *batch, const struct store_file *file);
void job_fini(struct job *job);

/* Pass 1. `record`: write interchange and set rows and end at stage VALIDATED; else only findings and acknowledgments. */
int job_validate(struct job *job, bool record);
/* Pass 2 (and 3, for deferred records): at its end stage APPLIED. */
int job_apply(struct job *job);
/* The end of pass 2 and 3: the outcome of each set and of the file; stage APPLIED. */
int job_settle(struct job *job);
/* Acknowledgments, outputs, archive; at its end stage FILED. */
int job_finish(struct job *job);
/* The outputs anew, in out/ and beside the archived original: a set was released. */
int job_publish_again(struct job *job);
/* All outputs of a filed file, acknowledgments too, into this folder alone; they stand in job->manifest. */
int job_make_again(struct job *job, const char *folder);

/* Run the items of job->items again, each in a transaction of its own. The file is FILED already. */
int job_run_items(struct job *job);
/* Match the records of all sets that were applied by two models: see job->shadow. The file is FILED already. */
int job_run_shadow(struct job *job);
/* A household that a full file left out and that waits is released: its coverage ends. */
int job_release_omission(struct job *job, uint64_t tset_no, struct job_item *item);
/* Where the original lies once filed: done/YYYY/MM/<file_id>, held/<file_id>, rejected/<file_id>. */
int job_archive_folder(const struct job *job, char out[LIMIT_PATH_BYTES]);
/* The same of a file that ends with this outcome. */
int archive_folder(const struct config *config, const struct store_file *file, enum store_file_outcome outcome,
                   char out[LIMIT_PATH_BYTES]);

/* What a dry run of one set would do to each group: for volume guards. */
struct job_volume {
	struct slice group_id;
	uint64_t terminations, changes;
	/* Members to whom coverage is added, and whose coverage changes at all; records, and those of them that would wait. */
	uint64_t adds, coverage_changes, records, errors;
	/* Full files: members whom no record means, and members whom one does. */
	bool measured;
	uint64_t omissions, present, omitted_subscribers;
};
struct job_measure {
	uint32_t tset_ordinal; /* 0: all full sets together, omissions too */
	struct arena *arena;
	struct job_volume **ret_volumes;
	uint32_t *ret_count;
};
/* A WAL that is worth shortening before it is copied. */
#define JOB_WAL_BYTES_LONG (UINT64_C(4) * 1024 * 1024)
/*
 * Done in a store beside the database, so that nobody waits for it; a write transaction that is open is committed first,
 * and none is open afterwards (a preview's stays). 0 or <0.
 */
int job_dry_run(struct job *job, const struct job_measure *measure);

/* Must the file wait as a whole, because it is cut off or something in it belongs to no interchange? And why. */
bool job_waits_whole(const struct job *job);
struct slice job_waits_why(const struct job *job);
/* The same of what a walk has seen. Static. */
struct slice job_waits_words(bool damaged, bool truncated);

/* What the context of every pass begins with. */
struct job_pass {
	struct job *job;
	const char *what;   /* for progress bars */
	bool wants_content; /* the hash of each set's content */
	/* Between two events, after about each MiB that was read; NULL = nothing to do then. */
	int (*pause)(struct job_pass *pass);
};
/* One pass over the claimed bytes. `handler`'s context and progress are filled in: the context is `pass`. */
int job_walk(struct job_pass *pass, struct check_handler handler);
/* The same for a handler that has its own context and shows no progress. */
int job_walk_with(struct job *job, bool wants_content, const struct check_handler *handler);

/* received + due_hours, by the site's calendar. */
int64_t job_due_ms(const struct job *job);
/* apply's view of this job and one of its sets. */
struct apply_origin job_origin(const struct job *job, const struct store_tset *tset);
/* begin and commit, but for a preview, which is one transaction from its first to its last step. */
int job_begin(struct job *job);
/* The same where none is open. */
int job_begin_unless_open(struct job *job);
int job_commit(struct job *job);
/* True once a signal asked to stop. */
bool job_is_interrupted(void);
/* `name` as a file name of ours: bytes that a path or a terminal would obey are replaced. Returns `out`. */
char *job_safe_name(struct slice name, char *out, size_t out_bytes);
/*
 * What the names of the file's outputs begin with: its own name; where that had to be changed or cut, the file's number
 * keeps it apart from others that would come out the same. `out_bytes` at least 256.
 */
char *job_output_name(const struct job *job, char *out, size_t out_bytes);

#endif
