#include "strict.h"

#include "muster/error.h"
#include "muster/text.h"

/* ---- rules ---- */

/* Named in applied.csv: a person is best convinced by a rule, even where the score alone would do. */
static const char *const rules[] = {
	"member_id+birth_on",   "ssn+birth_on+last_name", "names+birth_on+subscriber_id",
	"member_id+correction", "ssn+correction",         "member_id+names",
	"ssn+names",
};
enum {
	RULE_MEMBER_ID,
	RULE_SSN,
	RULE_NAMES,
	RULE_CORRECTED_ID,
	RULE_CORRECTED_SSN,
	RULE_PAYMENT_ID,
	RULE_PAYMENT_SSN
};

static bool first_agrees(const enum match_level *level)
{
	enum match_level first = level[FIELD_FIRST];

	return first != LEVEL_MISSING && first != LEVEL_FIRST_OTHER && first != LEVEL_FIRST_ALIKE &&
	       first != LEVEL_FIRST_SWAPPED;
}

static bool last_agrees(const enum match_level *level)
{
	enum match_level last = level[FIELD_LAST];

	return last == LEVEL_LAST_EQUAL || last == LEVEL_LAST_TOKEN || last == LEVEL_LAST_SIMILAR;
}

static bool last_differs(const enum match_level *level)
{
	return level[FIELD_LAST] == LEVEL_LAST_OTHER || level[FIELD_LAST] == LEVEL_LAST_CHANGED;
}

static bool last_is_same(const enum match_level *level)
{
	return level[FIELD_LAST] == LEVEL_LAST_EQUAL || level[FIELD_LAST] == LEVEL_LAST_TOKEN;
}

static bool birth_is_near(const enum match_level *level)
{
	enum match_level birth = level[FIELD_BIRTH];

	return birth == LEVEL_BIRTH_SWAPPED || birth == LEVEL_BIRTH_ONE_DIGIT || birth == LEVEL_BIRTH_TWO_PARTS ||
	       birth == LEVEL_BIRTH_DEFAULT || birth == LEVEL_BIRTH_SAME_YEAR;
}

static bool ssn_differs(const enum match_level *level)
{
	enum match_level ssn = level[FIELD_SSN];

	return ssn == LEVEL_SSN_ONE_EDIT || ssn == LEVEL_SSN_TWO_EDITS || ssn == LEVEL_SSN_LAST_FOUR ||
	       ssn == LEVEL_SSN_OTHER;
}

/* Father and son: the same names, born fifteen or more years apart. */
static bool is_other_generation(const struct match_person *a, const struct match_person *b)
{
	int years = a->birth_year - b->birth_year;

	return a->birth_year != 0 && b->birth_year != 0 && (years >= 15 || years <= -15);
}

/* A correction may change the names or the birth date, never both. */
static bool is_correction(const struct match_query *query, const enum match_level *level)
{
	bool birth = level[FIELD_BIRTH] == LEVEL_BIRTH_EQUAL;
	bool names = first_agrees(level) && last_is_same(level);

	return query->corrected && (birth || names);
}

static const char *rule_of(const struct match_query *query, const enum match_level *level)
{
	bool id = level[FIELD_MEMBER_ID] == LEVEL_MEMBER_ID_EQUAL, ssn = level[FIELD_SSN] == LEVEL_SSN_EQUAL;
	bool birth = level[FIELD_BIRTH] == LEVEL_BIRTH_EQUAL;

	if (id && birth)
		return rules[RULE_MEMBER_ID];
	if (ssn && birth && last_is_same(level))
		return rules[RULE_SSN];
	if (birth && level[FIELD_FIRST] == LEVEL_FIRST_EQUAL && level[FIELD_LAST] == LEVEL_LAST_EQUAL &&
	    level[FIELD_SUBSCRIBER] == LEVEL_SUBSCRIBER_EQUAL)
		return rules[RULE_NAMES];
	if (id && is_correction(query, level))
		return rules[RULE_CORRECTED_ID];
	if (ssn && is_correction(query, level))
		return rules[RULE_CORRECTED_SSN];
	/* A payment changes no person: the payer's books know no birth date. */
	if (query->intent == MATCH_PAYMENT && first_agrees(level) && last_is_same(level))
		return id ? rules[RULE_PAYMENT_ID] : ssn ? rules[RULE_PAYMENT_SSN] : NULL;
	return NULL;
}

