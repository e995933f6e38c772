/*
 * anchor: heads of the audit trail, kept outside of the database (P36).
 *
 * The trail's chain shows every row that was changed, taken out, put in or exchanged, but not that its end was cut off, or
 * all of it written anew. So each command that adds rows leaves a line in a file beside the database, or better on another
 * machine: number and hash of the last row, and when. The lines may be sealed with a key (HMAC-SHA256) and go to the
 * machine's log, too. A trail that does not hold a row of which an anchor tells is not the one that was.
 *
 *     anchor 1234 <chain, 64 hex digits> 2026-03-02T06:00:00Z [restart] [<seal, 64 hex digits>]
 *
 * A line `restart` says that from here on another trail is the right one (a backup was put back); what stands before it is
 * no longer compared. What stands before the word `anchor` in a line (a log's own words) is passed over.
 *
 * Errors  -errno, or of the store.
 */
#ifndef MUSTER_ANCHOR_H
#define MUSTER_ANCHOR_H

#include "muster/arena.h"
#include "muster/store.h"

struct anchor {
	uint64_t audit_no; /* of the last row */
	struct hash chain; /* its */
	int64_t at_ms;
	bool restart;
};

struct anchor_place {
	const char *path;
	struct slice key; /* empty: lines are not sealed */
	bool to_log;      /* syslog, too */
};

/*
 * One line for the trail as it stands, unless the last line tells of the same row. An empty trail has none. 0 or <0: a line
 * may then be torn, and counts as a fault until a restart.
 */
int anchor_append(struct env *env, struct store *store, const struct anchor_place *place, bool restart);
/* That line, without its end, for whoever keeps it elsewhere. data NULL = no memory. 0 or <0. */
int anchor_line(struct env *env, struct store *store, const struct anchor_place *place, struct arena *arena,
		struct slice *ret_line);

enum anchor_fault {
	ANCHOR_SOUND,
	ANCHOR_ROW,       /* row `audit_no` of the trail does not fit the one before it */
	ANCHOR_CUT,       /* the trail ends before a row that an anchor tells of */
	ANCHOR_OTHER_ROW, /* that row is another one now */
	ANCHOR_LINE       /* line `line` is no anchor, or not sealed with our key */
};
struct anchor_report {
	enum anchor_fault fault; /* the first of these */
	uint64_t rows;           /* of the trail, as far as it fits together */
	struct hash head;
	uint64_t bad_row;        /* ANCHOR_ROW */
	uint64_t line;           /* ANCHOR_LINE, from 1 */
	bool there;              /* the file of anchors is */
	uint64_t anchors;        /* compared: behind the last restart */
	struct anchor broken;    /* ANCHOR_CUT, ANCHOR_OTHER_ROW: the one with the lowest number */
	struct anchor last;      /* of those that were compared, by number */
};
/* Compare. 0 with *ret_report, also where something is wrong with the trail; <0 where it cannot be told. */
int anchor_verify(struct env *env, struct store *store, const struct anchor_place *place,
		  struct anchor_report *ret_report);

#endif
