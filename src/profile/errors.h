/* errors: what a partner calls errors, and by when he answers (error_report). */
#ifndef MUSTER_PROFILE_ERRORS_H
#define MUSTER_PROFILE_ERRORS_H

#include "keys.h"

/* Read error_report into a struct profile_text. 0 or -ENOMEM; faults as in keys.h. */
int errors_read(struct key_reader *reader, const struct yaml_node *node, void *target);

#endif
