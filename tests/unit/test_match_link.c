/* If this failed, what representatives are told of a match (how sure, and why) would not be true, or not twice the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "muster/match_link.h"
#include "muster/specs.h"

static struct env env;
static struct arena arena;

#define HEAD "id,member_id,subscriber_id,relationship,last_name,first_name,middle_name,suffix,ssn,birth_on,sex,address1,zip\n"

static const char members_csv[] = HEAD
	"a,M1,S1,18,ROE,ALEXANDER,PAUL,,219-09-4001,1985-02-14,M,1 MAIN ST,90001\n"
	"b,M2,S1,01,ROE,SAMANTHA,,,219094002,1986-03-15,F,1 MAIN ST,90001\n"
	"c,M3,S1,19,ROE,JADEN,,,219094003,2015-06-01,M,1 MAIN ST,90001\n"
	"d,M4,S4,18,SZYMANSKI,RUTH,,,219094010,19800102,F,9 HILL AVE,60601\n"
	"e,M5,S4,19,SZYMANSKI,LIV,,,219094011,2012-12-12,F,9 HILL AVE,60601\n"
	"f,M6,S4,19,SZYMANSKI,LIA,,,219094012,2012-12-12,F,9 HILL AVE,60601\n";

static const char records_csv[] = HEAD
	"1,,S1,18,ROE,ALEX,PAUL,,219094001,1985-02-14,M,1 MAIN ST,90001\n"
	"2,,S1,19,ROE,JAYDEN,,,219094004,2015-06-01,M,1 MAIN ST,90001\n"
	"3,,S4,18,\"SZYMANSKI\",RUTH,,,219094010,1980-01-02,F,44 NEW RD,60699\n"
	"4,,,18,NOBODY,KNOWN,,,,1999-09-09,F,,\n"
	"5,,S4,19,SZYMANSKI,L,,,,2012-12-12,F,9 HILL AVE,60601\n";

struct world {
	struct match_table left, right;
	struct match_index *index;
	struct match_candidates candidates;
};

static struct match_table table(const char *csv)
{
	struct match_table result;
	struct buffer errors;

	buffer_init(&errors, &env);
	if (match_table_read(&env, &arena, "t.csv", slice_from(csv), &errors, &result) != 0)
		fail_msg("%s", errors.data);
	buffer_fini(&errors);
	return result;
}

static struct world wide_world_of(const char *left, const char *right, bool wide)
{
	struct world world = {.left = table(left), .right = table(right)};

	assert_int_equal(match_index_new(&env, world.right.members, world.right.count, wide, &world.index), 0);
	world.candidates = match_index_candidates(world.index);
	return world;
}

static struct world world_of(const char *left, const char *right)
{
	return wide_world_of(left, right, false);
}

static int add_pair(void *context, const struct match_pair *pair)
{
	buffer_printf(context, "%u %u %.9f %s%s%s\n", pair->left, pair->right, pair->probability,
		      pair->automatic ? "auto" : "review", pair->guard != NULL ? ": " : "",
		      pair->guard != NULL ? pair->guard : "");
	return 0;
}

static void pairs_of(const struct world *world, struct match_link_options options, struct buffer *out)
{
	buffer_init(out, &env);
	assert_int_equal(
		match_link(&env, &world->left, &world->right, &world->candidates, &options, add_pair, out), 0);
	assert_int_equal(out->error, 0);
}

static void test_pairs(void **state)
{
	struct world world = world_of(records_csv, members_csv);
	struct buffer pairs;
	struct match_result result;
	struct match_link_options options = {.model = NULL};

	(void)state;
	pairs_of(&world, options, &pairs);
	assert_non_null(strstr(pairs.data, "0 0 1.000000000 auto\n"));
	/* The unknown twin: like-sounding, one digit off. */
	assert_int_equal(match_link_one(&arena, &world.left, 1, &world.right, &world.candidates, &options, &result), 0);
	assert_int_not_equal(result.disposition, MATCH_AUTO);
	assert_string_equal(result.guard, "it may be a twin");
	/* Moved with the whole family. */
	assert_non_null(strstr(pairs.data, "2 3 1.000000000 auto\n"));
	assert_null(strstr(pairs.data, "\n3 "));
	/* Either of two known twins. */
	assert_int_equal(match_link_one(&arena, &world.left, 4, &world.right, &world.candidates, &options, &result), 0);
	assert_int_equal(result.disposition, MATCH_REVIEW);
	assert_int_equal(result.candidates[0].millibits, result.candidates[1].millibits);
	buffer_fini(&pairs);
	match_index_free(world.index);
}

struct guarded {
	const char *row, *guard; /* "" = automatic */
};

static void expect_guards(const char *head, const char *members, const struct guarded *cases, size_t count)
{
	struct match_link_options options = {.model = NULL};
	struct match_result result;
	char csv[512];
	size_t i;

	for (i = 0; i < count; i++) {
		struct world world;

		snprintf(csv, sizeof(csv), "%s%s", head, cases[i].row);
		world = world_of(csv, members);
		assert_int_equal(
			match_link_one(&arena, &world.left, 0, &world.right, &world.candidates, &options, &result), 0);
		if (strcmp(result.guard != NULL ? result.guard : "", cases[i].guard) != 0)
			fail_msg("%swanted \"%s\", got \"%s\"", cases[i].row, cases[i].guard,
				 result.guard != NULL ? result.guard : "");
		match_index_free(world.index);
		memset(csv, 0, sizeof(csv));
	}
}

