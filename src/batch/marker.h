/*
 * marker: what a partner puts beside a file to say that it has arrived whole (arrival: done-marker, promise P1).
 *
 * `x.edi.done` says it by being there. `x.edi.sha256` says it of these bytes only: it begins with their SHA-256 in
 * hexadecimal digits, as sha256sum writes it (also with --tag); whatever name stands behind is the sender's own.
 */
#ifndef MUSTER_BATCH_MARKER_H
#define MUSTER_BATCH_MARKER_H

#include <stdbool.h>

#include "muster/env.h"
#include "muster/hash.h"

/* Is this the name of a marker? */
bool marker_is_name(const char *name);
/* Does a marker of either kind stand beside the file at `path`? */
bool marker_is_there(struct env *env, const char *path);
/*
 * What its .sha256 tells of the file's bytes, if there is one. 0, MARKER_E_ILLEGIBLE where it tells of no SHA-256 (it may
 * still be arriving), or -errno.
 */
enum { MARKER_E_ILLEGIBLE = 1 };
int marker_checksum(struct env *env, const char *path, bool *ret_told, struct hash *ret_hash);
/* The file was claimed: its markers go, but for those that are newer than `until_ns` (st_mtim). 0 or -errno. */
int marker_forget(struct env *env, const char *path, int64_t until_ns);

#endif
