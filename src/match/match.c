/*
 * match_person: gather everybody who could be meant, compare, decide, explain.
 *
 * Candidates are the union of the key lookups, the member with the number sent, the household of the subscriber
 * number sent, and the households of those who satisfy a rule: their housemates are the dangerous ones.
 */
#include "strict.h"

#include <stdlib.h>

#include "muster/error.h"

int match_pool_add(struct match_pool *pool, const struct member *member)
{
	const struct member **members;
	uint32_t i, capacity;

	for (i = 0; i < pool->count; i++)
		if (pool->members[i]->member_no == member->member_no)
			return 0;
	if (pool->count == pool->capacity) {
		capacity = pool->capacity > 0 ? pool->capacity * 2 : 16;
		members = arena_alloc_array(pool->arena, capacity, sizeof(const struct member *));
		if (members == NULL)
			return -ENOMEM;
		if (pool->count > 0)
			memcpy(members, pool->members, pool->count * sizeof(const struct member *));
		pool->members = members;
		pool->capacity = capacity;
	}
	pool->members[pool->count++] = member;
	return 0;
}

bool match_first_names_agree(struct slice a, struct slice b)
{
	struct match_name name_a, name_b;
	enum match_level level;

	match_name_of(a, &name_a);
	match_name_of(b, &name_b);
	level = match_first_level(&name_a, &name_b);
	return level == LEVEL_FIRST_EQUAL || level == LEVEL_FIRST_NICKNAME || level == LEVEL_FIRST_PREFIX ||
	       level == LEVEL_FIRST_INITIAL;
}

bool match_names_equal(struct slice a, struct slice b)
{
	struct match_name name_a, name_b;
	enum match_suffix suffix_a, suffix_b;

	match_name_of(a, &name_a);
	match_name_of(b, &name_b);
	suffix_a = match_name_take_suffix(&name_a);
	suffix_b = match_name_take_suffix(&name_b);
	return strcmp(name_a.compact, name_b.compact) == 0 &&
	       (suffix_a == suffix_b || suffix_a == SUFFIX_NONE || suffix_b == SUFFIX_NONE);
}

/* The values known before, completed by the sent ones: 2100B carries only what was wrong. */
static struct member complete_prior(const struct member *prior, const struct member *sent)
{
	struct member whole = *sent;

	if (prior->last_name.len > 0) {
		whole.last_name = prior->last_name;
		whole.first_name = prior->first_name.len > 0 ? prior->first_name : sent->first_name;
		whole.middle_name = prior->middle_name;
		whole.suffix = prior->suffix;
	}
	if (prior->ssn.len > 0)
		whole.ssn = prior->ssn;
	if (prior->birth_on != DATE_NONE)
		whole.birth_on = prior->birth_on;
	if (prior->sex != '\0')
		whole.sex = prior->sex;
	return whole;
}

struct search {
	struct arena *arena;
	const struct match_candidates *candidates;
	const struct match_query *query;
	struct match_person *sent, *prior; /* prior NULL: not sent */
	struct match_pool pool;
	struct scored **scored;
	uint32_t scored_count;
};

static int gather_keys(struct search *search, const struct member *member)
{
	uint64_t keys[MATCH_KEYS_MAX];
	uint32_t i, count = match_member_keys(member, keys);
	int error = 0;

	for (i = 0; i < count && error >= 0; i++)
		error = search->candidates->by_key(search->candidates->context, keys[i], LIMIT_CANDIDATES_PER_KEY,
						   search->arena, &search->pool);
	return error < 0 ? error : 0;
}

static int gather(struct search *search)
{
	const struct match_candidates *candidates = search->candidates;
	const struct match_person *sent = search->sent;
	int error = 0;

	if (sent->member_id.len > 0)
		error = candidates->by_member_id(candidates->context, sent->member_id, search->arena, &search->pool);
	if (error >= 0 && sent->subscriber_id.len > 0)
		error = candidates->by_subscriber_id(candidates->context, sent->subscriber_id, search->arena,
						     &search->pool);
	if (error >= 0)
		error = gather_keys(search, sent->member);
	if (error >= 0 && search->prior != NULL)
		error = gather_keys(search, search->prior->member);
	return error < 0 ? error : 0;
}

/* Compare those of the pool who are not compared yet. */
static int score(struct search *search)
{
	uint32_t i, before = search->scored_count;
	struct scored **all, *fresh;

	if (search->pool.count == before)
		return 0;
	all = arena_alloc_array(search->arena, search->pool.count, sizeof(*all));
	fresh = arena_alloc_array(search->arena, search->pool.count - before, sizeof(*fresh));
	if (all == NULL || fresh == NULL)
		return -ENOMEM;
	if (before > 0)
		memcpy(all, search->scored, before * sizeof(*all));
	for (i = before; i < search->pool.count; i++) {
		struct scored *scored = &fresh[i - before];

		match_person_of(search->pool.members[i], &scored->person);
		match_compare(search->query, search->sent, search->prior, &scored->person, &scored->comparison);
		match_strict_assess(search->query, search->sent, scored);
		all[i] = scored;
	}
	search->scored = all;
	search->scored_count = search->pool.count;
	return 0;
}

