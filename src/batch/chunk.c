#include "chunk.h"

#include <stdio.h>

/* Sets that nobody is in end a transaction too: their lock is held no longer than that of as many records. */
#define SETS_MAX 1000u

/* What the next audit row will tell of. */
static void chunk_note_nothing(struct pass *pass)
{
	pass->members_in_chunk = 0;
	pass->chunk_first_pos = 0;
	hash_content_init(&pass->payload);
}

int chunk_begin(struct pass *pass)
{
	struct job *job = pass_job(pass);
	int r;

	if (store_is_writing(job->store))
		return 0;
	pass->members_uncommitted = pass->sets_uncommitted = 0;
	chunk_note_nothing(pass);
	r = pass_open_keys(pass);
	if (r == 0)
		r = job_begin(job);
	return r == 0 ? apply_keys_check(&job->batch->keys) : r;
}

static int chunk_audit(struct pass *pass)
{
	struct job *job = pass_job(pass);
	char subject[64], text[96], file_id[STORE_FILE_ID_BYTES];
	struct store_audit audit = {.kind = SLICE_LITERAL("apply"), .actor = job->operator_id};

	snprintf(subject, sizeof(subject), "%s-%u", store_file_id_format(job->file.file_no, file_id),
		 pass->tset.ordinal);
	snprintf(text, sizeof(text), "records %u to %u, %u members", pass->chunk_first_pos, pass->chunk_last_pos,
		 pass->members_in_chunk);
	audit.subject = slice_from(subject);
	audit.text = slice_from(text);
	hash_content_final(&pass->payload, &audit.payload);
	chunk_note_nothing(pass);
	return store_audit_append(job->store, &audit);
}

/* What the set under way has done so far, beside what it did; `done`: it has had its last family. */
static int chunk_mark(struct pass *pass, bool done)
{
	struct job *job = pass_job(pass);
	int r = pass->members_in_chunk > 0 ? chunk_audit(pass) : 0;

	/* A remittance held as a whole has no tally yet: settling gives it one, and then it is done. */
	pass->tset.done = done && pass->tset.outcome == STORE_TSET_OPEN &&
			  (pass->last_chance || job->deferred.count == 0);
	return r == 0 ? store_tset_update(job->store, &pass->tset) : r;
}

int chunk_commit(struct pass *pass)
{
	struct job *job = pass_job(pass);
	int r;

	if (pass->dry || !store_is_writing(job->store))
		return 0;
	pass->members_uncommitted = pass->sets_uncommitted = 0;
	r = job_commit(job);
	if (r == 0 && job->preview == NULL && store_wal_bytes(job->store) > WAL_BYTES_MAX)
		r = store_checkpoint(job->store, false);
	if (r == STORE_E_LOCKED)
		r = 0;
	if (r == 0 && job_is_interrupted())
		r = MUSTER_ERROR_INTERRUPTED;
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

static bool chunk_is_full(struct pass *pass)
{
	return pass->members_uncommitted >= (uint32_t)pass_job(pass)->batch->settings.config->chunk_members;
}

int chunk_end_set(struct pass *pass)
{
	int r;

	if (pass->dry)
		return 0;
	r = chunk_begin(pass);
	if (r == 0)
		r = chunk_mark(pass, true);
	return r == 0 && ++pass->sets_uncommitted >= SETS_MAX ? chunk_commit(pass) : r;
}

int chunk_grew(struct pass *pass, uint32_t last_pos, uint32_t members)
{
	int r;

	if (pass->dry || members == 0)
		return 0;
	pass->members_in_chunk += members;
	pass->members_uncommitted += members;
	if (pass->chunk_first_pos == 0)
		pass->chunk_first_pos = last_pos - members + 1;
	pass->chunk_last_pos = last_pos;
	/* A resumed pass goes again through records before its mark: the mark never goes back. */
	if (!pass->last_chance && last_pos > pass->tset.resume_pos)
		pass->tset.resume_pos = last_pos;
	if (!chunk_is_full(pass))
		return 0;
	r = chunk_mark(pass, false);
	return r == 0 ? chunk_commit(pass) : r;
}
