/*
 * hash: the one door to libsodium. SHA-256 in the processor's own instructions where it has them, else libsodium's.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "muster/error.h"
#include "muster/hash.h"
#include "sha256.h"

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(struct hash_state), "hash_state holds libsodium's state");
_Static_assert(_Alignof(crypto_hash_sha256_state) <= _Alignof(struct hash_state), "and where it must lie");
_Static_assert(crypto_hash_sha256_BYTES == HASH_BYTES, "SHA-256");
_Static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "SipHash of 64 bits");

/* Random per process, so that nobody who sends files can aim at one bucket. */
static unsigned char table_key[crypto_shorthash_KEYBYTES];

/* SHA-256 over sha256_blocks; `block` holds what does not make a block yet. */
struct native_state {
	uint32_t words[8];
	uint64_t bytes;
	unsigned char block[SHA256_BLOCK_BYTES];
};
_Static_assert(sizeof(struct native_state) <= sizeof(struct hash_state), "hash_state holds ours, too");

/* Told by hash_setup; before it, and in a process that never calls it, libsodium's is as good. */
static bool is_native;

static crypto_hash_sha256_state *inner(struct hash_state *state)
{
	return (crypto_hash_sha256_state *)(void *)state->opaque;
}

int hash_setup(void)
{
	int result = sodium_init();

	if (result < 0)
		return MUSTER_ERROR_INTERNAL;
	is_native = sha256_is_native();
	/* Only the first time: another key would make every table in memory unreadable. */
	if (result == 0)
		randombytes_buf(table_key, sizeof(table_key));
	return 0;
}

/* ---- SHA-256 ---- */

static struct native_state *native(struct hash_state *state)
{
	return (struct native_state *)(void *)state->opaque;
}

static void native_init(struct native_state *state)
{
	static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

	memcpy(state->words, first, sizeof(first));
	state->bytes = 0;
}

static void native_update(struct native_state *state, const unsigned char *data, size_t bytes)
{
	size_t held = state->bytes % SHA256_BLOCK_BYTES, piece;

	state->bytes += bytes;
	if (held > 0) {
		piece = SHA256_BLOCK_BYTES - held < bytes ? SHA256_BLOCK_BYTES - held : bytes;
		memcpy(state->block + held, data, piece);
		data += piece;
		bytes -= piece;
		if (held + piece < SHA256_BLOCK_BYTES)
			return;
		sha256_blocks(state->words, state->block, 1);
	}
	sha256_blocks(state->words, data, bytes / SHA256_BLOCK_BYTES);
	memcpy(state->block, data + bytes / SHA256_BLOCK_BYTES * SHA256_BLOCK_BYTES, bytes % SHA256_BLOCK_BYTES);
}

static void put_big_endian(unsigned char *out, uint64_t value, size_t bytes)
{
	while (bytes > 0) {
		out[--bytes] = (unsigned char)value;
		value >>= 8;
	}
}

/* One bit, zeros, and the length in bits at the end of a block. */
static void native_final(struct native_state *state, struct hash *ret_hash)
{
	static const unsigned char padding[SHA256_BLOCK_BYTES] = {0x80};
	unsigned char bits[8];
	size_t held = state->bytes % SHA256_BLOCK_BYTES, i;

	put_big_endian(bits, state->bytes * 8, sizeof(bits));
	native_update(state, padding, (held < 56 ? 56 : 120) - held);
	native_update(state, bits, sizeof(bits));
	for (i = 0; i < 8; i++)
		put_big_endian(ret_hash->bytes + 4 * i, state->words[i], 4);
}

void hash_init(struct hash_state *state)
{
	if (is_native)
		native_init(native(state));
	else
		crypto_hash_sha256_init(inner(state));
}

void hash_update(struct hash_state *state, const void *data, size_t bytes)
{
	if (bytes == 0)
		return;
	if (is_native)
		native_update(native(state), data, bytes);
	else
		crypto_hash_sha256_update(inner(state), data, bytes);
}

void hash_final(struct hash_state *state, struct hash *ret_hash)
{
	if (is_native)
		native_final(native(state), ret_hash);
	else
		crypto_hash_sha256_final(inner(state), ret_hash->bytes);
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
