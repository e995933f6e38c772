/* match_site: train --labels. */
#include "cli_internal.h"

#include <stdio.h>

#include "match_site.h"
#include "muster/io.h"
#include "muster/limits.h"
#include "muster/match_link.h"
#include "muster/profile.h"
#include "muster/store.h"

/* The model of a file; `path` NULL: the built-in one, as NULL. */
static int read_model(struct cli *cli, const char *path, const struct match_model **ret_model)
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
			"%s: %u decisions (%u withdrawn, %u of a member who was not shown), %u pairs the same, %u not; left out "
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
		r = read_model(cli, cli->options.model != NULL ? cli->options.model : cli->config->match_model,
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
