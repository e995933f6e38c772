/*
 * link: every row of one table against another.
 *
 * A row is linked by the evidence and the matcher's own guards; what a plan holds up for other reasons (another SSN on
 * file, a name to be changed) is not asked here.
 */
#include "cluster.h"
#include "search.h"

#include "muster/error.h"
#include "muster/match_link.h"

/* Pairs less likely than this are no one's business; a row without a likelier one is somebody new. */
#define LISTED_PROBABILITY_MIN 0.001
/* Records of one family follow each other; of no family are there more. */
#define NEAR_ROWS 32u
/* More likely he than not. */
#define LIKELY 0.5

struct linking {
	struct env *env;
	const struct match_table *left, *right;
	const struct match_candidates *candidates;
	const struct match_link_options *options;
	const struct match_model *model;
	match_pair_fn fn;
	void *context;
	struct match_pair *held; /* one_to_one, chains: until all rows are seen; else until no row is near */
	size_t held_count, held_capacity;
};

static struct match_query query_of(const struct match_table *left, uint32_t row, uint64_t population)
{
	const struct member *sent = &left->members[row];

	return (struct match_query){.intent = MATCH_CHANGE,
				    .sent = sent,
				    .is_subscriber = slice_is(sent->relationship, "18"),
				    .group_id = sent->span_count > 0 ? sent->spans[0].group_id : SLICE_EMPTY,
				    .population = population};
}

static int model_of(struct arena *arena, const struct match_model *model, const struct match_model **ret_model)
{
	if (model == NULL)
		return match_model_default(arena, ret_model);
	*ret_model = model;
	return 0;
}

static int search_row(struct arena *arena, const struct match_table *left, uint32_t row,
		      const struct match_table *right, const struct match_candidates *candidates,
		      const struct match_link_options *options, struct match_query *query, struct search *search)
{
	*query = query_of(left, row, right->count);
	*search = (struct search){.arena = arena,
				  .candidates = candidates,
				  .query = query,
				  .model = options->model,
				  .intent = MODEL_LINK,
				  .except_no = options->same_table ? row + 1 : 0,
				  .wide = options->wide,
				  .with_duplicates = options->with_duplicates || options->same_table};
	search->stops_early = !search->with_duplicates && !search->wide;
	return search_run(search);
}

/* A table against itself, looked at as widely as can be. */
static bool wants_chains(const struct match_link_options *options)
{
	return options->same_table && options->wide;
}

static bool waits_for_all(const struct match_link_options *options)
{
	return options->one_to_one || wants_chains(options);
}

static int hold(struct linking *linking, const struct match_pair *pair)
{
	struct match_pair *held;
	size_t capacity;

	if (linking->held_count == linking->held_capacity) {
		capacity = linking->held_capacity > 0 ? linking->held_capacity * 2 : 1024;
		held = env_realloc(linking->env, linking->held, capacity * sizeof(*held));
		if (held == NULL)
			return -ENOMEM;
		linking->held = held;
		linking->held_capacity = capacity;
	}
	linking->held[linking->held_count++] = *pair;
	return 0;
}

static void compare_members(const struct member *sent, const struct member *known, enum match_level level[FIELD_COUNT])
{
	const struct match_query query = {.sent = sent};
	struct match_person a, b;

	match_person_of(sent, &a);
	match_person_of(known, &b);
	match_compare(&query, &a, NULL, &b, false, level);
}

/*
 * Two people of one enrollment: each has a role in the family, and what is said of who they are is not the same, or is not
 * what is known of `member`, whom both mean. Who is sent twice may be sent once without SSN or middle name, but his name
 * is spelled as before.
 */
