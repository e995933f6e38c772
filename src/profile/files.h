/*
 * files: reading the small text files of a site.
 */
#ifndef MUSTER_PROFILE_FILES_H
#define MUSTER_PROFILE_FILES_H

#include "muster/arena.h"
#include "muster/buffer.h"
#include "muster/env.h"

/*
 * Read a whole file of at most `bytes_max` into the arena. MUSTER_ERROR_CONFIG with the reason in `errors` where
 * the file is at fault (not there, not readable, too long); <0 where the machine is.
 */
int profile_read_file(struct env *env, struct arena *arena, const char *path, size_t bytes_max, struct buffer *errors,
                      struct slice *ret_text);

#endif
