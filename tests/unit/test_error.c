/* If this failed: a nightly job would not be run again after a full disk, or be run again for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "muster/error.h"

static void test_exit_status(void **state)
{
	static const struct {
		int error, exit_status;
	} rows[] = {
		{0, 0},
		{MUSTER_ERROR_USAGE, 64},
		{-ENOENT, 66},
		{-EISDIR, 66},
		{-ELOOP, 66},
		{-EINVAL, 66}, /* not a regular file */
		{MUSTER_ERROR_DB_AWAY, 69},
		{MUSTER_ERROR_DB_CORRUPT, 70},
		{MUSTER_ERROR_INTERNAL, 70},
		{MUSTER_ERROR_DATA, 65},
		{MUSTER_ERROR_OUTPUT, 73},
		{-ENOMEM, 71},
		{-EMFILE, 71},
		{-4095, 71},
		{-EEXIST, 73},
		{-EROFS, 73},
		{-EIO, 74},
		{-ENOSPC, 74},
		{-EDQUOT, 74},
		{MUSTER_ERROR_BUSY, 75},
		{MUSTER_ERROR_INTERRUPTED, 75},
		{-EWOULDBLOCK, 75},
		{MUSTER_ERROR_DENIED, 77},
		{-EACCES, 77},
		{-EPERM, 77},
		{MUSTER_ERROR_CONFIG, 78},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (muster_exit_status(rows[i].error) != rows[i].exit_status)
			fail_msg("%d gives %d", rows[i].error, muster_exit_status(rows[i].error));
}

static void test_text(void **state)
{
	int error;

	(void)state;
	for (error = MUSTER_ERROR_OUTPUT; error <= MUSTER_ERROR_DB_AWAY; error++)
		assert_string_not_equal(muster_error_text(error), "unknown error");
	for (error = -133; error < 0; error++)
		assert_true(strlen(muster_error_text(error)) > 0);
	assert_string_equal(muster_error_text(-ENOSPC), "No space left on device");
	assert_string_equal(muster_error_text(-4095), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_status),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
