#include "images.h"

#include <errno.h>
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
	{"pcp_id", offsetof(struct member, pcp_id)},
	{"facts", offsetof(struct member, facts)},
	{"sponsor_id", offsetof(struct member, sponsor_id)},
};
#define FIELD_COUNT (sizeof(image_fields) / sizeof(image_fields[0]))
/* Bits of image.fields: the table's, then these. */
#define FIELD_BIRTH (1u << FIELD_COUNT)
#define FIELD_DEATH (2u << FIELD_COUNT)
#define FIELD_SEX (4u << FIELD_COUNT)
#define FIELD_CONFIDENTIAL (8u << FIELD_COUNT)
#define FIELD_SUPPORT_ORDER (16u << FIELD_COUNT)
/* An address is one value. */
#define FIELDS_ADDRESS (31u << 8)

/* The same for a span. */
static const struct image_field span_fields[] = {
	{"group_id", offsetof(struct coverage_span, group_id)},
	{"plan_id", offsetof(struct coverage_span, plan_id)},
	{"insurance_line", offsetof(struct coverage_span, insurance_line)},
	{"tier", offsetof(struct coverage_span, tier)},
};
#define PART_COUNT (sizeof(span_fields) / sizeof(span_fields[0]))
#define PART_BEGIN (1u << PART_COUNT)
#define PART_END (2u << PART_COUNT)
#define PART_COBRA (4u << PART_COUNT)
#define PART_VOIDED (8u << PART_COUNT)
#define PARTS_ALL ((16u << PART_COUNT) - 1)

static struct slice text_at(const void *record, size_t offset)
{
	struct slice text;

	memcpy(&text, (const char *)record + offset, sizeof(text));
	return text;
}

static void text_put(void *record, size_t offset, struct slice text)
{
	memcpy((char *)record + offset, &text, sizeof(text));
}

/* ---- what differs ---- */

static uint32_t fields_that_differ(const struct member *a, const struct member *b)
{
	uint32_t fields = 0;
	size_t i;

	for (i = 0; i < FIELD_COUNT; i++)
		if (!slice_equal(text_at(a, image_fields[i].offset), text_at(b, image_fields[i].offset)))
			fields |= 1u << i;
	return fields | (a->birth_on != b->birth_on ? FIELD_BIRTH : 0) | (a->died_on != b->died_on ? FIELD_DEATH : 0) |
	       (a->sex != b->sex ? FIELD_SEX : 0) | (a->confidential != b->confidential ? FIELD_CONFIDENTIAL : 0) |
	       (a->support_order != b->support_order ? FIELD_SUPPORT_ORDER : 0);
}

static uint32_t parts_that_differ(const struct coverage_span *a, const struct coverage_span *b)
{
	uint32_t parts = 0;
	size_t i;

	for (i = 0; i < PART_COUNT; i++)
		if (!slice_equal(text_at(a, span_fields[i].offset), text_at(b, span_fields[i].offset)))
			parts |= 1u << i;
	return parts | (a->begins_on != b->begins_on ? PART_BEGIN : 0) | (a->ends_on != b->ends_on ? PART_END : 0) |
	       (a->cobra != b->cobra ? PART_COBRA : 0) | (a->voided != b->voided ? PART_VOIDED : 0);
}

/* ---- writing ---- */

static void add_date(struct json *json, const char *key, date_day day)
{
	char text[DATE_TEXT_BYTES];

	json_text_or_null(json, key, slice_from(date_format_iso(day, text)));
}

static void add_fields(struct json *json, const struct member *member, uint32_t fields)
{
	size_t i;

	if (fields == 0)
		return;
	json_object_begin(json, "fields");
	for (i = 0; i < FIELD_COUNT; i++)
		if ((fields & 1u << i) != 0)
			json_text(json, image_fields[i].name, text_at(member, image_fields[i].offset));
	if ((fields & FIELD_BIRTH) != 0)
		add_date(json, "birth_on", member->birth_on);
	if ((fields & FIELD_DEATH) != 0)
		add_date(json, "died_on", member->died_on);
	if ((fields & FIELD_SEX) != 0)
		json_text(json, "sex", slice_of(&member->sex, member->sex != 0 ? 1 : 0));
	if ((fields & FIELD_CONFIDENTIAL) != 0)
		json_bool(json, "confidential", member->confidential);
	if ((fields & FIELD_SUPPORT_ORDER) != 0)
		json_bool(json, "support_order", member->support_order);
	json_object_end(json);
}