static bool are_two_people(const struct linking *linking, uint32_t a, uint32_t b, uint32_t member)
{
	const struct member *x = &linking->left->members[a], *y = &linking->left->members[b];
	const struct member *known = &linking->right->members[member];
	enum match_level level[FIELD_COUNT];

	if (slice_is_empty(x->relationship) || slice_is_empty(y->relationship))
		return false;
	compare_members(x, y, level);
	if (!match_is_sent_twice(level))
		return true;
	compare_members(x, known, level);
	if (!match_is_sent_twice(level))
		return true;
	compare_members(y, known, level);
	return !match_is_sent_twice(level);
}

static bool is_claim(const struct match_pair *pair)
{
	return pair->automatic || (pair->guard != NULL && strcmp(pair->guard, search_guard_words(GUARD_CLAIMED)) == 0);
}

static void stop_claim(struct match_pair *pair)
{
	pair->automatic = false;
	pair->guard = search_guard_words(GUARD_CLAIMED);
}

/* Under another form of the first name, and by no number of his own. */
static bool is_by_form_of_name(const struct linking *linking, const struct match_pair *pair)
{
	enum match_level level[FIELD_COUNT];

	compare_members(&linking->left->members[pair->left], &linking->right->members[pair->right], level);
	return level[FIELD_FIRST] != LEVEL_FIRST_EQUAL && level[FIELD_SSN] != LEVEL_SSN_EQUAL &&
	       level[FIELD_MEMBER_ID] != LEVEL_MEMBER_ID_EQUAL;
}

/* Two records that mean one member, one of them perhaps without certainty; `pair` and `other` may change places. */
static void settle_claims(const struct linking *linking, struct match_pair *pair, struct match_pair *other)
{
	if (is_claim(pair) && is_claim(other)) {
		stop_claim(pair);
		stop_claim(other);
	} else if (pair->automatic && other->probability >= LIKELY && is_by_form_of_name(linking, pair)) {
		stop_claim(pair);
	}
}

/*
 * A family is sent together, each of it once. Where two records that stand near each other mean one member, one of them is
 * somebody nobody knows yet, and which of the two the member is, a person must say. Where one is not certain anyway, the
 * other one is only his who bears his very name, or a number of his. `begin`: the first pair of the last row.
 */
static void settle_near(struct linking *linking, size_t begin)
{
	struct match_pair *own = &linking->held[begin];
	size_t i;

	if (begin == linking->held_count || linking->options->same_table || linking->options->with_duplicates)
		return;
	/* In order of rows, and where all are waited for there may be a million of them: back to the first that is near. */
	for (i = begin; i > 0 && linking->held[i - 1].left + NEAR_ROWS >= own->left; i--) {
		struct match_pair *near = &linking->held[i - 1];

		if (near->right != own->right || (!is_claim(near) && !is_claim(own)) ||
		    !are_two_people(linking, near->left, own->left, own->right))
			continue;
		settle_claims(linking, near, own);
		settle_claims(linking, own, near);
	}
}

/* Give those that no coming row is near to. */
static int give_far(struct linking *linking, uint32_t row)
{
	size_t i = 0;
	int error = 0;

	if (waits_for_all(linking->options))
		return 0;
	for (; i < linking->held_count && linking->held[i].left + NEAR_ROWS <= row && error == 0; i++)
		error = linking->fn(linking->context, &linking->held[i]);
	if (i > 0)
		memmove(linking->held, linking->held + i, (linking->held_count - i) * sizeof(*linking->held));
	linking->held_count -= i;
	return error;
}

static int link_row(struct linking *linking, struct arena *arena, uint32_t row,
		    const struct match_link_options *options)
{
	struct match_query query;
	struct search search;
	struct match_pair pair = {.left = row};
	enum search_guard stop;
	size_t begin;
	uint32_t i;
	int error = give_far(linking, row);

	begin = linking->held_count;
	if (error == 0)
		error = search_row(arena, linking->left, row, linking->right, linking->candidates, options, &query,
				   &search);
	if (error != 0 || search.count == 0)
		return error;
	stop = search_guard(&search);
	for (i = 0; i < search.count && error == 0; i++) {
		pair.right = (uint32_t)(search.scored[i]->person.member->member_no - 1);
		pair.probability = search.scored[i]->probability;
		pair.automatic = i == 0 && stop == GUARD_NONE;
		pair.guard = i == 0 && stop != GUARD_NONE ? search_guard_words(stop) : NULL;
		if (pair.automatic || pair.probability >= LISTED_PROBABILITY_MIN)
			error = hold(linking, &pair);
	}
	if (error == 0)
		settle_near(linking, begin);
	return error;
}

