/* header: what stands in a set before its first member. Internal to enroll. */
#ifndef ENROLL_HEADER_H
#define ENROLL_HEADER_H

#include "gather.h"

void enroll_header_init(struct enroll_header *header);
/* Take over what a segment of the header says; values are copied into `arena`. 0 or -ENOMEM. */
int enroll_header_read(struct arena *arena, const struct x12_segment *segment, struct enroll_header *header);

#endif
