/* If this failed, a slip in a configuration would be read as something else: members handled by unmeant rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "muster/env.h"
#include "muster/limits.h"
#include "muster/yaml.h"

static struct env env;
static struct arena arena;
static struct buffer errors;

static int setup(void **state)
{
	(void)state;
	env_real_init(&env);
	arena_init(&arena, &env, 0, 0);
	buffer_init(&errors, &env);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	buffer_fini(&errors);
	return 0;
}

static struct yaml_node *parse(const char *text)
{
	struct yaml_node *root = NULL;

	if (yaml_parse(&arena, "a.yaml", slice_from(text), &errors, &root) != 0)
		fail_msg("%.*s", (int)errors.len, errors.data);
	assert_int_equal(errors.len, 0);
	return root;
}

/* What is said of `text`, whole. */
static void assert_refused(const char *text, const char *want)
{
	struct yaml_node *root = NULL;

	buffer_clear(&errors);
	assert_int_equal(yaml_parse(&arena, "a.yaml", slice_from(text), &errors, &root), YAML_E_INVALID);
	assert_null(root);
	assert_int_equal(errors.error, 0);
	assert_string_equal(errors.data, want);
	buffer_clear(&errors);
}

static void assert_text(const struct yaml_node *node, const char *want)
{
	assert_non_null(node);
	assert_int_equal(node->kind, YAML_SCALAR);
	assert_int_equal(node->text.len, strlen(want));
	assert_memory_equal(node->text.data, want, node->text.len + 1);
}

static void test_tree_with_marks(void **state)
{
	const struct yaml_node *root = parse("name: muster\n"
					     "folders:\n"
					     "  in: \"in box\"\n"
					     "  out: [done, {held: 7}]\n");
	const struct yaml_node *folders = yaml_get(root, "folders"), *out = yaml_get(folders, "out");

	(void)state;
	assert_int_equal(root->kind, YAML_MAPPING);
	assert_int_equal(root->count, 2);
	assert_text(yaml_get(root, "name"), "muster");
	assert_false(yaml_get(root, "name")->quoted);
	assert_int_equal(yaml_get(root, "name")->line, 1);
	assert_int_equal(yaml_get(root, "name")->column, 7);
	assert_int_equal(yaml_get(root, "name")->key_column, 1);
	assert_text(yaml_get(folders, "in"), "in box");
	assert_true(yaml_get(folders, "in")->quoted);
	assert_int_equal(yaml_get(folders, "in")->key_line, 3);
	assert_int_equal(yaml_get(folders, "in")->key_column, 3);
	assert_int_equal(out->kind, YAML_SEQUENCE);
	assert_int_equal(out->count, 2);
	assert_text(out->first, "done");
	assert_text(yaml_get(out->first->next, "held"), "7");
	assert_int_equal(yaml_get(out->first->next, "held")->line, 4);
	assert_int_equal(yaml_get(out->first->next, "held")->column, 22);
	assert_null(out->first->next->next);
	assert_null(yaml_get(root, "none"));
	assert_null(yaml_get(NULL, "none"));
	assert_null(yaml_get(out, "none"));
}

/* 01 is not 1, no is not false: an id that loses its zero belongs to somebody else. */
static void test_scalars_stay_text(void **state)
{
	const struct yaml_node *root = parse("{01: 010, n: no, f: 1e5, e: , t: ~, u: null, q: 'null', d: 2026-01-01}");

	(void)state;
	assert_text(yaml_get(root, "01"), "010");
	assert_text(yaml_get(root, "n"), "no");
	assert_text(yaml_get(root, "f"), "1e5");
	assert_text(yaml_get(root, "e"), "");
	assert_text(yaml_get(root, "t"), "");
	assert_text(yaml_get(root, "u"), "");
	assert_text(yaml_get(root, "q"), "null");
	assert_text(yaml_get(root, "d"), "2026-01-01");
	assert_true(slice_is(yaml_text(root, "n", SLICE_LITERAL("x")), "no"));
	assert_true(slice_is(yaml_text(root, "absent", SLICE_LITERAL("x")), "x"));
}

