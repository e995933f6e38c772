/*
 * frequency: how rare a name is, by specs/name-frequencies.csv: lines "F,MARY,56", tenths of a bit.
 *
 * That two strangers share the name SMITH says much less than that they share SZYMANSKI.
 */
#include "lines.h"
#include "person.h"

/* -log2 of 2^-15: names that are not listed are this rare, and never rarer. */
#define UNLISTED_MILLIBITS 15000

static uint32_t places[16384];
static struct lines frequencies = {
	.file_name = "name-frequencies.csv", .has_kinds = true, .places = places, .place_count = 16384};

int32_t match_name_millibits(char kind, struct slice name)
{
	struct slice rest;
	int32_t tenths = 0;
	size_t at;

	if (!lines_find(&frequencies, kind, name, &rest))
		return UNLISTED_MILLIBITS;
	for (at = 0; at < rest.len && rest.data[at] >= '0' && rest.data[at] <= '9'; at++)
		tenths = tenths * 10 + (rest.data[at] - '0');
	return tenths * 100;
}
