/*
 * writer: segments into a buffer, envelopes counted.
 *
 * Separators of empty elements and components are owed until something follows them, so none stand at the end of a
 * segment.
 */
#include <assert.h>
#include <stdio.h>

#include "muster/x12.h"

#define VERSION_WITH_REPETITION "00402"

static bool is_clean_byte(const struct x12_separators *separators, char byte)
{
	unsigned char code = (unsigned char)byte;

	if (code < 0x20 || code == 0x7f)
		return false;
	return byte != separators->element && byte != separators->component && byte != separators->terminator &&
	       (separators->repetition == '\0' || byte != separators->repetition);
}

bool x12_value_is_clean(const struct x12_separators *separators, struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (!is_clean_byte(separators, value.data[i]))
			return false;
	}
	return true;
}

void x12_writer_init(struct x12_writer *writer, struct buffer *out, const struct x12_separators *separators)
{
	*writer = (struct x12_writer){.out = out, .separators = *separators};
}

static void write_value(struct x12_writer *writer, struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		bool clean = is_clean_byte(&writer->separators, value.data[i]);

		buffer_add_char(writer->out, clean ? value.data[i] : ' ');
	}
}

void x12_segment_begin(struct x12_writer *writer, const char *id)
{
	buffer_add_text(writer->out, id);
	writer->segments++;
	writer->pending_empty = writer->pending_components = 0;
}

void x12_segment_end(struct x12_writer *writer)
{
	buffer_add_char(writer->out, writer->separators.terminator);
	if (writer->newline)
		buffer_add_char(writer->out, '\n');
}

static void settle(struct x12_writer *writer, uint32_t *pending, char separator)
{
	for (; *pending > 0; --*pending)
		buffer_add_char(writer->out, separator);
}

void x12_write_element(struct x12_writer *writer, struct slice value)
{
	writer->pending_empty++;
	writer->pending_components = 0;
	if (slice_is_empty(value))
		return;
	settle(writer, &writer->pending_empty, writer->separators.element);
	write_value(writer, value);
}

void x12_write_number(struct x12_writer *writer, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	x12_write_element(writer, slice_from(text));
}

void x12_write_component(struct x12_writer *writer, struct slice value)
{
	writer->pending_components++;
	if (slice_is_empty(value))
		return;
	settle(writer, &writer->pending_empty, writer->separators.element);
	settle(writer, &writer->pending_components, writer->separators.component);
	write_value(writer, value);
}

/* An element of ISA: exactly `width` bytes, blanks behind it or the end cut off. */
static void write_padded(struct x12_writer *writer, struct slice value, size_t width)
{
	if (value.len > width)
		value.len = width;
	buffer_add_char(writer->out, writer->separators.element);
	write_value(writer, value);
	for (size_t i = value.len; i < width; i++)
		buffer_add_char(writer->out, ' ');
}

void x12_write_isa(struct x12_writer *writer, struct slice sender_qualifier, struct slice sender_id,
		   struct slice receiver_qualifier, struct slice receiver_id, struct slice date, struct slice time,
		   struct slice version, uint32_t control_number, char ack_requested, char usage)
{
	bool repeats = slice_compare(version, slice_from(VERSION_WITH_REPETITION)) >= 0;

	assert(control_number >= 1 && control_number <= 999999999);
	snprintf(writer->interchange_control, sizeof(writer->interchange_control), "%09u",
		 control_number % 1000000000u);
	writer->fgroups = 0;
	buffer_add_text(writer->out, "ISA");
	write_padded(writer, SLICE_LITERAL("00"), 2);
	write_padded(writer, SLICE_EMPTY, 10);
	write_padded(writer, SLICE_LITERAL("00"), 2);
	write_padded(writer, SLICE_EMPTY, 10);
	write_padded(writer, sender_qualifier, 2);
	write_padded(writer, sender_id, 15);
	write_padded(writer, receiver_qualifier, 2);
	write_padded(writer, receiver_id, 15);
	write_padded(writer, date, 6);
	write_padded(writer, time, 4);
	buffer_add_char(writer->out, writer->separators.element);
	buffer_add_char(writer->out,
			repeats && writer->separators.repetition != '\0' ? writer->separators.repetition : 'U');
	write_padded(writer, version, 5);
	write_padded(writer, slice_from(writer->interchange_control), 9);
	write_padded(writer, slice_of(&ack_requested, 1), 1);
	write_padded(writer, slice_of(&usage, 1), 1);
	buffer_add_char(writer->out, writer->separators.element);
	buffer_add_char(writer->out, writer->separators.component);
	x12_segment_end(writer);
}

void x12_write_gs(struct x12_writer *writer, struct slice functional_id, struct slice sender_code,
		  struct slice receiver_code, struct slice date, struct slice time, uint32_t control_number,
		  struct slice version)
{
	assert(control_number >= 1 && control_number <= 999999999);
	snprintf(writer->fgroup_control, sizeof(writer->fgroup_control), "%u", control_number % 1000000000u);
	writer->fgroups++;
	writer->tsets = 0;
	x12_segment_begin(writer, "GS");
	x12_write_element(writer, functional_id);
	x12_write_element(writer, sender_code);
	x12_write_element(writer, receiver_code);
	x12_write_element(writer, date);
	x12_write_element(writer, time);
	x12_write_element(writer, slice_from(writer->fgroup_control));
	x12_write_element(writer, SLICE_LITERAL("X"));
	x12_write_element(writer, version);
	x12_segment_end(writer);
}

void x12_write_st(struct x12_writer *writer, struct slice set_id, uint32_t control_number, struct slice guide_id)
{
	assert(control_number >= 1 && control_number <= 999999999);
	snprintf(writer->tset_control, sizeof(writer->tset_control), "%04u", control_number % 1000000000u);
	writer->tsets++;
	writer->segments = 0;
	x12_segment_begin(writer, "ST");
	x12_write_element(writer, set_id);
	x12_write_element(writer, slice_from(writer->tset_control));
	x12_write_element(writer, guide_id);
	x12_segment_end(writer);
}

static void write_trailer(struct x12_writer *writer, const char *id, uint32_t count, const char *control)
{
	x12_segment_begin(writer, id);
	x12_write_number(writer, count);
	x12_write_element(writer, slice_from(control));
	x12_segment_end(writer);
}

void x12_write_se(struct x12_writer *writer)
{
	write_trailer(writer, "SE", writer->segments + 1, writer->tset_control);
}

void x12_write_ge(struct x12_writer *writer)
{
	write_trailer(writer, "GE", writer->tsets, writer->fgroup_control);
}

void x12_write_iea(struct x12_writer *writer)
{
	write_trailer(writer, "IEA", writer->fgroups, writer->interchange_control);
}
