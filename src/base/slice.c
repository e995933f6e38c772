/*
 * slice: comparing and reading borrowed bytes. ASCII only, never a locale.
 */
#include "muster/slice.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int slice_compare(struct slice a, struct slice b)
{
	size_t shared = a.len < b.len ? a.len : b.len;
	int order = shared > 0 ? memcmp(a.data, b.data, shared) : 0;

	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

bool slice_equal_nocase(struct slice a, struct slice b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	/* Mostly they are equal as they are. */
	if (slice_equal(a, b))
		return true;
	for (i = 0; i < a.len; i++)
		if (a.data[i] != b.data[i] && lower(a.data[i]) != lower(b.data[i]))
			return false;
	return true;
}

struct slice slice_trim(struct slice s)
{
	while (s.len > 0 && is_blank(s.data[s.len - 1]))
		s.len--;
	while (s.len > 0 && is_blank(s.data[0])) {
		s.data++;
		s.len--;
	}
	return s;
}

bool slice_is_digits(struct slice s)
{
	size_t i = 0;

	for (; i + 8 <= s.len; i += 8) {
		uint64_t bytes;

		memcpy(&bytes, s.data + i, sizeof(bytes));
		/* Eight at once: digits are 0x30 to 0x39, and stay below 0x40 when 6 is added. */
		if (((bytes & UINT64_C(0xf0f0f0f0f0f0f0f0)) |
		     ((bytes + UINT64_C(0x0606060606060606)) & UINT64_C(0xf0f0f0f0f0f0f0f0)) >> 4) !=
		    UINT64_C(0x3333333333333333))
			return false;
	}
	for (; i < s.len; i++)
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
	return s.len > 0;
}

bool slice_to_u64(struct slice s, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t i;

	/* 18 digits cannot overflow. */
	if (s.len > 18 || !slice_is_digits(s))
		return false;
	for (i = 0; i < s.len; i++)
		value = value * 10 + (uint64_t)(s.data[i] - '0');
	*ret_value = value;
	return true;
}

char *slice_to_cstr(struct slice s, char *out, size_t out_bytes)
{
	size_t len = s.len < out_bytes ? s.len : out_bytes - 1;

	if (len > 0)
		memcpy(out, s.data, len);
	out[len] = '\0';
	return out;
}

size_t slice_find(struct slice s, char byte, size_t from)
{
	const char *hit;

	if (from >= s.len)
		return s.len;
	hit = memchr(s.data + from, byte, s.len - from);
	return hit != NULL ? (size_t)(hit - s.data) : s.len;
}
