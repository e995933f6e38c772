#include "compare.h"

#include <stdlib.h>

#include "muster/error.h"

const struct match_level_row match_levels[LEVEL_COUNT] = {
	{FIELD_COUNT, "missing", "missing"},
#define F(field, name, about)
#define L(field, level, key, words) {FIELD_##field, key, words},
#include "levels.h"
#undef F
#undef L
};

const struct match_field_row match_fields[FIELD_COUNT] = {
#define PERSON true
#define HOME false
#define F(field, name, about) {name, about},
#define L(field, level, key, words)
#include "levels.h"
#undef F
#undef L
#undef PERSON
#undef HOME
};

static struct slice compact_of(const struct match_name *name)
{
	return slice_from(name->compact);
}

static bool is_missing(const struct match_name *name)
{
	return name->text[0] == '\0';
}

/* 0..1; one slip in a word of four letters or more leaves it the same word. */
static double similarity(struct slice a, struct slice b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;

	return shorter >= 4 && match_within_one_edit(a, b) ? 1.0 : match_jaro_winkler(a, b);
}

#define SIMILAR 0.92
#define ALIKE 0.85

static bool is_similar(struct slice a, struct slice b)
{
	return similarity(a, b) >= SIMILAR;
}

/* One name is the first part, or the first letters, of the other. */
static bool is_prefix(const struct match_name *a, const struct match_name *b)
{
	const struct match_name *shorter = strlen(a->compact) < strlen(b->compact) ? a : b;
	const struct match_name *longer = shorter == a ? b : a;
	size_t len = strlen(shorter->compact);

	if (a->token_count > 0 && b->token_count > 0 && a->token_count != b->token_count && a->tokens[0].len > 1 &&
	    slice_equal(a->tokens[0], b->tokens[0]))
		return true;
	return len >= 3 && strncmp(shorter->compact, longer->compact, len) == 0;
}

/*
 * The name sent is the known one typed wrong: nobody is called that. Not the other way about: on file stand names that no
 * list knows, and a twin may have one that is near.
 */
static bool is_slip(const struct match_name *sent, const struct match_name *known)
{
	return match_is_key_slip(compact_of(sent), compact_of(known)) && !match_is_given_name(sent) &&
	       match_is_given_name(known);
}

enum match_level match_first_level(const struct match_name *sent, const struct match_name *known)
{
	enum match_nickname nickname;
	double similar;

	if (is_missing(sent) || is_missing(known))
		return LEVEL_MISSING;
	if (strcmp(sent->compact, known->compact) == 0)
		return LEVEL_FIRST_EQUAL;
	if (strlen(sent->compact) == 1 || strlen(known->compact) == 1)
		return sent->compact[0] == known->compact[0] ? LEVEL_FIRST_INITIAL : LEVEL_FIRST_OTHER;
	nickname = match_nickname(compact_of(sent), compact_of(known));
	if (nickname == NICKNAME_DIRECT)
		return LEVEL_FIRST_NICKNAME;
	if (is_slip(sent, known))
		return LEVEL_FIRST_SLIP;
	if (is_prefix(sent, known))
		return LEVEL_FIRST_PREFIX;
	similar = similarity(compact_of(sent), compact_of(known));
	if (similar >= SIMILAR)
		return LEVEL_FIRST_SIMILAR;
	if (nickname == NICKNAME_SHARED)
		return LEVEL_FIRST_SHARED;
	return similar >= ALIKE ? LEVEL_FIRST_ALIKE : LEVEL_FIRST_OTHER;
}

static bool shares_token(const struct match_name *a, const struct match_name *b)
{
	uint32_t i, j;

	for (i = 0; i < a->token_count; i++)
		for (j = 0; j < b->token_count; j++)
			if (a->tokens[i].len >= 3 && slice_equal(a->tokens[i], b->tokens[j]))
				return true;
	return false;
}

