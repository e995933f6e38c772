/*
 * region: which of the plan's regions an address lies in.
 *
 * By state; in California, which has two, by the first three digits of the ZIP code: 900 to 935 is Southern, 936 to
 * 961 Northern California. Where no state was given the ZIP code says it. Vancouver and the other towns of Washington
 * on the Columbia belong to the Northwest with Oregon, so all of Washington does here.
 *
 * Source    regions: BUSINESS (opening), B12; ranges of ZIP codes: the Postal Service's three-digit prefixes.
 */
#ifndef MUSTER_REGION_H
#define MUSTER_REGION_H

#include "muster/slice.h"

/* "NCAL", "SCAL", "NW", "CO", "GA", "MAS", "HI", "OH"; empty where the plan has no region. Static text. */
struct slice region_of(struct slice state, struct slice zip);

#endif
