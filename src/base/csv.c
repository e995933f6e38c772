/*
 * csv: RFC 4180.
 *
 * Reading borrows from the input where it can: only quoted fields with doubled quotes are copied. While a record is
 * read the copies may move, so their places are kept as offsets and turned into pointers when the record is whole.
 */
#include "muster/csv.h"
#include "muster/error.h"
#include "muster/text.h"
#include "plain.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define NOT_COPIED SIZE_MAX

void csv_reader_init(struct csv_reader *reader, struct env *env, struct slice input)
{
	memset(reader, 0, sizeof(*reader));
	reader->input = input;
	reader->line = reader->column = 1;
	if (slice_starts_with(input, BYTE_ORDER_MARK))
		reader->at = strlen(BYTE_ORDER_MARK);
	buffer_init(&reader->unquoted, env);
}

void csv_reader_fini(struct csv_reader *reader)
{
	buffer_fini(&reader->unquoted);
}

static bool at_end(const struct csv_reader *reader)
{
	return reader->at == reader->input.len;
}

static char peek(const struct csv_reader *reader)
{
	return reader->input.data[reader->at];
}

/* The length of the line end here: 1, 2, or 0 for none. */
static size_t line_end_at(const struct csv_reader *reader)
{
	const char *data = reader->input.data + reader->at;
	size_t rest = reader->input.len - reader->at;

	if (rest > 0 && data[0] == '\n')
		return 1;
	return rest > 1 && data[0] == '\r' && data[1] == '\n' ? 2 : 0;
}

static void advance(struct csv_reader *reader)
{
	if (peek(reader) == '\n') {
		reader->line++;
		reader->column = 1;
	} else {
		reader->column++;
	}
	reader->at++;
}

static void skip_bytes(struct csv_reader *reader, size_t bytes)
{
	while (bytes-- > 0)
		advance(reader);
}

/* Where the reader stands, to come back to. */
struct place {
	size_t at;
	uint32_t line, column;
};

static struct place here(const struct csv_reader *reader)
{
	return (struct place){reader->at, reader->line, reader->column};
}

/* Remember what is wrong at `place`, and go on at the line after it. */
static int fail(struct csv_reader *reader, struct place place, const char *error)
{
	reader->error = error;
	reader->error_line = place.line;
	reader->error_column = place.column;
	reader->at = place.at;
	reader->line = place.line;
	reader->column = place.column;
	while (!at_end(reader) && peek(reader) != '\n')
		advance(reader);
	if (!at_end(reader))
		advance(reader);
	return CSV_E_SYNTAX;
}

static int read_plain(struct csv_reader *reader, struct csv_field *field)
{
	struct place start = here(reader);

	while (!at_end(reader) && peek(reader) != ',' && line_end_at(reader) == 0) {
		if (peek(reader) == '"')
			return fail(reader, here(reader), "a quote inside a field that does not begin with one");
		if (peek(reader) == '\r')
			return fail(reader, here(reader), "a carriage return without a line feed");
		if (reader->at - start.at == LIMIT_CSV_FIELD_BYTES)
			return fail(reader, start, "the field is longer than muster reads");
		advance(reader);
	}
	field->text = slice_of(reader->input.data + start.at, reader->at - start.at);
	return 0;
}

/* From behind the opening quote to behind the closing one. *ret_copied_at: where in `unquoted`, or NOT_COPIED. */
static int read_quoted(struct csv_reader *reader, struct csv_field *field, size_t *ret_copied_at)
{
	struct place quote = here(reader);
	size_t run, copied_at = NOT_COPIED, len = 0;

	advance(reader);
	run = reader->at;
	while (!at_end(reader)) {
		if (len > LIMIT_CSV_FIELD_BYTES)
			return fail(reader, quote, "the quoted field is longer than muster reads, or has no end");
		if (peek(reader) != '"') {
			len++;
			advance(reader);
			continue;
		}
		advance(reader);
		if (at_end(reader) || peek(reader) != '"')
			break;
		/* A doubled quote: copy up to and with the first of the two. */
		if (copied_at == NOT_COPIED)
			copied_at = reader->unquoted.len;
		buffer_add(&reader->unquoted, reader->input.data + run, reader->at - run);
		advance(reader);
		run = reader->at;
		len++;
	}
	/* Behind the closing quote, or at an end without one. */
	if (reader->at == run || reader->input.data[reader->at - 1] != '"')
		return fail(reader, quote, "the quoted field has no end");
	field->text = slice_of(reader->input.data + run, reader->at - 1 - run);
	if (copied_at != NOT_COPIED) {
		buffer_add_slice(&reader->unquoted, field->text);
		field->text.len = reader->unquoted.len - copied_at;
	}
	*ret_copied_at = copied_at;
	return 0;
}

