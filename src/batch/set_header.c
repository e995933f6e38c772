#include "set_header.h"

#include "muster/json.h"

static void header_date(struct json *json, const char *key, date_day day)
{
	char text[DATE_TEXT_BYTES];

	json_text_or_null(json, key, slice_from(date_format_iso(day, text)));
}

void set_header_834(struct buffer *out, const struct enroll_header *header)
{
	struct json json;

	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "purpose", header->purpose);
	json_text(&json, "reference", header->reference);
	json_text(&json, "action", header->action);
	json_text(&json, "policy", header->policy);
	json_text(&json, "sponsor_id", header->sponsor_id);
	json_text(&json, "sponsor_name", header->sponsor_name);
	header_date(&json, "created_on", header->created_on);
	header_date(&json, "effective_on", header->effective_on);
	json_object_end(&json);
}

void set_header_820(struct buffer *out, const struct remit_header *header)
{
	char total[MONEY_TEXT_BYTES];
	struct json json;

	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "payer_id", header->payer_id);
	json_text(&json, "payer_name", header->payer_name);
	json_text(&json, "trace", header->trace);
	json_text(&json, "total", slice_from(money_format(header->total, total)));
	header_date(&json, "settles_on", header->settles_on);
	json_object_end(&json);
}
