/*
 * A model is put to work by naming its file in muster.yaml; where operators are listed, one who may has to promote it
 * first, so that a changed file alone changes nobody's matching. The first file that is matched by
 * another model than the one before leaves a row in the audit trail, so that it can be told by what every night was
 * matched and since when.
 */
#include "model.h"

#include <stdio.h>

#include "muster/io.h"
#include "muster/log.h"
#include "muster/match_model.h"

#define LAST_MODEL "match_model"

static int read_model(struct batch *batch, const char *path)
{
	struct buffer errors;
	char *text = NULL;
	size_t bytes;
	int r = io_read_file(batch->env, path, LIMIT_YAML_BYTES, &text, &bytes);

	if (r < 0)
		return log_failure(r == -ENOMEM ? r : MUSTER_ERROR_CONFIG, "cannot read the match_model %s", path);
	buffer_init(&errors, batch->env);
	r = match_model_read(&batch->arena, path, slice_of(text, bytes), &errors, &batch->model);
	if (r > 0)
		r = log_failure(MUSTER_ERROR_CONFIG, "match_model: %s", errors.len > 0 ? errors.data : path);
	buffer_fini(&errors);
	env_free(batch->env, text);
	return r;
}

/* The name of the value that says a model was promoted; NULL = no memory. */
static const char *promoted_name(struct arena *arena, struct slice model_id)
{
	return arena_printf(arena, "promoted %.*s", (int)model_id.len, model_id.data).data;
}

int batch_promote_model(struct store *store, struct arena *arena, struct slice model_id)
{
	const char *name = promoted_name(arena, model_id);

	return name != NULL ? store_meta_put(store, name, SLICE_LITERAL("yes")) : -ENOMEM;
}

static int check_promoted(struct batch *batch)
{
	const char *name = promoted_name(&batch->arena, slice_from(batch->model_id));
	struct slice promoted = SLICE_EMPTY;
	bool listed = false;
	int r = name != NULL ? store_operators_any(batch->store, &listed) : -ENOMEM;

	if (r == 0 && listed)
		r = store_meta_get(batch->store, name, &batch->arena, &promoted);
	if (r < 0 || !listed || promoted.len > 0)
		return r;
	return log_failure(MUSTER_ERROR_CONFIG,
			   "match_model: nobody has promoted %s; an administrator does, by muster match promote",
			   batch->model_id);
}

int model_open(struct batch *batch)
{
	const char *path = batch->settings.config->match_model;
	int r = path != NULL ? read_model(batch, path) : 0;

	if (r == 0 && match_model_id(&batch->arena, batch->model, batch->model_id) == NULL)
		r = -ENOMEM;
	return r == 0 && path != NULL ? check_promoted(batch) : r;
}

static int note_change(struct job *job, struct slice before)
{
	struct store_audit audit = {.actor = job->batch->settings.operator_id,
				    .kind = SLICE_LITERAL("model"),
				    .subject = slice_from(job->batch->model_id)};
	int r;

	audit.text = arena_printf(&job->arena, "records are matched by this model from now on, until now by %.*s",
				  (int)before.len, before.data);
	if (audit.text.data == NULL)
		return -ENOMEM;
	r = store_begin(job->store, STORE_WRITE);
	if (r == 0)
		r = store_meta_put(job->store, LAST_MODEL, audit.subject);
	if (r == 0)
		r = store_audit_append(job->store, &audit);
	if (r == 0)
		r = store_commit(job->store);
	if (r != 0)
		store_rollback(job->store);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

int model_note(struct job *job)
{
	char built_in[MATCH_MODEL_ID_BYTES];
	struct slice before;
	int r;

	job->file.model = slice_from(job->batch->model_id);
	if (job->preview != NULL)
		return 0;
	r = store_meta_get(job->store, LAST_MODEL, &job->arena, &before);
	if (r == 0 && before.len == 0) {
		if (match_model_id(&job->arena, NULL, built_in) == NULL)
			return -ENOMEM;
		before = slice_from(built_in);
	}
	return r != 0 || slice_equal(before, job->file.model) ? r : note_change(job, before);
}
