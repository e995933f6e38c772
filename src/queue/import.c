/*
 * import: decisions that come back as CSV or XML.
 *
 * First the whole file is read into rows (item, version, decision, note, where it stands); a file that cannot be read
 * changes nothing. Then each row is tried by itself in one transaction: a bad one is told of with its line and column
 * and leaves the others alone.
 */
#include "item.h"
#include "muster/csv.h"
#include "muster/specs.h"
#include "muster/xml.h"

/* `line` and `column` are those of the decision, else of the row. */
struct row {
	struct slice item_id, version, decision, note;
	uint32_t line, column;
};

struct import {
	struct store *store;
	struct env *env;
	const char *name;
	struct slice operator_id;
	enum queue_release release;
	struct buffer *messages;
	struct arena arena;
	struct row *rows;
	uint32_t count, capacity;
	struct queue_import_result result;
};

static void message(struct import *import, uint32_t line, uint32_t column, struct slice item_id, const char *text)
{
	buffer_printf(import->messages, "%s:%u:%u: ", import->name, line, column);
	if (item_id.len > 0) {
		buffer_add_slice(import->messages, item_id);
		buffer_add_text(import->messages, ": ");
	}
	buffer_add_text(import->messages, text);
	buffer_add_char(import->messages, '\n');
}

static struct row *add_row(struct import *import)
{
	if (import->count == import->capacity) {
		uint32_t capacity = import->capacity == 0 ? 64 : import->capacity * 2;
		struct row *rows = arena_alloc_array(&import->arena, capacity, sizeof(*rows));

		if (rows == NULL)
			return NULL;
		if (import->count > 0)
			memcpy(rows, import->rows, import->count * sizeof(*rows));
		import->rows = rows;
		import->capacity = capacity;
	}
	return &import->rows[import->count++];
}

static int keep(struct import *import, struct slice value, struct slice *ret_kept)
{
	*ret_kept = arena_dup(&import->arena, value);
	return ret_kept->data != NULL ? 0 : -ENOMEM;
}

/* ---- CSV ---------------------------------------------------------------------------------------------------- */

enum { COLUMN_ITEM, COLUMN_VERSION, COLUMN_DECISION, COLUMN_NOTE, COLUMN_COUNT };

/* Where the columns stand that matter; the others are not looked at. */
static int csv_columns(struct import *import, struct csv_reader *reader, uint32_t ret_at[COLUMN_COUNT])
{
	static const char *const names[COLUMN_COUNT] = {"item", "version", "decision", "note"};
	uint32_t i, column;
	int r = csv_reader_next(reader);

	if (r < 0)
		return r;
	if (r != 0) {
		message(import, 1, 1, SLICE_EMPTY, r == CSV_E_END ? "the file is empty" : reader->error);
		return QUEUE_E_FILE;
	}
	for (column = 0; column < COLUMN_COUNT; column++) {
		ret_at[column] = UINT32_MAX;
		for (i = 0; i < reader->field_count; i++)
			if (slice_is(slice_trim(reader->fields[i].text), names[column]))
				ret_at[column] = i;
		if (ret_at[column] == UINT32_MAX && column != COLUMN_NOTE) {
			buffer_printf(import->messages, "%s:1:1: there is no column `%s`\n", import->name,
				      names[column]);
			return QUEUE_E_FILE;
		}
	}
	return 0;
}

static struct slice csv_text(const struct csv_reader *reader, uint32_t at)
{
	return at < reader->field_count ? slice_trim(reader->fields[at].text) : SLICE_EMPTY;
}

static int csv_row(struct import *import, const struct csv_reader *reader, const uint32_t at[COLUMN_COUNT])
{
	struct row *row = add_row(import);
	int r;

	if (row == NULL)
		return -ENOMEM;
	row->line = reader->record_line;
	row->column = 1;
	if (at[COLUMN_DECISION] < reader->field_count) {
		row->line = reader->fields[at[COLUMN_DECISION]].line;
		row->column = reader->fields[at[COLUMN_DECISION]].column;
	}
	r = keep(import, csv_text(reader, at[COLUMN_ITEM]), &row->item_id);
	if (r == 0)
		r = keep(import, csv_text(reader, at[COLUMN_VERSION]), &row->version);
	if (r == 0)
		r = keep(import, csv_text(reader, at[COLUMN_DECISION]), &row->decision);
	if (r == 0)
		r = keep(import, csv_unguard(csv_text(reader, at[COLUMN_NOTE])), &row->note);
	return r;
}

static int read_csv(struct import *import, struct slice content)
{
	uint32_t at[COLUMN_COUNT];
	struct csv_reader *reader = env_alloc(import->env, sizeof(*reader));
	int r;

	if (reader == NULL)
		return -ENOMEM;
	csv_reader_init(reader, import->env, content);
	r = csv_columns(import, reader, at);
	while (r == 0) {
		r = csv_reader_next(reader);
		if (r == CSV_E_SYNTAX) {
			message(import, reader->error_line, reader->error_column, SLICE_EMPTY, reader->error);
			import->result.rows++;
			import->result.refused++;
			r = 0;
		} else if (r == 0) {
			r = csv_row(import, reader, at);
		}
	}
	csv_reader_fini(reader);
	env_free(import->env, reader);
	return r == CSV_E_END ? 0 : r;
}

