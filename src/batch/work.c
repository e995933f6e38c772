#include "work.h"

#include <signal.h>

#include "muster/log.h"
#include "muster/path.h"

static volatile sig_atomic_t interrupted;

void batch_interrupt(void)
{
	interrupted = 1;
}

bool work_is_interrupted(void)
{
	return interrupted != 0;
}

char *work_safe_name(struct slice name, char *out, size_t out_bytes)
{
	size_t i;

	slice_to_cstr(name, out, out_bytes);
	for (i = 0; out[i] != '\0'; i++) {
		unsigned char byte = (unsigned char)out[i];

		if (byte <= 0x20 || byte >= 0x7F || byte == '/' || byte == '\\' || (i == 0 && (byte == '.' || byte == '-')))
			out[i] = '_';
	}
	return out;
}

static int work_paths(struct work *work)
{
	char file_id[STORE_FILE_ID_BYTES];
	int r = path_format(work->folder, "%s/%s", work->batch->settings.config->work,
			    store_file_id_format(work->file.file_no, file_id));

	return r < 0 ? r : path_format(work->original, "%s/original", work->folder);
}

/* Keep the file's text beyond the life of whoever gave it. */
static int work_keep(struct work *work)
{
	struct slice *texts[] = {&work->file.file_id, &work->file.name, &work->file.partner, &work->file.out_dir, &work->file.reason};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*texts[i] = arena_dup(&work->arena, *texts[i]);
		if (texts[i]->data == NULL)
			return -ENOMEM;
	}
	return 0;
}

int work_init(struct work *work, struct batch *batch, const struct store_file *file)
{
	const struct profile *profile;
	int r;

	*work = (struct work){.batch = batch, .env = batch->env, .store = batch->store, .file = *file};
	arena_init(&work->arena, batch->env, 0, 0);
	arena_init(&work->findings_arena, batch->env, 0, 0);
	finding_list_init(&work->findings, &work->findings_arena, LIMIT_FINDINGS_PER_SET);
	r = work_keep(work);
	if (r == 0)
		r = work_paths(work);
	profile = profile_named(batch->settings.profiles, work->file.partner);
	work->profile = profile != NULL ? profile : &batch->settings.profiles->fallback;
	return r;
}

void work_fini(struct work *work)
{
	ack_free(work->ack);
	env_free(work->env, work->deferred.items);
	arena_fini(&work->findings_arena);
	arena_fini(&work->arena);
}

/* Progress of a walk whose context begins with a struct work_pass. */
static int work_progress(void *context, uint64_t offset)
{
	const struct work_pass *pass = context;
	const struct batch_settings *settings = &pass->work->batch->settings;

	if (settings->progress != NULL)
		settings->progress(settings->progress_context, pass->what, offset, pass->work->file.bytes);
	return work_is_interrupted() ? MUSTER_ERROR_INTERRUPTED : 0;
}

int work_walk(struct work_pass *pass, struct check_handler handler)
{
	struct work *work = pass->work;
	struct check_options check = work->profile->check;
	struct io_source *source;
	int r = io_source_open(work->env, work->original, &source);

	if (r < 0)
		return log_failure(r, "cannot read the claimed bytes of file %llu", (unsigned long long)work->file.file_no);
	io_source_without_hash(source);
	if (work->profile->max_inflated_bytes != 0)
		io_source_limit(source, work->profile->max_inflated_bytes);
	check.skip_content_hash = !pass->wants_content;
	handler.context = pass;
	handler.progress = work_progress;
	r = check_source(work->env, work->batch->settings.guides, source, &check, &handler);
	io_source_close(source);
	return r;
}

int work_begin(struct work *work)
{
	return work->preview != NULL ? 0 : store_begin(work->store, STORE_WRITE);
}

int work_commit(struct work *work)
{
	return work->preview != NULL ? 0 : store_commit(work->store);
}

int64_t work_due_ms(const struct work *work)
{
	return work->file.received_ms + (int64_t)work->batch->settings.config->due_hours * 3600 * 1000;
}

struct apply_origin work_origin(const struct work *work, const struct store_tset *tset)
{
	return (struct apply_origin){
		.store = work->store,
		.env = work->env,
		.file_no = work->file.file_no,
		.tset_no = tset != NULL ? tset->tset_no : 0,
		.tset_ordinal = tset != NULL ? tset->ordinal : 0,
		.received_ms = work->file.received_ms,
		.due_ms = work_due_ms(work),
		.operator_id = work->operator_id,
	};
}
