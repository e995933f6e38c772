/*
 * guard: certain enough to act without a person?
 *
 * The numbers first (probability, distance to the next, evidence on the person and not on the household), then what
 * no number outweighs. A wrong match costs about ten thousand times what a look at an exception costs.
 *
 * Source    matching sections 1.3 and 4 (decision).
 */
#include "search.h"

static bool is(const struct scored *scored, enum match_field field, enum match_level level)
{
	return scored->level[field] == level;
}

/* The second one who is somebody else. */
static const struct scored *runner_up(const struct search *search)
{
	uint32_t i;

	for (i = 1; i < search->count; i++) {
		if (search->with_duplicates && search_is_same(search, 0, i))
			continue;
		/* Those ruled out stand last. */
		return search->scored[i]->ruled_out ? NULL : search->scored[i];
	}
	return NULL;
}

static bool lacks_evidence(const struct search *search, const struct scored *best)
{
	double wrong = 1.0 - best->probability;

	return wrong * 1e6 > search->model->auto_wrong_ppm || best->person_bits < search->model->auto_person;
}

static bool lacks_margin(const struct search *search, const struct scored *best)
{
	const struct scored *second = runner_up(search);

	return second != NULL && best->total - second->total < search->model->auto_margin;
}

static bool is_other_name(const struct scored *scored)
{
	return is(scored, FIELD_FIRST, LEVEL_FIRST_OTHER) || is(scored, FIELD_FIRST, LEVEL_FIRST_ALIKE);
}

/*
 * A family has one subscriber and one spouse at a time: these have no unknown twin in the same role. Twins with a
 * contract each have a subscriber number each.
 */
static bool is_only_one_of_family(const struct scored *best)
{
	if (!is(best, FIELD_KIN, LEVEL_KIN_SELF) && !is(best, FIELD_KIN, LEVEL_KIN_SPOUSE))
		return false;
	return is(best, FIELD_SUBSCRIBER, LEVEL_SUBSCRIBER_EQUAL) ||
	       (is(best, FIELD_SUBSCRIBER, LEVEL_MISSING) && !is_other_name(best));
}

static bool is_whole_name(const struct match_name *a, const struct match_name *b)
{
	return strlen(a->compact) >= 3 && strcmp(a->compact, b->compact) == 0;
}

/* The known first name stands, letter by letter, in another place: a twin would not bear it at all. */
static bool is_name_elsewhere(const struct search *search, const struct scored *best)
{
	const struct match_person *sent = search->sent, *known = &best->person;

	return (is(best, FIELD_FIRST, LEVEL_FIRST_SWAPPED) && is_whole_name(&sent->last, &known->first)) ||
	       is(best, FIELD_FIRST, LEVEL_FIRST_TURNED);
}

/* Somebody else of his family on file, born on the same day. */
static bool is_twin_on_file(const struct scored *best, const struct scored *other)
{
	return best->person.birth_on != DATE_NONE && other->person.birth_on == best->person.birth_on &&
	       match_person_same_family(&best->person, &other->person);
}

/* His twin fits the first name at least as well. */
static bool has_closer_twin(const struct search *search, const struct scored *best)
{
	uint32_t i;

	for (i = 1; i < search->count; i++) {
		const struct scored *other = search->scored[i];

		if (is_twin_on_file(best, other) &&
		    (other->level[FIELD_FIRST] <= best->level[FIELD_FIRST] || is(best, FIELD_FIRST, LEVEL_MISSING)))
			return true;
	}
	return false;
}

static bool is_own_number_equal(const struct scored *best)
{
	return is(best, FIELD_SSN, LEVEL_SSN_EQUAL) || is(best, FIELD_MEMBER_ID, LEVEL_MEMBER_ID_EQUAL);
}

static bool is_middle_alike(const struct scored *best)
{
	return is(best, FIELD_MIDDLE, LEVEL_MIDDLE_EQUAL) || is(best, FIELD_MIDDLE, LEVEL_MIDDLE_INITIAL);
}

/*
 * His twin's name is a form of the one sent, or a slip away from it, and neither a number nor the middle name says which
 * of the two is meant.
 */
static bool has_like_named_twin(const struct search *search, const struct scored *best)
{
	uint32_t i;

	for (i = 1; i < search->count && !is_own_number_equal(best); i++) {
		const struct scored *other = search->scored[i];

		if (is_twin_on_file(best, other) && !is(other, FIELD_FIRST, LEVEL_MISSING) && !is_other_name(other) &&
		    !(is_middle_alike(best) && is(other, FIELD_MIDDLE, LEVEL_MIDDLE_OTHER)))
			return true;
	}
	return false;
}