/* Two rows that mean one person: neither is taken without a look. */
static int give_held(struct linking *linking)
{
	uint8_t *claims = env_alloc(linking->env, (size_t)linking->right->count + 1);
	size_t i;
	int error = claims != NULL ? 0 : -ENOMEM;

	for (i = 0; i < linking->held_count && error == 0; i++)
		if (linking->held[i].automatic && claims[linking->held[i].right] < 2)
			claims[linking->held[i].right]++;
	for (i = 0; i < linking->held_count && error == 0; i++) {
		struct match_pair *pair = &linking->held[i];

		if (linking->options->one_to_one && pair->automatic && claims[pair->right] > 1)
			stop_claim(pair);
		error = linking->fn(linking->context, pair);
	}
	env_free(linking->env, claims);
	return error;
}

int match_link(struct env *env, const struct match_table *left, const struct match_table *right,
	       const struct match_candidates *candidates, const struct match_link_options *options, match_pair_fn fn,
	       void *context)
{
	struct linking linking = {.env = env,
				  .left = left,
				  .right = right,
				  .candidates = candidates,
				  .options = options,
				  .fn = fn,
				  .context = context};
	struct match_link_options whole = *options;
	struct arena arena;
	uint32_t row;
	int error;

	arena_init(&arena, env, 0, 0);
	error = model_of(&arena, options->model, &whole.model);
	for (row = 0; row < left->count && error == 0; row++) {
		arena_reset(&arena);
		error = link_row(&linking, &arena, row, &whole);
	}
	if (error == 0 && wants_chains(options))
		error = match_cluster(env, left->count, &linking.held, &linking.held_count);
	if (error == 0 && linking.held_count > 0)
		error = give_held(&linking);
	arena_fini(&arena);
	env_free(env, linking.held);
	return error;
}

int match_link_one(struct arena *arena, const struct match_table *left, uint32_t row, const struct match_table *right,
		   const struct match_candidates *candidates, const struct match_link_options *options,
		   struct match_result *ret_result)
{
	struct match_link_options whole = *options;
	struct match_query query;
	struct search search;
	enum search_guard stop = GUARD_EVIDENCE;
	uint32_t i;
	int error = model_of(arena, options->model, &whole.model);

	if (error == 0)
		error = search_row(arena, left, row, right, candidates, &whole, &query, &search);
	if (error < 0)
		return error;
	memset(ret_result, 0, sizeof(*ret_result));
	if (search.count > 0)
		stop = search_guard(&search);
	ret_result->disposition = stop == GUARD_NONE ? MATCH_AUTO : search_is_new(&search) ? MATCH_NEW : MATCH_REVIEW;
	ret_result->none_probability = search.none_probability;
	ret_result->guard = stop != GUARD_NONE ? search_guard_words(stop) : NULL;
	if (stop == GUARD_NONE) {
		ret_result->member = search.scored[0]->person.member;
		ret_result->confidence = search.scored[0]->probability;
		ret_result->rule = "score";
	}
	for (i = 0; i < search.count && i < LIMIT_CANDIDATES && error == 0; i++)
		error = match_score_explain(arena, &query, search.sent, search.scored[i],
					    &ret_result->candidates[ret_result->candidate_count++]);
	return error;
}

/* One in a hundred stands on file twice, as a rule of thumb: what is no duplicate must say so much less. */
#define DUPLICATES_PPM 10000

