/*
 * ageing: how much of their time the items of the queue have used (BUSINESS B4; reference/operations 4.1).
 *
 * An item's age is counted from receipt to now by the site's calendar, and held against the time that it had from receipt
 * to its due time: a calendar that was changed since does not make an item late or early.
 */
#ifndef MUSTER_CLI_AGEING_H
#define MUSTER_CLI_AGEING_H

#include "cli_internal.h"

/* Percent of an item's time that is used, 0 to 100; over 100: it is overdue. */
uint32_t ageing_percent(const struct cli *cli, int64_t created_ms, int64_t due_ms, int64_t now_ms);
/* queue ageing. */
int cli_queue_ageing(struct cli *cli);
/* At the end of a run: who is overdue, also with -q, and whose time is nearly used. */
int cli_tell_overdue(struct cli *cli);
/* "3 wait, 1 overdue" and how due times are counted, for doctor. 0 or <0. */
int ageing_summary(struct cli *cli, struct buffer *ret_queue, struct buffer *ret_rule);

#endif
