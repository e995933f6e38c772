/*
 * names: how a partner names his files (name_regex).
 *
 * A POSIX extended regular expression, with what people know from elsewhere: (?<date>...) names a group, (?:...) is
 * a group without a name, \d is a digit.
 */
#ifndef MUSTER_PROFILE_NAMES_H
#define MUSTER_PROFILE_NAMES_H

#include "keys.h"

/* Read name_regex into a struct profile_text. 0 or -ENOMEM; faults as in keys.h. */
int names_read(struct key_reader *reader, const struct yaml_node *node, void *target);

#endif
