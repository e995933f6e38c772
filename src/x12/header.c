/*
 * header: recognises an ISA among any bytes and takes it apart.
 */
#include <string.h>

#include "header.h"

static const uint8_t widths[HEADER_ELEMENTS] = {2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1};
/* Where the separators before the elements stand. */
static const uint8_t places[HEADER_ELEMENTS] = {3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103};

#define VERSION_OFFSET 84u
#define VERSION_BYTES 5u

uint32_t header_width(uint32_t pos)
{
	return widths[pos - 1];
}

bool header_can_separate(char byte)
{
	bool letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
	bool digit = byte >= '0' && byte <= '9';

	return !letter && !digit && byte != ' ' && byte != '\0';
}

/* 106 bytes with whatever as separator in its sixteen places. */
static bool is_in_place(const char *at, size_t bytes)
{
	if (bytes < HEADER_BYTES || memcmp(at, "ISA", 3) != 0)
		return false;
	for (size_t i = 1; i < HEADER_ELEMENTS; i++) {
		if (at[places[i]] != at[places[0]])
			return false;
	}
	return slice_is_digits(slice_of(at + VERSION_OFFSET, VERSION_BYTES));
}

bool header_is_sound(const char *at, size_t bytes)
{
	return is_in_place(at, bytes) && header_can_separate(at[3]);
}

static void take_apart_by_width(const char *at, struct header *header)
{
	for (size_t i = 0; i < HEADER_ELEMENTS; i++)
		header->elements[i] = slice_of(at + places[i] + 1, widths[i]);
	header->bytes = HEADER_BYTES - 1;
}

/* True when sixteen separators, the component separator and the terminator are there. */
static bool take_apart_by_count(const char *at, size_t bytes, struct header *header, bool *ret_broken)
{
	size_t start = 4;
	size_t count = 0;

	*ret_broken = false;
	if (bytes > HEADER_BYTES_MAX)
		bytes = HEADER_BYTES_MAX;
	for (size_t i = 4; i + 2 < bytes && count < HEADER_ELEMENTS - 1; i++) {
		if (at[i] == '\n' || at[i] == '\r') {
			*ret_broken = true;
			return false;
		}
		if (at[i] != at[3])
			continue;
		header->elements[count++] = slice_of(at + start, i - start);
		start = i + 1;
	}
	*ret_broken = bytes == HEADER_BYTES_MAX;
	if (count < HEADER_ELEMENTS - 1)
		return false;
	header->elements[count] = slice_of(at + start, 1);
	header->bytes = start + 1;
	return true;
}

static enum header_shape shape_of(const struct header *header)
{
	enum header_shape shape = HEADER_SOUND;

	for (size_t i = 0; i < HEADER_ELEMENTS; i++) {
		if (header->elements[i].len > widths[i])
			return HEADER_OVERLONG;
		if (header->elements[i].len < widths[i])
			shape = HEADER_UNPADDED;
	}
	return shape;
}

/* Separators that cannot be: the sixteen were counted across the end of a header that has fewer. */
static bool is_plausible(const struct x12_separators *separators)
{
	return header_can_separate(separators->component) && header_can_separate(separators->terminator);
}

enum header_shape header_read(const char *at, size_t bytes, struct header *ret_header)
{
	enum header_shape shape = HEADER_SOUND;
	bool broken;

	if (bytes < 3 || memcmp(at, "ISA", 3) != 0)
		return HEADER_NONE;
	if (is_in_place(at, bytes)) {
		take_apart_by_width(at, ret_header);
	} else if (bytes == 3) {
		return HEADER_CUT;
	} else if (!header_can_separate(at[3]) || at[3] == '\r' || at[3] == '\n') {
		return HEADER_NONE;
	} else if (!take_apart_by_count(at, bytes, ret_header, &broken)) {
		return broken ? HEADER_BROKEN : HEADER_CUT;
	} else {
		shape = shape_of(ret_header);
	}
	ret_header->separators = (struct x12_separators){
		.element = at[3],
		.component = ret_header->elements[15].data[0],
		.repetition = ret_header->elements[10].len == 1 ? ret_header->elements[10].data[0] : '\0',
		.terminator = at[ret_header->bytes],
	};
	if (shape != HEADER_SOUND && !is_plausible(&ret_header->separators))
		return HEADER_BROKEN;
	return shape;
}

const char *header_find(const char *at, const char *end, const char *readable)
{
	while (at < end && (at = memchr(at, 'I', (size_t)(end - at))) != NULL) {
		if (header_is_sound(at, (size_t)(readable - at)))
			return at;
		at++;
	}
	return NULL;
}