/* ---- who stands against "new" ---- */

/*
 * Twins enrolled by the same set: the other one was claimed by a record of his own, and what a twin has for himself
 * differs. One digit between the SSNs is usual for twins, but also for a typo: then the names must differ outright.
 */
static bool is_other_twin(const struct match_query *query, const struct scored *scored)
{
	const enum match_level *level = scored->level;
	enum match_level first = level[FIELD_FIRST];

	if (!scored->claimed || first == LEVEL_MISSING || first == LEVEL_FIRST_EQUAL || first == LEVEL_FIRST_NICKNAME)
		return false;
	return query->birth_order > 0 || level[FIELD_SSN] == LEVEL_SSN_OTHER ||
	       (ssn_differs(level) && (first == LEVEL_FIRST_OTHER || first == LEVEL_FIRST_ALIKE));
}

static bool is_at_home(const enum match_level *level)
{
	return level[FIELD_ADDRESS] == LEVEL_ADDRESS_EQUAL || level[FIELD_PHONE] == LEVEL_PHONE_EQUAL;
}

/* Born on the same day: a twin, the same person under another name, or a stranger. */
static bool is_plausible_same_day(const struct match_query *query, const struct scored *scored)
{
	const enum match_level *level = scored->level;
	bool stranger = level[FIELD_SSN] == LEVEL_SSN_OTHER ||
			(level[FIELD_ADDRESS] == LEVEL_ADDRESS_OTHER && level[FIELD_PHONE] == LEVEL_PHONE_OTHER);

	if (level[FIELD_SUBSCRIBER] == LEVEL_SUBSCRIBER_EQUAL || is_at_home(level))
		return !is_other_twin(query, scored);
	if (level[FIELD_SSN] == LEVEL_SSN_ONE_EDIT || level[FIELD_SSN] == LEVEL_SSN_LAST_FOUR)
		return true;
	if (level[FIELD_FIRST] == LEVEL_FIRST_SWAPPED)
		return true;
	if (level[FIELD_FIRST] == LEVEL_MISSING)
		return !last_differs(level);
	if (!first_agrees(level))
		return false;
	return !last_differs(level) || !stranger;
}

static bool is_plausible(const struct match_query *query, const struct scored *scored)
{
	const enum match_level *level = scored->level;
	bool near = birth_is_near(level) || level[FIELD_BIRTH] == LEVEL_MISSING;
	bool names = first_agrees(level) && last_agrees(level);

	if (scored->rule != NULL || scored->holds_ssn || level[FIELD_MEMBER_ID] == LEVEL_MEMBER_ID_EQUAL)
		return true;
	if (level[FIELD_BIRTH] == LEVEL_BIRTH_EQUAL)
		return is_plausible_same_day(query, scored);
	if (level[FIELD_SSN] == LEVEL_SSN_ONE_EDIT || level[FIELD_SSN] == LEVEL_SSN_LAST_FOUR)
		if (names || (near && (first_agrees(level) || last_agrees(level))))
			return true;
	if (near && (names || level[FIELD_FIRST] == LEVEL_FIRST_SWAPPED))
		return true;
	if (level[FIELD_SUBSCRIBER] == LEVEL_SUBSCRIBER_EQUAL)
		return (first_agrees(level) && (level[FIELD_FIRST] != LEVEL_FIRST_MIDDLE || near)) ||
		       (near && level[FIELD_FIRST] == LEVEL_MISSING);
	if (!is_at_home(level))
		return false;
	return (first_agrees(level) && near) || (level[FIELD_FIRST] == LEVEL_FIRST_EQUAL && last_is_same(level));
}

void match_strict_assess(const struct match_query *query, struct scored *scored)
{
	scored->rule = rule_of(query, scored->level);
	scored->plausible = is_plausible(query, scored);
	scored->excluded = is_other_twin(query, scored) && !scored->plausible;
}

/* ---- guards ---- */