int match_duplicates(struct arena *arena, const struct member *member, const struct match_candidates *candidates,
		     const struct match_model *base, uint64_t population, struct match_result *ret_result)
{
	struct match_model *model = arena_alloc(arena, sizeof(*model));
	/* Numbers of our own differ because there are two of them: that says nothing. */
	struct member *sent = arena_alloc(arena, sizeof(*sent));
	struct match_query query = {.intent = MATCH_CHANGE, .sent = sent, .population = population};
	struct search search = {.arena = arena,
				.candidates = candidates,
				.query = &query,
				.model = model,
				.intent = MODEL_LINK,
				.except_no = member->member_no,
				.with_duplicates = true};
	uint32_t i;
	int error = model != NULL && sent != NULL ? model_of(arena, base, &base) : -ENOMEM;

	if (error < 0)
		return error;
	*model = *base;
	model->known_ppm[MODEL_LINK] = DUPLICATES_PPM;
	*sent = *member;
	sent->member_id = SLICE_EMPTY;
	query.is_subscriber = slice_is(member->relationship, "18");
	query.group_id = member->span_count > 0 ? member->spans[member->span_count - 1].group_id : SLICE_EMPTY;
	memset(ret_result, 0, sizeof(*ret_result));
	ret_result->disposition = MATCH_REVIEW;
	error = search_run(&search);
	if (error == 0 && search.count > 0 && search_guard(&search) != GUARD_NONE)
		ret_result->guard = search_guard_words(search_guard(&search));
	ret_result->none_probability = search.none_probability;
	for (i = 0; i < search.count && i < LIMIT_CANDIDATES && error == 0; i++)
		error = match_score_explain(arena, &query, search.sent, search.scored[i],
					    &ret_result->candidates[ret_result->candidate_count++]);
	return error;
}

/* Candidates for a single member. */
static int give_lone(void *context, uint64_t key, uint32_t max, struct arena *arena, struct match_pool *pool)
{
	(void)key;
	(void)max;
	(void)arena;
	return match_pool_add(pool, context);
}

static int give_lone_by_id(void *context, struct slice id, struct arena *arena, struct match_pool *pool)
{
	(void)id;
	(void)arena;
	return match_pool_add(pool, context);
}

static int give_lone_of_family(void *context, struct family_key key, struct arena *arena, struct match_pool *pool)
{
	(void)key;
	(void)arena;
	return match_pool_add(pool, context);
}

int match_link_pair(struct arena *arena, const struct match_table *left, uint32_t row, const struct match_table *right,
		    uint32_t right_row, const struct match_link_options *options, struct match_result *ret_result)
{
	struct match_candidates candidates = {&right->members[right_row], give_lone, give_lone_by_id,
					      give_lone_of_family};

	return match_link_one(arena, left, row, right, &candidates, options, ret_result);
}

/* At most this many rows are looked at, spread evenly. */
#define SAMPLED_ROWS 2000u

int match_table_has_duplicates(struct env *env, const struct match_table *table,
			       const struct match_candidates *candidates, const struct match_model *model,
			       bool *ret_duplicates)
{
	struct match_link_options options = {.model = model, .same_table = true};
	uint32_t step = table->count / SAMPLED_ROWS + 1, row, sampled = 0, doubled = 0;
	struct match_query query;
	struct search search;
	struct arena arena;
	int error;

	arena_init(&arena, env, 0, 0);
	error = model_of(&arena, model, &options.model);
	for (row = 0; row < table->count && error == 0; row += step, sampled++) {
		arena_reset(&arena);
		error = search_row(&arena, table, row, table, candidates, &options, &query, &search);
		if (error == 0 && search.count > 0 && search.scored[0]->total > 10000 &&
		    search_guard(&search) == GUARD_NONE)
			doubled++;
	}
	arena_fini(&arena);
	if (error == 0)
		*ret_duplicates = doubled * 50 > sampled; /* more than 2 in 100 */
	return error;
}
