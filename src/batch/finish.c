/*
 * The last steps: acknowledgments and outputs become visible, the original goes to its archive.
 *
 * All of them can be done again with the same result, so the transaction that says FILED comes last: whoever finds
 * the file in an earlier stage makes them again, byte for byte.
 */
#include "claim.h"
#include "muster/log.h"
#include "muster/outputs.h"
#include "muster/path.h"
#include "work.h"

static int publish(struct work *work, const char *name, const char *extension, struct slice content)
{
	char path[LIMIT_PATH_BYTES];
	int r;

	if (slice_is_empty(content))
		return 0;
	r = path_format(path, "%.*s/%s.%s", (int)work->file.out_dir.len, work->file.out_dir.data, name, extension);
	return r < 0 ? r : io_publish(work->env, path, content);
}

static int finish_acknowledge(struct work *work, const char *name)
{
	struct slice ta1, ack999;
	int r = ack_finish(work->ack, &ta1, &ack999);

	if (r < 0 || work->profile->ack == PROFILE_ACK_NONE)
		return r;
	r = publish(work, name, "ta1", ta1);
	return r < 0 ? r : publish(work, name, "999", ack999);
}

int work_archive_folder(const struct work *work, char out[LIMIT_PATH_BYTES])
{
	const struct config *config = work->batch->settings.config;
	char file_id[STORE_FILE_ID_BYTES];
	int year, month, day;

	store_file_id_format(work->file.file_no, file_id);
	date_to_ymd(date_of_clock_ms(work->file.received_ms), &year, &month, &day);
	if (work->file.outcome == STORE_FILE_HELD)
		return path_format(out, "%s/%s", config->held, file_id);
	if (work->file.outcome == STORE_FILE_REJECTED)
		return path_format(out, "%s/%s", config->rejected, file_id);
	return path_format(out, "%s/%04d/%02d/%s", config->done, year, month, file_id);
}

/* A held or rejected file's folder says why, for whoever looks there first. */
static int finish_reason(struct work *work, const char *folder)
{
	char path[LIMIT_PATH_BYTES], name[256];
	struct buffer text;
	int r;

	if (work->file.outcome != STORE_FILE_HELD && work->file.outcome != STORE_FILE_REJECTED)
		return 0;
	buffer_init(&text, work->env);
	buffer_printf(&text, "%s: %s\n%.*s\n", work_safe_name(work->file.name, name, sizeof(name)),
		      store_file_outcome_name(work->file.outcome), (int)work->file.reason.len, work->file.reason.data);
	r = text.error != 0 ? text.error : path_format(path, "%s/reason.txt", folder);
	if (r == 0)
		r = io_publish(work->env, path, buffer_slice(&text));
	buffer_fini(&text);
	return r;
}

static int finish_archive(struct work *work)
{
	char folder[LIMIT_PATH_BYTES], path[LIMIT_PATH_BYTES];
	struct hash hash;
	int r = work_archive_folder(work, folder);

	if (r == 0)
		r = env_mkdirs(work->env, folder);
	if (r == 0)
		r = finish_reason(work, folder);
	if (r == 0)
		r = path_format(path, "%s/original.gz", folder);
	if (r == 0)
		r = io_gzip_file(work->env, work->original, path, &hash);
	if (r == 0 && memcmp(&hash, &work->file.sha256, sizeof(hash)) != 0)
		r = log_failure(-EIO, "file %llu: the bytes in work/ are not those that were claimed",
				(unsigned long long)work->file.file_no);
	return r;
}

static int finish_stage(struct work *work, enum store_file_stage stage)
{
	int r = store_begin(work->store, STORE_WRITE);

	work->file.stage = stage;
	if (r == 0)
		r = store_file_update(work->store, &work->file);
	if (r == 0)
		r = store_commit(work->store);
	if (r != 0)
		store_rollback(work->store);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

int work_finish(struct work *work)
{
	char name[256], out_dir[LIMIT_PATH_BYTES];
	const struct outputs_request request = {
		.file_no = work->file.file_no, .folder = out_dir, .name = name, .findings = &work->findings};
	int r;

	work_safe_name(work->file.name, name, sizeof(name));
	slice_to_cstr(work->file.out_dir, out_dir, sizeof(out_dir));
	r = env_mkdirs(work->env, out_dir);
	if (r == 0)
		r = finish_acknowledge(work, name);
	if (r == 0)
		r = outputs_write(work->env, work->store, &request, NULL);
	if (r == 0)
		r = finish_archive(work);
	if (r == 0)
		r = finish_stage(work, STORE_FILE_FILED);
	if (r == 0)
		r = claim_remove_folder(work->env, work->folder);
	return r;
}
