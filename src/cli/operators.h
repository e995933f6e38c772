/*
 * operators: who works on the queue and on members, and what each may do (BUSINESS B10).
 *
 * Nobody listed in the database: everybody who can open it may do everything, under the login name or the one that
 * --operator says. As soon as one operator is listed, an id belongs to the login name that is entered for it (its own
 * where none is), and each verb wants a privilege of the operator's role. Who is not listed may look and start the
 * night's run, no more.
 *
 * What this cannot hold is whoever can write the database file by other means: that is the machine's to guard.
 */
#ifndef MUSTER_CLI_OPERATORS_H
#define MUSTER_CLI_OPERATORS_H

#include "cli_internal.h"

enum privilege {
	MAY_RUN,     /* start the night's run over the drop folders */
	MAY_RESOLVE, /* decide on items of the queue */
	MAY_RELEASE, /* let a held set go on */
	MAY_UNDO,
	MAY_FILES,   /* process and load files that he names */
	MAY_ORDER,   /* about contracts */
	MAY_PURGE,   /* remove what was kept long enough, place and lift legal holds */
	MAY_BACKUP,  /* copy the database, with everybody in it */
	MAY_PROMOTE, /* put a model of the matcher to work */
	MAY_RENUMBER, /* let a partner's control numbers begin anew */
	MAY_RESTART, /* anchor the audit trail anew */
	MAY_USERS,   /* say who may what */
	PRIVILEGE_COUNT
};

/*
 * Who is at work, and may he do what the verb does? Once, when the database is open. 0, or MUSTER_ERROR_DENIED with the
 * reason said.
 */
int operators_admit(struct cli *cli);
/* May the one who was admitted do this, too? */
bool operators_allow(const struct cli *cli, enum privilege privilege);
/* May items be his? Always where nobody is listed. 0 with the answer, or <0. */
int operators_is_active(struct cli *cli, struct slice operator_id, bool *ret_active);
/* Is there such a role? */
bool operators_is_role(struct slice role);
/* What a role may, as words joined by commas. data NULL = no memory. */
struct slice operators_role_text(struct arena *arena, struct slice role);
/* Who this process belongs to. */
struct slice operators_login(struct cli *cli);
/* For doctor: how many of each role, and which login names serve several of them; empty where nobody is listed. */
int operators_summary(struct cli *cli, struct buffer *ret_text, struct buffer *ret_shared);

#endif
