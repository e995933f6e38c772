/* habits: keys that map names of the partner's to facts or meanings of ours. */
#ifndef MUSTER_PROFILE_HABITS_H
#define MUSTER_PROFILE_HABITS_H

#include "keys.h"

/* Read cat_map and cob_rules into a struct profile_text. 0 or -ENOMEM; faults as in keys.h. */
int habits_read_categories(struct key_reader *reader, const struct yaml_node *node, void *target);
int habits_read_cob(struct key_reader *reader, const struct yaml_node *node, void *target);

#endif
