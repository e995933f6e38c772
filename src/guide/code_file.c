/*
 * A code list as other systems give it: a table (CSV with a header line, columns code and meaning), or plain text with
 * a code in each line, where a line that begins with # is none. See guide_set_replace_list.
 */
#include <stdlib.h>

#include "code_file.h"
#include "muster/csv.h"
#include "muster/error.h"
#include "muster/text.h"

/* The widest element whose codes a site may list, REF02, has 50. */
#define CODE_BYTES_MAX 80u

struct entry {
	struct guide_code code;
	uint32_t line;
};

struct code_file {
	struct arena *arena;
	struct guide_text *text;
	struct entry *entries;
	uint32_t count, capacity;
};

static int compare_entries(const void *a, const void *b)
{
	const struct entry *first = a, *second = b;
	int order = slice_compare(first->code.code, second->code.code);

	return order != 0 ? order : first->line < second->line ? -1 : 1;
}

static void complain(struct code_file *file, uint32_t line, uint32_t column, const char *what)
{
	yaml_complain(file->text->errors, file->text->name, file->text->text, line, column, "%s", what);
	file->text->invalid = true;
}

/* What stands in an element: no control bytes, no blanks at its ends. */
static bool can_be_code(struct slice code)
{
	bool fits = code.len > 0 && code.len <= CODE_BYTES_MAX && text_is_utf8(code);

	for (size_t i = 0; fits && i < code.len; i++)
		fits = (unsigned char)code.data[i] >= ' ' && code.data[i] != 0x7f;
	return fits;
}

static int add(struct code_file *file, struct slice code, struct slice meaning, uint32_t line, uint32_t column)
{
	struct entry *entry;

	if (!can_be_code(code)) {
		complain(file, line, column, "a code has 1 to 80 bytes that can be seen");
		return 0;
	}
	if (file->count == file->capacity) {
		uint32_t capacity = file->capacity * 2 + 64;
		struct entry *grown = arena_alloc_array(file->arena, capacity, sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		if (file->count > 0)
			memcpy(grown, file->entries, file->count * sizeof(*grown));
		file->entries = grown;
		file->capacity = capacity;
	}
	entry = &file->entries[file->count++];
	entry->line = line;
	entry->code.code = arena_dup(file->arena, code);
	entry->code.meaning = arena_dup(file->arena, meaning);
	return entry->code.code.data != NULL && entry->code.meaning.data != NULL ? 0 : -ENOMEM;
}

static int read_lines(struct code_file *file)
{
	struct slice text = file->text->text;
	uint32_t number = 0;
	size_t at = slice_starts_with(text, "\xef\xbb\xbf") ? 3 : 0;
	int error = 0;

	while (at < text.len && error == 0) {
		size_t end = slice_find(text, '\n', at);
		struct slice line = slice_of(text.data + at, end - at);

		number++;
		at = end + 1;
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		line = slice_trim(line);
		if (line.len > 0 && line.data[0] != '#')
			error = add(file, line, SLICE_LITERAL(""), number, 1);
	}
	return error;
}

/* The places of the two columns; false when the header is wrong, which was said. */
static bool read_header(struct code_file *file, const struct csv_reader *reader, uint32_t ret_columns[2])
{
	static const char *const names[] = {"code", "meaning", NULL};

	ret_columns[0] = ret_columns[1] = UINT32_MAX;
	for (uint32_t i = 0; i < reader->field_count; i++) {
		const struct csv_field *field = &reader->fields[i];
		uint32_t k = slice_is(field->text, names[0]) ? 0 : 1;

		if (!slice_is(field->text, names[k]) || ret_columns[k] != UINT32_MAX) {
			complain(file, field->line, field->column,
				 "the columns of a code list are code and meaning, once each");
			return false;
		}
		ret_columns[k] = i;
	}
	if (ret_columns[0] == UINT32_MAX)
		complain(file, 1, 1, "the first line names the columns: code, or code,meaning");
	return ret_columns[0] != UINT32_MAX;
}

static int read_record(struct code_file *file, const struct csv_reader *reader, const uint32_t columns[2],
		       uint32_t column_count)
{
	const struct csv_field *code = &reader->fields[columns[0]];
	struct slice meaning = SLICE_LITERAL("");

	if (reader->field_count != column_count) {
		complain(file, reader->record_line, 1, "this line has other fields than the first one names");
		return 0;
	}
	if (columns[1] != UINT32_MAX)
		meaning = csv_unguard(reader->fields[columns[1]].text);
	return add(file, code->text, meaning, code->line, code->column);
}

static int read_table(struct code_file *file)
{
	struct csv_reader *reader = arena_alloc(file->arena, sizeof(*reader));
	uint32_t columns[2], column_count = 0;
	int error = 0, r;

	if (reader == NULL)
		return -ENOMEM;
	csv_reader_init(reader, file->arena->env, file->text->text);
	while (error == 0 && (r = csv_reader_next(reader)) != CSV_E_END) {
		if (r < 0)
			error = r;
		else if (r == CSV_E_SYNTAX)
			complain(file, reader->error_line, reader->error_column, reader->error);
		else if (column_count > 0)
			error = read_record(file, reader, columns, column_count);
		else if (read_header(file, reader, columns))
			column_count = reader->field_count;
		else
			break;
	}
	csv_reader_fini(reader);
	return error;
}

static int take_codes(struct code_file *file, struct dictionary_list *ret_list)
{
	ret_list->codes = arena_alloc_array(file->arena, file->count > 0 ? file->count : 1, sizeof(*ret_list->codes));
	if (ret_list->codes == NULL)
		return -ENOMEM;
	if (file->count == 0 && !file->text->invalid)
		complain(file, 1, 1, "there is no code in this list");
	if (file->count > 0)
		qsort(file->entries, file->count, sizeof(*file->entries), compare_entries);
	for (uint32_t i = 0; i < file->count; i++) {
		if (i > 0 && slice_equal(file->entries[i - 1].code.code, file->entries[i].code.code))
			complain(file, file->entries[i].line, 1, "this code stands in the list already");
		ret_list->codes[i] = file->entries[i].code;
	}
	ret_list->count = file->count;
	return 0;
}

int code_file_read(struct arena *arena, struct guide_text *text, struct slice name, bool is_table,
		   struct dictionary_list *ret_list)
{
	struct code_file file = {.arena = arena, .text = text};
	int error = is_table ? read_table(&file) : read_lines(&file);

	ret_list->name = arena_dup(arena, name);
	if (error == 0 && ret_list->name.data == NULL)
		error = -ENOMEM;
	return error == 0 ? take_codes(&file, ret_list) : error;
}