/* Each row: what is sent against ROE's own row, and what stops it. */
static void test_guards(void **state)
{
	static const struct guarded cases[] = {
		{"1,,S1,18,ROE,ALEX,P,,219094010,1985-02-14,M,1 MAIN ST,90001\n", "the SSN is another member's"},
		{"1,,S1,18,ROE,ALEXANDER,,SR,219094001,1955-02-14,M,1 MAIN ST,90001\n",
		 "it may be another generation"},
		{"1,,S1,18,ROE,ALEXANDER,,,219094001,1955-02-14,M,1 MAIN ST,90001\n", ""},
		{"1,,S1,19,ROE,ALEXANDER,,JR,,2015-08-14,M,1 MAIN ST,90001\n", "it may be another generation"},
		{"1,M1,,18,STONE,BRUNO,,,,1961-11-30,M,,\n", "only the member number agrees"},
		{"1,,S77,18,ROE,ALEXANDER,,,,1985-02-14,M,9 FAR RD,10001\n",
		 "only names and birth date agree; family, home or employer are others"},
		/* Namesakes born on the same day have another middle name, sex or role. Who moved has none of these. */
		{"1,,,18,SZYMANSKI,RUTH,,,,1980-01-02,F,44 NEW RD,10001\n", ""},
		{"1,,,18,SZYMANSKI,RUTH,,,,1980-01-02,M,44 NEW RD,10001\n",
		 "only names and birth date agree; family, home or employer are others"},
		{"1,,,19,SZYMANSKI,RUTH,,,,1980-01-02,F,44 NEW RD,10001\n",
		 "only names and birth date agree; family, home or employer are others"},
		{"1,,,18,ROE,ALEXANDER,BRUNO,,,1985-02-14,M,9 FAR RD,10001\n",
		 "only names and birth date agree; family, home or employer are others"},
		/* PETER is not PAUL although both are P. */
		{"1,,,18,ROE,ALEXANDER,PETER,,,1985-02-14,M,9 FAR RD,10001\n",
		 "only names and birth date agree; family, home or employer are others"},
		{"1,,,18,ROE,ALEXANDER,P,,,1985-02-14,M,9 FAR RD,10001\n", ""},
		{"1,,,18,ROE,ALEXANDER,PAULL,,,1985-02-14,M,9 FAR RD,10001\n", ""},
		{"1,,,,ROE,ALEXANDER,,,219094011,1985-02-14,M,1 MAIN ST,90001\n", "the SSN is another member's"},
		{"1,,,,ROE,ALEXANDER,,,219094000,1985-02-14,M,1 MAIN ST,90001\n",
		 "without a relationship, names, birth date, SSN and something else must agree"},
		{"1,,,,ROE,ALEXANDER,,,219094001,1985-02-15,M,1 MAIN ST,90001\n",
		 "without a relationship, names, birth date, SSN and something else must agree"},
		{"1,,,,ROE,ALEX,,,219094001,1985-02-14,M,1 MAIN ST,90001\n", ""},
		{"1,,,18,ALEXANDER,ROE,,,219094001,1985-02-14,M,1 MAIN ST,90001\n", ""},
		{"1,,S1,19,ROE,JADEN,,,219094001,2015-06-01,M,1 MAIN ST,90001\n", ""},
	};

	(void)state;
	expect_guards(HEAD, members_csv, cases, sizeof(cases) / sizeof(cases[0]));
}

#define PHONE_HEAD "id,member_id,subscriber_id,relationship,last_name,first_name,middle_name,suffix,ssn,birth_on,sex,address1,zip,phone\n"

/* Where names, birth date and home agree, and yet somebody else may be meant. */
static void test_guards_of_kin(void **state)
{
	static const char members[] = PHONE_HEAD
		"a,M1,S1,18,ROE,ALEXANDER,PAUL,,219094001,1985-02-14,M,1 MAIN ST,90001,2065550101\n"
		"b,M2,S2,19,ROWAN,JON,MARK,,219094021,2014-05-05,M,5 ELM ST,60605,2065550102\n"
		"c,M3,S2,19,ROWAN,JONATHAN,LUKE,,219094035,2014-05-05,M,5 ELM ST,60605,2065550102\n"
		"d,M4,S3,19,MARLOW,BRUNO,,JR,219094041,2015-08-06,M,7 OAK ST,30303,2065550103\n"
		"e,M5,S4,18,GRADY,IVOR,Q,,219094051,1962-07-08,M,3 LAKE DR,20002,2065550104\n";
	static const struct guarded cases[] = {
		/* Twins on file whose names are forms of one another: a number or the middle name must tell. */
		{"1,,S2,19,ROWAN,JON,,,,2014-05-05,M,5 ELM ST,60605,2065550102\n", "it may be a twin"},
		{"1,,S2,19,ROWAN,JON,M,,,2014-05-05,M,5 ELM ST,60605,2065550102\n", ""},
		{"1,,S2,19,ROWAN,JON,,,219094021,2014-05-05,M,5 ELM ST,60605,2065550102\n", ""},
		/* A sister whom the sender calls by her brother's name. */
		{"1,,S2,19,ROWAN,JON,,,219094029,2014-05-05,F,5 ELM ST,60605,2065550102\n", "it may be a twin"},
		{"1,,S3,19,MARLOW,BRUNO,,,,2015-08-06,F,7 OAK ST,30303,2065550103\n", "it may be a twin"},
		{"1,,S3,19,MARLOW,BRUNO,,,219094041,2015-08-06,F,7 OAK ST,30303,2065550103\n", ""},
		/* Another name, and a date with a slip or none. */
		{"1,,S3,19,MARLOW,BRUNA,,JR,,,M,7 OAK ST,30303,2065550103\n", "it may be a twin"},
		{"1,M4,S3,19,MARLOW,BRUNA,,JR,,,M,7 OAK ST,30303,2065550103\n", ""},
		/* Of two sons named after their father nobody knows the second. */
		{"1,,S3,19,MARLOW,BRUNO,,JR,,2015-01-06,M,7 OAK ST,30303,2065550103\n", "it may be another generation"},
		{"1,,S3,19,MARLOW,BRUNO,,JR,219094041,2015-01-06,M,7 OAK ST,30303,2065550103\n", ""},
		/* A year with a wrong digit in the same role; the son in another one. */
		{"1,,S4,18,GRADY,IVOR,,,,1982-07-08,M,3 LAKE DR,20002,2065550104\n", ""},
		{"1,,,18,GRADY,IVOR,,,,1982-07-08,M,3 LAKE DR,20002,2065550104\n", ""},
		{"1,,S4,19,GRADY,IVOR,,,,1982-07-08,M,3 LAKE DR,20002,2065550104\n", "it may be another generation"},
		{"1,,,18,GRADY,IVOR,,,,1983-08-08,M,3 LAKE DR,20002,2065550104\n", "it may be another generation"},
		/* Another SSN, which no slip explains. His own number says that it is a new one of his. */
		{"1,,S1,18,ROE,ALEXANDER,PAUL,,617553388,1985-02-14,M,1 MAIN ST,90001,2065550101\n",
		 "the SSN on file is quite another"},
		{"1,M1,S1,18,ROE,ALEXANDER,PAUL,,617553388,1985-02-14,M,1 MAIN ST,90001,2065550101\n", ""},
		/* Another home and telephone: one letter in common is chance, a ZIP code does not outweigh another sex. */
		{"1,,,18,ROE,ALEXANDER,P,,,1985-02-14,M,9 FAR RD,10001,3125550199\n",
		 "only names and birth date agree; family, home or employer are others"},
		{"1,,,18,ROE,ALEXANDER,PAUL,,,1985-02-14,M,9 FAR RD,10001,3125550199\n", ""},
		{"1,,,18,GRADY,IVOR,Q,,,1962-07-08,M,9 FAR RD,10001,3125550199\n",
		 "only names and birth date agree; family, home or employer are others"},
		{"1,,,18,ROE,ALEXANDER,,,,1985-02-14,M,,,3125550199\n",
		 "only names and birth date agree; family, home or employer are others"},
		/* Within the town, with a letter in common or the telephone: with nothing at all he may be a namesake there. */
		{"1,,,18,ROE,ALEXANDER,P,,,1985-02-14,M,9 FAR RD,90001,3125550199\n", ""},
		{"1,,,18,ROE,ALEXANDER,,,,1985-02-14,M,9 FAR RD,90001,\n", ""},
		{"1,,,18,ROE,ALEXANDER,,,,1985-02-14,M,9 FAR RD,90001,3125550199\n",
		 "only names and birth date agree; family, home or employer are others"},
		{"1,,,18,ROE,ALEXANDER,,,,1985-02-14,F,9 FAR RD,90001,3125550199\n",
		 "only names and birth date agree; family, home or employer are others"},
	};

	(void)state;
	expect_guards(PHONE_HEAD, members, cases, sizeof(cases) / sizeof(cases[0]));
}

