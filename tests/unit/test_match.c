/* If this failed, a change would reach the wrong person: a twin, a namesake, a child with its parent's number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "member_index.h"
#include "muster/csv.h"
#include "muster/env.h"
#include "muster/io.h"
#include "muster/specs.h"

static struct env env;
static struct arena arena;

/* Members that other records of the file have claimed. */
struct claims {
	uint64_t member_nos[8192];
	uint32_t count;
};

static bool is_claimed(void *context, uint64_t member_no)
{
	const struct claims *claims = context;
	uint32_t i;

	for (i = 0; i < claims->count; i++)
		if (claims->member_nos[i] == member_no)
			return true;
	return false;
}

/* ---- the simulated members: the whole strict matcher against truth ---- */

struct table {
	char *data;
	struct csv_reader reader;
	struct slice names[LIMIT_CSV_FIELDS];
	uint32_t name_count;
};

static bool table_open(struct table *table, const char *name)
{
	const char *root = getenv("MUSTER_SHARED");
	char path[512];
	size_t bytes;
	uint32_t i;

	if (root == NULL)
		return false;
	snprintf(path, sizeof(path), "%s/matching-data/members-sim-dev/%s", root, name);
	if (io_read_file(&env, path, 64u << 20, &table->data, &bytes) < 0)
		return false;
	csv_reader_init(&table->reader, &env, slice_of(table->data, bytes));
	assert_int_equal(csv_reader_next(&table->reader), 0);
	table->name_count = table->reader.field_count;
	for (i = 0; i < table->name_count; i++)
		table->names[i] = arena_dup(&arena, table->reader.fields[i].text);
	return true;
}

static void table_close(struct table *table)
{
	csv_reader_fini(&table->reader);
	env_free(&env, table->data);
}

static struct slice field(const struct table *table, struct arena *into, const char *name)
{
	uint32_t i;

	for (i = 0; i < table->name_count; i++)
		if (slice_is(table->names[i], name))
			return arena_dup(into, table->reader.fields[i].text);
	fail_msg("no column %s", name);
	return SLICE_EMPTY;
}

static struct member row_member(const struct table *table, struct arena *into)
{
	struct member member = {.birth_on = DATE_NONE, .died_on = DATE_NONE};
	struct slice sex = field(table, into, "sex");

	member.member_id = field(table, into, "member_id");
	member.subscriber_id = field(table, into, "subscriber_no");
	member.relationship = field(table, into, "relationship");
	member.ssn = field(table, into, "ssn");
	member.last_name = field(table, into, "last_name");
	member.first_name = field(table, into, "first_name");
	member.middle_name = field(table, into, "middle_name");
	member.suffix = field(table, into, "suffix");
	member.address1 = field(table, into, "street");
	member.city = field(table, into, "city");
	member.state = field(table, into, "state");
	member.zip = field(table, into, "zip");
	member.phone = field(table, into, "phone");
	member.sex = sex.len > 0 ? sex.data[0] : '\0';
	date_parse_ccyymmdd(field(table, into, "dob"), &member.birth_on);
	return member;
}

struct tally {
	uint32_t rows, auto_right, auto_wrong, new_right, new_wrong, review, review_known;
	uint32_t categories[CATEGORY_COUNT];
};

struct tally_rule {
	const char *rule;
	uint32_t count;
};

static void tally_rule(struct tally_rule *rules, const char *rule)
{
	while (rules->rule != NULL && rules->rule != rule)
		rules++;
	rules->rule = rule;
	rules->count++;
}

static bool same_identity(const struct member *a, const struct member *b)
{
	struct hash x, y;

	match_identity(a, NULL, &x);
	match_identity(b, NULL, &y);
	return memcmp(&x, &y, sizeof(x)) == 0;
}

/* A word about a person holds for whatever file he comes in, and not for anybody else. */
static void test_identity(void **state)
{
	const struct member sent = {.last_name = SLICE_LITERAL("GARCIA-LOPEZ"),
				    .first_name = SLICE_LITERAL("ANA"),
				    .birth_on = 12345,
				    .died_on = DATE_NONE,
				    .ssn = SLICE_LITERAL("219091107"),
				    .subscriber_id = SLICE_LITERAL("S1")};
	struct member other = sent;
	struct hash x, y;

	(void)state;
	other.last_name = SLICE_LITERAL("Garcia Lopez");
	other.address1 = SLICE_LITERAL("1 MAIN ST");
	other.phone = SLICE_LITERAL("5552220101");
	other.subscriber_id = SLICE_LITERAL("s1");
	assert_true(same_identity(&sent, &other));
	other.suffix = SLICE_LITERAL("JR");
	assert_false(same_identity(&sent, &other));
	other = sent;
	other.ssn = SLICE_LITERAL("");
	assert_false(same_identity(&sent, &other));
	other.ssn = SLICE_LITERAL("999999999"); /* a placeholder says nothing */
	assert_false(same_identity(&sent, &other));
	other = sent;
	other.birth_on++;
	assert_false(same_identity(&sent, &other));
	other = sent;
	other.member_id = SLICE_LITERAL("M1");
	assert_false(same_identity(&sent, &other));
	/* The same text in another field is another person. */
	other = sent;
	other.first_name = sent.middle_name;
	other.middle_name = sent.first_name;
	assert_false(same_identity(&sent, &other));
	match_identity(&sent, &other, &x);
	match_identity(&sent, NULL, &y);
	assert_true(memcmp(&x, &y, sizeof(x)) != 0);
}