static void add_span(struct json *json, uint64_t span_no, const struct coverage_span *span, uint32_t parts)
{
	size_t i;

	json_object_begin(json, NULL);
	json_u64(json, "no", span_no);
	for (i = 0; i < PART_COUNT; i++)
		if ((parts & 1u << i) != 0)
			json_text(json, span_fields[i].name, text_at(span, span_fields[i].offset));
	if ((parts & PART_BEGIN) != 0)
		add_date(json, "begins_on", span->begins_on);
	if ((parts & PART_END) != 0)
		add_date(json, "ends_on", span->ends_on);
	if ((parts & PART_COBRA) != 0)
		json_bool(json, "cobra", span->cobra);
	if ((parts & PART_VOIDED) != 0)
		json_bool(json, "voided", span->voided);
	json_object_end(json);
}

/* There is an array only where something stands in it. */
static void add_span_in_array(struct json *json, uint64_t span_no, const struct coverage_span *span, uint32_t parts,
                              bool *any)
{
	if (!*any)
		json_array_begin(json, "spans");
	*any = true;
	add_span(json, span_no, span, parts);
}

/* The person data of a member new to the plan: all that is not empty, and the number that he was given. */
static void add_new_member(struct json *json, const struct decide_operation *operation)
{
	static const struct member nobody = {.birth_on = DATE_NONE, .died_on = DATE_NONE};
	struct member member = *operation->fields_after;

	member.member_id = operation->image->after.member_id;
	json_bool(json, "new", true);
	add_fields(json, &member, fields_that_differ(&member, &nobody));
}

static void add_operation_fields(struct json *json, const struct decide_operation *operation, bool after)
{
	const struct member *from = operation->fields_before, *to = operation->fields_after;

	if (from != NULL)
		add_fields(json, after ? to : from, fields_that_differ(from, to));
	else if (after)
		add_new_member(json, operation);
}

static uint32_t touch_parts(const struct decide_touch *touch, bool after)
{
	if (touch->is_new)
		return after ? PARTS_ALL : 0;
	return parts_that_differ(&touch->before, &touch->after);
}

void images_add_json(struct buffer *out, const struct decide_operation *operation, bool after)
{
	bool any = false;
	struct json json;
	uint32_t i;

	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	if (operation->image != NULL && operation->carries_fields)
		add_operation_fields(&json, operation, after);
	for (i = 0; i < operation->touch_count; i++) {
		const struct decide_touch *touch = &operation->touches[i];
		uint32_t parts = touch_parts(touch, after);

		if (parts != 0)
			add_span_in_array(&json, operation->image->after.spans[touch->after_index].span_no,
					  after ? &touch->after : &touch->before, parts, &any);
	}
	if (any)
		json_array_end(&json);
	json_object_end(&json);
}

static const struct coverage_span *span_of(const struct member *member, uint64_t span_no)
{
	uint32_t i;

	for (i = 0; i < member->span_count; i++)
		if (member->spans[i].span_no == span_no)
			return &member->spans[i];
	return NULL;
}

static void add_side(struct buffer *out, const struct member *shown, const struct member *other)
{
	bool any = false;
	struct json json;
	uint32_t i;

	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	add_fields(&json, shown, fields_that_differ(shown, other));
	for (i = 0; i < shown->span_count; i++) {
		const struct coverage_span *span = &shown->spans[i], *counterpart = span_of(other, span->span_no);
		uint32_t parts = counterpart != NULL ? parts_that_differ(span, counterpart) : PARTS_ALL;

		if (parts != 0)
			add_span_in_array(&json, span->span_no, span, parts, &any);
	}
	if (any)
		json_array_end(&json);
	json_object_end(&json);
}

void images_add_difference(struct buffer *before, struct buffer *after, const struct member *from,
                           const struct member *to)
{
	add_side(before, from, to);
	add_side(after, to, from);
}

/* ---- reading ---- */

/* 0 with *ret_there, or -ENOMEM. */
static int read_value(struct arena *arena, struct slice object, const char *key, bool *ret_there,
		      struct slice *ret_text)
{
	struct slice value;

	*ret_there = json_find(object, key, &value);
	if (!*ret_there)
		return 0;
	*ret_text = json_decode(arena, value);
	return ret_text->data != NULL ? 0 : -ENOMEM;
}

