#include "release.h"

#include <stdio.h>

#include "muster/log.h"
#include "muster/path.h"
#include "numbers.h"

#define META_BYTES (STORE_ITEM_ID_BYTES + 16)

static const char *release_meta(struct slice item_id, char out[META_BYTES])
{
	snprintf(out, META_BYTES, "release %.*s", (int)item_id.len, item_id.data);
	return out;
}

int release_is_pending(struct batch *batch, const struct store_exception *item, bool *ret_pending)
{
	const struct store_tset *tset;
	struct slice state;
	struct arena arena;
	char name[META_BYTES];
	int r;

	*ret_pending = false;
	if (item->member_pos != 0 || item->tset_no == 0 || !slice_is(item->decision, "release"))
		return 0;
	arena_init(&arena, batch->env, 0, 0);
	r = store_tset_get(batch->store, item->tset_no, &arena, &tset);
	if (r == 0)
		r = store_meta_get(batch->store, release_meta(item->item_id, name), &arena, &state);
	if (r == 0 && tset != NULL)
		*ret_pending = tset->outcome == STORE_TSET_HELD || slice_is(state, "under way");
	arena_fini(&arena);
	return r;
}

int release_find_original(struct job *job)
{
	char folder[LIMIT_PATH_BYTES], file_id[STORE_FILE_ID_BYTES];
	int r = job_archive_folder(job, folder);

	if (r == 0)
		r = path_format(job->original, "%s/original.gz", folder);
	if (r < 0 || env_exists(job->env, job->original))
		return r;
	/* A file that was held and of which a set was released since. */
	return path_format(job->original, "%s/%s/original.gz", job->batch->settings.config->held,
			   store_file_id_format(job->file.file_no, file_id));
}

/* The key that the set had, or would have had: where another has it, the next revision of it. */
static int release_key(struct job *job, struct store_tset *row)
{
	const struct store_interchange interchange = {
		.sender_qualifier = row->sender_qualifier,
		.sender_id = row->sender_id,
		.receiver_qualifier = row->receiver_qualifier,
		.receiver_id = row->receiver_id,
		.control_number = row->interchange_control,
	};
	const struct store_tset *first;
	uint32_t revision = 0;
	struct numbers numbers;
	int r = numbers_look(job, &interchange, row, &job->arena, &numbers);

	do {
		if (r == 0)
			row->ledger_key = store_ledger_key(&job->arena, &interchange, row, numbers.era, revision++);
		if (r == 0 && row->ledger_key.data == NULL)
			r = -ENOMEM;
		if (r == 0)
			r = store_tset_by_key(job->store, row->ledger_key, &job->arena, &first);
	} while (r == 0 && first != NULL);
	return r;
}

static int release_audit(struct job *job, const struct store_tset *row, const struct job_item *item)
{
	struct store_audit audit = {
		.actor = item->operator_id,
		.kind = SLICE_LITERAL("release"),
		.subject = item->item_id,
		.text = arena_printf(&job->arena, "%s set of %u members released past: %.*s",
				     category_name(row->hold_category), row->members, (int)row->reason.len,
				     row->reason.data),
	};

	return audit.text.data != NULL ? store_audit_append(job->store, &audit) : -ENOMEM;
}

/* The set is open again. */
static int release_open(struct job *job, const struct store_tset *stored, const struct job_item *item)
{
	struct store_tset row = *stored;
	char name[META_BYTES];
	int r = store_begin(job->store, STORE_WRITE);

	if (r == 0)
		r = release_key(job, &row);
	if (r == 0)
		r = release_audit(job, &row, item);
	row.outcome = STORE_TSET_OPEN;
	row.done = false;
	row.resume_pos = 0;
	row.tally.members_held = 0;
	row.tally.money_held = 0;
	if (r == 0)
		r = store_tset_update(job->store, &row);
	if (r == 0)
		r = store_meta_put(job->store, release_meta(item->item_id, name), SLICE_LITERAL("under way"));
	if (r == 0)
		r = store_commit(job->store);
	if (r != 0)
		store_rollback(job->store);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

static int release_publish(struct job *job, const struct job_item *item)
{
	char meta[META_BYTES];
	uint64_t run_no = 0;
	int r = job_publish_again(job);

	if (r == 0)
		r = store_begin(job->store, STORE_WRITE);
	if (r < 0)
		return r;
	r = store_meta_put(job->store, release_meta(item->item_id, meta), SLICE_LITERAL("done"));
	if (r == 0)
		r = manifest_write(job, &run_no);
	if (r == 0)
		r = store_commit(job->store);
	if (r == 0)
		job->batch->run_no = run_no;
	else
		store_rollback(job->store);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

static int release_run(struct job *job, uint64_t tset_no, struct job_item *item)
{
	const struct store_tset *stored;
	int r = store_tset_get(job->store, tset_no, &job->arena, &stored);

	if (r < 0 || stored == NULL)
		return r < 0 ? r : MUSTER_ERROR_INTERNAL;
	if (stored->outcome == STORE_TSET_HELD)
		r = release_open(job, stored, item);
	/* For the findings of the report; nothing is recorded. */
	if (r == 0)
		r = job_validate(job, false);
	if (r == 0)
		r = job_apply(job);
	if (r == 0)
		r = release_publish(job, item);
	if (r == 0)
		item->end = BATCH_ITEM_APPLIED;
	return r;
}

int release_set(struct batch *batch, uint64_t file_no, uint64_t tset_no, struct job_item *item)
{
	const struct store_file *file;
	struct arena arena;
	struct job job;
	int r;

	arena_init(&arena, batch->env, 0, 0);
	r = store_file_get(batch->store, file_no, &arena, &file);
	if (r == 0 && file == NULL)
		r = MUSTER_ERROR_INTERNAL;
	if (r < 0) {
		arena_fini(&arena);
		return r;
	}
	r = job_init(&job, batch, file);
	job.released = true;
	if (r == 0)
		r = release_find_original(&job);
	if (r == 0)
		r = release_run(&job, tset_no, item);
	job_fini(&job);
	arena_fini(&arena);
	return r;
}
