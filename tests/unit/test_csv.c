/* If this failed: existing members would be loaded wrongly, or a spreadsheet would run what a file says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "muster/csv.h"
#include "muster/env_fault.h"
#include "muster/error.h"
#include "world.h"

static struct csv_reader reader;

static void begin(const char *text)
{
	csv_reader_init(&reader, &world.env, slice_from(text));
}

static void end(void)
{
	assert_int_equal(csv_reader_next(&reader), CSV_E_END);
	assert_int_equal(csv_reader_next(&reader), CSV_E_END);
	csv_reader_fini(&reader);
}

/* The next record, its fields joined by |. */
static void want_record(const char *joined)
{
	struct buffer got;
	uint32_t i;

	assert_int_equal(csv_reader_next(&reader), 0);
	buffer_init(&got, &world.env);
	for (i = 0; i < reader.field_count; i++) {
		buffer_add_text(&got, i > 0 ? "|" : "");
		buffer_add_slice(&got, reader.fields[i].text);
	}
	assert_string_equal(got.data, joined);
	buffer_fini(&got);
}

static void want_error(uint32_t line, uint32_t column, const char *part)
{
	assert_int_equal(csv_reader_next(&reader), CSV_E_SYNTAX);
	assert_non_null(strstr(reader.error, part));
	assert_int_equal(reader.error_line, line);
	assert_int_equal(reader.error_column, column);
}

static void test_records(void **state)
{
	(void)state;
	begin("");
	end();
	begin("\r\n\n\n");
	end();
	begin("\xef\xbb\xbf" "group_id,name\r\nG1,\"Acme, \"\"Inc\"\"\"\n\n,\nlast,\"\"");
	want_record("group_id|name");
	want_record("G1|Acme, \"Inc\"");
	want_record("|");
	want_record("last|");
	end();
	begin("\"two\r\nlines\",x\n y , z \n");
	want_record("two\r\nlines|x");
	want_record(" y | z ");
	end();
	/* Several copies in one record, which may move while it is read. */
	begin("\"\"\"\",\"a\"\"\",\"\"\"b\",\"c\"\"d\"\"e\",plain,\"\"\"\"\"\"\n");
	want_record("\"|a\"|\"b|c\"d\"e|plain|\"\"");
	end();
}

static void test_positions(void **state)
{
	(void)state;
	begin("\xef\xbb\xbf" "a,bb,\"c\n\nc\",d\n\n  x,\"y\"\n");
	want_record("a|bb|c\n\nc|d");
	assert_int_equal(reader.record_line, 1);
	assert_true(reader.fields[0].line == 1 && reader.fields[0].column == 1);
	assert_true(reader.fields[1].line == 1 && reader.fields[1].column == 3);
	assert_true(reader.fields[2].line == 1 && reader.fields[2].column == 6);
	assert_true(reader.fields[3].line == 3 && reader.fields[3].column == 4);
	want_record("  x|y");
	assert_int_equal(reader.record_line, 5);
	assert_true(reader.fields[1].line == 5 && reader.fields[1].column == 5);
	end();
}

static void test_errors(void **state)
{
	(void)state;
	begin("a,b\"c,d\nnext\n");
	want_error(1, 4, "a quote inside");
	want_record("next");
	end();
	begin("x\n\"a\"b,c\nnext");
	want_record("x");
	want_error(2, 4, "after the closing quote");
	want_record("next");
	end();
	begin("a\rb\nnext");
	want_error(1, 2, "carriage return");
	want_record("next");
	end();
	/* A stray quote costs its line and not the rest of the file. */
	begin("a,\"b\nc,d\ne,f\n");
	want_error(1, 3, "has no end");
	want_record("c|d");
	want_record("e|f");
	end();
	begin("\"");
	want_error(1, 1, "has no end");
	end();
	begin("\"\"\"");
	want_error(1, 1, "has no end");
	end();
}