static int read_field(struct csv_reader *reader, size_t *ret_copied_at)
{
	struct csv_field *field = &reader->fields[reader->field_count];
	int result;

	*ret_copied_at = NOT_COPIED;
	field->line = reader->line;
	field->column = reader->column;
	if (at_end(reader) || peek(reader) != '"') {
		result = read_plain(reader, field);
	} else {
		result = read_quoted(reader, field, ret_copied_at);
		if (result == 0 && !at_end(reader) && peek(reader) != ',' && line_end_at(reader) == 0)
			result = fail(reader, here(reader), "text after the closing quote");
	}
	return result;
}

static void skip_empty_lines(struct csv_reader *reader)
{
	size_t bytes;

	while ((bytes = line_end_at(reader)) > 0)
		skip_bytes(reader, bytes);
}

int csv_reader_next(struct csv_reader *reader)
{
	size_t copied_at[LIMIT_CSV_FIELDS], i;
	int result;

	buffer_clear(&reader->unquoted);
	reader->field_count = 0;
	reader->error = NULL;
	skip_empty_lines(reader);
	if (at_end(reader))
		return CSV_E_END;
	reader->record_line = reader->line;
	for (;;) {
		if (reader->field_count == LIMIT_CSV_FIELDS)
			return fail(reader, here(reader), "more fields than muster reads");
		result = read_field(reader, &copied_at[reader->field_count]);
		if (result != 0)
			return result;
		reader->field_count++;
		if (at_end(reader) || peek(reader) != ',')
			break;
		advance(reader);
	}
	skip_bytes(reader, line_end_at(reader));
	if (reader->unquoted.error != 0)
		return reader->unquoted.error;
	for (i = 0; i < reader->field_count; i++)
		if (copied_at[i] != NOT_COPIED)
			reader->fields[i].text.data = reader->unquoted.data + copied_at[i];
	return 0;
}

static void add_quoted(struct buffer *out, struct slice value)
{
	size_t i;

	buffer_add_char(out, '"');
	for (i = 0; i < value.len; i++) {
		if (value.data[i] == '"')
			buffer_add_char(out, '"');
		buffer_add_char(out, value.data[i]);
	}
	buffer_add_char(out, '"');
}

/* What is put into quotes. */
#ifdef __SSE2__
static inline __m128i is_quoted(__m128i bytes)
{
	__m128i comma = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(',')), quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
	__m128i feed = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')), turn = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r'));

	return _mm_or_si128(_mm_or_si128(comma, quote), _mm_or_si128(feed, turn));
}
#else
static inline bool is_quoted(unsigned char byte)
{
	return byte == ',' || byte == '"' || byte == '\n' || byte == '\r';
}
#endif

void csv_add(struct buffer *out, bool first, struct slice value)
{
	char *at;

	if (!buffer_reserve(out, value.len + 1))
		return;
	at = out->data + out->len;
	if (!first)
		*at++ = ',';
	if (!plain_copy(at, value.data, value.len, is_quoted)) {
		out->len = (size_t)(at - out->data);
		add_quoted(out, value);
		return;
	}
	at[value.len] = '\0';
	out->len = (size_t)(at - out->data) + value.len;
}

/* Would a spreadsheet take this for a formula? Quotes and blanks before it do not count, for they may be dropped. */
static bool is_formula(struct slice value)
{
	uint32_t codepoint;
	size_t at = 0;

	while (at < value.len && (value.data[at] == '\'' || value.data[at] == '"' || value.data[at] == ' '))
		at++;
	if (at == value.len || text_utf8_next(value, at, &codepoint) == 0)
		return false;
	switch (codepoint) {
	case '=':
	case '+':
	case '-':
	case '@':
	case '\t':
	case '\r':
	case '\n':
	case '\0':
	case 0xff1d: /* full-width = + - @ */
	case 0xff0b:
	case 0xff0d:
	case 0xff20:
		return true;
	default:
		return false;
	}
}

void csv_add_guarded(struct buffer *out, bool first, struct slice value)
{
	struct buffer guarded;

	if (!is_formula(value)) {
		csv_add(out, first, value);
		return;
	}
	buffer_init(&guarded, out->env);
	buffer_add_char(&guarded, '\'');
	buffer_add_slice(&guarded, value);
	csv_add(out, first, buffer_slice(&guarded));
	if (out->error == 0)
		out->error = guarded.error;
	buffer_fini(&guarded);
}

void csv_end_record(struct buffer *out)
{
	buffer_add_text(out, "\r\n");
}

struct slice csv_unguard(struct slice value)
{
	/* A guarded value's rest is a formula; one more mark was put where a value began with one before a formula. */
	if (value.len > 0 && value.data[0] == '\'' && is_formula(slice_of(value.data + 1, value.len - 1)))
		return slice_of(value.data + 1, value.len - 1);
	return value;
}