/* Families have many dependents; that both are the subscriber, or both the spouse, tells one person. */
static bool is_child(const struct scored *best)
{
	return is(best, FIELD_KIN, LEVEL_KIN_EQUAL) || is(best, FIELD_KIN, LEVEL_KIN_OTHER);
}

/* Brother and sister: neither a number nor the middle name says that a child's other sex is a slip. */
static bool is_other_sex(const struct scored *best)
{
	return is_child(best) && is(best, FIELD_SEX, LEVEL_SEX_OTHER) && !is_middle_alike(best);
}

/*
 * His name, typed wrong: a twin has a name that somebody is called. Or a form of it, with his middle name written out: no
 * two children of a family are called JOEY BRAYDEN and JOSEPH BRAYDEN. What else is said must not speak against him.
 */
static bool is_his_name(const struct search *search, const struct scored *best)
{
	const struct match_name *first = &best->person.first, *middle = &best->person.middle;

	if ((!is(best, FIELD_SSN, LEVEL_MISSING) && !is(best, FIELD_SSN, LEVEL_SSN_SUBSCRIBERS)) ||
	    is(best, FIELD_SEX, LEVEL_SEX_OTHER) || is(best, FIELD_MIDDLE, LEVEL_MIDDLE_OTHER))
		return false;
	if (is(best, FIELD_FIRST, LEVEL_FIRST_SLIP))
		return true;
	return is(best, FIELD_MIDDLE, LEVEL_MIDDLE_EQUAL) && is(best, FIELD_BIRTH, LEVEL_BIRTH_EQUAL) &&
	       strlen(middle->compact) >= 3 && strcmp(first->compact, middle->compact) != 0 &&
	       strcmp(search->sent->first.compact, middle->compact) != 0 && !is_other_name(best) &&
	       !is(best, FIELD_FIRST, LEVEL_MISSING);
}

/* Neither a number nor the first name, as it stands or in another place, is his. */
static bool is_other_first(const struct search *search, const struct scored *best)
{
	return !is_own_number_equal(best) && !is(best, FIELD_FIRST, LEVEL_FIRST_EQUAL) &&
	       !is_name_elsewhere(search, best) && !is_his_name(search, best);
}

static bool may_be_twin(const struct search *search, const struct scored *best)
{
	/* With a fault in the date, or none sent, a child of another name may still be the twin. */
	if (!is(best, FIELD_BIRTH, LEVEL_BIRTH_EQUAL))
		return is_child(best) && is_other_first(search, best);
	if (!search->with_duplicates && (has_closer_twin(search, best) || has_like_named_twin(search, best)))
		return true;
	return (is_other_sex(best) && !is_own_number_equal(best)) ||
	       (is_other_first(search, best) && !is_only_one_of_family(best));
}

/*
 * A birth date with a fault in it, where a number of his own says that it is one; or his role at home: father and son are
 * not both the subscriber or both a child, and seldom share month and day.
 */
static bool is_mistyped_birth(const struct scored *best)
{
	bool home = is(best, FIELD_SUBSCRIBER, LEVEL_SUBSCRIBER_EQUAL) || is(best, FIELD_ADDRESS, LEVEL_ADDRESS_EQUAL);
	bool role = is(best, FIELD_KIN, LEVEL_KIN_SELF) || is(best, FIELD_KIN, LEVEL_KIN_SPOUSE) ||
		    is(best, FIELD_KIN, LEVEL_KIN_EQUAL);

	return is(best, FIELD_BIRTH, LEVEL_BIRTH_ONE_DIGIT) && (is_own_number_equal(best) || (home && role)) &&
	       is(best, FIELD_SUFFIX, LEVEL_MISSING) && !is(best, FIELD_KIN, LEVEL_KIN_SELF_OTHER);
}

/* Of sons named after their father there may be two: their birth dates or a number tell them apart, their names do not. */
static bool may_be_other_junior(const struct scored *best)
{
	return is(best, FIELD_SUFFIX, LEVEL_SUFFIX_EQUAL) && !is(best, FIELD_BIRTH, LEVEL_BIRTH_EQUAL) &&
	       !is(best, FIELD_BIRTH, LEVEL_MISSING) && !is_own_number_equal(best);
}

/* Jr and Sr, or father and son of one name. */
static bool is_other_generation(const struct search *search, const struct scored *best)
{
	int years = search->sent->birth_year - best->person.birth_year;

	if (is(best, FIELD_SUFFIX, LEVEL_SUFFIX_OTHER) || may_be_other_junior(best))
		return true;
	return is(best, FIELD_FIRST, LEVEL_FIRST_EQUAL) && is(best, FIELD_LAST, LEVEL_LAST_EQUAL) &&
	       search->sent->birth_year != 0 && best->person.birth_year != 0 && (years >= 15 || years <= -15) &&
	       !is_mistyped_birth(best);
}

