/*
 * hash: the one door to libsodium, and to Nettle for SHA-256, which it does by the processor's own instructions.
 */
#include <assert.h>
#include <nettle/sha2.h>
#include <sodium.h>

#include "muster/error.h"
#include "muster/hash.h"

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(struct hash_state), "hash_state holds Nettle's state");
_Static_assert(_Alignof(struct sha256_ctx) <= _Alignof(struct hash_state), "and where it must lie");
_Static_assert(SHA256_DIGEST_SIZE == HASH_BYTES, "SHA-256");
_Static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "SipHash of 64 bits");

/* Random per process, so that nobody who sends files can aim at one bucket. */
static unsigned char table_key[crypto_shorthash_KEYBYTES];

static struct sha256_ctx *inner(struct hash_state *state)
{
	return (struct sha256_ctx *)(void *)state->opaque;
}

int hash_setup(void)
{
	int result = sodium_init();

	if (result < 0)
		return MUSTER_ERROR_INTERNAL;
	/* Only the first time: another key would make every table in memory unreadable. */
	if (result == 0)
		randombytes_buf(table_key, sizeof(table_key));
	return 0;
}

void hash_init(struct hash_state *state)
{
	sha256_init(inner(state));
}

void hash_update(struct hash_state *state, const void *data, size_t bytes)
{
	if (bytes > 0)
		sha256_update(inner(state), bytes, data);
}

void hash_final(struct hash_state *state, struct hash *ret_hash)
{
	sha256_digest(inner(state), sizeof(ret_hash->bytes), ret_hash->bytes);
}

void hash_of(struct slice data, struct hash *ret_hash)
{
	struct hash_state state = {.opaque = {0}};

	hash_init(&state);
	hash_update(&state, data.data, data.len);
	hash_final(&state, ret_hash);
}

/* libsodium wants its state on a cache line; ours lies wherever its owner does. */
static crypto_generichash_state *content(struct hash_content_state *state)
{
	uintptr_t at = ((uintptr_t)state->opaque + 63) & ~(uintptr_t)63;

	return (crypto_generichash_state *)at;
}

_Static_assert(sizeof(crypto_generichash_state) + 63 <= sizeof(struct hash_content_state), "room to align");

void hash_content_init(struct hash_content_state *state)
{
	int result = crypto_generichash_init(content(state), NULL, 0, HASH_BYTES);

	assert(result == 0);
	(void)result;
}

void hash_content_update(struct hash_content_state *state, const void *data, size_t bytes)
{
	if (bytes > 0)
		crypto_generichash_update(content(state), data, bytes);
}

void hash_content_final(struct hash_content_state *state, struct hash *ret_hash)
{
	crypto_generichash_final(content(state), ret_hash->bytes, HASH_BYTES);
}

void hash_content_of(struct slice data, struct hash *ret_hash)
{
	struct hash_content_state state;

	hash_content_init(&state);
	hash_content_update(&state, data.data, data.len);
	hash_content_final(&state, ret_hash);
}

void hash_seal(struct slice key, struct slice data, struct hash *ret_seal)
{
	crypto_auth_hmacsha256_state state;

	_Static_assert(crypto_auth_hmacsha256_BYTES == HASH_BYTES, "a seal is as long as a hash");
	crypto_auth_hmacsha256_init(&state, (const unsigned char *)key.data, key.len);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)data.data, data.len);
	crypto_auth_hmacsha256_final(&state, ret_seal->bytes);
}

char *hash_format(const struct hash *hash, char out[HASH_TEXT_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < HASH_BYTES; i++) {
		out[2 * i] = digits[hash->bytes[i] >> 4];
		out[2 * i + 1] = digits[hash->bytes[i] & 15];
	}
	out[2 * HASH_BYTES] = '\0';
	return out;
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

bool hash_parse(struct slice text, struct hash *ret_hash)
{
	struct hash hash;
	size_t i;

	if (text.len != 2 * HASH_BYTES)
		return false;
	for (i = 0; i < HASH_BYTES; i++) {
		int high = hex_value(text.data[2 * i]), low = hex_value(text.data[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		hash.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret_hash = hash;
	return true;
}

uint64_t hash_table_key(struct slice data)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t key;
	int failed = crypto_shorthash(out, (const unsigned char *)(data.len > 0 ? data.data : ""), data.len, table_key);

	assert(failed == 0);
	(void)failed;
	memcpy(&key, out, sizeof(key));
	return key;
}

void hash_random(void *out, size_t bytes)
{
	randombytes_buf(out, bytes);
}