/* Names in each other's place, one of them with a fault, and digits of the ZIP turned: only the birth date is left. */
static void test_wide_keys(void **state)
{
	static const char left[] = HEAD "1,,,,JESSU,CAMERON,,,219096804,1956-11-17,,19 SPOFFORTH ST,22080\n";
	static const char right[] = HEAD "a,,,,CAMERON,JESSUP,,,219095101,1956-11-17,,19 SPOFFORTH ST,22800\n";
	struct world narrow = world_of(left, right), wide = wide_world_of(left, right, true);
	struct buffer pairs;

	(void)state;
	pairs_of(&narrow, (struct match_link_options){.wide = false}, &pairs);
	assert_int_equal(pairs.len, 0);
	buffer_fini(&pairs);
	pairs_of(&wide, (struct match_link_options){.wide = true}, &pairs);
	assert_non_null(strstr(pairs.data, "0 0 0."));
	assert_non_null(strstr(pairs.data, "review"));
	buffer_fini(&pairs);
	match_index_free(narrow.index);
	match_index_free(wide.index);
}

static double listed_probability(const struct buffer *pairs, const char *head)
{
	const char *line = pairs->len > 0 ? strstr(pairs->data, head) : NULL;

	return line != NULL ? strtod(line + strlen(head), NULL) : 0.0;
}

/* The first row and the last share nothing but a first name; the one between is surely both. */
static void test_chains(void **state)
{
	static const char rows[] = HEAD "1,,,,ROE,RUTH,,,219094001,1931-08-05,F,1 MAIN ST,90001\n"
					"2,,,,ROE SZYMANSKI,RUTH,ANN,,219094001,1980-01-02,F,9 HILL AVE,60601\n"
					"3,,,,SZYMANSKI,RUTH,ANN,,,1980-01-02,F,9 HILL AVE,60601\n";
	struct world world = wide_world_of(rows, rows, true);
	struct buffer apart, chained;

	(void)state;
	pairs_of(&world, (struct match_link_options){.same_table = true}, &apart);
	assert_true(listed_probability(&apart, "0 2 ") < 0.5);
	assert_true(listed_probability(&apart, "1 2 ") > 0.9);
	pairs_of(&world, (struct match_link_options){.same_table = true, .wide = true}, &chained);
	assert_true(listed_probability(&chained, "0 2 ") >= 0.5);
	assert_true(listed_probability(&chained, "0 2 ") == listed_probability(&chained, "2 0 "));
	assert_true(listed_probability(&chained, "0 2 ") <= listed_probability(&chained, "0 1 "));
	assert_memory_equal(strstr(chained.data, "0 2 ") + strlen("0 2 0.123456789 "), "review", 6);
	buffer_fini(&apart);
	buffer_fini(&chained);
	match_index_free(world.index);
}

static int32_t last_name_millibits(const struct world *world, bool count_names)
{
	struct match_train_options options = {.name = "t", .same_table = true, .count_names = count_names};
	struct match_link_options link = {.same_table = true};
	struct match_result result;
	uint32_t i;

	assert_int_equal(match_train(&env, &arena, &world->left, &world->left, &world->candidates, &options, &link.model),
			 0);
	assert_int_equal(match_link_pair(&arena, &world->left, 0, &world->left, 1, &link, &result), 0);
	for (i = 0; i < result.candidates[0].evidence_count; i++)
		if (strcmp(result.candidates[0].evidence[i].field, "last_name") == 0)
			return result.candidates[0].evidence[i].millibits;
	fail();
	return 0;
}

/* The same, in a table of 64 rows of which the first `bearers` share a surname that no list knows. */
static int32_t bits_of_name(int bearers, bool count_names)
{
	struct buffer csv;
	struct world world;
	int32_t millibits;
	int i;

	buffer_init(&csv, &env);
	buffer_add_text(&csv, HEAD);
	for (i = 0; i < 64; i++)
		buffer_printf(&csv, "%d,,,,%s%c%c,NAME%c%c,,,21909%04d,19%02d-03-04,F,%d MAIN ST,9%04d\n", i,
			      i < bearers ? "QUUXLEY" : "VRONT", i < bearers ? 'Q' : 'A' + i / 26,
			      i < bearers ? 'Q' : 'A' + i % 26, 'A' + i / 26, 'A' + i % 26, 4000 + i * 37, 30 + i, i * 7 + 1,
			      i * 11);
	world = world_of(csv.data, csv.data);
	millibits = last_name_millibits(&world, count_names);
	match_index_free(world.index);
	buffer_fini(&csv);
	return millibits;
}

