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
}

void enroll_gather_begin(struct gather *gather)
{
	buffer_clear(&gather->text);
	buffer_clear(&gather->first_error);
	gather->count = 0;
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

int enroll_gather_add(struct gather *gather, struct env *env, enum enroll_loop loop, const struct x12_segment *segment)
{
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
	if (gather->count == gather->capacity && gather_grow(gather, env) < 0)
		return -ENOMEM;
	gather->segments[gather->count++] = (struct gathered_segment){gather->text.len, segment->raw.len,
								      segment->where.offset,
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

/* Elements are short: most are found and trimmed sooner than a call would be made. */
void enroll_gather_divide(struct slice segment, char separator, struct divided *ret_divided)
{
	size_t start, stop = 0;
	int count;

	for (count = 0; count <= RECORD_ELEMENTS_MAX && stop <= segment.len; count++, stop++) {
		struct slice *element = &ret_divided->element[count];

		for (start = stop; stop < segment.len && segment.data[stop] != separator; stop++)
			;
		*element = slice_of(segment.data + start, stop - start);
		if (stop > start && (segment.data[start] <= ' ' || segment.data[stop - 1] <= ' '))
			*element = slice_trim(*element);
	}
	memset(&ret_divided->element[count], 0, (size_t)(RECORD_ELEMENTS_MAX + 1 - count) * sizeof(struct slice));
}
