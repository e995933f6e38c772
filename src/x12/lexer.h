/*
 * lexer: finds the ends of elements and of one segment.
 *
 * Only the element separator and the segment terminator are structural here: components and repetitions stay
 * inside their element until somebody asks (x12_part). One call cuts one segment, so no state survives between
 * calls; a segment whose terminator has not been read yet is cut again from its first byte.
 */
#ifndef X12_LEXER_H
#define X12_LEXER_H

#include <stdbool.h>

#include "muster/limits.h"
#include "muster/slice.h"

/* The SSE2 lexer looks at blocks of this many bytes: so many must be readable behind `end`, whatever they hold. */
#define LEXER_PAD_BYTES 64u
/* The id, the elements, and room for whole strides of eight behind the last one. */
#define LEXER_TOKENS (LIMIT_ELEMENTS + 1u + 8u)

struct lexer_cut {
	size_t bytes;       /* of the segment, without its terminator */
	uint32_t tokens;    /* id and elements, at most LIMIT_ELEMENTS + 1: what follows is in the raw segment only */
	uint32_t newlines;  /* line feeds inside the segment; the terminator counts as none */
};

/*
 * Cut the segment that starts at `at`. True when its terminator stands before `end`; then tokens[0] is its id,
 * the others its elements. Otherwise false, and `tokens` holds nothing of use.
 */
bool lexer_cut(const char *at, const char *end, char separator, char terminator, struct slice tokens[LEXER_TOKENS],
               struct lexer_cut *ret_cut);
/* The same answer byte by byte: where there is no SSE2, and what the tests hold the other to. */
bool lexer_cut_scalar(const char *at, const char *end, char separator, char terminator,
                      struct slice tokens[LEXER_TOKENS], struct lexer_cut *ret_cut);

#endif