/* Where everybody bears a surname it says nothing; where a few do, it is at most as rare as they let guess. */
static void test_counted_names(void **state)
{
	(void)state;
	assert_true(bits_of_name(64, false) > 5000);
	assert_true(bits_of_name(64, true) < 1000);
	assert_true(bits_of_name(4, false) > 8000);
	assert_true(bits_of_name(4, true) < 6000);
	assert_true(bits_of_name(4, true) > bits_of_name(8, true));
	assert_true(bits_of_name(2, true) > bits_of_name(4, true));
}

/* What an initial weighs for somebody of the household, learned of 60 couples and records that cut middle names. */
static int initial_of_housemates(const char *second_middle)
{
	struct buffer left, right, model;
	struct world world;
	struct match_train_options options = {.name = "t"};
	const struct match_model *trained;
	uint32_t truth[60];
	const char *line;
	int i, same, stranger, housemate;

	buffer_init(&left, &env);
	buffer_init(&right, &env);
	buffer_init(&model, &env);
	buffer_add_text(&left, HEAD);
	buffer_add_text(&right, HEAD);
	for (i = 0; i < 60; i++) {
		truth[i] = (uint32_t)i * 2;
		buffer_printf(&left, "%d,,S%d,18,ROE,MARK,%s,,21909%04d,1970-03-%02d,M,,\n", i, i, i % 2 ? "J" : "JAMES",
			      4000 + i * 37, 1 + i % 28);
		buffer_printf(&right, "a%d,,S%d,18,ROE,MARK,JAMES,,21909%04d,1970-03-%02d,M,,\n", i, i, 4000 + i * 37,
			      1 + i % 28);
		buffer_printf(&right, "b%d,,S%d,01,ROE,ANNA,%s,,21808%04d,1972-08-%02d,F,,\n", i, i, second_middle,
			      4000 + i * 41, 1 + i % 28);
	}
	world = world_of(left.data, right.data);
	options.truth = truth;
	assert_int_equal(
		match_train(&env, &arena, &world.left, &world.right, &world.candidates, &options, &trained), 0);
	match_model_write(trained, &model);
	line = strstr(model.data, "middle_name:");
	assert_non_null(line);
	assert_int_equal(sscanf(strstr(line, "initial:"), "initial: [%d, %d, %d", &same, &stranger, &housemate), 3);
	match_index_free(world.index);
	buffer_fini(&left);
	buffer_fini(&right);
	buffer_fini(&model);
	return housemate;
}

/* Tables write middle names out: whose first letters are the same agree once a record sends the initial alone. */
static void test_initials_of_a_household(void **state)
{
	(void)state;
	assert_true(initial_of_housemates("JOSEPHINE") > -2000);
	assert_true(initial_of_housemates("RUTH") < -3000);
}

static void test_second_claim(void **state)
{
	static const char twice[] = HEAD "1,,S1,18,ROE,ALEXANDER,,,219094001,1985-02-14,M,,\n"
					 "2,,S1,18,ROE,ALEXANDER,,,219094001,1985-02-14,M,,\n";
	struct world world = world_of(twice, members_csv);
	struct buffer pairs;

	(void)state;
	pairs_of(&world, (struct match_link_options){.one_to_one = true}, &pairs);
	assert_null(strstr(pairs.data, "auto"));
	assert_non_null(strstr(pairs.data, "another record of the file already meant this member"));
	buffer_fini(&pairs);
	pairs_of(&world, (struct match_link_options){.one_to_one = false}, &pairs);
	assert_non_null(strstr(pairs.data, "0 0 1.000000000 auto\n1 0 1.000000000 auto\n"));
	buffer_fini(&pairs);
	match_index_free(world.index);
}

/*
 * A child without a number under another first name: his twin, as far as anybody can see, unless nobody is called what was
 * sent, or the middle name written out says who it is.
 */
static void test_children_by_name(void **state)
{
#define CHILD(first, middle, ssn, sex) \
	"1,,S1,19,ROE," first "," middle ",," ssn ",2015-06-01," sex ",1 MAIN ST,90001\n"
	static const char family[] = HEAD "a,M1,S1,18,ROE,ALEXANDER,PAUL,,219-09-4001,1985-02-14,M,1 MAIN ST,90001\n"
					  "c,M3,S1,19,ROE,MATTHEW,QUENTIN,,219094003,2015-06-01,M,1 MAIN ST,90001\n";
	static const char twins[] = HEAD "c,M3,S1,19,ROE,MARIA,QUENTIN,,219094003,2015-06-01,M,1 MAIN ST,90001\n"
					 "d,M4,S1,19,ROE,MARIAN,QUINN,,219094004,2015-06-01,M,1 MAIN ST,90001\n";
	static const struct guarded cases[] = {
		{CHILD("MATTJEW", "", "", "M"), ""},
		{CHILD("MATTHWE", "Q", "", "M"), ""},
		{CHILD("MATTJEW", "Q", "219094001", "M"), ""}, /* his father's SSN says nothing */
		{CHILD("MATT", "QUENTIN", "", "M"), ""},
		{CHILD("MATT", "Q", "", "M"), "it may be a twin"},
		{CHILD("MATT", "", "", "M"), "it may be a twin"},
		{CHILD("MATTIE", "", "", "M"), "it may be a twin"},
		{CHILD("NATHEW", "", "", "M"), "it may be a twin"},
		{CHILD("MARK", "QUENTIN", "", "M"), "it may be a twin"},
		{CHILD("MATTJEW", "R", "", "M"), "it may be a twin"},
		{CHILD("MATTJEW", "", "219094008", "M"), "it may be a twin"}, /* as twins' SSNs are */
		{CHILD("MATT", "QUENTIN", "219094008", "M"), "it may be a twin"},
		{CHILD("MATTJEW", "", "", "F"), "it may be a twin"},
	};
	static const struct guarded twin_cases[] = {{CHILD("MARIAA", "", "", "M"), "it may be a twin"}};

	(void)state;
	expect_guards(HEAD, family, cases, sizeof(cases) / sizeof(cases[0]));
	/* A twin on file whose name is like his: the slip is no proof. */
	expect_guards(HEAD, twins, twin_cases, 1);
#undef CHILD
}

