#include "images.h"

#include <stddef.h>

#include "muster/json.h"

/* The text fields of a member that a change can touch, by their column names. */
static const struct image_field {
	const char *name;
	size_t offset;
} image_fields[] = {
	{"member_id", offsetof(struct member, member_id)},
	{"subscriber_id", offsetof(struct member, subscriber_id)},
	{"relationship", offsetof(struct member, relationship)},
	{"last_name", offsetof(struct member, last_name)},
	{"first_name", offsetof(struct member, first_name)},
	{"middle_name", offsetof(struct member, middle_name)},
	{"suffix", offsetof(struct member, suffix)},
	{"ssn", offsetof(struct member, ssn)},
	{"address1", offsetof(struct member, address1)},
	{"address2", offsetof(struct member, address2)},
	{"city", offsetof(struct member, city)},
	{"state", offsetof(struct member, state)},
	{"zip", offsetof(struct member, zip)},
	{"phone", offsetof(struct member, phone)},
	{"email", offsetof(struct member, email)},
	{"employee_id", offsetof(struct member, employee_id)},
	{"medicare_id", offsetof(struct member, medicare_id)},
};

static struct slice image_text(const struct member *member, size_t offset)
{
	struct slice text;

	memcpy(&text, (const char *)member + offset, sizeof(text));
	return text;
}

static void image_date(struct json *json, const char *key, date_day day)
{
	char text[DATE_TEXT_BYTES];

	json_text_or_null(json, key, slice_from(date_format_iso(day, text)));
}

static void image_fields_json(struct json *json, const struct member *shown, const struct member *other)
{
	size_t i;

	json_object_begin(json, "fields");
	for (i = 0; i < sizeof(image_fields) / sizeof(image_fields[0]); i++) {
		struct slice text = image_text(shown, image_fields[i].offset);

		if (!slice_equal(text, image_text(other, image_fields[i].offset)))
			json_text(json, image_fields[i].name, text);
	}
	if (shown->birth_on != other->birth_on)
		image_date(json, "birth_on", shown->birth_on);
	if (shown->died_on != other->died_on)
		image_date(json, "died_on", shown->died_on);
	if (shown->sex != other->sex)
		json_text(json, "sex", slice_of(&shown->sex, shown->sex != 0 ? 1 : 0));
	if (shown->confidential != other->confidential)
		json_bool(json, "confidential", shown->confidential);
	json_object_end(json);
}

static void image_span_json(struct json *json, const struct coverage_span *span)
{
	json_object_begin(json, "span");
	json_text(json, "group_id", span->group_id);
	json_text(json, "plan_id", span->plan_id);
	json_text(json, "insurance_line", span->insurance_line);
	json_text(json, "tier", span->tier);
	image_date(json, "begins_on", span->begins_on);
	image_date(json, "ends_on", span->ends_on);
	json_bool(json, "cobra", span->cobra);
	json_bool(json, "voided", span->voided);
	json_object_end(json);
}

void images_add_json(struct buffer *out, const struct decide_operation *operation, bool after)
{
	const struct decide_image *image = operation->image;
	const struct member *shown, *other;
	int32_t span_index;
	struct json json;

	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	if (image != NULL) {
		shown = after ? &image->after : &image->before;
		other = after ? &image->before : &image->after;
		span_index = after ? operation->span_after_index : operation->span_before_index;
		if (operation->carries_fields && shown->member_no + (after ? 1 : 0) != 0)
			image_fields_json(&json, shown, other);
		if (span_index >= 0 && (uint32_t)span_index < shown->span_count)
			image_span_json(&json, &shown->spans[span_index]);
	}
	json_object_end(&json);
}
