/*
 * table: people from CSV, for linking.
 *
 * The texts stay in the CSV where they stand there as they are; a field that had to be unquoted is copied.
 */
#include "muster/match_link.h"

#include <stdlib.h>

#include "muster/csv.h"
#include "muster/error.h"

/* What a column fills: a slice of struct member, or something of its own. */
enum special { PLAIN, COLUMN_ID, COLUMN_BIRTH, COLUMN_SEX, COLUMN_SSN, COLUMN_GROUP, COLUMN_PLAN };

static const struct column {
	const char *name;
	enum special special;
	size_t offset;
} columns[] = {
	{"id", COLUMN_ID, 0},
	{"birth_on", COLUMN_BIRTH, 0},
	{"sex", COLUMN_SEX, 0},
	{"ssn", COLUMN_SSN, 0},
	{"group_id", COLUMN_GROUP, 0},
	{"plan_id", COLUMN_PLAN, 0},
	{"member_id", PLAIN, offsetof(struct member, member_id)},
	{"subscriber_id", PLAIN, offsetof(struct member, subscriber_id)},
	{"relationship", PLAIN, offsetof(struct member, relationship)},
	{"last_name", PLAIN, offsetof(struct member, last_name)},
	{"first_name", PLAIN, offsetof(struct member, first_name)},
	{"middle_name", PLAIN, offsetof(struct member, middle_name)},
	{"suffix", PLAIN, offsetof(struct member, suffix)},
	{"address1", PLAIN, offsetof(struct member, address1)},
	{"address2", PLAIN, offsetof(struct member, address2)},
	{"city", PLAIN, offsetof(struct member, city)},
	{"state", PLAIN, offsetof(struct member, state)},
	{"zip", PLAIN, offsetof(struct member, zip)},
	{"phone", PLAIN, offsetof(struct member, phone)},
	{"email", PLAIN, offsetof(struct member, email)},
	{"employee_id", PLAIN, offsetof(struct member, employee_id)},
	{"medicare_id", PLAIN, offsetof(struct member, medicare_id)},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

struct table_reading {
	struct arena *arena;
	struct slice csv;
	const struct column *of_field[LIMIT_CSV_FIELDS];
	uint32_t field_count;
	struct coverage_span *spans;
};

static bool read_header(struct table_reading *reading, const struct csv_reader *reader)
{
	bool has_id = false;
	uint32_t i;
	size_t c;

	reading->field_count = reader->field_count;
	for (i = 0; i < reader->field_count; i++) {
		reading->of_field[i] = NULL;
		for (c = 0; c < COLUMNS; c++)
			if (slice_is(slice_trim(reader->fields[i].text), columns[c].name))
				reading->of_field[i] = &columns[c];
		has_id = has_id || reading->of_field[i] == &columns[0];
	}
	return has_id;
}

/* Stays valid: the place in the file, or a copy. data NULL = no memory. */
static struct slice keep(struct table_reading *reading, struct slice text)
{
	uintptr_t begin = (uintptr_t)reading->csv.data, at = (uintptr_t)text.data;

	text = slice_trim(text);
	if (text.len == 0)
		return SLICE_LITERAL("");
	return at >= begin && at < begin + reading->csv.len ? text : arena_dup(reading->arena, text);
}

/* "540-12-1415" as nine digits. */
static struct slice keep_ssn(struct table_reading *reading, struct slice text)
{
	char digits[10];
	size_t i, count = 0;

	text = slice_trim(text);
	for (i = 0; i < text.len; i++) {
		if (text.data[i] == '-' || text.data[i] == ' ')
			continue;
		if (count == 9 || text.data[i] < '0' || text.data[i] > '9')
			return keep(reading, text);
		digits[count++] = text.data[i];
	}
	return count == text.len ? keep(reading, text) : arena_dup(reading->arena, slice_of(digits, count));
}

static int read_field(struct table_reading *reading, const struct column *column, struct slice text,
		      struct member *member, struct slice *ret_id)
{
	struct slice *place = (struct slice *)(void *)((char *)member + column->offset);

	switch (column->special) {
	case COLUMN_ID:
		place = ret_id;
		break;
	case COLUMN_BIRTH:
		text = slice_trim(text);
		if (!date_parse_iso(text, &member->birth_on))
			date_parse_ccyymmdd(text, &member->birth_on);
		return 0;
	case COLUMN_SEX:
		text = slice_trim(text);
		member->sex = text.len > 0 ? (char)(text.data[0] & ~0x20) : '\0';
		return 0;
	case COLUMN_SSN:
		member->ssn = keep_ssn(reading, text);
		return member->ssn.data != NULL ? 0 : -ENOMEM;
	case COLUMN_GROUP:
		place = &member->spans->group_id;
		break;
	case COLUMN_PLAN:
		place = &member->spans->plan_id;
		break;
	case PLAIN:
		break;
	}
	*place = keep(reading, text);
	return place->data != NULL ? 0 : -ENOMEM;
}

static int read_row(struct table_reading *reading, const struct csv_reader *reader, struct match_table *table)
{
	struct member *member = &table->members[table->count];
	uint32_t i;
	int error = 0;

	*member = (struct member){.birth_on = DATE_NONE, .died_on = DATE_NONE, .member_no = table->count + 1};
	member->spans = &reading->spans[table->count];
	for (i = 0; i < reader->field_count && i < reading->field_count && error == 0; i++)
		if (reading->of_field[i] != NULL)
			error = read_field(reading, reading->of_field[i], reader->fields[i].text, member,
					   &table->ids[table->count]);
	member->span_count = member->spans->group_id.len > 0;
	table->count++;
	return error;
}

static uint32_t count_lines(struct slice csv)
{
	uint32_t count = 1;
	size_t at;

	for (at = slice_find(csv, '\n', 0); at < csv.len; at = slice_find(csv, '\n', at + 1))
		count++;
	return count;
}

static int read_rows(struct table_reading *reading, struct csv_reader *reader, const char *name, struct buffer *errors,
		     struct match_table *table)
{
	int error = csv_reader_next(reader);

	if (error == 0 && !read_header(reading, reader)) {
		buffer_printf(errors, "%s:1:1: there is no column `id`\n", name);
		return MATCH_E_TABLE;
	}
	while (error == 0) {
		error = csv_reader_next(reader);
		if (error == 0)
			error = read_row(reading, reader, table);
	}
	if (error == CSV_E_SYNTAX) {
		buffer_printf(errors, "%s:%u:%u: %s\n", name, reader->error_line, reader->error_column, reader->error);
		return MATCH_E_TABLE;
	}
	return error == CSV_E_END ? 0 : error;
}

int match_table_read(struct env *env, struct arena *arena, const char *name, struct slice csv, struct buffer *errors,
		     struct match_table *ret_table)
{
	struct table_reading reading = {.arena = arena, .csv = csv};
	struct csv_reader *reader = env_alloc(env, sizeof(*reader));
	struct match_table table = {0};
	uint32_t lines = count_lines(csv);
	int error = -ENOMEM;

	table.members = arena_alloc_array(arena, lines, sizeof(*table.members));
	table.ids = arena_alloc_array(arena, lines, sizeof(*table.ids));
	reading.spans = arena_alloc_array(arena, lines, sizeof(*reading.spans));
	if (reader == NULL || table.members == NULL || table.ids == NULL || reading.spans == NULL)
		goto out;
	csv_reader_init(reader, env, csv);
	error = read_rows(&reading, reader, name, errors, &table);
	csv_reader_fini(reader);
	if (error == 0)
		*ret_table = table;
out:
	env_free(env, reader);
	return error;
}

uint32_t match_table_find(const struct match_table *table, struct slice id)
{
	uint32_t i;

	for (i = 0; i < table->count; i++)
		if (slice_equal(table->ids[i], id))
			return i;
	return UINT32_MAX;
}

struct id_row {
	struct slice id;
	uint32_t row;
};

static int id_order(const void *a, const void *b)
{
	const struct id_row *x = a, *y = b;
	int order = slice_compare(x->id, y->id);

	return order != 0 ? order : x->row < y->row ? -1 : x->row > y->row;
}

static struct id_row *sorted_ids(struct env *env, const struct match_table *table)
{
	struct id_row *ids = env_alloc(env, ((size_t)table->count + 1) * sizeof(*ids));
	uint32_t i;

	for (i = 0; ids != NULL && i < table->count; i++)
		ids[i] = (struct id_row){table->ids[i], i};
	if (ids != NULL && table->count > 1)
		qsort(ids, table->count, sizeof(*ids), id_order);
	return ids;
}

static uint32_t find_id(const struct id_row *ids, uint32_t count, struct slice id)
{
	uint32_t low = 0, high = count, middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = slice_compare(ids[middle].id, id);
		if (order == 0)
			return ids[middle].row;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}

static int read_truth(struct csv_reader *reader, const struct id_row *left_ids, uint32_t left_count,
		      const struct id_row *right_ids, uint32_t right_count, uint32_t *ret_truth)
{
	int error = csv_reader_next(reader);
	uint32_t left, right;

	while (error == 0) {
		error = csv_reader_next(reader);
		if (error != 0 || reader->field_count < 2)
			continue;
		left = find_id(left_ids, left_count, slice_trim(reader->fields[0].text));
		right = find_id(right_ids, right_count, slice_trim(reader->fields[1].text));
		if (left != UINT32_MAX)
			ret_truth[left] = right != UINT32_MAX ? right : MATCH_NOBODY;
	}
	return error == CSV_E_END ? 0 : error;
}

int match_truth_read(struct env *env, const struct match_table *left, const struct match_table *right, struct slice csv,
		     struct buffer *errors, uint32_t **ret_truth)
{
	struct csv_reader *reader = env_alloc(env, sizeof(*reader));
	struct id_row *left_ids = sorted_ids(env, left), *right_ids = sorted_ids(env, right);
	uint32_t *truth = env_alloc(env, ((size_t)left->count + 1) * sizeof(*truth)), i;
	int error = -ENOMEM;

	if (reader == NULL || left_ids == NULL || right_ids == NULL || truth == NULL)
		goto out;
	for (i = 0; i < left->count; i++)
		truth[i] = MATCH_NOBODY;
	csv_reader_init(reader, env, csv);
	error = read_truth(reader, left_ids, left->count, right_ids, right->count, truth);
	if (error == CSV_E_SYNTAX) {
		buffer_printf(errors, "truth:%u:%u: %s\n", reader->error_line, reader->error_column, reader->error);
		error = MATCH_E_TABLE;
	}
	csv_reader_fini(reader);
	if (error == 0) {
		*ret_truth = truth;
		truth = NULL;
	}
out:
	env_free(env, truth);
	env_free(env, left_ids);
	env_free(env, right_ids);
	env_free(env, reader);
	return error;
}