static void test_simulated_members(void **state)
{
	static struct member members[8192];
	static struct claims claims;
	struct table table;
	struct member_index index;
	struct match_candidates candidates;
	struct tally tally = {0};
	struct tally_rule rules[16] = {{NULL, 0}};
	struct arena row_arena;
	struct slice subscriber_ssn = SLICE_EMPTY, file_no = SLICE_EMPTY;
	uint32_t count = 0, i;
	int error;

	(void)state;
	if (!table_open(&table, "members.csv")) {
		print_message("# skip: no $MUSTER_SHARED/matching-data/members-sim-dev\n");
		skip();
	}
	while ((error = csv_reader_next(&table.reader)) == 0) {
		members[count] = row_member(&table, &arena);
		members[count].member_no = count + 1;
		count++;
	}
	assert_int_equal(error, CSV_E_END);
	table_close(&table);
	member_index_init(&index, members, count);
	candidates = member_index_candidates(&index);
	assert_true(table_open(&table, "incoming.csv"));
	arena_init(&row_arena, &env, 0, 0);
	while ((error = csv_reader_next(&table.reader)) == 0) {
		struct member sent = row_member(&table, &row_arena);
		struct slice truth = field(&table, &row_arena, "truth_member_id");
		struct match_query query = {.intent = MATCH_ADD, .sent = &sent};
		struct match_result result;

		if (!slice_equal(file_no, field(&table, &row_arena, "file_no"))) {
			file_no = arena_dup(&arena, field(&table, &row_arena, "file_no"));
			claims.count = 0;
		}
		query.is_subscriber = slice_is(sent.relationship, "18");
		if (query.is_subscriber)
			subscriber_ssn = arena_dup(&arena, sent.ssn);
		query.subscriber_ssn = subscriber_ssn;
		query.is_claimed = is_claimed;
		query.claimed_context = &claims;
		assert_int_equal(match_person(&row_arena, &candidates, &query, &result), 0);
		tally.rows++;
		if (result.disposition == MATCH_AUTO) {
			claims.member_nos[claims.count++] = result.member->member_no;
			tally_rule(rules, result.rule);
			if (slice_equal(result.member->member_id, truth)) {
				tally.auto_right++;
			} else {
				tally.auto_wrong++;
				print_message("# wrong: %s by %s\n", field(&table, &row_arena, "record_id").data,
					      result.rule);
			}
		} else if (result.disposition == MATCH_NEW) {
			tally.new_right += truth.len == 0;
			if (truth.len > 0) {
				tally.new_wrong++;
				print_message("# wrong new: %s %s\n", field(&table, &row_arena, "record_id").data,
					      field(&table, &row_arena, "truth_tags").data);
			}
		} else {
			tally.review++;
			tally.review_known += truth.len > 0;
			tally.categories[result.category]++;
		}
		arena_reset(&row_arena);
	}
	table_close(&table);
	print_message(
		"# %u rows: automatic %u right %u wrong; new %u right %u wrong; to a person %u (%u of them known)\n",
		tally.rows, tally.auto_right, tally.auto_wrong, tally.new_right, tally.new_wrong, tally.review,
		tally.review_known);
	for (i = 0; rules[i].rule != NULL; i++)
		print_message("# rule %s: %u\n", rules[i].rule, rules[i].count);
	for (i = 0; i < CATEGORY_COUNT; i++)
		if (tally.categories[i] > 0)
			print_message("# %s: %u\n", category_name((enum category)i), tally.categories[i]);
	arena_fini(&row_arena);
	member_index_fini(&index);
	assert_int_equal(tally.rows, 29049);
	assert_int_equal(tally.auto_wrong, 0);
	assert_int_equal(tally.new_wrong, 0);
}

/* ---- hand-made people ---- */

#define S(text) SLICE_LITERAL(text)

static date_day day(const char *text)
{
	date_day result = DATE_NONE;

	assert_true(date_parse_iso(slice_from(text), &result));
	return result;
}

static struct member person(const char *id, const char *family, const char *kin, const char *last, const char *first,
			    const char *birth, char sex, const char *ssn)
{
	struct member member = {
		.birth_on = birth[0] != '\0' ? day(birth) : DATE_NONE, .died_on = DATE_NONE, .sex = sex};

	member.member_id = slice_from(id);
	member.subscriber_id = slice_from(family);
	member.relationship = slice_from(kin);
	member.last_name = slice_from(last);
	member.first_name = slice_from(first);
	member.ssn = slice_from(ssn);
	return member;
}

/* The plan's members: the Roes with two children, of whom one is called like the father; strangers; twins. */
static struct member known[16];
static uint32_t known_count;
static struct member_index known_index;

static void know(struct member member)
{
	member.member_no = known_count + 1;
	member.address1 = member.address1.len > 0 ? member.address1 : S("1 Main St");
	member.zip = member.zip.len > 0 ? member.zip : S("90001");
	known[known_count++] = member;
}

static int setup_known(void **state)
{
	struct member stranger = person("M5", "S9", "18", "Doe", "Kim", "1990-04-04", 'F', "219094005");
	struct member junior = person("M8", "S3", "19", "Poe", "Robert", "2001-03-03", 'M', "");
	struct member senior = person("M7", "S3", "18", "Poe", "Robert", "1970-07-07", 'M', "219094007");

	(void)state;
	stranger.address1 = S("77 Far Rd");
	stranger.zip = S("10001");
	stranger.phone = S("5552220105");
	junior.suffix = S("JR");
	senior.suffix = S("SR");
	known_count = 0;
	know(person("M1", "S1", "18", "Roe", "Alexander", "1985-02-14", 'M', "219094001"));
	know(person("M2", "S1", "01", "Roe", "Samantha", "1986-03-15", 'F', "219094002"));
	know(person("M3", "S1", "19", "Roe", "Jaden", "2015-06-01", 'M', "219094003"));
	know(person("M4", "S1", "19", "Roe", "Alice", "2017-08-09", 'F', ""));
	know(stranger);
	know(senior);
	know(junior);
	know(person("M10", "S4", "18", "Moe", "Ruth", "1980-01-02", 'F', "219094010"));
	know(person("M11", "S4", "19", "Moe", "Liv", "2012-12-12", 'F', "219094011"));
	know(person("M12", "S4", "19", "Moe", "Lia", "2012-12-12", 'F', "219094012"));
	member_index_init(&known_index, known, known_count);
	return 0;
}

static int teardown_known(void **state)
{
	(void)state;
	member_index_fini(&known_index);
	return 0;
}

static struct match_result meet(const struct match_query *query)
{
	struct match_candidates candidates = member_index_candidates(&known_index);
	struct match_result result;