/* The reason for a representative; text NULL = no memory. */
struct verdict {
	enum category category; /* CATEGORY_COUNT: nothing stands against it */
	struct slice reason;
};

static const struct verdict sound = {CATEGORY_COUNT, {NULL, 0}};

#define ID_FORMAT "%.*s"
#define ID_OF(scored) (int)shown_id(scored).len, shown_id(scored).data

/* A person whom the family under way has only just brought has no number yet. */
static struct slice shown_id(const struct scored *scored)
{
	return slice_is_empty(scored->person.member_id) ? SLICE_LITERAL("(new by this file)")
							: scored->person.member_id;
}

static bool is_same_household(const struct scored *a, const struct scored *b)
{
	return match_person_same_family(&a->person, &b->person);
}

/* Somebody else of his household who was born on the day sent, or NULL. */
static const struct scored *find_twin(const struct strict *strict, const struct scored *best)
{
	uint32_t i;

	for (i = 0; i < strict->count; i++) {
		const struct scored *other = strict->scored[i];

		if (other != best && is_same_household(other, best) && best->person.birth_on != DATE_NONE &&
		    other->person.birth_on == best->person.birth_on)
			return other;
	}
	return NULL;
}

/*
 * matching section 1.3: with a housemate of the same birth date on file, or an id that is not his own, only an equal
 * first name tells which of the two is meant; nicknames, prefixes, initials and middle names do not.
 */
static struct verdict guard_twin(const struct strict *strict, const struct scored *best)
{
	const enum match_level *level = best->level;
	const struct scored *twin = find_twin(strict, best);
	bool own_number = level[FIELD_SSN] == LEVEL_SSN_EQUAL || level[FIELD_MEMBER_ID] == LEVEL_MEMBER_ID_EQUAL;
	bool exact = level[FIELD_FIRST] == LEVEL_FIRST_EQUAL;

	if (twin != NULL && (!exact || twin->level[FIELD_FIRST] == LEVEL_FIRST_EQUAL))
		return (struct verdict){CATEGORY_TWIN_RISK,
					arena_printf(strict->arena,
						     "Members " ID_FORMAT " and " ID_FORMAT
						     " of one family have the same birth date, and the first name sent "
						     "does not tell them apart.",
						     ID_OF(best), ID_OF(twin))};
	if (level[FIELD_BIRTH] == LEVEL_BIRTH_EQUAL && !own_number && !exact)
		return (struct verdict){CATEGORY_TWIN_RISK,
					arena_printf(strict->arena,
						     "Member " ID_FORMAT
						     " has the birth date sent, but another first name and no number "
						     "in common: perhaps a twin.",
						     ID_OF(best))};
	return sound;
}

static struct verdict guard_names(const struct strict *strict, const struct scored *best)
{
	const enum match_level *level = best->level;
	enum match_level first = level[FIELD_FIRST];

	if (level[FIELD_SUFFIX] == LEVEL_SUFFIX_OTHER)
		return (struct verdict){CATEGORY_NAME_MISMATCH,
					arena_printf(strict->arena,
						     "Member " ID_FORMAT
						     " has another suffix (Jr, Sr, II, III) than the one sent.",
						     ID_OF(best))};
	if (level[FIELD_SEX] == LEVEL_SEX_OTHER && first != LEVEL_FIRST_EQUAL && first != LEVEL_FIRST_NICKNAME)
		return (struct verdict){CATEGORY_NAME_MISMATCH,
					arena_printf(strict->arena,
						     "Member " ID_FORMAT
						     " has another sex and another first name than those sent.",
						     ID_OF(best))};
	if (first != LEVEL_MISSING && !first_agrees(level) && !is_correction(strict->query, level))
		return (struct verdict){CATEGORY_NAME_MISMATCH,
					arena_printf(strict->arena,
						     "Member " ID_FORMAT " has another first name than the one sent.",
						     ID_OF(best))};
	if (!last_agrees(level) && level[FIELD_LAST] != LEVEL_MISSING && !is_correction(strict->query, level) &&
	    (level[FIELD_MEMBER_ID] != LEVEL_MEMBER_ID_EQUAL ||
	     (first != LEVEL_FIRST_EQUAL && first != LEVEL_FIRST_NICKNAME)))
		return (struct verdict){CATEGORY_NAME_MISMATCH,
					arena_printf(strict->arena,
						     "Member " ID_FORMAT " has another name than the one sent.",
						     ID_OF(best))};
	if (level[FIELD_BIRTH] != LEVEL_BIRTH_EQUAL && is_other_generation(strict->sent, &best->person))
		return (struct verdict){CATEGORY_DOB_MISMATCH,
					arena_printf(strict->arena,
						     "Member " ID_FORMAT
						     " was born fifteen or more years apart from the birth date sent.",
						     ID_OF(best))};
	return sound;
}

