/*
 * lexer: finds the ends of elements and segments.
 *
 * In a batch, 64 bytes become a bit mask for each kind of byte. Ends and tokens are written a few at a time without
 * asking whether there are as many; what lies behind the last one is overwritten later or never looked at.
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

void lexer_batch_scalar(const char *at, const char *end, const struct x12_separators *separators,
			struct lexer_batch *ret_batch)
{
	uint32_t block = 0;

	ret_batch->at = at;
	ret_batch->count = 0;
	end = batch_end(at, end);
	for (const char *p = at; p < end; block++) {
		uint64_t bit = 1;

		if (has_odd_feed(at, p, end, separators->terminator))
			break;
		ret_batch->cuts[block] = ret_batch->odd[block] = 0;
		for (; bit != 0 && p < end; p++, bit <<= 1) {
			ret_batch->odd[block] |= is_odd(*p, separators) ? bit : 0;
			if (*p != separators->element && *p != separators->terminator)
				continue;
			ret_batch->cuts[block] |= bit;
			if (*p == separators->terminator)
				ret_batch->ends[ret_batch->count++] = (uint16_t)(p - at);
		}
	}
	ret_batch->cuts[block] = ret_batch->odd[block] = 0;
}

static uint32_t count_bits(uint64_t mask)
{
	mask -= (mask >> 1) & UINT64_C(0x5555555555555555);
	mask = (mask & UINT64_C(0x3333333333333333)) + ((mask >> 2) & UINT64_C(0x3333333333333333));
	mask = (mask + (mask >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (uint32_t)((mask * UINT64_C(0x0101010101010101)) >> 56);
}

#if defined(__SSE2__) && defined(__x86_64__)

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

static inline uint64_t block_mask(const struct block *block)
{
	uint64_t mask = 0;

	for (int i = 0; i < 4; i++)
		mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(block->part[i]) << (16 * i);
	return mask;
}

/* One bit for each of the 64 bytes that equals `byte`, the first byte's bit lowest. */
static inline uint64_t block_match(const struct block *block, __m128i byte)
{
	struct block equal;

	for (int i = 0; i < 4; i++)
		equal.part[i] = _mm_cmpeq_epi8(block->part[i], byte);
	return block_mask(&equal);
}

static inline uint64_t block_match_odd(const struct block *block, __m128i component, __m128i repetition)
{
	struct block odd;

	for (int i = 0; i < 4; i++) {
		const __m128i bytes = block->part[i];
		const __m128i divides =
			_mm_or_si128(_mm_cmpeq_epi8(bytes, component), _mm_cmpeq_epi8(bytes, repetition));

		/* As signed numbers the bytes beyond ASCII are below the blank too. */
		odd.part[i] = _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
							_mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f))),
					   divides);
	}
	return block_mask(&odd);
}

/* The bits of the first `bytes` bytes of a block. */
static inline uint64_t low_bits(size_t bytes)
{
	return bytes >= 64 ? UINT64_MAX : (UINT64_C(1) << bytes) - 1;
}

/* The places of the bits of `stops`, of which the first is byte `first`. Most blocks have 2 to 4. */
static inline void write_ends(uint64_t stops, uint32_t first, uint16_t *out)
{
	for (; stops != 0; out += LEXER_STRIDE) {
		for (unsigned i = 0; i < LEXER_STRIDE; i++) {
			out[i] = (uint16_t)(first + (unsigned)__builtin_ctzll(stops | UINT64_C(1) << 63));
			stops &= stops - 1;
		}
	}
}

void lexer_batch(const char *at, const char *end, const struct x12_separators *separators,
		 struct lexer_batch *ret_batch)
{
	const __m128i element = _mm_set1_epi8(separators->element);
	const __m128i terminator = _mm_set1_epi8(separators->terminator);
	const __m128i component = _mm_set1_epi8(separators->component);
	const __m128i repetition = _mm_set1_epi8(separators->repetition);
	uint64_t before = 3; /* a segment begins: as if a terminator stood in the two places before */
	uint32_t segments = 0, number = 0;

	end = batch_end(at, end);
	for (const char *p = at; p < end; p += LEXER_PAD_BYTES, number++) {
		const struct block block = block_load(p);
		const uint64_t there = low_bits((size_t)(end - p));
		const uint64_t stops = block_match(&block, terminator) & there;
		const uint64_t odd = block_match_odd(&block, component, repetition) & there;

		/* A line feed is odd, so most blocks need not be asked for one. */
		if (odd != 0) {
			const uint64_t feeds = block_match(&block, _mm_set1_epi8('\n')) & there & ~stops;

			if ((feeds & ~(stops << 1 | stops << 2 | before)) != 0)
				break;
		}
		before = stops >> 63 | stops >> 62;
		ret_batch->cuts[number] = (block_match(&block, element) & there) | stops;
		ret_batch->odd[number] = odd;
		write_ends(stops, number * LEXER_PAD_BYTES, ret_batch->ends + segments);
		segments += count_bits(stops);
	}
	ret_batch->cuts[number] = ret_batch->odd[number] = 0;
	ret_batch->at = at;
	ret_batch->count = segments;
}

#else

void lexer_batch(const char *at, const char *end, const struct x12_separators *separators,
		 struct lexer_batch *ret_batch)
{
	lexer_batch_scalar(at, end, separators, ret_batch);
}

#endif
