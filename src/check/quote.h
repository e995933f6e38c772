/* quote: shown text and its columns. */
#ifndef MUSTER_CHECK_QUOTE_H
#define MUSTER_CHECK_QUOTE_H

#include <stdint.h>

#include "muster/slice.h"

/* The byte where column `column` (from 0) begins; text.len behind the last. A character is one column. */
size_t quote_byte_of(struct slice text, uint32_t column);

#endif
