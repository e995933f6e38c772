/*
 * json: commas, indents and escapes.
 */
#include <assert.h>

#include "muster/json.h"
#include "muster/text.h"
#include "plain.h"

void json_init(struct json *json, struct buffer *out, bool pretty)
{
	*json = (struct json){.out = out, .indent = pretty ? 2 : -1};
}

static void break_line(struct json *json)
{
	int i;

	if (json->indent < 0)
		return;
	buffer_add_char(json->out, '\n');
	for (i = 0; i < json->indent * json->depth; i++)
		buffer_add_char(json->out, ' ');
}

static void add_key(struct json *json, const char *key)
{
	struct buffer *out = json->out;
	size_t len = strlen(key);
	char *at;

	/* Quotes, colon, blank. */
	if (!buffer_reserve(out, len + 4))
		return;
	at = out->data + out->len;
	*at++ = '"';
	memcpy(at, key, len);
	at += len;
	*at++ = '"';
	*at++ = ':';
	if (json->indent >= 0)
		*at++ = ' ';
	*at = '\0';
	out->len = (size_t)(at - out->data);
}

/* What stands before a value: a comma, a new line, its key. */
static void begin_value(struct json *json, const char *key)
{
	if (json->need_comma)
		buffer_add_char(json->out, ',');
	if (json->depth > 0)
		break_line(json);
	json->need_comma = true;
	if (key != NULL)
		add_key(json, key);
}

static void begin(struct json *json, const char *key, char bracket)
{
	begin_value(json, key);
	buffer_add_char(json->out, bracket);
	json->need_comma = false;
	json->depth++;
}

static void end(struct json *json, char bracket)
{
	assert(json->depth > 0);
	json->depth--;
	/* need_comma tells that something stands inside: {} stays on one line. */
	if (json->need_comma)
		break_line(json);
	buffer_add_char(json->out, bracket);
	/* Behind a whole document comes no comma: the next one is on a line of its own (NDJSON). */
	json->need_comma = json->depth > 0;
}

void json_object_begin(struct json *json, const char *key)
{
	begin(json, key, '{');
}

void json_object_end(struct json *json)
{
	end(json, '}');
}

void json_array_begin(struct json *json, const char *key)
{
	begin(json, key, '[');
}

void json_array_end(struct json *json)
{
	end(json, ']');
}

void json_text(struct json *json, const char *key, struct slice value)
{
	begin_value(json, key);
	json_escape(json->out, value);
}

void json_text_or_null(struct json *json, const char *key, struct slice value)
{
	if (value.len == 0)
		json_null(json, key);
	else
		json_text(json, key, value);
}

void json_u64(struct json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	buffer_add_u64(json->out, value);
}

void json_i64(struct json *json, const char *key, int64_t value)
{
	begin_value(json, key);
	if (value < 0)
		buffer_add_char(json->out, '-');
	buffer_add_u64(json->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	buffer_add_text(json->out, value ? "true" : "false");
}

void json_null(struct json *json, const char *key)
{
	begin_value(json, key);
	buffer_add_text(json->out, "null");
}

void json_raw(struct json *json, const char *key, struct slice number)
{
	begin_value(json, key);
	buffer_add_slice(json->out, number);
}

/* One ASCII character that may not stand as it is. */
static void escape_ascii(struct buffer *out, char c)
{
	switch (c) {
	case '"':
		buffer_add_text(out, "\\\"");
		break;
	case '\\':
		buffer_add_text(out, "\\\\");
		break;
	case '\n':
		buffer_add_text(out, "\\n");
		break;
	case '\r':
		buffer_add_text(out, "\\r");
		break;
	case '\t':
		buffer_add_text(out, "\\t");
		break;
	default:
		buffer_printf(out, "\\u%04x", (unsigned)(unsigned char)c);
		break;
	}
}

static bool is_plain(uint32_t codepoint)
{
	/* U+2028 and U+2029 end lines in JavaScript, where reports may embed this. */
	return codepoint >= 0x20 && codepoint != '"' && codepoint != '\\' && codepoint != 0x7f &&
	       codepoint != 0x2028 && codepoint != 0x2029;
}

/* Stands for itself, one byte; most values hold nothing else. */
static bool is_plain_ascii(char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

static size_t skip_plain_ascii(struct slice value, size_t at)
{
	while (at < value.len && is_plain_ascii(value.data[at]))
		at++;
	return at;
}

/* What is_plain_ascii does not say of. */
#ifdef __SSE2__
static inline __m128i is_special(__m128i bytes)
{
	/* As signed numbers those from 0x80 on are less than a blank, too. */
	__m128i outside = _mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')), last = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
	__m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), back = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));

	return _mm_or_si128(_mm_or_si128(outside, last), _mm_or_si128(quote, back));
}
#else
static inline bool is_special(unsigned char byte)
{
	return !is_plain_ascii((char)byte);
}
#endif

/* The value with its quotes. False, and nothing is written: not all of it is plain. */
static bool add_plain(struct buffer *out, struct slice value)
{
	char *at = out->data + out->len;

	*at++ = '"';
	if (!plain_copy(at, value.data, value.len, is_special))
		return false;
	at[value.len] = '"';
	at[value.len + 1] = '\0';
	out->len += value.len + 2;
	return true;
}

void json_escape(struct buffer *out, struct slice value)
{
	size_t at = 0, run = 0, len;
	uint32_t codepoint;

	if (!buffer_reserve(out, value.len + 2) || add_plain(out, value))
		return;
	buffer_add_char(out, '"');
	while ((at = skip_plain_ascii(value, at)) < value.len) {
		len = text_utf8_next(value, at, &codepoint);
		if (len > 0 && is_plain(codepoint)) {
			at += len;
			continue;
		}
		if (at > run)
			buffer_add(out, value.data + run, at - run);
		if (len == 0)
			buffer_add_text(out, "\xef\xbf\xbd"); /* U+FFFD */
		else if (len == 1)
			escape_ascii(out, value.data[at]);
		else
			buffer_printf(out, "\\u%04x", (unsigned)codepoint);
		at += len > 0 ? len : 1;
		run = at;
	}
	if (at > run)
		buffer_add(out, value.data + run, at - run);
	buffer_add_char(out, '"');
}
