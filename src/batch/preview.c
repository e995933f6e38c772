/*
 * Preview: the whole line inside one transaction that is rolled back at the end. Nothing is claimed, no number is
 * used up, no file is written; what it tells is what process would do now.
 */
#include "muster/path.h"
#include "work.h"

static int preview_line(struct work *work, struct store_file *file)
{
	int r = store_file_add(work->store, file);

	work->file = *file;
	if (r == 0)
		r = work_validate(work, true);
	return r == 0 ? work_apply(work) : r;
}

static void preview_result(const struct work *work, struct batch_result *result)
{
	*result = (struct batch_result){.outcome = work->file.outcome, .kind = work->file.kind, .tally = work->file.tally};
	work_safe_name(work->file.name, result->name, sizeof(result->name));
	slice_to_cstr(work->file.reason, result->reason, sizeof(result->reason));
	result->exceptions_waiting = work->file.tally.members_exception;
}

int batch_preview_file(struct batch *batch, const char *path, const struct batch_preview *preview,
                       struct batch_result *ret_result)
{
	struct store_file file = {
		.name = slice_from(path_leaf(path)),
		.received_ms = batch_received_ms(batch),
		.as_of = batch->settings.today,
	};
	struct env_stat stat;
	struct work work;
	int r = env_stat(batch->env, path, &stat);

	if (r < 0)
		return r;
	file.bytes = stat.size_bytes;
	r = work_init(&work, batch, &file);
	if (r == 0)
		r = path_format(work.original, "%s", path);
	work.preview = preview;
	if (r == 0)
		r = store_begin(batch->store, STORE_WRITE);
	if (r == 0)
		r = preview_line(&work, &file);
	store_rollback(batch->store);
	if (r == 0)
		preview_result(&work, ret_result);
	work_fini(&work);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}
