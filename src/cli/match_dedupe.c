/*
 * match dedupe over the database: who may stand on file twice.
 *
 * Every member is held against all others. Pairs are noted by number, the likeliest are told with their evidence; two
 * rows of one person are a question for people, so nothing is merged, or changed at all.
 */
#include "cli_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "match_site.h"
#include "muster/apply.h"
#include "muster/limits.h"
#include "muster/match_link.h"
#include "muster/profile.h"
#include "muster/text.h"

/* Less likely pairs are not worth a look. */
#define LISTED_MIN 0.5
/* So many are explained on a page, unless --limit says otherwise. */
#define EXPLAINED_DEFAULT 50

struct duplicate {
	uint64_t first_no, second_no; /* first < second */
	double probability;
};

struct dedupe {
	struct cli *cli;
	const struct match_model *model;
	struct apply_view known;
	struct apply_keys keys;
	struct arena arena; /* of the member under way */
	struct duplicate *items;
	uint32_t count, capacity;
	uint64_t members;
	struct cli_progress progress;
};

static int note(struct dedupe *dedupe, uint64_t a, uint64_t b, double probability)
{
	struct duplicate *grown;

	if (dedupe->count == dedupe->capacity) {
		uint32_t capacity = dedupe->capacity * 2 + 64;

		grown = env_realloc(dedupe->cli->env, dedupe->items, capacity * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		dedupe->items = grown;
		dedupe->capacity = capacity;
	}
	dedupe->items[dedupe->count++] = (struct duplicate){a < b ? a : b, a < b ? b : a, probability};
	return 0;
}

static int hold(struct dedupe *dedupe, const struct member *member, struct match_result *result)
{
	apply_view_forget(&dedupe->known);
	arena_reset(&dedupe->arena);
	return match_duplicates(&dedupe->arena, member, &dedupe->known.view.candidates, dedupe->model,
				dedupe->known.view.population, result);
}

static int take_member(void *context, const struct member *member)
{
	struct dedupe *dedupe = context;
	struct match_result result;
	uint32_t i;
	int r = hold(dedupe, member, &result);

	cli_progress_at(&dedupe->progress, ++dedupe->members);
	for (i = 0; i < result.candidate_count && r == 0; i++)
		if (result.candidates[i].probability >= LISTED_MIN)
			r = note(dedupe, member->member_no, result.candidates[i].member->member_no,
				 result.candidates[i].probability);
	return r;
}

static int by_pair(const void *a, const void *b)
{
	const struct duplicate *x = a, *y = b;

	if (x->first_no != y->first_no)
		return x->first_no < y->first_no ? -1 : 1;
	if (x->second_no != y->second_no)
		return x->second_no < y->second_no ? -1 : 1;
	return x->probability > y->probability ? -1 : x->probability < y->probability;
}

static int likelier_first(const void *a, const void *b)
{
	const struct duplicate *x = a, *y = b;

	if (x->probability != y->probability)
		return x->probability > y->probability ? -1 : 1;
	return by_pair(a, b);
}

/* Each pair was seen from both sides, as a rule: it stands once, as likely as the likelier side says. */
static void fold(struct dedupe *dedupe)
{
	uint32_t i, kept = 0;

	if (dedupe->count == 0)
		return;
	qsort(dedupe->items, dedupe->count, sizeof(*dedupe->items), by_pair);
	for (i = 0; i < dedupe->count; i++)
		if (kept == 0 || dedupe->items[i].first_no != dedupe->items[kept - 1].first_no ||
		    dedupe->items[i].second_no != dedupe->items[kept - 1].second_no)
			dedupe->items[kept++] = dedupe->items[i];
	dedupe->count = kept;
	qsort(dedupe->items, dedupe->count, sizeof(*dedupe->items), likelier_first);
}

/* The two of a pair, in the arena; the evidence of the second one beside the first. */
static int look_again(struct dedupe *dedupe, const struct duplicate *pair, struct arena *arena,
		      const struct member **ret_first, const struct member **ret_second,
		      struct match_result *ret_result)
{
	struct match_result all;
	uint32_t i;
	int r = store_member_get_no(dedupe->cli->store, pair->first_no, arena, ret_first);

	if (r == 0)
		r = store_member_get_no(dedupe->cli->store, pair->second_no, arena, ret_second);
	if (r == 0)
		r = hold(dedupe, *ret_first, &all);
	*ret_result = (struct match_result){.disposition = MATCH_REVIEW, .none_probability = 1.0 - pair->probability};
	for (i = 0; r == 0 && i < all.candidate_count; i++)
		if (all.candidates[i].member->member_no == pair->second_no) {
			ret_result->candidates[ret_result->candidate_count++] = all.candidates[i];
			ret_result->guard = i == 0 ? all.guard : NULL;
		}
	return r;
}

static bool is_active(const struct member *member, date_day day)
{
	uint32_t i;

	for (i = 0; i < member->span_count; i++) {
		const struct coverage_span *span = &member->spans[i];

		if (!span->voided && span->begins_on <= day && (span->ends_on == DATE_NONE || span->ends_on >= day))
			return true;
	}
	return false;
}

static void tell_text(struct dedupe *dedupe, const struct duplicate *pair, const struct member *first,
		      const struct member *second, const struct match_result *result)
{
	struct buffer *out = &dedupe->cli->out;
	bool both = is_active(first, dedupe->cli->today) && is_active(second, dedupe->cli->today);

	text_add_visible(out, first->member_id);
	buffer_add_text(out, " and ");
	text_add_visible(out, second->member_id);
	buffer_printf(out, ", probability %.6f%s\n", pair->probability,
		      both ? "; both are covered today" : "");
	match_result_print(result, 1, out);
	buffer_add_char(out, '\n');
}

static void tell_json(struct dedupe *dedupe, const struct duplicate *pair, const struct member *first,
		      const struct member *second, const struct match_result *result)
{
	char share[32];
	struct json json;

	snprintf(share, sizeof(share), "%.6f", pair->probability);
	json_init(&json, &dedupe->cli->out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "schema", SLICE_LITERAL("muster.duplicate"));
	json_u64(&json, "v", 1);
	json_text(&json, "member_id", first->member_id);
	json_text(&json, "other_member_id", second->member_id);
	json_text(&json, "probability", slice_from(share));
	json_bool(&json, "active", is_active(first, dedupe->cli->today));
	json_bool(&json, "other_active", is_active(second, dedupe->cli->today));
	json_text_or_null(&json, "guard", slice_from(result->guard));
	json_object_end(&json);
	buffer_add_char(&dedupe->cli->out, '\n');
}

static void tell_csv(struct dedupe *dedupe, const struct duplicate *pair, const struct member *first,
		     const struct member *second, const struct match_result *result)
{
	struct buffer *out = &dedupe->cli->out;

	csv_add(out, true, first->member_id);
	csv_add(out, false, second->member_id);
	buffer_printf(out, ",%.9f,review", pair->probability);
	csv_add(out, false, slice_from(result->guard));
	csv_end_record(out);
}

static int tell(struct dedupe *dedupe, const struct duplicate *pair)
{
	const struct member *first = NULL, *second = NULL;
	struct match_result result;
	struct arena arena;
	int r;

	arena_init(&arena, dedupe->cli->env, 0, 0);
	r = look_again(dedupe, pair, &arena, &first, &second, &result);
	if (r == 0 && dedupe->cli->options.format == CLI_TEXT)
		tell_text(dedupe, pair, first, second, &result);
	else if (r == 0 && dedupe->cli->options.format == CLI_CSV)
		tell_csv(dedupe, pair, first, second, &result);
	else if (r == 0)
		tell_json(dedupe, pair, first, second, &result);
	arena_fini(&arena);
	return r < 0 ? r : cli_flush_some(dedupe->cli);
}

static int tell_all(struct dedupe *dedupe, uint32_t limit)
{
	struct cli *cli = dedupe->cli;
	uint32_t i;
	int r = 0;

	fold(dedupe);
	if (cli->options.format == CLI_CSV)
		buffer_add_text(&cli->out, "left_id,right_id,probability,decision,reason\n");
	for (i = 0; i < dedupe->count && i < limit && r == 0; i++)
		r = tell(dedupe, &dedupe->items[i]);
	if (r == 0 && cli->options.format == CLI_TEXT)
		buffer_printf(&cli->out, "%llu members, %u pairs that are more likely one person than two%s\n",
			      (unsigned long long)dedupe->members, dedupe->count,
			      i < dedupe->count ? "; --limit shows more of them" : "");
	return r;
}

static int run(struct dedupe *dedupe, uint32_t limit)
{
	struct cli *cli = dedupe->cli;
	uint64_t total = 0;
	int r = store_begin(cli->store, STORE_READ);

	if (r < 0)
		return r;
	r = store_member_count(cli->store, &total);
	if (r == 0)
		r = apply_view_init(&dedupe->known, cli->store);
	dedupe->known.keys = &dedupe->keys;
	if (r == 0)
		r = apply_keys_open(&dedupe->keys, cli->store, cli->env);
	cli_progress_begin(&dedupe->progress, cli, "comparing", total);
	if (r == 0)
		r = store_members_each(cli->store, take_member, dedupe);
	cli_progress_end(&dedupe->progress);
	if (r == 0)
		r = tell_all(dedupe, limit);
	store_rollback(cli->store);
	return r;
}

int cli_match_dedupe(struct cli *cli)
{
	struct dedupe dedupe = {.cli = cli};
	uint64_t limit = cli->options.format == CLI_TEXT ? EXPLAINED_DEFAULT : UINT32_MAX;
	int r;

	if (cli->options.out != NULL)
		return cli_usage_error(cli, "dedupe over the database writes to stdout: a report, or --csv, --ndjson");
	if (cli->options.limit != NULL && (!slice_to_u64(slice_from(cli->options.limit), &limit) || limit > UINT32_MAX))
		return cli_usage_error(cli, "--limit wants a number");
	r = cli_open_store(cli);
	if (r == 0)
		r = cli_match_model(cli, cli->options.model != NULL ? cli->options.model : cli->config->match_model,
				    &dedupe.model);
	if (r < 0)
		return r;
	arena_init(&dedupe.arena, cli->env, 0, 0);
	r = run(&dedupe, (uint32_t)limit);
	apply_keys_close(&dedupe.keys);
	arena_fini(&dedupe.arena);
	env_free(cli->env, dedupe.items);
	return r;
}
