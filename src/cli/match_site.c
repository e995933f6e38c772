/* match_site: train --labels, shadow, promote. */
#include "cli_internal.h"

#include <stdio.h>

#include "match_site.h"
#include "muster/batch.h"
#include "muster/io.h"
#include "muster/limits.h"
#include "muster/match_link.h"
#include "muster/profile.h"
#include "muster/store.h"
#include "muster/text.h"
#include "process.h"

int cli_match_model(struct cli *cli, const char *path, const struct match_model **ret_model)
{
	struct buffer errors;
	size_t bytes;
	char *text;
	int r;

	*ret_model = NULL;
	if (path == NULL)
		return 0;
	r = io_read_file(cli->env, path, LIMIT_YAML_BYTES, &text, &bytes);
	if (r < 0) {
		fprintf(stderr, "muster match: cannot read %s\n", path);
		return r;
	}
	buffer_init(&errors, cli->env);
	r = match_model_read(&cli->arena, path, slice_of(text, bytes), &errors, ret_model);
	if (r > 0) {
		fprintf(stderr, "%s", errors.len > 0 ? errors.data : path);
		r = MUSTER_ERROR_CONFIG;
	}
	buffer_fini(&errors);
	env_free(cli->env, text);
	return r;
}

/* ---- train --labels ---- */

struct labels {
	struct cli *cli;
	struct match_label *items;
	uint32_t count, capacity;
	uint32_t decisions, withdrawn, not_shown;
	uint64_t first_file_no, records;
};

