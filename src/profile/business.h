/* business: the hours and days of an office, from muster.yaml. */
#ifndef MUSTER_PROFILE_BUSINESS_H
#define MUSTER_PROFILE_BUSINESS_H

#include "keys.h"
#include "muster/calendar.h"

/* Monday to Friday, 08:00 to 17:00; no clock yet. */
void business_defaults(struct calendar *ret_calendar);
/* The mapping `business`; faults go to the reader. 0 or -ENOMEM. */
int business_read(struct key_reader *reader, const struct yaml_node *node, struct calendar *calendar);

#endif
