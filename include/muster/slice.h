/*
 * slice: a run of bytes that somebody else owns.
 *
 * Pointer and length, borrowed, not NUL-terminated. The empty slice may have a NULL pointer. Nothing here
 * allocates; see arena.h for copies.
 */
#ifndef MUSTER_SLICE_H
#define MUSTER_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const char *data;
	size_t len;
};

#define SLICE_EMPTY ((struct slice){NULL, 0})
/* A slice of a string literal. */
#define SLICE_LITERAL(s) ((struct slice){(s), sizeof(s) - 1})
/* The same as an initializer in a static table. */
#define SLICE_INIT(s) {(s), sizeof(s) - 1}

static inline struct slice slice_of(const char *data, size_t len)
{
	return (struct slice){data, len};
}

/* A slice of a NUL-terminated string; NULL gives the empty slice. */
static inline struct slice slice_from(const char *text)
{
	return (struct slice){text, text != NULL ? strlen(text) : 0};
}

static inline bool slice_is_empty(struct slice s)
{
	return s.len == 0;
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	/* What was copied from one record to another often still is the same text. */
	return a.len == b.len && (a.data == b.data || a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Equal to a NUL-terminated string. */
static inline bool slice_is(struct slice a, const char *text)
{
	return slice_equal(a, slice_from(text));
}

/* The same for a code of a few letters that is not known where this stands: letter by letter is less than a call. */
static inline bool slice_is_code(struct slice a, const char *code)
{
	size_t i;

	for (i = 0; i < a.len && code[i] == a.data[i] && code[i] != '\0'; i++)
		;
	return i == a.len && code[i] == '\0';
}

static inline bool slice_starts_with(struct slice a, const char *prefix)
{
	size_t n = strlen(prefix);
	return a.len >= n && (n == 0 || memcmp(a.data, prefix, n) == 0);
}

/* Bytewise order, shorter first where one is a prefix of the other: <0, 0, >0. */
int slice_compare(struct slice a, struct slice b);

/* Equal when ASCII letters are compared without case. */
bool slice_equal_nocase(struct slice a, struct slice b);

/* `s` without ASCII blanks (space, tab, CR, LF) at both ends. */
struct slice slice_trim(struct slice s);

/* Only digits, at least one. */
bool slice_is_digits(struct slice s);

/* An unsigned decimal number of at most 18 digits, digits only. True and *ret_value on success. */
bool slice_to_u64(struct slice s, uint64_t *ret_value);

/* Copy into `out` as a NUL-terminated string, cut at `out_bytes` - 1. Returns `out`. */
char *slice_to_cstr(struct slice s, char *out, size_t out_bytes);

/* Index of the first `byte` at or after `from`, or s.len. */
size_t slice_find(struct slice s, char byte, size_t from);

#endif
