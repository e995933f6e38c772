/* If this failed: an error in a sponsor's file would be reported wrongly, or not be acknowledged at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>

#include "muster/arena.h"
#include "muster/env_fault.h"
#include "muster/error.h"
#include "muster/finding.h"
#include "muster/limits.h"
#include "world.h"

static void test_table(void **state)
{
	enum finding_code code, found;
	const char *at;

	(void)state;
	for (code = 0; code < FINDING_CODE_COUNT; code++) {
		const struct finding_row *row = finding_row(code);

		assert_true(row->code[0] != '\0' && row->text[0] != '\0' && row->ack_code[0] != '\0');
		assert_in_range(row->snip, 1, 7);
		for (at = row->code; *at != '\0'; at++)
			assert_true(islower((unsigned char)*at) || *at == '_');
		/* Also tells that no code stands twice. */
		assert_true(finding_code_of(slice_from(row->code), &found));
		assert_int_equal(found, code);
		assert_int_equal(strlen(finding_ack_segment(row->scope)), 3);
		assert_int_not_equal(strcmp(finding_severity_name(row->severity), "off"), 0);
	}
	assert_string_equal(finding_row(FINDING_ELEMENT_CODE_INVALID)->code, "element_code_invalid");
	assert_false(finding_code_of(SLICE_LITERAL("ELEMENT_CODE_INVALID"), &found));
	assert_false(finding_code_of(SLICE_EMPTY, &found));
	assert_string_equal(finding_ack_segment(FINDING_SEGMENT), "IK3");
	assert_string_equal(finding_severity_name(FINDING_WARNING), "warning");
}

static int count_them(void *context, const struct finding *finding)
{
	int *count = context;

	(void)finding;
	return ++*count == 3 ? -EIO : 0;
}

static void test_report(void **state)
{
	struct finding finding = {.code = FINDING_SEGMENT_EMPTY, .severity = FINDING_ERROR};
	int count = 0;
	struct finding_sink sink = {&count, count_them}, none = {NULL, NULL};

	(void)state;
	assert_int_equal(finding_report(NULL, &finding), 0);
	assert_int_equal(finding_report(&none, &finding), 0);
	assert_int_equal(finding_report(&sink, &finding), 0);
	finding.severity = FINDING_OFF;
	assert_int_equal(finding_report(&sink, &finding), 0);
	assert_int_equal(count, 1);
	finding.severity = FINDING_INFO;
	assert_int_equal(finding_report(&sink, &finding), 0);
	assert_int_equal(finding_report(&sink, &finding), -EIO);
}

static void test_list(void **state)
{
	char value[] = "M\xc3\x91", loop[] = "2000", message[] = "expected", segment[] = "INS*Y*18*M";
	struct finding finding = {.code = FINDING_ELEMENT_CODE_INVALID,
				  .severity = FINDING_ERROR,
				  .where = {.offset = 1432, .segment_pos = 19, .element_pos = 3},
				  .segment_id = "INS",
				  .value = slice_from(value),
				  .loop = slice_from(loop),
				  .segment = slice_from(segment),
				  .segment_at = 9,
				  .message = slice_from(message)};
	struct finding_list list;
	struct arena arena;
	uint32_t i;

	(void)state;
	arena_init(&arena, &world.env, 0, 0);
	finding_list_init(&list, &arena, 100);
	for (i = 0; i < 150; i++) {
		finding.where.member_pos = i;
		finding.severity = i % 3 == 0 ? FINDING_ERROR : i % 3 == 1 ? FINDING_WARNING : FINDING_INFO;
		assert_int_equal(finding_list_add(&list, &finding), 0);
	}
	/* The reader's buffer moves on; the list has its own copies. */
	value[0] = loop[0] = message[0] = segment[0] = 'x';
	assert_int_equal(list.count, 100);
	assert_int_equal(list.dropped, 50);
	assert_true(list.errors == 50 && list.warnings == 50 && list.infos == 50);
	for (i = 0; i < 100; i++) {
		assert_int_equal(list.items[i].where.member_pos, i);
		assert_int_equal(list.items[i].where.offset, 1432);
		assert_string_equal(list.items[i].segment_id, "INS");
		assert_true(slice_is(list.items[i].value, "M\xc3\x91"));
		assert_true(slice_is(list.items[i].loop, "2000"));
		assert_true(slice_is(list.items[i].message, "expected"));
		assert_true(slice_is(list.items[i].segment, "INS*Y*18*M"));
		assert_int_equal(list.items[i].segment_at, 9);
	}
	arena_fini(&arena);
}

/* A long value is cut, but never through a character. */
static void test_long_value(void **state)
{
	char value[400];
	struct finding finding = {.code = FINDING_ELEMENT_TOO_LONG, .severity = FINDING_ERROR};
	struct finding_list list;
	struct arena arena;
	size_t i;

	(void)state;
	arena_init(&arena, &world.env, 0, 0);
	finding_list_init(&list, &arena, 10);
	memset(value, 'a', sizeof(value));
	finding.value = slice_of(value, LIMIT_FINDING_VALUE_BYTES);
	assert_int_equal(finding_list_add(&list, &finding), 0);
	finding.value = slice_of(value, sizeof(value));
	assert_int_equal(finding_list_add(&list, &finding), 0);
	assert_int_equal(list.items[0].value.len, LIMIT_FINDING_VALUE_BYTES);
	assert_int_equal(list.items[1].value.len, LIMIT_FINDING_VALUE_BYTES);
	for (i = 0; i + 1 < sizeof(value); i += 2)
		memcpy(value + i, "\xc3\x91", 2);
	assert_int_equal(finding_list_add(&list, &finding), 0);
	assert_int_equal(list.items[2].value.len, LIMIT_FINDING_VALUE_BYTES - 1);
	arena_fini(&arena);
}

static void test_no_memory(void **state)
{
	struct finding finding = {.code = FINDING_SEGMENT_EMPTY, .severity = FINDING_ERROR};
	struct finding_list list;
	struct arena arena;
	int i, failed = 0;

	(void)state;
	arena_init(&arena, &world.env, 0,
		   20 * sizeof(finding)); /* room for the first array of a list, not the second */
	finding_list_init(&list, &arena, UINT32_MAX);
	for (i = 0; i < 100; i++) {
		int error = finding_list_add(&list, &finding);

		assert_true(error == 0 || error == -ENOMEM);
		failed += error != 0;
	}
	assert_in_range(failed, 1, 99);
	assert_int_equal(list.count + (uint32_t)failed, 100);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),      cmocka_unit_test(test_report),    cmocka_unit_test(test_list),
		cmocka_unit_test(test_long_value), cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
