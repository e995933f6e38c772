/* match: the matcher by itself, over CSV files. */
#include "cli_internal.h"

#include <stdio.h>
#include <string.h>

#include "match_site.h"
#include "muster/io.h"
#include "muster/match_link.h"

/* Three million rows. The index and the rows are in memory. */
#define TABLE_BYTES_MAX (UINT64_C(8) * 1024 * 1024 * 1024)
/* Written out when so much has gathered. */
#define PAIRS_FLUSH_BYTES (256u * 1024u)

/* Two tables, what finds candidates in the right one, and the model. */
struct work {
	struct cli *cli;
	struct buffer errors;
	char *left_text, *right_text;
	struct match_table left, right;
	struct match_index *index;
	struct match_candidates candidates;
	const struct match_model *model; /* NULL = built in */
	bool same_table;
	struct buffer pairs;
	struct io_outfile out;
	bool to_file;
	uint64_t listed, automatic;
};

static int read_text(struct cli *cli, const char *path, char **ret_text, struct slice *ret_slice)
{
	size_t bytes;
	int r = io_read_file(cli->env, path, TABLE_BYTES_MAX, ret_text, &bytes);

	if (r < 0) {
		fprintf(stderr, "muster match: cannot read %s\n", path);
		return r;
	}
	*ret_slice = slice_of(*ret_text, bytes);
	return 0;
}

/* Faults of the files are for the one who wrote them. */
static int complain(struct work *work, int r)
{
	if (r <= 0)
		return r;
	fprintf(stderr, "%s", work->errors.data != NULL ? work->errors.data : "");
	return 65;
}

static int read_table(struct work *work, const char *path, char **text, struct match_table *table)
{
	struct slice csv;
	int r = read_text(work->cli, path, text, &csv);

	if (r == 0)
		r = match_table_read(work->cli->env, &work->cli->arena, path, csv, &work->errors, table);
	return complain(work, r);
}

static int read_model(struct work *work)
{
	const char *path = work->cli->options.model;
	struct slice yaml;
	char *text;
	int r;

	if (path == NULL)
		return 0;
	r = read_text(work->cli, path, &text, &yaml);
	if (r < 0)
		return r;
	r = match_model_read(&work->cli->arena, path, yaml, &work->errors, &work->model);
	env_free(work->cli->env, text);
	if (r > 0) {
		complain(work, r);
		return MUSTER_ERROR_CONFIG;
	}
	return r;
}

/* Tables, index and model. `right` NULL: the left table against itself. */
static int work_open(struct work *work, struct cli *cli, const char *left, const char *right)
{
	int r;

	memset(work, 0, sizeof(*work));
	work->cli = cli;
	buffer_init(&work->errors, cli->env);
	buffer_init(&work->pairs, cli->env);
	r = read_model(work);
	if (r == 0)
		r = read_table(work, left, &work->left_text, &work->left);
	if (r == 0 && right != NULL)
		r = read_table(work, right, &work->right_text, &work->right);
	if (r != 0)
		return r;
	work->same_table =
		right == NULL || slice_equal(slice_from(work->left_text), slice_from(work->right_text));
	if (work->same_table)
		work->right = work->left;
	r = match_index_new(cli->env, work->right.members, work->right.count, cli->options.train, &work->index);
	if (r == 0)
		work->candidates = match_index_candidates(work->index);
	return r;
}

static void work_close(struct work *work)
{
	match_index_free(work->index);
	env_free(work->cli->env, work->left_text);
	env_free(work->cli->env, work->right_text);
	buffer_fini(&work->errors);
	buffer_fini(&work->pairs);
}

static int train(struct work *work, const uint32_t *truth, const char *name, const struct match_model **ret_model)
{
	struct match_train_options options = {
		.base = work->model, .name = name, .truth = truth, .same_table = work->same_table};

	/* Who links a table with weights of its own has no model to keep. */
	options.wide = options.count_names = work->cli->options.train;

	return match_train(work->cli->env, &work->cli->arena, &work->left, &work->right, &work->candidates, &options,
			   ret_model);
}

static int flush_pairs(struct work *work)
{
	struct buffer *out = work->to_file ? &work->pairs : &work->cli->out;

	if (out->error < 0)
		return out->error;
	if (!work->to_file)
		return cli_flush_some(work->cli);
	if (out->len > 0)
		io_outfile_write(&work->out, out->data, out->len);
	buffer_clear(out);
	return work->out.error;
}

