/*
 * retention: originals and outputs that were kept as long as the site wants them are removed.
 *
 * What stands on file of them stays: the row of the file with its hash, ledger, changes, items, the audit trail. A file that
 * was removed is therefore still a file received before. The order of things, for each file and kind:
 *
 *   kept --[nobody needs it: a row in removals, and its audit row with the hash of what goes]--> to be removed
 *   to be removed --[the copies in out/, then those beside the original, or the original; folders synced]--> done
 *
 * The row comes first, so that nobody counts on what is half gone (undo.h), and a removal that is cut short is ended by the
 * next run or the next purge: copies in out/ are known by the ones beside the original, which go after them. Whether
 * somebody needs it is asked in the transaction that writes the row, under the run's lock: undo and run wait for that, and
 * a decision in the queue is about an item that waits.
 *
 * out/ is the partner's and the representatives' folder, where a later file of the same name takes an earlier one's place:
 * only what has the same bytes as the file's own copy, and no later one's copy beside, is the file's. Where `process --out` wrote is nobody's but the
 * caller's, and left alone.
 */
#include <stdio.h>

#include "job.h"
#include "muster/log.h"
#include "muster/path.h"
#include "retention.h"

#define ORIGINAL "original.gz"
#define PIECE_BYTES ((size_t)64 * 1024)

/* What is to go, in the order in which it goes. */
struct paths {
	const char **items;
	uint32_t count, capacity;
};

struct purge {
	struct batch *batch;
	const struct batch_retention *request; /* NULL: what was begun is ended */
	struct batch_retention_totals *totals;
	struct arena arena;                    /* of one file */
	struct store_file file;
	char folders[2][LIMIT_PATH_BYTES];     /* where the file may be archived */
	char out[LIMIT_PATH_BYTES];            /* its folder below out/; "" = it has none there */
	struct paths later;                    /* where later files of that name and folder may be archived */
	char *pieces;                          /* two of PIECE_BYTES */
};

