/* Types and formats. Total: any bytes, an answer. */
#include "value.h"

#include "muster/date.h"
#include "muster/text.h"

static const struct value_fault fine = {FINDING_CODE_COUNT, NULL};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

size_t value_length(struct slice value)
{
	size_t length = value.len;
	for (size_t i = 0; i < value.len; i++)
		length -= ((unsigned char)value.data[i] & 0xc0) == 0x80;
	return length;
}

int value_control_byte(struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.data[i];
		if (c < 0x20 || c == 0x7f)
			return c;
	}
	return -1;
}

bool value_is_unusual(struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.data[i] >= 0x80)
			return true;
	return false;
}

struct slice value_trim_end(struct slice value)
{
	while (value.len > 0 && value.data[value.len - 1] == ' ')
		value.len--;
	return value;
}

static struct slice without_minus(struct slice value)
{
	if (value.len > 0 && value.data[0] == '-')
		return slice_of(value.data + 1, value.len - 1);
	return value;
}

bool value_is_integer(struct slice value)
{
	return slice_is_digits(without_minus(value));
}

bool value_is_decimal(struct slice value)
{
	struct slice number = without_minus(value);
	size_t points = 0;
	for (size_t i = 0; i < number.len; i++) {
		points += number.data[i] == '.';
		if (!is_digit(number.data[i]) && number.data[i] != '.')
			return false;
	}
	return points <= 1 && number.len > points;
}

size_t value_digits(struct slice value)
{
	size_t digits = 0;
	for (size_t i = 0; i < value.len; i++)
		digits += is_digit(value.data[i]);
	return digits;
}

size_t value_decimals(struct slice value)
{
	size_t point = slice_find(value, '.', 0);
	return point < value.len ? value.len - point - 1 : 0;
}

static bool two_digits_up_to(const char *p, int max)
{
	return is_digit(p[0]) && is_digit(p[1]) && (p[0] - '0') * 10 + p[1] - '0' <= max;
}

bool value_is_time(struct slice value)
{
	if (value.len != 4 && (value.len < 6 || value.len > 8))
		return false;
	if (!slice_is_digits(value) || !two_digits_up_to(value.data, 23) || !two_digits_up_to(value.data + 2, 59))
		return false;
	return value.len == 4 || two_digits_up_to(value.data + 4, 59);
}

bool value_is_date(struct slice value)
{
	date_day day;
	char full[8] = {'2', '0'};
	if (value.len != 6)
		return date_parse_ccyymmdd(value, &day);
	/* Every second digit pair of years has its 29 February in some century: any one with it will do. */
	memcpy(full + 2, value.data, 6);
	return date_parse_ccyymmdd(slice_of(full, sizeof(full)), &day);
}

static bool is_two_dates(struct slice value)
{
	date_day first, last;
	return value.len == 17 && value.data[8] == '-' && date_parse_ccyymmdd(slice_of(value.data, 8), &first) &&
	       date_parse_ccyymmdd(slice_of(value.data + 9, 8), &last) && first <= last;
}

static bool is_date_and_time(struct slice value)
{
	return value.len == 12 && value_is_date(slice_of(value.data, 8)) && value_is_time(slice_of(value.data + 8, 4));
}

struct value_fault value_period(struct slice qualifier, struct slice value)
{
	if (slice_is(qualifier, "D8") && !(value.len == 8 && value_is_date(value)))
		return (struct value_fault){FINDING_ELEMENT_DATE_INVALID, "a date CCYYMMDD is expected"};
	if (slice_is(qualifier, "RD8") && !is_two_dates(value))
		return (struct value_fault){FINDING_ELEMENT_DATE_INVALID,
		                            "two dates CCYYMMDD-CCYYMMDD are expected, the first not after the second"};
	if (slice_is(qualifier, "DT") && !is_date_and_time(value))
		return (struct value_fault){FINDING_ELEMENT_DATE_INVALID, "CCYYMMDDHHMM is expected"};
	if (slice_is(qualifier, "TM") && !value_is_time(value))
		return (struct value_fault){FINDING_ELEMENT_TIME_INVALID, "HHMM is expected"};
	return fine;
}

