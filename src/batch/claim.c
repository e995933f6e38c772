/*
 * Claiming: from a name outside to bytes and a row of ours.
 *
 * work/claim/ takes the bytes in (copied from a named file, or moved out of a drop folder, with a note where from);
 * then one transaction gives the file its number, and the folder its name. What a crash leaves in work/claim/, or in
 * a folder that no row knows, was not claimed: it goes back to where it came from, or away if it was only a copy.
 */
#include <fcntl.h>
#include "claim.h"
#include "marker.h"
#include "muster/log.h"
#include "muster/path.h"

bool claim_is_shut(int error)
{
	switch (error) {
	case -EACCES:
	case -EPERM:
	case -EROFS:
	case -EXDEV:
	case -ENAMETOOLONG:
	case -ESTALE:
	case -ENOTCONN:
		return true;
	default:
		return false;
	}
}

static int claim_path(const struct batch *batch, const char *leaf, char out[LIMIT_PATH_BYTES])
{
	return path_format(out, "%s/claim%s%s", batch->settings.config->work, leaf[0] != '\0' ? "/" : "", leaf);
}

int claim_remove_folder(struct env *env, const char *folder)
{
	char path[LIMIT_PATH_BYTES];
	char **names;
	size_t count, i;
	int r = env_list(env, folder, &names, &count);

	if (r == -ENOENT)
		return 0;
	for (i = 0; r == 0 && i < count; i++) {
		r = path_format(path, "%s/%s", folder, names[i]);
		if (r == 0)
			r = env_unlink(env, path);
	}
	if (r == 0)
		env_free(env, names);
	return r < 0 ? r : env_rmdir(env, folder);
}

/* Where the bytes go back to: where they came from, or beside it where the partner has sent that name again since. */
static int claim_free_name(struct env *env, const char *from, char out[LIMIT_PATH_BYTES])
{
	unsigned nth;
	int r = path_format(out, "%s", from);

	for (nth = 1; r == 0 && env_exists(env, out); nth++)
		r = path_format(out, "%s~%u", from, nth);
	return r;
}

/* Put what was moved out of a drop folder back there. */
static int claim_give_back(struct env *env, const char *folder)
{
	char original[LIMIT_PATH_BYTES], note[LIMIT_PATH_BYTES], from[LIMIT_PATH_BYTES], to[LIMIT_PATH_BYTES];
	char *text;
	size_t bytes;
	int r = path_format(original, "%s/original", folder);

	if (r == 0 && !env_exists(env, original))
		r = path_format(original, "%s/arrived", folder);
	if (r == 0)
		r = path_format(note, "%s/from", folder);
	if (r < 0)
		return r;
	r = env_exists(env, original) ? io_read_file(env, note, sizeof(from) - 1, &text, &bytes) : -ENOENT;
	if (r == -ENOENT) /* only a copy, or nothing yet */
		return claim_remove_folder(env, folder);
	if (r < 0)
		return r;
	slice_to_cstr(slice_of(text, bytes), from, sizeof(from));
	env_free(env, text);
	r = claim_free_name(env, from, to);
	if (r == 0)
		r = env_rename(env, original, to);
	if (r < 0)
		return log_failure(r, "%s holds bytes that cannot go back to their drop folder", folder);
	log_message(LOG_NOTICE, "a file whose claim was cut short is back in its drop folder");
	return claim_remove_folder(env, folder);
}

/*
 * The marker that said that a file was whole goes away behind its claim. One that a crash left would say it of the next
 * file of that name, too, while that is still arriving. A marker that is newer than the claim is that of the next file.
 */
