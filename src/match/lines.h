/*
 * lines: a list that the program carries inside it, one entry a line, found by its name.
 *
 * A line is "NAME,..." or, in lists of several kinds, "K,NAME,..." with one letter for the kind; one that begins with
 * '#' is none. The places of all are noted at the first question, and kept as long as the program runs.
 *
 * Internal to match.
 */
#ifndef MATCH_LINES_H
#define MATCH_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "muster/slice.h"

struct lines {
	const char *file_name; /* below specs/ */
	bool has_kinds;
	uint32_t *places;      /* where each line begins, by the hash of its name; 0 = free */
	uint32_t place_count;  /* a power of two, more than there are lines */
	struct slice file;     /* empty until the first question */
};

/* What stands behind the name's comma, to the end of the line; false when it is not listed. `kind` 0: the list has none. */
bool lines_find(struct lines *lines, char kind, struct slice name, struct slice *ret_rest);

#endif
