/* If this failed, a number or a name that agrees would be believed although something else speaks for another person. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../src/match/strict.h"
#include "muster/env.h"
#include "muster/match_model.h"

static struct env env;
static struct arena arena;
static const struct match_model *model;

/*
 * How a record compares with the member who fits best, and with somebody else on file: told by what differs from a child
 * of the family with nothing but his names, birth date, sex, home and group. The weights say yes to him.
 */
#define CHANGES_MAX 8u
/* The level of a field that says nothing. */
#define NO(field) (LEVEL_COUNT + (int)FIELD_##field)

enum { CLAIMED = 1, DUPLICATES = 2, PAYMENT = 4, HOLDS_SSN = 8, CORRECTED = 16, ADD = 32, SECOND_BORN = 64 };
enum { NOBODY_ELSE, TWIN, STRANGER, SSN_HOLDER };

struct row {
	int changes[CHANGES_MAX];       /* of the levels; 0 ends them */
	int other, other_changes[3];    /* somebody else on file */
	int flags;
	int years;                      /* born so many years before the birth date sent */
	int want;
};

struct scene {
	struct member members[2], sent_member;
	struct match_person sent;
	struct scored scored[2], *list[2];
	struct match_query query;
	struct search search;
};

static void change(struct scored *scored, const int *changes, size_t count)
{
	size_t i;

	for (i = 0; i < count && changes[i] != 0; i++) {
		if (changes[i] >= LEVEL_COUNT)
			scored->level[changes[i] - LEVEL_COUNT] = LEVEL_MISSING;
		else
			scored->level[match_levels[changes[i]].field] = (enum match_level)changes[i];
	}
}

static void scene_member(struct member *member, uint64_t no, const char *id, const char *family)
{
	*member = (struct member){.member_no = no, .birth_on = 15000, .died_on = DATE_NONE, .sex = 'F'};
	member->member_id = slice_from(id);
	member->subscriber_id = slice_from(family);
	member->last_name = SLICE_LITERAL("QUIRK");
	member->first_name = SLICE_LITERAL("JADEN");
}

static void scene_scored(struct scored *scored, const struct member *member, int32_t total, double probability)
{
	static const int usual[] = {LEVEL_BIRTH_EQUAL,      LEVEL_FIRST_EQUAL,   LEVEL_LAST_EQUAL, LEVEL_SEX_EQUAL, LEVEL_KIN_EQUAL,
				    LEVEL_SUBSCRIBER_EQUAL, LEVEL_ADDRESS_EQUAL, LEVEL_GROUP_EQUAL};

	memset(scored, 0, sizeof(*scored));
	match_person_of(member, &scored->person);
	change(scored, usual, sizeof(usual) / sizeof(usual[0]));
	scored->total = total;
	scored->person_bits = 50000;
	scored->probability = probability;
}

static void scene_other(struct scene *scene, const struct row *row)
{
	static const int unlike[] = {LEVEL_FIRST_OTHER, LEVEL_LAST_OTHER, LEVEL_BIRTH_OTHER, NO(SUBSCRIBER), NO(ADDRESS), NO(GROUP)};
	struct scored *other = &scene->scored[1];

	if (row->other == NOBODY_ELSE)
		return;
	scene_member(&scene->members[1], 2, "M2", row->other == TWIN ? "s1" : "S2");
	scene->members[1].birth_on += row->other == TWIN ? 0 : 77;
	scene_scored(other, &scene->members[1], -20000, 1e-9);
	if (row->other == TWIN)
		other->level[FIELD_FIRST] = LEVEL_FIRST_OTHER;
	else
		change(other, unlike, sizeof(unlike) / sizeof(unlike[0]));
	other->holds_ssn = row->other == SSN_HOLDER;
	if (other->holds_ssn)
		other->level[FIELD_SSN] = LEVEL_SSN_EQUAL;
	change(other, row->other_changes, 3);
	scene->list[1] = other;
	scene->search.count = 2;
}

static void scene_make(struct scene *scene, const struct row *row)
{
	memset(scene, 0, sizeof(*scene));
	scene_member(&scene->members[0], 1, "M1", "S1");
	scene_member(&scene->sent_member, 0, "", "S1");
	scene->members[0].birth_on -= row->years * 366;
	match_person_of(&scene->sent_member, &scene->sent);
	scene_scored(&scene->scored[0], &scene->members[0], 50000, 0.99999);
	change(&scene->scored[0], row->changes, CHANGES_MAX);
	scene->scored[0].claimed = (row->flags & CLAIMED) != 0;
	scene->scored[0].holds_ssn = (row->flags & HOLDS_SSN) != 0 || scene->scored[0].level[FIELD_SSN] == LEVEL_SSN_EQUAL;
	scene->list[0] = &scene->scored[0];
	scene->query = (struct match_query){.intent = (row->flags & PAYMENT) != 0 ? MATCH_PAYMENT
						      : (row->flags & ADD) != 0   ? MATCH_ADD
										  : MATCH_CHANGE,
					    .sent = &scene->sent_member,
					    .corrected = (row->flags & CORRECTED) != 0,
					    .birth_order = (row->flags & SECOND_BORN) != 0 ? 2 : 0};

	scene->search = (struct search){.arena = &arena,
					.query = &scene->query,
					.model = model,
					.sent = &scene->sent,
					.scored = scene->list,
					.count = 1,
					.with_duplicates = (row->flags & DUPLICATES) != 0,
					.none_probability = 1e-9};
	scene_other(scene, row);
}

static void check_guard(const struct row *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct scene scene;
		enum search_guard got;

		scene_make(&scene, &rows[i]);
		got = search_guard(&scene.search);
		if (got != (enum search_guard)rows[i].want)
			fail_msg("row %zu: wanted \"%s\", got \"%s\"", i + 1,
				 search_guard_words((enum search_guard)rows[i].want), search_guard_words(got));
	}
}

#define CHECK(rows) check_guard(rows, sizeof(rows) / sizeof(rows[0]))
#define L(level) LEVEL_##level
#define IS(...) .changes = {__VA_ARGS__}
#define OTHER(...) .other_changes = {__VA_ARGS__}

