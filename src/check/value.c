/* Types and formats. Total: any bytes, an answer. */
#include "value.h"

#include "muster/check.h"

#include "muster/text.h"

static const struct value_fault fine = {FINDING_CODE_COUNT, NULL, NULL};

const char *const *check_form_names(void)
{
	static const char *const names[] = {"aba", "ein", "mbi", "npi", "phone", "ssn", "zip", NULL};
	return names;
}

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

/* Eight digits as the number they are; false when they are not all digits. */
static bool eight_digits(const char *p, uint32_t *ret_number)
{
	uint64_t bytes;
	memcpy(&bytes, p, sizeof(bytes));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bytes = __builtin_bswap64(bytes);
#endif
	/* All at once: none of the bytes is below '0' or above '9'. */
	if (((bytes & UINT64_C(0xf0f0f0f0f0f0f0f0)) |
	     (((bytes + UINT64_C(0x0606060606060606)) & UINT64_C(0xf0f0f0f0f0f0f0f0)) >> 4)) !=
	    UINT64_C(0x3333333333333333))
		return false;
	/* Neighbours are joined: digits to pairs, pairs to fours, fours to eight. */
	bytes &= UINT64_C(0x0f0f0f0f0f0f0f0f);
	bytes = (bytes * 10 + (bytes >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
	bytes = (bytes * 100 + (bytes >> 16)) & UINT64_C(0x0000ffff0000ffff);
	*ret_number = (uint32_t)(bytes * 10000 + (bytes >> 32));
	return true;
}

uint32_t value_day_number(struct slice value)
{
	static const uint8_t days[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	uint32_t number, year, month, day;
	if (value.len != 8 || !eight_digits(value.data, &number))
		return 0;
	year = number / 10000;
	month = number / 100 % 100;
	day = number % 100;
	if (year == 0 || month - 1 > 11 || day == 0 || day > days[month - 1])
		return 0;
	if (month == 2 && day == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		return 0;
	return number;
}

bool value_is_date(struct slice value)
{
	char full[8] = {'2', '0'};
	if (value.len != 6)
		return value_day_number(value) != 0;
	/* Of the centuries that are meant, the one of 2000 has every day that another has. */
	memcpy(full + 2, value.data, 6);
	return value_day_number(slice_of(full, sizeof(full))) != 0;
}

static bool is_two_dates(struct slice value)
{
	uint32_t first, last;
	if (value.len != 17 || value.data[8] != '-')
		return false;
	first = value_day_number(slice_of(value.data, 8));
	last = value_day_number(slice_of(value.data + 9, 8));
	return first != 0 && last != 0 && first <= last;
}

static bool is_date_and_time(struct slice value)
{
	return value.len == 12 && value_is_date(slice_of(value.data, 8)) && value_is_time(slice_of(value.data + 8, 4));
}

struct value_fault value_period(struct slice qualifier, struct slice value)
{
	if (slice_is(qualifier, "D8") && !(value.len == 8 && value_is_date(value)))
		return (struct value_fault){FINDING_ELEMENT_DATE_INVALID, "a date CCYYMMDD is expected", NULL};
	if (slice_is(qualifier, "RD8") && !is_two_dates(value))
		return (struct value_fault){FINDING_ELEMENT_DATE_INVALID,
					    "two dates CCYYMMDD-CCYYMMDD are expected, the first not after the second",
					    NULL};
	if (slice_is(qualifier, "DT") && !is_date_and_time(value))
		return (struct value_fault){FINDING_ELEMENT_DATE_INVALID, "CCYYMMDDHHMM is expected", NULL};
	if (slice_is(qualifier, "TM") && !value_is_time(value))
		return (struct value_fault){FINDING_ELEMENT_TIME_INVALID, "HHMM is expected", NULL};
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
	const enum finding_code code = FINDING_ELEMENT_SSN_PLACEHOLDER;
	/* Also of what is no nine digits. */
	if (!text_ssn_is_placeholder(value))
		return fine;
	if (value.len != 9 || !slice_is_digits(value))
		return (struct value_fault){code, "an SSN has nine digits and nothing else; this one counts as missing",
					    "ssn"};
	return (struct value_fault){
		code, "no such SSN is given out; it counts as missing: leave it out, or send the real one", "ssn"};
}

struct value_fault value_identity(struct slice qualifier, struct slice value)
{
	struct value_fault fault = {FINDING_ELEMENT_CODE_EXTERNAL, NULL, NULL};
	bool sound = true;
	switch (value_pack(qualifier)) {
	case VALUE_CODE2('3', '4'):
	case VALUE_CODE2('S', 'Y'):
		return check_ssn(value);
	case VALUE_CODE2('X', 'X'):
		sound = is_npi(value);
		fault.text = "an NPI has ten digits, the last of them a check digit";
		fault.list = "npi";
		break;
	case VALUE_CODE2('F', 'I'):
	case VALUE_CODE2('2', '4'):
		sound = value.len == 9 && slice_is_digits(value);
		fault.text = "a federal tax id has nine digits, without hyphen";
		fault.list = "ein";
		break;
	case VALUE_CODE2('0', '1'):
		sound = is_aba(value);
		fault.text = "a routing number has nine digits, the last of them a check digit";
		fault.list = "aba";
		break;
	case VALUE_CODE2('F', '6'):
		sound = is_mbi(value);
		fault.text = "a Medicare id has eleven characters, as 1EG4TE5MK73";
		fault.list = "mbi";
		break;
	default:
		break;
	}
	return sound ? fine : fault;
}

struct value_fault value_phone(struct slice qualifier, struct slice value)
{
	switch (value_pack(qualifier)) {
	case VALUE_CODE2('T', 'E'):
	case VALUE_CODE2('H', 'P'):
	case VALUE_CODE2('W', 'P'):
	case VALUE_CODE2('C', 'P'):
	case VALUE_CODE2('A', 'P'):
	case VALUE_CODE2('F', 'X'):
		if (value.len == 10 && slice_is_digits(value) && value.data[0] >= '2' && value.data[3] >= '2')
			return fine;
		return (struct value_fault){FINDING_ELEMENT_CODE_EXTERNAL,
					    "a phone number has ten digits, its area and exchange start with 2 to 9",
					    "phone"};
	default:
		return fine;
	}
}

struct value_fault value_zip(struct slice value)
{
	if ((value.len != 5 && value.len != 9) || !slice_is_digits(value) || memcmp(value.data, "00000", 5) == 0)
		return (struct value_fault){FINDING_ELEMENT_CODE_EXTERNAL,
					    "a ZIP code has five or nine digits, without hyphen", "zip"};
	return fine;
}
