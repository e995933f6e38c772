/*
 * json_read: values in JSON of our own making.
 *
 * A cursor over the text that skips whole values. Nesting is counted, not recursed into; whatever is damaged ends the
 * walk with "nothing there".
 */
#include "muster/json.h"

static void skip_blanks(struct slice s, size_t *at)
{
	while (*at < s.len && strchr(" \t\r\n", s.data[*at]) != NULL && s.data[*at] != '\0')
		(*at)++;
}

/* Behind the closing quote of the text that begins at *at. */
static bool skip_text(struct slice s, size_t *at)
{
	size_t i = *at + 1;

	while (i < s.len && s.data[i] != '"')
		i += s.data[i] == '\\' ? 2 : 1;
	*at = i + 1;
	return i < s.len;
}

/* Behind the value that begins at *at. */
static bool skip_value(struct slice s, size_t *at)
{
	size_t depth = 0, from = *at;

	do {
		char c = *at < s.len ? s.data[*at] : '\0';

		if (c == '\0' || (depth == 0 && (c == ',' || c == ']' || c == '}' || c == ':')))
			return false;
		if (c == '"') {
			if (!skip_text(s, at))
				return false;
		} else if (c == '{' || c == '[') {
			depth++;
			(*at)++;
		} else if (c == '}' || c == ']') {
			depth--;
			(*at)++;
		} else if (depth > 0) {
			(*at)++;
		} else {
			while (*at < s.len && s.data[*at] != '\0' && strchr(",]} \t\r\n", s.data[*at]) == NULL)
				(*at)++;
		}
	} while (depth > 0);
	return *at > from;
}

/* At *at stands the first value, or `,` and one more, or the end. */
static bool next_value(struct slice s, size_t *at, char open, size_t *ret_from)
{
	skip_blanks(s, at);
	if (*at >= s.len || s.data[*at] != (s.data[0] == open && *at == 0 ? open : ','))
		return false;
	(*at)++;
	skip_blanks(s, at);
	*ret_from = *at;
	return skip_value(s, at);
}

bool json_next(struct slice array, size_t *at, struct slice *ret_value)
{
	size_t from;

	if (!next_value(array, at, '[', &from))
		return false;
	*ret_value = slice_of(array.data + from, *at - from);
	return true;
}

bool json_find(struct slice object, const char *key, struct slice *ret_value)
{
	size_t at = 0, from, key_len = strlen(key);

	while (next_value(object, &at, '{', &from)) {
		bool found = at - from == key_len + 2 && object.data[from] == '"' &&
			     memcmp(object.data + from + 1, key, key_len) == 0;

		skip_blanks(object, &at);
		if (at >= object.len || object.data[at] != ':')
			return false;
		at++;
		skip_blanks(object, &at);
		from = at;
		if (!skip_value(object, &at))
			return false;
		if (found) {
			*ret_value = slice_of(object.data + from, at - from);
			return true;
		}
	}
	return false;
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(struct slice s, size_t at)
{
	int32_t value = 0;
	size_t i;

	if (s.len < 4 || at > s.len - 4)
		return -1;
	for (i = at; i < at + 4; i++) {
		char c = s.data[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* The UTF-8 of a code point. Returns the bytes. */
static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* The second half of a pair for a character beyond 0xffff, when it stands at `at`; or -1. */
static int32_t low_half(struct slice s, size_t at)
{
	int32_t code;

	if (s.len < 6 || at > s.len - 6 || s.data[at] != '\\' || s.data[at + 1] != 'u')
		return -1;
	code = hex4(s, at + 2);
	return code >= 0xdc00 && code <= 0xdfff ? code - 0xdc00 : -1;
}

/* One escape behind a backslash at `at`; *ret_bytes of text were written. Returns where to go on. */
static size_t decode_escape(struct slice s, size_t at, char *out, size_t *ret_bytes)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *found = s.data[at] != '\0' ? strchr(from, s.data[at]) : NULL;
	int32_t code = s.data[at] == 'u' ? hex4(s, at + 1) : -1;

	if (code >= 0xd800 && code <= 0xdbff && low_half(s, at + 5) >= 0) {
		*ret_bytes =
			put_utf8(out, 0x10000u + ((uint32_t)(code - 0xd800) << 10) + (uint32_t)low_half(s, at + 5));
		return at + 11;
	}
	if (code >= 0) {
		*ret_bytes = put_utf8(out, (uint32_t)code);
		return at + 5;
	}
	out[0] = found != NULL ? to[found - from] : s.data[at];
	*ret_bytes = 1;
	return at + 1;
}

struct slice json_decode(struct arena *arena, struct slice value)
{
	size_t at = 1, len = 0, bytes;
	char *out;

	if (slice_is(value, "null"))
		return arena_dup(arena, SLICE_EMPTY);
	if (value.len < 2 || value.data[0] != '"')
		return arena_dup(arena, value);
	/* No escape is shorter than what it stands for. */
	out = arena_alloc(arena, value.len);
	if (out == NULL)
		return SLICE_EMPTY;
	while (at + 1 < value.len) {
		if (value.data[at] == '\\' && at + 2 < value.len) {
			at = decode_escape(slice_of(value.data, value.len - 1), at + 1, out + len, &bytes);
			len += bytes;
		} else {
			out[len++] = value.data[at++];
		}
	}
	return slice_of(out, len);
}
