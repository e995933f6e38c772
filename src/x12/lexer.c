/*
 * lexer: finds the ends of elements and of one segment.
 *
 * Writing the slices is what costs, not finding the separators: so a block of 64 bytes becomes one bit mask a
 * byte of interest, and slices are written eight at a time without asking whether there are as many; what lies
 * behind the last one is overwritten later or never looked at.
 */
#include "lexer.h"

bool lexer_cut_scalar(const char *at, const char *end, char separator, char terminator,
                      struct slice tokens[LEXER_TOKENS], struct lexer_cut *ret_cut)
{
	const char *start = at;
	const char *p;
	uint32_t count = 0;
	uint32_t newlines = 0;

	for (p = at; p < end; p++) {
		if (*p == '\n' && *p != terminator)
			newlines++;
		if (*p != separator && *p != terminator)
			continue;
		if (count <= LIMIT_ELEMENTS)
			tokens[count++] = slice_of(start, (size_t)(p - start));
		if (*p == terminator) {
			*ret_cut = (struct lexer_cut){(size_t)(p - at), count, newlines};
			return true;
		}
		start = p + 1;
	}
	return false;
}

#ifdef __SSE2__

#include <emmintrin.h>

struct block {
	__m128i part[4];
};

static inline struct block block_load(const char *at)
{
	struct block block;

	for (int i = 0; i < 4; i++)
		block.part[i] = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i));
	return block;
}

/* One bit for each of the 64 bytes that equals `byte`, the first byte's bit lowest. */
static inline uint64_t block_match(const struct block *block, __m128i byte)
{
	uint64_t mask = 0;

	for (int i = 0; i < 4; i++)
		mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(block->part[i], byte)) << (16 * i);
	return mask;
}

static inline bool block_has(const struct block *block, __m128i byte)
{
	__m128i any = _mm_or_si128(
		_mm_or_si128(_mm_cmpeq_epi8(block->part[0], byte), _mm_cmpeq_epi8(block->part[1], byte)),
		_mm_or_si128(_mm_cmpeq_epi8(block->part[2], byte), _mm_cmpeq_epi8(block->part[3], byte)));

	return _mm_movemask_epi8(any) != 0;
}

/* Bits set; a plain x86-64 has no instruction for it. */
static inline uint32_t count_bits(uint64_t mask)
{
	mask -= (mask >> 1) & UINT64_C(0x5555555555555555);
	mask = (mask & UINT64_C(0x3333333333333333)) + ((mask >> 2) & UINT64_C(0x3333333333333333));
	mask = (mask + (mask >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (uint32_t)((mask * UINT64_C(0x0101010101010101)) >> 56);
}

/*
 * One token for each bit of `ends`, the first beginning at *start; `count` tokens stand there already. Returns
 * how many stand there now.
 */
static inline uint32_t emit(const char *block, uint64_t ends, uint32_t count, const char **start,
                            struct slice tokens[LEXER_TOKENS])
{
	uint32_t last = count + count_bits(ends);
	struct slice *out = tokens + count;
	const char *token = *start;

	while (ends != 0 && count <= LIMIT_ELEMENTS) {
		for (int i = 0; i < 8; i++) {
			/* The highest bit stands in where all are used up; what it yields is beyond `last`. */
			const char *stop = block + __builtin_ctzll(ends | UINT64_C(1) << 63);

			out[i] = (struct slice){token, (size_t)(stop - token)};
			token = ends != 0 ? stop + 1 : token;
			ends &= ends - 1;
		}
		out += 8;
		count += 8;
	}
	*start = token;
	return last <= LIMIT_ELEMENTS + 1 ? last : LIMIT_ELEMENTS + 1;
}

bool lexer_cut(const char *at, const char *end, char separator, char terminator, struct slice tokens[LEXER_TOKENS],
               struct lexer_cut *ret_cut)
{
	const __m128i separators = _mm_set1_epi8(separator);
	const __m128i terminators = _mm_set1_epi8(terminator);
	const __m128i feeds = _mm_set1_epi8('\n');
	const char *start = at;
	const char *p;
	uint32_t count = 0;
	uint32_t newlines = 0;

	for (p = at; p < end; p += LEXER_PAD_BYTES) {
		struct block block = block_load(p);
		uint64_t stop = block_match(&block, terminators);
		/* All bits below the first terminator: what belongs to this segment. */
		uint64_t inside = stop != 0 ? (stop & (0 - stop)) - 1 : UINT64_MAX;
		uint64_t ends = block_match(&block, separators) & inside;

		if (stop != 0) {
			const char *terminated = p + __builtin_ctzll(stop);

			if (terminated >= end)
				return false;
			ends |= stop & (0 - stop);
			count = emit(p, ends, count, &start, tokens);
			if (block_has(&block, feeds))
				newlines += count_bits(block_match(&block, feeds) & inside);
			*ret_cut = (struct lexer_cut){(size_t)(terminated - at), count, newlines};
			return true;
		}
		count = emit(p, ends, count, &start, tokens);
		newlines += count_bits(block_match(&block, feeds));
	}
	return false;
}

#else

bool lexer_cut(const char *at, const char *end, char separator, char terminator, struct slice tokens[LEXER_TOKENS],
               struct lexer_cut *ret_cut)
{
	return lexer_cut_scalar(at, end, separator, terminator, tokens, ret_cut);
}

#endif
