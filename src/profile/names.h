/*
 * names: how a partner names his files (name_regex), and what his files are by a word in or on them.
 *
 * name_regex is a POSIX extended regular expression, with what people know from elsewhere: (?<date>...) names a group, (?:...) is
 * a group without a name, \d is a digit.
 */
#ifndef MUSTER_PROFILE_NAMES_H
#define MUSTER_PROFILE_NAMES_H

#include "keys.h"

/* Read name_regex into a struct profile_text. 0 or -ENOMEM; faults as in keys.h. */
int names_read(struct key_reader *reader, const struct yaml_node *node, void *target);
/* The same for bgn08_map and modes_by_name: what a file is by its BGN08, and by the type in its name. */
int names_read_actions(struct key_reader *reader, const struct yaml_node *node, void *target);
int names_read_types(struct key_reader *reader, const struct yaml_node *node, void *target);

#endif