static const struct scored *find_id_holder(const struct strict *strict)
{
	uint32_t i;

	for (i = 0; i < strict->count; i++)
		if (strict->scored[i]->level[FIELD_MEMBER_ID] == LEVEL_MEMBER_ID_EQUAL)
			return strict->scored[i];
	return NULL;
}

/* Who has the SSN sent; NULL also when `best` is one of them. */
static const struct scored *find_other_ssn_holder(const struct strict *strict, const struct scored *best)
{
	uint32_t i;

	if (best->holds_ssn)
		return NULL;
	for (i = 0; i < strict->count; i++)
		if (strict->scored[i]->holds_ssn)
			return strict->scored[i];
	return NULL;
}

static struct verdict ssn_dup(const struct strict *strict, const struct scored *holder)
{
	char masked[TEXT_SSN_BYTES];

	return (struct verdict){CATEGORY_SSN_DUP,
				arena_printf(strict->arena,
					     "The SSN sent (%s) is that of member " ID_FORMAT
					     ", who is another person by the rest of the record.",
					     text_mask_ssn(strict->sent->ssn, masked), ID_OF(holder))};
}

static struct verdict guard_numbers(const struct strict *strict, const struct scored *best)
{
	const enum match_level *level = best->level;
	const struct scored *id_holder = find_id_holder(strict), *ssn_holder = find_other_ssn_holder(strict, best);
	char sent[TEXT_SSN_BYTES], known[TEXT_SSN_BYTES];

	if (id_holder != NULL && level[FIELD_MEMBER_ID] != LEVEL_MEMBER_ID_EQUAL)
		return (struct verdict){CATEGORY_ID_CONFLICT,
					arena_printf(strict->arena,
						     "The member number sent is that of member " ID_FORMAT
						     ", but the rest of the record points at member " ID_FORMAT ".",
						     ID_OF(id_holder), ID_OF(best))};
	if (ssn_holder != NULL)
		return ssn_dup(strict, ssn_holder);
	/* A new SSN is taken over where a correction was announced and the member's own number and birth date agree. */
	if (ssn_differs(level) && !(strict->query->corrected && level[FIELD_MEMBER_ID] == LEVEL_MEMBER_ID_EQUAL &&
				    first_agrees(level) && level[FIELD_BIRTH] == LEVEL_BIRTH_EQUAL))
		return (struct verdict){CATEGORY_SSN_MISMATCH,
					arena_printf(strict->arena,
						     "Member " ID_FORMAT " has the SSN %s on file; %s was sent.",
						     ID_OF(best), text_mask_ssn(best->person.ssn, known),
						     text_mask_ssn(strict->sent->ssn, sent))};
	return sound;
}

static struct verdict guard_birth(const struct strict *strict, const struct scored *best)
{
	enum match_level birth = best->level[FIELD_BIRTH];

	if (birth == LEVEL_BIRTH_EQUAL || birth == LEVEL_MISSING || is_correction(strict->query, best->level))
		return sound;
	return (struct verdict){CATEGORY_DOB_MISMATCH,
				arena_printf(strict->arena,
					     "Member " ID_FORMAT " is meant, but the birth date sent is another (%s).",
					     ID_OF(best), match_levels[birth].words)};
}

/* A namesake born on the same day is rare, but not rare enough: something else must agree. */
static struct verdict guard_alone(const struct strict *strict, const struct scored *best)
{
	const enum match_level *level = best->level;

