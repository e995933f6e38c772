#include "whole.h"

#include "muster/log.h"
#include "muster/path.h"
#include "release.h"

#define PIECE_BYTES ((size_t)64 * 1024)

/* Nothing is known of more of them, which nobody would send. */
static int note_cut(void *context, struct slice item_id, uint64_t file_no)
{
	struct whole *whole = context;

	if (whole->count == LIMIT_CANDIDATES)
		return 0;
	whole->cuts[whole->count].item_id = item_id;
	whole->cuts[whole->count++].file_no = file_no;
	return 0;
}

/* `bytes` of them, fewer only at the end. */
static ssize_t read_full(struct io_source *source, char *out, size_t bytes)
{
	size_t have = 0;
	ssize_t n = 1;

	while (n > 0 && have < bytes) {
		n = io_source_read(source, out + have, bytes - have);
		have += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? n : (ssize_t)have;
}

/* Is what `cut` gives the beginning of what `source` gives, and not all of it? `pieces`: two of PIECE_BYTES. */
static int compare(struct io_source *cut, struct io_source *source, char *pieces, bool *ret_is_beginning)
{
	ssize_t n = 1, m = 0;
	bool same = true;

	while (same && n > 0) {
		n = read_full(cut, pieces, PIECE_BYTES);
		if (n < 0)
			return (int)n;
		/* At its end: one byte more. */
		m = read_full(source, pieces + PIECE_BYTES, n > 0 ? (size_t)n : 1);
		if (m < 0)
			return (int)m;
		same = n > 0 ? m == n && memcmp(pieces, pieces + PIECE_BYTES, (size_t)n) == 0 : m == 1;
	}
	*ret_is_beginning = same;
	return 0;
}

static int open_limited(struct job *job, const char *path, struct io_source **ret_source)
{
	int r = io_source_open(job->env, path, ret_source);

	if (r < 0)
		return r;
	io_source_without_hash(*ret_source);
	if (job->profile->max_inflated_bytes != 0)
		io_source_limit(*ret_source, job->profile->max_inflated_bytes);
	return 0;
}

static int compare_files(struct job *job, const char *cut_path, bool *ret_is_beginning)
{
	char *pieces = env_alloc(job->env, 2 * PIECE_BYTES);
	struct io_source *cut = NULL, *source = NULL;
	int r = pieces != NULL ? open_limited(job, cut_path, &cut) : -ENOMEM;

	if (r == 0)
		r = open_limited(job, job->original, &source);
	if (r == 0)
		r = compare(cut, source, pieces, ret_is_beginning);
	io_source_close(cut);
	io_source_close(source);
	env_free(job->env, pieces);
	return r;
}

/* An original that is no longer kept says nothing: a person looks. */
static int look_at(struct job *job, uint64_t file_no, bool *ret_is_beginning)
{
	const struct store_file *file;
	struct job other;
	int r = store_file_get(job->store, file_no, &job->arena, &file);

	*ret_is_beginning = false;
	if (r < 0)
		return r;
	r = job_init(&other, job->batch, file);
	if (r == 0)
		r = release_find_original(&other);
	if (r == 0 && env_exists(job->env, other.original))
		r = compare_files(job, other.original, ret_is_beginning);
	job_fini(&other);
	return r;
}

int whole_find(struct job *job, struct whole *ret_whole)
{
	uint32_t i;
	int r;

	*ret_whole = (struct whole){0};
	if (job->preview != NULL || job->released || job_waits_whole(job))
		return 0;
	r = store_held_beginnings(job->store, &job->file, &job->arena, ret_whole, note_cut);
	for (i = 0; r == 0 && i < ret_whole->count; i++)
		r = look_at(job, ret_whole->cuts[i].file_no, &ret_whole->cuts[i].is_beginning);
	return r;
}

static int supersede(struct job *job, struct slice item_id)
{
	char file_id[STORE_FILE_ID_BYTES];
	const struct store_exception *stored;
	struct store_exception item;
	struct store_audit audit = {
		.kind = SLICE_LITERAL("whole"),
		.actor = job->operator_id,
		.subject = item_id,
		.text = arena_printf(&job->arena, "the whole file came as %s",
				     store_file_id_format(job->file.file_no, file_id)),
	};
	int r = store_exception_get(job->store, item_id, &job->arena, &stored);

	if (r < 0 || audit.text.data == NULL)
		return r < 0 ? r : -ENOMEM;
	/* Somebody has decided on it while the files were read. */
	if (stored == NULL || (stored->status != STORE_EXCEPTION_OPEN && stored->status != STORE_EXCEPTION_ASSIGNED))
		return 0;
	item = *stored;
	item.status = STORE_EXCEPTION_SUPERSEDED;
	if (slice_is_empty(item.note))
		item.note = audit.text;
	r = store_exception_update(job->store, &item);
	return r == 0 ? store_audit_append(job->store, &audit) : r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

int whole_supersede(struct job *job, const struct whole *whole)
{
	uint32_t i;
	int r = 0;

	/* One that is rejected may have to be sent once more: then whoever waits for it goes on waiting. */
	if (job->file.outcome != STORE_FILE_PROCESSED && job->file.outcome != STORE_FILE_HELD && !job->duplicate)
		return 0;
	for (i = 0; r == 0 && i < whole->count; i++) {
		if (!whole->cuts[i].is_beginning)
			continue;
		log_message(LOG_NOTICE, "%.*s is closed: its file came whole", (int)whole->cuts[i].item_id.len,
			    whole->cuts[i].item_id.data);
		r = supersede(job, whole->cuts[i].item_id);
	}
	return r;
}
