/*
 * frequency: how rare a name is, by specs/name-frequencies.csv: lines "F,MARY,56", tenths of a bit.
 *
 * That two strangers share the name SMITH says much less than that they share SZYMANSKI.
 */
#include "lines.h"
#include "person.h"

/* -log2 of 2^-15: names that are not listed are this rare, and never rarer. */
#define UNLISTED_MILLIBITS 15000

static uint32_t places[32768];
static struct lines frequencies = {
	.file_name = "name-frequencies.csv", .has_kinds = true, .places = places, .place_count = 32768};

/* False where the list does not have it; *ret_tenths of bits else. */
static bool find(char kind, struct slice name, int32_t *ret_tenths)
{
	struct slice rest;
	int32_t tenths = 0;
	size_t at;

	if (!lines_find(&frequencies, kind, name, &rest))
		return false;
	for (at = 0; at < rest.len && rest.data[at] >= '0' && rest.data[at] <= '9'; at++)
		tenths = tenths * 10 + (rest.data[at] - '0');
	*ret_tenths = tenths;
	return true;
}

int32_t match_name_millibits(char kind, struct slice name)
{
	int32_t tenths;

	return find(kind, name, &tenths) ? tenths * 100 : UNLISTED_MILLIBITS;
}

/* Lists of the country's names, its newer and rarer ones (kind G), and short forms. */
static bool is_listed(struct slice name)
{
	int32_t tenths;

	return find('F', name, &tenths) || find('G', name, &tenths) || match_is_in_nicknames(name);
}

bool match_is_given_name(const struct match_name *name)
{
	uint32_t i;

	if (is_listed(slice_from(name->compact)))
		return true;
	for (i = 0; i < name->token_count && is_listed(name->tokens[i]); i++)
		;
	return name->token_count > 1 && i == name->token_count;
}