/* A child of the family born on the day sent, under another name: the twin whom nobody knows of. */
static void test_unknown_twin(void **state)
{
	static const struct row rows[] = {
		{.want = GUARD_NONE},
		{IS(L(FIRST_OTHER)), .want = GUARD_TWIN},
		{IS(L(FIRST_ALIKE)), .want = GUARD_TWIN},
		{IS(L(FIRST_NICKNAME)), .want = GUARD_TWIN},
		{IS(L(FIRST_MIDDLE)), .want = GUARD_TWIN},
		{IS(NO(FIRST)), .want = GUARD_TWIN},
		{IS(L(FIRST_TURNED)), .want = GUARD_NONE},
		{IS(L(FIRST_NICKNAME), L(KIN_OTHER)), .want = GUARD_TWIN},
		{IS(L(FIRST_NICKNAME), L(SSN_EQUAL)), .want = GUARD_NONE},
		{IS(L(FIRST_NICKNAME), L(MEMBER_ID_EQUAL)), .want = GUARD_NONE},
		{IS(L(FIRST_NICKNAME), L(SSN_ONE_EDIT)), .want = GUARD_TWIN},
		/* A name that nobody is called is a slip of the keys, where nothing else speaks against him. */
		{IS(L(FIRST_SLIP)), .want = GUARD_NONE},
		{IS(L(FIRST_SLIP), L(SSN_SUBSCRIBERS)), .want = GUARD_NONE},
		{IS(L(FIRST_SLIP), L(SSN_ONE_EDIT)), .want = GUARD_TWIN},
		{IS(L(FIRST_SLIP), L(SSN_OTHER)), .want = GUARD_TWIN},
		{IS(L(FIRST_SLIP), L(SEX_OTHER)), .want = GUARD_TWIN},
		{IS(L(FIRST_SLIP), L(MIDDLE_OTHER)), .want = GUARD_TWIN},
		/* There is one subscriber and one spouse. */
		{IS(L(FIRST_NICKNAME), L(KIN_SELF)), .want = GUARD_NONE},
		{IS(L(FIRST_OTHER), L(KIN_SPOUSE)), .want = GUARD_NONE},
		{IS(L(FIRST_NICKNAME), L(KIN_SELF), L(SUBSCRIBER_OTHER)), .want = GUARD_TWIN},
		{IS(L(FIRST_NICKNAME), L(KIN_SPOUSE), NO(SUBSCRIBER)), .want = GUARD_NONE},
		{IS(L(FIRST_OTHER), L(KIN_SPOUSE), NO(SUBSCRIBER)), .want = GUARD_TWIN},
		{IS(L(FIRST_ALIKE), L(KIN_SELF), NO(SUBSCRIBER)), .want = GUARD_TWIN},
		{IS(L(FIRST_NICKNAME), L(KIN_SELF_OTHER)), .want = GUARD_TWIN},
		/* A fault in the date, or none. */
		{IS(L(FIRST_NICKNAME), L(BIRTH_ONE_DIGIT)), .want = GUARD_TWIN},
		{IS(L(FIRST_OTHER), NO(BIRTH)), .want = GUARD_TWIN},
		{IS(L(FIRST_NICKNAME), L(BIRTH_ONE_DIGIT), L(KIN_SELF)), .want = GUARD_NONE},
		{IS(L(FIRST_NICKNAME), L(BIRTH_ONE_DIGIT), L(SSN_EQUAL)), .want = GUARD_NONE},
		{IS(L(FIRST_NICKNAME), L(BIRTH_ONE_DIGIT), L(KIN_SELF), L(SUBSCRIBER_OTHER)), .want = GUARD_NONE},
		{IS(L(BIRTH_ONE_DIGIT)), .want = GUARD_NONE},
		/* Brother and sister. */
		{IS(L(SEX_OTHER)), .want = GUARD_TWIN},
		{IS(L(SEX_OTHER), L(KIN_OTHER)), .want = GUARD_TWIN},
		{IS(L(SEX_OTHER), L(MIDDLE_EQUAL)), .want = GUARD_NONE},
		{IS(L(SEX_OTHER), L(MIDDLE_INITIAL)), .want = GUARD_NONE},
		{IS(L(SEX_OTHER), L(MIDDLE_OTHER)), .want = GUARD_TWIN},
		{IS(L(SEX_OTHER), L(SSN_EQUAL)), .want = GUARD_NONE},
		{IS(L(SEX_OTHER), L(KIN_SELF)), .want = GUARD_NONE},
	};

	(void)state;
	CHECK(rows);
}

/* First name and surname changed places: the known first name stands, letter by letter, as the surname. */
static void test_name_elsewhere(void **state)
{
	static const struct row row = {IS(L(FIRST_SWAPPED), L(LAST_SWAPPED))};
	static const struct {
		const char *known, *sent;
		enum search_guard want;
	} names[] = {{"JADEN", "JADEN", GUARD_NONE}, {"JADEN", "JADE", GUARD_TWIN}, {"LI", "LI", GUARD_TWIN}, {"LIV", "LIV", GUARD_NONE}};
	struct scene scene;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		scene_make(&scene, &row);
		match_name_of(slice_from(names[i].known), &scene.scored[0].person.first);
		match_name_of(slice_from(names[i].sent), &scene.sent.last);
		assert_int_equal(search_guard(&scene.search), names[i].want);
	}
}

/* A form of his name, and his middle name written out: no two children of a family are called so. */
static void test_form_of_the_name(void **state)
{
	static const struct row rows[] = {
		{IS(L(FIRST_NICKNAME), L(MIDDLE_EQUAL)), .want = GUARD_NONE},
		{IS(L(FIRST_OTHER), L(MIDDLE_EQUAL)), .want = GUARD_TWIN},
		{IS(NO(FIRST), L(MIDDLE_EQUAL)), .want = GUARD_TWIN},
		{IS(L(FIRST_NICKNAME), L(MIDDLE_EQUAL), L(BIRTH_ONE_DIGIT)), .want = GUARD_TWIN},
		{IS(L(FIRST_NICKNAME), L(MIDDLE_EQUAL), L(SSN_ONE_EDIT)), .want = GUARD_TWIN},
		{IS(L(FIRST_NICKNAME), L(MIDDLE_INITIAL)), .want = GUARD_TWIN},
	};
	static const char *const middles[] = {"BRAYDEN", "BO", "JADEN"};
	struct scene scene;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		scene_make(&scene, &rows[i]);
		match_name_of(slice_from(middles[0]), &scene.scored[0].person.middle);
		assert_int_equal(search_guard(&scene.search), rows[i].want);
	}
	/* Two letters, or the first name again, say nothing. */
	for (i = 1; i < sizeof(middles) / sizeof(middles[0]); i++) {
		scene_make(&scene, &rows[0]);
		match_name_of(slice_from(middles[i]), &scene.scored[0].person.middle);
		assert_int_equal(search_guard(&scene.search), GUARD_TWIN);
	}
}

