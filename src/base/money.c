/*
 * money: decimal text to whole cents and back, without floating point.
 */
#include "muster/money.h"

#define WHOLE_DIGITS_MAX 15u
#define FRACTION_DIGITS_MAX 2u

/* [-]digits[.digits], no more than two decimals. `bare_point`: also `.5` and `5.`. */
static bool parse(struct slice text, bool bare_point, cents *ret_cents)
{
	bool negative = text.len > 0 && text.data[0] == '-';
	struct slice whole, fraction = SLICE_EMPTY;
	cents amount = 0;
	size_t point, i;

	if (negative)
		text = slice_of(text.data + 1, text.len - 1);
	point = slice_find(text, '.', 0);
	whole = slice_of(text.data, point);
	if (point < text.len)
		fraction = slice_of(text.data + point + 1, text.len - point - 1);
	if (whole.len + fraction.len == 0 || whole.len > WHOLE_DIGITS_MAX || fraction.len > FRACTION_DIGITS_MAX)
		return false;
	if ((whole.len > 0 && !slice_is_digits(whole)) || (fraction.len > 0 && !slice_is_digits(fraction)))
		return false;
	if (!bare_point && (whole.len == 0 || (point < text.len && fraction.len == 0)))
		return false;
	for (i = 0; i < whole.len; i++)
		amount = amount * 10 + (whole.data[i] - '0');
	for (i = 0; i < FRACTION_DIGITS_MAX; i++)
		amount = amount * 10 + (i < fraction.len ? fraction.data[i] - '0' : 0);
	*ret_cents = negative ? -amount : amount;
	return true;
}

bool money_parse_r(struct slice text, cents *ret_cents)
{
	return parse(text, true, ret_cents);
}

bool money_parse_csv(struct slice text, cents *ret_cents)
{
	return parse(text, false, ret_cents);
}

cents money_add(cents a, cents b)
{
	cents sum;

	if (a == INT64_MAX || a == -INT64_MAX)
		return a;
	if (__builtin_add_overflow(a, b, &sum) || sum == INT64_MIN)
		return a < 0 ? -INT64_MAX : INT64_MAX;
	return sum;
}

char *money_format(cents amount, char out[MONEY_TEXT_BYTES])
{
	/* The magnitude of INT64_MIN fits only here. */
	uint64_t rest = amount < 0 ? 0 - (uint64_t)amount : (uint64_t)amount;
	char digits[MONEY_TEXT_BYTES];
	size_t at = sizeof(digits), decimals = 0;

	do {
		if (decimals++ == FRACTION_DIGITS_MAX)
			digits[--at] = '.';
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0 || decimals <= FRACTION_DIGITS_MAX);
	if (amount < 0)
		digits[--at] = '-';
	return slice_to_cstr(slice_of(digits + at, sizeof(digits) - at), out, MONEY_TEXT_BYTES);
}
