/*
 * path: names of files, put together without being cut short.
 */
#ifndef MUSTER_PATH_H
#define MUSTER_PATH_H

#include <stdbool.h>

#include "muster/limits.h"

/* printf into a path. 0, or -ENAMETOOLONG: then `out` is empty and must not be used. */
int path_format(char out[LIMIT_PATH_BYTES], const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What stands behind the last slash. */
const char *path_leaf(const char *path);
/* Does the file lie in a folder of this name? */
bool path_is_in(const char *path, const char *folder);

#endif