static enum match_level last_level(const struct match_name *a, const struct match_name *b)
{
	if (is_missing(a) || is_missing(b))
		return LEVEL_MISSING;
	if (strcmp(a->compact, b->compact) == 0)
		return LEVEL_LAST_EQUAL;
	if (shares_token(a, b))
		return LEVEL_LAST_TOKEN;
	if (is_similar(compact_of(a), compact_of(b)))
		return LEVEL_LAST_SIMILAR;
	return LEVEL_LAST_OTHER;
}

static enum match_level middle_level(const struct match_name *a, const struct match_name *b)
{
	if (is_missing(a) || is_missing(b))
		return LEVEL_MISSING;
	if (strcmp(a->compact, b->compact) == 0)
		return strlen(a->compact) > 1 ? LEVEL_MIDDLE_EQUAL : LEVEL_MIDDLE_INITIAL;
	/* Two names written out that are not alike are two names, whatever they begin with. */
	if (a->compact[0] != b->compact[0] ||
	    (strlen(a->compact) > 1 && strlen(b->compact) > 1 && !is_prefix(a, b) &&
	     !is_similar(compact_of(a), compact_of(b)) &&
	     match_nickname(compact_of(a), compact_of(b)) == NICKNAME_NONE))
		return LEVEL_MIDDLE_OTHER;
	return LEVEL_MIDDLE_INITIAL;
}

/* A first name that is the other's middle name; initials do not count. */
static bool is_middle(const struct match_person *a, const struct match_person *b)
{
	return (strlen(b->middle.compact) > 1 && strcmp(a->first.compact, b->middle.compact) == 0) ||
	       (strlen(a->middle.compact) > 1 && strcmp(a->middle.compact, b->first.compact) == 0);
}

/* First and last name changed places; at most one of the two has another fault. */
static bool is_swapped(const struct match_person *a, const struct match_person *b)
{
	enum match_level first, last;

	if (is_missing(&a->first) || is_missing(&a->last) || is_missing(&b->first) || is_missing(&b->last))
		return false;
	first = last_level(&a->first, &b->last);
	last = last_level(&a->last, &b->first);
	return (first == LEVEL_LAST_EQUAL && last != LEVEL_LAST_OTHER) ||
	       (last == LEVEL_LAST_EQUAL && first != LEVEL_LAST_OTHER);
}

/* Women take another surname with a marriage; children of ours do not. */
static bool is_surname_changed(const struct match_person *a, const struct match_person *b)
{
	bool adult = (a->kin == KIN_SELF || a->kin == KIN_SPOUSE || a->kin == KIN_UNKNOWN) &&
		     (b->kin == KIN_SELF || b->kin == KIN_SPOUSE || b->kin == KIN_UNKNOWN);

	return adult && a->sex == 'F' && b->sex == 'F';
}

/* First and middle name changed places, both written out. */
static bool is_turned(const struct match_person *a, const struct match_person *b)
{
	return strlen(a->first.compact) >= 3 && strlen(a->middle.compact) >= 3 &&
	       strcmp(a->first.compact, b->middle.compact) == 0 && strcmp(a->middle.compact, b->first.compact) == 0;
}

