/*
 * text: UTF-8 looked at, escaped, masked.
 */
#include "muster/text.h"

/* The lowest code point that needs so many bytes: what is below is an overlong form. */
static const uint32_t utf8_lowest[] = {0, 0, 0x80, 0x800, 0x10000};

size_t text_utf8_next(struct slice s, size_t at, uint32_t *ret_codepoint)
{
	unsigned char first = (unsigned char)s.data[at];
	uint32_t codepoint;
	size_t len, i;

	if (first < 0x80) {
		*ret_codepoint = first;
		return 1;
	}
	len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (first < 0xc2 || first > 0xf4 || s.len - at < len)
		return 0;
	codepoint = first & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		unsigned char next = (unsigned char)s.data[at + i];

		if ((next & 0xc0) != 0x80)
			return 0;
		codepoint = codepoint << 6 | (next & 0x3f);
	}
	if (codepoint < utf8_lowest[len] || codepoint > 0x10ffff || (codepoint >= 0xd800 && codepoint <= 0xdfff))
		return 0;
	*ret_codepoint = codepoint;
	return len;
}

bool text_is_utf8(struct slice s)
{
	uint32_t codepoint;
	size_t at = 0, len;

	while (at < s.len) {
		len = text_utf8_next(s, at, &codepoint);
		if (len == 0)
			return false;
		at += len;
	}
	return true;
}