static void test_limits(void **state)
{
	struct buffer text;
	uint32_t i, quoted;

	(void)state;
	buffer_init(&text, &world.env);
	for (i = 0; i < LIMIT_CSV_FIELDS; i++)
		buffer_add_text(&text, i > 0 ? ",x" : "x");
	begin(text.data);
	assert_int_equal(csv_reader_next(&reader), 0);
	assert_int_equal(reader.field_count, LIMIT_CSV_FIELDS);
	end();
	buffer_add_text(&text, ",x\nnext\n");
	begin(text.data);
	want_error(1, 2 * LIMIT_CSV_FIELDS + 1, "more fields");
	want_record("next");
	end();
	for (quoted = 0; quoted < 2; quoted++) {
		buffer_clear(&text);
		buffer_add_text(&text, quoted ? "\"" : "");
		for (i = 0; i < LIMIT_CSV_FIELD_BYTES; i++)
			buffer_add_char(&text, 'x');
		begin(text.data);
		if (quoted) {
			want_error(1, 1, "has no end");
			csv_reader_fini(&reader);
			buffer_add_text(&text, "\"");
			begin(text.data);
		}
		assert_int_equal(csv_reader_next(&reader), 0);
		assert_int_equal(reader.fields[0].text.len, LIMIT_CSV_FIELD_BYTES);
		end();
		text.data[text.len - 1] = 'x';
		buffer_add_text(&text, quoted ? "x\"\nnext" : "x\nnext");
		begin(text.data);
		want_error(1, 1, "longer");
		want_record("next");
		end();
	}
	buffer_fini(&text);
}

static void test_write(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, &world.env);
	csv_add(&out, true, SLICE_LITERAL("a b"));
	csv_add(&out, false, SLICE_EMPTY);
	csv_add(&out, false, SLICE_LITERAL("x,y"));
	csv_add(&out, false, SLICE_LITERAL("say \"hi\""));
	csv_add(&out, false, SLICE_LITERAL("two\nlines"));
	csv_add(&out, false, SLICE_LITERAL("-12.50")); /* a number of ours */
	csv_end_record(&out);
	assert_string_equal(out.data, "a b,,\"x,y\",\"say \"\"hi\"\"\",\"two\nlines\",-12.50\r\n");
	buffer_fini(&out);
}

static void test_guard(void **state)
{
	static const struct {
		struct slice in;
		const char *out;
	} rows[] = {
		{SLICE_INIT(""), ""},
		{SLICE_INIT("Smith-Jones"), "Smith-Jones"},
		{SLICE_INIT("'t Hooft"), "'t Hooft"},
		{SLICE_INIT("O'Brien"), "O'Brien"},
		{SLICE_INIT("=1+1"), "'=1+1"},
		{SLICE_INIT("+1"), "'+1"},
		{SLICE_INIT("-1"), "'-1"},
		{SLICE_INIT("@SUM(A1)"), "'@SUM(A1)"},
		{SLICE_INIT("\tx"), "'\tx"},
		{SLICE_INIT("\rx"), "\"'\rx\""},
		{SLICE_INIT("\nx"), "\"'\nx\""},
		{SLICE_INIT(" =1"), "' =1"},
		{SLICE_INIT("\"=1\""), "\"'\"\"=1\"\"\""},
		{SLICE_INIT("'=1"), "''=1"},
		{SLICE_INIT("''=1"), "'''=1"},
		{SLICE_INIT("\xef\xbc\x9d" "1"), "'\xef\xbc\x9d" "1"},
		{SLICE_INIT("=cmd|' /C calc'!A0,x"), "\"'=cmd|' /C calc'!A0,x\""},
		{SLICE_INIT("\xff="), "\xff="},
	};
	struct buffer out;
	size_t i;

	(void)state;
	buffer_init(&out, &world.env);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buffer_clear(&out);
		csv_add_guarded(&out, true, rows[i].in);
		assert_string_equal(out.data == NULL ? "" : out.data, rows[i].out);
		if (rows[i].in.len == 0)
			continue;
		/* And back. */
		csv_reader_init(&reader, &world.env, buffer_slice(&out));
		assert_int_equal(csv_reader_next(&reader), 0);
		assert_int_equal(reader.field_count, 1);
		assert_true(slice_equal(csv_unguard(reader.fields[0].text), rows[i].in));
		csv_reader_fini(&reader);
	}
	assert_true(slice_is(csv_unguard(SLICE_LITERAL("'")), "'"));
	buffer_fini(&out);
}

