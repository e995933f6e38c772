/*
 * nickname: given names and their short forms, specs/nicknames.csv.
 *
 * A name stands among the long forms of each of its short forms, so that one line tells whether two names are a pair.
 */
#include "lines.h"
#include "person.h"

static uint32_t places[8192];
static struct lines nicknames = {.file_name = "nicknames.csv", .places = places, .place_count = 8192};

struct nickname_line {
	struct slice short_forms, long_forms;
};

static bool line_find(struct slice name, struct nickname_line *ret_line)
{
	struct slice rest;
	size_t comma;

	if (!lines_find(&nicknames, '\0', name, &rest))
		return false;
	comma = slice_find(rest, ',', 0);
	*ret_line = (struct nickname_line){SLICE_EMPTY, SLICE_EMPTY};
	if (comma == rest.len)
		return true;
	ret_line->short_forms = slice_of(rest.data, comma);
	ret_line->long_forms = slice_of(rest.data + comma + 1, rest.len - comma - 1);
	return true;
}

bool match_is_in_nicknames(struct slice name)
{
	struct nickname_line line;

	return line_find(name, &line);
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