static int claim_forget_marker(struct batch *batch, const char *folder, const struct store_file *file)
{
	const struct profile *profile = profile_named(batch->settings.profiles, file->partner);
	char note[LIMIT_PATH_BYTES];
	struct env_stat noted;
	char *path;
	size_t bytes;
	int r = path_format(note, "%s/from", folder);

	if (profile == NULL)
		profile = &batch->settings.profiles->fallback;
	if (r < 0 || profile->arrival != PROFILE_ARRIVAL_DONE_MARKER || env_stat(batch->env, note, &noted) < 0)
		return r;
	r = io_read_file(batch->env, note, LIMIT_PATH_BYTES, &path, &bytes);
	if (r < 0)
		return r;
	r = marker_forget(batch->env, path, noted.mtime_ns);
	env_free(batch->env, path);
	return r;
}

int claim_recover(struct batch *batch)
{
	char folder[LIMIT_PATH_BYTES];
	struct arena arena;
	char **names;
	size_t count, i;
	int r = env_list(batch->env, batch->settings.config->work, &names, &count);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	arena_init(&arena, batch->env, 0, 0);
	for (i = 0; r == 0 && i < count; i++) {
		const struct store_file *file = NULL;

		if (strcmp(names[i], "claim") != 0 && names[i][0] != 'F')
			continue;
		r = path_format(folder, "%s/%s", batch->settings.config->work, names[i]);
		if (r == 0 && names[i][0] == 'F')
			r = store_file_by_id(batch->store, slice_from(names[i]), &arena, &file);
		if (r == 0 && file == NULL)
			r = claim_give_back(batch->env, folder);
		else if (r == 0 && file->stage == STORE_FILE_FILED)
			r = claim_remove_folder(batch->env, folder);
		else if (r == 0)
			r = claim_forget_marker(batch, folder, file);
	}
	env_free(batch->env, names);
	arena_fini(&arena);
	return r;
}

int claim_copy(struct batch *batch, const char *path, struct claim *claim)
{
	char folder[LIMIT_PATH_BYTES], original[LIMIT_PATH_BYTES];
	int r = claim_path(batch, "", folder);

	if (r == 0)
		r = claim_path(batch, "original", original);
	if (r == 0)
		r = claim_remove_folder(batch->env, folder);
	if (r == 0)
		r = env_mkdirs(batch->env, folder);
	return r < 0 ? r : io_copy_file(batch->env, path, original, &claim->file.sha256, &claim->file.bytes);
}

/* The name goes from the drop folder to work/claim/arrived, with a note where from. As claim_move. */
static int claim_take_name(struct batch *batch, const char *path, const char *folder, const char *arrived,
			   int *reterr_why)
{
	char note[LIMIT_PATH_BYTES];
	int r = claim_path(batch, "from", note);

	if (r == 0)
		r = env_mkdirs(batch->env, folder);
	if (r == 0)
		r = io_publish(batch->env, note, slice_from(path));
	if (r < 0)
		return r;
	*reterr_why = env_rename(batch->env, path, arrived);
	if (*reterr_why == 0)
		return env_sync_dir(batch->env, folder);
	if (*reterr_why != -ENOENT && !claim_is_shut(*reterr_why))
		return *reterr_why;
	r = claim_drop(batch);
	return r < 0 ? r : CLAIM_E_KEPT;
}

/*
 * It changed between the look at it and the claim: what arrived goes back, not the copy, for who writes to it still holds
 * it. The copy goes first, or a crash would give that back as well.
 */
static int claim_refuse(struct batch *batch, const char *path, const char *arrived, const char *original)
{
	char to[LIMIT_PATH_BYTES];
	int r = claim_free_name(batch->env, path, to);

	if (r == 0)
		r = env_unlink(batch->env, original);
	if (r == 0)
		r = env_rename(batch->env, arrived, to);
	if (r == 0)
		r = claim_drop(batch);
	return r < 0 ? r : CLAIM_E_KEPT;
}