	assert_int_equal(match_person(&arena, &candidates, query, &result), 0);
	return result;
}

/* Who was ruled out agrees in all: the search goes on behind him, and finds who is meant. */
static void test_ruled_out_stops_no_search(void **state)
{
	static const uint64_t ruled_out[] = {1};
	struct member sent = person("M1", "S1", "18", "Roe", "Alexander", "1985-02-14", 'M', "219094001");
	struct member again = person("M20", "S7", "18", "Roe", "Alexander", "1985-02-14", 'M', "");
	struct match_query query = {.intent = MATCH_CHANGE, .sent = &sent, .is_subscriber = true};
	struct match_result result;
	uint32_t i;

	(void)state;
	again.address1 = S("77 Far Rd");
	again.zip = S("10001");
	member_index_fini(&known_index);
	know(again);
	member_index_init(&known_index, known, known_count);
	result = meet(&query);
	assert_int_equal(result.disposition, MATCH_AUTO);
	assert_string_equal(result.member->member_id.data, "M1");
	query.ruled_out = ruled_out;
	query.ruled_out_count = 1;
	result = meet(&query);
	/* The numbers sent are still those of somebody else: a person looks. */
	assert_int_equal(result.disposition, MATCH_REVIEW);
	assert_int_equal(result.category, CATEGORY_ID_CONFLICT);
	assert_true(slice_is(result.reason, "The member number sent is that of member M1, of whom a representative said that "
					    "he is not meant."));
	assert_true(result.candidate_count > 0);
	assert_string_equal(result.candidates[0].member->member_id.data, "M20");
	for (i = 0; i < result.candidate_count; i++)
		assert_int_not_equal(result.candidates[i].member->member_no, 1);
}

static struct match_result meet_as(enum match_intent intent, struct member sent)
{
	struct match_query query = {
		.intent = intent, .sent = &sent, .is_subscriber = slice_is(sent.relationship, "18")};

	return meet(&query);
}

static void assert_auto(struct match_result result, const char *id, const char *rule)
{
	if (result.disposition == MATCH_REVIEW)
		fail_msg("to a person: %s %.*s", category_name(result.category), (int)result.reason.len,
			 result.reason.data);
	assert_int_equal(result.disposition, MATCH_AUTO);
	assert_true(slice_is(result.member->member_id, id));
	assert_string_equal(result.rule, rule);
	assert_true(result.confidence > 0.999 && result.confidence < 1.0);
	assert_true(result.candidates[0].member == result.member);
}

static void assert_review(struct match_result result, enum category category)
{
	assert_int_equal(result.disposition, MATCH_REVIEW);
	assert_string_equal(category_name(result.category), category_name(category));
	assert_true(result.reason.len > 0);
	assert_null(result.member);
}

static void test_rule_member_id(void **state)
{
	(void)state;
	assert_auto(meet_as(MATCH_CHANGE, person("M1", "S1", "18", "ROE", "ALEX", "1985-02-14", 'M', "")), "M1",
		    "member_id+birth_on");
	/* A marriage changes the surname: number, birth date and first name stand. */
	assert_auto(meet_as(MATCH_CHANGE, person("M5", "S9", "18", "NOLAN", "KIM", "1990-04-04", 'F', "")), "M5",
		    "member_id+birth_on");
	/* Born on another day: the number alone says nothing. */
	assert_review(meet_as(MATCH_CHANGE, person("M1", "S1", "18", "ROE", "ALEX", "1985-02-15", 'M', "")),
		      CATEGORY_DOB_MISMATCH);
	assert_review(meet_as(MATCH_CHANGE, person("M1", "S1", "18", "ROE", "BRUNO", "1985-02-14", 'M', "")),
		      CATEGORY_NAME_MISMATCH);
}

static void test_rule_ssn(void **state)
{
	(void)state;
	assert_auto(meet_as(MATCH_TERMINATE, person("", "", "01", "Roe", "Sam", "1986-03-15", 'F', "219094002")), "M2",
		    "ssn+birth_on+last_name");
	assert_auto(
		meet_as(MATCH_TERMINATE, person("", "", "01", "ROE-SMITH", "Samantha", "1986-03-15", 'F', "219094002")),
		"M2", "ssn+birth_on+last_name");
	assert_review(
		meet_as(MATCH_TERMINATE, person("", "", "01", "Grant", "Samantha", "1986-03-15", 'F', "219094002")),
		CATEGORY_NAME_MISMATCH);
}

static void test_rule_names(void **state)
{
	(void)state;
	assert_auto(meet_as(MATCH_CHANGE, person("", "S1", "19", "ROE", "ALICE", "2017-08-09", 'F', "")), "M4",
		    "names+birth_on+subscriber_id");
	/* Without the subscriber number it could be another Alice Roe. */
	assert_review(meet_as(MATCH_CHANGE, person("", "", "19", "ROE", "ALICE", "2017-08-09", 'F', "")),
		      CATEGORY_LOW_SCORE);
}

static void test_trap_unknown_twin(void **state)
{
	(void)state;
	/* Jaden is on file; his unknown twin comes with a like-sounding name and an SSN one digit away. */
	assert_review(meet_as(MATCH_ADD, person("", "S1", "19", "Roe", "Jayden", "2015-06-01", 'M', "219094004")),
		      CATEGORY_TWIN_RISK);
	assert_review(meet_as(MATCH_ADD, person("", "S1", "19", "Roe", "Jada", "2015-06-01", 'F', "")),
		      CATEGORY_TWIN_RISK);
	assert_review(meet_as(MATCH_ADD, person("", "S1", "19", "Roe", "J", "2015-06-01", 'M', "")),
		      CATEGORY_TWIN_RISK);
}

/* Counts the keys that are looked up. */
static uint32_t keys_asked;

static int count_key(void *context, uint64_t key, uint32_t max, struct arena *key_arena, struct match_pool *pool)
{
	keys_asked++;
	return index_by_key(context, key, max, key_arena, pool);
}