	if (best->rule != NULL || level[FIELD_SSN] == LEVEL_SSN_EQUAL || level[FIELD_SSN] == LEVEL_SSN_SUBSCRIBERS ||
	    level[FIELD_MEMBER_ID] == LEVEL_MEMBER_ID_EQUAL || level[FIELD_EMAIL] == LEVEL_EMAIL_EQUAL ||
	    match_is_at_home(level))
		return sound;
	return (struct verdict){CATEGORY_LOW_SCORE,
				arena_printf(strict->arena,
					     "Member " ID_FORMAT
					     " has the names and birth date sent, but nothing else in common.",
					     ID_OF(best))};
}

static struct verdict guard_claim(const struct strict *strict, const struct scored *best)
{
	if (!best->claimed || match_is_sent_twice(best->level))
		return sound;
	return (struct verdict){CATEGORY_MULTI_MATCH,
				arena_printf(strict->arena,
					     "Member " ID_FORMAT
					     " was already meant by another record of this file, with other data.",
					     ID_OF(best))};
}

static struct verdict guard_kin(const struct strict *strict, const struct scored *best)
{
	if (best->rule != rules[RULE_NAMES] || best->level[FIELD_KIN] != LEVEL_KIN_SELF_OTHER)
		return sound;
	return (struct verdict){
		CATEGORY_LOW_SCORE,
		arena_printf(strict->arena,
			     "Member " ID_FORMAT
			     " fits by name and birth date, but one is the subscriber and the other a dependent.",
			     ID_OF(best))};
}

/* What stands against a member who satisfies a rule. */
static struct verdict guard(const struct strict *strict, const struct scored *best)
{
	static struct verdict (*const guards[])(const struct strict *, const struct scored *) = {
		guard_numbers, guard_names, guard_twin, guard_birth, guard_claim, guard_kin, guard_alone,
	};
	struct verdict verdict = sound;
	size_t i;

	for (i = 0; i < sizeof(guards) / sizeof(guards[0]) && verdict.category == CATEGORY_COUNT; i++)
		verdict = guards[i](strict, best);
	return verdict;
}

/* ---- without a rule ---- */

/* He was ruled out, but a number of his is sent all the same: who else bears it? */
static struct verdict why_ruled_out(const struct strict *strict, const struct scored *holder)
{
	bool by_id = holder->level[FIELD_MEMBER_ID] == LEVEL_MEMBER_ID_EQUAL;

	return (struct verdict){by_id ? CATEGORY_ID_CONFLICT : CATEGORY_SSN_DUP,
				arena_printf(strict->arena,
					     "The %s sent is that of member " ID_FORMAT
					     ", of whom a representative said that he is not meant.",
					     by_id ? "member number" : "SSN", ID_OF(holder))};
}

static struct verdict why_id_holder(const struct strict *strict, const struct scored *holder)
{
	const enum match_level *level = holder->level;
	bool names = first_agrees(level) && last_agrees(level);

	if (names && level[FIELD_BIRTH] == LEVEL_MISSING)
		return (struct verdict){CATEGORY_LOW_SCORE,
					arena_printf(strict->arena,
						     "Member number and name are those of member " ID_FORMAT
						     ", but there is no birth date to compare.",
						     ID_OF(holder))};
	if (names)
		return (struct verdict){CATEGORY_DOB_MISMATCH,
					arena_printf(strict->arena,
						     "Member number and name are those of member " ID_FORMAT
						     ", but the birth date differs.",
						     ID_OF(holder))};
	return (struct verdict){CATEGORY_ID_CONFLICT, arena_printf(strict->arena,
								   "The member number sent is that of member " ID_FORMAT
								   ", whose name and birth date are others.",
								   ID_OF(holder))};
}

static struct verdict why_ssn_holder(const struct strict *strict, const struct scored *holder)
{
	const enum match_level *level = holder->level;

