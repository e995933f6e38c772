/*
 * fuzz: what fuzz targets share.
 *
 * A target must stand any bytes: no crash, no sanitizer report, no false claim. What must hold is said by FUZZ_CLAIM,
 * which stops at the first that does not.
 */
#ifndef MUSTER_TESTS_FUZZ_H
#define MUSTER_TESTS_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "muster/env.h"
#include "muster/hash.h"

#define FUZZ_CLAIM(claim)                                                                                              \
	do {                                                                                                           \
		if (!(claim)) {                                                                                        \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim);                     \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The real world, set up once. */
__attribute__((unused)) static struct env *fuzz_env(void)
{
	static struct env env;

	if (env.reallocate == NULL) {
		FUZZ_CLAIM(hash_setup() == 0);
		env_real_init(&env);
	}
	return &env;
}

#endif
