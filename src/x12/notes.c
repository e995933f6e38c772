/*
 * notes: findings between the place where they are made and the sink.
 *
 * What is wrong with a header is told after its BEGIN event, so that whoever collects findings by envelope has the
 * envelope by then; all else is told before the event it belongs to.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "reader.h"

void x12_place(struct x12_reader *reader, uint32_t segment_pos)
{
	struct x12_where *where = &reader->segment.where;

	*where = (struct x12_where){
		.offset = window_offset(&reader->window, 0),
		.line = reader->window.line,
		.interchange = reader->open >= LEVEL_INTERCHANGE ? reader->interchange.ordinal : 0,
		.fgroup = reader->open >= LEVEL_FGROUP ? reader->fgroup.ordinal : 0,
		.tset = reader->open >= LEVEL_TSET ? reader->tset.ordinal : 0,
		.segment_pos = segment_pos,
	};
}

uint32_t x12_next_pos(const struct x12_reader *reader)
{
	return reader->open == LEVEL_TSET ? reader->tset.segment_count + 1 : 0;
}

/* An error rejects the envelope that its acknowledgment speaks of. */
static void mark_rejected(struct x12_reader *reader, enum finding_scope scope)
{
	if (reader->open == LEVEL_NONE)
		return;
	switch (scope) {
	case FINDING_INTERCHANGE:
		reader->interchange.rejected = true;
		break;
	case FINDING_FGROUP:
		reader->fgroup.rejected = true;
		break;
	case FINDING_TSET:
		reader->tset.rejected = true;
		break;
	case FINDING_SEGMENT:
	case FINDING_ELEMENT:
		break;
	}
}

static struct slice clip(struct slice value)
{
	if (value.len > LIMIT_FINDING_VALUE_BYTES)
		value.len = LIMIT_FINDING_VALUE_BYTES;
	return value;
}

static void locate(const struct x12_reader *reader, struct finding *finding, uint32_t pos)
{
	struct slice value = x12_element(&reader->segment, pos);

	finding->where = reader->segment.where;
	finding->where.element_pos = (uint16_t)pos;
	if (pos == 0 || value.data == NULL)
		return;
	finding->segment = reader->segment.raw;
	finding->segment_at = (uint32_t)(value.data - reader->segment.raw.data);
	finding->value = clip(value);
	finding->where.offset = window_offset(&reader->window, (size_t)(value.data - window_at(&reader->window)));
}

__attribute__((format(printf, 6, 0))) static void note(struct x12_reader *reader, enum finding_code code,
						       enum finding_severity severity, const char *segment_id,
						       uint32_t pos, const char *format, va_list arguments)
{
	struct note *entry;

	assert(reader->note_count < NOTES_MAX);
	entry = &reader->notes[reader->note_count++];
	vsnprintf(entry->message, sizeof(entry->message), format, arguments);
	entry->finding = (struct finding){.code = code, .severity = severity};
	entry->finding.message = slice_from(entry->message);
	slice_to_cstr(slice_from(segment_id), entry->finding.segment_id, sizeof(entry->finding.segment_id));
	locate(reader, &entry->finding, pos);
	if (severity == FINDING_ERROR)
		mark_rejected(reader, finding_row(code)->scope);
}

void x12_note(struct x12_reader *reader, enum finding_code code, const char *segment_id, uint32_t pos,
	      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	note(reader, code, finding_row(code)->severity, segment_id, pos, format, arguments);
	va_end(arguments);
}

void x12_note_as(struct x12_reader *reader, enum finding_code code, enum finding_severity severity,
		 const char *segment_id, uint32_t pos, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	note(reader, code, severity, segment_id, pos, format, arguments);
	va_end(arguments);
}

void x12_note_value(struct x12_reader *reader, struct slice value)
{
	assert(reader->note_count > 0);
	reader->notes[reader->note_count - 1].finding.value = clip(value);
}

int x12_notes_flush(struct x12_reader *reader)
{
	int result = 0;

	for (uint32_t i = 0; i < reader->note_count && result >= 0; i++)
		result = finding_report(reader->sink, &reader->notes[i].finding);
	reader->note_count = 0;
	return result < 0 ? result : 0;
}
