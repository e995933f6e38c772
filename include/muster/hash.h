/*
 * hash: fingerprints of bytes. The one door to libsodium.
 *
 * SHA-256 for everything that is stored, compared or chained; a keyed 64-bit hash for tables in memory.
 */
#ifndef MUSTER_HASH_H
#define MUSTER_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "muster/slice.h"

#define HASH_BYTES 32
#define HASH_TEXT_BYTES 65

struct hash {
	uint8_t bytes[HASH_BYTES];
};

/* Room for libsodium's state without its header. */
struct hash_state {
	_Alignas(max_align_t) unsigned char opaque[128];
};

/* Before anything else here; again does nothing. 0 or MUSTER_ERROR_INTERNAL. */
int hash_setup(void);

void hash_init(struct hash_state *state);
void hash_update(struct hash_state *state, const void *data, size_t bytes);
void hash_final(struct hash_state *state, struct hash *ret_hash);
void hash_of(struct slice data, struct hash *ret_hash);
/*
 * The same for the content of sets and records: BLAKE2b of 256 bits, some four times as fast. For what muster
 * compares only with itself; what others may want to check (files, outputs, the audit chain) is SHA-256. A state is
 * not copied.
 */
struct hash_content_state {
	unsigned char opaque[448];
};
void hash_content_init(struct hash_content_state *state);
void hash_content_update(struct hash_content_state *state, const void *data, size_t bytes);
void hash_content_final(struct hash_content_state *state, struct hash *ret_hash);
void hash_content_of(struct slice data, struct hash *ret_hash);
/* HMAC-SHA256: who has not the key cannot make it. */
void hash_seal(struct slice key, struct slice data, struct hash *ret_seal);
/* Lower-case hex. Returns `out`. */
char *hash_format(const struct hash *hash, char out[HASH_TEXT_BYTES]);
/* The way back, from 64 hexadecimal digits of either case. False: it is something else. */
bool hash_parse(struct slice text, struct hash *ret_hash);

/* For hash tables in memory; not stable across versions, never stored. */
uint64_t hash_table_key(struct slice data);

void hash_random(void *out, size_t bytes);

#endif
