/*
 * known: short segments seen before in the set, byte for byte, and what was found out about them.
 *
 * Most segments of a file say what others said: the same plan, date, group. What depends on a segment's bytes alone
 * (its symbol, that it is sound, which facts it tells, which of its rules may apply) need not be found out again.
 * Only sound segments are remembered as such, so findings are never made from memory.
 *
 * Memory    a table of fixed size: a segment takes the slot of the one that was there.
 */
#ifndef MUSTER_CHECK_KNOWN_H
#define MUSTER_CHECK_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

/* Some hundred segments recur in a group's file; names and ids, which do not, drive out few of them. */
#define KNOWN_SLOTS 512u
/* Shorter than eight bytes is not worth it; the longer, the less likely to recur. */
#define KNOWN_BYTES_MIN 8u
#define KNOWN_BYTES_MAX 40u
/* Facts, and rules, of one segment that fit in a mask. */
#define KNOWN_MASK_MAX 64u

struct known {
	uint32_t set; /* in which the slot was taken: separators and guide are the same there; 0 = free */
	uint16_t len;
	uint16_t symbol;
	uint16_t sound; /* as which segment of the guide it is known to be sound, or PLAN_NONE */
	uint16_t ruled; /* as which `sources` and `rules` are known, or PLAN_NONE */
	const struct plan_id *id;
	/*
	 * Where it stood, if nothing is to be done there again but counting and telling its facts and day. NULL: more,
	 * or `ruled` is of another place since.
	 */
	const struct plan_node *place;
	uint64_t present; /* when sound: elements that are not empty */
	uint64_t sources; /* those of the plan's segment that it answers */
	uint64_t rules;   /* those of the plan's segment that only facts can keep from applying */
	uint32_t day;     /* of a DTP, as sense reads it; 0 = not known */
	char raw[KNOWN_BYTES_MAX];
};

static inline uint64_t known_load(const char *p)
{
	uint64_t bytes;
	memcpy(&bytes, p, sizeof(bytes));
	return bytes;
}

static inline uint32_t known_slot(struct slice raw)
{
	uint64_t mix = known_load(raw.data) * UINT64_C(0x9e3779b97f4a7c15);
	mix = (mix ^ known_load(raw.data + (raw.len - 8) / 2)) * UINT64_C(0xc2b2ae3d27d4eb4f);
	mix = (mix ^ known_load(raw.data + raw.len - 8) ^ mix >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(mix >> 48) % KNOWN_SLOTS;
}

static inline bool known_is(const struct known *known, uint32_t set, struct slice raw)
{
	if (known->set != set || known->len != raw.len)
		return false;
	for (size_t i = 0; i + 8 < raw.len; i += 8)
		if (known_load(known->raw + i) != known_load(raw.data + i))
			return false;
	return known_load(known->raw + raw.len - 8) == known_load(raw.data + raw.len - 8);
}

/* The segment takes the slot; nothing but its symbol is known of it yet. */
static inline void known_put(struct known *known, uint32_t set, struct slice raw, uint16_t symbol,
			     const struct plan_id *id)
{
	known->set = set;
	known->len = (uint16_t)raw.len;
	known->symbol = symbol;
	known->sound = known->ruled = PLAN_NONE;
	known->day = 0;
	known->place = NULL;
	known->id = id;
	for (size_t i = 0; i + 8 < raw.len; i += 8)
		memcpy(known->raw + i, raw.data + i, 8);
	memcpy(known->raw + raw.len - 8, raw.data + raw.len - 8, 8);
}

static inline bool known_fits(struct slice raw)
{
	return raw.len >= KNOWN_BYTES_MIN && raw.len <= KNOWN_BYTES_MAX;
}

#endif