/* A slip says who is meant as long as no other record of the family is as likely he. */
static void test_slip_beside_his_own_record(void **state)
{
	static const char sent[] = HEAD "1,,S1,19,ROE,MATT,,,,2015-06-01,M,1 MAIN ST,90001\n"
					"2,,S1,19,ROE,MATTJEW,,,,2015-06-01,M,1 MAIN ST,90001\n";
	static const char family[] = HEAD "c,M3,S1,19,ROE,MATTHEW,QUENTIN,,219094003,2015-06-01,M,1 MAIN ST,90001\n";
	struct world world = world_of(sent, family);
	struct buffer pairs;

	(void)state;
	pairs_of(&world, (struct match_link_options){.model = NULL}, &pairs);
	assert_null(strstr(pairs.data, "auto"));
	assert_non_null(strstr(pairs.data, "another record of the file already meant this member"));
	buffer_fini(&pairs);
	match_index_free(world.index);
}

#define JADEN(row, ssn) row ",,S1,19,ROE,JADEN,,," ssn ",2015-06-01,M,1 MAIN ST,90001\n"

/* JADEN, and beside him a record that fits him as well: the twin nobody knows, letter by letter. */
static void test_near_records_of_one_member(void **state)
{
	static const char *const said = "review: another record of the file already meant this member\n";
	struct world world = world_of(HEAD JADEN("1", "219094003") JADEN("2", "219094008"), members_csv);
	struct buffer pairs;

	(void)state;
	pairs_of(&world, (struct match_link_options){.model = NULL}, &pairs);
	assert_null(strstr(pairs.data, "auto"));
	assert_non_null(strstr(strstr(pairs.data, said) + 1, said)); /* which of the two is JADEN? */
	buffer_fini(&pairs);
	match_index_free(world.index);
	/* Sent twice, once with less. */
	world = world_of(HEAD JADEN("1", "219094003") JADEN("2", "") JADEN("3", "219094003"), members_csv);
	pairs_of(&world, (struct match_link_options){.model = NULL}, &pairs);
	assert_null(strstr(pairs.data, "review"));
	buffer_fini(&pairs);
	match_index_free(world.index);
}

/* Lists may hold several files, one behind the other: who stands far from his first record is no other child of a family. */
static void test_far_records_of_one_member(void **state)
{
	struct buffer pairs, rows;
	struct world world;
	int i;

	(void)state;
	buffer_init(&rows, &env);
	buffer_add_text(&rows, HEAD JADEN("1", "219094003"));
	for (i = 0; i < 40; i++)
		buffer_printf(&rows, "9,,S9,18,POE,%c%c,,,,1980-01-01,M,,\n", 'A' + i % 26, 'A' + i / 26);
	buffer_add_text(&rows, JADEN("2", "219094008"));
	world = world_of(rows.data, members_csv);
	pairs_of(&world, (struct match_link_options){.model = NULL}, &pairs);
	assert_null(strstr(pairs.data, "review"));
	buffer_fini(&pairs);
	buffer_fini(&rows);
	match_index_free(world.index);
}

/* A provider that walks over all members: slow, and right by looking. */
static int scan_key(void *context, uint64_t key, uint32_t max, struct arena *into, struct match_pool *pool)
{
	const struct match_table *all = context;
	uint64_t keys[MATCH_KEYS_MAX];
	uint32_t i, k, count, found = 0;

	(void)into;
	for (i = 0; i < all->count && found < max; i++) {
		count = match_member_keys(&all->members[i], keys);
		for (k = 0; k < count; k++) {
			if (keys[k] != key)
				continue;
			assert_int_equal(match_pool_add(pool, &all->members[i]), 0);
			found++;
		}
	}
	return 0;
}

static int scan_member_id(void *context, struct slice id, struct arena *into, struct match_pool *pool)
{
	const struct match_table *all = context;
	uint32_t i;

	(void)into;
	for (i = 0; i < all->count; i++)
		if (slice_equal_nocase(all->members[i].member_id, id))
			assert_int_equal(match_pool_add(pool, &all->members[i]), 0);
	return 0;
}

static int scan_family(void *context, struct family_key key, struct arena *into, struct match_pool *pool)
{
	const struct match_table *all = context;
	uint32_t i;

	(void)into;
	for (i = 0; i < all->count; i++)
		if (slice_equal_nocase(all->members[i].subscriber_id, key.subscriber_id))
			assert_int_equal(match_pool_add(pool, &all->members[i]), 0);
	return 0;
}

static void test_same_answers_from_either_provider(void **state)
{
	struct world world = world_of(records_csv, members_csv), scanned = world;
	struct buffer from_index, again, from_scan;

	(void)state;
	scanned.candidates =
		(struct match_candidates){&world.right, scan_key, scan_member_id, scan_family};
	pairs_of(&world, (struct match_link_options){0}, &from_index);
	pairs_of(&world, (struct match_link_options){0}, &again);
	pairs_of(&scanned, (struct match_link_options){0}, &from_scan);
	assert_string_equal(from_index.data, again.data);
	assert_string_equal(from_index.data, from_scan.data);
	buffer_fini(&from_index);
	buffer_fini(&again);
	buffer_fini(&from_scan);
	match_index_free(world.index);
}

