/*
 * lexer: finds the ends of elements and segments.
 *
 * In a batch, 64 bytes become a bit mask for each byte of interest, and the segments are told apart. Writing tokens
 * costs more than finding their ends: they are written when somebody asks for those of a segment.
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

/* What is known of the block at `p`, all but where its segments begin. */
static void look_at_block(const char *p, const char *end, const struct x12_separators *separators, uint64_t *ret_ends,
			  uint64_t *ret_odd)
{
	*ret_ends = *ret_odd = 0;
	for (uint64_t bit = 1; bit != 0 && p < end; p++, bit <<= 1) {
		*ret_ends |= *p == separators->element || *p == separators->terminator ? bit : 0;
		*ret_odd |= is_odd(*p, separators) ? bit : 0;
	}
}

void lexer_batch_scalar(const char *at, const char *end, const struct x12_separators *separators,
			struct lexer_batch *ret_batch)
{
	uint32_t block = 0;

	ret_batch->at = at;
	ret_batch->count = 0;
	ret_batch->has_odd = false;
	ret_batch->begins[0] = 0;
	end = batch_end(at, end);
	for (const char *p = at; p < end; p++) {
		if ((size_t)(p - at) % LEXER_PAD_BYTES == 0) {
			if (has_odd_feed(at, p, end, separators->terminator))
				break;
			look_at_block(p, end, separators, &ret_batch->ends[block], &ret_batch->odd[block]);
			ret_batch->has_odd |= ret_batch->odd[block] != 0;
			block++;
		}
		if (*p == separators->terminator)
			ret_batch->begins[++ret_batch->count] = (uint32_t)(p + 1 - at);
	}
	ret_batch->ends[block] = ret_batch->odd[block] = 0;
}

#if defined(__SSE2__) && defined(__x86_64__)

#include <emmintrin.h>

/* The bits of the first `bytes` bytes of 64. */
static inline uint64_t low_bits(size_t bytes)
{
	return bytes >= 64 ? UINT64_MAX : (UINT64_C(1) << bytes) - 1;
}

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

/* All but printable ASCII, and two bytes more: few blocks have any. */
static inline uint64_t block_match_odd(const struct block *block, __m128i component, __m128i repetition)
{
	__m128i odd[4], any = _mm_setzero_si128();
	uint64_t mask = 0;

	for (int i = 0; i < 4; i++) {
		/* Shifted so far that the blank is the least of signed numbers, all behind the tilde are odd. */
		__m128i shifted = _mm_add_epi8(block->part[i], _mm_set1_epi8(0x60));

		odd[i] = _mm_or_si128(_mm_cmpgt_epi8(shifted, _mm_set1_epi8('~' + 0x60 - 0x100)),
				      _mm_or_si128(_mm_cmpeq_epi8(block->part[i], component),
						   _mm_cmpeq_epi8(block->part[i], repetition)));
		any = _mm_or_si128(any, odd[i]);
	}
	if (_mm_movemask_epi8(any) == 0)
		return 0;
	for (int i = 0; i < 4; i++)
		mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(odd[i]) << (16 * i);
	return mask;
}

/* Bits set. A plain x86-64 has no instruction for it. */
static inline uint32_t count_bits(uint64_t mask)
{
	mask -= (mask >> 1) & UINT64_C(0x5555555555555555);
	mask = (mask & UINT64_C(0x3333333333333333)) + ((mask >> 2) & UINT64_C(0x3333333333333333));
	mask = (mask + (mask >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (uint32_t)((mask * UINT64_C(0x0101010101010101)) >> 56);
}

/*
 * Where a segment begins behind each of the stops of the block at offset `block`. Most blocks have 2 to 4: four are
 * written at a time without asking whether there are as many; those behind the last one are overwritten or never
 * looked at.
 */
static inline void write_begins(uint32_t block, uint64_t stops, uint32_t *out)
{
	do {
		for (unsigned i = 0; i < LEXER_STRIDE; i++) {
			/* The highest bit stands in where all are used up. */
			out[i] = block + 1 + (uint32_t)__builtin_ctzll(stops | UINT64_C(1) << 63);
			stops &= stops - 1;
		}
		out += LEXER_STRIDE;
	} while (stops != 0);
}

void lexer_batch(const char *at, const char *end, const struct x12_separators *separators,
		 struct lexer_batch *ret_batch)
{
	const __m128i elements = _mm_set1_epi8(separators->element);
	const __m128i terminators = _mm_set1_epi8(separators->terminator);
	const __m128i components = _mm_set1_epi8(separators->component);
	const __m128i repetitions = _mm_set1_epi8(separators->repetition);
	uint64_t before = 3; /* a segment begins: as if a terminator stood in the two places before */
	bool has_odd = false;
	uint32_t segments = 0, number = 0;

	end = batch_end(at, end);
	ret_batch->at = at;
	ret_batch->begins[0] = 0;
	for (const char *p = at; p < end; p += LEXER_PAD_BYTES, number++) {
		const struct block block = block_load(p);
		const uint64_t there = low_bits((size_t)(end - p));
		const uint64_t stops = block_match(&block, terminators) & there;
		const uint64_t odd = block_match_odd(&block, components, repetitions) & there;

		/* A line feed is odd, so most blocks need not be asked for one. */
		if (odd != 0) {
			const uint64_t feeds = block_match(&block, _mm_set1_epi8('\n')) & there & ~stops;

			if ((feeds & ~(stops << 1 | stops << 2 | before)) != 0)
				break;
			has_odd = true;
		}
		ret_batch->odd[number] = odd;
		ret_batch->ends[number] = (block_match(&block, elements) & there) | stops;
		before = stops >> 63 | stops >> 62;
		if (stops != 0) {
			write_begins((uint32_t)(p - at), stops, ret_batch->begins + segments + 1);
			segments += count_bits(stops);
		}
	}
	ret_batch->ends[number] = ret_batch->odd[number] = 0;
	ret_batch->count = segments;
	ret_batch->has_odd = has_odd;
}

#else

void lexer_batch(const char *at, const char *end, const struct x12_separators *separators,
		 struct lexer_batch *ret_batch)
{
	lexer_batch_scalar(at, end, separators, ret_batch);
}

#endif
