/* If this failed: an SSN could be printed, or a name in a file could take over a representative's terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "muster/text.h"
#include "world.h"

struct row {
	struct slice in;
	const char *out;
};

#define ROW(in, out) {SLICE_INIT(in), out}

static void assert_rows(const struct row *rows, size_t count, void (*add)(struct buffer *, struct slice))
{
	struct buffer out;
	size_t i;

	buffer_init(&out, &world.env);
	for (i = 0; i < count; i++) {
		buffer_clear(&out);
		buffer_add_text(&out, "");
		add(&out, rows[i].in);
		assert_string_equal(out.data, rows[i].out);
		assert_int_equal(out.len, strlen(rows[i].out));
	}
	buffer_fini(&out);
}

static void test_visible(void **state)
{
	static const struct row rows[] = {
		ROW("", ""),
		ROW("Mu\xc3\xb1oz \xe5\xbc\xb5 \xf0\x9f\x98\x80", "Mu\xc3\xb1oz \xe5\xbc\xb5 \xf0\x9f\x98\x80"),
		ROW("\x1b[2J", "\\x1B[2J"),
		ROW("a\0b\n\t\r\x7f", "a\\x00b\\x0A\\x09\\x0D\\x7F"),
		ROW("\xc2\x9b" "2J", "\\u{009B}2J"),             /* C1 as UTF-8 */
		ROW("\x9b" "2J", "\\x9B2J"),                     /* C1 as a byte */
		ROW("\xe2\x80\xae", "\\u{202E}"),                 /* right-to-left override */
		ROW("\xe2\x80\x8b\xef\xbb\xbf", "\\u{200B}\\u{FEFF}"), /* zero width */
		ROW("\xf3\xa0\x81\x81", "\\u{E0041}"),            /* a tag character */
		ROW("\\x1B", "\\\\x1B"),                          /* an escape that is none of ours */
		ROW("\xff\xc3", "\\xFF\\xC3"),
		ROW("\xc0\x80", "\\xC0\\x80"),                    /* overlong NUL */
		ROW("\xed\xa0\x80", "\\xED\\xA0\\x80"),           /* a surrogate */
		ROW("\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"),  /* past the last code point */
		ROW("\xe2\x80", "\\xE2\\x80"),                    /* cut */
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(rows[0]), text_add_visible);
}

/* Whatever the bytes, what is shown holds nothing that a terminal obeys, and is UTF-8. */
static void test_visible_any_bytes(void **state)
{
	unsigned first, second, third;
	struct buffer out;
	char bytes[3];
	size_t i;

	(void)state;
	buffer_init(&out, &world.env);
	for (first = 0; first < 256; first++) {
		for (second = 0; second < 256; second += 3) {
			for (third = 0; third < 256; third += 37) {
				bytes[0] = (char)first;
				bytes[1] = (char)second;
				bytes[2] = (char)third;
				buffer_clear(&out);
				text_add_visible(&out, slice_of(bytes, 3));
				assert_true(text_is_utf8(buffer_slice(&out)));
				for (i = 0; i < out.len; i++)
					assert_true((unsigned char)out.data[i] >= 0x20 && out.data[i] != 0x7f);
			}
		}
	}
	buffer_fini(&out);
}

/* Each code point there is reads back as itself. */
static void test_utf8(void **state)
{
	uint32_t c, read;
	char bytes[4];
	size_t len;

	(void)state;
	for (c = 0; c <= 0x10ffff; c++) {
		len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		bytes[0] = (char)(len == 1 ? c : (0xf00u >> len & 0xff) | c >> 6 * (len - 1));
		if (len > 1)
			bytes[len - 1] = (char)(0x80 | (c & 0x3f));
		if (len > 2)
			bytes[len - 2] = (char)(0x80 | (c >> 6 & 0x3f));
		if (len > 3)
			bytes[len - 3] = (char)(0x80 | (c >> 12 & 0x3f));
		if (c >= 0xd800 && c <= 0xdfff) {
			assert_int_equal(text_utf8_next(slice_of(bytes, len), 0, &read), 0);
			continue;
		}
		if (text_utf8_next(slice_of(bytes, len), 0, &read) != len || read != c)
			fail_msg("U+%04X", (unsigned)c);
		if (len > 1 && text_utf8_next(slice_of(bytes, len - 1), 0, &read) != 0)
			fail_msg("cut U+%04X", (unsigned)c);
	}
	assert_true(text_is_utf8(SLICE_EMPTY));
	assert_false(text_is_utf8(SLICE_LITERAL("abc\xe2\x82")));
}

static void test_mask_ssn(void **state)
{
	char out[TEXT_SSN_BYTES];

	(void)state;
	assert_string_equal(text_mask_ssn(SLICE_LITERAL("219091234"), out), "***-**-1234");
	assert_string_equal(text_mask_ssn(SLICE_EMPTY, out), "");
	assert_string_equal(text_mask_ssn(SLICE_LITERAL("21909123"), out), "***");
	assert_string_equal(text_mask_ssn(SLICE_LITERAL("2190912345"), out), "***");
	assert_string_equal(text_mask_ssn(SLICE_LITERAL("21909123x"), out), "***");
}

