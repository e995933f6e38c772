/*
 * Text tables for people: columns as wide as their widest cell, two blanks between, titles on top.
 */
#include "cli_internal.h"

#include <string.h>

/* How wide a cell stands on a terminal: code points of UTF-8. */
static size_t table_width(struct slice text)
{
	size_t i, width = 0;

	for (i = 0; i < text.len; i++)
		if (((unsigned char)text.data[i] & 0xC0) != 0x80)
			width++;
	return width;
}

void cli_table_begin(struct cli_table *table, struct cli *cli, uint32_t columns, const char *const *titles)
{
	uint32_t i;

	*table = (struct cli_table){.cli = cli, .columns = columns};
	for (i = 0; i < columns; i++)
		cli_table_cell(table, slice_from(titles[i]));
}

void cli_table_cell(struct cli_table *table, struct slice text)
{
	if (table->error != 0)
		return;
	if (table->cells == table->capacity) {
		uint32_t capacity = table->capacity == 0 ? 256 : table->capacity * 2;
		struct slice *texts = env_realloc(table->cli->env, table->texts, capacity * sizeof(*texts));

		if (texts == NULL) {
			table->error = -ENOMEM;
			return;
		}
		table->texts = texts;
		table->capacity = capacity;
	}
	text = arena_dup(&table->cli->arena, text);
	if (text.data == NULL)
		table->error = -ENOMEM;
	else
		table->texts[table->cells++] = text;
}

static void table_row(struct cli_table *table, uint32_t first, const size_t *widths)
{
	struct buffer *out = &table->cli->out;
	uint32_t column;
	size_t blanks;

	for (column = 0; column < table->columns; column++) {
		struct slice text = table->texts[first + column];

		buffer_add_slice(out, text);
		if (column + 1 == table->columns)
			break;
		for (blanks = widths[column] + 2 - table_width(text); blanks > 0; blanks--)
			buffer_add_char(out, ' ');
	}
	buffer_add_char(out, '\n');
}

int cli_table_end(struct cli_table *table)
{
	size_t widths[32] = {0};
	uint32_t i;

	for (i = 0; i < table->cells && table->error == 0; i++) {
		size_t width = table_width(table->texts[i]);

		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
	for (i = 0; i + table->columns <= table->cells && table->error == 0; i += table->columns)
		table_row(table, i, widths);
	env_free(table->cli->env, table->texts);
	table->texts = NULL;
	return table->error;
}