static uint32_t keys_asked_for(struct member sent, struct match_result *ret_result)
{
	struct match_candidates candidates = member_index_candidates(&known_index);
	struct match_query query = {
		.intent = MATCH_CHANGE, .sent = &sent, .is_subscriber = slice_is(sent.relationship, "18")};

	candidates.by_key = count_key;
	keys_asked = 0;
	assert_int_equal(match_person(&arena, &candidates, &query, ret_result), 0);
	return keys_asked;
}

/* Who agrees in full is taken without a look at anybody else; a twin, a doubt or another holder of a number is looked for. */
static void test_settled_early(void **state)
{
	struct member twin = person("M12", "S4", "19", "Moe", "Lia", "2012-12-12", 'F', "219094012");
	struct member moved = person("", "", "19", "Roe", "Jaden", "2015-06-01", 'M', "219094003");
	struct match_result result;

	(void)state;
	assert_int_equal(keys_asked_for(person("", "S1", "19", "Roe", "Jaden", "2015-06-01", 'M', "219094003"), &result), 1);
	assert_auto(result, "M3", "ssn+birth_on+last_name");
	assert_int_equal(keys_asked_for(person("M4", "S1", "19", "Roe", "Alice", "2017-08-09", 'F', ""), &result), 0);
	assert_auto(result, "M4", "member_id+birth_on");
	assert_true(keys_asked_for(twin, &result) > 1);
	assert_true(keys_asked_for(moved, &result) > 1);
	assert_true(keys_asked_for(person("", "S1", "19", "Roe", "Jayden", "2015-06-01", 'M', "219094003"), &result) > 1);
	assert_true(keys_asked_for(person("", "S1", "19", "Roe", "Jaden", "2015-06-02", 'M', "219094003"), &result) > 1);
	/* The SSN is his, the member number another's. */
	assert_true(keys_asked_for(person("M4", "S1", "19", "Roe", "Jaden", "2015-06-01", 'M', "219094003"), &result) > 1);
	assert_review(result, CATEGORY_ID_CONFLICT);
}

static const char *subscriber_evidence(struct member sent, bool is_ssn)
{
	struct match_query query = {.intent = MATCH_CHANGE,
				    .sent = &sent,
				    .is_subscriber = slice_is(sent.relationship, "18"),
				    .subscriber_id_is_ssn = is_ssn};
	struct match_result result = meet(&query);
	uint32_t i;

	assert_true(result.candidate_count > 0);
	for (i = 0; i < result.candidates[0].evidence_count; i++)
		if (strcmp(result.candidates[0].evidence[i].field, "subscriber_id") == 0)
			return result.candidates[0].evidence[i].level;
	return NULL;
}

/* Twins of one first name have contracts of their own; one's record comes with the other's SSN, a digit off. */
static void test_twin_of_same_first_name(void **state)
{
	struct member one = person("M21", "S21", "18", "Loe", "Maria", "1988-05-06", 'F', "219094021");
	struct member other = person("M22", "S22", "18", "Loe", "Maria", "1988-05-06", 'F', "219094022");
	struct member sent = person("", "", "18", "Loe", "Maria", "1988-05-06", 'F', "219094021");
	struct match_query query = {.intent = MATCH_CHANGE, .sent = &sent, .is_subscriber = true};
	struct match_result result;

	(void)state;
	one.middle_name = S("Elena");
	other.middle_name = sent.middle_name = S("Luisa");
	sent.address1 = S("1 Main St");
	sent.zip = S("90001");
	member_index_fini(&known_index);
	know(one);
	know(other);
	member_index_init(&known_index, known, known_count);
	result = meet(&query);
	assert_review(result, CATEGORY_NAME_MISMATCH);
	/* With her own middle name the SSN's owner is taken. */
	sent.middle_name = S("Elena");
	result = meet(&query);
	assert_auto(result, "M21", "ssn+birth_on+last_name");
}

/* REF*0F is the SSN by agreement: the same nine digits are not the SSN and the family too. */
static void test_family_number_is_ssn(void **state)
{
	struct member subscriber = person("M21", "219094021", "18", "Loe", "Ina", "1988-08-08", 'F', "219094021");
	struct member child = person("M22", "219094021", "19", "Loe", "Ada", "2018-08-08", 'F', "219094022");

	(void)state;
	member_index_fini(&known_index);
	know(subscriber);
	know(child);
	member_index_init(&known_index, known, known_count);
	assert_string_equal(subscriber_evidence(subscriber, true), "missing");
	assert_string_equal(subscriber_evidence(subscriber, false), "equal");
	assert_string_equal(subscriber_evidence(child, true), "equal");
	/* Without an SSN of his own to compare it is all there is. */
	subscriber.ssn = S("");
	assert_string_equal(subscriber_evidence(subscriber, true), "equal");
}

static void test_trap_known_twins(void **state)
{
	(void)state;
	assert_auto(meet_as(MATCH_CHANGE, person("", "S4", "19", "Moe", "Liv", "2012-12-12", 'F', "")), "M11",
		    "names+birth_on+subscriber_id");
	/* L could be either, whatever number came with it. */
	assert_review(meet_as(MATCH_CHANGE, person("M11", "S4", "19", "Moe", "L", "2012-12-12", 'F', "")),
		      CATEGORY_TWIN_RISK);
	/* One twin's number, the other's name. */
	assert_review(meet_as(MATCH_CHANGE, person("M11", "S4", "19", "Moe", "Lia", "2012-12-12", 'F', "")),
		      CATEGORY_MULTI_MATCH);
}

static void test_twins_added_together(void **state)
{
	struct member first = person("", "S1", "19", "Roe", "Nora", "2026-01-05", 'F', "219094020");
	struct member second = person("", "S1", "19", "Roe", "Nina", "2026-01-05", 'F', "219094021");
	struct match_query query = {.intent = MATCH_ADD, .sent = &second};
	struct claims claims = {.count = 1};

	(void)state;
	assert_int_equal(meet_as(MATCH_ADD, first).disposition, MATCH_NEW);
	first.member_id = S("M20");
	member_index_fini(&known_index);
	know(first);
	member_index_init(&known_index, known, known_count);
	assert_review(meet(&query), CATEGORY_TWIN_RISK);
	claims.member_nos[0] = known_count;
	query.is_claimed = is_claimed;
	query.claimed_context = &claims;
	assert_int_equal(meet(&query).disposition, MATCH_NEW);
	/* Without an own SSN only INS17 tells that there are two. */
	second.ssn = SLICE_EMPTY;
	assert_review(meet(&query), CATEGORY_TWIN_RISK);
	query.birth_order = 2;
	assert_int_equal(meet(&query).disposition, MATCH_NEW);
}