static int write_pair(void *context, const struct match_pair *pair)
{
	struct work *work = context;
	struct buffer *out = work->to_file ? &work->pairs : &work->cli->out;

	csv_add(out, true, work->left.ids[pair->left]);
	csv_add(out, false, work->right.ids[pair->right]);
	buffer_printf(out, ",%.9f,%s", pair->probability, pair->automatic ? "auto" : "review");
	csv_add(out, false, slice_from(pair->guard));
	csv_end_record(out);
	work->listed++;
	work->automatic += pair->automatic;
	return out->len >= PAIRS_FLUSH_BYTES ? flush_pairs(work) : 0;
}

static void print_bins(struct buffer *out, const struct match_bin bins[MATCH_BINS])
{
	int i;

	buffer_add_text(out, "\nprobability               pairs    wrong  expected  95 % of the wrong share\n");
	for (i = 0; i < MATCH_BINS; i++) {
		const struct match_bin *bin = &bins[i];

		if (bin->pairs == 0)
			continue;
		buffer_printf(out, "%.8f-%.8f %8llu %8llu %9.2f  %.2e .. %.2e %s\n", bin->from, bin->to,
			      (unsigned long long)bin->pairs, (unsigned long long)(bin->pairs - bin->right),
			      (1.0 - bin->mean) * (double)bin->pairs, 1.0 - bin->high, 1.0 - bin->low,
			      bin->inside ? "" : "outside");
	}
}

static void print_measured(struct buffer *out, const struct match_measured *measured,
			   const struct match_bin bins[MATCH_BINS])
{
	buffer_printf(out, "left rows                     %llu\ntrue pairs                    %llu\n",
		      (unsigned long long)measured->left_rows, (unsigned long long)measured->true_pairs);
	buffer_printf(out, "automatic                     %llu (%llu wrong)\n",
		      (unsigned long long)measured->automatic, (unsigned long long)measured->automatic_wrong);
	buffer_printf(out, "wrong per 10,000 automatic    %.3f (at most %.3f, 95 %%)\n", measured->wrong_per_10k,
		      measured->wrong_per_10k_upper);
	buffer_printf(out, "precision of automatic        %.6f\nrecall of automatic           %.6f\n",
		      measured->precision, measured->recall);
	buffer_printf(out, "F1, best threshold            %.6f at %.9f\n", measured->f1, measured->f1_at);
	buffer_printf(out, "recall at precision 0.9999    %.6f\n", measured->recall_at_9999);
	buffer_printf(out, "rows sent to review           %.6f (%llu)\n",
		      measured->left_rows > 0 ? (double)measured->review_rows / (double)measured->left_rows : 0.0,
		      (unsigned long long)measured->review_rows);
	buffer_printf(out, "expected calibration error    %.6f\nBrier score                   %.6f\n", measured->ece,
		      measured->brier);
	buffer_printf(out, "log loss                      %.6f\n", measured->log_loss);
	print_bins(out, bins);
}

static void print_traps(struct buffer *out, const struct match_traps *traps)
{
	uint32_t i;

	if (traps->count == 0)
		return;
	buffer_add_text(
		out,
		"\ntag                        rows   people  automatic  wrong  to a person  lost  wrong/10k at most\n");
	for (i = 0; i < traps->count; i++) {
		const struct match_trap *trap = &traps->items[i];

		buffer_printf(out, "%-22s %8llu %8llu %10llu %6llu %12llu %5llu", trap->name,
			      (unsigned long long)trap->rows, (unsigned long long)trap->people,
			      (unsigned long long)trap->automatic, (unsigned long long)trap->wrong,
			      (unsigned long long)trap->review, (unsigned long long)trap->lost);
		if (trap->automatic > 0)
			buffer_printf(out, " %17.1f", 1e4 * match_upper_bound(trap->wrong, trap->automatic));
		buffer_add_char(out, '\n');
	}
}

static void json_share(struct json *json, const char *key, double share)
{
	char text[32];

	snprintf(text, sizeof(text), "%.9f", share);
	json_text(json, key, slice_from(text));
}

