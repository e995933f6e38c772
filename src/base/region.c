#include "muster/region.h"

#include <stddef.h>

/* A stretch of three-digit prefixes, both ends inclusive. */
static const struct {
	unsigned first, last;
	const char *state, *region;
} prefixes[] = {
	{200, 205, "DC", "MAS"}, {206, 219, "MD", "MAS"}, {220, 246, "VA", "MAS"}, {300, 319, "GA", "GA"},
	{398, 399, "GA", "GA"},  {430, 459, "OH", "OH"},  {800, 816, "CO", "CO"},  {900, 935, "CA", "SCAL"},
	{936, 961, "CA", "NCAL"}, {967, 968, "HI", "HI"}, {970, 979, "OR", "NW"},  {980, 994, "WA", "NW"},
};
#define PREFIX_COUNT (sizeof(prefixes) / sizeof(prefixes[0]))

/* 0 = no prefix. */
static unsigned prefix_of(struct slice zip)
{
	uint64_t prefix;

	return zip.len >= 3 && slice_to_u64(slice_of(zip.data, 3), &prefix) ? (unsigned)prefix : 0;
}

struct slice region_of(struct slice state, struct slice zip)
{
	unsigned prefix = prefix_of(zip);
	size_t i;

	/* The state counts; the prefix decides only where a state has two regions, or was not given. */
	for (i = 0; i < PREFIX_COUNT; i++)
		if ((slice_is_empty(state) || slice_is_code(state, prefixes[i].state)) && prefix >= prefixes[i].first &&
		    prefix <= prefixes[i].last)
			return slice_from(prefixes[i].region);
	for (i = 0; i < PREFIX_COUNT; i++)
		if (slice_is_code(state, prefixes[i].state) && !slice_is(state, "CA"))
			return slice_from(prefixes[i].region);
	return SLICE_EMPTY;
}