/* A number agrees, but neither the first name nor the birth date does. */
static bool is_number_alone(const struct scored *scored)
{
	return is_other_name(scored) &&
	       (is(scored, FIELD_BIRTH, LEVEL_BIRTH_OTHER) || is(scored, FIELD_BIRTH, LEVEL_BIRTH_SAME_YEAR) ||
		is(scored, FIELD_BIRTH, LEVEL_BIRTH_TWO_PARTS));
}

static bool is_anothers_ssn(const struct search *search, const struct scored *best)
{
	uint32_t i;

	if (best->holds_ssn || is(best, FIELD_SSN, LEVEL_SSN_SUBSCRIBERS) || is(best, FIELD_SSN, LEVEL_SSN_EQUAL))
		return false;
	for (i = 1; i < search->count; i++)
		if (search->scored[i]->holds_ssn &&
		    !(search->with_duplicates && search_is_same(search, 0, i)))
			return true;
	return false;
}

/* Both have an SSN, and no slip makes one of the other; his own number does not say that he has a new one. */
static bool is_other_ssn(const struct scored *best)
{
	return (is(best, FIELD_SSN, LEVEL_SSN_OTHER) || is(best, FIELD_SSN, LEVEL_SSN_TWO_EDITS) ||
		is(best, FIELD_SSN, LEVEL_SSN_LAST_FOUR)) &&
	       !is(best, FIELD_MEMBER_ID, LEVEL_MEMBER_ID_EQUAL);
}

/* Neither a number nor a home agrees: names and birth date are all there is. */
static bool is_namesake(const struct scored *best)
{
	return !is(best, FIELD_SSN, LEVEL_SSN_EQUAL) && !is(best, FIELD_SSN, LEVEL_SSN_ONE_EDIT) &&
	       !is(best, FIELD_SSN, LEVEL_SSN_SUBSCRIBERS) && !is(best, FIELD_MEMBER_ID, LEVEL_MEMBER_ID_EQUAL) &&
	       !is(best, FIELD_EMAIL, LEVEL_EMAIL_EQUAL) && !match_is_at_home(best->level);
}

/* Another middle name, sex or role. */
static bool is_contradicted(const struct scored *best)
{
	return is(best, FIELD_MIDDLE, LEVEL_MIDDLE_OTHER) || is(best, FIELD_SEX, LEVEL_SEX_OTHER) ||
	       is(best, FIELD_KIN, LEVEL_KIN_SELF_OTHER);
}

/*
 * Who moves takes telephone, middle name or employer along; a namesake has none of these, but now and then the initial.
 * Children of one employer are many.
 */
static bool has_nothing_along(const struct scored *best)
{
	bool group = is(best, FIELD_GROUP, LEVEL_GROUP_EQUAL);

	if (!is(best, FIELD_PHONE, LEVEL_PHONE_OTHER))
		return false;
	if (!is_middle_alike(best))
		return !group || is_child(best);
	return is(best, FIELD_MIDDLE, LEVEL_MIDDLE_INITIAL) && !is(best, FIELD_ADDRESS, LEVEL_MISSING) && !group;
}

/* A town's ZIP code speaks for one person where nothing contradicts, and he took something along within the town. */
static bool has_town_alone(const struct scored *best)
{
	return is(best, FIELD_PHONE, LEVEL_PHONE_OTHER) && !is_middle_alike(best) &&
	       !is(best, FIELD_GROUP, LEVEL_GROUP_EQUAL);
}

/*
 * There are namesakes born on the same day: these have another family or employer, another middle name, sex or role, or
 * nothing that a person takes along to another home.
 */
static bool is_elsewhere(const struct scored *best)
{
	if (!is_namesake(best))
		return false;
	if (is_contradicted(best))
		return true;
	if (is(best, FIELD_ADDRESS, LEVEL_ADDRESS_ZIP))
		return has_town_alone(best);
	return is(best, FIELD_SUBSCRIBER, LEVEL_SUBSCRIBER_OTHER) || is(best, FIELD_GROUP, LEVEL_GROUP_OTHER) ||
	       has_nothing_along(best);
}