static void compare_names(const struct match_person *a, const struct match_person *b, enum match_level *level)
{
	level[FIELD_FIRST] = match_first_level(&a->first, &b->first);
	level[FIELD_LAST] = last_level(&a->last, &b->last);
	level[FIELD_MIDDLE] = middle_level(&a->middle, &b->middle);
	/* Who goes by the middle name has it in the wrong place: it says nothing a second time. */
	if ((level[FIELD_FIRST] == LEVEL_FIRST_OTHER || level[FIELD_FIRST] == LEVEL_FIRST_ALIKE) && is_middle(a, b)) {
		level[FIELD_FIRST] = is_turned(a, b) ? LEVEL_FIRST_TURNED : LEVEL_FIRST_MIDDLE;
		level[FIELD_MIDDLE] = LEVEL_MISSING;
	}
	if (level[FIELD_FIRST] != LEVEL_FIRST_EQUAL && level[FIELD_LAST] != LEVEL_LAST_EQUAL && is_swapped(a, b)) {
		level[FIELD_FIRST] = LEVEL_FIRST_SWAPPED;
		level[FIELD_LAST] = LEVEL_LAST_SWAPPED;
	}
	if (level[FIELD_LAST] == LEVEL_LAST_OTHER && is_surname_changed(a, b))
		level[FIELD_LAST] = LEVEL_LAST_CHANGED;
	if (a->suffix == SUFFIX_NONE && b->suffix == SUFFIX_NONE)
		level[FIELD_SUFFIX] = LEVEL_MISSING;
	else if (a->suffix == b->suffix)
		level[FIELD_SUFFIX] = LEVEL_SUFFIX_EQUAL;
	else if (a->suffix == SUFFIX_NONE || b->suffix == SUFFIX_NONE)
		level[FIELD_SUFFIX] = LEVEL_SUFFIX_ONE_MISSING;
	else
		level[FIELD_SUFFIX] = LEVEL_SUFFIX_OTHER;
}

static uint32_t count_different(struct slice a, struct slice b)
{
	uint32_t i, count = 0;

	for (i = 0; i < a.len && i < b.len; i++)
		count += a.data[i] != b.data[i];
	return count;
}

static enum match_level ssn_level(struct slice a, struct slice b)
{
	if (a.len == 0 || b.len == 0)
		return LEVEL_MISSING;
	if (slice_equal(a, b))
		return LEVEL_SSN_EQUAL;
	if (match_within_one_edit(a, b))
		return LEVEL_SSN_ONE_EDIT;
	if (a.len == b.len && count_different(a, b) == 2)
		return LEVEL_SSN_TWO_EDITS;
	if (a.len == 9 && b.len == 9 && memcmp(a.data + 5, b.data + 5, 4) == 0)
		return LEVEL_SSN_LAST_FOUR;
	return LEVEL_SSN_OTHER;
}

/* Days as CCYYMMDD one digit or one transposition apart. */
static bool birth_one_digit(date_day a, date_day b)
{
	char text_a[DATE_TEXT_BYTES], text_b[DATE_TEXT_BYTES];

	return match_within_one_edit(slice_from(date_format_ccyymmdd(a, text_a)),
				     slice_from(date_format_ccyymmdd(b, text_b)));
}

static enum match_level birth_level(const struct match_person *a, const struct match_person *b)
{
	bool year = a->birth_year == b->birth_year, month = a->birth_month == b->birth_month,
	     day = a->birth_day == b->birth_day;

	if (a->birth_on == DATE_NONE || b->birth_on == DATE_NONE)
		return LEVEL_MISSING;
	if (a->birth_on == b->birth_on)
		return LEVEL_BIRTH_EQUAL;
	if (year && a->birth_day == b->birth_month && a->birth_month == b->birth_day)
		return LEVEL_BIRTH_SWAPPED;
	if (birth_one_digit(a->birth_on, b->birth_on))
		return LEVEL_BIRTH_ONE_DIGIT;
	if (year && ((a->birth_month == 1 && a->birth_day == 1) || (b->birth_month == 1 && b->birth_day == 1)))
		return LEVEL_BIRTH_DEFAULT;
	if (year + month + day == 2)
		return LEVEL_BIRTH_TWO_PARTS;
	return year ? LEVEL_BIRTH_SAME_YEAR : LEVEL_BIRTH_OTHER;
}

static enum match_level kin_level(enum match_kin a, enum match_kin b)
{
	if (a == KIN_UNKNOWN || b == KIN_UNKNOWN)
		return LEVEL_MISSING;
	if (a == b)
		return a == KIN_SELF ? LEVEL_KIN_SELF : a == KIN_SPOUSE ? LEVEL_KIN_SPOUSE : LEVEL_KIN_EQUAL;
	return a == KIN_SELF || b == KIN_SELF ? LEVEL_KIN_SELF_OTHER : LEVEL_KIN_OTHER;
}