static int read_texts(struct arena *arena, struct slice object, const struct image_field *fields, size_t count,
                      void *record, uint32_t *ret_bits)
{
	struct slice text;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < count; i++) {
		bool there;

		r = read_value(arena, object, fields[i].name, &there, &text);
		if (r != 0 || !there)
			continue;
		text_put(record, fields[i].offset, text);
		*ret_bits |= 1u << i;
	}
	return r;
}

static int read_day(struct arena *arena, struct slice object, const char *key, uint32_t bit, date_day *ret_day,
                    uint32_t *ret_bits)
{
	struct slice text;
	bool there;
	int r = read_value(arena, object, key, &there, &text);

	if (r != 0 || !there)
		return r;
	if (slice_is_empty(text) || !date_parse_iso(text, ret_day))
		*ret_day = DATE_NONE;
	*ret_bits |= bit;
	return 0;
}

static void read_mark(struct slice object, const char *key, uint32_t bit, bool *ret_mark, uint32_t *ret_bits)
{
	struct slice value;

	if (!json_find(object, key, &value))
		return;
	*ret_mark = slice_is(value, "true");
	*ret_bits |= bit;
}

static int read_fields(struct arena *arena, struct slice object, struct image *image)
{
	struct member *values = &image->values;
	struct slice sex;
	bool there;
	int r = read_texts(arena, object, image_fields, FIELD_COUNT, values, &image->fields);

	if (r == 0)
		r = read_day(arena, object, "birth_on", FIELD_BIRTH, &values->birth_on, &image->fields);
	if (r == 0)
		r = read_day(arena, object, "died_on", FIELD_DEATH, &values->died_on, &image->fields);
	if (r == 0)
		r = read_value(arena, object, "sex", &there, &sex);
	if (r == 0 && there) {
		values->sex = slice_is_empty(sex) ? '\0' : sex.data[0];
		image->fields |= FIELD_SEX;
	}
	read_mark(object, "confidential", FIELD_CONFIDENTIAL, &values->confidential, &image->fields);
	read_mark(object, "support_order", FIELD_SUPPORT_ORDER, &values->support_order, &image->fields);
	return r;
}

static int read_span(struct arena *arena, struct slice object, struct image_span *span)
{
	struct slice number;
	int r = read_texts(arena, object, span_fields, PART_COUNT, &span->values, &span->parts);

	if (json_find(object, "no", &number))
		(void)slice_to_u64(number, &span->span_no);
	if (r == 0)
		r = read_day(arena, object, "begins_on", PART_BEGIN, &span->values.begins_on, &span->parts);
	if (r == 0)
		r = read_day(arena, object, "ends_on", PART_END, &span->values.ends_on, &span->parts);
	read_mark(object, "cobra", PART_COBRA, &span->values.cobra, &span->parts);
	read_mark(object, "voided", PART_VOIDED, &span->values.voided, &span->parts);
	return r;
}

static int read_spans(struct arena *arena, struct slice array, struct image *image)
{
	struct slice object;
	uint32_t count = 0;
	size_t at = 0;
	int r = 0;

	while (json_next(array, &at, &object))
		count++;
	image->spans = arena_alloc_array(arena, count + 1, sizeof(*image->spans));
	if (image->spans == NULL)
		return -ENOMEM;
	for (at = 0; r == 0 && json_next(array, &at, &object);)
		r = read_span(arena, object, &image->spans[image->span_count++]);
	return r;
}

static int read_image(struct arena *arena, struct slice json, struct image *ret_image)
{
	struct slice value;
	int r = 0;

	*ret_image =
		(struct image){.is_new = json_find(json, "new", &value), .is_foreign = json_find(json, "span", &value)};
	if (json_find(json, "fields", &value))
		r = read_fields(arena, value, ret_image);
	if (r == 0 && json_find(json, "spans", &value))
		r = read_spans(arena, value, ret_image);
	return r;
}

int images_read(struct arena *arena, struct slice before, struct slice after, struct images *ret_images)
{
	int r = read_image(arena, before, &ret_images->before);

	return r == 0 ? read_image(arena, after, &ret_images->after) : r;
}

/* ---- taking back ---- */

bool images_are_empty(const struct images *images)
{
	return images->after.fields == 0 && images->after.span_count == 0 && !images->after.is_new &&
	       !images->after.is_foreign;
}

