/* Types and formats. Total: any bytes, an answer. */
#include "value.h"

#include "code_tables.h"
#include "muster/check.h"
#include "muster/text.h"

static const struct value_fault fine = {FINDING_CODE_COUNT, NULL, NULL};

const char *const *check_form_names(void)
{
	static const char *const names[] = {"aba",   "bank", "duns",  "ein",  "email", "language", "mbi",       "naic",
					    "ncpdp", "npi",  "phone", "race", "ssn",   "zip",      "zip_state", NULL};
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

static bool is_number_of(struct slice value, size_t digits)
{
	return value.len == digits && slice_is_digits(value);
}

static bool is_capital_or_digit(char c)
{
	return (c >= 'A' && c <= 'Z') || is_digit(c);
}

/* Six letters of bank and country, two characters of the place, three more of the branch. */
static bool is_swift(struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (!is_capital_or_digit(value.data[i]) || (i >= 4 && i < 6 && is_digit(value.data[i])))
			return false;
	return value.len == 8 || value.len == 11;
}

/* "2106-3", or the places in its hierarchy that the CDC's list has beside it: "R5.01". */
static bool is_race(struct slice value)
{
	if (value.len == 6 && value.data[4] == '-')
		return slice_is_digits(slice_of(value.data, 4)) && is_digit(value.data[5]);
	if (value.len < 2 || (value.data[0] != 'R' && value.data[0] != 'E'))
		return false;
	for (size_t i = 1; i < value.len; i++)
		if (!is_digit(value.data[i]) && value.data[i] != '.')
			return false;
	return is_digit(value.data[1]);
}

/* Qualifiers of ids that are banks' and companies'; others are none of them. */
static struct value_fault check_company(struct slice qualifier, struct slice value)
{
	struct value_fault fault = {FINDING_ELEMENT_CODE_EXTERNAL, NULL, NULL};
	bool sound = true;
	switch (value_pack(qualifier)) {
	case VALUE_CODE1('1'):
		sound = is_number_of(value, 9);
		fault.text = "a DUNS number has nine digits";
		fault.list = "duns";
		break;
	case VALUE_CODE1('9'):
		sound = value.len == 13 && slice_is_digits(slice_of(value.data, 9));
		fault.text = "a DUNS+4 has nine digits and four characters";
		fault.list = "duns";
		break;
	case VALUE_CODE2('0', '2'):
		sound = is_swift(value);
		fault.text = "a SWIFT id has eight or eleven characters, the first six of them letters";
		fault.list = "bank";
		break;
	case VALUE_CODE2('0', '4'):
	case VALUE_CODE2('C', 'F'):
		sound = is_number_of(value, 8) || is_number_of(value, 9);
		fault.text = "a Canadian bank is named by its branch (5 digits) and institution (3), with a zero "
			     "before or not";
		fault.list = "bank";
		break;
	case VALUE_CODE2('N', 'I'):
		sound = is_number_of(value, 5);
		fault.text = "a NAIC code has five digits";
		fault.list = "naic";
		break;
	case VALUE_CODE2('D', '3'):
		sound = is_number_of(value, 7);
		fault.text = "a pharmacy's NCPDP number has seven digits";
		fault.list = "ncpdp";
		break;
	default:
		break;
	}
	return sound ? fine : fault;
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
	case VALUE_CODE2('L', 'D'):
	case VALUE_CODE2('L', 'E'):
		sound = code_is_language(value);
		fault.text = "no such language is listed; its code has two or three letters, as EN or ENG";
		fault.list = "language";
		break;
	case VALUE_CODE3('R', 'E', 'T'):
		sound = is_race(value);
		fault.text = "a code of the CDC's list looks like 2106-3";
		fault.list = "race";
		break;
	default:
		return check_company(qualifier, value);
	}
	return sound ? fine : fault;
}

/* name@place.domain: one @, something before it, and a point inside of what is behind it. */
static bool is_email(struct slice value)
{
	size_t at = slice_find(value, '@', 0), point;
	if (at == 0 || at >= value.len || slice_find(value, '@', at + 1) < value.len ||
	    slice_find(value, ' ', 0) < value.len)
		return false;
	point = slice_find(value, '.', at + 2);
	return point + 1 < value.len && value.data[at + 1] != '.' && value.data[value.len - 1] != '.';
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
	case VALUE_CODE2('E', 'M'):
		if (is_email(value))
			return fine;
		return (struct value_fault){FINDING_ELEMENT_CODE_EXTERNAL,
					    "an e-mail address looks like name@place.com", "email"};
	default:
		return fine;
	}
}

static bool is_province(struct slice state)
{
	static const char provinces[] = "AB BC MB NB NF NL NS NT NU ON PE PQ QC SK YT";
	for (size_t i = 0; state.len == 2 && i + 2 <= sizeof(provinces) - 1; i += 3)
		if (memcmp(provinces + i, state.data, 2) == 0)
			return true;
	return false;
}

/* K1A 0B1, the blank left out or not. */
static bool is_canadian(struct slice value)
{
	static const char form[] = "ldldld";
	size_t at = 0;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];
		if (i == 3 && value.len == 7 && c == ' ')
			continue;
		if (at == sizeof(form) - 1 || (form[at] == 'd' ? !is_digit(c) : c < 'A' || c > 'Z'))
			return false;
		at++;
	}
	return at == sizeof(form) - 1;
}

struct value_fault value_zip(struct slice state, struct slice country, struct slice value)
{
	if (slice_is(country, "CA") || (country.len == 0 && is_province(state))) {
		if (is_canadian(value))
			return fine;
		return (struct value_fault){FINDING_ELEMENT_CODE_EXTERNAL, "a postal code of Canada looks like K1A 0B1",
					    "zip"};
	}
	if (country.len > 0 && !slice_is(country, "US"))
		return fine;
	if ((value.len != 5 && value.len != 9) || !slice_is_digits(value) || memcmp(value.data, "00000", 5) == 0)
		return (struct value_fault){FINDING_ELEMENT_CODE_EXTERNAL,
					    "a ZIP code has five or nine digits, without hyphen", "zip"};
	if (!code_is_zip_of(value, state))
		return (struct value_fault){
			FINDING_ELEMENT_CODE_EXTERNAL,
			"ZIP codes that begin so are of another state than N402 names; mend the one that "
			"is wrong",
			"zip_state"};
	return fine;
}