static void test_empty_is_a_mapping(void **state)
{
	static const char *const texts[] = {"", "\n\n", "# only a comment\n", "---\n", "{}"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct yaml_node *root = parse(texts[i]);

		assert_int_equal(root->kind, YAML_MAPPING);
		assert_int_equal(root->count, 0);
	}
}

static void test_bool_and_number(void **state)
{
	const struct yaml_node *root =
		parse("{a: true, b: off, c: 'true', d: -17, e: 9999999999999999999, f: 1.5, g: '3', h: -, i: []}");
	bool flag = false;
	int64_t number = 0;

	(void)state;
	assert_true(yaml_to_bool(yaml_get(root, "a"), &flag) && flag);
	assert_true(yaml_to_bool(yaml_get(root, "b"), &flag) && !flag);
	assert_false(yaml_to_bool(yaml_get(root, "c"), &flag));
	assert_false(yaml_to_bool(yaml_get(root, "d"), &flag));
	assert_false(yaml_to_bool(yaml_get(root, "i"), &flag));
	assert_false(yaml_to_bool(NULL, &flag));
	assert_true(yaml_to_i64(yaml_get(root, "d"), &number));
	assert_int_equal(number, -17);
	assert_false(yaml_to_i64(yaml_get(root, "e"), &number));
	assert_false(yaml_to_i64(yaml_get(root, "f"), &number));
	assert_false(yaml_to_i64(yaml_get(root, "g"), &number));
	assert_false(yaml_to_i64(yaml_get(root, "h"), &number));
	assert_false(yaml_to_i64(NULL, &number));
	assert_int_equal(number, -17);
}

static void test_refusals_point_at_the_place(void **state)
{
	(void)state;
	assert_refused("a: 1\nb: 2\na: 3\n", "a.yaml:3:1: the key \"a\" stands twice\n"
					     "  a: 3\n"
					     "  ^\n");
	assert_refused("x: {k: 1, k: 2}\n", "a.yaml:1:11: the key \"k\" stands twice\n"
					    "  x: {k: 1, k: 2}\n"
					    "            ^\n");
	assert_refused("a: &x 1\n", "a.yaml:1:4: anchors are not taken: write the value where it is used\n"
				    "  a: &x 1\n"
				    "     ^\n");
	assert_refused("a: &x [1]\n", "a.yaml:1:4: anchors are not taken: write the value where it is used\n"
				      "  a: &x [1]\n"
				      "     ^\n");
	assert_refused("a: *x\n", "a.yaml:1:4: aliases are not taken: write the value where it is used\n"
				  "  a: *x\n"
				  "     ^\n");
	assert_refused("a: !!int 1\n", "a.yaml:1:4: tags are not taken: every value is text\n"
				       "  a: !!int 1\n"
				       "     ^\n");
	assert_refused("a: !x {}\n", "a.yaml:1:4: tags are not taken: every value is text\n"
				     "  a: !x {}\n"
				     "     ^\n");
	assert_refused("a: 1\n---\nb: 2\n", "a.yaml:2:1: only one document is taken\n"
					    "  ---\n"
					    "  ^\n");
	assert_refused("[a, b]: 1\n", "a.yaml:1:1: a key must be plain text\n"
				      "  [a, b]: 1\n"
				      "  ^\n");
}

