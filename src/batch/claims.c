#include "claims.h"

#include <assert.h>
#include <string.h>

#include "muster/error.h"

#define CLAIMS_FIRST_CAPACITY 1024u

/* Where the number stands, or the free slot where it would. */
static uint32_t claims_slot(const struct claims *claims, uint64_t member_no)
{
	uint64_t hash = member_no * UINT64_C(0x9E3779B97F4A7C15);
	uint32_t mask = claims->capacity - 1, slot = (uint32_t)(hash >> 32) & mask;

	while (claims->slots[slot] != 0 && claims->slots[slot] != member_no)
		slot = (slot + 1) & mask;
	return slot;
}

static int claims_grow(struct claims *claims, struct env *env)
{
	struct claims grown = {.capacity = claims->capacity > 0 ? claims->capacity * 2 : CLAIMS_FIRST_CAPACITY};
	uint32_t i;

	grown.slots = env_alloc(env, grown.capacity * sizeof(*grown.slots));
	if (grown.slots == NULL)
		return -ENOMEM;
	grown.count = claims->count;
	for (i = 0; i < claims->capacity; i++)
		if (claims->slots[i] != 0)
			grown.slots[claims_slot(&grown, claims->slots[i])] = claims->slots[i];
	env_free(env, claims->slots);
	*claims = grown;
	return 0;
}

int claims_add(struct claims *claims, struct env *env, uint64_t member_no)
{
	uint32_t slot;

	assert(member_no != 0);
	/* Half full at most: a look-up ends soon at a free slot. */
	if (claims->count >= claims->capacity / 2 && claims_grow(claims, env) < 0)
		return -ENOMEM;
	slot = claims_slot(claims, member_no);
	claims->count += claims->slots[slot] == 0;
	claims->slots[slot] = member_no;
	return 0;
}

bool claims_has(const struct claims *claims, uint64_t member_no)
{
	return claims->count > 0 && claims->slots[claims_slot(claims, member_no)] == member_no;
}

void claims_clear(struct claims *claims)
{
	if (claims->count > 0)
		memset(claims->slots, 0, claims->capacity * sizeof(*claims->slots));
	claims->count = 0;
}

void claims_fini(struct claims *claims, struct env *env)
{
	env_free(env, claims->slots);
	*claims = (struct claims){0};
}