static void test_index_stays_true(void **state)
{
	struct world world = world_of(records_csv, members_csv);
	struct match_pool pool = {.arena = &arena};
	struct member changed = world.right.members[0], added = world.right.members[3];

	(void)state;
	assert_true(match_index_bytes(world.index) > 0);
	changed.subscriber_id = SLICE_LITERAL("S9");
	added.member_no = 7;
	added.member_id = SLICE_LITERAL("M7");
	assert_int_equal(match_index_put(world.index, &changed), 0);
	assert_int_equal(match_index_put(world.index, &added), 0);
	assert_int_equal(world.candidates.by_family(world.index, (struct family_key){.subscriber_id = SLICE_LITERAL("s9")}, &arena, &pool), 0);
	assert_int_equal(pool.count, 1);
	assert_ptr_equal(pool.members[0], &changed);
	pool.count = 0;
	assert_int_equal(world.candidates.by_family(world.index, (struct family_key){.subscriber_id = SLICE_LITERAL("S1")}, &arena, &pool), 0);
	assert_int_equal(pool.count, 2);
	pool.count = 0;
	assert_int_equal(world.candidates.by_member_id(world.index, SLICE_LITERAL("M1"), &arena, &pool), 0);
	assert_int_equal(pool.count, 1);
	assert_ptr_equal(pool.members[0], &changed);
	pool.count = 0;
	assert_int_equal(world.candidates.by_family(world.index, (struct family_key){.subscriber_id = SLICE_LITERAL("S4")}, &arena, &pool), 0);
	assert_int_equal(pool.count, 4);
	match_index_free(world.index);
}

static int64_t sum_of(const struct match_candidate *candidate)
{
	int64_t sum = 0;
	uint32_t i;

	for (i = 0; i < candidate->evidence_count; i++)
		sum += candidate->evidence[i].millibits;
	return sum;
}

static void test_explanation(void **state)
{
	struct world world = world_of(records_csv, members_csv);
	struct match_link_options options = {.model = NULL};
	struct match_result result;
	struct buffer text;
	uint32_t row, i;

	(void)state;
	for (row = 0; row < world.left.count; row++) {
		assert_int_equal(
			match_link_one(&arena, &world.left, row, &world.right, &world.candidates, &options, &result),
			0);
		for (i = 0; i < result.candidate_count; i++)
			assert_int_equal(sum_of(&result.candidates[i]), result.candidates[i].millibits);
	}
	buffer_init(&text, &env);
	assert_int_equal(match_link_one(&arena, &world.left, 0, &world.right, &world.candidates, &options, &result), 0);
	match_result_print(&result, 2, &text);
	assert_non_null(strstr(text.data, "Automatic."));
	assert_non_null(strstr(text.data, "nickname"));
	assert_non_null(strstr(text.data, " wrong\n"));
	assert_non_null(strstr(text.data, "Between 1 and 2:"));
	assert_non_null(strstr(text.data, "***-**-4001"));
	assert_null(strstr(text.data, "219094001"));
	buffer_fini(&text);
	/* Two that have nothing in common can be explained too. */
	assert_int_equal(match_link_pair(&arena, &world.left, 3, &world.right, 0, &options, &result), 0);
	assert_int_equal(result.candidate_count, 1);
	assert_true(result.candidates[0].millibits < -20000);
	match_index_free(world.index);
}

static void test_duplicates(void **state)
{
	static const char doubled[] = HEAD "1,,S1,18,ROE,ALEXANDER,,,219094001,1985-02-14,M,1 MAIN ST,90001\n"
					   "2,,S1,18,ROE,ALEX,,,219094001,1985-02-14,M,1 MAIN ST,90001\n"
					   "3,,S2,18,SZYMANSKI,RUTH,,,219094010,1980-01-02,F,9 HILL AVE,60601\n";
	struct world once = world_of(records_csv, members_csv), twice = world_of(doubled, doubled);
	struct buffer pairs;
	bool duplicates = true;

	(void)state;
	assert_int_equal(match_table_has_duplicates(&env, &once.right, &once.candidates, NULL, &duplicates), 0);
	assert_false(duplicates);
	assert_int_equal(match_table_has_duplicates(&env, &twice.right, &twice.candidates, NULL, &duplicates), 0);
	assert_true(duplicates);
	pairs_of(&twice, (struct match_link_options){.same_table = true}, &pairs);
	assert_int_equal(strncmp(pairs.data, "0 1 ", 4), 0);
	assert_non_null(strstr(pairs.data, "\n1 0 "));
	assert_null(strstr(pairs.data, "\n2 "));
	buffer_fini(&pairs);
	match_index_free(once.index);
	match_index_free(twice.index);
}

/* A site's weights outlive an upgrade: what was no level of its own when they were written weighs as what it was then. */
static void test_model_files_of_before(void **state)
{
	static const char before[] = "    slip: [";
	const struct match_model *read, *carried;
	struct buffer yaml, errors;
	char *line;

	(void)state;
	buffer_init(&yaml, &env);
	buffer_init(&errors, &env);
	assert_int_equal(match_model_read(&arena, "m.yaml", specs_find("model.yaml"), &errors, &carried), 0);
	match_model_write(carried, &yaml);
	line = strstr(yaml.data, before);
	assert_non_null(line);
	/* The line becomes a comment of the same length. */
	memset(line, '#', strlen(before));
	assert_int_equal(match_model_read(&arena, "m.yaml", buffer_slice(&yaml), &errors, &read), 0);
	yaml.len = 0;
	match_model_write(read, &yaml);
	line = strstr(yaml.data, before);
	assert_non_null(line);
	assert_non_null(strstr(line, "\n    similar: ["));
	assert_memory_equal(line + strlen(before), strstr(line, "    similar: [") + strlen("    similar: ["), 8);
	buffer_fini(&yaml);
	buffer_fini(&errors);
}

static void test_model_files(void **state)
{
	struct world world = world_of(records_csv, members_csv);
	struct match_train_options options = {.name = "here", .version = 3};
	const struct match_model *trained, *read;
	struct buffer yaml, again, errors;
	char *broken;

	(void)state;
	buffer_init(&yaml, &env);
	buffer_init(&again, &env);
	buffer_init(&errors, &env);
	assert_int_equal(
		match_train(&env, &arena, &world.left, &world.right, &world.candidates, &options, &trained), 0);
	assert_string_equal(match_model_name(trained), "here");
	match_model_write(trained, &yaml);
	assert_int_equal(match_model_read(&arena, "m.yaml", buffer_slice(&yaml), &errors, &read), 0);
	match_model_write(read, &again);
	assert_string_equal(yaml.data, again.data);
	/* A weight that is no probability is refused at its place. */
	broken = strstr(yaml.data, "    equal: [-");
	assert_non_null(broken);
	broken[11] = '+';
	assert_int_equal(match_model_read(&arena, "m.yaml", buffer_slice(&yaml), &errors, &read), MATCH_E_MODEL);
	assert_non_null(strstr(errors.data, "m.yaml:"));
	buffer_fini(&yaml);
	buffer_fini(&again);
	buffer_fini(&errors);
	match_index_free(world.index);
}

