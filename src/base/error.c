/*
 * error: codes into exit statuses and words.
 */
#define _GNU_SOURCE /* strerrordesc_np */
#include <string.h>

#include "muster/error.h"

/* Exit statuses of CONTRACT section 1, with the names of sysexits. */
enum {
	EXIT_USAGE = 64,
	EXIT_DATA = 65,
	EXIT_NO_INPUT = 66,
	EXIT_DB_AWAY = 69,
	EXIT_INTERNAL = 70,
	EXIT_OS = 71,
	EXIT_CANNOT_CREATE = 73,
	EXIT_IO = 74,
	EXIT_RUN_AGAIN = 75,
	EXIT_DENIED = 77,
	EXIT_CONFIG = 78
};

static const struct {
	int error;
	int exit_status;
	const char *text; /* NULL: the operating system's words */
} rows[] = {
	{MUSTER_ERROR_DB_AWAY, EXIT_DB_AWAY, "the database cannot be opened, or is not muster's"},
	{MUSTER_ERROR_DB_CORRUPT, EXIT_INTERNAL, "the database is damaged; nothing more is written to it"},
	{MUSTER_ERROR_BUSY, EXIT_RUN_AGAIN, "another muster is at work, or a lock was held too long; run again"},
	{MUSTER_ERROR_INTERRUPTED, EXIT_RUN_AGAIN, "interrupted; run again to go on"},
	{MUSTER_ERROR_CONFIG, EXIT_CONFIG, "the configuration cannot be used"},
	{MUSTER_ERROR_DENIED, EXIT_DENIED, "not allowed"},
	{MUSTER_ERROR_USAGE, EXIT_USAGE, "the command line makes no sense"},
	{MUSTER_ERROR_INTERNAL, EXIT_INTERNAL, "a fault inside muster, found before it did harm"},
	{MUSTER_ERROR_DATA, EXIT_DATA, "its bytes are not those that its .sha256 tells of"},
	{MUSTER_ERROR_OUTPUT, EXIT_CANNOT_CREATE, "the output cannot be made"},
	{-ENOENT, EXIT_NO_INPUT, "no such file"},
	{-ENOTDIR, EXIT_NO_INPUT, NULL},
	{-EISDIR, EXIT_NO_INPUT, "a folder, not a file"},
	{-ELOOP, EXIT_NO_INPUT, "a symbolic link; name what it points to"},
	{-ENAMETOOLONG, EXIT_NO_INPUT, NULL},
	/* Born in env_open_input, for what is there but cannot be an input. */
	{-EINVAL, EXIT_NO_INPUT, "not a regular file"},
	{-EEXIST, EXIT_CANNOT_CREATE, NULL},
	{-ENOTEMPTY, EXIT_CANNOT_CREATE, NULL},
	{-EROFS, EXIT_CANNOT_CREATE, NULL},
	{-EXDEV, EXIT_CANNOT_CREATE, NULL},
	{-EIO, EXIT_IO, NULL},
	{-ENOSPC, EXIT_IO, NULL},
	{-EDQUOT, EXIT_IO, NULL},
	{-EFBIG, EXIT_IO, NULL},
	{-ESTALE, EXIT_IO, NULL},
	{-EBADF, EXIT_IO, NULL},
	{-EPIPE, EXIT_IO, NULL},
	{-EAGAIN, EXIT_RUN_AGAIN, NULL},
	{-EBUSY, EXIT_RUN_AGAIN, NULL},
	{-EINTR, EXIT_RUN_AGAIN, NULL},
	{-EDEADLK, EXIT_RUN_AGAIN, NULL},
	{-EACCES, EXIT_DENIED, NULL},
	{-EPERM, EXIT_DENIED, NULL},
	{-ENOMEM, EXIT_OS, "out of memory"},
};

int muster_exit_status(int error)
{
	size_t i;

	if (error == 0)
		return 0;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].error == error)
			return rows[i].exit_status;
	return EXIT_OS;
}

const char *muster_error_text(int error)
{
	const char *text;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].error == error && rows[i].text != NULL)
			return rows[i].text;
	/* Static words for the known numbers, unlike strerror's, which may be overwritten. */
	text = strerrordesc_np(-error);
	return text != NULL ? text : "unknown error";
}
