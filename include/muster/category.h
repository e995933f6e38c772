/*
 * category: the reasons for which a record waits for a representative.
 *
 * Source    tbl/categories.h.
 */
#ifndef MUSTER_CATEGORY_H
#define MUSTER_CATEGORY_H

#include <stdbool.h>

#include "muster/slice.h"

enum urgency { URGENCY_URGENT, URGENCY_HIGH, URGENCY_NORMAL, URGENCY_LOW };

enum category {
#define X(name, severity, question, guidance) CATEGORY_##name,
#include "muster/tbl/categories.h"
#undef X
	CATEGORY_COUNT
};

/* What a partner agreed on about errors of a category: what he calls their weight, and when he is to answer. */
struct error_class {
	struct slice severity; /* empty: nothing was agreed */
	int32_t hours;         /* from receipt; 0 = nothing was agreed */
};

const char *category_name(enum category category);
const char *category_guidance(enum category category);
enum urgency category_urgency(enum category category);
/* Is the question who is meant? Else it is what to do about somebody or something known. */
bool category_asks_who(enum category category);
/* "urgent", "high", "normal", "low". */
const char *urgency_name(enum urgency urgency);
bool category_of(struct slice name, enum category *ret_category);

#endif
