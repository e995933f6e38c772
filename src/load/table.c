/*
 * table: read a CSV file line by line into checked structs, and load it in one transaction.
 *
 * A line that does not fit yet (its subscriber comes later) is remembered by its place in the file and read again
 * when the rest is done, as long as that makes any of them fit.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "muster/text.h"
#include "muster/yaml.h"
#include "table.h"

/* REF02 takes 50 bytes, PER04 256. */
#define ID_BYTES_MAX 80u
#define TEXT_BYTES_MAX 256u
#define SHOWN_BYTES_MAX 40u
#define PERCENT_DECIMALS 4
#define PERCENT_E4_MAX 1000000

/* ---- faults -------------------------------------------------------------------------------------------------- */

static void say(struct loader *loader, int column, bool warning, const char *message)
{
	struct load_fault fault = {loader->name, loader->reader.record_line, 1, warning, message};
	int field = column >= 0 ? loader->field_of[column] : -1;

	if (field >= 0 && (uint32_t)field < loader->reader.field_count) {
		fault.line = loader->reader.fields[field].line;
		fault.column = loader->reader.fields[field].column;
	}
	loader->fault(loader->context, &fault);
}

void loader_refuse(struct loader *loader, int column, const char *format, ...)
{
	char message[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	loader->refused = true;
	say(loader, column, false, message);
}

/* The beginning of a value, so that no terminal obeys it and no SSN is seen. The caller frees. */
static void show(struct loader *loader, struct slice value, struct buffer *ret_shown)
{
	struct buffer masked;
	struct slice head;

	buffer_init(&masked, store_env(loader->store));
	buffer_init(ret_shown, store_env(loader->store));
	text_add_masked(&masked, value);
	head = buffer_slice(&masked);
	head.len = head.len < SHOWN_BYTES_MAX ? head.len : SHOWN_BYTES_MAX;
	text_add_visible(ret_shown, head);
	buffer_fini(&masked);
}

/* `birth_on: "2026-13-01" is no date`. */
static void refuse_value(struct loader *loader, int column, struct slice value, const char *why)
{
	struct buffer shown;

	show(loader, value, &shown);
	loader_refuse(loader, column, "%s: \"%s\" %s", loader->table->columns[column].name,
		      shown.len > 0 ? shown.data : "", why);
	buffer_fini(&shown);
}

/* ---- fields -------------------------------------------------------------------------------------------------- */

static size_t field_bytes(enum column_kind kind)
{
	switch (kind) {
	case COLUMN_ID:
	case COLUMN_TEXT:
	case COLUMN_CODE:
	case COLUMN_SSN:
		return sizeof(struct slice);
	case COLUMN_WORD:
	case COLUMN_NUMBER:
		return sizeof(int);
	case COLUMN_SEX:
		return sizeof(char);
	case COLUMN_DATE:
	case COLUMN_END_DATE:
		return sizeof(date_day);
	case COLUMN_MONEY:
		return sizeof(cents);
	case COLUMN_PERCENT:
		return sizeof(int32_t);
	case COLUMN_FLAG:
		return sizeof(bool);
	}
	return 0;
}

static bool is_slice(enum column_kind kind)
{
	return kind == COLUMN_ID || kind == COLUMN_TEXT || kind == COLUMN_CODE || kind == COLUMN_SSN;
}

void table_copy(const struct table_column *column, void *to, const void *from)
{
	memcpy((char *)to + column->offset, (const char *)from + column->offset, field_bytes(column->kind));
}

bool table_is_equal(const struct table_column *column, const void *a, const void *b)
{
	const char *x = (const char *)a + column->offset, *y = (const char *)b + column->offset;
	struct slice s, t;

	if (!is_slice(column->kind))
		return memcmp(x, y, field_bytes(column->kind)) == 0;
	memcpy(&s, x, sizeof(s));
	memcpy(&t, y, sizeof(t));
	return slice_equal(s, t);
}

static bool is_printable(struct slice value)
{
	size_t i;

	for (i = 0; i < value.len; i++)
		if ((unsigned char)value.data[i] < 0x20 || value.data[i] == 0x7f)
			return false;
	return text_is_utf8(value);
}

static const char *put_text(const struct table_column *column, struct slice value, void *field)
{
	if (column->kind == COLUMN_TEXT)
		value = csv_unguard(value);
	if (value.len > (column->kind == COLUMN_ID ? ID_BYTES_MAX : TEXT_BYTES_MAX))
		return "is too long";
	if (!is_printable(value))
		return "has bytes that are no text (UTF-8 without control characters is)";
	memcpy(field, &value, sizeof(value));
	return NULL;
}

static const char *put_word(const struct table_column *column, struct slice value, void *field)
{
	unsigned i;

	for (i = 0; column->words[i] != NULL; i++) {
		if (!slice_is(value, column->words[i]))
			continue;
		if (column->kind == COLUMN_CODE)
			memcpy(field, &value, sizeof(value));
		else
			memcpy(field, &i, sizeof(i));
		return NULL;
	}
	return "is not one of the values of this column";
}

/* Nine digits into loader->ssn; placeholders mean "none". */
static const char *put_ssn(struct loader *loader, struct slice value, void *field)
{
	struct slice ssn;
	size_t i, count = 0;

	for (i = 0; i < value.len; i++) {
		if (value.data[i] == '-' && value.len == 11 && (i == 3 || i == 6))
			continue;
		if (value.data[i] < '0' || value.data[i] > '9' || count == 9)
			return "";
		loader->ssn[count++] = value.data[i];
	}
	ssn = slice_of(loader->ssn, count);
	if (count != 9)
		return "";
	if (text_ssn_is_placeholder(ssn))
		ssn = SLICE_EMPTY;
	memcpy(field, &ssn, sizeof(ssn));
	return NULL;
}

static const char *put_date(const struct table_column *column, struct slice value, void *field)
{
	date_day day;

	if (!date_parse_iso(value, &day))
		return "is no date of the form YYYY-MM-DD";
	if (column->kind == COLUMN_END_DATE && date_is_open_end(day))
		day = DATE_NONE;
	memcpy(field, &day, sizeof(day));
	return NULL;
}

static const char *put_money(struct slice value, void *field)
{
	cents amount;

	if (!money_parse_csv(value, &amount) || amount < 0)
		return "is no amount of the form 1234.56";
	memcpy(field, &amount, sizeof(amount));
	return NULL;
}

/* "4.5" into 45000. */
static const char *put_percent(struct slice value, void *field)
{
	int32_t percent = 0;
	size_t i, decimals = 0;
	bool point = false;

	for (i = 0; i < value.len; i++) {
		if (value.data[i] == '.' && !point && i > 0) {
			point = true;
			continue;
		}
		if (value.data[i] < '0' || value.data[i] > '9' || percent > PERCENT_E4_MAX || (point && decimals == 4))
			return "is no percentage of the form 12.5";
		percent = percent * 10 + (value.data[i] - '0');
		decimals += point;
	}
	for (; decimals < PERCENT_DECIMALS && percent <= PERCENT_E4_MAX; decimals++)
		percent *= 10;
	if (percent > PERCENT_E4_MAX || value.data[value.len - 1] == '.')
		return "is no percentage of the form 12.5";
	memcpy(field, &percent, sizeof(percent));
	return NULL;
}

static const char *put_number(const struct table_column *column, struct slice value, void *field)
{
	uint64_t number;
	int result;
	bool flag;

	if (!slice_to_u64(value, &number) || number < (uint64_t)column->min || number > (uint64_t)column->max)
		return "is no number within the range of this column";
	result = (int)number;
	flag = number != 0;
	if (column->kind == COLUMN_FLAG)
		memcpy(field, &flag, sizeof(flag));
	else
		memcpy(field, &result, sizeof(result));
	return NULL;
}

static const char *put_sex(struct slice value, void *field)
{
	if (!slice_is(value, "F") && !slice_is(value, "M") && !slice_is(value, "U"))
		return "is none of F, M, U";
	memcpy(field, value.data, 1);
	return NULL;
}

/* NULL, or what is wrong with the value. */
static const char *put_value(struct loader *loader, const struct table_column *column, struct slice value, void *field)
{
	switch (column->kind) {
	case COLUMN_ID:
	case COLUMN_TEXT:
		return put_text(column, value, field);
	case COLUMN_CODE:
	case COLUMN_WORD:
		return put_word(column, value, field);
	case COLUMN_SSN:
		return put_ssn(loader, value, field);
	case COLUMN_SEX:
		return put_sex(value, field);
	case COLUMN_DATE:
	case COLUMN_END_DATE:
		return put_date(column, value, field);
	case COLUMN_MONEY:
		return put_money(value, field);
	case COLUMN_PERCENT:
		return put_percent(value, field);
	case COLUMN_NUMBER:
	case COLUMN_FLAG:
		return put_number(column, value, field);
	}
	return NULL;
}

static void read_column(struct loader *loader, int index, void *line)
{
	const struct table_column *column = &loader->table->columns[index];
	struct slice value = slice_trim(loader->reader.fields[loader->field_of[index]].text);
	const char *why;

	if (slice_is_empty(value)) {
		if (column->required)
			loader_refuse(loader, index, "%s: a value is required", column->name);
		return;
	}
	loader->given |= UINT32_C(1) << index;
	why = put_value(loader, column, value, (char *)line + column->offset);
	if (why == NULL)
		return;
	if (column->kind == COLUMN_SSN)
		loader_refuse(loader, index, "%s: not nine digits", column->name);
	else
		refuse_value(loader, index, value, why);
}

int loader_column(const struct loader *loader, const char *name)
{
	uint32_t i;

	for (i = 0; i < loader->table->column_count; i++)
		if (strcmp(loader->table->columns[i].name, name) == 0)
			return (int)i;
	assert(false);
	return -1;
}

bool loader_is_given(const struct loader *loader, int column)
{
	return (loader->given >> column & 1) != 0;
}

void loader_keep_absent(const struct loader *loader, void *line, const void *stored)
{
	uint32_t i;

	for (i = 0; i < loader->table->column_count; i++)
		if (loader->field_of[i] < 0)
			table_copy(&loader->table->columns[i], line, stored);
}

void loader_count(struct loader *loader, enum store_put put)
{
	switch (put) {
	case STORE_ADDED:
		loader->counts.added++;
		break;
	case STORE_CHANGED:
		loader->counts.changed++;
		break;
	case STORE_UNCHANGED:
		loader->counts.unchanged++;
		break;
	}
}

/* ---- header -------------------------------------------------------------------------------------------------- */

/* A fault of the header, at one of its fields (-1: as a whole). */
static void refuse_header(struct loader *loader, int field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void refuse_header(struct loader *loader, int field, const char *format, ...)
{
	struct load_fault fault = {.name = loader->name, .line = 1, .column = 1};
	char message[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	fault.message = message;
	if (field >= 0) {
		fault.line = loader->reader.fields[field].line;
		fault.column = loader->reader.fields[field].column;
	}
	loader->refused = true;
	loader->fault(loader->context, &fault);
}

static void refuse_unknown(struct loader *loader, int field, struct slice name)
{
	const char *known[TABLE_COLUMNS_MAX + 1] = {NULL}, *nearest;
	struct buffer shown;
	uint32_t i;

	for (i = 0; i < loader->table->column_count; i++)
		known[i] = loader->table->columns[i].name;
	nearest = yaml_nearest(name, known);
	show(loader, name, &shown);
	refuse_header(loader, field, "there is no column \"%s\"%s%s%s", shown.len > 0 ? shown.data : "",
		      nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
		      nearest != NULL ? "\"?" : "");
	buffer_fini(&shown);
}

static void read_header_field(struct loader *loader, int field)
{
	struct slice name = slice_trim(loader->reader.fields[field].text);
	uint32_t i;

	for (i = 0; i < loader->table->column_count; i++) {
		if (!slice_is(name, loader->table->columns[i].name))
			continue;
		if (loader->field_of[i] >= 0)
			refuse_header(loader, field, "the column %s stands here twice", loader->table->columns[i].name);
		loader->field_of[i] = field;
		return;
	}
	refuse_unknown(loader, field, name);
}

static int read_header(struct loader *loader)
{
	uint32_t i;
	int result;

	for (i = 0; i < loader->table->column_count; i++)
		loader->field_of[i] = -1;
	result = csv_reader_next(&loader->reader);
	if (result < 0)
		return result;
	loader->refused = false;
	if (result == CSV_E_END) {
		refuse_header(loader, -1, "the file is empty: a header line with the names of the columns is missing");
		return LOAD_E_HEADER;
	}
	if (result == CSV_E_SYNTAX) {
		refuse_header(loader, -1, "the header line cannot be read: %s", loader->reader.error);
		return LOAD_E_HEADER;
	}
	loader->field_count = loader->reader.field_count;
	for (i = 0; i < loader->field_count; i++)
		read_header_field(loader, (int)i);
	for (i = 0; i < loader->table->column_count; i++)
		if (loader->table->columns[i].required && loader->field_of[i] < 0)
			refuse_header(loader, -1, "the column %s is missing", loader->table->columns[i].name);
	return loader->refused ? LOAD_E_HEADER : 0;
}

/* ---- lines --------------------------------------------------------------------------------------------------- */

/* The record in hand into `line`; loader->refused tells whether it has a fault. */
static void read_line(struct loader *loader, void *line)
{
	uint32_t i;

	loader->given = 0;
	loader->refused = false;
	memcpy(line, loader->table->blank, loader->table->line_bytes);
	if (loader->reader.field_count != loader->field_count) {
		loader_refuse(loader, -1, "%u values, but the header has %u columns", loader->reader.field_count,
			      loader->field_count);
		return;
	}
	for (i = 0; i < loader->table->column_count; i++)
		if (loader->field_of[i] >= 0)
			read_column(loader, (int)i, line);
}

/* Where a line begins, to read it again. */
struct place {
	size_t at;
	uint32_t line, column;
};

struct places {
	struct env *env;
	struct place *items;
	size_t count, capacity;
};

static int add_place(struct places *places, struct place place)
{
	size_t wanted = places->capacity > 0 ? places->capacity * 2 : 64;
	struct place *grown;

	if (places->count == places->capacity) {
		grown = env_realloc(places->env, places->items, wanted * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		places->items = grown;
		places->capacity = wanted;
	}
	places->items[places->count++] = place;
	return 0;
}

static int refuse_syntax(struct loader *loader)
{
	struct load_fault fault = {loader->name, loader->reader.error_line, loader->reader.error_column, false,
				   loader->reader.error};

	loader->counts.refused++;
	loader->fault(loader->context, &fault);
	return 0;
}

/* The record in hand. 0, LOAD_LINE_LATER, or <0. */
static int load_line(struct loader *loader, void *line, bool last_chance)
{
	int result = 0;

	read_line(loader, line);
	if (!loader->refused)
		result = loader->table->put(loader, line, last_chance);
	if (loader->refused && result >= 0) {
		loader->counts.refused++;
		result = 0;
	}
	arena_reset(&loader->arena);
	return result;
}

static int load_lines(struct loader *loader, void *line, struct places *later)
{
	for (;;) {
		struct place place = {loader->reader.at, loader->reader.line, loader->reader.column};
		int result = csv_reader_next(&loader->reader);

		if (result == CSV_E_END || result < 0)
			return result < 0 ? result : 0;
		loader->counts.lines++;
		if (result == CSV_E_SYNTAX)
			result = refuse_syntax(loader);
		else
			result = load_line(loader, line, false);
		if (result == LOAD_LINE_LATER)
			result = add_place(later, place);
		if (result < 0)
			return result;
	}
}

/* The lines that waited, once. Those that still do not fit are kept. */
static int load_again(struct loader *loader, void *line, struct places *later, bool last_chance)
{
	size_t i, kept = 0;

	for (i = 0; i < later->count; i++) {
		struct place place = later->items[i];
		int result;

		loader->reader.at = place.at;
		loader->reader.line = place.line;
		loader->reader.column = place.column;
		result = csv_reader_next(&loader->reader);
		if (result == 0)
			result = load_line(loader, line, last_chance);
		if (result < 0)
			return result;
		if (result == LOAD_LINE_LATER)
			later->items[kept++] = place;
	}
	later->count = kept;
	return 0;
}

static int load_waiting(struct loader *loader, void *line, struct places *later)
{
	size_t before;
	int error;

	do {
		before = later->count;
		error = load_again(loader, line, later, false);
	} while (error == 0 && later->count > 0 && later->count < before);
	if (error == 0)
		error = load_again(loader, line, later, true);
	assert(error != 0 || later->count == 0);
	return error;
}

/* ---- a file -------------------------------------------------------------------------------------------------- */

/* A file that changed nothing leaves no trace: loading it again leaves the database as it is. */
static int audit(struct loader *loader)
{
	const struct load_counts *counts = &loader->counts;
	struct store_audit row = {.kind = SLICE_LITERAL("load"), .subject = slice_from(loader->name)};
	char text[160];

	if (counts->added == 0 && counts->changed == 0)
		return 0;
	snprintf(text, sizeof(text), "%s: %llu lines, %llu added, %llu changed, %llu unchanged, %llu refused",
		 loader->table->what, (unsigned long long)counts->lines, (unsigned long long)counts->added,
		 (unsigned long long)counts->changed, (unsigned long long)counts->unchanged,
		 (unsigned long long)counts->refused);
	row.text = slice_from(text);
	hash_of(loader->csv, &row.payload);
	return store_audit_append(loader->store, &row);
}

static int load_in_transaction(struct loader *loader, void *line)
{
	struct places later = {.env = store_env(loader->store)};
	int error = read_header(loader);

	store_keys_collect(loader->store);
	if (error == 0)
		error = load_lines(loader, line, &later);
	if (error == 0)
		error = load_waiting(loader, line, &later);
	if (error == 0)
		error = store_keys_flush(loader->store);
	if (error == 0)
		error = audit(loader);
	env_free(later.env, later.items);
	return error;
}

int load_run(struct loader *loader, void *line, struct load_counts *ret_counts)
{
	struct env *env = store_env(loader->store);
	int error = store_begin(loader->store, STORE_WRITE);

	if (error != 0)
		return error;
	assert(loader->table->column_count <= TABLE_COLUMNS_MAX);
	csv_reader_init(&loader->reader, env, loader->csv);
	arena_init(&loader->arena, env, 0, 0);
	error = load_in_transaction(loader, line);
	if (error == 0)
		error = store_commit(loader->store);
	else
		store_rollback(loader->store);
	csv_reader_fini(&loader->reader);
	arena_fini(&loader->arena);
	if (error != 0)
		return error;
	*ret_counts = loader->counts;
	/* The WAL of a large file is large. Whoever is writing now will see to it later. */
	error = store_checkpoint(loader->store, true);
	return error == STORE_E_LOCKED ? 0 : error;
}
