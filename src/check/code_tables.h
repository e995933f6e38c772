/*
 * code_tables: code sets too large to be asked for one by one and too fixed to be lists that a site replaces:
 * languages, and the states of ZIP codes.
 */
#ifndef MUSTER_CHECK_CODE_TABLES_H
#define MUSTER_CHECK_CODE_TABLES_H

#include <stdbool.h>

#include "muster/slice.h"

/* A language of ISO 639, two or three letters, or of NISO Z39.53, three; small letters as well. */
bool code_is_language(struct slice code);
/* Does `zip`, which begins with three digits, fit the state? True where nothing is known of its first three. */
bool code_is_zip_of(struct slice zip, struct slice state);

#endif