static bool is_near(double a, double b)
{
	return a - b < 1e-7 && b - a < 1e-7;
}

static void test_measures(void **state)
{
	static const char pairs[] = "left_id,right_id,probability,decision\n"
				    "1,a,0.9999,auto\n2,b,0.9998,auto\n3,c,0.6,review\n3,d,0.3,review\n4,e,0.99,auto\n";
	static const char truth[] = "left_id,right_id\n1,a\n2,b\n3,c\n5,f\n";
	struct match_measured measured;
	struct match_bin bins[MATCH_BINS];
	struct buffer errors;

	(void)state;
	buffer_init(&errors, &env);
	assert_int_equal(match_evaluate(&env, slice_from(pairs), slice_from(truth), MATCH_TABLES_UNKNOWN, 6, &errors,
					&measured, bins),
			 0);
	assert_int_equal(measured.automatic, 3);
	assert_int_equal(measured.automatic_wrong, 1);
	assert_int_equal(measured.true_pairs, 4);
	assert_int_equal(measured.review_rows, 1);
	assert_true(measured.precision > 0.6666 && measured.precision < 0.6667);
	assert_true(measured.recall == 0.5);
	assert_true(measured.recall_at_9999 == 0.5);
	/* At 0.6: three right of four listed and of four true. */
	assert_true(measured.f1 > 0.7499 && measured.f1 < 0.7501);
	/*
	 * By hand. Brier: (.0001^2 + .0002^2 + .4^2 + .3^2 + .99^2) / 5. Calibration error over fifteenths: .9999, .9998 and
	 * .99 lie in the last (2.9897 predicted, 2 right), .6 and .3 alone. Log loss: -ln of .9999, .9998, .6, .7, .01.
	 */
	assert_true(is_near(measured.brier, 0.24602001));
	assert_true(is_near(measured.ece, (0.9897 + 0.4 + 0.3) / 5));
	assert_true(is_near(measured.log_loss, (0.0001000050 + 0.0002000200 + 0.5108256238 + 0.3566749439 + 4.6051701860) / 5));
	/* One wrong of three: 3333 per 10,000; 86.46 % is where one of three or fewer has a chance of 5 %. */
	assert_true(is_near(measured.wrong_per_10k / 1e4, 1.0 / 3));
	assert_true(is_near(measured.wrong_per_10k_upper / 1e4, 0.8646497246));
	assert_int_equal(bins[7].pairs, 2); /* odds of 9,999 and 4,999 */
	assert_int_equal(bins[7].right, 2);
	assert_true(is_near(bins[7].mean, 0.99985));
	assert_true(is_near(bins[7].low, 0.1581138830)); /* its square is 2.5 % */
	assert_true(bins[7].high == 1.0 && bins[7].inside);
	assert_int_equal(bins[5].pairs, 1); /* 99 to 1, and wrong */
	assert_int_equal(bins[5].right, 0);
	assert_true(is_near(bins[5].high, 0.975) && bins[5].low == 0.0 && !bins[5].inside);
	assert_true(is_near(bins[5].from, 10.0 / 11) && is_near(bins[5].to, 100.0 / 101));
	assert_int_equal(bins[4].right, 1); /* 3 to 2 */
	assert_int_equal(bins[3].pairs, 1); /* 3 to 7 */
	/* Three decades of nothing wrong prove no more than 3 / n. */
	assert_true(match_upper_bound(0, 30000) > 0.99e-4 && match_upper_bound(0, 30000) < 1.0e-4);
	assert_true(match_upper_bound(1, 10) > 0.39 && match_upper_bound(1, 10) < 0.40);
	assert_int_equal(match_evaluate(&env, SLICE_LITERAL("x,y\n"), slice_from(truth), MATCH_TABLES_UNKNOWN, 0,
					&errors, &measured, bins),
			 MATCH_E_TABLE);
	buffer_fini(&errors);
}

static struct match_measured measured_of(const char *pairs, const char *truth, enum match_tables tables)
{
	struct match_measured measured;
	struct match_bin bins[MATCH_BINS];
	struct buffer errors;

	buffer_init(&errors, &env);
	assert_int_equal(match_evaluate(&env, slice_from(pairs), slice_from(truth), tables, 0, &errors, &measured, bins),
			 0);
	buffer_fini(&errors);
	return measured;
}

static const struct match_trap *trap_of(const struct match_traps *traps, const char *name)
{
	uint32_t i;

	for (i = 0; i < traps->count; i++)
		if (strcmp(traps->items[i].name, name) == 0)
			return &traps->items[i];
	fail_msg("no tag %s", name);
	return NULL;
}

static void expect_trap(const struct match_traps *traps, const char *name, uint64_t rows, uint64_t people,
			uint64_t automatic, uint64_t wrong, uint64_t review, uint64_t lost)
{
	const struct match_trap *trap = trap_of(traps, name);

	assert_int_equal(trap->rows, rows);
	assert_int_equal(trap->people, people);
	assert_int_equal(trap->automatic, automatic);
	assert_int_equal(trap->wrong, wrong);
	assert_int_equal(trap->review, review);
	assert_int_equal(trap->lost, lost);
}

