#include "claims.h"

#include <errno.h>
#include <string.h>

#include "muster/env.h"

void claims_init(struct claims *claims, struct env *env)
{
	*claims = (struct claims){.env = env};
}

void claims_fini(struct claims *claims)
{
	env_free(claims->env, claims->bits);
	env_free(claims->env, claims->numbers);
}

void claims_clear(struct claims *claims)
{
	while (claims->count > 0)
		claims->bits[claims->numbers[--claims->count] / 64] = 0;
}

bool claims_has(const struct claims *claims, uint64_t member_no)
{
	return member_no / 64 < claims->words && (claims->bits[member_no / 64] >> (member_no % 64) & 1) != 0;
}

static int claims_reach(struct claims *claims, uint64_t word)
{
	uint64_t words = word + word / 2 + 64;
	uint64_t *bits;

	if (word < claims->words)
		return 0;
	bits = env_realloc(claims->env, claims->bits, words * sizeof(*bits));
	if (bits == NULL)
		return -ENOMEM;
	memset(bits + claims->words, 0, (words - claims->words) * sizeof(*bits));
	claims->bits = bits;
	claims->words = words;
	return 0;
}

int claims_add(struct claims *claims, uint64_t member_no)
{
	int r = claims_reach(claims, member_no / 64);

	if (r < 0 || claims_has(claims, member_no))
		return r;
	if (claims->count == claims->capacity) {
		uint64_t capacity = claims->capacity * 2 + 256;
		uint64_t *numbers = env_realloc(claims->env, claims->numbers, capacity * sizeof(*numbers));

		if (numbers == NULL)
			return -ENOMEM;
		claims->numbers = numbers;
		claims->capacity = capacity;
	}
	claims->numbers[claims->count++] = member_no;
	claims->bits[member_no / 64] |= UINT64_C(1) << (member_no % 64);
	return 0;
}
