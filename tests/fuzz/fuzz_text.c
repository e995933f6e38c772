/*
 * fuzz_text: any value of a partner on its way to a screen, a log, JSON, a date, an amount.
 *
 * Claims: what is shown is UTF-8 without a byte that a terminal obeys; no nine digits are left after masking; a JSON
 * string ends where it should; dates and amounts that are read are written the same.
 */
#include "muster/date.h"
#include "muster/json.h"
#include "muster/money.h"
#include "muster/text.h"
#include "fuzz.h"

static void check_shown(struct slice value, struct buffer *out)
{
	size_t i;

	buffer_clear(out);
	text_add_visible(out, value);
	FUZZ_CLAIM(text_is_utf8(buffer_slice(out)));
	for (i = 0; i < out->len; i++)
		FUZZ_CLAIM((unsigned char)out->data[i] >= 0x20 && out->data[i] != 0x7f);
	buffer_clear(out);
	json_escape(out, value);
	FUZZ_CLAIM(text_is_utf8(buffer_slice(out)) && out->data[0] == '"');
	for (i = 1; i + 1 < out->len && out->data[i] != '"'; i++) {
		FUZZ_CLAIM((unsigned char)out->data[i] >= 0x20);
		i += out->data[i] == '\\';
	}
	FUZZ_CLAIM(i + 1 == out->len && out->data[i] == '"');
}

static void check_masked(struct slice value, struct buffer *out)
{
	size_t i, digits = 0;

	buffer_clear(out);
	text_add_masked(out, value);
	for (i = 0; i < out->len; i++) {
		bool digit = out->data[i] >= '0' && out->data[i] <= '9';

		FUZZ_CLAIM(digit || digits != 9);
		digits = digit ? digits + 1 : 0;
	}
	FUZZ_CLAIM(digits != 9);
}

static void check_parsed(struct slice value)
{
	char text[MONEY_TEXT_BYTES];
	date_day day;
	cents amount, again;
	int64_t clock_ms;

	if (date_parse_ccyymmdd(value, &day))
		FUZZ_CLAIM(slice_is(value, date_format_ccyymmdd(day, text)));
	if (date_parse_iso(value, &day))
		FUZZ_CLAIM(slice_is(value, date_format_iso(day, text)));
	if (clock_parse_rfc3339(value, &clock_ms)) {
		char clock[CLOCK_TEXT_BYTES];

		FUZZ_CLAIM(slice_is(value, clock_format_rfc3339(clock_ms, clock)));
	}
	if (money_parse_r(value, &amount))
		FUZZ_CLAIM(money_parse_csv(slice_from(money_format(amount, text)), &again) && again == amount);
	if (money_parse_csv(value, &amount))
		FUZZ_CLAIM(money_parse_r(value, &again) && again == amount);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice value = slice_of((const char *)data, size);
	struct buffer out;

	buffer_init(&out, fuzz_env());
	check_shown(value, &out);
	check_masked(value, &out);
	check_parsed(value);
	FUZZ_CLAIM(out.error == 0);
	buffer_fini(&out);
	return 0;
}