/* Both twins are on file: only what tells them apart may decide. */
static void test_known_twin(void **state)
{
	static const struct row rows[] = {
		{.other = TWIN, .want = GUARD_NONE},
		/* The other one fits the first name as well: no number outweighs that. */
		{.other = TWIN, OTHER(L(FIRST_EQUAL)), .want = GUARD_TWIN},
		{IS(L(SSN_EQUAL)), .other = TWIN, OTHER(L(FIRST_EQUAL)), .want = GUARD_TWIN},
		{IS(L(SSN_EQUAL), L(FIRST_INITIAL)), .other = TWIN, OTHER(L(FIRST_NICKNAME)), .want = GUARD_TWIN},
		{IS(L(SSN_EQUAL), NO(FIRST)), .other = TWIN, .want = GUARD_TWIN},
		{IS(L(SSN_EQUAL)), .other = TWIN, OTHER(L(FIRST_SIMILAR)), .want = GUARD_NONE},
		/* The other's name is a slip away, and no number says who is meant. */
		{.other = TWIN, OTHER(L(FIRST_SIMILAR)), .want = GUARD_TWIN},
		{.other = TWIN, OTHER(L(FIRST_ALIKE)), .want = GUARD_NONE},
		{IS(L(MIDDLE_EQUAL)), .other = TWIN, OTHER(L(FIRST_SIMILAR), L(MIDDLE_OTHER)), .want = GUARD_NONE},
		{IS(L(MIDDLE_INITIAL)), .other = TWIN, OTHER(L(FIRST_SIMILAR), L(MIDDLE_OTHER)), .want = GUARD_NONE},
		{IS(L(MIDDLE_EQUAL)), .other = TWIN, OTHER(L(FIRST_SIMILAR)), .want = GUARD_TWIN},
		{.other = TWIN, OTHER(L(FIRST_SIMILAR), L(MIDDLE_OTHER)), .want = GUARD_TWIN},
		{.other = STRANGER, OTHER(L(FIRST_EQUAL)), .want = GUARD_NONE},
		/* One person may be on file twice. */
		{.other = TWIN, OTHER(L(FIRST_SIMILAR)), .flags = DUPLICATES, .want = GUARD_NONE},
	};
	struct scene scene;

	(void)state;
	CHECK(rows);
	/* Of another family, born on another day, or not known to be of one. */
	scene_make(&scene, &rows[1]);
	scene.scored[1].person.subscriber_id = SLICE_LITERAL("S2");
	assert_int_equal(search_guard(&scene.search), GUARD_NONE);
	scene_make(&scene, &rows[1]);
	scene.scored[1].person.birth_on++;
	assert_int_equal(search_guard(&scene.search), GUARD_NONE);
	scene_make(&scene, &rows[1]);
	scene.scored[0].person.subscriber_id = scene.scored[1].person.subscriber_id = SLICE_EMPTY;
	assert_int_equal(search_guard(&scene.search), GUARD_NONE);
	scene_make(&scene, &rows[1]);
	scene.scored[0].person.birth_on = scene.scored[1].person.birth_on = DATE_NONE;
	assert_int_equal(search_guard(&scene.search), GUARD_NONE);
}

/* Father and son, the elder and the younger of one name. */
static void test_generation(void **state)
{
	static const struct row rows[] = {
		{IS(L(SSN_EQUAL), L(SUFFIX_OTHER)), .want = GUARD_GENERATION},
		{IS(L(SUFFIX_EQUAL)), .want = GUARD_NONE},
		{IS(L(SUFFIX_EQUAL), L(BIRTH_ONE_DIGIT)), .want = GUARD_GENERATION},
		{IS(L(SUFFIX_EQUAL), NO(BIRTH)), .want = GUARD_NONE},
		{IS(L(SUFFIX_EQUAL), L(BIRTH_ONE_DIGIT), L(SSN_EQUAL)), .want = GUARD_NONE},
		{IS(L(SUFFIX_EQUAL), L(BIRTH_ONE_DIGIT), L(MEMBER_ID_EQUAL)), .want = GUARD_NONE},
		{IS(L(BIRTH_OTHER), L(SSN_EQUAL)), .years = 20, .want = GUARD_GENERATION},
		{IS(L(BIRTH_OTHER), L(SSN_EQUAL)), .years = -20, .want = GUARD_GENERATION},
		{IS(L(BIRTH_OTHER), L(SSN_EQUAL)), .years = 12, .want = GUARD_NONE},
		{IS(L(BIRTH_OTHER), L(SSN_EQUAL)), .years = -12, .want = GUARD_NONE},
		{IS(L(BIRTH_OTHER), L(SSN_EQUAL), L(FIRST_NICKNAME)), .years = 20, .want = GUARD_NONE},
		{IS(L(BIRTH_OTHER), L(SSN_EQUAL), L(LAST_SIMILAR)), .years = 20, .want = GUARD_NONE},
		/* One digit of the date: a number of his own says that it is a slip, or his role at home. */
		{IS(L(BIRTH_ONE_DIGIT), L(SSN_EQUAL), L(KIN_OTHER)), .years = 20, .want = GUARD_NONE},
		{IS(L(BIRTH_ONE_DIGIT), L(MEMBER_ID_EQUAL), NO(KIN)), .years = 20, .want = GUARD_NONE},
		{IS(L(BIRTH_ONE_DIGIT), L(SSN_EQUAL), L(KIN_SELF_OTHER)), .years = 20, .want = GUARD_GENERATION},
		{IS(L(BIRTH_ONE_DIGIT), L(SSN_EQUAL), L(SUFFIX_ONE_MISSING)), .years = 20, .want = GUARD_GENERATION},
		{IS(L(BIRTH_ONE_DIGIT), NO(ADDRESS)), .years = 20, .want = GUARD_NONE},
		{IS(L(BIRTH_ONE_DIGIT), NO(SUBSCRIBER), L(KIN_SELF)), .years = 20, .want = GUARD_NONE},
		{IS(L(BIRTH_ONE_DIGIT), NO(SUBSCRIBER), L(KIN_SPOUSE)), .years = 20, .want = GUARD_NONE},
		{IS(L(BIRTH_ONE_DIGIT), NO(SUBSCRIBER), NO(ADDRESS)), .years = 20, .want = GUARD_GENERATION},
		{IS(L(BIRTH_ONE_DIGIT), L(KIN_OTHER)), .years = 20, .want = GUARD_GENERATION},
	};
	struct scene scene;

	(void)state;
	CHECK(rows);
	/* A year that is not known is none to count from. */
	scene_make(&scene, &rows[6]);
	scene.sent.birth_year = 0;
	assert_int_equal(search_guard(&scene.search), GUARD_NONE);
	scene_make(&scene, &rows[6]);
	scene.scored[0].person.birth_year = 0;
	assert_int_equal(search_guard(&scene.search), GUARD_NONE);
	scene_make(&scene, &rows[6]);
	scene.sent.birth_year = scene.scored[0].person.birth_year + 15;
	assert_int_equal(search_guard(&scene.search), GUARD_GENERATION);
	scene.sent.birth_year--;
	assert_int_equal(search_guard(&scene.search), GUARD_NONE);
	scene.sent.birth_year = scene.scored[0].person.birth_year - 15;
	assert_int_equal(search_guard(&scene.search), GUARD_GENERATION);
	scene.sent.birth_year++;
	assert_int_equal(search_guard(&scene.search), GUARD_NONE);
}

