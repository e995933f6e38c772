/*
 * fuzz_csv: any CSV file.
 *
 * Claims: the reader ends, its positions go forward, its fields lie within limits; what was read, written (guarded or
 * not) and read again is the same.
 */
#include "muster/csv.h"
#include "fuzz.h"

static void check_record(const struct csv_reader *reader)
{
	uint32_t i;

	FUZZ_CLAIM(reader->field_count >= 1 && reader->field_count <= LIMIT_CSV_FIELDS);
	for (i = 0; i < reader->field_count; i++) {
		const struct csv_field *field = &reader->fields[i];

		FUZZ_CLAIM(field->text.len <= LIMIT_CSV_FIELD_BYTES);
		FUZZ_CLAIM(field->line >= reader->record_line && field->column >= 1);
		FUZZ_CLAIM(i == 0 || field->line > field[-1].line ||
			   (field->line == field[-1].line && field->column > field[-1].column));
	}
}

static void write_record(const struct csv_reader *reader, bool guarded, struct buffer *out)
{
	uint32_t i;

	buffer_clear(out);
	for (i = 0; i < reader->field_count; i++) {
		if (guarded)
			csv_add_guarded(out, i == 0, reader->fields[i].text);
		else
			csv_add(out, i == 0, reader->fields[i].text);
	}
	csv_end_record(out);
	FUZZ_CLAIM(out->error == 0);
}

/* A record of one empty field is an empty line, which is none: the only one that does not come back. */
static bool is_empty_line(const struct csv_reader *reader)
{
	return reader->field_count == 1 && reader->fields[0].text.len == 0;
}

static void check_round_trip(const struct csv_reader *reader, bool guarded, struct buffer *out)
{
	struct csv_reader again;
	uint32_t i;

	if (is_empty_line(reader))
		return;
	/* A byte-order mark as data cannot stand first in a file; behind a record it can. */
	write_record(reader, guarded, out);
	if (slice_starts_with(buffer_slice(out), "\xef\xbb\xbf"))
		return;
	csv_reader_init(&again, fuzz_env(), buffer_slice(out));
	if (csv_reader_next(&again) != 0) {
		/* Only the mark of the guard can make a field longer than is read. */
		FUZZ_CLAIM(guarded && strstr(again.error, "longer") != NULL);
		csv_reader_fini(&again);
		return;
	}
	FUZZ_CLAIM(again.field_count == reader->field_count);
	for (i = 0; i < reader->field_count; i++) {
		struct slice text = again.fields[i].text;

		FUZZ_CLAIM(slice_equal(guarded ? csv_unguard(text) : text, reader->fields[i].text));
	}
	FUZZ_CLAIM(csv_reader_next(&again) == CSV_E_END);
	csv_reader_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct csv_reader reader;
	struct buffer out;
	size_t at;
	int result;

	csv_reader_init(&reader, fuzz_env(), slice_of((const char *)data, size));
	buffer_init(&out, fuzz_env());
	for (;;) {
		at = reader.at;
		result = csv_reader_next(&reader);
		if (result == CSV_E_END)
			break;
		FUZZ_CLAIM(reader.at > at && reader.at <= size);
		FUZZ_CLAIM(result == 0 || result == CSV_E_SYNTAX);
		if (result == CSV_E_SYNTAX) {
			FUZZ_CLAIM(reader.error != NULL && reader.error_line >= 1 && reader.error_column >= 1);
			continue;
		}
		check_record(&reader);
		check_round_trip(&reader, false, &out);
		check_round_trip(&reader, true, &out);
	}
	buffer_fini(&out);
	csv_reader_fini(&reader);
	return 0;
}
