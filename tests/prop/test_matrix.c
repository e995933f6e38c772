/* If a fault goes unseen, is told at the wrong place, or drags others along, a member waits for a file nobody can mend.
 */
#include "matrix.h"

static struct matrix matrix;

static int setup(void **state)
{
	matrix_init(&matrix);
	*state = &matrix;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	matrix_fini(&matrix);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sweep_834),       cmocka_unit_test(test_sweep_820),
		cmocka_unit_test(test_faults_834),      cmocka_unit_test(test_faults_820),
		cmocka_unit_test(test_faults_envelope), cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_every_code), /* last: it looks at what the others have produced */
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
