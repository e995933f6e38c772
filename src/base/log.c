/*
 * log: one line a message, to stderr.
 */
#include <stdarg.h>
#include <stdio.h>

#include "muster/error.h"
#include "muster/log.h"

/* Longer messages are cut: nothing we say needs more than a path and a sentence. */
#define LOG_LINE_BYTES 8192

static enum log_level level_max = LOG_NOTICE;

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_NOTICE] = "notice",
	[LOG_DEBUG] = "debug",
};

void log_set_level(enum log_level level)
{
	level_max = level;
}

/* The last fence: whoever logs a partner's bytes escapes them (text.h), but a terminal must never obey one. */
static void say(enum log_level level, char *line, const char *reason)
{
	char *at;

	for (at = line; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	fprintf(stderr, "muster: %s: %s%s%s\n", level_names[level], line, reason != NULL ? ": " : "",
		reason != NULL ? reason : "");
}

void log_message(enum log_level level, const char *format, ...)
{
	char line[LOG_LINE_BYTES];
	va_list arguments;

	if (level > level_max)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	say(level, line, NULL);
}

int log_failure(int error, const char *format, ...)
{
	char line[LOG_LINE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	say(LOG_ERROR, line, muster_error_text(error));
	return error;
}
