#include "lines.h"

#include <assert.h>

#include "muster/specs.h"

static uint32_t place_of(const struct lines *lines, char kind, struct slice name)
{
	uint32_t hash = UINT32_C(0x811C9DC5) ^ (unsigned char)kind;
	size_t i;

	for (i = 0; i < name.len; i++)
		hash = (hash * UINT32_C(0x01000193)) ^ (unsigned char)name.data[i];
	return (hash ^ hash >> 15) & (lines->place_count - 1);
}

/* The name of the line that begins at `begin`. */
static struct slice name_at(const struct lines *lines, size_t begin)
{
	size_t from = begin + (lines->has_kinds ? 2 : 0);

	return slice_of(lines->file.data + from, slice_find(lines->file, ',', from) - from);
}

/* No list begins with an entry: what it is stands before. So no place is 0. */
static void note_lines(struct lines *lines)
{
	size_t begin, count = 0;

	lines->file = specs_find(lines->file_name);
	for (begin = 0; begin < lines->file.len; begin = slice_find(lines->file, '\n', begin) + 1) {
		uint32_t place;

		if (lines->file.data[begin] == '#')
			continue;
		count++;
		assert(begin > 0 && count < lines->place_count);
		place = place_of(lines, lines->has_kinds ? lines->file.data[begin] : '\0', name_at(lines, begin));
		while (lines->places[place] != 0)
			place = (place + 1) & (lines->place_count - 1);
		lines->places[place] = (uint32_t)begin;
	}
}

/* Is this the line's name? It ends with a comma there. */
static bool is_named(const struct lines *lines, size_t at, struct slice name)
{
	return lines->file.len - at > name.len && memcmp(lines->file.data + at, name.data, name.len) == 0 &&
	       lines->file.data[at + name.len] == ',';
}

bool lines_find(struct lines *lines, char kind, struct slice name, struct slice *ret_rest)
{
	uint32_t place;
	size_t at;

	if (name.len == 0)
		return false;
	if (lines->file.len == 0)
		note_lines(lines);
	for (place = place_of(lines, kind, name); lines->places[place] != 0;
	     place = (place + 1) & (lines->place_count - 1)) {
		at = lines->places[place];
		if (lines->has_kinds && lines->file.data[at] != kind)
			continue;
		at += lines->has_kinds ? 2 : 0;
		if (!is_named(lines, at, name))
			continue;
		at += name.len + 1;
		*ret_rest = slice_of(lines->file.data + at, slice_find(lines->file, '\n', at) - at);
		return true;
	}
	return false;
}