/* A number that came with somebody else's record: his SSN, or his number with the plan. */
static void test_numbers(void **state)
{
	static const struct row rows[] = {
		{IS(L(SSN_EQUAL), L(FIRST_OTHER), L(BIRTH_OTHER)), .want = GUARD_SSN},
		{IS(L(SSN_EQUAL), L(FIRST_ALIKE), L(BIRTH_SAME_YEAR)), .want = GUARD_SSN},
		{IS(L(SSN_EQUAL), L(FIRST_OTHER), L(BIRTH_TWO_PARTS)), .want = GUARD_SSN},
		{IS(L(SSN_EQUAL), L(FIRST_OTHER), L(BIRTH_ONE_DIGIT)), .want = GUARD_NONE},
		{IS(L(SSN_EQUAL), L(FIRST_NICKNAME), L(BIRTH_OTHER)), .want = GUARD_NONE},
		{IS(L(MEMBER_ID_EQUAL), L(FIRST_OTHER), L(BIRTH_OTHER)), .want = GUARD_MEMBER_ID},
		{IS(L(MEMBER_ID_EQUAL), L(FIRST_ALIKE), L(BIRTH_TWO_PARTS)), .want = GUARD_MEMBER_ID},
		{IS(L(MEMBER_ID_EQUAL), L(FIRST_OTHER)), .want = GUARD_NONE},
		{IS(L(FIRST_OTHER), L(BIRTH_OTHER), L(KIN_SELF)), .want = GUARD_NONE},
		/* Sex and first name are others. */
		{IS(L(SEX_OTHER), L(FIRST_OTHER), L(SSN_EQUAL)), .want = GUARD_SEX},
		{IS(L(SEX_OTHER), L(FIRST_ALIKE), L(KIN_SELF)), .want = GUARD_SEX},
		{IS(L(SEX_OTHER), L(FIRST_NICKNAME), L(SSN_EQUAL)), .want = GUARD_NONE},
		{IS(NO(SEX), L(FIRST_OTHER), L(SSN_EQUAL)), .want = GUARD_NONE},
		/* The SSN is another member's. */
		{.other = SSN_HOLDER, .want = GUARD_SSN_OWNER},
		{IS(L(MEMBER_ID_EQUAL)), .other = SSN_HOLDER, .want = GUARD_SSN_OWNER},
		{IS(L(SSN_ONE_EDIT)), .other = SSN_HOLDER, .want = GUARD_SSN_OWNER},
		{.other = SSN_HOLDER, .flags = HOLDS_SSN, .want = GUARD_NONE},
		{IS(L(SSN_SUBSCRIBERS)), .other = SSN_HOLDER, .want = GUARD_NONE},
		{IS(L(SSN_EQUAL)), .other = SSN_HOLDER, .want = GUARD_NONE},
		{.other = STRANGER, .want = GUARD_NONE},
		/* He has another one. */
		{IS(L(SSN_OTHER)), .want = GUARD_SSN_OTHER},
		{IS(L(SSN_TWO_EDITS)), .want = GUARD_SSN_OTHER},
		{IS(L(SSN_LAST_FOUR)), .want = GUARD_SSN_OTHER},
		{IS(L(SSN_ONE_EDIT)), .want = GUARD_NONE},
		{IS(L(SSN_OTHER), L(MEMBER_ID_EQUAL)), .want = GUARD_NONE},
	};

	(void)state;
	CHECK(rows);
}

/* Who lives elsewhere and has nothing but names and birth date in common. */
#define ELSEWHERE L(ADDRESS_OTHER), NO(SUBSCRIBER), L(KIN_SELF)
static void test_namesake(void **state)
{
	static const struct row rows[] = {
		{IS(ELSEWHERE), .want = GUARD_NONE},
		{IS(ELSEWHERE, L(SUBSCRIBER_OTHER)), .want = GUARD_NAMESAKE},
		{IS(ELSEWHERE, L(GROUP_OTHER)), .want = GUARD_NAMESAKE},
		{IS(ELSEWHERE, L(MIDDLE_OTHER)), .want = GUARD_NAMESAKE},
		{IS(ELSEWHERE, L(SEX_OTHER)), .want = GUARD_NAMESAKE},
		{IS(ELSEWHERE, L(KIN_SELF_OTHER)), .want = GUARD_NAMESAKE},
		/* A ZIP code speaks for one person, but not against what contradicts. */
		{IS(ELSEWHERE, L(ADDRESS_ZIP), L(SUBSCRIBER_OTHER)), .want = GUARD_NONE},
		{IS(ELSEWHERE, L(ADDRESS_ZIP), L(MIDDLE_OTHER)), .want = GUARD_NAMESAKE},
		{IS(ELSEWHERE, L(ADDRESS_ZIP), NO(GROUP), L(PHONE_OTHER)), .want = GUARD_NAMESAKE},
		{IS(ELSEWHERE, L(ADDRESS_ZIP), NO(GROUP), L(PHONE_OTHER), L(MIDDLE_EQUAL)), .want = GUARD_NONE},
		{IS(ELSEWHERE, L(ADDRESS_ZIP), NO(GROUP)), .want = GUARD_NONE},
		{IS(ELSEWHERE, L(ADDRESS_ZIP), L(PHONE_OTHER)), .want = GUARD_NONE},
		/* What a person takes along: telephone, employer, middle name. */
		{IS(ELSEWHERE, L(PHONE_OTHER)), .want = GUARD_NONE},
		{IS(ELSEWHERE, NO(GROUP)), .want = GUARD_NONE},
		{IS(ELSEWHERE, L(PHONE_OTHER), NO(GROUP)), .want = GUARD_NAMESAKE},
		{IS(ELSEWHERE, L(PHONE_OTHER), L(KIN_EQUAL)), .want = GUARD_NAMESAKE},
		{IS(ELSEWHERE, L(PHONE_OTHER), NO(GROUP), L(MIDDLE_EQUAL)), .want = GUARD_NONE},
		{IS(ELSEWHERE, L(PHONE_OTHER), NO(GROUP), L(MIDDLE_INITIAL)), .want = GUARD_NAMESAKE},
		{IS(ELSEWHERE, L(PHONE_OTHER), L(MIDDLE_INITIAL)), .want = GUARD_NONE},
		{IS(ELSEWHERE, L(PHONE_OTHER), NO(GROUP), L(MIDDLE_INITIAL), NO(ADDRESS)), .want = GUARD_NONE},
		/* A number, a mail address or a home: no namesake. */
		{IS(ELSEWHERE, L(SUBSCRIBER_OTHER), L(SSN_EQUAL)), .want = GUARD_NONE},
		{IS(ELSEWHERE, L(SUBSCRIBER_OTHER), L(SSN_ONE_EDIT)), .want = GUARD_NONE},
		{IS(ELSEWHERE, L(SUBSCRIBER_OTHER), L(SSN_SUBSCRIBERS)), .want = GUARD_NONE},
		{IS(ELSEWHERE, L(SUBSCRIBER_OTHER), L(MEMBER_ID_EQUAL)), .want = GUARD_NONE},
		{IS(ELSEWHERE, L(SUBSCRIBER_OTHER), L(EMAIL_EQUAL)), .want = GUARD_NONE},
		{IS(ELSEWHERE, L(SUBSCRIBER_OTHER), L(PHONE_EQUAL)), .want = GUARD_NONE},
		{IS(L(SUBSCRIBER_OTHER), L(KIN_SELF)), .want = GUARD_NONE},
	};

	(void)state;
	CHECK(rows);
}

