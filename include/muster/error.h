/*
 * error: how trouble of our own machine travels.
 *
 * A function that can fail because of the machine (disk, memory, database, a signal) returns an int: 0 for
 * success, negative for such trouble. A negative result is forwarded unchanged by every caller and logged once,
 * where it was born. It is -errno as the operating system gave it, or one of the codes below, which lie outside
 * errno's range. Expected outcomes are positive MODULE_E_* codes, handled by the direct caller. What is wrong in
 * a sender's file is neither: it is a finding (finding.h). What is wrong in our code is an assert.
 *
 * Source    exit statuses: CONTRACT section 1.
 */
#ifndef MUSTER_ERROR_H
#define MUSTER_ERROR_H

#include <errno.h>

enum muster_error {
	MUSTER_ERROR_DB_AWAY = -4001,     /* the database cannot be opened or is not ours */
	MUSTER_ERROR_DB_CORRUPT = -4002,  /* the database is damaged: nothing more is written */
	MUSTER_ERROR_BUSY = -4003,        /* another muster, or a lock held too long */
	MUSTER_ERROR_INTERRUPTED = -4004, /* a signal asked us to stop; run again */
	MUSTER_ERROR_CONFIG = -4005,      /* the configuration cannot be used */
	MUSTER_ERROR_DENIED = -4006,      /* not allowed */
	MUSTER_ERROR_USAGE = -4007,       /* a command line that makes no sense */
	MUSTER_ERROR_INTERNAL = -4008,    /* a bug of ours, found before it did harm */
	MUSTER_ERROR_DATA = -4009,        /* a file is not what its checksum says: it was left where it is */
	MUSTER_ERROR_OUTPUT = -4010       /* an output cannot be made where it was asked for */
};

/* The exit status (CONTRACT section 1: 64..78) for a negative result. 0 gives 0. */
int muster_exit_status(int error);

/* What `error` means, in words for a person. Static storage. */
const char *muster_error_text(int error);

#endif