	if (level[FIELD_SSN] != LEVEL_SSN_EQUAL) /* the subscriber's, on a dependent */
		return ssn_dup(strict, holder);
	if (level[FIELD_BIRTH] == LEVEL_BIRTH_EQUAL)
		return (struct verdict){CATEGORY_NAME_MISMATCH,
					arena_printf(strict->arena,
						     "SSN and birth date are those of member " ID_FORMAT
						     ", but the name differs.",
						     ID_OF(holder))};
	if (first_agrees(level) && last_agrees(level) && !is_other_generation(strict->sent, &holder->person))
		return (struct verdict){level[FIELD_BIRTH] == LEVEL_MISSING ? CATEGORY_LOW_SCORE
									    : CATEGORY_DOB_MISMATCH,
					arena_printf(strict->arena,
						     "SSN and name are those of member " ID_FORMAT
						     ", but the birth date differs or is missing.",
						     ID_OF(holder))};
	return ssn_dup(strict, holder);
}

static struct verdict why_plausible(const struct strict *strict, const struct scored *best, uint32_t plausible)
{
	const enum match_level *level = best->level;

	if (level[FIELD_BIRTH] == LEVEL_BIRTH_EQUAL && level[FIELD_FIRST] != LEVEL_FIRST_EQUAL &&
	    (level[FIELD_SUBSCRIBER] == LEVEL_SUBSCRIBER_EQUAL || is_at_home(level)))
		return (struct verdict){CATEGORY_TWIN_RISK,
					arena_printf(strict->arena,
						     "Member " ID_FORMAT
						     " of the same family has the same birth date: this may be a twin, "
						     "or the same person under another name.",
						     ID_OF(best))};
	if (level[FIELD_BIRTH] == LEVEL_BIRTH_EQUAL && level[FIELD_FIRST] == LEVEL_FIRST_EQUAL &&
	    level[FIELD_LAST] == LEVEL_LAST_EQUAL && ssn_differs(level))
		return guard_numbers(strict, best);
	if (plausible > 1)
		return (struct verdict){CATEGORY_MULTI_MATCH,
					arena_printf(strict->arena,
						     "%u members fit in part; the best is " ID_FORMAT
						     ". None is certain.",
						     plausible, ID_OF(best))};
	return (struct verdict){
		CATEGORY_LOW_SCORE,
		arena_printf(strict->arena, "Member " ID_FORMAT " fits in part, but not with certainty.", ID_OF(best))};
}

static uint32_t count_plausible(const struct strict *strict, const struct scored **ret_best)
{
	uint32_t i, count = 0;

	*ret_best = NULL;
	for (i = 0; i < strict->count; i++) {
		if (!strict->scored[i]->plausible)
			continue;
		if (count++ == 0)
			*ret_best = strict->scored[i];
	}
	return count;
}

/* Nobody satisfies a rule: why it is not certain, or that nobody is meant. */
static struct verdict why_uncertain(const struct strict *strict)
{
	const struct scored *id_holder = find_id_holder(strict), *ssn_holder = NULL, *best;
	uint32_t i, plausible = count_plausible(strict, &best);

	for (i = 0; i < strict->count && ssn_holder == NULL; i++)
		if (strict->scored[i]->holds_ssn)
			ssn_holder = strict->scored[i];
	if (id_holder != NULL && ssn_holder != NULL && id_holder != ssn_holder)
		return (struct verdict){CATEGORY_ID_CONFLICT,
					arena_printf(strict->arena,
						     "The member number sent is that of member " ID_FORMAT
						     ", the SSN that of member " ID_FORMAT ".",
						     ID_OF(id_holder), ID_OF(ssn_holder))};
	if (id_holder != NULL)
		return id_holder->ruled_out ? why_ruled_out(strict, id_holder) : why_id_holder(strict, id_holder);
	if (ssn_holder != NULL)
		return ssn_holder->ruled_out ? why_ruled_out(strict, ssn_holder) : why_ssn_holder(strict, ssn_holder);
	if (plausible > 0)
		return why_plausible(strict, best, plausible);
	return (struct verdict){CATEGORY_NO_MATCH, SLICE_LITERAL("No member on file fits the record.")};
}

/* Enough is known of the person to say that nobody on file is meant, and nobody on file could be meant. */
static bool can_be_new(const struct strict *strict)
{
	const struct search *search = strict->search;
	uint32_t i;

	if (search->query->intent != MATCH_ADD || search->sent->birth_on == DATE_NONE ||
	    search->sent->last.text[0] == '\0' || !search_is_new(search))
		return false;
	for (i = 0; i < search->count; i++)
		if (search->scored[i]->plausible)
			return false;
	return true;
}