/* Luhn over 80840 and the number. */
static bool is_npi(struct slice value)
{
	int sum = 24;
	if (value.len != 10 || !slice_is_digits(value) || (value.data[0] != '1' && value.data[0] != '2'))
		return false;
	for (size_t i = 0; i < 10; i++) {
		int digit = value.data[i] - '0';
		if (i % 2 == 0)
			digit = digit > 4 ? digit * 2 - 9 : digit * 2;
		sum += digit;
	}
	return sum % 10 == 0;
}

static bool is_aba(struct slice value)
{
	static const int weights[3] = {3, 7, 1};
	int sum = 0;
	if (value.len != 9 || !slice_is_digits(value))
		return false;
	for (size_t i = 0; i < 9; i++)
		sum += (value.data[i] - '0') * weights[i % 3];
	return sum % 10 == 0;
}

/* A Medicare beneficiary id: d first digit, l letter, e either, n digit; letters never S L O I B Z. */
static bool is_mbi(struct slice value)
{
	static const char form[] = "dlenlenllnn";
	if (value.len != sizeof(form) - 1 || value.data[0] == '0')
		return false;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];
		bool letter = c >= 'A' && c <= 'Z' && strchr("SLOIBZ", c) == NULL;
		if ((form[i] == 'd' || form[i] == 'n') && !is_digit(c))
			return false;
		if ((form[i] == 'l' && !letter) || (form[i] == 'e' && !letter && !is_digit(c)))
			return false;
	}
	return true;
}

static struct value_fault check_ssn(struct slice value)
{
	if (value.len != 9 || !slice_is_digits(value))
		return (struct value_fault){FINDING_ELEMENT_SSN_PLACEHOLDER,
		                            "an SSN has nine digits and nothing else; this one counts as missing"};
	if (text_ssn_is_placeholder(value))
		return (struct value_fault){FINDING_ELEMENT_SSN_PLACEHOLDER,
		                            "no such SSN is given out; it counts as missing: leave it out, or send the real one"};
	return fine;
}

struct value_fault value_identity(struct slice qualifier, struct slice value)
{
	const enum finding_code code = FINDING_ELEMENT_CODE_EXTERNAL;
	if (slice_is(qualifier, "34") || slice_is(qualifier, "SY"))
		return check_ssn(value);
	if (slice_is(qualifier, "XX") && !is_npi(value))
		return (struct value_fault){code, "an NPI has ten digits, the last of them a check digit"};
	if ((slice_is(qualifier, "FI") || slice_is(qualifier, "24")) && (value.len != 9 || !slice_is_digits(value)))
		return (struct value_fault){code, "a federal tax id has nine digits, without hyphen"};
	if (slice_is(qualifier, "01") && !is_aba(value))
		return (struct value_fault){code, "a routing number has nine digits, the last of them a check digit"};
	if (slice_is(qualifier, "F6") && !is_mbi(value))
		return (struct value_fault){code, "a Medicare id has eleven characters, as 1EG4TE5MK73"};
	return fine;
}

struct value_fault value_phone(struct slice qualifier, struct slice value)
{
	static const char *const phones[] = {"TE", "HP", "WP", "CP", "AP", "FX"};
	for (size_t i = 0; i < sizeof(phones) / sizeof(phones[0]); i++) {
		if (!slice_is(qualifier, phones[i]))
			continue;
		if (value.len != 10 || !slice_is_digits(value) || value.data[0] < '2' || value.data[3] < '2')
			return (struct value_fault){FINDING_ELEMENT_CODE_EXTERNAL,
			                            "a phone number has ten digits, its area and exchange start with 2 to 9"};
	}
	return fine;
}

struct value_fault value_zip(struct slice value)
{
	if ((value.len != 5 && value.len != 9) || !slice_is_digits(value) || memcmp(value.data, "00000", 5) == 0)
		return (struct value_fault){FINDING_ELEMENT_CODE_EXTERNAL, "a ZIP code has five or nine digits, without hyphen"};
	return fine;
}