/* A record of the file meant LIV; another one that names her is she once more only where it says nothing else of her. */
static void test_sent_twice(void **state)
{
	struct member again = person("M11", "S4", "19", "Moe", "Liv", "2012-12-12", 'F', "");
	struct match_query query = {.intent = MATCH_CHANGE, .sent = &again};
	struct claims claims = {.count = 1};

	(void)state;
	assert_auto(meet(&query), "M11", "member_id+birth_on");
	claims.member_nos[0] = meet(&query).member->member_no;
	query.is_claimed = is_claimed;
	query.claimed_context = &claims;
	assert_auto(meet(&query), "M11", "member_id+birth_on");
	again.suffix = S("JR");
	assert_review(meet(&query), CATEGORY_MULTI_MATCH);
	again.suffix = SLICE_EMPTY;
	again.sex = 'M';
	assert_review(meet(&query), CATEGORY_MULTI_MATCH);
}

static void test_trap_junior_with_fathers_name(void **state)
{
	struct member newborn = person("", "S1", "19", "Roe", "Alexander", "2026-01-05", 'M', "");
	struct member son = person("", "S3", "19", "Poe", "Robert", "2001-03-03", 'M', "");

	(void)state;
	newborn.suffix = S("JR");
	assert_review(meet_as(MATCH_ADD, newborn), CATEGORY_LOW_SCORE);
	/* The son on file, sent with the father's suffix. */
	son.suffix = S("SR");
	assert_review(meet_as(MATCH_CHANGE, son), CATEGORY_NAME_MISMATCH);
	/* The suffix may stand in the surname. */
	son.suffix = SLICE_EMPTY;
	son.last_name = S("POE JR.");
	assert_auto(meet_as(MATCH_CHANGE, son), "M8", "names+birth_on+subscriber_id");
}

static void test_trap_newborn_with_subscribers_ssn(void **state)
{
	struct member newborn = person("", "S1", "19", "Roe", "Baby Boy", "2026-01-05", 'M', "219094001");
	struct match_query query = {.intent = MATCH_ADD, .sent = &newborn, .subscriber_ssn = S("219094001")};
	struct match_result result;

	(void)state;
	result = meet(&query);
	assert_review(result, CATEGORY_SSN_DUP);
	assert_non_null(strstr(result.reason.data, "***-**-4001"));
	assert_null(strstr(result.reason.data, "219094001"));
}

static void test_trap_subscribers_ssn_on_dependent(void **state)
{
	struct member wife = person("", "S1", "01", "Roe", "Samantha", "1986-03-15", 'F', "219094001");
	struct match_query query = {.intent = MATCH_CHANGE, .sent = &wife, .subscriber_ssn = S("219094001")};

	(void)state;
	assert_review(meet(&query), CATEGORY_SSN_DUP);
	/* Nor may it make a father of a son with his name. */
	wife = person("", "S3", "19", "Poe", "Robert", "1970-07-07", 'M', "219094007");
	query.subscriber_ssn = S("219094007");
	assert_int_equal(meet(&query).disposition, MATCH_REVIEW);
}

static void test_trap_swapped_names(void **state)
{
	(void)state;
	assert_review(meet_as(MATCH_CHANGE, person("", "S9", "18", "Kim", "Doe", "1990-04-04", 'F', "219094005")),
		      CATEGORY_NAME_MISMATCH);
	assert_int_equal(meet_as(MATCH_ADD, person("", "", "18", "Kim", "Doe", "1990-04-04", 'F', "")).disposition,
			 MATCH_REVIEW);
}

static void test_trap_wrong_member_id(void **state)
{
	(void)state;
	/* Samantha by SSN, the number is Kim's. */
	assert_review(
		meet_as(MATCH_CHANGE, person("M5", "S1", "01", "Roe", "Samantha", "1986-03-15", 'F', "219094002")),
		CATEGORY_ID_CONFLICT);
	/* Nothing but the number is Kim's. */
	assert_review(meet_as(MATCH_CHANGE, person("M5", "", "18", "Stone", "Bruno", "1961-11-30", 'M', "")),
		      CATEGORY_ID_CONFLICT);
	/* A number that nobody has is no conflict. */
	assert_auto(meet_as(MATCH_CHANGE, person("X99", "S1", "01", "Roe", "Samantha", "1986-03-15", 'F', "219094002")),
		    "M2", "ssn+birth_on+last_name");
}

static void test_trap_recycled_ssn(void **state)
{
	(void)state;
	assert_review(meet_as(MATCH_ADD, person("", "", "18", "Stone", "Bruno", "1961-11-30", 'M', "219094005")),
		      CATEGORY_SSN_DUP);
	/* The member is certain by number, the SSN is somebody else's. */
	assert_review(meet_as(MATCH_CHANGE, person("M4", "S1", "19", "Roe", "Alice", "2017-08-09", 'F', "219094005")),
		      CATEGORY_SSN_DUP);
	/* The member is certain by number, the SSN is nobody's: his own has changed? */
	assert_review(
		meet_as(MATCH_CHANGE, person("M1", "S1", "18", "Roe", "Alexander", "1985-02-14", 'M', "219094091")),
		CATEGORY_SSN_MISMATCH);
}

static void test_trap_two_rows_claim_one_member(void **state)
{
	struct member sent = person("M1", "", "18", "Roe", "Alex", "1985-02-14", 'M', "");
	struct claims claims = {.member_nos = {1}, .count = 1};
	struct match_query query = {.intent = MATCH_CHANGE,
				    .sent = &sent,
				    .is_subscriber = true,
				    .is_claimed = is_claimed,
				    .claimed_context = &claims};

	(void)state;
	assert_review(meet(&query), CATEGORY_MULTI_MATCH);
	/* The same person sent twice agrees in full: a second coverage in a record of its own. */
	sent.first_name = S("Alexander");
	assert_auto(meet(&query), "M1", "member_id+birth_on");
}

