/*
 * nickname: given names and their short forms.
 *
 * specs/nicknames.csv is searched in place by halving: its lines are sorted bytewise by name, and those that start
 * with '#' sort before all names. No table is built, nothing is allocated. A name stands among the long forms of each of
 * its short forms, so that one line tells whether two names are a pair.
 */
#include "person.h"

#include "muster/specs.h"

struct nickname_line {
	struct slice name, short_forms, long_forms;
};

static struct nickname_line line_at(struct slice file, size_t begin)
{
	size_t end = slice_find(file, '\n', begin), first = slice_find(file, ',', begin), second;
	struct nickname_line line = {SLICE_EMPTY, SLICE_EMPTY, SLICE_EMPTY};

	if (first >= end)
		return line;
	second = slice_find(file, ',', first + 1);
	line.name = slice_of(file.data + begin, first - begin);
	if (second < end) {
		line.short_forms = slice_of(file.data + first + 1, second - first - 1);
		line.long_forms = slice_of(file.data + second + 1, end - second - 1);
	}
	return line;
}

/* The name at the start of a line against `name`, bytewise. */
static int order_line(struct slice file, size_t begin, struct slice name)
{
	size_t i;

	for (i = 0; i < name.len; i++) {
		unsigned char c = begin + i < file.len ? (unsigned char)file.data[begin + i] : ',';

		if (c == ',' || c == '\n')
			return -1;
		if (c != (unsigned char)name.data[i])
			return c < (unsigned char)name.data[i] ? -1 : 1;
	}
	return begin + i < file.len && file.data[begin + i] != ',' ? 1 : 0;
}

static bool line_find(struct slice name, struct nickname_line *ret_line)
{
	struct slice file = specs_find("nicknames.csv");
	size_t low = 0, high = file.len, begin;
	int order;

	while (low < high) {
		/* Back from the middle to the start of its line. */
		for (begin = low + (high - low) / 2; begin > low && file.data[begin - 1] != '\n'; begin--)
			;
		order = order_line(file, begin, name);
		if (order == 0) {
			*ret_line = line_at(file, begin);
			return true;
		}
		if (order > 0)
			high = begin;
		else
			low = slice_find(file, '\n', begin) + 1;
	}
	return false;
}

/* Is `word` one of the blank-separated words of `list`? */
static bool list_has(struct slice list, struct slice word)
{
	size_t at = 0, end;

	while (at < list.len) {
		end = slice_find(list, ' ', at);
		if (slice_equal(slice_of(list.data + at, end - at), word))
			return true;
		at = end + 1;
	}
	return false;
}

static bool lists_meet(struct slice a, struct slice b)
{
	size_t at = 0, end;

	while (at < a.len) {
		end = slice_find(a, ' ', at);
		if (list_has(b, slice_of(a.data + at, end - at)))
			return true;
		at = end + 1;
	}
	return false;
}

enum match_nickname match_nickname(struct slice a, struct slice b)
{
	struct nickname_line of_a, of_b;

	if (!line_find(a, &of_a))
		return NICKNAME_NONE;
	if (list_has(of_a.short_forms, b) || list_has(of_a.long_forms, b))
		return NICKNAME_DIRECT;
	if (of_a.long_forms.len == 0 || !line_find(b, &of_b))
		return NICKNAME_NONE;
	return lists_meet(of_a.long_forms, of_b.long_forms) ? NICKNAME_SHARED : NICKNAME_NONE;
}
