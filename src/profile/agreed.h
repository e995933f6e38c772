/*
 * agreed: what a profile changes about the guides and the weight of findings.
 *
 * Read when all keys are known: files of codes first, then what is laid over the guides, then severities, which may
 * name anything of these.
 */
#ifndef MUSTER_PROFILE_AGREED_H
#define MUSTER_PROFILE_AGREED_H

#include "keys.h"
#include "muster/profile.h"

/* A profile being read. */
struct profile_text {
	struct profile profile;
	unsigned as_is; /* of keys that have only one supported value: nothing to keep */
	const struct yaml_node *severities, *codes, *code_files, *overlay, *require_seg;
	bool n4_county;
};

/*
 * Settle profile.check: its guides and severities. 0, also with faults (see reader->faults); PROFILE_E_GUIDES when it
 * needs guides and `guides` is NULL; <0.
 */
int agreed_settle(struct key_reader *reader, struct profile_text *values, const struct guide_set *guides);

#endif
