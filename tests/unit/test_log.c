/* If this failed: an operator would not hear of a failure, or a file's bytes would steer his terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>

#include "muster/error.h"
#include "muster/log.h"
#include "world.h"

/* Call `say` with stderr going into a file; what was written. */
static char *heard(void (*say)(void))
{
	const char *path = world_path("stderr");
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), kept = dup(STDERR_FILENO);
	char *text;
	size_t bytes;

	assert_true(file >= 0 && kept >= 0);
	dup2(file, STDERR_FILENO);
	say();
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(file);
	assert_int_equal(io_read_file(&world.env, path, 100000, &text, &bytes), 0);
	return text;
}

static void assert_heard(void (*say)(void), const char *want)
{
	char *text = heard(say);

	assert_string_equal(text, want);
	env_free(&world.env, text);
}

static void say_all_levels(void)
{
	log_message(LOG_ERROR, "a %d", 1);
	log_message(LOG_WARNING, "b");
	log_message(LOG_NOTICE, "c");
	log_message(LOG_DEBUG, "d");
}

static void say_control_bytes(void)
{
	log_message(LOG_ERROR, "x\x1b[2J\ny\x7f");
}

static void say_failure(void)
{
	assert_int_equal(log_failure(-ENOSPC, "write %s", "out/a.999"), -ENOSPC);
}

static void say_at_length(void)
{
	log_message(LOG_ERROR, "%0100000d", 1);
}

static void test_levels(void **state)
{
	(void)state;
	assert_heard(say_all_levels, "muster: error: a 1\nmuster: warning: b\nmuster: notice: c\n");
	log_set_level(LOG_ERROR);
	assert_heard(say_all_levels, "muster: error: a 1\n");
	log_set_level(LOG_DEBUG);
	assert_heard(say_all_levels, "muster: error: a 1\nmuster: warning: b\nmuster: notice: c\nmuster: debug: d\n");
	log_set_level(LOG_NOTICE);
}

static void test_one_line(void **state)
{
	char *text;

	(void)state;
	assert_heard(say_control_bytes, "muster: error: x?[2J?y?\n");
	assert_heard(say_failure, "muster: error: write out/a.999: No space left on device\n");
	text = heard(say_at_length);
	assert_in_range(strlen(text), 1000, 20000);
	assert_int_equal(text[strlen(text) - 1], '\n');
	env_free(&world.env, text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_one_line),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