static void test_trap_same_name_strangers(void **state)
{
	struct member other = person("", "S77", "18", "Doe", "Kim", "1962-10-20", 'F', "");

	(void)state;
	other.address1 = S("9 Hill Ave");
	other.zip = S("60601");
	assert_int_equal(meet_as(MATCH_ADD, other).disposition, MATCH_NEW);
	/* Unknown for a change or a termination: nobody is invented. */
	assert_review(meet_as(MATCH_TERMINATE, other), CATEGORY_NO_MATCH);
	/* The same name and nearly the same birth date: perhaps the same person. */
	other.birth_on = day("1990-04-14");
	assert_review(meet_as(MATCH_ADD, other), CATEGORY_LOW_SCORE);
}

static void test_trap_surname_change(void **state)
{
	struct member sent = person("", "S9", "18", "Nolan", "Kim", "1990-04-04", 'F', "219094005");
	struct member prior = person("", "", "", "Doe", "Kim", "", '\0', "");
	struct match_query query = {.intent = MATCH_CHANGE, .sent = &sent, .is_subscriber = true};

	(void)state;
	assert_review(meet(&query), CATEGORY_NAME_MISMATCH);
	query.prior = &prior;
	query.corrected = true;
	assert_auto(meet(&query), "M5", "ssn+birth_on+last_name");
	query.prior = NULL;
	assert_auto(meet(&query), "M5", "ssn+correction");
	/* A correction of everything at once is no correction, whatever else agrees. */
	sent.first_name = S("Ruth");
	sent.last_name = S("Doe");
	sent.birth_on = day("1991-04-04");
	sent.address1 = S("77 Far Rd");
	sent.zip = S("10001");
	sent.phone = S("5552220105");
	assert_review(meet(&query), CATEGORY_SSN_DUP);
	sent.birth_on = day("1971-05-05");
	assert_int_equal(meet(&query).disposition, MATCH_REVIEW);
}

static void test_corrected_ssn(void **state)
{
	struct member sent = person("M5", "S9", "18", "Doe", "Kim", "1990-04-04", 'F', "219094055");
	struct member prior = person("", "", "", "", "", "", '\0', "219094005");
	struct match_query query = {.intent = MATCH_CHANGE, .sent = &sent, .corrected = true, .is_subscriber = true};

	(void)state;
	assert_auto(meet(&query), "M5", "member_id+birth_on");
	query.prior = &prior;
	sent.member_id = SLICE_EMPTY;
	assert_auto(meet(&query), "M5", "ssn+birth_on+last_name");
	/* The new SSN is another member's. */
	sent.ssn = S("219094001");
	assert_review(meet(&query), CATEGORY_SSN_DUP);
}

static void test_placeholders_are_missing(void **state)
{
	(void)state;
	assert_auto(meet_as(MATCH_CHANGE, person("M1", "S1", "18", "Roe", "Alexander", "1985-02-14", 'M', "999999999")),
		    "M1", "member_id+birth_on");
	assert_int_equal(meet_as(MATCH_ADD, person("", "S50", "18", "Iverson", "Ole", "1955-05-05", 'M', "123456789"))
				 .disposition,
			 MATCH_NEW);
}

static void test_names_are_compared_without_dress(void **state)
{
	struct member sent = person("", "S1", "01",
				    "R\xC3\x96"
				    "E",
				    "SAMANTHA", "1986-03-15", 'F', "");

	(void)state;
	assert_auto(meet_as(MATCH_CHANGE, sent), "M2", "names+birth_on+subscriber_id");
	sent.last_name = S(" r.o'e ");
	assert_auto(meet_as(MATCH_CHANGE, sent), "M2", "names+birth_on+subscriber_id");
	sent.last_name = S("R\xD6"
			   "E"); /* Latin-1 */
	assert_auto(meet_as(MATCH_CHANGE, sent), "M2", "names+birth_on+subscriber_id");
}

static void test_first_names(void **state)
{
	(void)state;
	assert_true(match_first_names_agree(S("William"), S("BILL")));
	assert_true(match_first_names_agree(S("bill"), S("William")));
	assert_true(match_first_names_agree(S("J"), S("JOHN")));
	assert_true(match_first_names_agree(S("JON"), S("JONATHAN")));
	assert_true(match_first_names_agree(S("Mary Ann"), S("MARY")));
	assert_true(match_first_names_agree(S("Jos\xC3\xA9"), S("JOSE")));
	assert_true(match_first_names_agree(S("Aaron"), S("RON")));     /* the table's first line */
	assert_true(match_first_names_agree(S("ZOLLY"), S("SOLOMON"))); /* and its last */
	assert_true(match_first_names_agree(S("MATTJEW"), S("MATTHEW")));  /* the key beside it */
	assert_true(match_first_names_agree(S("JOCELLYN"), S("JOCELYN"))); /* twice */
	assert_true(match_first_names_agree(S("DANEIL"), S("DANIEL")));    /* the wrong way round */
	assert_true(match_first_names_agree(S("DANEL"), S("DANIEL")));     /* left out */
	assert_false(match_first_names_agree(S("KAYDEN"), S("JAYDEN")));   /* twins are called like that */
	assert_false(match_first_names_agree(S("DIANE"), S("DUANE")));     /* both are names */
	assert_false(match_first_names_agree(S("MATTHEW"), S("MATTJEW"))); /* who knows what he is called? */
	assert_false(match_first_names_agree(S("HATTJEW"), S("HATTHEW"))); /* of whom is it the name? */
	assert_false(match_first_names_agree(S("MARPA"), S("MARIA")));     /* no slip of the keys */
	assert_false(match_first_names_agree(S("BILL"), S("WALTER")));
	assert_false(match_first_names_agree(S("JADEN"), S("JADA")));
	assert_false(match_first_names_agree(S(""), S("JADA")));
}