static void json_bins(struct json *json, const struct match_bin bins[MATCH_BINS])
{
	int i;

	json_array_begin(json, "bins");
	for (i = 0; i < MATCH_BINS; i++) {
		if (bins[i].pairs == 0)
			continue;
		json_object_begin(json, NULL);
		json_share(json, "from", bins[i].from);
		json_share(json, "to", bins[i].to);
		json_share(json, "mean", bins[i].mean);
		json_u64(json, "pairs", bins[i].pairs);
		json_u64(json, "right", bins[i].right);
		json_share(json, "low", bins[i].low);
		json_share(json, "high", bins[i].high);
		json_bool(json, "inside", bins[i].inside);
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_traps(struct json *json, const struct match_traps *traps)
{
	uint32_t i;

	json_array_begin(json, "tags");
	for (i = 0; i < traps->count; i++) {
		const struct match_trap *trap = &traps->items[i];

		json_object_begin(json, NULL);
		json_text(json, "tag", slice_from(trap->name));
		json_u64(json, "rows", trap->rows);
		json_u64(json, "people", trap->people);
		json_u64(json, "automatic", trap->automatic);
		json_u64(json, "automatic_wrong", trap->wrong);
		json_u64(json, "review_rows", trap->review);
		json_u64(json, "lost", trap->lost);
		json_object_end(json);
	}
	json_array_end(json);
}

static void print_json(struct buffer *out, const struct match_measured *measured,
		       const struct match_bin bins[MATCH_BINS], const struct match_traps *traps)
{
	struct json json;

	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "schema", SLICE_LITERAL("muster.match-evaluation"));
	json_u64(&json, "v", 1);
	json_u64(&json, "left_rows", measured->left_rows);
	json_u64(&json, "true_pairs", measured->true_pairs);
	json_u64(&json, "automatic", measured->automatic);
	json_u64(&json, "automatic_wrong", measured->automatic_wrong);
	json_u64(&json, "review_rows", measured->review_rows);
	json_share(&json, "precision", measured->precision);
	json_share(&json, "recall", measured->recall);
	json_share(&json, "f1", measured->f1);
	json_share(&json, "f1_threshold", measured->f1_at);
	json_share(&json, "recall_at_precision_0_9999", measured->recall_at_9999);
	json_share(&json, "expected_calibration_error", measured->ece);
	json_share(&json, "brier", measured->brier);
	json_share(&json, "log_loss", measured->log_loss);
	json_share(&json, "wrong_per_10000", measured->wrong_per_10k);
	json_share(&json, "wrong_per_10000_upper", measured->wrong_per_10k_upper);
	json_bins(&json, bins);
	json_traps(&json, traps);
	json_object_end(&json);
	buffer_add_char(out, '\n');
}

static int write_plot(struct cli *cli, const struct match_measured *measured, const struct match_bin bins[MATCH_BINS])
{
	struct buffer out;
	int r;

	buffer_init(&out, cli->env);
	match_plot_svg(measured, bins, &out);
	r = out.error;
	if (r == 0)
		r = io_publish(cli->env, cli->options.plot, buffer_slice(&out));
	buffer_fini(&out);
	return r;
}

static int evaluate(struct work *work, const char *pairs_path, enum match_tables tables)
{
	struct cli *cli = work->cli;
	struct match_measured measured;
	struct match_bin bins[MATCH_BINS];
	struct match_traps traps;
	struct slice pairs, truth;
	char *pairs_text = NULL, *truth_text = NULL;
	int r = read_text(cli, pairs_path, &pairs_text, &pairs);

	if (r == 0)
		r = read_text(cli, cli->options.truth, &truth_text, &truth);
	if (r == 0)
		r = complain(work, match_evaluate(cli->env, pairs, truth, tables, work->left.count, &work->errors,
						  &measured, bins));
	if (r == 0)
		r = match_evaluate_traps(cli->env, pairs, truth, &traps);
	if (r == 0 && cli->options.format == CLI_TEXT) {
		print_measured(&cli->out, &measured, bins);
		match_plot_text(bins, &cli->out);
		print_traps(&cli->out, &traps);
	} else if (r == 0) {
		print_json(&cli->out, &measured, bins, &traps);
	}
	if (r == 0 && cli->options.plot != NULL)
		r = write_plot(cli, &measured, bins);
	env_free(cli->env, pairs_text);
	env_free(cli->env, truth_text);
	return r;
}

/* Into --out, which appears whole, or to stdout. */
static int write_pairs(struct work *work, const struct match_link_options *options)
{
	const char *path = work->cli->options.out;
	struct buffer *out;
	int r = 0;

	work->to_file = path != NULL;
	out = work->to_file ? &work->pairs : &work->cli->out;
	if (work->to_file)
		r = io_outfile_open(&work->out, work->cli->env, path);
	if (r < 0)
		return r;
	buffer_add_text(out, "left_id,right_id,probability,decision,reason\n");
	r = match_link(work->cli->env, &work->left, &work->right, &work->candidates, options, write_pair, work);
	if (r == 0)
		r = flush_pairs(work);
	if (work->to_file && r == 0)
		r = io_outfile_commit(&work->out, NULL);
	else if (work->to_file)
		io_outfile_abort(&work->out);
	return r;
}

static int link_tables(struct work *work)
{
	struct cli *cli = work->cli;
	struct match_link_options options = {
		.same_table = work->same_table, .one_to_one = cli->options.one_to_one, .wide = cli->options.train};
	int64_t begun_ns = env_monotonic_ns(cli->env);
	int r = 0;

	if (cli->options.train)
		r = train(work, NULL, "trained", &work->model);
	options.model = work->model;
	if (r == 0 && !work->same_table)
		r = match_table_has_duplicates(cli->env, &work->right, &work->candidates, work->model,
					       &options.with_duplicates);
	if (r == 0)
		r = write_pairs(work, &options);
	if (r == 0)
		cli_say(cli, "%u records against %u: %llu automatic, %llu pairs listed, model %s, %.1f s",
			work->left.count, work->right.count, (unsigned long long)work->automatic,
			(unsigned long long)work->listed, match_model_name(work->model),
			(double)(env_monotonic_ns(cli->env) - begun_ns) / 1e9);
	return r;
}

static int match_link_verb(struct cli *cli)
{
	struct work work;
	int r;

	if (cli->options.left == NULL || cli->options.right == NULL || cli->argument_count > 0)
		return cli_usage_error(cli, "link wants --left FILE and --right FILE");
	if (cli->options.truth != NULL && cli->options.out == NULL)
		return cli_usage_error(cli, "--truth measures what --out FILE holds");
	r = work_open(&work, cli, cli->options.left, cli->options.right);
	if (r == 0)
		r = link_tables(&work);
	if (r == 0 && cli->options.truth != NULL)
		r = evaluate(&work, cli->options.out, work.same_table ? MATCH_TABLES_ONE : MATCH_TABLES_TWO);
	work_close(&work);
	return r;
}

static int match_dedupe_verb(struct cli *cli)
{
	struct work work;
	int r;

	if (cli->argument_count == 0)
		return cli_match_dedupe(cli);
	if (cli->argument_count != 1)
		return cli_usage_error(cli, "dedupe wants one file, or none: then the members of the database");
	r = work_open(&work, cli, cli->arguments[0], NULL);
	if (r == 0)
		r = link_tables(&work);
	work_close(&work);
	return r;
}

/* The tables say how many rows there are, and both of them whether they are one. */
static int read_measured_tables(struct work *work, enum match_tables *ret_tables)
{
	struct cli *cli = work->cli;
	struct slice right;
	int r = cli->options.left != NULL ? read_table(work, cli->options.left, &work->left_text, &work->left) : 0;

	*ret_tables = MATCH_TABLES_UNKNOWN;
	if (r != 0 || cli->options.left == NULL || cli->options.right == NULL)
		return r;
	r = read_text(cli, cli->options.right, &work->right_text, &right);
	if (r == 0)
		*ret_tables = slice_equal(slice_from(work->left_text), right) ? MATCH_TABLES_ONE : MATCH_TABLES_TWO;
	return r;
}

static int match_evaluate_verb(struct cli *cli)
{
	struct work work = {.cli = cli};
	enum match_tables tables;
	int r;

	if (cli->options.pairs == NULL || cli->options.truth == NULL)
		return cli_usage_error(cli, "evaluate wants --pairs FILE and --truth FILE");
	buffer_init(&work.errors, cli->env);
	buffer_init(&work.pairs, cli->env);
	r = read_measured_tables(&work, &tables);
	if (r == 0)
		r = evaluate(&work, cli->options.pairs, tables);
	work_close(&work);
	return r;
}

static int write_model(struct work *work, const struct match_model *model)
{
	struct buffer out;
	int r;

	if (work->cli->options.out == NULL) {
		match_model_write(model, &work->cli->out);
		return work->cli->out.error;
	}
	buffer_init(&out, work->cli->env);
	match_model_write(model, &out);
	r = out.error;
	if (r == 0)
		r = io_publish(work->cli->env, work->cli->options.out, buffer_slice(&out));
	buffer_fini(&out);
	return r;
}

static int match_train_verb(struct cli *cli)
{
	const struct match_model *model = NULL;
	struct work work;
	struct slice csv;
	char *text = NULL;
	uint32_t *truth = NULL;
	int r;

	if (cli->options.labels)
		return cli_match_learn(cli);
	if (cli->options.left == NULL || cli->options.right == NULL || cli->argument_count > 0)
		return cli_usage_error(cli, "train wants --left FILE and --right FILE, or --labels");
	r = work_open(&work, cli, cli->options.left, cli->options.right);
	if (r == 0 && cli->options.truth != NULL) {
		r = read_text(cli, cli->options.truth, &text, &csv);
		if (r == 0)
			r = complain(&work,
				     match_truth_read(cli->env, &work.left, &work.right, csv, &work.errors, &truth));
	}
	if (r == 0)
		r = train(&work, truth, "trained", &model);
	if (r == 0)
		r = write_model(&work, model);
	env_free(cli->env, truth);
	env_free(cli->env, text);
	work_close(&work);
	return r;
}

/* Cuts "FILE:ID" in two; NULL where there is no ID. */
static const char *split_id(struct cli *cli, const char *argument, const char **ret_path)
{
	const char *colon = strrchr(argument, ':');
	struct slice path;

	if (colon == NULL || colon[1] == '\0')
		return NULL;
	path = arena_dup(&cli->arena, slice_of(argument, (size_t)(colon - argument)));
	if (path.data == NULL)
		return NULL;
	*ret_path = path.data;
	return colon + 1;
}

static int explain(struct work *work, uint32_t left, uint32_t right)
{
	struct match_link_options options = {.model = work->model, .same_table = false};
	struct match_result result;
	uint32_t i;
	int r = match_link_one(&work->cli->arena, &work->left, left, &work->right, &work->candidates, &options,
			       &result);

	for (i = 0; r == 0 && i < result.candidate_count; i++)
		if (result.candidates[i].member == &work->right.members[right])
			break;
	if (r == 0 && i == result.candidate_count) {
		buffer_add_text(&work->cli->out, "Not among the best five; held against this one alone:\n");
		r = match_link_pair(&work->cli->arena, &work->left, left, &work->right, right, &options, &result);
	}
	if (r == 0)
		match_result_print(&result, i < result.candidate_count && i > 1 ? i + 1 : 2, &work->cli->out);
	return r < 0 ? r : work->cli->out.error;
}

static int match_explain_verb(struct cli *cli)
{
	const char *left_id, *right_id;
	const char *left_path = NULL, *right_path = NULL;
	uint32_t left, right;
	struct work work;
	int r;

	if (cli->options.left == NULL || cli->options.right == NULL)
		return cli_usage_error(cli, "explain wants --left FILE:ID and --right FILE:ID");
	left_id = split_id(cli, cli->options.left, &left_path);
	right_id = split_id(cli, cli->options.right, &right_path);
	if (left_id == NULL || right_id == NULL)
		return cli_usage_error(cli, "explain wants --left FILE:ID and --right FILE:ID");
	r = work_open(&work, cli, left_path, right_path);
	if (r == 0) {
		left = match_table_find(&work.left, slice_from(left_id));
		right = match_table_find(&work.right, slice_from(right_id));
		if (left == UINT32_MAX || right == UINT32_MAX) {
			r = cli_failed(cli, -ENOENT, "there is no row %s", left == UINT32_MAX ? left_id : right_id);
		} else {
			r = explain(&work, left, right);
		}
	}
	work_close(&work);
	return r;
}

int cli_match(struct cli *cli)
{
	static const struct {
		const char *name;
		int (*run)(struct cli *cli);
	} verbs[] = {
		{"link", match_link_verb},
		{"train", match_train_verb},
		{"explain", match_explain_verb},
		{"evaluate", match_evaluate_verb},
		{"dedupe", match_dedupe_verb},
		{"shadow", cli_match_shadow},
		{"promote", cli_match_promote},
	};
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(cli->subverb, verbs[i].name) == 0)
			return verbs[i].run(cli);
	return cli_usage_error(cli, "match wants link, train, explain, evaluate, dedupe, shadow or promote");
}
