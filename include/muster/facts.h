/*
 * facts: what is kept of a person beside the fields that rules ask for; see tbl/facts.h.
 *
 * All facts of a person are one text, so that they are stored and taken back as one value: "name=value" lines in the
 * order of the table, each ended by '\n'. A fact that is empty has no line.
 *
 * Memory    the caller's arena; slices of a text are borrowed from it.
 */
#ifndef MUSTER_FACTS_H
#define MUSTER_FACTS_H

#include <stdbool.h>

#include "muster/arena.h"

enum fact {
#define X(name, weight, shown) FACT_##name,
#include "muster/tbl/facts.h"
#undef X
	FACT_COUNT
};
enum fact_shown { FACT_OPEN, FACT_ADDRESS, FACT_RESTRICTED };

const char *fact_name(enum fact fact);
enum fact_shown fact_shown(enum fact fact);
/* Does it make a change of a record that tells nothing else? */
bool fact_is_news(enum fact fact);

/* Divide a text. Lines that are no facts are left out. */
void facts_read(struct slice text, struct slice ret_values[FACT_COUNT]);
/* The text of these values; line ends inside them become blanks. data NULL = no memory. */
struct slice facts_write(struct arena *arena, const struct slice values[FACT_COUNT]);

#endif
