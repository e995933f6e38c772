/* If this failed, what one representative got wrong would make the matcher take strangers for members, night after night. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "member_index.h"
#include "muster/env_fault.h"
#include "muster/error.h"
#include "muster/match_link.h"

#define LABELS_MAX 12000

static struct env env;
static struct arena arena;
static struct match_label labels[LABELS_MAX];
static uint32_t label_count;

/* A pair of people of their own, `evidence` as "field=level field=level". */
static void add(bool same, const char *evidence)
{
	struct match_label *label = &labels[label_count];
	char text[1024] = "[", field[32], key[32];
	size_t len = 1;
	int read;

	while (sscanf(evidence, " %31[a-z_0-9]=%31[a-z_]%n", field, key, &read) == 2) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s{\"field\":\"%s\",\"key\":\"%s\"}",
					len > 1 ? "," : "", field, key);
		evidence += read;
	}
	snprintf(text + len, sizeof(text) - len, "]");
	*label = (struct match_label){.member_no = 7, .same = same, .evidence = arena_dup(&arena, slice_from(text))};
	memcpy(label->identity.bytes, &label_count, sizeof(label_count));
	label_count++;
}

static void add_many(uint32_t count, bool same, const char *evidence)
{
	while (count-- > 0)
		add(same, evidence);
}

static const struct match_model *learn(uint64_t records, struct match_learned *learned)
{
	const struct match_learn_options options = {.name = "site", .records = records};
	const struct match_model *model;

	assert_int_equal(match_learn(&arena, labels, label_count, &options, learned, &model), 0);
	return model;
}

static struct slice yaml_of(const struct match_model *model)
{
	struct buffer text;
	struct slice yaml;

	buffer_init(&text, &env);
	match_model_write(model, &text);
	buffer_add_char(&text, '\0');
	yaml = arena_dup(&arena, buffer_slice(&text));
	buffer_fini(&text);
	return yaml;
}

/* The four numbers of a level: same person, stranger, housemate, twin. */
static void numbers(struct slice yaml, const char *field, const char *level, int ret_numbers[4])
{
	char head[64], row[64];
	const char *at;

	snprintf(head, sizeof(head), "\n  %s:\n", field);
	snprintf(row, sizeof(row), "\n    %s: [", level);
	at = strstr(yaml.data, head);
	assert_non_null(at);
	at = strstr(at + 1, row);
	assert_non_null(at);
	assert_int_equal(sscanf(at + strlen(row), "%d, %d, %d, %d", &ret_numbers[0], &ret_numbers[1], &ret_numbers[2],
				&ret_numbers[3]),
			 4);
}

static struct slice base_yaml(void)
{
	const struct match_model *model;
	struct match_learned learned;
	uint32_t kept = label_count;

	/* What teaches nothing about a field leaves it alone: a model of labels on the e-mail has the rest of the base. */
	label_count = 0;
	add_many(20, true, "email=equal");
	add_many(20, false, "email=equal subscriber_id=equal");
	model = learn(0, &learned);
	label_count = kept;
	return yaml_of(model);
}

#define NICKNAME "first_name=nickname last_name=equal birth_on=equal ssn=equal subscriber_id=equal"
#define BROTHER "first_name=other last_name=equal birth_on=other ssn=other subscriber_id=equal"

static void test_too_few_teach_nothing(void **state)
{
	const struct match_learn_options options = {.records = 10};
	const struct match_model *model = NULL;
	struct match_learned learned;

	(void)state;
	add_many(MATCH_LEARN_MIN - 1, true, NICKNAME);
	add_many(50, false, BROTHER);
	add(true, "no_such_field=equal");
	assert_int_equal(match_learn(&arena, labels, label_count, &options, &learned, &model), MATCH_E_LABELS);
	assert_null(model);
	assert_int_equal(learned.same, MATCH_LEARN_MIN - 1);
	assert_int_equal(learned.other, 50);
	assert_int_equal(learned.useless, 1);
	add(true, NICKNAME);
	learn(10, &learned);
}

static void test_labels_weigh_as_one_record_each(void **state)
{
	struct match_learned learned;
	int few[4], many[4], base[4];

	(void)state;
	numbers(base_yaml(), "first_name", "nickname", base);
	add_many(100, true, NICKNAME);
	add_many(100, false, BROTHER);
	numbers(yaml_of(learn(1000000, &learned)), "first_name", "nickname", many);
	numbers(yaml_of(learn(2000, &learned)), "first_name", "nickname", few);
	assert_true(few[0] > many[0]);      /* a hundred of two thousand are much */
	assert_true(many[0] - base[0] < 25); /* of a million nothing */
	assert_true(few[0] - base[0] <= 1000);
	assert_int_equal(few[1], base[1]);  /* strangers are not learned */
}

static void test_order_does_not_matter(void **state)
{
	struct match_learned learned;
	struct slice first, second;
	uint32_t i;

	(void)state;
	add_many(60, true, NICKNAME);
	add_many(60, false, BROTHER);
	add_many(60, false, "first_name=similar birth_on=equal ssn=one_edit subscriber_id=equal");
	first = yaml_of(learn(5000, &learned));
	for (i = 0; i < label_count / 2; i++) {
		struct match_label label = labels[i];

		labels[i] = labels[label_count - 1 - i];
		labels[label_count - 1 - i] = label;
	}
	second = yaml_of(learn(5000, &learned));
	assert_true(slice_equal(first, second));
	assert_non_null(strstr(first.data, "name: site\n"));
	assert_non_null(strstr(first.data, "version: 4\n")); /* one more than the one that is carried */
}

