/*
 * value: one value against one type. Pure functions; what is wrong comes back as words.
 *
 * Source    x12-syntax sections 5, 6, 13.
 */
#ifndef MUSTER_CHECK_VALUE_H
#define MUSTER_CHECK_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "muster/finding.h"
#include "muster/slice.h"

/* HIPAA's limits for element 782, below X12's own. */
#define VALUE_AMOUNT_DIGITS_MAX 10u
#define VALUE_AMOUNT_DECIMALS_MAX 2u

/* What a look at a value says: fine (`text` NULL), or a code and what would have been right. */
struct value_fault {
	enum finding_code code;
	const char *text;
	const char *list; /* of forms that profiles know by name (check_form_names); else NULL */
};

/* Up to four bytes as a number that tells them apart; of longer values a hash: to switch over codes. */
static inline uint32_t value_pack(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.data;
	uint32_t packed = UINT32_C(2166136261);
	switch (s.len) {
	case 0:
		return 1;
	case 1:
		return 1u + p[0];
	case 2:
		return 1u + (p[0] | (uint32_t)p[1] << 8);
	case 3:
		return 1u + (p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16);
	case 4:
		return 1u + (p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
	default:
		break;
	}
	for (size_t i = 0; i < s.len; i++)
		packed = (packed ^ p[i]) * UINT32_C(16777619);
	return packed | UINT32_C(0x80808080);
}

/* The same where what is behind the value can be read too, as in a run of segments (x12.h). */
static inline uint32_t value_pack_here(const char *p, size_t len)
{
	static const uint32_t masks[5] = {0, 0xff, 0xffff, 0xffffff, 0xffffffff};
	uint32_t bytes;
	if (len - 1 > 3)
		return value_pack(slice_of(p, len));
	memcpy(&bytes, p, sizeof(bytes));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bytes = __builtin_bswap32(bytes);
#endif
	return 1u + (bytes & masks[len]);
}

#define VALUE_CODE1(a) (1u + (uint32_t)(a))
#define VALUE_CODE2(a, b) (1u + ((uint32_t)(a) | (uint32_t)(b) << 8))
#define VALUE_CODE3(a, b, c) (1u + ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16))

/* Characters as X12 counts them: bytes, but those that continue a UTF-8 character. */
size_t value_length(struct slice value);
/* The first byte that X12 never allows in data, or -1. */
int value_control_byte(struct slice value);
/* Bytes outside ASCII. */
bool value_is_unusual(struct slice value);
static inline struct slice value_trim_end(struct slice value)
{
	while (value.len > 0 && value.data[value.len - 1] == ' ')
		value.len--;
	return value;
}
bool value_is_integer(struct slice value);
/* An optional minus, digits, at most one point. */
bool value_is_decimal(struct slice value);
/* Without minus and point: what the lengths of numbers count. */
size_t value_digits(struct slice value);
size_t value_decimals(struct slice value);
bool value_is_time(struct slice value);
/* CCYYMMDD or YYMMDD, of the calendar. */
bool value_is_date(struct slice value);
/* CCYYMMDD as the number it looks like, which keeps the order of days; 0 for anything that is no day of the calendar.
 */
uint32_t value_day_number(struct slice value);
/* Element 1251 under the qualifier of element 1250. */
struct value_fault value_period(struct slice qualifier, struct slice value);
/*
 * Ids under their qualifier: 34 and SY SSN, XX NPI, FI and 24 EIN, 01 ABA, 02 SWIFT, 04 and CF Canadian bank, 1 and 9
 * DUNS, NI NAIC, D3 NCPDP, F6 Medicare, LD and LE language, RET race.
 */
struct value_fault value_identity(struct slice qualifier, struct slice value);
struct value_fault value_phone(struct slice qualifier, struct slice value);
/* A postal code in an address of that N402 and N404, either of them empty where it was not sent. */
struct value_fault value_zip(struct slice state, struct slice country, struct slice value);

#endif
