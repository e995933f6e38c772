/* emit: separators where the tree has positions. */
#include "emit.h"

#include <stdarg.h>
#include <stdio.h>

#define FLUSH_BYTES (64u * 1024u)
/* More elements than any segment has room for. */
#define POS_MAX LIMIT_SEGMENT_BYTES
/* Of one segment: no longer one could be read again. */
#define SEGMENT_BYTES (FLUSH_BYTES + LIMIT_SEGMENT_BYTES)

void emit_init(struct emit *emit, struct env *env, const struct convert_sink *sink, struct convert_error *error)
{
	*emit = (struct emit){.env = env, .sink = sink, .error = error};
	buffer_init(&emit->out, env);
	buffer_init(&emit->value, env);
}

void emit_fini(struct emit *emit)
{
	buffer_fini(&emit->out);
	buffer_fini(&emit->value);
}

int emit_refuse(struct emit *emit, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(emit->error->text, sizeof(emit->error->text), format, arguments);
	va_end(arguments);
	return CONVERT_E_REFUSED;
}

static int flush(struct emit *emit, bool all)
{
	int r = emit->out.error != 0 ? emit->out.error : emit->value.error;

	if (r != 0 || emit->out.len == 0 || (!all && emit->out.len < FLUSH_BYTES))
		return r;
	r = emit->sink->write(emit->sink->context, buffer_slice(&emit->out));
	buffer_clear(&emit->out);
	return r;
}

static void pay(struct emit *emit)
{
	buffer_add_slice(&emit->out, emit->owed);
	emit->owed = SLICE_EMPTY;
}

int emit_end(struct emit *emit)
{
	pay(emit);
	return flush(emit, true);
}

int emit_begin(struct emit *emit, bool masked, bool bom)
{
	if (masked)
		return emit_refuse(
			emit,
			"this tree was written with SSNs masked and cannot be converted back; convert the original "
			"again with --unmasked");
	if (bom)
		buffer_add_text(&emit->out, "\xef\xbb\xbf");
	return 0;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

int emit_unhex(struct emit *emit, struct slice digits, struct slice *ret_bytes)
{
	buffer_clear(&emit->value);
	for (size_t i = 0; i + 1 < digits.len; i += 2) {
		int high = hex_digit(digits.data[i]), low = hex_digit(digits.data[i + 1]);

		if (high < 0 || low < 0)
			return emit_refuse(emit, "hex wants hexadecimal digits");
		buffer_add_char(&emit->value, (char)(high << 4 | low));
	}
	if (digits.len % 2 != 0)
		return emit_refuse(emit, "hex wants an even number of digits");
	*ret_bytes = buffer_slice(&emit->value);
	return emit->value.error;
}

/* "*", "0x1c"; empty gives 0 where the separator may be missing. */
static int take_separator(struct emit *emit, const char *name, struct slice text, bool may_lack, char *ret_separator)
{
	int high = text.len == 4 ? hex_digit(text.data[2]) : -1, low = text.len == 4 ? hex_digit(text.data[3]) : -1;

	*ret_separator = text.len == 1 ? text.data[0] : '\0';
	if (slice_starts_with(text, "0x") && high >= 0 && low >= 0)
		*ret_separator = (char)(high << 4 | low);
	if (*ret_separator == '\0' && !(may_lack && text.len == 0))
		return emit_refuse(emit, "the %s separator must be one character, or as 0x1c", name);
	return 0;
}

int emit_interchange(struct emit *emit, struct slice element, struct slice component, struct slice repetition,
		     struct slice terminator, struct slice line_end)
{
	struct x12_separators *separators = &emit->separators;
	int r = take_separator(emit, "element", element, false, &separators->element);

	if (r == 0)
		r = take_separator(emit, "component", component, true, &separators->component);
	if (r == 0)
		r = take_separator(emit, "repetition", repetition, true, &separators->repetition);
	if (r == 0)
		r = take_separator(emit, "terminator", terminator, false, &separators->terminator);
	if (r != 0)
		return r;
	pay(emit);
	if (slice_is(line_end, "crlf"))
		emit->line_end = SLICE_LITERAL("\r\n");
	else if (slice_is(line_end, "lf"))
		emit->line_end = SLICE_LITERAL("\n");
	else if (line_end.len == 0 || slice_is(line_end, "none"))
		emit->line_end = SLICE_EMPTY;
	else
		return emit_refuse(emit, "line_end is one of crlf, lf, none");
	emit->in_interchange = true;
	return 0;
}

static bool is_separator(const struct emit *emit, char c)
{
	const struct x12_separators *separators = &emit->separators;

	return c == separators->element || c == separators->terminator ||
	       (separators->component != '\0' && c == separators->component) ||
	       (separators->repetition != '\0' && c == separators->repetition);
}

/* An edited value with a separator in it would be read as something else. Those of ISA are what they are. */
static int add_clean(struct emit *emit, struct slice value)
{
	for (size_t i = 0; i < value.len && !emit->in_isa; i++)
		if (is_separator(emit, value.data[i]))
			return emit_refuse(emit, "a value holds a separator of its interchange");
	if (emit->out.len + value.len > SEGMENT_BYTES)
		return emit_refuse(emit, "a segment is longer than %u bytes", LIMIT_SEGMENT_BYTES);
	buffer_add_slice(&emit->out, value);
	return emit->out.error;
}

int emit_segment_begin(struct emit *emit, struct slice id)
{
	if (!emit->in_interchange)
		return emit_refuse(emit, "a segment stands outside of an interchange, or before its separators");
	pay(emit);
	emit->element_pos = emit->component_pos = emit->repetitions = 0;
	emit->in_isa = slice_is(id, "ISA");
	return add_clean(emit, id);
}

static int advance(struct emit *emit, const char *what, uint32_t *at, uint64_t pos, char separator, uint32_t first)
{
	if (pos <= *at || pos > POS_MAX)
		return emit_refuse(emit, "%s %llu cannot stand here: positions begin with 1 and go up", what,
				   (unsigned long long)pos);
	for (uint32_t i = *at == 0 ? first : *at; i < pos; i++) {
		if (separator == '\0')
			return emit_refuse(emit, "this interchange has no separator for more than one %s", what);
		buffer_add_char(&emit->out, separator);
	}
	*at = (uint32_t)pos;
	return emit->out.error;
}

int emit_element(struct emit *emit, uint64_t pos)
{
	emit->component_pos = emit->repetitions = 0;
	return advance(emit, "element", &emit->element_pos, pos, emit->separators.element, 0);
}

int emit_repetition(struct emit *emit)
{
	emit->component_pos = 0;
	return advance(emit, "repetition", &emit->repetitions, (uint64_t)emit->repetitions + 1,
		       emit->separators.repetition, 1);
}

int emit_component(struct emit *emit, uint64_t pos)
{
	return advance(emit, "component", &emit->component_pos, pos, emit->separators.component, 1);
}

int emit_value(struct emit *emit, struct slice value)
{
	return add_clean(emit, value);
}

int emit_segment_end(struct emit *emit, bool unterminated)
{
	if (!unterminated)
		buffer_add_char(&emit->out, emit->separators.terminator);
	emit->owed = emit->line_end;
	return flush(emit, false);
}

int emit_bytes(struct emit *emit, struct slice bytes)
{
	emit->owed = SLICE_EMPTY;
	buffer_add_slice(&emit->out, bytes);
	return flush(emit, false);
}
