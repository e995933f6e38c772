/*
 * known: what the bytes of a segment tell, and a memory of it.
 *
 * Most segments of a file say what others said: the same plan, date, group. What depends on a segment's bytes alone
 * (its symbol, that it is sound, which facts it tells, which of its rules may apply, its date) need not be found out
 * again. Only sound segments are remembered as such, so findings are never made from memory.
 *
 * Memory    a table of fixed size: a segment takes the slot of the one that was there.
 */
#ifndef MUSTER_CHECK_KNOWN_H
#define MUSTER_CHECK_KNOWN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "plan.h"
#include "sense.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Some hundred segments recur in a group's file; names and ids, which do not, drive out few of them. */
#define KNOWN_SLOTS 1024u
/* Shorter than eight bytes is not worth it; the longer, the less likely to recur. */
#define KNOWN_BYTES_MIN 8u
#define KNOWN_BYTES_MAX 48u

/* What there is to do beside taking the place: */
#define KNOWN_ONCE 1u   /* its qualifier may come but once in the loop */
#define KNOWN_OPENS 2u  /* it opens a loop */
#define KNOWN_TELLS 4u  /* facts */
#define KNOWN_RULED 8u  /* facts decide whether a rule of its applies */
#define KNOWN_SENSE 16u
#define KNOWN_WANTED 32u

/* Two lines of the cache; the first is enough where there is no more to do. */
struct known {
	uint64_t tag; /* of the set and the length: separators and guide are the same in a set; 0 = free */
	char raw[KNOWN_BYTES_MAX];
	uint16_t symbol;
	uint8_t number;   /* of its qualifier: plan->numbers */
	uint8_t more;     /* KNOWN_ bits; they and what follows are of the place where it was looked at */
	/*
	 * The loop of that place, if no other place of it takes the symbol and the segment opens no loop, wants no rule
	 * judged and is not wanted: the next one goes through at once where that loop is open innermost. Else PLAN_NONE.
	 */
	uint16_t through;
	const struct plan_node *node;  /* that place, where it was sound; NULL: none yet */
	const struct plan_segment *at; /* of the node */
	uint64_t rules;   /* those of the plan's segment that only facts can keep from applying */
	struct plan_facts facts; /* that it tells */
	struct sense_told sense;
};
_Static_assert(sizeof(struct known) == 128, "two lines");

static inline uint64_t known_load(const char *p)
{
	uint64_t bytes;
	memcpy(&bytes, p, sizeof(bytes));
	return bytes;
}

static inline bool known_fits(struct slice raw)
{
	return raw.len - KNOWN_BYTES_MIN <= KNOWN_BYTES_MAX - KNOWN_BYTES_MIN;
}

/* Three words of it: all of its bytes, if it is no longer than they are. */
struct known_words {
	uint64_t first, middle, last;
};

static inline struct known_words known_words_of(const char *raw, size_t bytes)
{
	return (struct known_words){known_load(raw), known_load(raw + (bytes - 8) / 2), known_load(raw + bytes - 8)};
}

static inline uint32_t known_slot(const struct known_words *words)
{
	uint64_t mix = words->first * UINT64_C(0x9e3779b97f4a7c15) + words->middle * UINT64_C(0xc2b2ae3d27d4eb4f) +
		       words->last * UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)((mix ^ mix >> 32) >> 23) % KNOWN_SLOTS;
}

static inline uint64_t known_tag(uint32_t set, struct slice raw)
{
	return (uint64_t)set << 32 | raw.len;
}

/* Are the first `bytes` the same? As many as KNOWN_BYTES_MAX can be read of both. */
static inline bool known_same(const char *a, const char *b, size_t bytes)
{
#ifdef __SSE2__
	/* Ones for the bytes that count, from KNOWN_BYTES_MAX - bytes on. */
	static const signed char counts[2 * KNOWN_BYTES_MAX] = {
		-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
		-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	};
	const signed char *count = counts + KNOWN_BYTES_MAX - bytes;
	__m128i other = _mm_setzero_si128();
	for (unsigned i = 0; i < KNOWN_BYTES_MAX; i += 16) {
		__m128i differs = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)(a + i)),
						_mm_loadu_si128((const __m128i *)(const void *)(b + i)));
		other = _mm_or_si128(
			other, _mm_and_si128(differs, _mm_loadu_si128((const __m128i *)(const void *)(count + i))));
	}
	return _mm_movemask_epi8(_mm_cmpeq_epi8(other, _mm_setzero_si128())) == 0xffff;
#else
	return memcmp(a, b, bytes) == 0;
#endif
}

/* `raw` is a segment of a run (x12.h): what is behind it can be read. */
static inline bool known_is(const struct known *known, uint64_t tag, struct slice raw, const struct known_words *words)
{
	struct known_words there;
	if (known->tag != tag)
		return false;
	there = known_words_of(known->raw, raw.len);
	if (((there.first ^ words->first) | (there.middle ^ words->middle) | (there.last ^ words->last)) != 0)
		return false;
	return raw.len <= sizeof(there) || known_same(known->raw, raw.data, raw.len);
}

static inline void known_put(struct known *known, uint64_t tag, struct slice raw)
{
	known->tag = tag;
	memcpy(known->raw, raw.data, KNOWN_BYTES_MAX);
}

#endif
