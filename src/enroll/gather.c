#include "gather.h"

#include "muster/error.h"

void enroll_gather_init(struct gather *gather, struct env *env)
{
	memset(gather, 0, sizeof(*gather));
	buffer_init(&gather->text, env);
	buffer_init(&gather->first_error, env);
}

void enroll_gather_fini(struct gather *gather, struct env *env)
{
	buffer_fini(&gather->text);
	buffer_fini(&gather->first_error);
	env_free(env, gather->segments);
	env_free(env, gather->places);
}

void enroll_gather_begin(struct gather *gather)
{
	buffer_clear(&gather->text);
	buffer_clear(&gather->first_error);
	gather->count = gather->place_count = 0;
	gather->overflown = false;
	gather->errors = 0;
}

static int gather_grow(struct gather *gather, struct env *env)
{
	uint32_t capacity = gather->capacity > 0 ? gather->capacity * 2 : 64;
	struct gathered_segment *segments = env_realloc(env, gather->segments, capacity * sizeof(*segments));

	if (segments == NULL)
		return -ENOMEM;
	gather->segments = segments;
	gather->capacity = capacity;
	return 0;
}

static struct gathered_place place_of(const struct x12_segment *segment, struct slice part)
{
	return (struct gathered_place){part.len > 0 ? (uint32_t)(part.data - segment->raw.data) : 0,
				       (uint32_t)part.len};
}

/* Where id and elements stand, so that nobody looks for the separators again. Returns how many. */
static uint32_t places_of(const struct x12_segment *segment, struct gathered_place places[RECORD_ELEMENTS_MAX + 1])
{
	uint32_t count = segment->element_count < RECORD_ELEMENTS_MAX ? segment->element_count : RECORD_ELEMENTS_MAX, i;

	places[0] = place_of(segment, segment->id);
	for (i = 0; i < count; i++)
		places[i + 1] = place_of(segment, segment->elements[i]);
	return count + 1;
}

static int gather_places(struct gather *gather, struct env *env, const struct x12_segment *segment, uint32_t *ret_count)
{
	uint32_t capacity = gather->place_capacity > 0 ? gather->place_capacity * 2 : 512;
	struct gathered_place *places = gather->places;

	if (gather->place_capacity - gather->place_count < RECORD_ELEMENTS_MAX + 1) {
		places = env_realloc(env, places, capacity * sizeof(*places));
		if (places == NULL)
			return -ENOMEM;
		gather->places = places;
		gather->place_capacity = capacity;
	}
	*ret_count = places_of(segment, places + gather->place_count);
	gather->place_count += *ret_count;
	return 0;
}

int enroll_gather_add(struct gather *gather, struct env *env, enum enroll_loop loop, const struct x12_segment *segment)
{
	uint32_t places_at = gather->place_count, place_count;

	if (gather->count == 0) {
		gather->segment_pos = segment->where.segment_pos;
		gather->offset = segment->where.offset;
		gather->line = segment->where.line;
	}
	if (gather->overflown || gather->count == LIMIT_MEMBER_SEGMENTS ||
	    gather->text.len + segment->raw.len >= LIMIT_MEMBER_BYTES) {
		gather->overflown = true;
		return 0;
	}
	if ((gather->count == gather->capacity && gather_grow(gather, env) < 0) ||
	    gather_places(gather, env, segment, &place_count) < 0)
		return -ENOMEM;
	gather->segments[gather->count++] = (struct gathered_segment){gather->text.len, segment->raw.len,
								      places_at, place_count, segment->where.offset,
								      segment->where.segment_pos, loop};
	buffer_add_slice(&gather->text, segment->raw);
	buffer_add_char(&gather->text, '~');
	return gather->text.error;
}

void enroll_gather_describe(struct buffer *out, const struct finding *finding)
{
	const struct finding_row *row = finding_row(finding->code);

	buffer_printf(out, "%s at segment %u", row->code, finding->where.segment_pos);
	if (finding->segment_id[0] != '\0')
		buffer_printf(out, " (%s)", finding->segment_id);
	if (finding->where.element_pos > 0)
		buffer_printf(out, ", element %u", (unsigned)finding->where.element_pos);
	buffer_add_text(out, ": ");
	buffer_add_slice(out, finding->message.len > 0 ? finding->message : slice_from(row->text));
}

void enroll_gather_error(struct gather *gather, const struct finding *finding)
{
	if (gather->errors++ == 0)
		enroll_gather_describe(&gather->first_error, finding);
}

static void divide(const char *text, const struct gathered_place *places, uint32_t count, struct divided *ret_divided)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		struct slice *element = &ret_divided->element[i];

		*element = slice_of(text + places[i].at, places[i].len);
		if (element->len > 0 && (element->data[0] <= ' ' || element->data[element->len - 1] <= ' '))
			*element = slice_trim(*element);
	}
	memset(&ret_divided->element[count], 0, (size_t)(RECORD_ELEMENTS_MAX + 1 - count) * sizeof(struct slice));
}

void enroll_gather_divide(const struct gather *gather, const char *text, uint32_t index, struct divided *ret_divided)
{
	const struct gathered_segment *segment = &gather->segments[index];

	divide(text + segment->at, gather->places + segment->places_at, segment->place_count, ret_divided);
}

void enroll_segment_divide(struct slice copy, const struct x12_segment *segment, struct divided *ret_divided)
{
	struct gathered_place places[RECORD_ELEMENTS_MAX + 1];
	uint32_t count = places_of(segment, places);

	divide(copy.data, places, count, ret_divided);
}