static enum match_level id_level(struct slice a, struct slice b, enum match_level equal, enum match_level other)
{
	if (a.len == 0 || b.len == 0)
		return LEVEL_MISSING;
	return slice_equal_nocase(a, b) ? equal : other;
}

static enum match_level group_level(struct slice group_id, const struct member *member)
{
	uint32_t i;

	if (group_id.len == 0 || member->span_count == 0)
		return LEVEL_MISSING;
	for (i = 0; i < member->span_count; i++)
		if (slice_equal(member->spans[i].group_id, group_id))
			return LEVEL_GROUP_EQUAL;
	return LEVEL_GROUP_OTHER;
}

static enum match_level address_level(const struct match_person *a, const struct match_person *b)
{
	bool zip = a->zip[0] != '\0' && strcmp(a->zip, b->zip) == 0;
	bool house = a->house[0] != '\0' && strcmp(a->house, b->house) == 0;
	bool street = a->street[0] != '\0' && strcmp(a->street, b->street) == 0;
	bool no_house = a->house[0] == '\0' && b->house[0] == '\0';
	bool city = a->city.len > 0 && slice_equal_nocase(a->city, b->city);

	if ((a->zip[0] == '\0' && a->street[0] == '\0' && a->city.len == 0) ||
	    (b->zip[0] == '\0' && b->street[0] == '\0' && b->city.len == 0))
		return LEVEL_MISSING;
	if ((house && (street || zip)) || (no_house && street && zip))
		return LEVEL_ADDRESS_EQUAL;
	if (zip)
		return LEVEL_ADDRESS_ZIP;
	return city ? LEVEL_ADDRESS_CITY : LEVEL_ADDRESS_OTHER;
}

static enum match_level phone_level(const char *a, const char *b)
{
	if (a[0] == '\0' || b[0] == '\0')
		return LEVEL_MISSING;
	if (strcmp(a, b) == 0)
		return LEVEL_PHONE_EQUAL;
	return match_within_one_edit(slice_from(a), slice_from(b)) ? LEVEL_PHONE_ONE_EDIT : LEVEL_PHONE_OTHER;
}

/* What a name, a number and a birthday can tell: the fields that 2100B can carry. */
static void compare_identity(const struct match_person *a, const struct match_person *b, enum match_level *level)
{
	compare_names(a, b, level);
	level[FIELD_SSN] = ssn_level(a->ssn, b->ssn);
	level[FIELD_BIRTH] = birth_level(a, b);
	level[FIELD_SEX] = a->sex == '\0' || b->sex == '\0' ? LEVEL_MISSING
			   : a->sex == b->sex               ? LEVEL_SEX_EQUAL
							    : LEVEL_SEX_OTHER;
}

/* The values known before agree better, or the sent ones say nothing: take theirs. */
static void take_better(enum match_level *level, const enum match_level *before)
{
	int i;

	for (i = 0; i < FIELD_COUNT; i++)
		if (before[i] != LEVEL_MISSING && (level[i] == LEVEL_MISSING || before[i] < level[i]))
			level[i] = before[i];
}