/* The table of short forms is read from either end: a pair that stands in one line alone would hold one way only. */
static void test_short_forms_hold_both_ways(void **state)
{
	struct slice file = specs_find("nicknames.csv"), name, form;
	size_t at, end, first, second, begin, forms = 0;

	(void)state;
	for (at = 0; at < file.len; at = end + 1) {
		end = slice_find(file, '\n', at);
		first = slice_find(file, ',', at);
		if (file.data[at] == '#' || first >= end)
			continue;
		name = slice_of(file.data + at, first - at);
		for (second = slice_find(file, ',', first + 1); first < end; first = begin) {
			begin = slice_find(file, ' ', first + 1);
			begin = begin < second || first >= second ? begin : second;
			begin = begin < end ? begin : end;
			form = slice_of(file.data + first + 1, begin - first - 1);
			if (form.len == 0)
				continue;
			if (!match_first_names_agree(name, form) || !match_first_names_agree(form, name))
				fail_msg("%.*s and %.*s", (int)name.len, name.data, (int)form.len, form.data);
			forms++;
		}
	}
	assert_true(forms > 4000);
}

static void test_evidence_adds_up(void **state)
{
	struct match_result result =
		meet_as(MATCH_ADD, person("", "S1", "19", "Roe", "Jayden", "2015-06-01", 'M', "219094004"));
	uint32_t i, row;

	(void)state;
	assert_true(result.candidate_count >= 1);
	assert_true(slice_is(result.candidates[0].member->member_id, "M3"));
	for (i = 0; i < result.candidate_count; i++) {
		int32_t sum = 0;

		for (row = 0; row < result.candidates[i].evidence_count; row++)
			sum += result.candidates[i].evidence[row].millibits;
		assert_int_equal(sum, result.candidates[i].millibits);
		assert_true(result.candidates[i].probability >= 0.0 && result.candidates[i].probability <= 0.99);
		assert_true(i == 0 || result.candidates[i].millibits <= result.candidates[i - 1].millibits);
	}
	assert_string_equal(result.candidates[0].evidence[1].field, "ssn");
	assert_string_equal(result.candidates[0].evidence[1].level, "one digit or a transposition apart");
	assert_true(result.candidates[0].evidence[1].against_housemate);
}

static void test_representatives_word(void **state)
{
	struct member sent = person("", "", "18", "Nobody", "Known", "1999-09-09", 'F', "");
	struct match_query query = {.intent = MATCH_TERMINATE, .sent = &sent, .forced_member_id = S("M5")};
	struct match_result result;

	(void)state;
	result = meet(&query);
	assert_int_equal(result.disposition, MATCH_AUTO);
	assert_true(slice_is(result.member->member_id, "M5"));
	assert_string_equal(result.rule, "representative");
	query.forced_member_id = S("M999");
	assert_review(meet(&query), CATEGORY_NO_MATCH);
	query.forced_member_id = SLICE_EMPTY;
	query.forced_new = true;
	assert_int_equal(meet(&query).disposition, MATCH_NEW);
}

static void test_payment(void **state)
{
	(void)state;
	assert_auto(meet_as(MATCH_PAYMENT, person("M5", "", "", "Doe", "Kim", "", '\0', "")), "M5", "member_id+names");
	assert_auto(meet_as(MATCH_PAYMENT, person("", "", "", "Doe", "Kim", "", '\0', "219094005")), "M5", "ssn+names");
	assert_int_equal(meet_as(MATCH_PAYMENT, person("M5", "", "", "Stone", "Bruno", "", '\0', "")).disposition,
			 MATCH_REVIEW);
	assert_int_equal(meet_as(MATCH_PAYMENT, person("", "", "", "Doe", "Kim", "", '\0', "")).disposition,
			 MATCH_REVIEW);
}

static void test_keys(void **state)
{
	struct member member = person("M1", "S1", "18", "Garcia-Lopez", "Ana Maria", "1985-02-14", 'F', "219094001");
	uint64_t keys[MATCH_KEYS_MAX], swapped[MATCH_KEYS_MAX];
	uint32_t i, j, count, common = 0;

	(void)state;
	member.address1 = S("12 Oak Ave");
	member.zip = S("900011234");
	count = match_member_keys(&member, keys);
	/* SSN, birth + soundex of the whole and both parts, birth + initial, names, home + year, home + initial. */
	assert_int_equal(count, 8);
	for (i = 0; i < count; i++)
		for (j = 0; j < i; j++)
			assert_true(keys[i] != keys[j]);
	member = person("", "", "18", "Ana Maria", "Garcia-Lopez", "", 'F', "");
	assert_int_equal(match_member_keys(&member, swapped), 1);
	for (i = 0; i < count; i++)
		common += keys[i] == swapped[0];
	assert_int_equal(common, 1);
	member = person("", "", "18", "", "", "", '\0', "000000000");
	assert_int_equal(match_member_keys(&member, keys), 0);
	/* Stored keys outlive the program: a change of their values wants MATCH_KEYS_VERSION and new keys. */
	member = person("", "", "", "Roe", "Alex", "", '\0', "");
	assert_int_equal(match_member_keys(&member, keys), 1);
	assert_true(keys[0] == UINT64_C(0x4B32712947FA457C));
}

/* How many of a's keys begin with the same bits as one of b's, and are not the same. */
static uint32_t beside(const struct member *a, const struct member *b)
{
	uint64_t a_keys[MATCH_KEYS_MAX], b_keys[MATCH_KEYS_MAX];
	uint32_t a_count = match_member_keys(a, a_keys), b_count = match_member_keys(b, b_keys), i, j, count = 0;

	for (i = 0; i < a_count; i++)
		for (j = 0; j < b_count; j++)
			count += a_keys[i] != b_keys[j] && a_keys[i] >> 24 == b_keys[j] >> 24;
	return count;
}

