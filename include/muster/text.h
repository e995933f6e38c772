/*
 * text: showing values of partners to people.
 *
 * Nothing printed or logged holds an SSN, or bytes that a terminal would obey.
 *
 * Source    reference/security section 5 (terminal, logs); CONTRACT section 4 (mask).
 */
#ifndef MUSTER_TEXT_H
#define MUSTER_TEXT_H

#include <stdbool.h>

#include "muster/arena.h"
#include "muster/buffer.h"

/*
 * One UTF-8 character at `at` (< s.len): its length in bytes, 1 to 4. 0 where the bytes are not UTF-8 (also overlong
 * forms, surrogates, cut characters).
 */
size_t text_utf8_next(struct slice s, size_t at, uint32_t *ret_codepoint);
bool text_is_utf8(struct slice s);
/* Visible escapes for C0, DEL, C1, bidi overrides and zero-width characters (\xNN, \u{NNNN});
 * bytes that are not UTF-8 as \xNN; a backslash as two, so that the escapes cannot be forged. */
void text_add_visible(struct buffer *out, struct slice value);
/* "3 warnings", "1 warning": for words that take an s. */
void text_add_count(struct buffer *out, uint64_t count, const char *word);
/* Text as HTML holds it, in content and in quoted attributes; for values text_add_visible comes first. */
void text_add_html(struct buffer *out, struct slice value);
/* "***-**-1234" for nine digits; "" for empty; "***" for anything else. Returns `out`. */
#define TEXT_SSN_BYTES 12
char *text_mask_ssn(struct slice ssn, char out[TEXT_SSN_BYTES]);
/* The value with every run of exactly nine digits (also as ddd-dd-dddd or with blanks) masked, but member numbers as
 * M000000123. */
void text_add_masked(struct buffer *out, struct slice value);
/* Would text_add_masked mask something? */
bool text_holds_ssn(struct slice value);
/* The value masked: itself where there is nothing to mask, else in the arena. data NULL = no memory, or none came in. */
struct slice text_masked(struct arena *arena, struct slice value);
/* The same digits crossed out in place, all but the last four: XXXXX1234. For X12, where `*` separates. */
void text_cross_out(char *text, size_t bytes);
/* Upper-case ASCII copy into `out`, NUL-terminated, cut at `out_bytes` - 1. */
char *text_upper(struct slice s, char *out, size_t out_bytes);
/* Tax ids and account numbers, as people write them: without regard to case, blanks and hyphens. */
bool text_is_same_id(struct slice a, struct slice b);
/* What such a comparison looks at: equal bytes where text_is_same_id holds. data NULL = no memory. */
struct slice text_plain_id(struct arena *arena, struct slice id);
/* True for the SSNs that mean "none": not nine digits, all equal digits, 123456789, 987654321, area 000, 666 or
 * 9xx, group 00, serial 0000 (x12-syntax section 13, matching section 4). */
bool text_ssn_is_placeholder(struct slice ssn);

#endif
