/*
 * plain: texts copied as they are looked at, for as long as nothing in them needs another form.
 *
 * Internal to base: CSV and JSON quote few values. Sixteen bytes at once where the machine can; the ends of a text that is
 * no multiple of a step are looked at twice, so that no byte behind it is read or written.
 */
#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>

/* Bits of the bytes that may not stand as they are. */
typedef __m128i (*plain_special)(__m128i bytes);

/* `mask`: of the bytes that were read; those behind them are no part of the text. */
static inline bool plain_block(__m128i bytes, plain_special special, int mask)
{
	return (_mm_movemask_epi8(special(bytes)) & mask) == 0;
}

static inline bool plain_copy_4(char *to, const char *from, plain_special special)
{
	int32_t four;

	memcpy(&four, from, sizeof(four));
	memcpy(to, &four, sizeof(four));
	return plain_block(_mm_cvtsi32_si128(four), special, 0xf);
}

static inline bool plain_copy_8(char *to, const char *from, plain_special special)
{
	int64_t eight;

	memcpy(&eight, from, sizeof(eight));
	memcpy(to, &eight, sizeof(eight));
	return plain_block(_mm_cvtsi64_si128(eight), special, 0xff);
}

static inline bool plain_copy_16(char *to, const char *from, plain_special special)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)from);

	_mm_storeu_si128((__m128i *)(void *)to, bytes);
	return plain_block(bytes, special, 0xffff);
}

/* Copies `len` bytes. False: one of them is special, and what `to` holds is of no use. */
static inline bool plain_copy(char *to, const char *from, size_t len, plain_special special)
{
	size_t at;

	if (len >= 16) {
		for (at = 0; at + 16 <= len; at += 16)
			if (!plain_copy_16(to + at, from + at, special))
				return false;
		return plain_copy_16(to + len - 16, from + len - 16, special);
	}
	if (len >= 8)
		return plain_copy_8(to, from, special) && plain_copy_8(to + len - 8, from + len - 8, special);
	if (len >= 4)
		return plain_copy_4(to, from, special) && plain_copy_4(to + len - 4, from + len - 4, special);
	for (at = 0; at < len; at++) {
		if (!plain_block(_mm_cvtsi32_si128((unsigned char)from[at]), special, 1))
			return false;
		to[at] = from[at];
	}
	return true;
}
#else
typedef bool (*plain_special)(unsigned char byte);

static inline bool plain_copy(char *to, const char *from, size_t len, plain_special special)
{
	size_t at;

	for (at = 0; at < len; at++) {
		if (special((unsigned char)from[at]))
			return false;
		to[at] = from[at];
	}
	return true;
}
#endif

#endif
