#include "search.h"

#include <stdlib.h>

#include "muster/error.h"
#include "muster/match_link.h"

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

static int normalise(struct search *search)
{
	struct match_person *persons = arena_alloc_unset(search->arena, 2, sizeof(*persons));
	struct member *prior = arena_alloc(search->arena, sizeof(*prior));

	if (persons == NULL || prior == NULL)
		return -ENOMEM;
	search->sent = &persons[0];
	match_person_of(search->query->sent, search->sent);
	if (search->query->prior != NULL) {
		*prior = complete_prior(search->query->prior, search->query->sent);
		search->prior = &persons[1];
		match_person_of(prior, search->prior);
	}
	match_score_setting(search->model, search->sent, search->intent, search->query->population,
			    &search->setting);
	return 0;
}

/* By the keys of `person`, from number `first` on. */
static int gather_keys(struct search *search, const struct match_person *person, uint32_t first)
{
	uint64_t keys[2 * MATCH_KEYS_MAX];
	uint32_t i, count = match_person_keys(person, keys);
	int error = 0;

	if (search->wide)
		count += match_link_keys(person->member, keys + count);
	for (i = first; i < count && error >= 0; i++)
		error = search->candidates->by_key(search->candidates->context, keys[i], LIMIT_CANDIDATES_PER_KEY,
						   search->arena, &search->pool);
	return error < 0 ? error : 0;
}

static struct family_key family_of(const struct match_person *person)
{
	return (struct family_key){.sponsor_id = person->sponsor_id, .subscriber_id = person->subscriber_id};
}

/* Those whom a number names: his own, the family's, the SSN. */
static int gather_numbers(struct search *search)
{
	const struct match_candidates *candidates = search->candidates;
	const struct match_person *sent = search->sent;
	uint64_t key;
	int error = 0;

	if (sent->member_id.len > 0)
		error = candidates->by_member_id(candidates->context, sent->member_id, search->arena, &search->pool);
	if (error >= 0 && sent->subscriber_id.len > 0)
		error = candidates->by_family(candidates->context, family_of(sent), search->arena, &search->pool);
	if (error >= 0 && match_ssn_key(sent, &key))
		error = candidates->by_key(candidates->context, key, LIMIT_CANDIDATES_PER_KEY, search->arena,
					   &search->pool);
	return error < 0 ? error : 0;
}

/* By all other keys; the SSN's comes first and was asked. */
static int gather_others(struct search *search)
{
	int error = gather_keys(search, search->sent, search->sent->ssn.len > 0 ? 1 : 0);

	return error == 0 && search->prior != NULL ? gather_keys(search, search->prior, 0) : error;
}

/* The record is a dependent's, and its SSN that of the subscriber of this member's family. */
static bool is_subscribers_ssn(const struct search *search, const struct match_person *known)
{
	const struct match_person *sent = search->sent;
	const struct member *member;
	uint32_t i;

	if (sent->ssn.len == 0 || search->query->is_subscriber || sent->kin == KIN_SELF)
		return false;
	if (slice_equal(sent->ssn, search->query->subscriber_ssn))
		return true;
	for (i = 0; i < search->pool.count && sent->kin != KIN_UNKNOWN && known->subscriber_id.len > 0; i++) {
		member = search->pool.members[i];
		if (slice_is(member->relationship, "18") && slice_equal(member->ssn, sent->ssn) &&
		    slice_equal_nocase(slice_trim(member->subscriber_id), known->subscriber_id) &&
		    slice_equal(member->sponsor_id, known->sponsor_id))
			return true;
	}
	return false;
}

/* Sets all of `scored`: what the levels say, and what nobody has said yet. */
static void weigh(struct search *search, const struct member *member, struct scored *scored)
{
	match_person_of(member, &scored->person);
	match_compare(search->query, search->sent, search->prior, &scored->person,
		      is_subscribers_ssn(search, &scored->person), scored->level);
	match_score_member(&search->setting, scored);
	scored->holds_ssn = search->sent->ssn.len > 0 && slice_equal(search->sent->ssn, scored->person.ssn);
	scored->odds = scored->probability = 0.0;
	scored->rule = NULL;
	scored->ruled_out = scored->excluded = scored->plausible = false;
	scored->claimed = search->query->is_claimed != NULL &&
			  search->query->is_claimed(search->query->claimed_context, member->member_no);
}

/* Weigh those of the pool from number `begin` on. */
static int weigh_pool(struct search *search, uint32_t begin)
{
	struct scored **all, *fresh;
	uint32_t i;

	if (search->pool.count == begin)
		return 0;
	all = arena_alloc_unset(search->arena, search->pool.count, sizeof(struct scored *));
	fresh = arena_alloc_unset(search->arena, search->pool.count - begin, sizeof(*fresh));
	if (all == NULL || fresh == NULL)
		return -ENOMEM;
	if (search->count > 0)
		memcpy(all, search->scored, search->count * sizeof(struct scored *));
	search->scored = all;
	for (i = begin; i < search->pool.count; i++) {
		if (search->except_no != 0 && search->pool.members[i]->member_no == search->except_no)
			continue;
		weigh(search, search->pool.members[i], &fresh[i - begin]);
		all[search->count++] = &fresh[i - begin];
	}
	return 0;
}

