/* expect: which files a partner is expected to send, and when. */
#ifndef MUSTER_PROFILE_EXPECT_H
#define MUSTER_PROFILE_EXPECT_H

#include "keys.h"

/* Read expect into a struct profile_text. 0 or -ENOMEM; faults as in keys.h. */
int expect_read(struct key_reader *reader, const struct yaml_node *node, void *target);

#endif
