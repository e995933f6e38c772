/* backup: copies of the database that somebody can go back to. */
#ifndef MUSTER_CLI_BACKUP_H
#define MUSTER_CLI_BACKUP_H

#include "cli_internal.h"

/* When the last one was made, as the database knows it; 0 = none. 0 or <0. */
int backup_last(struct cli *cli, int64_t *ret_ms);

#endif