/* Families of those who may be meant, from number `begin` on: their rows are the dangerous ones. */
static int gather_housemates(struct search *search, uint32_t begin)
{
	uint32_t i, count = search->count, fresh = search->pool.count;
	int error = 0;

	for (i = begin; i < count && error >= 0; i++) {
		const struct scored *scored = search->scored[i];

		if ((scored->total < -10000 && scored->level[FIELD_BIRTH] != LEVEL_BIRTH_EQUAL) ||
		    scored->person.subscriber_id.len == 0 || match_person_same_family(&scored->person, search->sent))
			continue;
		error = search->candidates->by_family(search->candidates->context, family_of(&scored->person),
						      search->arena, &search->pool);
	}
	return error < 0 ? error : weigh_pool(search, fresh);
}

/* Names, birth date, a number of his own and his home agree, and neither a number, another name nor his role says otherwise. */
static bool is_full_agreement(const struct scored *scored)
{
	const enum match_level *level = scored->level;
	bool ssn = level[FIELD_SSN] == LEVEL_SSN_EQUAL, id = level[FIELD_MEMBER_ID] == LEVEL_MEMBER_ID_EQUAL;

	return match_is_at_home(level) && level[FIELD_KIN] != LEVEL_KIN_SELF_OTHER &&
	       level[FIELD_KIN] != LEVEL_KIN_OTHER && level[FIELD_BIRTH] == LEVEL_BIRTH_EQUAL &&
	       level[FIELD_FIRST] == LEVEL_FIRST_EQUAL && level[FIELD_LAST] == LEVEL_LAST_EQUAL &&
	       level[FIELD_MIDDLE] != LEVEL_MIDDLE_OTHER && level[FIELD_SUFFIX] != LEVEL_SUFFIX_OTHER &&
	       level[FIELD_SEX] != LEVEL_SEX_OTHER && (ssn || id) && (ssn || level[FIELD_SSN] == LEVEL_MISSING) &&
	       (id || level[FIELD_MEMBER_ID] == LEVEL_MISSING) && !scored->claimed;
}

/*
 * One member agrees in full, and of those whom the numbers and his family brought nobody has his birth date or a number
 * of his. Whom other keys might bring can agree with the record no better, and has neither the number nor the family.
 */
static bool is_settled(const struct search *search)
{
	uint32_t i, full = 0;

	for (i = 0; i < search->count; i++) {
		const struct scored *scored = search->scored[i];

		if (is_full_agreement(scored))
			full++;
		else if (scored->level[FIELD_BIRTH] == LEVEL_BIRTH_EQUAL || scored->holds_ssn ||
			 scored->level[FIELD_MEMBER_ID] == LEVEL_MEMBER_ID_EQUAL)
			return false;
	}
	return full == 1;
}

/* By evidence; the member id breaks ties, so that the order never depends on where candidates come from. */
static int better_first(const void *a, const void *b)
{
	const struct scored *x = *(const struct scored *const *)a, *y = *(const struct scored *const *)b;
	int order;

	if (x->total != y->total)
		return x->total > y->total ? -1 : 1;
	order = slice_compare(x->person.member_id, y->person.member_id);
	if (order != 0)
		return order;
	return x->person.member->member_no < y->person.member->member_no ? -1 : 1;
}

bool search_is_same(const void *context, uint32_t a, uint32_t b)
{
	const struct search *search = context;
	const struct scored *x = search->scored[a], *y = search->scored[b];
	struct match_query query = {.intent = search->query->intent, .sent = x->person.member};
	struct scored pair;
	struct score_setting setting;

	/* Only who may be meant at all can stand against another. */
	if (x->total < -10000 || y->total < -10000)
		return false;
	pair.person.member = y->person.member;
	match_compare(&query, &x->person, NULL, &y->person, false, pair.level);
	match_score_setting(search->model, &x->person, search->intent, search->query->population, &setting);
	match_score_member(&setting, &pair);
	return pair.total > 0;
}

void search_weigh_anew(struct search *search)
{
	search->none_probability = match_score_probabilities(search->model, search->scored, search->count,
							     search->with_duplicates ? search_is_same : NULL, search);
}

/* Those whom `gather` brings, and their families. */
static int take_in(struct search *search, int (*gather)(struct search *search))
{
	uint32_t known = search->count, gathered = search->pool.count;
	int error = gather(search);

	if (error >= 0)
		error = weigh_pool(search, gathered);
	return error < 0 ? error : gather_housemates(search, known);
}

int search_run(struct search *search)
{
	int error = normalise(search);

	search->pool.arena = search->arena;
	if (error >= 0)
		error = take_in(search, gather_numbers);
	if (error >= 0 && !(search->stops_early && search->prior == NULL && is_settled(search)))
		error = take_in(search, gather_others);
	if (error < 0)
		return error;
	if (search->count > 1)
		qsort(search->scored, search->count, sizeof(struct scored *), better_first);
	search_weigh_anew(search);
	return 0;
}

int search_run_one(struct search *search, const struct member *member)
{
	int error = normalise(search);

	search->pool.arena = search->arena;
	if (error >= 0)
		error = match_pool_add(&search->pool, member);
	if (error >= 0)
		error = weigh_pool(search, 0);
	if (error < 0)
		return error;
	search_weigh_anew(search);
	return 0;
}