/* libyaml's own complaints come with our position. */
static void test_broken_yaml(void **state)
{
	static const struct {
		const char *text, *begins;
	} broken[] = {
		{"a: [1, 2\nb: 3\n", "a.yaml:2:"},
		{"a: 'open\n", "a.yaml:2:1: "},
		{"a:\n\t- b\n", "a.yaml:2:1: "},
		{"a: b: c\n", "a.yaml:1:5: "},
		{"a: 1\n]\n", "a.yaml:2:1: "},
		{"a: \x01\n", "a.yaml:1:4: "},
		{"\xC3\xA9: \xFF\n", "a.yaml:1:4: "},
		{"\xFF\xFE"
		 "a",
		 "a.yaml:1:1: "},
	};
	struct yaml_node *root = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		buffer_clear(&errors);
		assert_int_equal(yaml_parse(&arena, "a.yaml", slice_from(broken[i].text), &errors, &root),
				 YAML_E_INVALID);
		assert_null(root);
		if (!slice_starts_with(buffer_slice(&errors), broken[i].begins))
			fail_msg("%zu: wanted %s, got %s", i, broken[i].begins, errors.data);
	}
	buffer_clear(&errors);
}

static void add_nested(struct buffer *text, uint32_t depth)
{
	uint32_t i;

	for (i = 0; i < depth; i++)
		buffer_add_char(text, '[');
	for (i = 0; i < depth; i++)
		buffer_add_char(text, ']');
}

static void test_depth_limit(void **state)
{
	struct buffer text;
	struct yaml_node *root = NULL;

	(void)state;
	buffer_init(&text, &env);
	add_nested(&text, LIMIT_YAML_DEPTH);
	assert_int_equal(yaml_parse(&arena, "a.yaml", buffer_slice(&text), &errors, &root), 0);
	buffer_clear(&text);
	add_nested(&text, LIMIT_YAML_DEPTH + 1);
	assert_int_equal(yaml_parse(&arena, "a.yaml", buffer_slice(&text), &errors, &root), YAML_E_INVALID);
	assert_true(slice_starts_with(buffer_slice(&errors), "a.yaml:1:33: nested too deeply\n"));
	buffer_clear(&errors);
	buffer_fini(&text);
}

static void test_size_limit(void **state)
{
	struct buffer text;
	struct yaml_node *root = NULL;

	(void)state;
	buffer_init(&text, &env);
	buffer_add_char(&text, '#');
	while (text.len < LIMIT_YAML_BYTES)
		buffer_add_char(&text, 'x');
	assert_int_equal(yaml_parse(&arena, "a.yaml", buffer_slice(&text), &errors, &root), 0);
	buffer_add_char(&text, 'x');
	assert_int_equal(yaml_parse(&arena, "a.yaml", buffer_slice(&text), &errors, &root), YAML_E_INVALID);
	assert_string_equal(errors.data, "a.yaml:1:1: larger than 1048576 bytes\n");
	buffer_clear(&errors);
	buffer_fini(&text);
}

/* More keys than are searched one by one: the sorted way finds the same double, the first that repeats. */
static void test_double_among_many(void **state)
{
	struct buffer text;
	struct yaml_node *root = NULL;
	uint32_t i;

	(void)state;
	buffer_init(&text, &env);
	for (i = 0; i < 100; i++)
		buffer_printf(&text, "k%u: x\n", i);
	assert_int_equal(yaml_parse(&arena, "a.yaml", buffer_slice(&text), &errors, &root), 0);
	assert_int_equal(root->count, 100);
	buffer_add_text(&text, "k77: y\nk3: y\n");
	assert_int_equal(yaml_parse(&arena, "a.yaml", buffer_slice(&text), &errors, &root), YAML_E_INVALID);
	assert_string_equal(errors.data, "a.yaml:101:1: the key \"k77\" stands twice\n  k77: y\n  ^\n");
	buffer_clear(&errors);
	buffer_fini(&text);
}

