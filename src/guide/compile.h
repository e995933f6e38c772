/*
 * compile: one guide from YAML to flat tables. Private to guide.
 */
#ifndef MUSTER_GUIDE_COMPILE_H
#define MUSTER_GUIDE_COMPILE_H

#include "dictionary.h"

/* First eight bytes, big-endian, zeros behind: the order of keys is the order of codes. */
uint64_t guide_code_key(struct slice code);

/* Compile `root` into `arena`. 0, with complaints in `text` (then *ret_guide is not set); or <0. */
int guide_compile(struct env *env, const struct dictionary *dictionary, struct arena *arena, struct guide_text *text,
                  const struct yaml_node *root, struct guide **ret_guide);

#endif