/* A list that does not tell who is whose child. */
#define LISTED NO(KIN), NO(SUBSCRIBER)
static void test_without_role(void **state)
{
	static const struct row rows[] = {
		{IS(LISTED, L(SSN_EQUAL)), .want = GUARD_NONE},
		{IS(LISTED), .want = GUARD_NONE},
		{IS(LISTED, L(SSN_EQUAL), L(BIRTH_ONE_DIGIT)), .want = GUARD_ROLE},
		{IS(LISTED, L(SSN_EQUAL), L(BIRTH_ONE_DIGIT)), .flags = PAYMENT, .want = GUARD_NONE},
		{IS(LISTED, L(SSN_EQUAL), L(BIRTH_ONE_DIGIT), L(MEMBER_ID_EQUAL)), .want = GUARD_NONE},
		{IS(LISTED, L(SSN_EQUAL), L(FIRST_NICKNAME)), .want = GUARD_NONE},
		{IS(LISTED, L(SSN_EQUAL), L(FIRST_PREFIX)), .want = GUARD_NONE},
		{IS(LISTED, L(SSN_EQUAL), L(FIRST_SWAPPED), L(LAST_SWAPPED)), .want = GUARD_NONE},
		{IS(LISTED, L(SSN_EQUAL), L(FIRST_SIMILAR)), .want = GUARD_ROLE},
		{IS(LISTED, L(SSN_EQUAL), L(FIRST_OTHER)), .want = GUARD_ROLE},
		{IS(LISTED, L(FIRST_TURNED)), .want = GUARD_ROLE},
		{IS(LISTED, L(SSN_EQUAL), L(LAST_SIMILAR)), .want = GUARD_ROLE},
		{IS(LISTED, L(SSN_EQUAL), L(LAST_OTHER)), .want = GUARD_ROLE},
		{IS(LISTED, L(SSN_ONE_EDIT)), .want = GUARD_ROLE},
		{IS(LISTED, L(SSN_SUBSCRIBERS)), .want = GUARD_ROLE},
		/* Nothing else in common. */
		{IS(LISTED, NO(ADDRESS), NO(GROUP)), .want = GUARD_ROLE},
		{IS(LISTED, L(ADDRESS_ZIP), NO(GROUP)), .want = GUARD_NONE},
		{IS(LISTED, NO(ADDRESS)), .want = GUARD_NONE},
	};
	struct scene scene;

	(void)state;
	CHECK(rows);
	scene_make(&scene, &rows[15]);
	match_name_of(SLICE_LITERAL("ELENA"), &scene.scored[0].person.middle);
	assert_int_equal(search_guard(&scene.search), GUARD_ROLE);
	match_name_of(SLICE_LITERAL("E"), &scene.sent.middle);
	assert_int_equal(search_guard(&scene.search), GUARD_ROLE);
	match_name_of(SLICE_LITERAL("ELENA"), &scene.sent.middle);
	assert_int_equal(search_guard(&scene.search), GUARD_NONE);
}

/* Another record of the file meant him already: only the same person sent twice agrees in full. */
static void test_claimed(void **state)
{
	static const struct row rows[] = {
		{.flags = CLAIMED, .want = GUARD_NONE},
		{IS(L(SSN_EQUAL), L(FIRST_NICKNAME)), .flags = CLAIMED, .want = GUARD_CLAIMED},
		{IS(L(SSN_EQUAL), L(LAST_SIMILAR)), .flags = CLAIMED, .want = GUARD_CLAIMED},
		{IS(L(SSN_EQUAL), L(BIRTH_ONE_DIGIT)), .flags = CLAIMED, .want = GUARD_CLAIMED},
	};

	(void)state;
	CHECK(rows);
}

/* What the numbers say: the distance to the next one, and evidence on the person himself. */
static void test_margin_and_evidence(void **state)
{
	static const struct row two = {.other = STRANGER};
	struct scene scene;

	(void)state;
	scene_make(&scene, &two);
	scene.scored[1].total = scene.scored[0].total - model->auto_margin;
	assert_int_equal(search_guard(&scene.search), GUARD_NONE);
	scene.scored[1].total++;
	assert_int_equal(search_guard(&scene.search), GUARD_MARGIN);
	scene.scored[1].ruled_out = true;
	assert_int_equal(search_guard(&scene.search), GUARD_NONE);
	scene.scored[1].ruled_out = false;
	scene.scored[1].total = -20000;
	scene.scored[0].person_bits = model->auto_person;
	assert_int_equal(search_guard(&scene.search), GUARD_NONE);
	scene.scored[0].person_bits--;
	assert_int_equal(search_guard(&scene.search), GUARD_EVIDENCE);
	scene.scored[0].person_bits = 50000;
	scene.scored[0].probability = 1.0 - 1.1e-6 * model->auto_wrong_ppm;
	assert_int_equal(search_guard(&scene.search), GUARD_EVIDENCE);
	scene.scored[0].probability = 1.0 - 0.9e-6 * model->auto_wrong_ppm;
	assert_int_equal(search_guard(&scene.search), GUARD_NONE);
}

/* ---- what a record of a file may do then (strict.c) ---- */

struct strict_row {
	struct row row;
	const char *rule; /* NULL: to a person, `row.want` the category */
};

static void scene_decide(struct scene *scene, struct match_result *ret_result)
{
	struct strict strict = {&arena, &scene->search, &scene->query, &scene->sent, scene->list, scene->search.count};
	uint32_t i;

	for (i = 0; i < strict.count; i++)
		match_strict_assess(&scene->query, scene->list[i]);
	memset(ret_result, 0, sizeof(*ret_result));
	assert_int_equal(match_strict_decide(&strict, ret_result), 0);
}

static void check_strict(const struct strict_row *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct match_result result;
		struct scene scene;
		const char *got;

		scene_make(&scene, &rows[i].row);
		scene_decide(&scene, &result);
		got = result.disposition == MATCH_REVIEW ? category_name(result.category) : result.rule;
		if (strcmp(got, rows[i].rule != NULL ? rows[i].rule : category_name((enum category)rows[i].row.want)) != 0 ||
		    (rows[i].rule == NULL) != (result.disposition == MATCH_REVIEW))
			fail_msg("row %zu: got %s: %.*s", i + 1, got, (int)result.reason.len,
				 result.reason.data != NULL ? result.reason.data : "");
	}
}

#define TO(category, ...) {.row = {.want = CATEGORY_##category, __VA_ARGS__}}
#define TAKEN(words, ...) {.row = {.want = 0, __VA_ARGS__}, .rule = (words)}
#define CHECK_STRICT(rows) check_strict(rows, sizeof(rows) / sizeof(rows[0]))
#define BY_NAMES "names+birth_on+subscriber_id"
#define BY_SSN "ssn+birth_on+last_name"
#define BY_ID "member_id+birth_on"

