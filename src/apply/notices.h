/* What changes ask other systems to send: see apply.h. */
#ifndef MUSTER_APPLY_NOTICES_H
#define MUSTER_APPLY_NOTICES_H

#include "muster/apply.h"

/* The notices of a changeset that has been written. `family` NULL: an order's, nobody asked for a card. */
int notices_put(struct arena *arena, const struct apply_origin *origin, const struct enroll_family *family,
                const struct changeset *changeset);

#endif
