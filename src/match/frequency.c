/*
 * frequency: how rare a name is.
 *
 * specs/name-frequencies.csv is searched in place by halving, as nickname.c does: its lines "F,MARY,56" are sorted
 * bytewise, and those that start with '#' sort before all others. That two strangers share the name SMITH says much
 * less than that they share SZYMANSKI.
 */
#include "person.h"

#include "muster/specs.h"

/* -log2 of 2^-15: names that are not listed are this rare, and never rarer. */
#define UNLISTED_MILLIBITS 15000

/* The kind and name at the start of a line against those asked for, bytewise; *ret_tenths_at: tenths of a bit. */
static int order_line(struct slice file, size_t begin, char kind, struct slice name, size_t *ret_tenths_at)
{
	size_t i;

	if (file.data[begin] == '#')
		return -1;
	if (file.data[begin] != kind)
		return file.data[begin] < kind ? -1 : 1;
	for (begin += 2, i = 0; i < name.len; i++) {
		unsigned char c = begin + i < file.len ? (unsigned char)file.data[begin + i] : ',';

		if (c == ',')
			return -1;
		if (c != (unsigned char)name.data[i])
			return c < (unsigned char)name.data[i] ? -1 : 1;
	}
	*ret_tenths_at = begin + i + 1;
	return begin + i < file.len && file.data[begin + i] != ',' ? 1 : 0;
}

int32_t match_name_millibits(char kind, struct slice name)
{
	struct slice file = specs_find("name-frequencies.csv");
	size_t low = 0, high = file.len, begin, at;
	int32_t tenths = 0;
	int order;

	while (low < high) {
		for (begin = low + (high - low) / 2; begin > low && file.data[begin - 1] != '\n'; begin--)
			;
		order = order_line(file, begin, kind, name, &at);
		if (order == 0) {
			for (; at < file.len && file.data[at] >= '0' && file.data[at] <= '9'; at++)
				tenths = tenths * 10 + (file.data[at] - '0');
			return tenths * 100;
		}
		if (order > 0)
			high = begin;
		else
			low = slice_find(file, '\n', begin) + 1;
	}
	return UNLISTED_MILLIBITS;
}