/* Numbers: whose they are, and what another one of the member's own means. */
static void test_file_numbers(void **state)
{
	static const struct strict_row rows[] = {
		TAKEN(BY_NAMES, IS(0)),
		TAKEN(BY_SSN, IS(L(SSN_EQUAL))),
		TAKEN(BY_ID, IS(L(MEMBER_ID_EQUAL))),
		/* The member number sent is another member's. */
		TO(ID_CONFLICT, IS(L(SSN_EQUAL)), .other = STRANGER, OTHER(L(MEMBER_ID_EQUAL))),
		TO(ID_CONFLICT, IS(0), .other = STRANGER, OTHER(L(MEMBER_ID_EQUAL))),
		TO(SSN_DUP, IS(0), .other = SSN_HOLDER),
		TO(SSN_DUP, IS(L(SSN_SUBSCRIBERS)), .other = SSN_HOLDER),
		TO(SSN_MISMATCH, IS(L(SSN_ONE_EDIT))),
		TO(SSN_MISMATCH, IS(L(SSN_ONE_EDIT), L(MEMBER_ID_EQUAL))),
		TO(SSN_MISMATCH, IS(L(SSN_OTHER), L(MEMBER_ID_EQUAL))),
		TO(SSN_MISMATCH, IS(L(SSN_TWO_EDITS), L(MEMBER_ID_EQUAL))),
		TO(SSN_MISMATCH, IS(L(SSN_LAST_FOUR), L(MEMBER_ID_EQUAL))),
		/* A new SSN is believed where it was announced, and his number, name and birth date agree. */
		TAKEN(BY_ID, IS(L(SSN_OTHER), L(MEMBER_ID_EQUAL)), .flags = CORRECTED),
		TO(SSN_MISMATCH, IS(L(SSN_ONE_EDIT)), .flags = CORRECTED),
		TO(SSN_MISMATCH, IS(L(SSN_OTHER), L(MEMBER_ID_EQUAL), L(FIRST_OTHER)), .flags = CORRECTED),
		TO(SSN_MISMATCH, IS(L(SSN_OTHER), L(MEMBER_ID_EQUAL), L(BIRTH_ONE_DIGIT)), .flags = CORRECTED),
	};

	(void)state;
	CHECK_STRICT(rows);
}

/* Names, sex and birth date that are others than on file. */
static void test_file_person(void **state)
{
	static const struct strict_row rows[] = {
		TO(NAME_MISMATCH, IS(L(SSN_EQUAL), L(SUFFIX_OTHER))),
		TO(NAME_MISMATCH, IS(L(SSN_EQUAL), L(SEX_OTHER), L(FIRST_PREFIX))),
		TAKEN(BY_SSN, IS(L(SSN_EQUAL), L(SEX_OTHER), L(FIRST_NICKNAME))),
		TO(NAME_MISMATCH, IS(L(SSN_EQUAL), L(FIRST_OTHER))),
		TO(NAME_MISMATCH, IS(L(MEMBER_ID_EQUAL), L(FIRST_ALIKE))),
		TO(NAME_MISMATCH, IS(L(SSN_EQUAL), L(FIRST_SWAPPED), L(LAST_SWAPPED))),
		TAKEN("ssn+correction", IS(L(SSN_EQUAL), L(FIRST_SWAPPED), L(LAST_SWAPPED)), .flags = CORRECTED),
		/* A marriage: with his own number and first name. */
		TAKEN(BY_ID, IS(L(MEMBER_ID_EQUAL), L(LAST_OTHER))),
		TAKEN(BY_ID, IS(L(MEMBER_ID_EQUAL), L(LAST_CHANGED), L(FIRST_NICKNAME))),
		TO(NAME_MISMATCH, IS(L(MEMBER_ID_EQUAL), L(LAST_OTHER), L(FIRST_PREFIX))),
		TO(NAME_MISMATCH, IS(L(SSN_EQUAL), L(LAST_CHANGED))),
		TAKEN("score", IS(L(SSN_EQUAL), L(LAST_SIMILAR))),
		TAKEN("ssn+correction", IS(L(SSN_EQUAL), L(LAST_OTHER)), .flags = CORRECTED),
		/* Birth dates. */
		TO(DOB_MISMATCH, IS(L(SSN_EQUAL), L(BIRTH_ONE_DIGIT))),
		TO(DOB_MISMATCH, IS(L(MEMBER_ID_EQUAL), L(BIRTH_SWAPPED))),
		TAKEN("member_id+correction", IS(L(MEMBER_ID_EQUAL), L(BIRTH_ONE_DIGIT)), .flags = CORRECTED, .years = 12),
		TO(DOB_MISMATCH, IS(L(MEMBER_ID_EQUAL), L(BIRTH_ONE_DIGIT)), .flags = CORRECTED, .years = 20),
		/* A correction of names and birth date at once is none. */
		TO(SSN_DUP, IS(L(SSN_EQUAL), L(FIRST_OTHER), L(BIRTH_ONE_DIGIT)), .flags = CORRECTED),
		TO(ID_CONFLICT, IS(L(MEMBER_ID_EQUAL), L(LAST_OTHER), L(FIRST_PREFIX), L(BIRTH_SWAPPED)), .flags = CORRECTED),
		TO(SSN_DUP, IS(L(SSN_EQUAL), L(FIRST_OTHER), NO(BIRTH)), .flags = CORRECTED),
		TO(DOB_MISMATCH, IS(L(SSN_EQUAL), L(LAST_SIMILAR), L(BIRTH_ONE_DIGIT)), .flags = CORRECTED),
		TO(SSN_DUP, IS(L(SSN_EQUAL), NO(FIRST), L(BIRTH_ONE_DIGIT)), .flags = CORRECTED),
		TAKEN("member_id+names", IS(L(MEMBER_ID_EQUAL), NO(BIRTH)), .flags = PAYMENT),
		TAKEN("score", IS(L(MEMBER_ID_EQUAL), NO(BIRTH), L(LAST_SIMILAR)), .flags = PAYMENT),
		TAKEN("ssn+names", IS(L(SSN_EQUAL), NO(BIRTH)), .flags = PAYMENT),
		/* The subscriber is no dependent. */
		TO(LOW_SCORE, IS(L(KIN_SELF_OTHER))),
		TAKEN(BY_SSN, IS(L(KIN_SELF_OTHER), L(SSN_EQUAL))),
		/* Names and birth date alone. */
		TO(LOW_SCORE, IS(ELSEWHERE)),
		TAKEN("score", IS(ELSEWHERE, L(PHONE_EQUAL))),
		TAKEN("score", IS(ELSEWHERE, L(EMAIL_EQUAL))),
		/* Sent already, with other data. */
		TO(MULTI_MATCH, IS(L(SSN_EQUAL), L(FIRST_NICKNAME)), .flags = CLAIMED),
		TAKEN(BY_SSN, IS(L(SSN_EQUAL)), .flags = CLAIMED),
	};

	(void)state;
	CHECK_STRICT(rows);
}

/* A twin on file, or one whom nobody knows of: only the first name as it stands tells who is meant. */
static void test_file_twins(void **state)
{
	static const struct strict_row rows[] = {
		TAKEN(BY_SSN, IS(L(SSN_EQUAL)), .other = TWIN),
		TO(TWIN_RISK, IS(L(SSN_EQUAL), L(FIRST_NICKNAME)), .other = TWIN),
		TO(TWIN_RISK, IS(L(MEMBER_ID_EQUAL), L(FIRST_INITIAL)), .other = TWIN),
		TAKEN(BY_SSN, IS(L(SSN_EQUAL), L(FIRST_NICKNAME)), .other = STRANGER),
		TO(TWIN_RISK, IS(L(KIN_SELF), L(FIRST_NICKNAME))),
		TO(TWIN_RISK, IS(L(KIN_SPOUSE), L(FIRST_OTHER))),
	};
	struct match_result result;
	struct scene scene;

	(void)state;
	CHECK_STRICT(rows);
	/* Both satisfy a rule. */
	scene_make(&scene, &(struct row){.other = STRANGER, OTHER(L(BIRTH_EQUAL), L(MEMBER_ID_EQUAL))});
	scene.scored[1].total = scene.scored[0].total;
	scene_decide(&scene, &result);
	assert_int_equal(result.disposition, MATCH_REVIEW);
	assert_int_equal(result.category, CATEGORY_MULTI_MATCH);
	/* The only one who fits was ruled out by a representative. */
	scene_make(&scene, &(struct row){IS(L(SSN_EQUAL))});
	scene.scored[0].ruled_out = true;
	scene_decide(&scene, &result);
	assert_int_equal(result.disposition, MATCH_REVIEW);
	assert_int_equal(result.category, CATEGORY_SSN_DUP);
}

