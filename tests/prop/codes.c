/* Every finding code is produced by a case of the matrix, or stands here with the place where it is. */
#include <stdio.h>
#include <string.h>

#include "matrix.h"

static const struct {
	enum finding_code code;
	const char *why;
} elsewhere[] = {
	{FINDING_INTERCHANGE_RECEIVER_UNKNOWN, "wants a partner's profile: tests/unit/test_check_walk.c"},
	{FINDING_TSET_FINDINGS_LIMIT, "wants a thousand faults: tests/unit/test_check_walk.c"},
	{FINDING_SEGMENT_NOT_USED, "wants a partner's overlay: tests/unit/test_agreed.c"},
	{FINDING_ELEMENT_CHARSET, "wants a partner who agreed to the basic set: tests/unit/test_agreed.c"},
	{FINDING_ELEMENT_CASE, "wants a partner who agreed to capitals: tests/unit/test_agreed.c"},
};

static bool is_elsewhere(enum finding_code code)
{
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (elsewhere[i].code == code)
			return true;
	return false;
}

void test_every_code(void **state)
{
	const struct matrix *matrix = *state;
	uint32_t produced = 0, wrong = 0;
	for (int i = 0; i < FINDING_CODE_COUNT; i++) {
		enum finding_code code = (enum finding_code)i;
		produced += matrix->produced[code];
		if (matrix->produced[code] != is_elsewhere(code))
			continue;
		wrong++;
		printf("#   %s is %s\n", finding_row(code)->code,
		       is_elsewhere(code) ? "said to be elsewhere, but is here" : "nowhere");
	}
	printf("# %u of %u finding codes produced here\n", produced, (unsigned)FINDING_CODE_COUNT);
	fflush(stdout);
	assert_int_equal(wrong, 0);
}
