#include "muster/path.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int path_format(char out[LIMIT_PATH_BYTES], const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(out, LIMIT_PATH_BYTES, format, arguments);
	va_end(arguments);
	if (n >= 0 && n < (int)LIMIT_PATH_BYTES)
		return 0;
	out[0] = '\0';
	return -ENAMETOOLONG;
}

const char *path_leaf(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool path_is_in(const char *path, const char *folder)
{
	size_t n = strlen(folder), before = (size_t)(path_leaf(path) - path);

	return before > n && memcmp(path + before - n - 1, folder, n) == 0 &&
	       (before == n + 1 || path[before - n - 2] == '/');
}