/* What a matcher falls for stands beside its kind, not lost among all the easy ones. */
static void test_traps(void **state)
{
	static const char pairs[] = "left_id,right_id,probability,decision\n1,a,0.99999,auto\n2,b,0.99999,auto\n"
				    "3,c,0.6,review\n3,d,0.3,review\n4,d,0.99999,auto\n";
	static const char truth[] = "left_id,right_id,tags\n1,a,\n2,c,twin|moved\n3,c,moved\n4,,twin\n5,,twin\n6,f,moved\n";
	struct match_traps traps;

	(void)state;
	assert_int_equal(match_evaluate_traps(&env, slice_from(pairs), slice_from(truth), &traps), 0);
	assert_int_equal(traps.count, 3);
	expect_trap(&traps, "(none)", 1, 1, 1, 0, 0, 0);
	expect_trap(&traps, "moved", 3, 3, 1, 1, 1, 1);
	expect_trap(&traps, "twin", 3, 1, 2, 2, 0, 0);
	/* A truth without tags has no kinds; rows of nobody are no pairs that were missed. */
	assert_int_equal(match_evaluate_traps(&env, slice_from(pairs), SLICE_LITERAL("left_id,right_id\n1,a\n"), &traps), 0);
	assert_int_equal(traps.count, 0);
	assert_int_equal(measured_of(pairs, truth, MATCH_TABLES_TWO).true_pairs, 4);
}

static void test_plots(void **state)
{
	static const struct match_bin bins[MATCH_BINS] = {
		[4] = {.pairs = 8, .right = 4, .mean = 0.5, .low = 0.157, .high = 0.843, .inside = true},
		[10] = {.pairs = 3, .right = 1, .mean = 0.9999995, .low = 0.008, .high = 0.906, .inside = false}};
	const struct match_measured measured = {.pairs = 11, .ece = 0.25};
	struct buffer text, svg;

	(void)state;
	buffer_init(&text, &env);
	buffer_init(&svg, &env);
	match_plot_text(bins, &text);
	buffer_add_char(&text, '\0');
	assert_non_null(strstr(text.data, "0.500000000                    ----@----   "));
	assert_non_null(strstr(text.data, "       3  outside\n"));
	match_plot_svg(&measured, bins, &svg);
	buffer_add_char(&svg, '\0');
	/* Even odds lie a third of the way along both axes. */
	assert_non_null(strstr(svg.data, "<circle cx=\"240.0\" cy=\"390.0\" r=\"5\"/>"));
	assert_non_null(strstr(svg.data, "<g class=\"outside\"><title>3 pairs, 2 wrong, 0.999999500 predicted</title>"));
	assert_int_equal(text.error + svg.error, 0);
	buffer_fini(&text);
	buffer_fini(&svg);
}

/* A pair of a table with itself that is listed the other way round than in the truth is no error. */
static void test_pairs_of_one_table(void **state)
{
	static const char truth[] = "left_id,right_id\n1,2\n1,3\n2,3\n5,4\n4,5\n";
	static const char one_way[] = "left_id,right_id,probability,decision\n"
				      "2,1,0.9999,auto\n3,1,0.9999,auto\n3,2,0.9,review\n4,5,0.999,auto\n6,4,0.9,auto\n";
	static const char both_ways[] = "left_id,right_id,probability,decision\n1,2,0.9,auto\n2,1,0.9,auto\n"
					"3,1,0.9,auto\n1,3,0.9,review\n5,4,0.9,auto\n6,4,0.9,auto\n4,6,0.9,auto\n";
	static const char same_ids[] = "left_id,right_id,probability,decision\n1,1,0.9,auto\n2,1,0.9,auto\n";
	struct match_measured measured = measured_of(one_way, truth, MATCH_TABLES_UNKNOWN);

	(void)state;
	assert_int_equal(measured.true_pairs, 4);
	assert_int_equal(measured.automatic, 4);
	assert_int_equal(measured.automatic_right, 3);
	assert_int_equal(measured.automatic_wrong, 1);
	assert_int_equal(measured.pairs, 5);
	measured = measured_of(both_ways, truth, MATCH_TABLES_ONE);
	assert_int_equal(measured.automatic_right, 3);
	assert_int_equal(measured.automatic_wrong, 1);
	assert_int_equal(measured.pairs, 4);
	/* Two tables with the same numbers have a direction, be it said or seen. */
	measured = measured_of(one_way, truth, MATCH_TABLES_TWO);
	assert_int_equal(measured.automatic_right, 1);
	measured = measured_of(same_ids, "left_id,right_id\n1,2\n", MATCH_TABLES_UNKNOWN);
	assert_int_equal(measured.automatic_wrong, 2);
}

static void test_tables(void **state)
{
	struct match_table bad, good = table("id,birth_on,other\n7,not a day,x\n\"8\",2001-02-03,\n");
	struct buffer errors;

	(void)state;
	assert_int_equal(good.count, 2);
	assert_int_equal(good.members[0].birth_on, DATE_NONE);
	assert_int_equal(match_table_find(&good, SLICE_LITERAL("8")), 1);
	assert_int_equal(match_table_find(&good, SLICE_LITERAL("9")), UINT32_MAX);
	buffer_init(&errors, &env);
	assert_int_equal(match_table_read(&env, &arena, "t.csv", SLICE_LITERAL("name\nx\n"), &errors, &bad),
			 MATCH_E_TABLE);
	assert_string_equal(errors.data, "t.csv:1:1: there is no column `id`\n");
	buffer_fini(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_guards),
		cmocka_unit_test(test_guards_of_kin),
		cmocka_unit_test(test_wide_keys),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_counted_names),
		cmocka_unit_test(test_initials_of_a_household),
		cmocka_unit_test(test_second_claim),
		cmocka_unit_test(test_same_answers_from_either_provider),
		cmocka_unit_test(test_index_stays_true),
		cmocka_unit_test(test_explanation),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_children_by_name),
		cmocka_unit_test(test_slip_beside_his_own_record),
		cmocka_unit_test(test_near_records_of_one_member),
		cmocka_unit_test(test_far_records_of_one_member),
		cmocka_unit_test(test_model_files),
		cmocka_unit_test(test_model_files_of_before),
		cmocka_unit_test(test_measures),
		cmocka_unit_test(test_traps),
		cmocka_unit_test(test_plots),
		cmocka_unit_test(test_pairs_of_one_table),
		cmocka_unit_test(test_tables),
	};
	int failed;

	env_real_init(&env);
	arena_init(&arena, &env, 0, 0);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_fini(&arena);
	return failed;
}