/* All words of up to six of the characters that matter: written, read, unguarded, they are the same. */
static void test_round_trip(void **state)
{
	static const char alphabet[] = "'\"= ,\n";
	struct buffer out;
	char word[6];
	size_t len, count, number, i, rest;

	(void)state;
	buffer_init(&out, &world.env);
	for (len = 1, count = 6; len <= 6; len++, count *= 6) {
		for (number = 0; number < count; number++) {
			for (i = 0, rest = number; i < len; i++, rest /= 6)
				word[i] = alphabet[rest % 6];
			buffer_clear(&out);
			csv_add_guarded(&out, true, slice_of(word, len));
			csv_add(&out, false, slice_of(word, len));
			csv_end_record(&out);
			csv_reader_init(&reader, &world.env, buffer_slice(&out));
			assert_int_equal(csv_reader_next(&reader), 0);
			assert_int_equal(reader.field_count, 2);
			assert_true(slice_equal(csv_unguard(reader.fields[0].text), slice_of(word, len)));
			assert_true(slice_equal(reader.fields[1].text, slice_of(word, len)));
			assert_int_equal(csv_reader_next(&reader), CSV_E_END);
			csv_reader_fini(&reader);
		}
	}
	buffer_fini(&out);
}

/* Values are copied by steps of several bytes: whatever stands at whichever place in a value of any length is kept. */
static void test_every_place(void **state)
{
	char value[40];
	struct buffer out;
	size_t len, at;
	int byte;

	(void)state;
	buffer_init(&out, &world.env);
	for (len = 1; len < sizeof(value); len++) {
		for (at = 0; at < len; at++) {
			for (byte = 0; byte < 256; byte++) {
				bool quoted = byte == ',' || byte == '"' || byte == '\n' || byte == '\r';

				memset(value, 'v', sizeof(value));
				value[at] = (char)byte;
				buffer_clear(&out);
				csv_add(&out, false, slice_of(value, len));
				assert_int_equal(out.len, 1 + len + (quoted ? 2 : 0) + (byte == '"' ? 1 : 0));
				assert_int_equal(out.data[0], ',');
				assert_int_equal(out.data[out.len], '\0');
				assert_memory_equal(out.data + (quoted ? 2 : 1), value, at);
				assert_int_equal(out.data[(quoted ? 2 : 1) + at], (char)byte);
				assert_memory_equal(out.data + out.len - (quoted ? 1 : 0) - (len - at - 1), value + at + 1,
						    len - at - 1);
			}
		}
	}
	buffer_fini(&out);
}

static void test_no_memory(void **state)
{
	struct env_fault fault;
	struct buffer out;

	(void)state;
	env_fault_init(&fault, &world.env, 1);
	env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_OP(ENV_ALLOC), 1, ENV_FAULT_ERROR_ONCE, ENOMEM});
	csv_reader_init(&reader, &fault.env, SLICE_LITERAL("\"a\"\"b\"\nnext\n"));
	assert_int_equal(csv_reader_next(&reader), -ENOMEM);
	csv_reader_fini(&reader);
	env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_OP(ENV_ALLOC), 2, ENV_FAULT_ERROR_ONCE, ENOMEM});
	buffer_init(&out, &fault.env);
	buffer_add_text(&out, "x");
	csv_add_guarded(&out, false, SLICE_LITERAL("=1"));
	assert_int_equal(out.error, -ENOMEM);
	buffer_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records), cmocka_unit_test(test_positions),  cmocka_unit_test(test_errors),
		cmocka_unit_test(test_limits),	cmocka_unit_test(test_write),	   cmocka_unit_test(test_guard),
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_every_place), cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