static void test_unknown_keys_name_the_nearest(void **state)
{
	static const char *const known[] = {"database", "folders", "schedule", NULL};
	const char *text = "databse: x\nfolders: y\n  \nzzz: 1\nschedlue: 2\n";
	const struct yaml_node *root = parse(text);

	(void)state;
	assert_int_equal(yaml_check_keys(&errors, "a.yaml", slice_from(text), root, known), 3);
	assert_string_equal(errors.data, "a.yaml:1:1: unknown key \"databse\"; did you mean \"database\"?\n"
					 "  databse: x\n"
					 "  ^\n"
					 "a.yaml:4:1: unknown key \"zzz\"\n"
					 "  zzz: 1\n"
					 "  ^\n"
					 "a.yaml:5:1: unknown key \"schedlue\"; did you mean \"schedule\"?\n"
					 "  schedlue: 2\n"
					 "  ^\n");
	buffer_clear(&errors);
	assert_int_equal(yaml_check_keys(&errors, "a.yaml", slice_from(text), NULL, known), 0);
	assert_null(yaml_nearest(SLICE_LITERAL("a word of more than forty letters is nobody's typing error"), known));
	assert_string_equal(yaml_nearest(SLICE_LITERAL("folder"), known), "folders");
}

/* The caret stands under the character, whatever stands before it; a long line is cut around it. */
static void test_caret(void **state)
{
	struct buffer text;

	(void)state;
	yaml_complain(&errors, "n", SLICE_LITERAL("\xC3\xA9\xC3\xA9 x\n"), 1, 4, "here");
	assert_string_equal(errors.data, "n:1:4: here\n  \xC3\xA9\xC3\xA9 x\n     ^\n");
	buffer_clear(&errors);
	yaml_complain(&errors, "n", SLICE_LITERAL("one\r\ntwo\rthree\nfour"), 3, 2, "%s", "here");
	assert_string_equal(errors.data, "n:3:2: here\n  three\n   ^\n");
	buffer_clear(&errors);
	yaml_complain(&errors, "n", SLICE_LITERAL("one\n"), 9, 1, "past the end");
	assert_string_equal(errors.data, "n:9:1: past the end\n");
	buffer_clear(&errors);
	buffer_init(&text, &env);
	while (text.len < 1000)
		buffer_add_text(&text, "0123456789");
	yaml_complain(&errors, "n", buffer_slice(&text), 1, 501, "here");
	assert_true(errors.len < 300);
	assert_non_null(strstr(errors.data, "\n"
					    "  0123456789"));
	buffer_clear(&errors);
	buffer_fini(&text);
	/* Bytes that a terminal would obey are shown, not sent. */
	yaml_complain(&errors, "n", SLICE_LITERAL("a\x1B[31mb\n"), 1, 7, "here");
	assert_null(strchr(errors.data, '\x1B'));
	buffer_clear(&errors);
}

static long allocations_left;

static int gate(struct env *world, enum env_op op, const char *what)
{
	(void)world;
	(void)what;
	return op == ENV_ALLOC && allocations_left-- <= 0 ? -ENOMEM : 0;
}

/* Every allocation fails in turn: -ENOMEM, and nothing half-made. */
static void test_no_memory(void **state)
{
	static const char text[] = "a: {b: [c, d, e]}\nf: g\n";
	struct yaml_node *root;
	long failing;
	int error = -ENOMEM;

	(void)state;
	for (failing = 0; error == -ENOMEM; failing++) {
		struct env poor = env;
		struct arena small;

		poor.gate = gate;
		allocations_left = failing;
		root = NULL;
		arena_init(&small, &poor, 64, 0);
		error = yaml_parse(&small, "a.yaml", slice_from(text), &errors, &root);
		assert_true(error == 0 ? root != NULL : root == NULL);
		poor.gate = NULL;
		arena_fini(&small);
		assert_true(failing < 1000);
	}
	assert_int_equal(error, 0);
	assert_true(failing > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree_with_marks),
		cmocka_unit_test(test_scalars_stay_text),
		cmocka_unit_test(test_empty_is_a_mapping),
		cmocka_unit_test(test_bool_and_number),
		cmocka_unit_test(test_refusals_point_at_the_place),
		cmocka_unit_test(test_broken_yaml),
		cmocka_unit_test(test_depth_limit),
		cmocka_unit_test(test_size_limit),
		cmocka_unit_test(test_double_among_many),
		cmocka_unit_test(test_unknown_keys_name_the_nearest),
		cmocka_unit_test(test_caret),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
