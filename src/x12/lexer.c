/*
 * lexer: finds the ends of elements and segments.
 *
 * In a batch, 64 bytes become a bit mask for each byte of interest. Writing the tokens is what costs then, not
 * finding their ends: so they are written eight at a time without asking whether there are as many; what lies
 * behind the last one is overwritten later or never looked at.
 */
#include "lexer.h"

bool lexer_cut(const char *at, const char *end, char separator, char terminator, struct slice tokens[LEXER_TOKENS],
	       struct lexer_cut *ret_cut)
{
	const char *start = at;
	uint32_t count = 0;
	uint32_t newlines = 0;

	for (const char *p = at; p < end; p++) {
		if (*p == '\n' && *p != terminator)
			newlines++;
		if (*p != separator && *p != terminator)
			continue;
		if (count < LEXER_TOKENS)
			tokens[count++] = slice_of(start, (size_t)(p - start));
		if (*p == terminator) {
			*ret_cut = (struct lexer_cut){(size_t)(p - at), count, newlines};
			return true;
		}
		start = p + 1;
	}
	return false;
}

static const char *batch_end(const char *at, const char *end)
{
	return end - at > (ptrdiff_t)LEXER_BATCH_BYTES ? at + LEXER_BATCH_BYTES : end;
}

/* Does a line feed stand in the block at `p`, but not where a line ends? */
static bool has_odd_feed(const char *batch, const char *p, const char *end, char terminator)
{
	for (const char *block_end = end - p > (ptrdiff_t)LEXER_PAD_BYTES ? p + LEXER_PAD_BYTES : end; p < block_end;
	     p++) {
		bool behind = p < batch + 2 || p[-1] == terminator || p[-2] == terminator;

		if (*p == '\n' && *p != terminator && !behind)
			return true;
	}
	return false;
}

static bool is_odd(char byte, const struct x12_separators *separators)
{
	return (unsigned char)byte < 0x20 || (unsigned char)byte >= 0x7f || byte == separators->component ||
	       byte == separators->repetition;
}

static uint64_t odd_bits(const char *p, const char *end, const struct x12_separators *separators)
{
	uint64_t odd = 0;

	for (uint64_t bit = 1; bit != 0 && p < end; p++, bit <<= 1)
		odd |= is_odd(*p, separators) ? bit : 0;
	return odd;
}

void lexer_batch_scalar(const char *at, const char *end, const struct x12_separators *separators,
			struct lexer_batch *ret_batch)
{
	const char *start = at;
	uint32_t count = 0, block = 0;

	ret_batch->at = at;
	ret_batch->count = 0;
	ret_batch->first[0] = 0;
	end = batch_end(at, end);
	for (const char *p = at; p < end; p++) {
		if ((size_t)(p - at) % LEXER_PAD_BYTES == 0) {
			if (has_odd_feed(at, p, end, separators->terminator))
				break;
			ret_batch->odd[block++] = odd_bits(p, end, separators);
		}
		if (*p != separators->element && *p != separators->terminator)
			continue;
		ret_batch->tokens[count++] = slice_of(start, (size_t)(p - start));
		if (*p == separators->terminator)
			ret_batch->first[++ret_batch->count] = count;
		start = p + 1;
	}
	ret_batch->odd[block] = 0;
}

#if defined(__SSE2__) && defined(__x86_64__)

#include <emmintrin.h>

/* Into callers that may use more instructions than the rest of the program. */
#define INLINE __attribute__((always_inline)) static inline

struct block {
	__m128i part[4];
};

INLINE struct block block_load(const char *at)
{
	struct block block;

	for (int i = 0; i < 4; i++)
		block.part[i] = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i));
	return block;
}

/* One bit for each of the 64 bytes that equals `byte`, the first byte's bit lowest. */
INLINE uint64_t block_match(const struct block *block, __m128i byte)
{
	uint64_t mask = 0;

	for (int i = 0; i < 4; i++)
		mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(block->part[i], byte)) << (16 * i);
	return mask;
}

/* All but printable ASCII, and two bytes more. */
INLINE uint64_t block_match_odd(const struct block *block, __m128i component, __m128i repetition)
{
	uint64_t mask = 0;

	for (int i = 0; i < 4; i++) {
		/* As signed numbers the bytes beyond ASCII are below the blank too. */
		__m128i odd = _mm_or_si128(_mm_cmplt_epi8(block->part[i], _mm_set1_epi8(0x20)),
					   _mm_cmpeq_epi8(block->part[i], _mm_set1_epi8(0x7f)));

		odd = _mm_or_si128(odd, _mm_or_si128(_mm_cmpeq_epi8(block->part[i], component),
						     _mm_cmpeq_epi8(block->part[i], repetition)));
		mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(odd) << (16 * i);
	}
	return mask;
}

