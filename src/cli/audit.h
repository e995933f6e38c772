/* The anchors of the audit trail (anchor.h), where this site keeps them. */
#ifndef MUSTER_CLI_AUDIT_H
#define MUSTER_CLI_AUDIT_H

#include "cli_internal.h"
#include "muster/anchor.h"

/* The trail as this command leaves it, if it has added to it. 0 or <0, said already. */
int audit_anchor(struct cli *cli);
/* Compare; what is found in words, without a line end. */
int audit_look(struct cli *cli, const char *anchors, struct anchor_report *ret_report, struct buffer *ret_words);

#endif
