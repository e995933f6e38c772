/*
 * Places of a guide as people write them, in rules, overlays and severities.
 *
 * Segment ids have two or three characters and positions two digits, so "N402" can only be element 02 of N4. Loop ids
 * may look the same ("2750"): what is a loop of the guide is a loop.
 */
#include "muster/guide.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_capital_or_digit(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z');
}

static struct slice cut(struct slice s, size_t from, size_t to)
{
	return from < to ? slice_of(s.data + from, to - from) : SLICE_EMPTY;
}

/* "-1" behind an element. */
static bool parse_component(struct slice text, uint8_t *ret_component_pos)
{
	if (text.len != 2 || text.data[0] != '-' || text.data[1] < '1' || text.data[1] > '9')
		return false;
	*ret_component_pos = (uint8_t)(text.data[1] - '0');
	return true;
}

/* "INS", "INS03", "INS06-1". */
static bool parse_segment(struct slice text, struct guide_path *path)
{
	size_t dash = slice_find(text, '-', 0), i;

	if (dash < text.len && !parse_component(cut(text, dash, text.len), &path->component_pos))
		return false;
	path->segment = cut(text, 0, dash);
	if (path->segment.len >= 4 || dash < text.len) {
		if (path->segment.len < 4 || !is_digit(text.data[dash - 1]) || !is_digit(text.data[dash - 2]))
			return false;
		path->pos = (uint8_t)((text.data[dash - 2] - '0') * 10 + (text.data[dash - 1] - '0'));
		path->segment.len -= 2;
		if (path->pos == 0)
			return false;
	}
	for (i = 0; i < path->segment.len; i++)
		if (!is_capital_or_digit(path->segment.data[i]))
			return false;
	return path->segment.len == 2 || path->segment.len == 3;
}

uint16_t guide_loop_find(const struct guide *guide, struct slice id)
{
	uint16_t i;

	for (i = 0; i < guide->loop_count; i++)
		if (slice_is(id, guide->loops[i].id))
			return i;
	return GUIDE_NONE;
}

bool guide_path_parse(const struct guide *guide, struct slice text, struct guide_path *ret_path)
{
	struct guide_path path = {.in_loop = false};
	size_t bar = slice_find(text, '/', 0);
	struct slice rest = text;
	size_t star;

	if (text.len > 0 && guide_loop_find(guide, text) != GUIDE_NONE) {
		*ret_path = (struct guide_path){.loop = text, .in_loop = true};
		return true;
	}
	if (bar < text.len) {
		path.in_loop = true;
		path.loop = cut(text, 0, bar);
		rest = cut(text, bar + 1, text.len);
	}
	star = slice_find(rest, '*', 0);
	if (star < rest.len) {
		path.qualifier = cut(rest, star + 1, rest.len);
		rest = cut(rest, 0, star);
		if (path.qualifier.len == 0)
			return false;
	}
	/* "/" alone is the set itself. */
	if (!(rest.len == 0 && path.in_loop && path.loop.len == 0 && path.qualifier.len == 0) &&
	    !parse_segment(rest, &path))
		return false;
	*ret_path = path;
	return true;
}

bool guide_path_has(const struct guide *guide, const struct guide_path *path, uint16_t segment_index)
{
	const struct guide_segment *segment = &guide->segments[segment_index];

	if (!slice_is(path->segment, segment->id))
		return false;
	if (path->in_loop && !slice_is(path->loop, "*") && !slice_is(path->loop, guide->loops[segment->loop].id))
		return false;
	return path->qualifier.len == 0 || guide_segment_matches(guide, segment, path->segment, path->qualifier);
}