static int add_pair(struct labels *labels, const struct store_label *label, const struct store_candidate *candidate,
		    bool same)
{
	struct arena *arena = &labels->cli->arena;
	struct match_label *grown;

	if (labels->count == labels->capacity) {
		uint32_t capacity = labels->capacity * 2 + 64;

		grown = arena_alloc_array(arena, capacity, sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		if (labels->count > 0)
			memcpy(grown, labels->items, labels->count * sizeof(*grown));
		labels->items = grown;
		labels->capacity = capacity;
	}
	labels->items[labels->count] = (struct match_label){.identity = label->identity,
							    .member_no = candidate->member_no,
							    .same = same,
							    .evidence = arena_dup(arena, candidate->evidence)};
	return labels->items[labels->count++].evidence.data != NULL ? 0 : -ENOMEM;
}

/* Of a "not the same" only the named one was judged; of the others nothing was said. */
static int take_label(void *context, const struct store_label *label)
{
	struct labels *labels = context;
	bool shown = label->verdict != STORE_LABEL_SAME;
	uint32_t i;
	int r = 0;

	labels->decisions++;
	if (label->withdrawn) {
		labels->withdrawn++;
		return 0;
	}
	if (labels->first_file_no == 0 || label->file_no < labels->first_file_no)
		labels->first_file_no = label->file_no;
	for (i = 0; i < label->candidate_count && r == 0; i++) {
		bool named = label->candidates[i].member_no == label->member_no;

		shown = shown || named;
		if (named || label->verdict != STORE_LABEL_NOT_SAME)
			r = add_pair(labels, label, &label->candidates[i], named && label->verdict == STORE_LABEL_SAME);
	}
	labels->not_shown += !shown;
	return r;
}

static int add_records(void *context, const struct store_file *file)
{
	struct labels *labels = context;

	labels->records += file->tally.members_applied + file->tally.members_no_change;
	return 0;
}

static int say_too_few(struct cli *cli, const struct match_learned *learned)
{
	fprintf(stderr,
		"muster match: too few labels to learn from: %u say that a member is meant and %u that another one of the "
		"household is not; at least %u of each are needed, nothing was written\n",
		learned->same, learned->other, MATCH_LEARN_MIN);
	(void)cli;
	return 65;
}

static int write_learned(struct cli *cli, const struct labels *labels, const struct match_learned *learned,
			 const struct match_model *base, const struct match_model *model)
{
	char base_id[MATCH_MODEL_ID_BYTES], id[MATCH_MODEL_ID_BYTES];
	struct buffer text;
	int r;

	if (match_model_id(&cli->arena, base, base_id) == NULL || match_model_id(&cli->arena, model, id) == NULL)
		return -ENOMEM;
	buffer_init(&text, cli->env);
	buffer_printf(&text, "# %s: learned from %u + %u pairs that representatives judged, on top of %s.\n", id,
		      learned->same, learned->other, base_id);
	match_model_write(model, &text);
	r = text.error;
	if (r == 0 && cli->options.out != NULL)
		r = io_publish(cli->env, cli->options.out, buffer_slice(&text));
	else if (r == 0)
		buffer_add_slice(&cli->out, buffer_slice(&text));
	buffer_fini(&text);
	if (r == 0)
		cli_say(cli,
			"%s: %u decisions (%u withdrawn, %u of a member who was not compared), %u pairs the same, %u not; left out "
			"%u contradictory, %u useless; among %llu records. Look at it with muster match shadow before "
			"muster.yaml names it",
			id, labels->decisions, labels->withdrawn, labels->not_shown, learned->same, learned->other,
			learned->contradictory, learned->useless, (unsigned long long)labels->records);
	return r;
}

int cli_match_learn(struct cli *cli)
{
	struct labels labels = {.cli = cli};
	struct match_learn_options options = {.name = "site"};
	const struct match_model *model;
	struct match_learned learned;
	int r;

	if (cli->argument_count > 0 || cli->options.left != NULL || cli->options.right != NULL)
		return cli_usage_error(cli, "train --labels takes its records from the database, no files");
	r = cli_open_store(cli);
	if (r == 0)
		r = cli_match_model(cli, cli->options.model != NULL ? cli->options.model : cli->config->match_model,
			       &options.base);
	if (r == 0)
		r = store_labels_each(cli->store, take_label, &labels);
	if (r == 0)
		r = store_files_each(cli->store, labels.first_file_no, add_records, &labels);
	if (r < 0)
		return r;
	options.records = labels.records;
	r = match_learn(&cli->arena, labels.items, labels.count, &options, &learned, &model);
	if (r == MATCH_E_LABELS)
		return say_too_few(cli, &learned);
	return r < 0 ? r : write_learned(cli, &labels, &learned, options.base, model);
}

/* ---- shadow ---- */

#define NIGHTS_DEFAULT 30
#define NIGHTS_MAX 3660

/* "M000000018", "new", or "to a person". */
static struct slice outcome_of(const struct match_result *result)
{
	switch (result->disposition) {
	case MATCH_AUTO:
		return result->member->member_id;
	case MATCH_NEW:
		return SLICE_LITERAL("new");
	case MATCH_REVIEW:
		break;
	}
	return SLICE_LITERAL("to a person");
}

static const char *const words[] = {
	[BATCH_SHADOW_SILENT] = "", [BATCH_SHADOW_AGREES] = "agrees", [BATCH_SHADOW_AGAINST] = "against"};

static void change_text(struct cli *cli, const struct batch_shadow_change *change)
{
	struct buffer *out = &cli->out;

	buffer_add_slice(out, change->record_id);
	buffer_add_text(out, "  ");
	text_add_visible(out, change->file_name);
	buffer_add_text(out, ": ");
	text_add_visible(out, outcome_of(change->now));
	buffer_add_text(out, " -> ");
	text_add_visible(out, outcome_of(change->changed));
	if (change->decision.len > 0) {
		buffer_add_text(out, "; a representative said ");
		text_add_visible(out, change->decision);
		buffer_printf(out, "%s%s", change->word != BATCH_SHADOW_SILENT ? ", which it " : "",
			      change->word == BATCH_SHADOW_AGREES    ? "agrees with"
			      : change->word == BATCH_SHADOW_AGAINST ? "GOES AGAINST"
								     : "");
	}
	buffer_add_text(out, "\nby the model in use: ");
	match_result_print(change->now, 2, out);
	buffer_add_text(out, "by the other: ");
	match_result_print(change->changed, 2, out);
	buffer_add_char(out, '\n');
}

static void json_share(struct json *json, const char *key, double share)
{
	char text[32];

	snprintf(text, sizeof(text), "%.9f", share);
	json_text(json, key, slice_from(text));
}

static void change_json(struct cli *cli, const struct batch_shadow_change *change)
{
	struct json json;

	json_init(&json, &cli->out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "schema", SLICE_LITERAL("muster.shadow-change"));
	json_u64(&json, "v", 1);
	json_text(&json, "record", change->record_id);
	json_text(&json, "file", change->file_name);
	json_text(&json, "now", outcome_of(change->now));
	json_share(&json, "now_confidence", change->now->confidence);
	json_text(&json, "other", outcome_of(change->changed));
	json_share(&json, "other_confidence", change->changed->confidence);
	json_text_or_null(&json, "representative", change->decision);
	json_text_or_null(&json, "word", slice_from(words[change->word]));
	json_object_end(&json);
	buffer_add_char(&cli->out, '\n');
}

static int take_change(void *context, const struct batch_shadow_change *change)
{
	struct cli *cli = context;

	if (cli->options.format == CLI_TEXT)
		change_text(cli, change);
	else
		change_json(cli, change);
	return cli_flush_some(cli);
}

static void totals_text(struct cli *cli, const struct batch_shadow_totals *totals, const char *now, const char *other)
{
	struct buffer *out = &cli->out;

	buffer_printf(out, "%u nights, %u files, %llu records matched%s\n", totals->nights, totals->files,
		      (unsigned long long)totals->records, totals->files == 0 ? ": there is nothing to compare" : "");
	if (totals->missing > 0)
		buffer_printf(out, "%u files are no longer kept and were left out\n", totals->missing);
	buffer_printf(out, "automatic          %llu by %s, %llu by %s\n", (unsigned long long)totals->automatic[0], now,
		      (unsigned long long)totals->automatic[1], other);
	buffer_printf(out, "expected wrong     %.6f, %.6f\n", totals->expected_wrong[0], totals->expected_wrong[1]);
	buffer_printf(
		out,
		"would change       %llu automatic -> to a person, %llu to a person -> automatic, %llu another person\n",
		(unsigned long long)totals->to_review, (unsigned long long)totals->to_automatic,
		(unsigned long long)totals->other_person);
	buffer_printf(out, "representatives    %llu of these as they said, %llu against it\n",
		      (unsigned long long)totals->agrees, (unsigned long long)totals->against);
	if (totals->against > 0 || totals->other_person > 0)
		buffer_add_text(
			out, "Do not promote this model before each of these is understood: it would act on a member "
			     "whom nobody, or somebody else, is known to mean.\n");
}

static void totals_json(struct cli *cli, const struct batch_shadow_totals *totals, const char *now, const char *other)
{
	struct json json;

	json_init(&json, &cli->out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "schema", SLICE_LITERAL("muster.shadow"));
	json_u64(&json, "v", 1);
	json_text(&json, "model", slice_from(now));
	json_text(&json, "other_model", slice_from(other));
	json_u64(&json, "nights", totals->nights);
	json_u64(&json, "files", totals->files);
	json_u64(&json, "files_missing", totals->missing);
	json_u64(&json, "records", totals->records);
	json_u64(&json, "automatic", totals->automatic[0]);
	json_u64(&json, "other_automatic", totals->automatic[1]);
	json_share(&json, "expected_wrong", totals->expected_wrong[0]);
	json_share(&json, "other_expected_wrong", totals->expected_wrong[1]);
	json_u64(&json, "automatic_to_review", totals->to_review);
	json_u64(&json, "review_to_automatic", totals->to_automatic);
	json_u64(&json, "another_person", totals->other_person);
	json_u64(&json, "representative_agrees", totals->agrees);
	json_u64(&json, "representative_against", totals->against);
	json_object_end(&json);
	buffer_add_char(&cli->out, '\n');
}

static int shadow_run(struct cli *cli, struct batch *batch, const struct batch_shadow *request)
{
	char now[MATCH_MODEL_ID_BYTES], other[MATCH_MODEL_ID_BYTES];
	struct batch_shadow_totals totals;
	const struct match_model *model;
	int r = cli_match_model(cli, cli->config->match_model, &model);

	if (r < 0)
		return r;
	if (match_model_id(&cli->arena, model, now) == NULL ||
	    match_model_id(&cli->arena, request->model, other) == NULL)
		return -ENOMEM;
	r = batch_shadow(batch, request, &totals);
	if (r == 0 && cli->options.format == CLI_TEXT)
		totals_text(cli, &totals, now, other);
	else if (r == 0)
		totals_json(cli, &totals, now, other);
	return r;
}

int cli_match_shadow(struct cli *cli)
{
	struct batch_shadow request = {.context = cli, .change = take_change};
	struct batch *batch = NULL;
	uint64_t nights = NIGHTS_DEFAULT;
	int r;

	if (cli->options.model == NULL || cli->argument_count > 0)
		return cli_usage_error(cli, "shadow wants --model FILE: the weights to be looked at");
	if (cli->options.nights != NULL &&
	    (!slice_to_u64(slice_from(cli->options.nights), &nights) || nights < 1 || nights > NIGHTS_MAX))
		return cli_usage_error(cli, "--nights wants a number from 1 to %d", NIGHTS_MAX);
	request.nights = (uint32_t)nights;
	r = cli_match_model(cli, cli->options.model, &request.model);
	if (r == 0)
		r = cli_open_batch_beside(cli, NULL, &batch);
	if (r == 0)
		r = shadow_run(cli, batch, &request);
	batch_close(batch);
	return r;
}

/* ---- promote ------------------------------------------------------------------------------------------------- */

static int promote(struct cli *cli, const char *model_id)
{
	struct store_audit audit = {.actor = cli_operator(cli),
				    .kind = SLICE_LITERAL("promote"),
				    .subject = slice_from(model_id),
				    .text = SLICE_LITERAL("may match records, where muster.yaml names it")};
	int r = store_begin(cli->store, STORE_WRITE);

	if (r < 0)
		return r;
	return cli_commit_audited(cli, batch_promote_model(cli->store, &cli->arena, slice_from(model_id)), &audit);
}

int cli_match_promote(struct cli *cli)
{
	const struct match_model *model;
	char id[MATCH_MODEL_ID_BYTES];
	int r;

	if (cli->argument_count != 1)
		return cli_usage_error(cli, "promote wants the file of one model");
	r = cli_open_store(cli);
	if (r == 0)
		r = cli_match_model(cli, cli->arguments[0], &model);
	if (r == 0 && match_model_id(&cli->arena, model, id) == NULL)
		r = -ENOMEM;
	if (r == 0)
		r = promote(cli, id);
	if (r == 0)
		cli_say(cli, "%s is promoted; muster.yaml puts it to work: match_model: %s", id, cli->arguments[0]);
	return r;
}
