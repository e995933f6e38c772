/*
 * lexer: finds the ends of elements and segments.
 *
 * Only the element separator and the segment terminator are structural here: components and repetitions stay
 * inside their element until somebody asks (x12_part). lexer_cut cuts one segment, wherever it ends; lexer_batch
 * tells all segments of some kilobytes apart at once, which is what makes long files fast, and lexer_divide cuts those
 * of them that somebody looks into. No state survives a call: a
 * segment whose terminator has not been read yet is cut again from its first byte.
 */
#ifndef X12_LEXER_H
#define X12_LEXER_H

#include <stdbool.h>

#include "muster/limits.h"
#include "muster/x12.h"

/* The id and the elements. */
#define LEXER_TOKENS (LIMIT_ELEMENTS + 1u)
/* As much at once as fits the nearest cache together with its tokens. */
#define LEXER_BATCH_BYTES 4096u
/* Blocks of so many bytes are looked at: they must be readable behind `end`, whatever they hold. */
#define LEXER_PAD_BYTES 64u
/* Segments are written down in strides: room for what is behind the last one. */
#define LEXER_STRIDE 4u

struct lexer_cut {
	size_t bytes;      /* of the segment, without its terminator */
	uint32_t tokens;   /* id and elements, at most LEXER_TOKENS: what follows is in the raw segment only */
	uint32_t newlines; /* line feeds inside the segment; the terminator counts as none */
};

/*
 * Cut the segment that starts at `at`. True when its terminator stands before `end`; then tokens[0] is its id,
 * the others its elements. Otherwise false, and `tokens` holds nothing of use.
 */
bool lexer_cut(const char *at, const char *end, char separator, char terminator, struct slice tokens[LEXER_TOKENS],
	       struct lexer_cut *ret_cut);

struct lexer_batch {
	const char *at; /* its first byte */
	uint32_t count; /* segments */
	/* Segment i begins at byte begins[i]; its terminator is the byte before begins[i + 1]. */
	uint32_t begins[LEXER_BATCH_BYTES + 1 + LEXER_STRIDE];
	/* A bit for each byte: separators of elements, and terminators. */
	uint64_t ends[LEXER_BATCH_BYTES / LEXER_PAD_BYTES + 1];
	/* The same: all but printable ASCII, and the separators of components and repetitions. */
	uint64_t odd[LEXER_BATCH_BYTES / LEXER_PAD_BYTES + 1];
	bool has_odd; /* any of them */
};

/*
 * Tell the segments apart between `at` and `end`, one directly behind the other, as far as their terminators stand
 * there; at most LEXER_BATCH_BYTES are looked at. They are those of lexer_cut. A line feed may stand where a line
 * ends: as the terminator, or one or two bytes behind it. With another in a block of LEXER_PAD_BYTES the batch ends
 * before that block, so that whoever counts lines need not look into the segments.
 */
void lexer_batch(const char *at, const char *end, const struct x12_separators *separators,
		 struct lexer_batch *ret_batch);
/* The same answer byte by byte: for machines without SSE2, and what the tests hold the other to. */
void lexer_batch_scalar(const char *at, const char *end, const struct x12_separators *separators,
			struct lexer_batch *ret_batch);
/*
 * The tokens of the segment of the batch whose id begins at byte `from` and whose terminator is byte `end`: those of
 * lexer_cut, but all of them. How many; `tokens` has room for one more than `end - from`. *ret_odd: is any byte of the
 * segment odd? Here, for whoever reads all segments calls for each.
 */
static inline uint32_t lexer_divide(const struct lexer_batch *batch, uint32_t from, uint32_t end, struct slice *tokens,
				    bool *ret_odd)
{
	const char *at = batch->at + from, *start = at;
	struct slice *token = tokens;
	size_t bytes = end - from;
	uint64_t odd = 0;

	for (;; from += 64, at += 64, bytes -= 64) {
		uint64_t ends = x12_run_bits(batch->ends, from);

		if (bytes < 63)
			ends &= (UINT64_C(2) << bytes) - 1;
		for (; ends != 0; ends &= ends - 1, token++) {
			const char *stop = at + (size_t)__builtin_ctzll(ends);

			*token = (struct slice){start, (size_t)(stop - start)};
			start = stop + 1;
		}
		if (bytes < 64)
			break;
		odd |= x12_run_bits(batch->odd, from);
	}
	*ret_odd = (odd | (x12_run_bits(batch->odd, from) & ((UINT64_C(1) << bytes) - 1))) != 0;
	return (uint32_t)(token - tokens);
}

#endif
