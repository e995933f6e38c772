/*
 * sha256: the block function of SHA-256 in the processor's own instructions, where it has them.
 *
 * The files that come and go are hashed a few times each; libsodium's portable code takes 50 instructions a byte for
 * that, which is more than validating it.
 */
#ifndef MUSTER_BASE_SHA256_H
#define MUSTER_BASE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_BLOCK_BYTES 64u

/* Has this processor them? */
bool sha256_is_native(void);
/* `count` blocks into `words`. Only where sha256_is_native(). */
void sha256_blocks(uint32_t words[8], const unsigned char *data, size_t count);

#endif
