/*
 * value: one value against one type. Pure functions; what is wrong comes back as words.
 *
 * Source    x12-syntax sections 5, 6, 13.
 */
#ifndef MUSTER_CHECK_VALUE_H
#define MUSTER_CHECK_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "muster/finding.h"
#include "muster/slice.h"

/* What a look at a value says: fine (`text` NULL), or a code and what would have been right. */
struct value_fault {
	enum finding_code code;
	const char *text;
};

/* Characters as X12 counts them: bytes, but those that continue a UTF-8 character. */
size_t value_length(struct slice value);
/* The first byte that X12 never allows in data, or -1. */
int value_control_byte(struct slice value);
/* Bytes outside ASCII. */
bool value_is_unusual(struct slice value);
struct slice value_trim_end(struct slice value);
bool value_is_integer(struct slice value);
/* An optional minus, digits, at most one point. */
bool value_is_decimal(struct slice value);
/* Without minus and point: what the lengths of numbers count. */
size_t value_digits(struct slice value);
size_t value_decimals(struct slice value);
bool value_is_time(struct slice value);
/* CCYYMMDD, or YYMMDD where `short_year`. */
bool value_is_date(struct slice value);
/* Element 1251 under the qualifier of element 1250. */
struct value_fault value_period(struct slice qualifier, struct slice value);
/* Ids under their qualifier: 34 and SY SSN, XX NPI, FI and 24 EIN, 01 ABA, F6 Medicare. */
struct value_fault value_identity(struct slice qualifier, struct slice value);
struct value_fault value_phone(struct slice qualifier, struct slice value);
struct value_fault value_zip(struct slice value);

#endif
