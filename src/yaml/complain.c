/*
 * What is wrong in a YAML file, said so that one can put a finger on it.
 *
 *   muster.yaml:3:1: unknown key "databse"; did you mean "database"?
 *     databse: muster.db
 *     ^
 */
#include "muster/yaml.h"

#include <stdarg.h>
#include <stdio.h>

#include "muster/text.h"

/* Of a long line, this much before and after the place is shown. */
#define SHOWN_BYTES 70u
/* Keys longer than this are nobody's typing error. */
#define NEAREST_BYTES 40u

/* Bytes of the line break at `at`: CR, LF, CRLF, and what YAML 1.1 counts besides (NEL, LS, PS); 0 = none. */
static size_t break_bytes(struct slice text, size_t at)
{
	const char *p = text.data + at;
	size_t left = text.len - at;

	if (p[0] == '\n')
		return 1;
	if (p[0] == '\r')
		return left > 1 && p[1] == '\n' ? 2 : 1;
	if (left > 1 && memcmp(p, "\xC2\x85", 2) == 0)
		return 2;
	if (left > 2 && (memcmp(p, "\xE2\x80\xA8", 3) == 0 || memcmp(p, "\xE2\x80\xA9", 3) == 0))
		return 3;
	return 0;
}

static struct slice find_line(struct slice text, uint32_t line)
{
	size_t start = 0, at = 0;

	if (text.len == 0)
		return SLICE_EMPTY;
	while (at < text.len) {
		size_t bytes = break_bytes(text, at);

		if (bytes == 0) {
			at++;
			continue;
		}
		if (line == 1)
			break;
		line--;
		at += bytes;
		start = at;
	}
	return line == 1 ? slice_of(text.data + start, at - start) : SLICE_EMPTY;
}

static bool continues_character(char byte)
{
	return ((unsigned char)byte & 0xC0) == 0x80;
}

/* Byte index of the 1-based column. */
static size_t byte_of_column(struct slice line, uint32_t column)
{
	size_t at = 0;

	while (at < line.len && column > 1) {
		at++;
		while (at < line.len && continues_character(line.data[at]))
			at++;
		column--;
	}
	return at;
}

static size_t count_characters(struct slice text)
{
	size_t i, count = 0;

	for (i = 0; i < text.len; i++)
		count += !continues_character(text.data[i]);
	return count;
}

static void show_line(struct buffer *errors, struct slice line, uint32_t column)
{
	size_t at = byte_of_column(line, column), from = at > SHOWN_BYTES ? at - SHOWN_BYTES : 0;
	size_t to = line.len - at > SHOWN_BYTES ? at + SHOWN_BYTES : line.len, before, width;

	while (from < at && continues_character(line.data[from]))
		from++;
	while (to > at && to < line.len && continues_character(line.data[to]))
		to--;
	buffer_add_text(errors, "  ");
	before = errors->len;
	text_add_visible(errors, slice_of(line.data + from, at - from));
	if (errors->error < 0)
		return;
	width = count_characters(slice_of(errors->data + before, errors->len - before));
	text_add_visible(errors, slice_of(line.data + at, to - at));
	buffer_printf(errors, "\n  %*s^\n", (int)width, "");
}

void yaml_complain(struct buffer *errors, const char *name, struct slice text, uint32_t line, uint32_t column,
		   const char *format, ...)
{
	char message[512];
	struct slice shown;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	buffer_printf(errors, "%s:%u:%u: ", name, line, column);
	text_add_visible(errors, slice_from(message));
	buffer_add_char(errors, '\n');
	shown = find_line(text, line);
	if (shown.len > 0)
		show_line(errors, shown, column);
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours between two words of at most NEAREST_BYTES. */
static uint32_t distance(struct slice a, struct slice b)
{
	uint32_t rows[3][NEAREST_BYTES + 1], *older = rows[0], *old = rows[1], *now = rows[2], *spare;
	size_t i, j;

	for (j = 0; j <= b.len; j++)
		old[j] = (uint32_t)j;
	for (i = 1; i <= a.len; i++) {
		now[0] = (uint32_t)i;
		for (j = 1; j <= b.len; j++) {
			now[j] = least(least(old[j], now[j - 1]) + 1, old[j - 1] + (a.data[i - 1] != b.data[j - 1]));
			if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1])
				now[j] = least(now[j], older[j - 2] + 1);
		}
		spare = older;
		older = old;
		old = now;
		now = spare;
	}
	return old[b.len];
}

const char *yaml_nearest(struct slice word, const char *const *known)
{
	/* One slip in three letters, and one more: beyond that it is another word. */
	uint32_t best_distance = (uint32_t)word.len / 3 + 2;
	const char *best = NULL;

	if (word.len > NEAREST_BYTES)
		return NULL;
	for (; *known != NULL; known++) {
		struct slice candidate = slice_from(*known);
		uint32_t found;

		if (candidate.len > NEAREST_BYTES)
			continue;
		found = distance(word, candidate);
		if (found < best_distance) {
			best_distance = found;
			best = *known;
		}
	}
	return best;
}

static bool is_known(struct slice key, const char *const *known)
{
	for (; *known != NULL; known++)
		if (slice_is(key, *known))
			return true;
	return false;
}

uint32_t yaml_check_keys(struct buffer *errors, const char *name, struct slice text, const struct yaml_node *mapping,
			 const char *const *known)
{
	const struct yaml_node *entry;
	uint32_t count = 0;

	if (mapping == NULL || mapping->kind != YAML_MAPPING)
		return 0;
	for (entry = mapping->first; entry != NULL; entry = entry->next) {
		const char *nearest;

		if (is_known(entry->key, known))
			continue;
		count++;
		nearest = yaml_nearest(entry->key, known);
		yaml_complain(errors, name, text, entry->key_line, entry->key_column, "unknown key \"%.*s\"%s%s%s",
			      (int)least((uint32_t)entry->key.len, 80), entry->key.data,
			      nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
			      nearest != NULL ? "\"?" : "");
	}
	return count;
}