/* ---- XML ---------------------------------------------------------------------------------------------------- */

static int xml_begin(void *context, const struct xml_element *element)
{
	struct import *import = context;
	struct row *row;
	int r;

	if (element->depth == 3 && slice_is(element->name, "decision")) {
		row = &import->rows[import->count - 1];
		row->line = element->line;
		row->column = element->column;
	}
	if (element->depth != 2)
		return 0;
	row = add_row(import);
	if (row == NULL)
		return -ENOMEM;
	*row = (struct row){.line = element->line, .column = element->column};
	r = keep(import, xml_attribute_value(element, "id"), &row->item_id);
	return r != 0 ? r : keep(import, slice_trim(xml_attribute_value(element, "version")), &row->version);
}

static int xml_end(void *context, struct slice name, struct slice text, uint32_t depth)
{
	struct import *import = context;
	struct row *row;

	if (depth != 3)
		return 0;
	row = &import->rows[import->count - 1];
	if (slice_is(name, "decision"))
		return keep(import, slice_trim(text), &row->decision);
	return slice_is(name, "note") ? keep(import, slice_trim(text), &row->note) : 0;
}

static int read_xml(struct import *import, struct slice content)
{
	struct xml_handler handler = {import, xml_begin, xml_end};
	struct xml_error error = {0};
	struct xml_schema *schema;
	int r = xml_schema_new(import->env, specs_find("exceptions.xsd"), &schema, &error);

	if (r == XML_E_REFUSED)
		return MUSTER_ERROR_INTERNAL;
	if (r != 0)
		return r;
	r = xml_read(import->env, content, schema, &handler, &error);
	xml_schema_free(schema);
	if (r != XML_E_REFUSED)
		return r;
	message(import, error.line, error.column, SLICE_EMPTY, error.text);
	return QUEUE_E_FILE;
}

/* ---- both --------------------------------------------------------------------------------------------------- */

/* One row's decision. 0 also when it was refused; <0. */
static int take_row(struct import *import, const struct row *row)
{
	struct queue_decision decision = {.item_id = row->item_id,
					  .decision = row->decision,
					  .note = row->note,
					  .operator_id = import->operator_id,
					  .release = import->release};
	struct buffer why;
	uint64_t version;
	int r = QUEUE_E_DECISION;

	import->result.rows++;
	if (slice_is_empty(row->decision)) {
		import->result.blank++;
		return 0;
	}
	buffer_init(&why, import->env);
	if (!slice_to_u64(row->version, &version) || version == 0 || version > UINT32_MAX) {
		buffer_add_text(&why, "the version is not a number of an item");
	} else {
		decision.version = (uint32_t)version;
		r = queue_resolve(import->store, import->env, &decision, &why);
	}
	if (r == 0)
		import->result.decided++;
	else if (r == QUEUE_E_PROPOSED)
		import->result.proposed++;
	else if (r > 0 && why.error == 0) {
		import->result.refused++;
		message(import, row->line, row->column, row->item_id, why.data);
	}
	if (r >= 0)
		r = why.error;
	buffer_fini(&why);
	return r;
}

static int take_rows(struct import *import)
{
	bool own_transaction = !store_is_writing(import->store);
	int r = own_transaction ? store_begin(import->store, STORE_WRITE) : 0;
	uint32_t i;

	if (r != 0)
		return r;
	for (i = 0; r == 0 && i < import->count; i++)
		r = take_row(import, &import->rows[i]);
	if (own_transaction && r == 0)
		return store_commit(import->store);
	if (own_transaction)
		store_rollback(import->store);
	return r;
}

static bool is_xml(struct slice content)
{
	size_t at = content.len >= 3 && memcmp(content.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	content = slice_trim(slice_of(content.data + at, content.len - at));
	return content.len > 0 && content.data[0] == '<';
}

int queue_import(struct store *store, struct env *env, const char *name, struct slice content, struct slice operator_id,
		 enum queue_release release, struct buffer *messages, struct queue_import_result *ret_result)
{
	struct import import = {.store = store,
				.env = env,
				.name = name,
				.operator_id = operator_id,
				.release = release,
				.messages = messages};
	int r;

	if (content.len > LIMIT_XML_BYTES) {
		message(&import, 1, 1, SLICE_EMPTY, "the file is too large");
		return QUEUE_E_FILE;
	}
	arena_init(&import.arena, env, 0, 0);
	r = is_xml(content) ? read_xml(&import, content) : read_csv(&import, content);
	if (r == 0)
		r = take_rows(&import);
	if (r == 0 && messages->error != 0)
		r = messages->error;
	if (r == 0)
		*ret_result = import.result;
	arena_fini(&import.arena);
	return r;
}