static void test_contradictions_are_left_out(void **state)
{
	struct match_learned learned;

	(void)state;
	add_many(30, true, NICKNAME);
	add_many(30, false, BROTHER);
	labels[1].identity = labels[0].identity; /* twice the same said: once */
	labels[31].identity = labels[2].identity; /* both said: neither */
	learn(10, &learned);
	assert_int_equal(learned.contradictory, 2);
	assert_int_equal(learned.same, 28);
	assert_int_equal(learned.other, 29);
}

static void test_only_households_are_learned(void **state)
{
	struct match_learned learned;

	(void)state;
	add_many(30, true, NICKNAME);
	add_many(30, false, BROTHER);
	add(false, "first_name=equal last_name=equal birth_on=other subscriber_id=other"); /* a stranger */
	add(false, "first_name=equal last_name=equal birth_on=equal subscriber_id=equal"); /* twice on file */
	learn(10, &learned);
	assert_int_equal(learned.other, 30);
	assert_int_equal(learned.useless, 2);
}

/* The part of a model that is no weight: thresholds, priors, calibration. */
static struct slice head_of(struct slice yaml)
{
	const char *from = strstr(yaml.data, "housemates_millibits"), *to = strstr(yaml.data, "fields:");

	assert_true(from != NULL && to != NULL);
	return slice_of(from, (size_t)(to - from));
}

/* Ten thousand times somebody says that people who differ in all are one: nothing gives way. */
static void test_no_label_loosens_a_guard(void **state)
{
	static const char *const fields[] = {"member_id", "ssn", "birth_on", "first_name", "middle_name", "suffix", "sex"};
	struct match_learned learned;
	struct slice base, yaml;
	int before[4], after[4], class;
	size_t i;

	(void)state;
	base = base_yaml();
	add_many(10000, true,
		 "member_id=other ssn=other birth_on=other first_name=other middle_name=other suffix=other sex=other");
	add_many(500, false, "first_name=equal birth_on=equal ssn=equal sex=equal subscriber_id=equal");
	yaml = yaml_of(learn(1, &learned));
	assert_true(slice_equal(head_of(base), head_of(yaml)));
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		numbers(base, fields[i], "other", before);
		numbers(yaml, fields[i], "other", after);
		for (class = 1; class < 4; class++)
			assert_true(after[0] - after[class] <= before[0] - before[class]);
	}
}

static struct member person(const char *id, const char *first, const char *ssn)
{
	struct member member = {.member_no = 1,
				.member_id = slice_from(id),
				.subscriber_id = SLICE_LITERAL("S1"),
				.relationship = SLICE_LITERAL("19"),
				.last_name = SLICE_LITERAL("ROE"),
				.first_name = slice_from(first),
				.ssn = slice_from(ssn),
				.sex = 'F',
				.died_on = DATE_NONE};

	assert_true(date_parse_iso(SLICE_LITERAL("2015-06-01"), &member.birth_on));
	return member;
}

/* And the unknown twin goes to a person by any model that labels can make. */
static void test_twins_stay_with_people(void **state)
{
	const struct member on_file = person("M1", "ANNA", "219091107"), twin = person("", "ANN", "219091108");
	struct match_query query = {.intent = MATCH_CHANGE, .sent = &twin};
	struct match_candidates candidates;
	struct match_learned learned;
	struct match_result result;
	struct member_index index;

	(void)state;
	add_many(10000, true, "first_name=prefix birth_on=equal ssn=one_edit last_name=equal subscriber_id=equal");
	add_many(20, false, BROTHER);
	query.model = learn(1, &learned);
	member_index_init(&index, &on_file, 1);
	candidates = member_index_candidates(&index);
	assert_int_equal(match_person(&arena, &candidates, &query, &result), 0);
	assert_int_equal(result.disposition, MATCH_REVIEW);
	assert_int_equal(result.category, CATEGORY_TWIN_RISK);
	member_index_fini(&index);
}

/* Learning ends whole or with -ENOMEM, whichever allocation fails; a label half read is none. */
static void test_memory_may_end_anywhere(void **state)
{
	const struct match_learn_options options = {.name = "site", .records = 100};
	const struct match_model *model;
	struct match_learned learned;
	struct env_fault fault;
	struct arena small;
	uint64_t nth;
	int error;

	(void)state;
	add_many(25, true, NICKNAME);
	add_many(25, false, BROTHER);
	learn(100, &learned); /* the built-in model is read by now, as in a program that has run a while */
	env_fault_init(&fault, &env, 1);
	for (nth = 1, error = -ENOMEM; error == -ENOMEM; nth++) {
		arena_init(&small, &fault.env, 64, 0);
		env_fault_plan(&fault,
			       (struct env_fault_plan){ENV_FAULT_OP(ENV_ALLOC), nth, ENV_FAULT_ERROR_ONCE, ENOMEM});
		error = match_learn(&small, labels, label_count, &options, &learned, &model);
		assert_int_equal(error == -ENOMEM, fault.fired);
		arena_fini(&small);
	}
	assert_int_equal(error, 0);
	assert_true(nth > 10);
}

static int setup(void **state)
{
	(void)state;
	env_real_init(&env);
	arena_init(&arena, &env, 0, 0);
	label_count = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_too_few_teach_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_labels_weigh_as_one_record_each, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order_does_not_matter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_contradictions_are_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_households_are_learned, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_label_loosens_a_guard, setup, teardown),
		cmocka_unit_test_setup_teardown(test_twins_stay_with_people, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_may_end_anywhere, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