static const struct image_span *image_span_of(const struct image *image, uint64_t span_no)
{
	uint32_t i;

	for (i = 0; i < image->span_count; i++)
		if (image->spans[i].span_no == span_no)
			return &image->spans[i];
	return NULL;
}

static uint32_t touched_fields(const struct image *image)
{
	return image->fields | ((image->fields & FIELDS_ADDRESS) != 0 ? FIELDS_ADDRESS : 0);
}

bool images_meet(const struct images *earlier, const struct images *later)
{
	uint32_t i;

	if (images_are_empty(later))
		return false;
	if (earlier->after.is_new || earlier->after.is_foreign || later->after.is_foreign)
		return true;
	for (i = 0; i < later->after.span_count; i++)
		if (image_span_of(&earlier->after, later->after.spans[i].span_no) != NULL)
			return true;
	return (touched_fields(&earlier->after) & touched_fields(&later->after)) != 0;
}

bool images_set_end(const struct images *images, uint64_t span_no)
{
	const struct image_span *span = image_span_of(&images->after, span_no);

	return span != NULL && (span->parts & PART_END) != 0;
}

bool images_meet_footprint(const struct images *images, const struct decide_footprint *footprint)
{
	struct image his = {.fields = 0};
	uint32_t i;

	for (i = 0; i < 2; i++)
		if (footprint->span_nos[i] != 0 && image_span_of(&images->after, footprint->span_nos[i]) != NULL)
			return true;
	if (footprint->before != NULL && footprint->after != NULL)
		his.fields = fields_that_differ(footprint->before, footprint->after);
	return images->after.is_foreign || (touched_fields(&his) & touched_fields(&images->after)) != 0;
}

bool images_fit(const struct images *images, const struct member *member)
{
	const struct image *after = &images->after;
	uint32_t i;

	if (!after->is_new && (fields_that_differ(&after->values, member) & after->fields) != 0)
		return false;
	for (i = 0; i < after->span_count; i++) {
		const struct coverage_span *span = span_of(member, after->spans[i].span_no);

		if (span == NULL || (parts_that_differ(&after->spans[i].values, span) & after->spans[i].parts) != 0)
			return false;
	}
	return true;
}

static void put_fields(const struct image *image, struct member *member)
{
	const struct member *values = &image->values;
	size_t i;

	for (i = 0; i < FIELD_COUNT; i++)
		if ((image->fields & 1u << i) != 0)
			text_put(member, image_fields[i].offset, text_at(values, image_fields[i].offset));
	if ((image->fields & FIELD_BIRTH) != 0)
		member->birth_on = values->birth_on;
	if ((image->fields & FIELD_DEATH) != 0)
		member->died_on = values->died_on;
	if ((image->fields & FIELD_SEX) != 0)
		member->sex = values->sex;
	if ((image->fields & FIELD_CONFIDENTIAL) != 0)
		member->confidential = values->confidential;
	if ((image->fields & FIELD_SUPPORT_ORDER) != 0)
		member->support_order = values->support_order;
}

static void put_span(const struct image_span *image, struct coverage_span *span)
{
	size_t i;

	for (i = 0; i < PART_COUNT; i++)
		if ((image->parts & 1u << i) != 0)
			text_put(span, span_fields[i].offset, text_at(&image->values, span_fields[i].offset));
	if ((image->parts & PART_BEGIN) != 0)
		span->begins_on = image->values.begins_on;
	if ((image->parts & PART_END) != 0)
		span->ends_on = image->values.ends_on;
	if ((image->parts & PART_COBRA) != 0)
		span->cobra = image->values.cobra;
	if ((image->parts & PART_VOIDED) != 0)
		span->voided = image->values.voided;
}

static void take_back_span(const struct images *images, struct member *member, uint32_t index, bool forget)
{
	struct coverage_span *span = &member->spans[index];
	const struct image_span *before = image_span_of(&images->before, span->span_no);

	if (before != NULL) {
		put_span(before, span);
	} else if (!forget) {
		span->voided = true;
	} else {
		member->span_count--;
		memmove(span, span + 1, (member->span_count - index) * sizeof(*span));
	}
}

void images_take_back(const struct images *images, struct member *member, bool forget)
{
	uint32_t i;

	put_fields(&images->before, member);
	/* From behind: one that is forgotten moves only those seen already. */
	for (i = member->span_count; i > 0; i--)
		if (image_span_of(&images->after, member->spans[i - 1].span_no) != NULL)
			take_back_span(images, member, i - 1, forget);
}