void match_compare(const struct match_query *query, const struct match_person *sent, const struct match_person *prior,
		   const struct match_person *known, bool ssn_is_subscribers, enum match_level level[FIELD_COUNT])
{
	enum match_level before[FIELD_COUNT] = {LEVEL_MISSING};

	memset(level, 0, FIELD_COUNT * sizeof(level[0]));
	compare_identity(sent, known, level);
	if (prior != NULL) {
		compare_identity(prior, known, before);
		take_better(level, before);
	}
	/* The subscriber's SSN on a dependent says nothing about the dependent. */
	if (ssn_is_subscribers && before[FIELD_SSN] != LEVEL_SSN_EQUAL && level[FIELD_SSN] != LEVEL_MISSING)
		level[FIELD_SSN] = LEVEL_SSN_SUBSCRIBERS;
	level[FIELD_MEMBER_ID] =
		id_level(sent->member_id, known->member_id, LEVEL_MEMBER_ID_EQUAL, LEVEL_MEMBER_ID_OTHER);
	level[FIELD_SUBSCRIBER] =
		id_level(sent->subscriber_id, known->subscriber_id, LEVEL_SUBSCRIBER_EQUAL, LEVEL_SUBSCRIBER_OTHER);
	/* The number that another sponsor gave to another of his families. */
	if (level[FIELD_SUBSCRIBER] == LEVEL_SUBSCRIBER_EQUAL && !match_person_same_family(sent, known))
		level[FIELD_SUBSCRIBER] = LEVEL_SUBSCRIBER_OTHER;
	/* One number in two places is one piece of evidence. */
	if (query->subscriber_id_is_ssn && query->is_subscriber && level[FIELD_SSN] != LEVEL_MISSING)
		level[FIELD_SUBSCRIBER] = LEVEL_MISSING;
	level[FIELD_KIN] = kin_level(sent->kin, known->kin);
	level[FIELD_GROUP] = group_level(query->group_id, known->member);
	level[FIELD_ADDRESS] = address_level(sent, known);
	level[FIELD_PHONE] = phone_level(sent->phone, known->phone);
	level[FIELD_EMAIL] = id_level(sent->email, known->email, LEVEL_EMAIL_EQUAL, LEVEL_EMAIL_OTHER);
}

bool match_is_at_home(const enum match_level level[FIELD_COUNT])
{
	return level[FIELD_SUBSCRIBER] == LEVEL_SUBSCRIBER_EQUAL || level[FIELD_ADDRESS] == LEVEL_ADDRESS_EQUAL ||
	       level[FIELD_PHONE] == LEVEL_PHONE_EQUAL;
}

bool match_is_sent_twice(const enum match_level level[FIELD_COUNT])
{
	return level[FIELD_FIRST] == LEVEL_FIRST_EQUAL && level[FIELD_LAST] == LEVEL_LAST_EQUAL &&
	       level[FIELD_BIRTH] == LEVEL_BIRTH_EQUAL && level[FIELD_MIDDLE] != LEVEL_MIDDLE_OTHER &&
	       level[FIELD_SUFFIX] != LEVEL_SUFFIX_OTHER && level[FIELD_SUFFIX] != LEVEL_SUFFIX_ONE_MISSING &&
	       level[FIELD_SEX] != LEVEL_SEX_OTHER &&
	       (level[FIELD_SSN] == LEVEL_SSN_EQUAL || level[FIELD_SSN] == LEVEL_SSN_SUBSCRIBERS ||
		level[FIELD_SSN] == LEVEL_MISSING);
}

static struct slice sex_text(const char *sex)
{
	return *sex != '\0' ? slice_of(sex, 1) : SLICE_EMPTY;
}

/* The raw value of a field; only a birth date needs memory. */
struct slice match_value(struct arena *arena, const struct member *member, enum match_field field)
{
	char day[DATE_TEXT_BYTES];

	switch (field) {
	case FIELD_MEMBER_ID:
		return member->member_id;
	case FIELD_SSN:
		return member->ssn;
	case FIELD_BIRTH:
		return arena_dup(arena, slice_from(date_format_iso(member->birth_on, day)));
	case FIELD_FIRST:
		return member->first_name;
	case FIELD_LAST:
		return member->last_name;
	case FIELD_MIDDLE:
		return member->middle_name;
	case FIELD_SUFFIX:
		return member->suffix;
	case FIELD_SEX:
		return sex_text(&member->sex);
	case FIELD_KIN:
		return member->relationship;
	case FIELD_SUBSCRIBER:
		return member->subscriber_id;
	case FIELD_GROUP:
		return member->span_count > 0 ? member->spans[member->span_count - 1].group_id : SLICE_EMPTY;
	case FIELD_ADDRESS:
		return member->address1;
	case FIELD_PHONE:
		return member->phone;
	case FIELD_EMAIL:
		return member->email;
	case FIELD_COUNT:
		break;
	}
	return SLICE_EMPTY;
}