static int review(struct verdict verdict, struct match_result *ret_result)
{
	if (verdict.reason.data == NULL)
		return -ENOMEM;
	ret_result->disposition = MATCH_REVIEW;
	ret_result->category = verdict.category;
	ret_result->reason = verdict.reason;
	return 0;
}

/* What the matcher's own guard found, in the categories of exceptions. */
static struct verdict why_guarded(const struct strict *strict, const struct scored *best, enum search_guard guard)
{
	enum category category = guard == GUARD_TWIN                                ? CATEGORY_TWIN_RISK
				 : guard == GUARD_GENERATION || guard == GUARD_SEX   ? CATEGORY_NAME_MISMATCH
				 : guard == GUARD_MARGIN || guard == GUARD_CLAIMED   ? CATEGORY_MULTI_MATCH
				 : guard == GUARD_SSN || guard == GUARD_SSN_OWNER    ? CATEGORY_SSN_DUP
				 : guard == GUARD_SSN_OTHER                          ? CATEGORY_SSN_MISMATCH
				 : guard == GUARD_MEMBER_ID                          ? CATEGORY_ID_CONFLICT
										     : CATEGORY_LOW_SCORE;

	return (struct verdict){category, arena_printf(strict->arena, "Member " ID_FORMAT " fits best, but %s.",
						       ID_OF(best), search_guard_words(guard))};
}

/* The first two who satisfy a rule; how many do. */
static uint32_t find_rules(const struct strict *strict, const struct scored *ret_two[2])
{
	uint32_t i, count = 0;

	for (i = 0; i < strict->count; i++) {
		if (strict->scored[i]->rule == NULL)
			continue;
		if (count < 2)
			ret_two[count] = strict->scored[i];
		count++;
	}
	return count;
}

static struct verdict why_not_automatic(const struct strict *strict, const struct scored *best,
					enum search_guard guard_)
{
	const struct scored *two[2];
	struct verdict verdict;

	if (find_rules(strict, two) > 1)
		return (struct verdict){CATEGORY_MULTI_MATCH,
					arena_printf(strict->arena, "Members " ID_FORMAT " and " ID_FORMAT " both fit.",
						     ID_OF(two[0]), ID_OF(two[1]))};
	verdict = best->rule != NULL ? guard(strict, best) : why_uncertain(strict);
	if (verdict.category == CATEGORY_COUNT ||
	    (verdict.category == CATEGORY_NO_MATCH && strict->query->intent == MATCH_ADD))
		return why_guarded(strict, best, guard_);
	return verdict;
}

/* Categories speak of numbers, names and dates that agree or do not; the score alone is no category. */
static struct verdict without_rule(const struct strict *strict, struct verdict stopped)
{
	struct verdict verdict = why_uncertain(strict);

	return verdict.category == CATEGORY_NO_MATCH ? stopped : verdict;
}

static int take_best(const struct scored *best, struct match_result *ret_result)
{
	ret_result->disposition = MATCH_AUTO;
	ret_result->member = best->person.member;
	ret_result->rule = best->rule != NULL ? best->rule : "score";
	ret_result->confidence = best->probability;
	return 0;
}

int match_strict_decide(const struct strict *strict, struct match_result *ret_result)
{
	const struct search *search = strict->search;
	const struct scored *best = search->count > 0 && !search->scored[0]->ruled_out ? search->scored[0] : NULL;
	enum search_guard stop = best != NULL ? search_guard(search) : GUARD_EVIDENCE;
	struct verdict verdict;

	if (stop == GUARD_NONE) {
		verdict = guard(strict, best);
		if (verdict.category == CATEGORY_COUNT)
			return take_best(best, ret_result);
		return review(best->rule != NULL ? verdict : without_rule(strict, verdict), ret_result);
	}
	if (can_be_new(strict)) {
		ret_result->disposition = MATCH_NEW;
		ret_result->rule = "new";
		ret_result->confidence = search->none_probability;
		return 0;
	}
	if (best == NULL)
		return review(why_uncertain(strict), ret_result);
	ret_result->guard = search_guard_words(stop);
	return review(why_not_automatic(strict, best, stop), ret_result);
}