/* What changes together is stored together: all keys of a home, both of a birth date. */
static void test_keys_lie_together(void **state)
{
	struct member ana = person("M1", "S1", "18", "Garcia", "Ana", "1985-02-14", 'F', "219094001");
	struct member ben = person("M2", "S1", "01", "Garcia", "Ben", "1983-11-02", 'M', "219094002");

	(void)state;
	assert_int_equal(beside(&ana, &ana), 2); /* birth + soundex beside birth + initial, and the other way */
	assert_int_equal(beside(&ana, &ben), 0);
	ana.address1 = ben.address1 = S("12 Oak Ave");
	ana.zip = ben.zip = S("900011234");
	assert_int_equal(beside(&ana, &ana), 4);
	assert_int_equal(beside(&ana, &ben), 4); /* home + year, home + initial: each of hers beside each of his */
}

static bool has_key(const uint64_t *keys, uint32_t count, uint64_t key)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (keys[i] == key)
			return true;
	return false;
}

/* What only one of them has is told, and nothing that he has not. Returns how many keys only `before` has. */
static uint32_t assert_changed_keys(const struct member *before, const struct member *after)
{
	uint64_t old[MATCH_KEYS_MAX], new[MATCH_KEYS_MAX];
	uint32_t old_count = match_member_keys(before, old), new_count = match_member_keys(after, new), i, gone = 0;
	struct match_changed_keys changed;

	match_changed_keys(before, after, &changed);
	for (i = 0; i < old_count; i++) {
		gone += !has_key(new, new_count, old[i]);
		assert_true(has_key(new, new_count, old[i]) || has_key(changed.before, changed.before_count, old[i]));
	}
	for (i = 0; i < new_count; i++)
		assert_true(has_key(old, old_count, new[i]) || has_key(changed.after, changed.after_count, new[i]));
	for (i = 0; i < changed.before_count; i++) {
		assert_true(has_key(old, old_count, changed.before[i]));
		assert_true(!has_key(new, new_count, changed.before[i]) ||
			    has_key(changed.after, changed.after_count, changed.before[i]));
	}
	for (i = 0; i < changed.after_count; i++) {
		assert_true(has_key(new, new_count, changed.after[i]));
		assert_true(!has_key(old, old_count, changed.after[i]) ||
			    has_key(changed.before, changed.before_count, changed.after[i]));
	}
	return gone;
}

/* Where a key was left out, the member would not be found by his new name or home any more, or by what he has no more. */
static void test_changed_keys(void **state)
{
	static const size_t texts[] = {
		offsetof(struct member, member_id),   offsetof(struct member, subscriber_id),
		offsetof(struct member, relationship), offsetof(struct member, last_name),
		offsetof(struct member, first_name),  offsetof(struct member, middle_name),
		offsetof(struct member, suffix),      offsetof(struct member, ssn),
		offsetof(struct member, address1),    offsetof(struct member, address2),
		offsetof(struct member, city),        offsetof(struct member, state),
		offsetof(struct member, zip),         offsetof(struct member, phone),
		offsetof(struct member, email),       offsetof(struct member, facts)};
	/* Some of which nothing is left when they are made comparable. */
	static const char *const values[] = {"219094002 Other St", "", "BABY BOY", "Mr Ana Jr", "12 Oak Ave", "00000"};
	static const char *const first_names[] = {"Ana", "", "BABY", "Ana Jr", "Mr Ana"};
	struct member member, other;
	struct match_changed_keys none;
	uint32_t name, value, i, differ = 0;

	(void)state;
	for (name = 0; name < sizeof(first_names) / sizeof(first_names[0]); name++) {
		member = person("M1", "S1", "18", "Stone", first_names[name], "1985-02-14", 'F', "219094001");
		member.address1 = S("12 Oak Ave");
		member.zip = S("900011234");
		match_changed_keys(&member, &member, &none);
		assert_int_equal(none.before_count + none.after_count, 0);
		for (value = 0; value < sizeof(values) / sizeof(values[0]); value++)
			for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
				struct slice text = slice_from(values[value]);

				other = member;
				if (value == 0 && texts[i] == offsetof(struct member, ssn))
					text.len = 9;
				memcpy((char *)&other + texts[i], &text, sizeof(text));
				differ += name == 0 && value == 0 && assert_changed_keys(&member, &other) > 0;
				(void)assert_changed_keys(&other, &member);
			}
		other = member;
		other.birth_on++;
		(void)assert_changed_keys(&member, &other);
		other.address1 = S("7 Elm St");
		(void)assert_changed_keys(&member, &other);
	}
	/* SSN, last and first name, street, ZIP. */
	assert_int_equal(differ, 5);
}

#define KNOWN(test) cmocka_unit_test_setup_teardown(test, setup_known, teardown_known)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KNOWN(test_rule_member_id),
		KNOWN(test_rule_ssn),
		KNOWN(test_rule_names),
		KNOWN(test_trap_unknown_twin),
		KNOWN(test_settled_early),
		KNOWN(test_twin_of_same_first_name),
		KNOWN(test_family_number_is_ssn),
		KNOWN(test_trap_known_twins),
		KNOWN(test_ruled_out_stops_no_search),
		KNOWN(test_twins_added_together),
		KNOWN(test_sent_twice),
		KNOWN(test_trap_junior_with_fathers_name),
		KNOWN(test_trap_newborn_with_subscribers_ssn),
		KNOWN(test_trap_subscribers_ssn_on_dependent),
		KNOWN(test_trap_swapped_names),
		KNOWN(test_trap_wrong_member_id),
		KNOWN(test_trap_recycled_ssn),
		KNOWN(test_trap_two_rows_claim_one_member),
		KNOWN(test_trap_same_name_strangers),
		KNOWN(test_trap_surname_change),
		KNOWN(test_corrected_ssn),
		KNOWN(test_placeholders_are_missing),
		KNOWN(test_names_are_compared_without_dress),
		KNOWN(test_evidence_adds_up),
		KNOWN(test_representatives_word),
		KNOWN(test_payment),
		cmocka_unit_test(test_first_names),
		cmocka_unit_test(test_short_forms_hold_both_ways),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_keys_lie_together),
		cmocka_unit_test(test_changed_keys),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_simulated_members),
	};
	int failed;

	env_real_init(&env);
	arena_init(&arena, &env, 0, 0);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_fini(&arena);
	return failed;
}