/* Nobody on file is taken for a new person's double, and nobody who is on file becomes a second person. */
#define UNLIKE(...) .row = {.flags = ADD, .changes = {__VA_ARGS__}}
static void test_who_stands_against_new(void **state)
{
	static const int unlike[] = {L(FIRST_OTHER), L(LAST_OTHER), L(BIRTH_OTHER), NO(SUBSCRIBER), NO(ADDRESS), NO(SEX), NO(KIN)};
	static const struct {
		struct row row;
		bool stands;
	} rows[] = {
		{UNLIKE(0), false},
		{UNLIKE(L(SSN_EQUAL)), true},
		{UNLIKE(L(MEMBER_ID_EQUAL)), true},
		/* Born on the same day. */
		{UNLIKE(L(BIRTH_EQUAL)), false},
		{UNLIKE(L(BIRTH_EQUAL), L(LAST_EQUAL)), false},
		{UNLIKE(L(BIRTH_EQUAL), L(FIRST_EQUAL), L(LAST_EQUAL)), true},
		{UNLIKE(L(BIRTH_EQUAL), L(FIRST_EQUAL), L(LAST_EQUAL), L(SSN_OTHER)), true},
		{UNLIKE(L(BIRTH_EQUAL), L(FIRST_EQUAL)), true},
		{UNLIKE(L(BIRTH_EQUAL), L(FIRST_EQUAL), L(SSN_OTHER)), false},
		{UNLIKE(L(BIRTH_EQUAL), L(FIRST_EQUAL), L(ADDRESS_OTHER), L(PHONE_OTHER)), false},
		{UNLIKE(L(BIRTH_EQUAL), L(FIRST_EQUAL), L(ADDRESS_OTHER)), true},
		{UNLIKE(L(BIRTH_EQUAL), L(FIRST_EQUAL), L(PHONE_OTHER)), true},
		{UNLIKE(L(BIRTH_EQUAL), L(FIRST_SWAPPED), L(LAST_SWAPPED)), true},
		{UNLIKE(L(BIRTH_EQUAL), NO(FIRST), L(LAST_EQUAL)), true},
		{UNLIKE(L(BIRTH_EQUAL), NO(FIRST)), false},
		{UNLIKE(L(BIRTH_EQUAL), L(SSN_ONE_EDIT)), true},
		{UNLIKE(L(BIRTH_EQUAL), L(SSN_LAST_FOUR)), true},
		{UNLIKE(L(BIRTH_EQUAL), L(SSN_TWO_EDITS)), false},
		{UNLIKE(L(BIRTH_EQUAL), L(SUBSCRIBER_EQUAL)), true},
		{UNLIKE(L(BIRTH_EQUAL), L(ADDRESS_EQUAL)), true},
		{UNLIKE(L(BIRTH_EQUAL), L(PHONE_EQUAL)), true},
		/* Nearly. */
		{UNLIKE(L(BIRTH_ONE_DIGIT), L(FIRST_EQUAL), L(LAST_EQUAL)), true},
		{UNLIKE(L(BIRTH_SWAPPED), L(FIRST_NICKNAME), L(LAST_SIMILAR)), true},
		{UNLIKE(L(BIRTH_DEFAULT), L(FIRST_EQUAL), L(LAST_TOKEN)), true},
		{UNLIKE(L(BIRTH_TWO_PARTS), L(FIRST_EQUAL), L(LAST_EQUAL)), true},
		{UNLIKE(L(BIRTH_SAME_YEAR), L(FIRST_EQUAL), L(LAST_EQUAL)), true},
		{UNLIKE(NO(BIRTH), L(FIRST_EQUAL), L(LAST_EQUAL)), true},
		{UNLIKE(L(FIRST_EQUAL), L(LAST_EQUAL)), false},
		{UNLIKE(L(BIRTH_ONE_DIGIT), L(FIRST_SWAPPED), L(LAST_SWAPPED)), true},
		{UNLIKE(L(BIRTH_ONE_DIGIT), L(FIRST_EQUAL)), false},
		{UNLIKE(L(BIRTH_ONE_DIGIT), L(LAST_EQUAL)), false},
		/* An SSN nearly his. */
		{UNLIKE(L(SSN_ONE_EDIT), L(FIRST_EQUAL), L(LAST_EQUAL)), true},
		{UNLIKE(L(SSN_LAST_FOUR), L(FIRST_EQUAL), L(LAST_EQUAL)), true},
		{UNLIKE(L(SSN_TWO_EDITS), L(FIRST_EQUAL), L(LAST_EQUAL)), false},
		{UNLIKE(L(SSN_ONE_EDIT), L(FIRST_EQUAL)), false},
		{UNLIKE(L(SSN_ONE_EDIT), L(FIRST_EQUAL), L(BIRTH_ONE_DIGIT)), true},
		{UNLIKE(L(SSN_ONE_EDIT), L(LAST_EQUAL), L(BIRTH_ONE_DIGIT)), true},
		{UNLIKE(L(SSN_ONE_EDIT), L(BIRTH_ONE_DIGIT)), false},
		/* Of the family, or of the house. */
		{UNLIKE(L(SUBSCRIBER_EQUAL), L(FIRST_EQUAL)), true},
		{UNLIKE(L(SUBSCRIBER_EQUAL), L(FIRST_MIDDLE)), false},
		{UNLIKE(L(SUBSCRIBER_EQUAL), L(FIRST_MIDDLE), L(BIRTH_ONE_DIGIT)), true},
		{UNLIKE(L(SUBSCRIBER_EQUAL), NO(FIRST)), false},
		{UNLIKE(L(SUBSCRIBER_EQUAL), NO(FIRST), L(BIRTH_ONE_DIGIT)), true},
		{UNLIKE(L(SUBSCRIBER_EQUAL), L(LAST_EQUAL)), false},
		{UNLIKE(L(ADDRESS_EQUAL), L(FIRST_NICKNAME), L(BIRTH_ONE_DIGIT)), true},
		{UNLIKE(L(ADDRESS_EQUAL), L(FIRST_EQUAL), L(LAST_EQUAL)), true},
		{UNLIKE(L(PHONE_EQUAL), L(FIRST_EQUAL), L(LAST_TOKEN)), true},
		{UNLIKE(L(ADDRESS_EQUAL), L(FIRST_NICKNAME), L(LAST_EQUAL)), false},
		{UNLIKE(L(ADDRESS_EQUAL), L(FIRST_EQUAL)), false},
		/* The twin whom a record of the same set brought. */
		{.row = {.flags = ADD | CLAIMED, IS(L(BIRTH_EQUAL), L(SUBSCRIBER_EQUAL), L(SSN_OTHER))}, .stands = false},
		{.row = {.flags = ADD | CLAIMED, IS(L(BIRTH_EQUAL), L(SUBSCRIBER_EQUAL), L(SSN_ONE_EDIT))}, .stands = false},
		{.row = {.flags = ADD | CLAIMED, IS(L(BIRTH_EQUAL), L(SUBSCRIBER_EQUAL), L(SSN_ONE_EDIT), L(FIRST_ALIKE))}, .stands = false},
		{.row = {.flags = ADD | CLAIMED, IS(L(BIRTH_EQUAL), L(SUBSCRIBER_EQUAL), L(SSN_ONE_EDIT), L(FIRST_SIMILAR))}, .stands = true},
		{.row = {.flags = ADD | CLAIMED, IS(L(BIRTH_EQUAL), L(SUBSCRIBER_EQUAL))}, .stands = true},
		{.row = {.flags = ADD | CLAIMED | SECOND_BORN, IS(L(BIRTH_EQUAL), L(SUBSCRIBER_EQUAL))}, .stands = false},
		{.row = {.flags = ADD | CLAIMED | SECOND_BORN, IS(L(BIRTH_EQUAL), L(SUBSCRIBER_EQUAL), L(FIRST_EQUAL))}, .stands = true},
		{.row = {.flags = ADD | CLAIMED | SECOND_BORN, IS(L(BIRTH_EQUAL), L(SUBSCRIBER_EQUAL), L(FIRST_NICKNAME))}, .stands = true},
		{.row = {.flags = ADD | CLAIMED | SECOND_BORN, IS(L(BIRTH_EQUAL), L(SUBSCRIBER_EQUAL), NO(FIRST))}, .stands = true},
		{.row = {.flags = ADD | SECOND_BORN, IS(L(BIRTH_EQUAL), L(SUBSCRIBER_EQUAL))}, .stands = true},
	};
	struct match_result result;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;

		scene_make(&scene, &rows[i].row);
		change(&scene.scored[0], unlike, sizeof(unlike) / sizeof(unlike[0]));
		change(&scene.scored[0], rows[i].row.changes, CHANGES_MAX);
		scene.scored[0].total = -20000;
		scene.scored[0].probability = 1e-9;
		scene.search.none_probability = 1.0 - 1e-9;
		scene_decide(&scene, &result);
		if ((result.disposition != MATCH_NEW) != rows[i].stands)
			fail_msg("row %zu: %s", i + 1, result.disposition == MATCH_NEW ? "new" : category_name(result.category));
	}
}

