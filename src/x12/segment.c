/*
 * segment: the parts of an element, divided only when somebody asks.
 */
#include "muster/x12.h"

struct slice x12_part(struct slice value, char separator, uint32_t pos)
{
	size_t start = 0;

	if (pos == 0)
		return SLICE_EMPTY;
	/* An element that is not there has no bytes to point into. */
	if (separator == '\0' || value.len == 0)
		return pos == 1 ? value : SLICE_EMPTY;
	for (;;) {
		size_t stop = slice_find(value, separator, start);

		if (--pos == 0)
			return slice_of(value.data + start, stop - start);
		if (stop >= value.len)
			return SLICE_EMPTY;
		start = stop + 1;
	}
}

uint32_t x12_part_count(struct slice value, char separator)
{
	uint32_t count = 1;

	if (separator == '\0')
		return 1;
	for (size_t at = slice_find(value, separator, 0); at < value.len; at = slice_find(value, separator, at + 1))
		count++;
	return count;
}

struct slice x12_component(const struct x12_segment *segment, uint32_t pos, uint32_t component_pos)
{
	struct slice first = x12_part(x12_element(segment, pos), segment->separators->repetition, 1);

	return x12_part(first, segment->separators->component, component_pos);
}