/* What a terminal obeys, or a reader cannot see. */
static bool is_invisible(uint32_t c)
{
	static const uint32_t ranges[][2] = {
		{0x0000, 0x001f}, /* C0 */
		{0x007f, 0x009f}, /* DEL, C1 */
		{0x00ad, 0x00ad}, /* soft hyphen */
		{0x061c, 0x061c}, /* Arabic letter mark */
		{0x115f, 0x1160}, /* Hangul fillers */
		{0x180e, 0x180e}, /* Mongolian vowel separator */
		{0x200b, 0x200f}, /* zero-width, left-to-right and right-to-left marks */
		{0x2028, 0x202e}, /* line and paragraph separator, bidi embeddings and overrides */
		{0x2060, 0x206f}, /* word joiner, bidi isolates, deprecated formats */
		{0x3164, 0x3164}, /* Hangul filler */
		{0xfe00, 0xfe0f}, /* variation selectors */
		{0xfeff, 0xfeff}, /* byte-order mark */
		{0xffa0, 0xffa0}, /* half-width Hangul filler */
		{0xfff9, 0xfffb}, /* interlinear annotation */
		{0xe0000, 0xe0fff}, /* tags */
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	return false;
}

/* How many bytes from `at` on are visible ASCII that stands for itself: most texts hold nothing else. */
static size_t plain_ascii(struct slice value, size_t at)
{
	size_t end = at;

	while (end < value.len && value.data[end] >= ' ' && value.data[end] < 0x7f && value.data[end] != '\\')
		end++;
	return end - at;
}

void text_add_visible(struct buffer *out, struct slice value)
{
	uint32_t codepoint;
	size_t at = 0, len;

	while (at < value.len) {
		len = plain_ascii(value, at);
		if (len > 0) {
			buffer_add(out, value.data + at, len);
			at += len;
			continue;
		}
		len = text_utf8_next(value, at, &codepoint);
		if (len == 0 || (len == 1 && is_invisible(codepoint))) {
			buffer_printf(out, "\\x%02X", (unsigned)(unsigned char)value.data[at]);
			len = 1;
		} else if (is_invisible(codepoint)) {
			buffer_printf(out, "\\u{%04X}", (unsigned)codepoint);
		} else if (codepoint == '\\') {
			buffer_add_text(out, "\\\\");
		} else {
			buffer_add(out, value.data + at, len);
		}
		at += len;
	}
}

void text_add_count(struct buffer *out, uint64_t count, const char *word)
{
	buffer_printf(out, "%llu %s%s", (unsigned long long)count, word, count == 1 ? "" : "s");
}

void text_add_html(struct buffer *out, struct slice value)
{
	size_t i;

	for (i = 0; i < value.len; i++) {
		switch (value.data[i]) {
		case '&':
			buffer_add_text(out, "&amp;");
			break;
		case '<':
			buffer_add_text(out, "&lt;");
			break;
		case '>':
			buffer_add_text(out, "&gt;");
			break;
		case '"':
			buffer_add_text(out, "&quot;");
			break;
		case '\'':
			buffer_add_text(out, "&#39;");
			break;
		default:
			buffer_add_char(out, value.data[i]);
			break;
		}
	}
}

char *text_mask_ssn(struct slice ssn, char out[TEXT_SSN_BYTES])
{
	if (ssn.len == 0)
		return slice_to_cstr(SLICE_EMPTY, out, TEXT_SSN_BYTES);
	if (ssn.len != 9 || !slice_is_digits(ssn))
		return slice_to_cstr(SLICE_LITERAL("***"), out, TEXT_SSN_BYTES);
	memcpy(out, "***-**-", 7);
	memcpy(out + 7, ssn.data + 5, 4);
	out[11] = '\0';
	return out;
}

static size_t digits_at(struct slice s, size_t at)
{
	size_t end = at;

	while (end < s.len && s.data[end] >= '0' && s.data[end] <= '9')
		end++;
	return end - at;
}

/* Length of an SSN that starts here, where no digit stands before: ddddddddd, ddd-dd-dddd or ddd dd dddd; 0 for none. */
static size_t ssn_at(struct slice s, size_t at)
{
	size_t run = digits_at(s, at);
	char between = at + 3 < s.len ? s.data[at + 3] : 0;

	if (run == 9)
		return 9;
	if (run == 3 && s.len - at >= 11 && (between == '-' || between == ' ') && digits_at(s, at + 4) == 2 &&
	    s.data[at + 6] == between && digits_at(s, at + 7) == 4)
		return 11;
	return 0;
}

static bool is_word(struct slice value, size_t at)
{
	unsigned char byte = at < value.len ? (unsigned char)value.data[at] : ' ';

	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/* One capital letter and nine digits, a word of its own: the form of member numbers. */
static bool is_member_number(struct slice value, size_t at)
{
	return at > 0 && value.data[at - 1] >= 'A' && value.data[at - 1] <= 'Z' &&
	       (at == 1 || !is_word(value, at - 2)) && !is_word(value, at + 9);
}

/* The first SSN from `at` on, where no digit stands before `at`; its length, 0 for none. */
static size_t next_ssn(struct slice value, size_t at, size_t *ret_at)
{
	for (; at < value.len; at++) {
		size_t run = digits_at(value, at), len;

		if (run == 0)
			continue;
		len = is_member_number(value, at) ? 0 : ssn_at(value, at);
		*ret_at = at;
		if (len > 0)
			return len;
		at += run - 1;
	}
	*ret_at = value.len;
	return 0;
}

void text_add_masked(struct buffer *out, struct slice value)
{
	size_t at = 0, ssn, len;

	while (at < value.len) {
		len = next_ssn(value, at, &ssn);
		buffer_add(out, value.data + at, ssn - at);
		if (len > 0) {
			buffer_add_text(out, "***-**-");
			buffer_add(out, value.data + ssn + len - 4, 4);
		}
		at = ssn + len;
	}
}

bool text_holds_ssn(struct slice value)
{
	size_t at;

	return next_ssn(value, 0, &at) > 0;
}

struct slice text_masked(struct arena *arena, struct slice value)
{
	struct buffer text;
	struct slice masked;

	if (!text_holds_ssn(value))
		return value;
	buffer_init(&text, arena->env);
	text_add_masked(&text, value);
	masked = text.error == 0 ? arena_dup(arena, buffer_slice(&text)) : SLICE_EMPTY;
	buffer_fini(&text);
	return masked;
}

void text_cross_out(char *text, size_t bytes)
{
	struct slice value = slice_of(text, bytes);
	size_t at = 0, i, len;

	for (len = next_ssn(value, 0, &at); len > 0; len = next_ssn(value, at + len, &at))
		for (i = at; i < at + len - 4; i++)
			if (text[i] >= '0' && text[i] <= '9')
				text[i] = 'X';
}

char *text_upper(struct slice s, char *out, size_t out_bytes)
{
	char *at;

	slice_to_cstr(s, out, out_bytes);
	for (at = out; at < out + out_bytes - 1 && at < out + s.len; at++)
		if (*at >= 'a' && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
	return out;
}

static char capital(char c)
{
	return (c >= 'a' && c <= 'z') ? (char)(c - 'a' + 'A') : c;
}

bool text_is_same_id(struct slice a, struct slice b)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (i < a.len && (a.data[i] == '-' || a.data[i] == ' '))
			i++;
		while (j < b.len && (b.data[j] == '-' || b.data[j] == ' '))
			j++;
		if (i == a.len || j == b.len)
			return i == a.len && j == b.len;
		if (capital(a.data[i++]) != capital(b.data[j++]))
			return false;
	}
}

struct slice text_plain_id(struct arena *arena, struct slice id)
{
	char *plain = arena_alloc(arena, id.len + 1);
	size_t i, len = 0;

	for (i = 0; plain != NULL && i < id.len; i++)
		if (id.data[i] != '-' && id.data[i] != ' ')
			plain[len++] = capital(id.data[i]);
	return plain != NULL ? slice_of(plain, len) : SLICE_EMPTY;
}

bool text_ssn_is_placeholder(struct slice ssn)
{
	size_t i;

	if (ssn.len != 9 || !slice_is_digits(ssn))
		return true;
	if (slice_is(ssn, "123456789") || slice_is(ssn, "987654321"))
		return true;
	if (slice_starts_with(ssn, "000") || slice_starts_with(ssn, "666") || ssn.data[0] == '9')
		return true;
	if (memcmp(ssn.data + 3, "00", 2) == 0 || memcmp(ssn.data + 5, "0000", 4) == 0)
		return true;
	for (i = 1; i < ssn.len; i++)
		if (ssn.data[i] != ssn.data[0])
			return false;
	return true;
}
