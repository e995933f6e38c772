/* If this failed: the program that takes our findings could not read them, or would read other ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "muster/json.h"
#include "muster/text.h"
#include "world.h"

static struct buffer out;

static int setup(void **state)
{
	(void)state;
	buffer_init(&out, &world.env);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buffer_fini(&out);
	return 0;
}

static void write_sample(struct json *json)
{
	json_object_begin(json, NULL);
	json_text(json, "schema", SLICE_LITERAL("muster.finding"));
	json_u64(json, "v", 1);
	json_object_begin(json, "ack");
	json_text_or_null(json, "code", SLICE_EMPTY);
	json_text_or_null(json, "ak", SLICE_LITERAL("IK4"));
	json_object_end(json);
	json_array_begin(json, "list");
	json_i64(json, NULL, INT64_MIN);
	json_bool(json, NULL, false);
	json_array_begin(json, NULL);
	json_array_end(json);
	json_object_begin(json, NULL);
	json_object_end(json);
	json_array_end(json);
	json_bool(json, "last", true);
	json_null(json, "none");
	json_raw(json, "confidence", SLICE_LITERAL("0.999900"));
	json_object_end(json);
}

static void test_one_line(void **state)
{
	struct json json;

	(void)state;
	json_init(&json, &out, false);
	write_sample(&json);
	/* The next document on its own line: NDJSON. */
	buffer_add_char(&out, '\n');
	json_array_begin(&json, NULL);
	json_array_end(&json);
	assert_string_equal(out.data,
			    "{\"schema\":\"muster.finding\",\"v\":1,\"ack\":{\"code\":null,\"ak\":\"IK4\"},"
			    "\"list\":[-9223372036854775808,false,[],{}],\"last\":true,\"none\":null,"
			    "\"confidence\":0.999900}\n[]");
}

static void test_pretty(void **state)
{
	struct json json;

	(void)state;
	json_init(&json, &out, true);
	write_sample(&json);
	assert_string_equal(out.data, "{\n"
				      "  \"schema\": \"muster.finding\",\n"
				      "  \"v\": 1,\n"
				      "  \"ack\": {\n"
				      "    \"code\": null,\n"
				      "    \"ak\": \"IK4\"\n"
				      "  },\n"
				      "  \"list\": [\n"
				      "    -9223372036854775808,\n"
				      "    false,\n"
				      "    [],\n"
				      "    {}\n"
				      "  ],\n"
				      "  \"last\": true,\n"
				      "  \"none\": null,\n"
				      "  \"confidence\": 0.999900\n"
				      "}");
}

static void test_escape(void **state)
{
	static const struct {
		struct slice in;
		const char *out;
	} rows[] = {
		{SLICE_INIT(""), "\"\""},
		{SLICE_INIT("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""},
		{SLICE_INIT("\n\r\t\b\0\x1f\x7f"), "\"\\n\\r\\t\\u0008\\u0000\\u001f\\u007f\""},
		{SLICE_INIT("Mu\xc3\xb1oz \xf0\x9f\x98\x80"), "\"Mu\xc3\xb1oz \xf0\x9f\x98\x80\""},
		{SLICE_INIT("\xe2\x80\xa8\xe2\x80\xa9"), "\"\\u2028\\u2029\""},
		{SLICE_INIT("a\xff\xc3"), "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
		{SLICE_INIT("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buffer_clear(&out);
		json_escape(&out, rows[i].in);
		assert_string_equal(out.data, rows[i].out);
	}
}

/* Any three bytes give a string without raw control characters or quotes inside, in UTF-8. */
static void test_escape_any_bytes(void **state)
{
	unsigned bits;
	char bytes[3];
	size_t i;

	(void)state;
	for (bits = 0; bits < 1u << 24; bits += 257) {
		bytes[0] = (char)(bits >> 16);
		bytes[1] = (char)(bits >> 8);
		bytes[2] = (char)bits;
		buffer_clear(&out);
		json_escape(&out, slice_of(bytes, 3));
		assert_true(text_is_utf8(buffer_slice(&out)));
		for (i = 1; i < out.len - 1; i++) {
			assert_true((unsigned char)out.data[i] >= 0x20);
			if (out.data[i] == '\\')
				i++;
			else
				assert_int_not_equal(out.data[i], '"');
		}
		assert_int_equal(i, out.len - 1);
	}
}

/* Values are copied by steps of several bytes: what must be escaped is, at every place of a value of any length. */
static void test_escape_every_place(void **state)
{
	char value[40], wanted[64];
	size_t len, at;
	int byte;

	(void)state;
	for (len = 1; len < sizeof(value); len++) {
		for (at = 0; at < len; at++) {
			for (byte = 0; byte < 0x80; byte++) {
				const char *escaped = byte == '"' ? "\\\"" : byte == '\\' ? "\\\\" : NULL;
				char code[8] = {(char)byte, '\0'};

				if (byte == '\n' || byte == '\r' || byte == '\t')
					escaped = byte == '\n' ? "\\n" : byte == '\r' ? "\\r" : "\\t";
				else if (byte < 0x20 || byte == 0x7f)
					snprintf(code, sizeof(code), "\\u%04x", (unsigned)byte);
				memset(value, 'v', sizeof(value));
				value[at] = (char)byte;
				snprintf(wanted, sizeof(wanted), "\"%.*s%s%.*s\"", (int)at, value,
					 escaped != NULL ? escaped : code, (int)(len - at - 1), value + at + 1);
				buffer_clear(&out);
				json_escape(&out, slice_of(value, len));
				assert_string_equal(out.data, wanted);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pretty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_escape, setup, teardown),
		cmocka_unit_test_setup_teardown(test_escape_any_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_escape_every_place, setup, teardown),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