static int gather_housemates(struct search *search)
{
	uint32_t i, count = search->scored_count;
	int error = 0;

	for (i = 0; i < count && error >= 0; i++) {
		const struct match_person *person = &search->scored[i]->person;

		if (search->scored[i]->rule == NULL || person->subscriber_id.len == 0 ||
		    slice_equal(person->subscriber_id, search->sent->subscriber_id))
			continue;
		error = search->candidates->by_subscriber_id(search->candidates->context, person->subscriber_id,
							     search->arena, &search->pool);
	}
	return error < 0 ? error : score(search);
}

/* Those who satisfy a rule, then by evidence; the number breaks ties, so that the order never depends on the source. */
static int better_first(const void *a, const void *b)
{
	const struct scored *x = *(const struct scored *const *)a, *y = *(const struct scored *const *)b;

	if ((x->rule != NULL) != (y->rule != NULL))
		return x->rule != NULL ? -1 : 1;
	if (x->comparison.millibits != y->comparison.millibits)
		return x->comparison.millibits > y->comparison.millibits ? -1 : 1;
	return slice_compare(x->person.member_id, y->person.member_id);
}

/* 2 to the power of millibits / 1000, by arithmetic alone: the same bits on every machine. */
static double exp2_millibits(int32_t millibits)
{
	int32_t whole = millibits >= 0 ? millibits / 1000 : -((999 - millibits) / 1000);
	double x = (double)(millibits - whole * 1000) / 1000.0 * 0.69314718055994530942, term = 1.0, power = 1.0;
	int i;

	for (i = 1; i < 16; i++) {
		term *= x / i;
		power += term;
	}
	for (; whole > 0; whole--)
		power *= 2.0;
	for (; whole < 0; whole++)
		power *= 0.5;
	return power;
}

/*
 * Rough probabilities for the order and the eye of a representative: evidence with a prior of 1 in 100,000 for a
 * stranger and 1 in 4 for a housemate. Not calibrated, so never shown as certain.
 */
static void set_probabilities(struct match_candidate *candidates, uint32_t count, double all)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		candidates[i].probability /= all;
		if (candidates[i].probability > 0.99)
			candidates[i].probability = 0.99;
	}
}

static double odds_of(const struct scored *scored)
{
	int32_t prior = scored->comparison.housemate ? -2000 : -16610, bits = scored->comparison.millibits + prior;

	return exp2_millibits(bits > 60000 ? 60000 : bits < -60000 ? -60000 : bits);
}

/* The best who may be meant at all, with their evidence. */
static int explain(const struct search *search, struct match_result *result)
{
	double all = 1.0;
	uint32_t i;
	int error;

	for (i = 0; i < search->scored_count; i++) {
		const struct scored *scored = search->scored[i];
		struct match_candidate *candidate = &result->candidates[result->candidate_count];

		all += odds_of(scored);
		if (result->candidate_count == LIMIT_CANDIDATES ||
		    (!scored->plausible && scored->comparison.millibits <= 0))
			continue;
		error = match_explain(search->arena, search->query, search->sent, &scored->person, &scored->comparison,
				      candidate);
		if (error < 0)
			return error;
		candidate->probability = odds_of(scored);
		result->candidate_count++;
	}
	set_probabilities(result->candidates, result->candidate_count, all);
	if (result->disposition == MATCH_AUTO)
		result->candidates[0].probability = result->confidence;
	return 0;
}

/* A representative said who it is. */
static int match_forced(struct search *search, struct match_result *result)
{
	struct match_pool pool = {.arena = search->arena};
	int error;

	result->rule = "representative";
	result->confidence = 1.0;
	if (search->query->forced_new) {
		result->disposition = MATCH_NEW;
		return 0;
	}
	error = search->candidates->by_member_id(search->candidates->context, search->query->forced_member_id,
						 search->arena, &pool);
	if (error < 0)
		return error;
	if (pool.count == 1) {
		result->disposition = MATCH_AUTO;
		result->member = pool.members[0];
		return 0;
	}
	result->disposition = MATCH_REVIEW;
	result->category = CATEGORY_NO_MATCH;
	result->reason = SLICE_LITERAL("The member number that the representative gave is not on file.");
	result->rule = NULL;
	result->confidence = 0.0;
	return 0;
}

int match_person(struct arena *arena, const struct match_candidates *candidates, const struct match_query *query,
		 struct match_result *ret_result)
{
	struct match_person *persons = arena_alloc_array(arena, 2, sizeof(*persons));
	struct search search = {.arena = arena, .candidates = candidates, .query = query, .pool = {.arena = arena}};
	struct strict strict;
	struct member *prior;
	int error;

	memset(ret_result, 0, sizeof(*ret_result));
	if (query->forced_member_id.len > 0 || query->forced_new)
		return match_forced(&search, ret_result);
	prior = arena_alloc(arena, sizeof(*prior));
	if (persons == NULL || prior == NULL)
		return -ENOMEM;
	search.sent = &persons[0];
	match_person_of(query->sent, search.sent);
	if (query->prior != NULL) {
		*prior = complete_prior(query->prior, query->sent);
		search.prior = &persons[1];
		match_person_of(prior, search.prior);
	}
	error = gather(&search);
	if (error >= 0)
		error = score(&search);
	if (error >= 0)
		error = gather_housemates(&search);
	if (error < 0)
		return error;
	if (search.scored_count > 1)
		qsort(search.scored, search.scored_count, sizeof(*search.scored), better_first);
	strict = (struct strict){arena, query, search.sent, search.scored, search.scored_count};
	error = match_strict_decide(&strict, ret_result);
	return error < 0 ? error : explain(&search, ret_result);
}