/* The same where no relationship is known: not even a ZIP code, a group or the middle name as written agrees. */
static bool is_alone(const struct search *search, const struct scored *best)
{
	const char *middle = best->person.middle.compact;

	return is_namesake(best) && !is(best, FIELD_ADDRESS, LEVEL_ADDRESS_ZIP) &&
	       !is(best, FIELD_GROUP, LEVEL_GROUP_EQUAL) &&
	       (middle[0] == '\0' || strcmp(search->sent->middle.compact, middle) != 0);
}

/*
 * Enrollments say what somebody is to the subscriber; of other lists nobody knows whether two rows are the subscriber
 * and a child, or twins. There experts call a pair sure only where names (a nickname with an equal SSN) and birth date
 * agree, the SSN with them or nothing said of it, and something else too: who has an SSN one digit off may be a sibling.
 */
static bool lacks_role(const struct search *search, const struct scored *best)
{
	enum match_level ssn = best->level[FIELD_SSN];
	bool ssn_agrees = ssn == LEVEL_MISSING || ssn == LEVEL_SSN_EQUAL;
	bool other_form = ssn == LEVEL_SSN_EQUAL && (is(best, FIELD_FIRST, LEVEL_FIRST_NICKNAME) ||
						     is(best, FIELD_FIRST, LEVEL_FIRST_PREFIX) ||
						     is(best, FIELD_FIRST, LEVEL_FIRST_SWAPPED));

	if (!is(best, FIELD_KIN, LEVEL_MISSING) || is(best, FIELD_MEMBER_ID, LEVEL_MEMBER_ID_EQUAL))
		return false;
	return !is(best, FIELD_BIRTH, LEVEL_BIRTH_EQUAL) ||
	       (!is(best, FIELD_FIRST, LEVEL_FIRST_EQUAL) && !other_form) ||
	       (!is(best, FIELD_LAST, LEVEL_LAST_EQUAL) && !is(best, FIELD_LAST, LEVEL_LAST_SWAPPED)) || !ssn_agrees ||
	       is_alone(search, best);
}

static bool is_claimed_by_another(const struct scored *best)
{
	return best->claimed && !match_is_sent_twice(best->level);
}

enum search_guard search_guard(const struct search *search)
{
	const struct scored *best = search->scored[0];

	if (may_be_twin(search, best))
		return GUARD_TWIN;
	if (is_other_generation(search, best))
		return GUARD_GENERATION;
	if (is(best, FIELD_SSN, LEVEL_SSN_EQUAL) && is_number_alone(best))
		return GUARD_SSN;
	if (is(best, FIELD_MEMBER_ID, LEVEL_MEMBER_ID_EQUAL) && is_number_alone(best))
		return GUARD_MEMBER_ID;
	if (is(best, FIELD_SEX, LEVEL_SEX_OTHER) && is_other_name(best))
		return GUARD_SEX;
	if (is_anothers_ssn(search, best))
		return GUARD_SSN_OWNER;
	if (is_other_ssn(best))
		return GUARD_SSN_OTHER;
	if (is_elsewhere(best))
		return GUARD_NAMESAKE;
	if (search->query->intent != MATCH_PAYMENT && lacks_role(search, best))
		return GUARD_ROLE;
	if (is_claimed_by_another(best))
		return GUARD_CLAIMED;
	if (lacks_margin(search, best))
		return GUARD_MARGIN;
	return lacks_evidence(search, best) ? GUARD_EVIDENCE : GUARD_NONE;
}

bool search_is_new(const struct search *search)
{
	uint32_t i;

	if ((1.0 - search->none_probability) * 1e6 > search->model->new_ppm)
		return false;
	for (i = 0; i < search->count; i++)
		if (search->scored[i]->probability * 1e6 >= search->model->new_ppm)
			return false;
	return true;
}

const char *search_guard_words(enum search_guard guard)
{
	static const char *const words[GUARD_COUNT] = {
		[GUARD_NONE] = "",
		[GUARD_EVIDENCE] = "the evidence is not enough",
		[GUARD_MARGIN] = "another member fits nearly as well",
		[GUARD_TWIN] = "it may be a twin",
		[GUARD_GENERATION] = "it may be another generation",
		[GUARD_SSN] = "only the SSN agrees",
		[GUARD_MEMBER_ID] = "only the member number agrees",
		[GUARD_SEX] = "sex and first name both differ",
		[GUARD_SSN_OWNER] = "the SSN is another member's",
		[GUARD_SSN_OTHER] = "the SSN on file is quite another",
		[GUARD_NAMESAKE] = "only names and birth date agree; family, home or employer are others",
		[GUARD_ROLE] = "without a relationship, names, birth date, SSN and something else must agree",
		[GUARD_CLAIMED] = "another record of the file already meant this member",
	};

	return words[guard];
}
