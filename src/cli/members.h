/* What the views of a member share. */
#ifndef MUSTER_CLI_MEMBERS_H
#define MUSTER_CLI_MEMBERS_H

#include <stdint.h>

struct cli;
struct member;

/* --known-at: a day (to its end) or a time. *ret_ms INT64_MAX when not given. 0 or MUSTER_ERROR_USAGE. */
int members_known_at(struct cli *cli, int64_t *ret_ms);
/* The member of the command line. 0, -ENOENT with a message, or <0. */
int members_get(struct cli *cli, const struct member **ret_member);
int members_history(struct cli *cli);

#endif
