/* If this failed: a file sent twice would not be known again, and be applied twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "muster/hash.h"

/* The vectors of FIPS 180-4. */
static void test_sha256(void **state)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	char text[HASH_TEXT_BYTES];
	struct hash_state half;
	struct hash hash;

	(void)state;
	hash_of(SLICE_EMPTY, &hash);
	assert_string_equal(hash_format(&hash, text),
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hash_of(SLICE_LITERAL("abc"), &hash);
	assert_string_equal(hash_format(&hash, text),
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hash_init(&half);
	hash_update(&half, two_blocks, 20);
	hash_update(&half, NULL, 0);
	hash_update(&half, two_blocks + 20, sizeof(two_blocks) - 1 - 20);
	hash_final(&half, &hash);
	assert_string_equal(hash_format(&hash, text),
			    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/*
 * All lengths around one and two blocks, in pieces of all sizes, as another library has them: whatever instructions the
 * processor has, or files taken on one machine would be strangers on another.
 */
static void test_sha256_lengths(void **state)
{
	char text[200], shown[HASH_TEXT_BYTES];
	struct hash whole, pieced, all;
	struct hash_state lengths, pieces;
	size_t len, piece, at;

	(void)state;
	for (at = 0; at < sizeof(text); at++)
		text[at] = (char)(at * 7 + 1);
	hash_init(&lengths);
	for (len = 0; len < sizeof(text); len++) {
		hash_of(slice_of(text, len), &whole);
		hash_update(&lengths, whole.bytes, HASH_BYTES);
		for (piece = 1; piece < 70; piece += 3) {
			hash_init(&pieces);
			for (at = 0; at < len; at += piece)
				hash_update(&pieces, text + at, len - at < piece ? len - at : piece);
			hash_final(&pieces, &pieced);
			assert_memory_equal(&pieced, &whole, HASH_BYTES);
		}
	}
	hash_final(&lengths, &all);
	/* By Python's hashlib. */
	assert_string_equal(hash_format(&all, shown), "c35f81543da6e2384825e12b996f63d2d2a652971625973989db4ef4660e027b");
}

/* A checksum that a partner sent would be taken for another one, or for one where it is none. */
static void test_parse(void **state)
{
	static const char *const others[] = {
		"", "00", "c35f81543da6e2384825e12b996f63d2d2a652971625973989db4ef4660e027",
		"c35f81543da6e2384825e12b996f63d2d2a652971625973989db4ef4660e027bb",
		"g35f81543da6e2384825e12b996f63d2d2a652971625973989db4ef4660e027b",
		"c35f81543da6e2384825e12b996f63d2d2a652971625973989db4ef4660e02 b",
	};
	char text[HASH_TEXT_BYTES], capital[HASH_TEXT_BYTES], shown[HASH_TEXT_BYTES];
	struct hash hash, parsed;
	size_t i;

	(void)state;
	hash_of(SLICE_LITERAL("an 834"), &hash);
	hash_format(&hash, text);
	for (i = 0; i < sizeof(text); i++)
		capital[i] = (char)(text[i] >= 'a' ? text[i] - 'a' + 'A' : text[i]);
	assert_true(hash_parse(slice_from(text), &parsed));
	assert_memory_equal(&parsed, &hash, sizeof(hash));
	memset(&parsed, 0, sizeof(parsed));
	assert_true(hash_parse(slice_from(capital), &parsed));
	assert_string_equal(hash_format(&parsed, shown), text);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(hash_parse(slice_from(others[i]), &parsed));
}

static void test_table_key(void **state)
{
	uint64_t key = hash_table_key(SLICE_LITERAL("M000000018"));

	(void)state;
	assert_true(hash_table_key(SLICE_LITERAL("M000000018")) == key);
	assert_true(hash_table_key(SLICE_LITERAL("M000000019")) != key);
	(void)hash_table_key(SLICE_EMPTY);
	/* Setting up again must not lose what lies in tables. */
	assert_int_equal(hash_setup(), 0);
	assert_true(hash_table_key(SLICE_LITERAL("M000000018")) == key);
}

static void test_random(void **state)
{
	unsigned char first[32], second[32];

	(void)state;
	hash_random(first, sizeof(first));
	hash_random(second, sizeof(second));
	assert_memory_not_equal(first, second, sizeof(first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_sha256_lengths),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_table_key),
		cmocka_unit_test(test_random),
	};

	return hash_setup() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
