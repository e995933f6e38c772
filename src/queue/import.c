/*
 * import: decisions that come back as CSV or XML.
 *
 * First the whole file is read into rows (item, version, decision, note, where it stands); a file that cannot be read
 * changes nothing. Then each row is tried by itself in one transaction: a bad one is told of with its line and column
 * and leaves the others alone.
 *
 * What a row says of the record it is about must be what the item is about: a spreadsheet of which some columns were
 * sorted, or a file of another plan's queue, would decide on somebody else.
 */
#include "item.h"
#include "muster/csv.h"
#include "muster/specs.h"
#include "muster/xml.h"

/* What tells whose record it is, in columns that no spreadsheet writes in its own way. */
enum about { ABOUT_member_pos, ABOUT_last_name, ABOUT_first_name, ABOUT_ssn, ABOUT_amount, ABOUT_COUNT };
static const char *const about_names[ABOUT_COUNT] = {"member_pos", "last_name", "first_name", "ssn", "amount"};

/* `line` and `column` are those of the decision, else of the row. */
struct row {
	struct slice item_id, version, decision, note;
	struct slice about[ABOUT_COUNT]; /* empty: the row does not say */
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
	int field; /* XML: the enum about of the element that is open; -1: none */
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

/* A letter or digit of ASCII. */
static bool is_plain(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
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

enum {
	COLUMN_ITEM,
	COLUMN_VERSION,
	COLUMN_DECISION,
	COLUMN_NOTE,
	COLUMN_ABOUT,
	COLUMN_COUNT = COLUMN_ABOUT + ABOUT_COUNT
};

/* Where the columns stand that matter; the others are not looked at. */
static int csv_columns(struct import *import, struct csv_reader *reader, uint32_t ret_at[COLUMN_COUNT])
{
	static const char *const names[COLUMN_ABOUT] = {"item", "version", "decision", "note"};
	uint32_t i, column;
	int r = csv_reader_next(reader);

	if (r < 0)
		return r;
	if (r != 0) {
		message(import, 1, 1, SLICE_EMPTY, r == CSV_E_END ? "the file is empty" : reader->error);
		return QUEUE_E_FILE;
	}
	for (column = 0; column < COLUMN_COUNT; column++) {
		const char *name = column < COLUMN_ABOUT ? names[column] : about_names[column - COLUMN_ABOUT];

		ret_at[column] = UINT32_MAX;
		for (i = 0; i < reader->field_count; i++)
			if (slice_is(slice_trim(reader->fields[i].text), name))
				ret_at[column] = i;
		if (ret_at[column] == UINT32_MAX && column < COLUMN_NOTE) {
			buffer_printf(import->messages, "%s:1:1: there is no column `%s`\n", import->name, name);
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
	int i, r;

	if (row == NULL)
		return -ENOMEM;
	*row = (struct row){.line = reader->record_line, .column = 1};
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
	for (i = 0; r == 0 && i < ABOUT_COUNT; i++)
		r = keep(import, csv_unguard(csv_text(reader, at[COLUMN_ABOUT + i])), &row->about[i]);
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

/* Which of a record's fields an element holds; -1: none of them. */
static int about_of(struct slice name)
{
	int i;

	for (i = 0; i < ABOUT_COUNT; i++)
		if (slice_is(name, about_names[i]))
			return i;
	return -1;
}

static int xml_begin(void *context, const struct xml_element *element)
{
	struct import *import = context;
	struct row *row;
	int r;

	import->field = element->depth == 4 && slice_is(element->name, "field")
		? about_of(xml_attribute_value(element, "name")) : -1;
	if (element->depth == 3 && slice_is(element->name, "origin"))
		return keep(import, xml_attribute_value(element, "member_pos"),
			    &import->rows[import->count - 1].about[ABOUT_member_pos]);
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

	if (depth == 4 && import->field >= 0)
		return keep(import, text, &import->rows[import->count - 1].about[import->field]);
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

/* The same but for case, and for what a spreadsheet of another character set makes of letters with accents. */
static bool is_same_word(struct slice a, struct slice b)
{
	size_t i = 0, j = 0;

	for (;; i++, j++) {
		while (i < a.len && !is_plain(a.data[i]))
			i++;
		while (j < b.len && !is_plain(b.data[j]))
			j++;
		if (i >= a.len || j >= b.len)
			return i >= a.len && j >= b.len;
		if ((a.data[i] | 0x20) != (b.data[j] | 0x20))
			return false;
	}
}

/* 450 is 450.00; what is no amount says nothing. */
static bool is_same_amount(struct slice said, struct slice is)
{
	cents a, b;

	return !money_parse_csv(said, &a) || (money_parse_csv(is, &b) && a == b);
}

/* Is the row about the item's record? What it does not say is not held against it. 0, QUEUE_E_DECISION with `why`, <0. */
static int check_about(struct import *import, const struct row *row, struct buffer *why)
{
	struct arena_mark mark = arena_mark(&import->arena);
	const struct store_exception *item;
	struct item_view view;
	int i, r = store_exception_get(import->store, row->item_id, &import->arena, &item);

	if (r == 0 && item != NULL)
		r = item_view_init(&view, &import->arena, item);
	if (r == 0 && item != NULL) {
		const struct slice is[ABOUT_COUNT] = {arena_printf(&import->arena, "%u", (unsigned)item->member_pos),
						      view.shown[INCOMING_last_name], view.shown[INCOMING_first_name],
						      view.shown[INCOMING_ssn], view.shown[INCOMING_amount]};

		r = is[ABOUT_member_pos].data != NULL ? 0 : -ENOMEM;
		for (i = 0; r == 0 && i < ABOUT_COUNT; i++) {
			if (row->about[i].len == 0 || (i == ABOUT_amount ? is_same_amount(row->about[i], is[i])
									 : is_same_word(row->about[i], is[i])))
				continue;
			buffer_printf(
				why,
				"the row is about another record (its %s is not the item's): were columns sorted apart, "
				"or is it the file of another queue?",
				about_names[i]);
			r = QUEUE_E_DECISION;
		}
	}
	arena_rewind(&import->arena, mark);
	return r;
}

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
		r = check_about(import, row, &why);
		if (r == 0)
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