/* Moved, then copied: whoever holds the arrived file open still writes into that, not into what was claimed (P2). */
int claim_move(struct batch *batch, const char *path, const struct hash *told, struct claim *claim, int *reterr_why)
{
	char folder[LIMIT_PATH_BYTES], arrived[LIMIT_PATH_BYTES], original[LIMIT_PATH_BYTES];
	int r = claim_path(batch, "", folder);

	if (r == 0)
		r = claim_path(batch, "original", original);
	if (r == 0)
		r = claim_path(batch, "arrived", arrived);
	if (r == 0)
		r = claim_take_name(batch, path, folder, arrived, reterr_why);
	if (r == 0)
		r = io_copy_file(batch->env, arrived, original, &claim->file.sha256, &claim->file.bytes);
	if (r == 0 && told != NULL && memcmp(told, &claim->file.sha256, sizeof(*told)) != 0) {
		*reterr_why = MUSTER_ERROR_DATA;
		return claim_refuse(batch, path, arrived, original);
	}
	return r != 0 ? r : env_unlink(batch->env, arrived);
}

int claim_drop(struct batch *batch)
{
	char folder[LIMIT_PATH_BYTES];
	int r = claim_path(batch, "", folder);

	return r < 0 ? r : claim_remove_folder(batch->env, folder);
}

/* Does an archive hold a file of this number? */
static int claim_is_archived(struct batch *batch, const struct store_file *file, bool *ret_archived)
{
	static const enum store_file_outcome ends[] = {STORE_FILE_PROCESSED, STORE_FILE_HELD, STORE_FILE_REJECTED};
	char folder[LIMIT_PATH_BYTES];
	size_t i;
	int r = 0;

	*ret_archived = false;
	for (i = 0; r == 0 && i < sizeof(ends) / sizeof(ends[0]); i++) {
		r = archive_folder(batch->settings.config, file, ends[i], folder);
		*ret_archived |= r == 0 && env_exists(batch->env, folder);
	}
	return r;
}

/*
 * The file's row. After an older backup of the database was restored, numbers that it would give stand on archives already,
 * of files that it does not know: their originals may be the only ones, so these numbers are passed over.
 */
static int claim_number(struct batch *batch, struct claim *claim)
{
	char first[STORE_FILE_ID_BYTES], last[STORE_FILE_ID_BYTES];
	uint64_t first_no = 0, last_no = 0;
	bool archived = true;
	int r = 0;

	while (r == 0 && archived) {
		r = store_savepoint(batch->store);
		if (r == 0)
			r = store_file_add(batch->store, &claim->file);
		if (r == 0)
			r = claim_is_archived(batch, &claim->file, &archived);
		if (r == 0)
			r = archived ? store_savepoint_rollback(batch->store) : store_savepoint_release(batch->store);
		if (r != 0 || !archived)
			continue;
		last_no = claim->file.file_no++;
		first_no = first_no == 0 ? last_no : first_no;
	}
	if (r == 0 && first_no != 0)
		log_message(LOG_ERROR,
			    "files %s to %s are archived, but the database does not know them: was an older backup "
			    "restored? Put their original.gz into their drop folders again",
			    store_file_id_format(first_no, first), store_file_id_format(last_no, last));
	return r;
}

/* The file's row and its folder's name: one step for all who look. */
int claim_commit(struct batch *batch, struct claim *claim)
{
	char from[LIMIT_PATH_BYTES], to[LIMIT_PATH_BYTES], file_id[STORE_FILE_ID_BYTES];
	int r = claim_path(batch, "", from);

	if (r == 0)
		r = store_begin(batch->store, STORE_WRITE);
	if (r == 0)
		r = claim_number(batch, claim);
	if (r == 0)
		r = path_format(to, "%s/%s", batch->settings.config->work,
				store_file_id_format(claim->file.file_no, file_id));
	if (r == 0)
		r = env_rename(batch->env, from, to);
	if (r == 0)
		r = env_sync_dir(batch->env, batch->settings.config->work);
	if (r == 0)
		r = store_commit(batch->store);
	if (r != 0)
		store_rollback(batch->store);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}