/* "New" wants an add, a birth date, a name and good odds. */
static void test_new(void **state)
{
	struct match_result result;
	struct scene scene;
	int what;

	(void)state;
	for (what = 0; what < 6; what++) {
		scene_make(&scene, &(struct row){.flags = what == 1 ? 0 : ADD});
		scene.search.count = 0;
		scene.search.none_probability = what == 4 ? 1.0 - 1.1e-6 * model->new_ppm : 1.0 - 1e-9;
		if (what == 2)
			scene.sent.birth_on = DATE_NONE;
		if (what == 3)
			match_name_of(SLICE_EMPTY, &scene.sent.last);
		if (what == 5) {
			static const int unlike[] = {L(FIRST_OTHER), L(LAST_OTHER), L(BIRTH_OTHER), NO(SUBSCRIBER), NO(ADDRESS)};

			scene.search.count = 1;
			change(&scene.scored[0], unlike, 5);
			scene.scored[0].probability = 1.1e-6 * model->new_ppm;
			scene.scored[0].total = -20000;
		}
		scene_decide(&scene, &result);
		assert_int_equal(result.disposition, what == 0 ? MATCH_NEW : MATCH_REVIEW);
	}
}

/* What is left out of the sums as nothing is nothing: with it they come to the same millibits. */
static void test_nothing_is_left_out(void **state)
{
	int32_t less;

	(void)state;
	for (less = -40000; less <= -12600; less += 100)
		assert_int_equal(match_log2_millibits(1.0 + 2.0 * match_exp2_millibits(less)), 0);
	assert_int_equal(match_log2_millibits(1.0 + match_exp2_millibits(-10000)), 1);
}

static void home_of(const char *address1, struct match_person *ret_person)
{
	struct member member = {.birth_on = DATE_NONE, .died_on = DATE_NONE, .address1 = slice_from(address1)};

	match_person_of(&member, ret_person);
}

/* Of a short address the first words are looked at, of a long one all: both say the same of what is only padded. */
static void test_streets(void **state)
{
	static const struct {
		const char *address1, *house, *street;
	} rows[] = {
		{"", "", ""},
		{"12 Oak Ave", "12", "OAK"},
		{"12B n. w. O'Brien St", "12B", "OBRIEN"},
		{"12", "12", ""},
		{"12 North", "12", "NORTH"},
		{"North 12", "", "12"},
		{"PO Box 7", "", "PO"},
		{"12 \xc3\x89lan Way", "12", "ELAN"},
		{"123456789012345 Abcdefghijklmnopqrstuvwxyzabc Rd", "12345678901", "ABCDEFGHIJKLMNOPQRSTUVW"},
		{"N S E W N S E W Elm", "", "W"},
	};
	static const char *const words[] = {"12", "7b", "N", "South", "nw", "Oak", "O'Brien", ".", "#4", "E"};
	static const char *const gaps[] = {" ", "-", ", ", "  "};
	struct match_person person, padded;
	char address[160];
	size_t i;
	int len;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		home_of(rows[i].address1, &person);
		assert_string_equal(person.house, rows[i].house);
		assert_string_equal(person.street, rows[i].street);
	}
	for (i = 0; i < 100000; i++) {
		len = snprintf(address, sizeof(address), "%s%s%s%s%s%s%s%s%s", words[i % 10], gaps[i % 4], words[i / 10 % 10],
			       gaps[i / 7 % 4], words[i / 100 % 10], gaps[i / 3 % 4], words[i / 1000 % 10], gaps[i / 11 % 4],
			       words[i / 10000 % 10]);
		assert_true(len > 0 && len < 64);
		home_of(address, &person);
		snprintf(address + len, sizeof(address) - (size_t)len, "%64s", "");
		home_of(address, &padded);
		assert_string_equal(person.house, padded.house);
		assert_string_equal(person.street, padded.street);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown_twin),
		cmocka_unit_test(test_name_elsewhere),
		cmocka_unit_test(test_form_of_the_name),
		cmocka_unit_test(test_known_twin),
		cmocka_unit_test(test_generation),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_namesake),
		cmocka_unit_test(test_without_role),
		cmocka_unit_test(test_claimed),
		cmocka_unit_test(test_margin_and_evidence),
		cmocka_unit_test(test_file_numbers),
		cmocka_unit_test(test_file_person),
		cmocka_unit_test(test_file_twins),
		cmocka_unit_test(test_who_stands_against_new),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_streets),
		cmocka_unit_test(test_nothing_is_left_out),
	};
	int failed;

	env_real_init(&env);
	arena_init(&arena, &env, 0, 0);
	if (match_model_default(&arena, &model) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_fini(&arena);
	return failed;
}
