/* A value that came back other than it was written would show a representative another person's data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "muster/env.h"
#include "muster/json.h"

static struct env env;

static void expect(struct slice object, const char *key, const char *want)
{
	struct arena arena;
	struct slice value;

	arena_init(&arena, &env, 0, 0);
	if (want == NULL) {
		assert_false(json_find(object, key, &value));
	} else {
		assert_true(json_find(object, key, &value));
		value = json_decode(&arena, value);
		if (!slice_is(value, want))
			fail_msg("%s: '%.*s' is not '%s'", key, (int)value.len, value.data, want);
	}
	arena_fini(&arena);
}

static void finds_what_was_written(void **state)
{
	static const char nasty[] = "quote \" back \\ {\"deep\":1} , ] \n\t\x01 \xc3\xa9 \xe2\x80\xae end\\";
	struct buffer out;
	struct json json;

	(void)state;
	buffer_init(&out, &env);
	json_init(&json, &out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "first", SLICE_LITERAL("one"));
	json_object_begin(&json, "inner");
	json_text(&json, "deep", SLICE_LITERAL("not this one"));
	json_object_end(&json);
	json_array_begin(&json, "list");
	json_u64(&json, NULL, 7);
	json_array_end(&json);
	json_text(&json, "deep", slice_from(nasty));
	json_null(&json, "nothing");
	json_i64(&json, "number", -12);
	json_text(&json, "last", SLICE_EMPTY);
	json_object_end(&json);
	expect(buffer_slice(&out), "first", "one");
	expect(buffer_slice(&out), "deep", nasty);
	expect(buffer_slice(&out), "nothing", "");
	expect(buffer_slice(&out), "number", "-12");
	expect(buffer_slice(&out), "list", "[7]");
	expect(buffer_slice(&out), "last", "");
	expect(buffer_slice(&out), "las", NULL);
	expect(buffer_slice(&out), "one", NULL);
	expect(SLICE_LITERAL("{ \"a\" : \"\\u00E9\\/\\u20ac\" }"), "a", "\xc3\xa9/\xe2\x82\xac");
	buffer_fini(&out);
}

static void walks_arrays(void **state)
{
	struct slice array = SLICE_LITERAL("[{\"a\":[1,2]}, \"x,]\" ,3,[]]"), value;
	static const char *const want[] = {"{\"a\":[1,2]}", "\"x,]\"", "3", "[]"};
	size_t at = 0, i;

	(void)state;
	for (i = 0; i < 4; i++) {
		assert_true(json_next(array, &at, &value));
		assert_true(slice_is(value, want[i]));
	}
	assert_false(json_next(array, &at, &value));
	at = 0;
	assert_false(json_next(SLICE_LITERAL("[]"), &at, &value));
}

/* Every cut and every changed byte of a document: nothing may lead outside of it. */
static void survives_damage(void **state)
{
	static const char whole[] = "{\"a\":\"x\\u0041\\\\\",\"b\":[1,{\"c\":null}],\"d\":\"\\\"\"}";
	static const char bytes[] = "\"\\{}[],:\0u";
	size_t len, at, i;

	(void)state;
	for (len = 0; len < sizeof(whole); len++) {
		for (i = 0; i < sizeof(bytes); i++) {
			struct arena arena;
			struct slice value;
			char *copy = env_alloc(&env, len + 1);

			memcpy(copy, whole, len);
			if (len > 0)
				copy[len - 1] = bytes[i];
			arena_init(&arena, &env, 0, 0);
			at = 0;
			if (json_find(slice_of(copy, len), "d", &value))
				assert_non_null(json_decode(&arena, value).data);
			while (json_next(slice_of(copy, len), &at, &value))
				assert_non_null(json_decode(&arena, value).data);
			arena_fini(&arena);
			env_free(&env, copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_written),
		cmocka_unit_test(walks_arrays),
		cmocka_unit_test(survives_damage),
	};

	env_real_init(&env);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
