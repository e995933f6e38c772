/*
 * work: one file on its way through the line. Shared by the steps of batch; see batch.h for the stages.
 *
 * Lifetime  a struct work lives from claim to filing of one file, or as long as a preview of it.
 */
#ifndef MUSTER_BATCH_WORK_H
#define MUSTER_BATCH_WORK_H

#include "muster/apply.h"
#include "muster/batch.h"

struct batch {
	struct batch_settings settings;
	struct env *env;
	struct store *store;
	int lock_fd;
	uint32_t resumed;
};

/* Records that wait for the end of the file: (set ordinal, member ordinal), in file order. */
struct work_deferred {
	struct {
		uint32_t tset_ordinal, member_pos;
	} *items;
	size_t count, capacity;
};

struct work {
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
	struct ack *ack;
	bool truncated;               /* an interchange without its IEA */
	bool duplicate;               /* of a file received before: nothing is recorded of its sets */
	uint64_t members_read;        /* over all sets */
	cents money_read;
	uint64_t first_tset_no;
	uint32_t tset_count, interchange_count;
	bool saw_834, saw_820;

	struct work_deferred deferred;

	/* A preview: everything happens inside one transaction that is rolled back; nothing is committed. */
	const struct batch_preview *preview;
	/* Items of the queue that run again; NULL: the file itself runs. */
	struct work_items *items;
};

/* One item of the queue that runs again, with its decision. */
struct work_item {
	uint32_t tset_ordinal, member_pos;
	struct slice item_id, decision, operator_id;
	bool ran, applied;
};
struct work_items {
	struct work_item *items; /* by tset_ordinal, member_pos */
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
int work_init(struct work *work, struct batch *batch, const struct store_file *file);
void work_fini(struct work *work);

/* Pass 1. `record`: write interchange and set rows and end at stage VALIDATED; else only findings and acknowledgments. */
int work_validate(struct work *work, bool record);
/* Pass 2 (and 3, for deferred records): at its end stage APPLIED. */
int work_apply(struct work *work);
/* Acknowledgments, outputs, archive; at its end stage FILED. */
int work_finish(struct work *work);

/* Run the items of work->items again, each in a transaction of its own. The file is FILED already. */
int work_run_items(struct work *work);
/* Where the original lies once filed: done/YYYY/MM/<file_id>, held/<file_id>, rejected/<file_id>. */
int work_archive_folder(const struct work *work, char out[LIMIT_PATH_BYTES]);

/* What a dry run of one set would do to each group: for volume guards. */
struct work_volume {
	struct slice group_id;
	uint64_t terminations, changes;
};
int work_dry_run(struct work *work, uint32_t tset_ordinal, struct arena *arena, struct work_volume **ret_volumes,
                 uint32_t *ret_count);

#define WORK_CUT_OFF "the file is cut off before its IEA: ask the partner to send it whole"

/* What the context of every pass begins with. */
struct work_pass {
	struct work *work;
	const char *what;   /* for progress bars */
	bool wants_content; /* the hash of each set's content */
};
/* One pass over the claimed bytes. `handler`'s context and progress are filled in: the context is `pass`. */
int work_walk(struct work_pass *pass, struct check_handler handler);

/* received + due_hours. */
int64_t work_due_ms(const struct work *work);
/* apply's view of this work and one of its sets. */
struct apply_origin work_origin(const struct work *work, const struct store_tset *tset);
/* begin and commit, but for a preview, which is one transaction from its first to its last step. */
int work_begin(struct work *work);
int work_commit(struct work *work);
/* True once a signal asked to stop. */
bool work_is_interrupted(void);
/* `name` as a file name of ours: bytes that a path or a terminal would obey are replaced. Returns `out`. */
char *work_safe_name(struct slice name, char *out, size_t out_bytes);

#endif
