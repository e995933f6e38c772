/*
 * header: recognises an ISA among any bytes and takes it apart.
 *
 * An ISA is read by its fixed widths: sixteen equal separators at their places and five digits in ISA12. Bytes of
 * a name (ISAAC) never look like that. Only where a segment begins may an ISA also be out of shape (not padded,
 * or with an element too long): then its sixteen separators are counted, so that a TA1 can still answer it.
 *
 * Source    x12-syntax section 2.
 */
#ifndef X12_HEADER_H
#define X12_HEADER_H

#include <stdbool.h>

#include "muster/x12.h"

#define HEADER_ELEMENTS 16u
#define HEADER_BYTES 106u
/* How far the sixteenth separator of an ISA out of shape is looked for. */
#define HEADER_BYTES_MAX 256u

enum header_shape {
	HEADER_NONE,     /* no ISA */
	HEADER_SOUND,    /* 106 bytes, all separators in place */
	HEADER_UNPADDED, /* sixteen elements, some shorter than their width */
	HEADER_OVERLONG, /* sixteen elements, some longer than their width */
	HEADER_BROKEN,   /* `ISA` and a separator, but not sixteen of them: cannot be read */
	HEADER_CUT       /* the bytes end inside an ISA */
};

struct header {
	size_t bytes;                           /* without the terminator */
	struct slice elements[HEADER_ELEMENTS]; /* untrimmed, into the bytes given */
	struct x12_separators separators;       /* as they stand there; repetition = ISA11 */
};

/* A whole ISA of the right shape at `at`: nothing else looks like it, wherever it stands. */
bool header_is_sound(const char *at, size_t bytes);
/* What begins at `at`, where a segment may begin: here even a letter may separate. `bytes` is at least HEADER_BYTES_MAX
 * unless the file ends there. */
enum header_shape header_read(const char *at, size_t bytes, struct header *ret_header);
/* The first sound ISA that begins before `end`, or NULL. `readable` bytes can be looked at. */
const char *header_find(const char *at, const char *end, const char *readable);

/* The width of element `pos`, 1 to 16. */
uint32_t header_width(uint32_t pos);
/* A byte that may separate: no letter, digit, blank or NUL. */
bool header_can_separate(char byte);

#endif