/* Bits set. A plain x86-64 has no instruction for it. */
INLINE uint32_t count_bits(uint64_t mask, bool popcnt)
{
	if (popcnt)
		return (uint32_t)__builtin_popcountll(mask);
	mask -= (mask >> 1) & UINT64_C(0x5555555555555555);
	mask = (mask & UINT64_C(0x3333333333333333)) + ((mask >> 2) & UINT64_C(0x3333333333333333));
	mask = (mask + (mask >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (uint32_t)((mask * UINT64_C(0x0101010101010101)) >> 56);
}

/* The bits of the first `bytes` bytes of a block. */
INLINE uint64_t low_bits(size_t bytes)
{
	return bytes >= 64 ? UINT64_MAX : (UINT64_C(1) << bytes) - 1;
}

/* Eight tokens, the first beginning at *start and each ending at a bit of *ends. */
INLINE void write_stride(const char *block, uint64_t *ends, const char **start, struct slice *out)
{
	for (unsigned i = 0; i < LEXER_STRIDE; i++) {
		/* The highest bit stands in where all are used up. */
		const char *stop = block + (unsigned)__builtin_ctzll(*ends | UINT64_C(1) << 63);

		out[i] = (struct slice){*start, (size_t)(stop - *start)};
		*start = stop + 1;
		*ends &= *ends - 1;
	}
}

/* A token for each bit of `ends`. Most blocks have 9 to 16. */
INLINE void write_tokens(const char *block, uint64_t ends, const char *start, struct slice *out)
{
	write_stride(block, &ends, &start, out);
	write_stride(block, &ends, &start, out + LEXER_STRIDE);
	for (out += 2 * LEXER_STRIDE; ends != 0; out += LEXER_STRIDE)
		write_stride(block, &ends, &start, out);
}

/* For each stop how many tokens end up to it, `tokens` more before the block. Most blocks have 2 to 4. */
INLINE void write_firsts(uint64_t ends, uint64_t stops, uint32_t tokens, uint32_t *out, bool popcnt)
{
	do {
		for (unsigned i = 0; i < LEXER_STRIDE / 2; i++) {
			out[i] = tokens + count_bits(ends & (stops ^ (stops - 1)), popcnt);
			stops &= stops - 1;
		}
		out += LEXER_STRIDE / 2;
	} while (stops != 0);
}

INLINE void batch_by_blocks(const char *at, const char *end, const struct x12_separators *separators,
			    struct lexer_batch *ret_batch, bool popcnt)
{
	const __m128i elements = _mm_set1_epi8(separators->element);
	const __m128i terminators = _mm_set1_epi8(separators->terminator);
	const __m128i components = _mm_set1_epi8(separators->component);
	const __m128i repetitions = _mm_set1_epi8(separators->repetition);
	const char *start = at;
	uint64_t before = 3; /* a segment begins: as if a terminator stood in the two places before */
	uint32_t segments = 0, tokens = 0, number = 0;

	end = batch_end(at, end);
	ret_batch->at = at;
	ret_batch->first[0] = 0;
	for (const char *p = at; p < end; p += LEXER_PAD_BYTES) {
		const struct block block = block_load(p);
		const uint64_t there = low_bits((size_t)(end - p));
		const uint64_t stops = block_match(&block, terminators) & there;
		const uint64_t ends = (block_match(&block, elements) & there) | stops;
		const uint64_t odd = block_match_odd(&block, components, repetitions) & there;

		/* A line feed is odd, so most blocks need not be asked for one. */
		if (odd != 0) {
			const uint64_t feeds = block_match(&block, _mm_set1_epi8('\n')) & there & ~stops;

			if ((feeds & ~(stops << 1 | stops << 2 | before)) != 0)
				break;
		}
		ret_batch->odd[number++] = odd;
		before = stops >> 63 | stops >> 62;
		if (stops != 0) {
			write_firsts(ends, stops, tokens, ret_batch->first + segments + 1, popcnt);
			segments += count_bits(stops, popcnt);
		}
		if (ends != 0) {
			write_tokens(p, ends, start, ret_batch->tokens + tokens);
			start = p + 64 - __builtin_clzll(ends);
			tokens += count_bits(ends, popcnt);
		}
	}
	ret_batch->odd[number] = 0;
	ret_batch->count = segments;
}

void lexer_batch_plain(const char *at, const char *end, const struct x12_separators *separators,
		       struct lexer_batch *ret_batch)
{
	batch_by_blocks(at, end, separators, ret_batch, false);
}

__attribute__((target("popcnt,bmi"))) static void batch_with_popcnt(const char *at, const char *end,
								    const struct x12_separators *separators,
								    struct lexer_batch *ret_batch)
{
	batch_by_blocks(at, end, separators, ret_batch, true);
}

/* Counting and clearing bits by one instruction each, which all but the oldest have, is worth a third. */
void lexer_batch(const char *at, const char *end, const struct x12_separators *separators,
		 struct lexer_batch *ret_batch)
{
	if (__builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi"))
		batch_with_popcnt(at, end, separators, ret_batch);
	else
		lexer_batch_plain(at, end, separators, ret_batch);
}

#else

void lexer_batch_plain(const char *at, const char *end, const struct x12_separators *separators,
		       struct lexer_batch *ret_batch)
{
	lexer_batch_scalar(at, end, separators, ret_batch);
}

void lexer_batch(const char *at, const char *end, const struct x12_separators *separators,
		 struct lexer_batch *ret_batch)
{
	lexer_batch_scalar(at, end, separators, ret_batch);
}

#endif
