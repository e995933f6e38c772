/*
 * money: whole cents, exact.
 *
 * Source    X12 types R and N2: x12-syntax section 5; decimals: premium-billing section 10.
 */
#ifndef MUSTER_MONEY_H
#define MUSTER_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#include "muster/slice.h"

typedef int64_t cents;
#define MONEY_TEXT_BYTES 24

/* X12 type R as an amount: `100`, `100.5`, `-25`, `.5`; not more than two decimals, at most 15 digits before. */
bool money_parse_r(struct slice text, cents *ret_cents);
/* `1234.56` with optional minus; the CSV form (CONTRACT section 3). */
bool money_parse_csv(struct slice text, cents *ret_cents);
/* Their sum. Over an end of the scale (INT64_MAX, -INT64_MAX) it stays there, whatever is added: no honest total. */
cents money_add(cents a, cents b);
/* `-1234.56`. Returns `out`. */
char *money_format(cents amount, char out[MONEY_TEXT_BYTES]);

#endif
