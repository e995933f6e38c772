#include "compare.h"

#include <stdlib.h>

#include "muster/error.h"

struct level_row {
	enum match_field field;
	const char *words;
	int32_t stranger, housemate;
};

static const struct level_row levels[LEVEL_COUNT] = {
	{FIELD_COUNT, "missing", 0, 0},
#define F(field, name)
#define L(field, level, words, stranger, housemate) {FIELD_##field, words, stranger, housemate},
#include "levels.h"
#undef F
#undef L
};

static const char *const field_names[FIELD_COUNT] = {
#define F(field, name) name,
#define L(field, level, words, stranger, housemate)
#include "levels.h"
#undef F
#undef L
};

static struct slice compact_of(const struct match_name *name)
{
	return slice_from(name->compact);
}

static bool is_missing(const struct match_name *name)
{
	return name->text[0] == '\0';
}

static bool is_similar(struct slice a, struct slice b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;

	return (shorter >= 4 && match_within_one_edit(a, b)) || match_jaro_winkler(a, b) >= 0.92;
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

enum match_level match_first_level(const struct match_name *a, const struct match_name *b)
{
	enum match_nickname nickname;

	if (is_missing(a) || is_missing(b))
		return LEVEL_MISSING;
	if (strcmp(a->compact, b->compact) == 0)
		return LEVEL_FIRST_EQUAL;
	if (strlen(a->compact) == 1 || strlen(b->compact) == 1)
		return a->compact[0] == b->compact[0] ? LEVEL_FIRST_INITIAL : LEVEL_FIRST_OTHER;
	nickname = match_nickname(compact_of(a), compact_of(b));
	if (nickname == NICKNAME_DIRECT)
		return LEVEL_FIRST_NICKNAME;
	if (is_prefix(a, b))
		return LEVEL_FIRST_PREFIX;
	if (is_similar(compact_of(a), compact_of(b)))
		return LEVEL_FIRST_SIMILAR;
	return nickname == NICKNAME_SHARED ? LEVEL_FIRST_SHARED : LEVEL_FIRST_OTHER;
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
	return is_similar(compact_of(a), compact_of(b)) ? LEVEL_LAST_SIMILAR : LEVEL_LAST_OTHER;
}

static enum match_level middle_level(const struct match_name *a, const struct match_name *b)
{
	if (is_missing(a) || is_missing(b))
		return LEVEL_MISSING;
	if (strcmp(a->compact, b->compact) == 0)
		return LEVEL_MIDDLE_EQUAL;
	return a->compact[0] == b->compact[0] ? LEVEL_MIDDLE_INITIAL : LEVEL_MIDDLE_OTHER;
}

/* A first name that is the other's middle name; initials do not count. */
static bool is_middle(const struct match_person *a, const struct match_person *b)
{
	return (strlen(b->middle.compact) > 1 && strcmp(a->first.compact, b->middle.compact) == 0) ||
	       (strlen(a->middle.compact) > 1 && strcmp(a->middle.compact, b->first.compact) == 0);
}

static void compare_names(const struct match_person *a, const struct match_person *b, enum match_level *level)
{
	level[FIELD_FIRST] = match_first_level(&a->first, &b->first);
	level[FIELD_LAST] = last_level(&a->last, &b->last);
	level[FIELD_MIDDLE] = middle_level(&a->middle, &b->middle);
	if (level[FIELD_FIRST] == LEVEL_FIRST_OTHER && is_middle(a, b))
		level[FIELD_FIRST] = LEVEL_FIRST_MIDDLE;
	if (level[FIELD_FIRST] == LEVEL_FIRST_OTHER && level[FIELD_LAST] == LEVEL_LAST_OTHER &&
	    match_first_level(&a->first, &b->last) == LEVEL_FIRST_EQUAL &&
	    match_first_level(&a->last, &b->first) == LEVEL_FIRST_EQUAL) {
		level[FIELD_FIRST] = LEVEL_FIRST_SWAPPED;
		level[FIELD_LAST] = LEVEL_LAST_SWAPPED;
	}
	if (a->suffix == SUFFIX_NONE && b->suffix == SUFFIX_NONE)
		level[FIELD_SUFFIX] = LEVEL_MISSING;
	else if (a->suffix == b->suffix)
		level[FIELD_SUFFIX] = LEVEL_SUFFIX_EQUAL;
	else if (a->suffix == SUFFIX_NONE || b->suffix == SUFFIX_NONE)
		level[FIELD_SUFFIX] = LEVEL_SUFFIX_ONE_MISSING;
	else
		level[FIELD_SUFFIX] = LEVEL_SUFFIX_OTHER;
}

static enum match_level ssn_level(struct slice a, struct slice b)
{
	if (a.len == 0 || b.len == 0)
		return LEVEL_MISSING;
	if (slice_equal(a, b))
		return LEVEL_SSN_EQUAL;
	if (match_within_one_edit(a, b))
		return LEVEL_SSN_ONE_EDIT;
	return memcmp(a.data + 5, b.data + 5, 4) == 0 ? LEVEL_SSN_LAST_FOUR : LEVEL_SSN_OTHER;
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
	if (year + month + day == 2)
		return LEVEL_BIRTH_TWO_PARTS;
	if (!year)
		return LEVEL_BIRTH_OTHER;
	if ((a->birth_month == 1 && a->birth_day == 1) || (b->birth_month == 1 && b->birth_day == 1))
		return LEVEL_BIRTH_DEFAULT;
	return LEVEL_BIRTH_SAME_YEAR;
}

static enum match_level kin_level(enum match_kin a, enum match_kin b)
{
	if (a == KIN_UNKNOWN || b == KIN_UNKNOWN)
		return LEVEL_MISSING;
	if (a == b)
		return LEVEL_KIN_EQUAL;
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

	if ((a->zip[0] == '\0' && a->street[0] == '\0') || (b->zip[0] == '\0' && b->street[0] == '\0'))
		return LEVEL_MISSING;
	if (house && (street || zip))
		return LEVEL_ADDRESS_EQUAL;
	return zip ? LEVEL_ADDRESS_ZIP : LEVEL_ADDRESS_OTHER;
}

static enum match_level phone_level(const char *a, const char *b)
{
	if (a[0] == '\0' || b[0] == '\0')
		return LEVEL_MISSING;
	return strcmp(a, b) == 0 ? LEVEL_PHONE_EQUAL : LEVEL_PHONE_OTHER;
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

	for (i = 0; i < FIELD_COUNT; i++) {
		if (before[i] == LEVEL_MISSING)
			continue;
		if (level[i] == LEVEL_MISSING || levels[before[i]].stranger > levels[level[i]].stranger)
			level[i] = before[i];
	}
}

static int32_t bits_of(enum match_level level, bool housemate)
{
	return housemate ? levels[level].housemate : levels[level].stranger;
}

void match_compare(const struct match_query *query, const struct match_person *sent, const struct match_person *prior,
		   const struct match_person *known, struct match_comparison *ret_comparison)
{
	enum match_level *level = ret_comparison->level, before[FIELD_COUNT] = {LEVEL_MISSING};
	int i;

	memset(ret_comparison, 0, sizeof(*ret_comparison));
	compare_identity(sent, known, level);
	if (prior != NULL) {
		compare_identity(prior, known, before);
		take_better(level, before);
	}
	/* The subscriber's SSN on a dependent says nothing about the dependent. */
	if (!query->is_subscriber && sent->ssn.len > 0 && slice_equal(sent->ssn, query->subscriber_ssn) &&
	    before[FIELD_SSN] != LEVEL_SSN_EQUAL)
		level[FIELD_SSN] = LEVEL_SSN_SUBSCRIBERS;
	level[FIELD_MEMBER_ID] =
		id_level(sent->member_id, known->member_id, LEVEL_MEMBER_ID_EQUAL, LEVEL_MEMBER_ID_OTHER);
	level[FIELD_SUBSCRIBER] =
		id_level(sent->subscriber_id, known->subscriber_id, LEVEL_SUBSCRIBER_EQUAL, LEVEL_SUBSCRIBER_OTHER);
	level[FIELD_KIN] = kin_level(sent->kin, known->kin);
	level[FIELD_GROUP] = group_level(query->group_id, known->member);
	level[FIELD_ADDRESS] = address_level(sent, known);
	level[FIELD_PHONE] = phone_level(sent->phone, known->phone);
	ret_comparison->housemate =
		level[FIELD_SUBSCRIBER] == LEVEL_SUBSCRIBER_EQUAL || level[FIELD_ADDRESS] == LEVEL_ADDRESS_EQUAL;
	for (i = 0; i < FIELD_COUNT; i++)
		ret_comparison->millibits += bits_of(level[i], ret_comparison->housemate);
}

static struct slice sex_text(const char *sex)
{
	return *sex != '\0' ? slice_of(sex, 1) : SLICE_EMPTY;
}

/* The raw value of a field; only a birth date needs memory. */
static struct slice value_of(struct arena *arena, const struct member *member, enum match_field field)
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
	case FIELD_COUNT:
		break;
	}
	return SLICE_EMPTY;
}

int match_explain(struct arena *arena, const struct match_query *query, const struct match_person *sent,
		  const struct match_person *known, const struct match_comparison *comparison,
		  struct match_candidate *candidate)
{
	struct match_evidence *rows = arena_alloc_array(arena, FIELD_COUNT, sizeof(*rows));
	uint32_t count = 0;
	int i;

	if (rows == NULL)
		return -ENOMEM;
	for (i = 0; i < FIELD_COUNT; i++) {
		struct match_evidence *row = &rows[count++];
		enum match_level level = comparison->level[i];

		row->field = field_names[i];
		row->level = levels[level].words;
		row->sent = i == FIELD_GROUP ? query->group_id : value_of(arena, sent->member, (enum match_field)i);
		row->known = value_of(arena, known->member, (enum match_field)i);
		if (i == FIELD_BIRTH && (row->sent.data == NULL || row->known.data == NULL))
			return -ENOMEM;
		row->millibits = bits_of(level, comparison->housemate);
		row->against_housemate = comparison->housemate;
	}
	candidate->member = known->member;
	candidate->millibits = comparison->millibits;
	candidate->evidence = rows;
	candidate->evidence_count = count;
	return 0;
}