static void test_masked(void **state)
{
	static const struct row rows[] = {
		ROW("", ""),
		ROW("219091234", "***-**-1234"),
		ROW("219-09-1234", "***-**-1234"),
		ROW("REF*SY*219091234~x", "REF*SY****-**-1234~x"),
		ROW("a219091234b,219-09-1234.", "a***-**-1234b,***-**-1234."),
		ROW("219091234 219091235", "***-**-1234 ***-**-1235"),
		ROW("member M100000123.", "member M100000123."),
		ROW("M100000123", "M100000123"),
		ROW("SSN219091234", "SSN***-**-1234"),
		ROW("2190912345", "2190912345"),
		ROW("21909123", "21909123"),
		ROW("219-09-12345", "219-09-12345"),
		ROW("2190-09-1234", "2190-09-1234"),
		ROW("219-091-234", "219-091-234"),
		ROW("219-09-", "219-09-"),
		ROW("219-09-123", "219-09-123"),
		ROW("999-219-09-1234", "999-***-**-1234"),
		ROW("219 09 1234 is", "***-**-1234 is"),
		ROW("219 09-1234", "219 09-1234"),
		ROW("219 09 12345", "219 09 12345"),
	};
	char text[80];
	size_t i;

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(rows[0]), text_add_masked);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool holds = !slice_is(rows[i].in, rows[i].out);

		assert_int_equal(text_holds_ssn(rows[i].in), holds);
		slice_to_cstr(rows[i].in, text, sizeof(text));
		text_cross_out(text, rows[i].in.len);
		assert_int_equal(strlen(text), rows[i].in.len);
		assert_int_equal(slice_is(rows[i].in, text), !holds);
		assert_false(text_holds_ssn(slice_from(text)));
	}
}

/* Crossed out in its own place, in bytes that are no string. */
static void test_crossed_out(void **state)
{
	char text[] = "a\0 219091234 M219091234 219-09-1234";

	(void)state;
	text_cross_out(text, sizeof(text) - 1);
	assert_memory_equal(text, "a\0 XXXXX1234 M219091234 XXX-XX-1234", sizeof(text));
}

static void test_upper(void **state)
{
	char out[5];

	(void)state;
	assert_string_equal(text_upper(SLICE_LITERAL("a-Z9"), out, sizeof(out)), "A-Z9");
	assert_string_equal(text_upper(SLICE_LITERAL("abcdef"), out, sizeof(out)), "ABCD");
	assert_string_equal(text_upper(SLICE_EMPTY, out, sizeof(out)), "");
	assert_string_equal(text_upper(SLICE_LITERAL("\xc3\xb1"), out, sizeof(out)), "\xc3\xb1");
}

static void test_count(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, &world.env);
	text_add_count(&out, 0, "warning");
	buffer_add_text(&out, ", ");
	text_add_count(&out, 1, "warning");
	buffer_add_text(&out, ", ");
	text_add_count(&out, 2, "warning");
	assert_string_equal(out.data, "0 warnings, 1 warning, 2 warnings");
	buffer_fini(&out);
}

/* If this failed: an employer's tax id would be taken for another's, for its hyphen. */
static void test_same_id(void **state)
{
	static const char *const same[][2] = {{"94-0001111", "940001111"}, {"a1 b", "A1B"}, {"", "-"}, {"12-", "12"}};
	static const char *const other[][2] = {{"94-0001111", "940001112"}, {"12", "1"}, {"", "1"}, {"1", "12"}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_true(text_is_same_id(slice_from(same[i][0]), slice_from(same[i][1])));
		assert_false(text_is_same_id(slice_from(other[i][0]), slice_from(other[i][1])));
	}
}

static void test_placeholder(void **state)
{
	static const char *const placeholders[] = {"",		"12345678",  "1234567890", "21909123x", "111111111",
						   "123456789", "987654321", "000091234",  "666091234", "900091234",
						   "999991234", "219001234", "219090000"};
	static const char *const good[] = {"219091234", "001010001", "665010001", "899999999", "111111112"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++)
		assert_true(text_ssn_is_placeholder(slice_from(placeholders[i])));
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_false(text_ssn_is_placeholder(slice_from(good[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_visible),	 cmocka_unit_test(test_visible_any_bytes),
		cmocka_unit_test(test_utf8),	 cmocka_unit_test(test_mask_ssn),
		cmocka_unit_test(test_masked),	 cmocka_unit_test(test_crossed_out),
		cmocka_unit_test(test_upper),	 cmocka_unit_test(test_count),
		cmocka_unit_test(test_same_id),
		cmocka_unit_test(test_placeholder),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