static int paths_add(struct purge *purge, struct paths *paths, const char *path)
{
	const char *copy = arena_dup(&purge->arena, slice_from(path)).data;
	const char **grown;

	if (paths->count == paths->capacity) {
		uint32_t capacity = paths->capacity * 2 + 16;

		grown = arena_alloc_array(&purge->arena, capacity, sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		if (paths->count > 0)
			memcpy(grown, paths->items, paths->count * sizeof(*grown));
		paths->items = grown;
		paths->capacity = capacity;
	}
	paths->items[paths->count++] = copy;
	return copy != NULL ? 0 : -ENOMEM;
}

/* ---- where things are ---------------------------------------------------------------------------------------- */

/* Is `out_dir` the partner's folder below out/, or its folder for tests? */
static int find_out(struct purge *purge)
{
	static const char *const behind[] = {"", "/" BATCH_TEST_FOLDER};
	const char *out = purge->batch->settings.config->out;
	struct slice partner = purge->file.partner;
	char path[LIMIT_PATH_BYTES];
	size_t i;
	int r = 0;

	purge->out[0] = '\0';
	for (i = 0; r == 0 && partner.len > 0 && i < sizeof(behind) / sizeof(behind[0]); i++) {
		r = path_format(path, "%s/%.*s%s", out, (int)partner.len, partner.data, behind[i]);
		if (r == 0 && slice_is(purge->file.out_dir, path))
			r = path_format(purge->out, "%s", path);
	}
	return r;
}

/* A file of which a set was released since stays where it was held. */
static int archives_of(const struct purge *purge, const struct store_file *file, char folders[2][LIMIT_PATH_BYTES])
{
	const struct config *config = purge->batch->settings.config;
	int r = archive_folder(config, file, file->outcome, folders[0]);

	if (r == 0)
		r = archive_folder(config, file, STORE_FILE_HELD, folders[1]);
	if (r == 0 && strcmp(folders[0], folders[1]) == 0)
		folders[1][0] = '\0';
	return r;
}

static int note_later(void *context, const struct store_file *file)
{
	char folders[2][LIMIT_PATH_BYTES];
	struct purge *purge = context;
	int r = archives_of(purge, file, folders);

	if (r == 0)
		r = paths_add(purge, &purge->later, folders[0]);
	return r == 0 && folders[1][0] != '\0' ? paths_add(purge, &purge->later, folders[1]) : r;
}

static int find_folders(struct purge *purge)
{
	int r = archives_of(purge, &purge->file, purge->folders);

	purge->later = (struct paths){0};
	if (r == 0)
		r = find_out(purge);
	if (r < 0 || purge->out[0] == '\0')
		return r;
	return store_files_named_after(purge->batch->store, &purge->file, note_later, purge);
}

/* Has a later file of that name put this output there, too? */
static int is_overwritten(const struct purge *purge, const char *name, bool *ret_overwritten)
{
	char path[LIMIT_PATH_BYTES];
	uint32_t i;
	int r = 0;

	*ret_overwritten = false;
	for (i = 0; r == 0 && i < purge->later.count && !*ret_overwritten; i++) {
		r = path_format(path, "%s/%s", purge->later.items[i], name);
		*ret_overwritten = r == 0 && env_exists(purge->batch->env, path);
	}
	return r;
}

/* Does a file at `path` have the bytes of `fd`? Both are read to their end; `state` takes those of `fd`. */
static int read_both(struct purge *purge, int fd, int other, struct hash_state *state, bool *ret_same)
{
	struct env *env = purge->batch->env;
	char *piece = purge->pieces, *second = purge->pieces + PIECE_BYTES;
	ssize_t n = 1, m;

	*ret_same = other >= 0;
	while (n > 0) {
		n = env_read(env, fd, piece, PIECE_BYTES);
		if (n < 0)
			return (int)n;
		hash_update(state, piece, (size_t)n);
		if (!*ret_same)
			continue;
		m = env_read(env, other, second, PIECE_BYTES);
		if (m < 0)
			return (int)m;
		*ret_same = m == n && memcmp(piece, second, (size_t)n) == 0;
	}
	return 0;
}

/* One output beside the original: its bytes into `state`; and is the one in out/ the same? */
static int look_at_output(struct purge *purge, const char *path, const char *published, struct hash_state *state,
			  bool *ret_same)
{
	struct env *env = purge->batch->env;
	int fd = env_open_input(env, path, NULL), other, r;

	if (fd < 0)
		return fd;
	/* What somebody put there in its place is not ours. */
	other = published[0] != '\0' ? env_open_input(env, published, NULL) : -ENOENT;
	r = read_both(purge, fd, other, state, ret_same);
	if (other >= 0)
		(void)env_close(env, other);
	(void)env_close(env, fd); /* only read from */
	return r;
}

static int take_output(struct purge *purge, const char *folder, const char *name, struct paths *published,
		       struct paths *archived, struct hash_state *state)
{
	char path[LIMIT_PATH_BYTES], there[LIMIT_PATH_BYTES] = "";
	struct slice leaf = slice_from(name);
	bool same, overwritten;
	int r = path_format(path, "%s/%s", folder, name);

	if (r == 0)
		r = is_overwritten(purge, name, &overwritten);
	if (r == 0 && purge->out[0] != '\0' && !overwritten)
		r = path_format(there, "%s/%s", purge->out, name);
	if (r < 0)
		return r;
	hash_update(state, leaf.data, leaf.len + 1);
	r = look_at_output(purge, path, there, state, &same);
	if (r == 0 && same)
		r = paths_add(purge, published, there);
	return r < 0 ? r : paths_add(purge, archived, path);
}

/* Cards and letters that came of items of the file: their names begin with its number. */
static int take_notices(struct purge *purge, struct paths *published)
{
	char prefix[STORE_FILE_ID_BYTES + 1], path[LIMIT_PATH_BYTES], file_id[STORE_FILE_ID_BYTES];
	struct env *env = purge->batch->env;
	char **names;
	size_t count, i;
	int r = purge->out[0] != '\0' ? env_list(env, purge->out, &names, &count) : -ENOENT;

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	snprintf(prefix, sizeof(prefix), "%s-", store_file_id_format(purge->file.file_no, file_id));
	for (i = 0; r == 0 && i < count; i++) {
		if (!slice_starts_with(slice_from(names[i]), prefix))
			continue;
		r = path_format(path, "%s/%s", purge->out, names[i]);
		if (r == 0)
			r = paths_add(purge, published, path);
	}
	env_free(env, names);
	return r;
}

static int collect_outputs(struct purge *purge, struct paths *paths, struct hash_state *state)
{
	struct paths archived = {0};
	struct env *env = purge->batch->env;
	uint32_t i;
	size_t k;
	int r = take_notices(purge, paths);

	for (k = 0; r == 0 && k < 2; k++) {
		char **names;
		size_t count, j;

		r = purge->folders[k][0] != '\0' ? env_list(env, purge->folders[k], &names, &count) : -ENOENT;
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		for (j = 0; r == 0 && j < count; j++)
			if (strcmp(names[j], ORIGINAL) != 0)
				r = take_output(purge, purge->folders[k], names[j], paths, &archived, state);
		env_free(env, names);
	}
	for (i = 0; r == 0 && i < archived.count; i++)
		r = paths_add(purge, paths, archived.items[i]);
	return r;
}

static int collect_original(struct purge *purge, struct paths *paths)
{
	char path[LIMIT_PATH_BYTES];
	size_t k;
	int r = 0;

	for (k = 0; r == 0 && k < 2; k++) {
		if (purge->folders[k][0] == '\0')
			continue;
		r = path_format(path, "%s/" ORIGINAL, purge->folders[k]);
		if (r == 0 && env_exists(purge->batch->env, path))
			r = paths_add(purge, paths, path);
	}
	return r;
}

/* The hash of an original is that of the bytes that were received. */
static int collect(struct purge *purge, enum store_removal what, struct paths *paths, struct hash *ret_hash)
{
	struct hash_state state;
	int r;

	*paths = (struct paths){0};
	*ret_hash = purge->file.sha256;
	if (what == STORE_REMOVAL_ORIGINAL)
		return collect_original(purge, paths);
	hash_init(&state);
	r = collect_outputs(purge, paths, &state);
	hash_final(&state, ret_hash);
	return r;
}

/* ---- removing ------------------------------------------------------------------------------------------------ */

static int sync_if_there(struct env *env, const char *folder)
{
	int r = folder[0] != '\0' ? env_sync_dir(env, folder) : 0;

	return r == -ENOENT ? 0 : r;
}

/* A folder with something in it stays. */
static int remove_if_empty(struct env *env, const char *folder)
{
	int r = folder[0] != '\0' ? env_rmdir(env, folder) : 0;

	return r == -ENOTEMPTY || r == -EEXIST ? 0 : r;
}

static int remove_all(struct purge *purge, const struct paths *paths)
{
	struct env *env = purge->batch->env;
	uint32_t i;
	size_t k;
	int r = 0;

	for (i = 0; r == 0 && i < paths->count; i++)
		r = env_unlink(env, paths->items[i]);
	if (r == 0)
		r = sync_if_there(env, purge->out);
	for (k = 0; r == 0 && k < 2; k++)
		r = sync_if_there(env, purge->folders[k]);
	for (k = 0; r == 0 && k < 2; k++)
		r = remove_if_empty(env, purge->folders[k]);
	return r < 0 ? log_failure(r, "file %llu: its %s cannot be removed", (unsigned long long)purge->file.file_no,
				   paths->count > 0 ? paths->items[i > 0 ? i - 1 : 0] : "folder") : 0;
}

static int purge_audit(struct purge *purge, enum store_removal what, const struct paths *paths, const struct hash *hash)
{
	char file_id[STORE_FILE_ID_BYTES], day[DATE_TEXT_BYTES];
	struct store_audit audit = {
		.actor = purge->batch->settings.operator_id,
		.kind = SLICE_LITERAL("purge"),
		.subject = slice_from(store_file_id_format(purge->file.file_no, file_id)),
		.text = arena_printf(&purge->arena, "%s of %s removed, %u files", store_removal_name(what),
				     date_format_iso(date_of_clock_ms(purge->file.received_ms), day), paths->count),
		.payload = *hash,
	};

	return audit.text.data != NULL ? store_audit_append(purge->batch->store, &audit) : -ENOMEM;
}

static int end_removal(struct purge *purge, enum store_removal what, const struct paths *paths)
{
	struct store *store = purge->batch->store;
	int r = remove_all(purge, paths);

	if (r == 0)
		r = store_begin(store, STORE_WRITE);
	if (r < 0)
		return r;
	r = store_removal_done(store, purge->file.file_no, what);
	if (r == 0)
		r = store_commit(store);
	if (r != 0)
		store_rollback(store);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

/* ---- what may go --------------------------------------------------------------------------------------------- */

/* Older than so many days; 0 = never. */
static bool is_older(const struct purge *purge, int32_t days)
{
	return days > 0 && purge->batch->settings.today - date_of_clock_ms(purge->file.received_ms) > days;
}

/* What of the file is old enough, and by which of `needs` it is kept all the same. */
static unsigned keeps(const struct purge *purge, enum store_removal what, unsigned needs)
{
	const struct config *config = purge->batch->settings.config;

	/* An original is old enough for decided records when it is older than decided_days. */
	if (what == STORE_REMOVAL_OUTPUTS || is_older(purge, config->retention.decided_days))
		needs &= ~STORE_NEEDS_UNDO;
	return needs;
}

static bool is_due(const struct purge *purge, enum store_removal what)
{
	const struct config *config = purge->batch->settings.config;

	return is_older(purge, what == STORE_REMOVAL_ORIGINAL ? config->retention.originals_days
							       : config->retention.outputs_days);
}

static int tell(struct purge *purge, enum store_removal what, const struct paths *paths, unsigned needs)
{
	const struct batch_retention_file told = {
		.file = &purge->file, .what = what, .count = paths->count, .needs = needs};

	if (needs != 0)
		purge->totals->kept++;
	else
		purge->totals->removed[what]++;
	return purge->request->file != NULL ? purge->request->file(purge->request->context, &told) : 0;
}

/* In a transaction, which is ended: the row and its audit row, unless somebody needs it. */
static int begin_removal(struct purge *purge, enum store_removal what, const struct paths *paths,
			 const struct hash *hash, unsigned *ret_needs)
{
	struct store *store = purge->batch->store;
	int r = store_begin(store, STORE_WRITE);

	if (r < 0)
		return r;
	r = store_file_needs(store, purge->file.file_no, ret_needs);
	*ret_needs = r == 0 ? keeps(purge, what, *ret_needs) : 0;
	if (r == 0 && *ret_needs == 0 && !purge->request->dry) {
		r = store_removal_add(store, purge->file.file_no, what);
		if (r == 0)
			r = purge_audit(purge, what, paths, hash);
		if (r == 0)
			return store_commit(store);
	}
	store_rollback(store);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

static int purge_kind(struct purge *purge, enum store_removal what)
{
	struct paths paths;
	struct hash hash;
	unsigned needs;
	bool removed;
	int r = store_removal_is(purge->batch->store, purge->file.file_no, what, &removed);

	if (r < 0 || removed || !is_due(purge, what))
		return r;
	r = collect(purge, what, &paths, &hash);
	if (r < 0 || paths.count == 0)
		return r;
	r = begin_removal(purge, what, &paths, &hash, &needs);
	if (r == 0)
		r = tell(purge, what, &paths, needs);
	if (r < 0 || needs != 0 || purge->request->dry)
		return r;
	return end_removal(purge, what, &paths);
}

/* ---- all files ----------------------------------------------------------------------------------------------- */

struct numbers {
	struct purge *purge;
	uint64_t *items;
	size_t count, capacity;
};

static int numbers_add(struct numbers *numbers, uint64_t file_no)
{
	if (numbers->count == numbers->capacity) {
		size_t capacity = numbers->capacity * 2 + 256;
		uint64_t *grown = env_realloc(numbers->purge->batch->env, numbers->items, capacity * sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		numbers->items = grown;
		numbers->capacity = capacity;
	}
	numbers->items[numbers->count++] = file_no;
	return 0;
}

static int note_due(void *context, const struct store_file *file)
{
	struct numbers *numbers = context;

	numbers->purge->file = *file;
	if (file->stage != STORE_FILE_FILED ||
	    (!is_due(numbers->purge, STORE_REMOVAL_ORIGINAL) && !is_due(numbers->purge, STORE_REMOVAL_OUTPUTS)))
		return 0;
	return numbers_add(numbers, file->file_no);
}

static int note_owed(void *context, uint64_t file_no, enum store_removal what)
{
	struct numbers *numbers = context;

	/* A file of which both are owed stands here once. */
	(void)what;
	if (numbers->count > 0 && numbers->items[numbers->count - 1] == file_no)
		return 0;
	return numbers_add(numbers, file_no);
}

/* Its outputs first: they are known by what lies beside the original. */
static int purge_file(struct purge *purge)
{
	int r = purge_kind(purge, STORE_REMOVAL_OUTPUTS);

	return r < 0 ? r : purge_kind(purge, STORE_REMOVAL_ORIGINAL);
}

struct owed {
	uint64_t file_no;
	bool kinds[STORE_REMOVAL_COUNT];
};

static int note_kind(void *context, uint64_t file_no, enum store_removal what)
{
	struct owed *owed = context;

	owed->kinds[what] |= file_no == owed->file_no;
	return 0;
}

static int finish_file(struct purge *purge)
{
	struct owed owed = {.file_no = purge->file.file_no};
	struct paths paths;
	struct hash hash;
	int what, r = store_removals_owed(purge->batch->store, &owed, note_kind);

	for (what = 0; r == 0 && what < STORE_REMOVAL_COUNT; what++) {
		if (!owed.kinds[what])
			continue;
		r = collect(purge, (enum store_removal)what, &paths, &hash);
		if (r == 0)
			r = end_removal(purge, (enum store_removal)what, &paths);
	}
	return r;
}

static int purge_each(struct purge *purge, const struct numbers *numbers, int (*work)(struct purge *purge))
{
	const struct store_file *file;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < numbers->count && !job_is_interrupted(); i++) {
		arena_reset(&purge->arena);
		r = store_file_get(purge->batch->store, numbers->items[i], &purge->arena, &file);
		if (r < 0)
			break;
		purge->file = *file;
		r = find_folders(purge);
		if (r == 0)
			r = work(purge);
	}
	return r == 0 && i < numbers->count ? MUSTER_ERROR_INTERRUPTED : r;
}

static int purge_begin(struct purge *purge, struct batch *batch, struct numbers *numbers)
{
	*purge = (struct purge){.batch = batch};
	*numbers = (struct numbers){.purge = purge};
	arena_init(&purge->arena, batch->env, 0, 0);
	purge->pieces = env_alloc(batch->env, 2 * PIECE_BYTES);
	return purge->pieces != NULL ? 0 : -ENOMEM;
}

static void purge_end(struct purge *purge, struct numbers *numbers)
{
	env_free(purge->batch->env, numbers->items);
	env_free(purge->batch->env, purge->pieces);
	arena_fini(&purge->arena);
}

int retention_finish(struct batch *batch)
{
	struct numbers numbers;
	struct purge purge;
	int r = purge_begin(&purge, batch, &numbers);

	if (r == 0)
		r = store_removals_owed(batch->store, &numbers, note_owed);
	if (r == 0)
		r = purge_each(&purge, &numbers, finish_file);
	purge_end(&purge, &numbers);
	return r;
}

int batch_retention(struct batch *batch, const struct batch_retention *request,
		    struct batch_retention_totals *ret_totals)
{
	struct numbers numbers;
	struct purge purge;
	int r = purge_begin(&purge, batch, &numbers);

	*ret_totals = (struct batch_retention_totals){0};
	purge.request = request;
	purge.totals = ret_totals;
	if (r == 0 && !request->dry)
		r = retention_finish(batch);
	if (r == 0)
		r = store_files_each(batch->store, 0, note_due, &numbers);
	if (r == 0)
		r = purge_each(&purge, &numbers, purge_file);
	purge_end(&purge, &numbers);
	return r;
}
