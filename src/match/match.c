/*
 * match_person: whom a record of a file means, and what of that is certain enough to act on.
 *
 * search.c gathers everybody who could be meant and weighs the evidence, guard.c says whether the best may be taken,
 * strict.c holds up what a representative should see all the same.
 */
#include "strict.h"

#include "muster/error.h"

/* Odds of 1 to 1,000 and less are not worth a representative's time. */
#define SHOWN_MILLIBITS_MIN (-10000)

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

bool match_first_names_agree(struct slice sent, struct slice known)
{
	struct match_name name_sent, name_known;
	enum match_level level;

	match_name_of(sent, &name_sent);
	match_name_of(known, &name_known);
	level = match_first_level(&name_sent, &name_known);
	return level == LEVEL_FIRST_EQUAL || level == LEVEL_FIRST_NICKNAME || level == LEVEL_FIRST_PREFIX ||
	       level == LEVEL_FIRST_INITIAL || level == LEVEL_FIRST_SLIP;
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

/* The best who may be meant at all, with their evidence. */
static int explain(const struct search *search, struct match_result *result)
{
	uint32_t i;
	int error = 0;

	for (i = 0; i < search->count && result->candidate_count < LIMIT_CANDIDATES && error == 0; i++) {
		const struct scored *scored = search->scored[i];

		if (scored->ruled_out || (!scored->plausible && scored->total <= SHOWN_MILLIBITS_MIN))
			continue;
		error = match_score_explain(search->arena, search->query, search->sent, scored,
					    &result->candidates[result->candidate_count++]);
	}
	return error;
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

static bool is_ruled_out(const struct match_query *query, uint64_t member_no)
{
	uint32_t i;

	for (i = 0; i < query->ruled_out_count; i++)
		if (query->ruled_out[i] == member_no)
			return true;
	return false;
}

/*
 * Whom a representative ruled out goes behind all others, in the same order. He stands against "new" only by a number
 * of his own that the record bears.
 */
static int rule_out(struct search *search)
{
	struct scored **last = arena_alloc_array(search->arena, search->count + 1, sizeof(struct scored *));
	uint32_t i, kept = 0, ruled_out = 0;

	if (last == NULL)
		return -ENOMEM;
	for (i = 0; i < search->count; i++) {
		struct scored *scored = search->scored[i];

		if (!is_ruled_out(search->query, scored->person.member->member_no)) {
			search->scored[kept++] = scored;
			continue;
		}
		scored->ruled_out = scored->excluded = true;
		scored->rule = NULL;
		scored->plausible =
			scored->holds_ssn || scored->level[FIELD_MEMBER_ID] == LEVEL_MEMBER_ID_EQUAL;
		last[ruled_out++] = scored;
	}
	if (ruled_out > 0)
		memcpy(&search->scored[kept], last, ruled_out * sizeof(struct scored *));
	return 0;
}

int match_person(struct arena *arena, const struct match_candidates *candidates, const struct match_query *query,
		 struct match_result *ret_result)
{
	struct search search = {.arena = arena,
				.candidates = candidates,
				.query = query,
				.model = query->model,
				.intent = query->intent,
				/* Who was ruled out may be the one by whom the search would stop. */
				.stops_early = query->ruled_out_count == 0};
	struct strict strict;
	bool excluded = query->ruled_out_count > 0;
	uint32_t i;
	int error = 0;

	memset(ret_result, 0, sizeof(*ret_result));
	if (query->forced_member_id.len > 0 || query->forced_new)
		return match_forced(&search, ret_result);
	if (search.model == NULL)
		error = match_model_default(arena, &search.model);
	if (error == 0)
		error = search_run(&search);
	if (error < 0)
		return error;
	for (i = 0; i < search.count; i++) {
		match_strict_assess(query, search.scored[i]);
		excluded = excluded || search.scored[i]->excluded;
	}
	if (query->ruled_out_count > 0)
		error = rule_out(&search);
	if (error < 0)
		return error;
	if (excluded)
		search_weigh_anew(&search);
	strict = (struct strict){arena, &search, query, search.sent, search.scored, search.count};
	ret_result->none_probability = search.none_probability;
	error = match_strict_decide(&strict, ret_result);
	return error < 0 ? error : explain(&search, ret_result);
}

int match_person_pair(struct arena *arena, const struct match_query *query, const struct member *member,
		      struct match_candidate *ret_candidate)
{
	struct search search = {.arena = arena, .query = query, .model = query->model, .intent = query->intent};
	int error = search.model == NULL ? match_model_default(arena, &search.model) : 0;

	if (error == 0)
		error = search_run_one(&search, member);
	return error < 0 ? error : match_score_explain(arena, query, search.sent, search.scored[0], ret_candidate);
}
