/*
 * store: the plan's database. The one door to SQLite.
 *
 * One file, owned by muster: members with their coverage, reference data, received files with their transaction
 * sets, the ledger of what was applied, changes with what undo needs, exceptions, money, the audit chain. No SQL
 * leaves this module, no rowid goes into an output: what people see is made of file, set and ordinal.
 *
 * Calls     store_open; then pairs of store_begin(STORE_WRITE) and store_commit or store_rollback around everything
 *           that writes (a write outside is a bug: assert); reads go anywhere, and between store_begin(STORE_READ)
 *           and its end they see one moment. One transaction at a time a store; one store a thread.
 * Ledger    an effect, its ledger row, its exceptions, its audit row and the resume mark belong into one
 *           transaction: then killing the program at any point loses nothing and doubles nothing (promises P10, P19).
 * Units     dates as date_day, DATE_NONE stored as NULL; *_ms UTC milliseconds, 0 = none; money in cents;
 *           *_e6 = a share of 1 times 1,000,000.
 * Memory    what a function returns lives in the arena given, with its text. Rows handed to a callback are borrowed
 *           for the call; a callback may call the store, and ends the walk by a nonzero return, which is handed on.
 *           Slices given to the store are copied.
 * Nothing   a look-up that finds nothing returns 0 and gives NULL (or 0).
 * Errors    <0: MUSTER_ERROR_BUSY (locked for longer than the limit), _DB_CORRUPT, _DB_AWAY, -ENOSPC, -EIO, -ENOMEM.
 *           After -EIO or _DB_CORRUPT the store refuses everything with that code (promise P12: a failed fsync is
 *           never tried again): close it, start again. >0: STORE_E_*, as said at each function.
 * SSNs      lie in one column; only functions of this module see it, so that it can be encrypted later.
 * Source    DESIGN section 3; promises sections 2, 3, 5 (P5, P19-P22, P33, P35, P40, P41, P44).
 */
#ifndef MUSTER_STORE_H
#define MUSTER_STORE_H

#include "muster/arena.h"
#include "muster/buffer.h"
#include "muster/category.h"
#include "muster/env.h"
#include "muster/error.h"
#include "muster/hash.h"
#include "muster/member.h"

struct store; /* opaque */

enum store_result {
	STORE_E_EXISTS = 1,  /* a row with this key is there already; nothing was written */
	STORE_E_STALE = 2,   /* the row's version is not the expected one; nothing was written */
	STORE_E_OVERLAP = 3, /* two coverage spans of one member, group and insurance line would overlap */
	STORE_E_MISSING = 4, /* no such row to update */
	STORE_E_INVALID = 5, /* a value that the schema refuses (ends before it begins, unknown group or plan, ...) */
	STORE_E_LOCKED = 6,  /* checkpoint: somebody else is writing; try again after the next chunk */
	STORE_E_DAMAGED = 7  /* a check found damage; the text says where */
};

/* ---- the database itself ------------------------------------------------------------------------------------ */

#define STORE_CREATE 1u /* make the database when there is none; else a missing one is MUSTER_ERROR_DB_AWAY */

/*
 * Open `path` (its folder must be there), set every setting of promises 5.1, bring an older schema up to date.
 * Refuses (MUSTER_ERROR_DB_AWAY, logged) a file that is not muster's, a newer schema, a network file system.
 * A database that was put back from a backup is refused while the WAL of another one lies beside it: its changes would be
 * read into it. `env` must outlive the store. Beside the database lie `<path>-wal`, `<path>-shm` and `<path>.lock`.
 */
int store_open(struct env *env, const char *path, unsigned flags, struct store **ret_store);
/*
 * A store beside this one, which must be idle: it starts as this one is now, sees nothing that others write from then on,
 * and nobody sees what is written to it. It is gone with store_close(), before this one's. Nobody waits for it but the
 * checkpoint (STORE_E_LOCKED). It costs a copy of the WAL: checkpoint first where that can be.
 */
int store_open_beside(struct store *store, struct store **ret_beside);
/* Rolls back what is open. NULL does nothing. Never checkpoints (promises 5.3). */
void store_close(struct store *store);
/* The env it was opened with. */
struct env *store_env(const struct store *store);
/* How long to wait for another writer before MUSTER_ERROR_BUSY; default 10,000 ms. */
void store_set_busy_limit(struct store *store, int64_t ms_max);
/* Pages kept in memory at most; default 512 MiB. */
int store_set_cache(struct store *store, uint32_t mebibytes);

enum store_access { STORE_READ, STORE_WRITE };
/*
 * Begin a transaction; none may be open. STORE_WRITE takes the lock file shared, then the database's write lock;
 * MUSTER_ERROR_DB_AWAY where a newer muster has brought the schema up since the store was opened.
 */
int store_begin(struct store *store, enum store_access access);
/* Make it durable. On failure it is rolled back. */
int store_commit(struct store *store);
/* Undo it. Harmless when none is open. */
void store_rollback(struct store *store);
/* Part of a write transaction that can be taken back by itself; not nested. */
int store_savepoint(struct store *store);
int store_savepoint_release(struct store *store);
int store_savepoint_rollback(struct store *store);
bool store_is_writing(const struct store *store);

/*
 * Copy the WAL into the database, holding the lock file exclusively: the one place where this is done (promises
 * 5.3). Outside of transactions. `truncate`: also shorten the WAL file to nothing (end of a run); else just let it
 * be used again (between chunks). 0, STORE_E_LOCKED, or <0.
 */
int store_checkpoint(struct store *store, bool truncate);
/* A number that is another one after somebody else than this connection changed the database. */
int store_data_version(struct store *store, int64_t *ret_version);
/* Bytes in the WAL now: when to checkpoint between chunks. */
uint64_t store_wal_bytes(struct store *store);
/* PRAGMA quick_check (or integrity_check when `thorough`). 0, STORE_E_DAMAGED with the findings in `ret_text`, <0. */
int store_check(struct store *store, bool thorough, struct buffer *ret_text);
/*
 * What the schema alone cannot hold: no overlapping spans, no row without its parent, no change and no item of a record
 * that is not in the ledger, the conservation law of every applied file, the audit chain. 0, STORE_E_DAMAGED with one
 * line a finding, or <0.
 */
int store_verify(struct store *store, struct buffer *ret_text);

/*
 * A copy of the database as it is at this moment, in one file at `path`; also while others write. Outside of transactions.
 * It is checked page by page, and its SHA-256 is put beside it, as sha256sum writes it (`<path>.sha256`); both appear whole
 * and readable for the owner alone. 0, STORE_E_EXISTS (something is at `path`: it is left alone), <0 with nothing at
 * `path`: MUSTER_ERROR_BUSY where another backup of this database is being made, _DB_CORRUPT where the copy is damaged;
 * only when the very last step fails, syncing the folder, both may be there, whole. After an I/O error of either file the
 * store refuses everything.
 */
int store_backup(struct store *store, const char *path, struct hash *ret_hash, uint64_t *ret_bytes);
/*
 * Is the file at `path` such a copy still? Its digest, every page, and where it is of this program's schema all that
 * store_verify looks at. Changes nothing. 0, STORE_E_DAMAGED with the findings in `ret_text`, or <0.
 */
int store_backup_check(struct env *env, const char *path, struct buffer *ret_text);

/* For doctor: the settings in force, one callback each. `fit` false: not what promises 5.1 wants. */
typedef int (*store_setting_fn)(void *context, const char *name, const char *value, bool fit);
int store_settings_each(struct store *store, store_setting_fn fn, void *context);
/* "3.40.1"; true where the WAL-reset hazard of promises 5.3 applies to this version. */
const char *store_sqlite_version(bool *ret_in_hazard_range);

#define STORE_DUMP_NO_TIMES 1u /* leave out clock values, what is computed from them (audit hashes), and which run it was */
/* All tables as text in a stable order: two databases with the same dump hold the same. For tests. */
int store_dump(struct store *store, unsigned flags, struct buffer *out);

/* Small values by name: "match_keys_version", ... *ret_value empty where not set. */
int store_meta_get(struct store *store, const char *name, struct arena *arena, struct slice *ret_value);
int store_meta_put(struct store *store, const char *name, struct slice value);
/*
 * The next `count` numbers of a sequence kept in the database, the first in *ret_first; 1 at the beginning, wrapping
 * to 1 behind `max` (0 = never). A rolled-back transaction gives them back. "ack_isa13" for acknowledgments (P33).
 */
int store_sequence_next(struct store *store, const char *name, uint32_t count, uint64_t max, uint64_t *ret_first);

/* ---- reference data ----------------------------------------------------------------------------------------- */

enum store_put { STORE_ADDED, STORE_CHANGED, STORE_UNCHANGED };

int store_group_get(struct store *store, struct slice group_id, struct arena *arena, const struct group **ret_group);
/* The one active-or-terminated group with this sponsor id; NULL when there is none, or several. */
int store_group_by_sponsor(struct store *store, struct slice sponsor_id, struct arena *arena,
                           const struct group **ret_group);
/* Insert, or make the row equal to `group`. */
int store_group_put(struct store *store, const struct group *group, enum store_put *ret_put);
typedef int (*store_group_fn)(void *context, const struct group *group);
/* By group_id. */
int store_groups_each(struct store *store, store_group_fn fn, void *context);
/* Members with coverage in this group on `day`: the measure of volume guards (subscribers and dependents). */
int store_group_active_count(struct store *store, struct slice group_id, date_day day, uint64_t *ret_members,
                             uint64_t *ret_subscribers);
/* The same without subscribers, and counted no further than to `max` (UINT64_MAX: all). */
int store_group_active_up_to(struct store *store, struct slice group_id, date_day day, uint64_t max,
			     uint64_t *ret_members);

int store_plan_get(struct store *store, struct slice plan_id, struct arena *arena, const struct plan **ret_plan);
/*
 * The same for those who ask again and again: read once a transaction, and good until it ends (outside of one: in
 * `arena`).
 */
int store_group_known(struct store *store, struct slice group_id, struct arena *arena, const struct group **ret_group);
int store_plan_known(struct store *store, struct slice plan_id, struct arena *arena, const struct plan **ret_plan);
int store_plan_put(struct store *store, const struct plan *plan, enum store_put *ret_put);
typedef int (*store_plan_fn)(void *context, const struct plan *plan);
int store_plans_each(struct store *store, store_plan_fn fn, void *context);

int store_broker_get(struct store *store, struct slice broker_id, struct arena *arena,
                     const struct broker **ret_broker);
int store_broker_put(struct store *store, const struct broker *broker, enum store_put *ret_put);

/* People who decide. `role`: representative, lead, administrator, auditor, service, none (was one once). */
struct store_operator {
	struct slice operator_id, name, role;
	struct slice login; /* by which he is known to the machine; empty = his id */
};
int store_operator_get(struct store *store, struct slice operator_id, struct arena *arena,
                       const struct store_operator **ret_operator);
int store_operator_put(struct store *store, const struct store_operator *operator_, enum store_put *ret_put);
typedef int (*store_operator_fn)(void *context, const struct store_operator *operator_);
/* By operator_id. */
int store_operators_each(struct store *store, store_operator_fn fn, void *context);
/* Is there one at all? */
int store_operators_any(struct store *store, bool *ret_any);

/* ---- members ------------------------------------------------------------------------------------------------ */

/* All come with their spans (voided ones too), sorted by begins_on, then insurance_line, then span_no. */
int store_member_get(struct store *store, struct slice member_id, struct arena *arena,
                     const struct member **ret_member);
int store_member_get_no(struct store *store, uint64_t member_no, struct arena *arena,
                        const struct member **ret_member);
/*
 * How many sponsors gave this number to a family, counted to two, and the one where it is one. `covers` (as text_plain_id
 * has it) not empty: only families whose subscriber was ever covered in a group of this sponsor.
 */
int store_family_sponsors(struct store *store, struct slice subscriber_id, struct slice covers, struct arena *arena,
			  struct slice *ret_sponsor_id, uint32_t *ret_count);
/* Everybody of this family, subscriber (relationship 18) first, then by member_no. */
int store_household(struct store *store, struct family_key key, struct arena *arena,
                    const struct member ***ret_members, uint32_t *ret_count);
/* The members that bear a match key, in order of member_no, at most `max` into `ret_member_nos`. */
int store_key_members(struct store *store, uint64_t key, uint32_t max, uint64_t *ret_member_nos, uint32_t *ret_count);
typedef int (*store_key_fn)(void *context, uint64_t key, uint64_t member_no);
/* All match keys, ordered by key as a signed integer, then by member_no. */
int store_keys_each(struct store *store, store_key_fn fn, void *context);
/*
 * From now on tell of every match key that is written (one taken away, or rolled back, is not told): for who keeps them
 * in memory. NULL ends it. A failure of `fn` is that of the write.
 */
void store_keys_watch(struct store *store, store_key_fn fn, void *context);

/*
 * Match keys of a member (match_member_keys): the store keeps and finds them, and knows nothing of their making.
 * `before`: the keys that are stored now; `after`: those that shall be. Only the difference is written.
 */
struct store_keys {
	const uint64_t *before, *after;
	uint32_t before_count, after_count;
};

/*
 * A new member with his spans. Fills member_no, version (1), the spans' span_no, and, when member_id is empty, a
 * newly allocated number (in `arena`). `keys->before` must be empty.
 * 0, STORE_E_EXISTS (member_id in use), STORE_E_OVERLAP, STORE_E_INVALID, <0.
 */
int store_member_insert(struct store *store, struct member *member, const struct store_keys *keys,
                        struct arena *arena);
/*
 * Make a member equal to `after`; `before` is what was read. Writes only what differs: the row, its keys, its spans
 * (span_no 0 = new one; spans are never deleted, only voided), and the old name into the name history, as borne
 * until `at_ms` (0: the env's clock). Fills
 * after->version (before's + 1, also where only spans differ; unchanged where nothing differs) and new span_nos.
 * 0, STORE_E_STALE (the stored version is not before's), STORE_E_OVERLAP, STORE_E_INVALID, STORE_E_MISSING, <0.
 */
int store_member_update(struct store *store, const struct member *before, struct member *after,
                        const struct store_keys *keys, int64_t at_ms);
/* Two spans that would be active at once in one group and insurance line: their indexes, or false. Pure. */
bool store_spans_overlap(const struct coverage_span *spans, uint32_t count, uint32_t *ret_first, uint32_t *ret_second);

/*
 * How new member numbers look: text in which `#` are the digits of the sequence and `@` is the check digit (Luhn
 * over those digits). Default "M########@". STORE_E_INVALID without a `#`. A number in use is passed over.
 */
int store_set_member_id_format(struct store *store, struct slice format);
int store_member_id_next(struct store *store, struct arena *arena, struct slice *ret_member_id);

/* Further ids of a member (REF qualifier and value) that are kept but mean nothing to us. Known ones are kept once. */
int store_identifier_put(struct store *store, uint64_t member_no, struct slice kind, struct slice value);
typedef int (*store_identifier_fn)(void *context, struct slice kind, struct slice value);
int store_identifiers_each(struct store *store, uint64_t member_no, store_identifier_fn fn, void *context);

/* Names a member bore before, latest first. */
struct store_name {
	struct slice last_name, first_name, middle_name, suffix;
	int64_t until_ms;
};
typedef int (*store_name_fn)(void *context, const struct store_name *name);
int store_names_each(struct store *store, uint64_t member_no, store_name_fn fn, void *context);

/* What `members find` asks for; empty fields (DATE_NONE) are not asked. At least one must be given. */
struct store_member_filter {
	struct slice member_id, subscriber_id, ssn;  /* equal */
	struct slice last_name, first_name;          /* beginning with, ASCII case ignored */
	struct slice group_id;                       /* ever covered there */
	date_day birth_on;
	uint32_t count_max;                          /* 0 = no limit */
};
typedef int (*store_member_fn)(void *context, const struct member *member);
/* By member_no. member_id and subscriber_id are looked up, the others cost a walk through all members. */
int store_members_find(struct store *store, const struct store_member_filter *filter, store_member_fn fn,
                       void *context);
/* All members by member_no, spans included. */
int store_members_each(struct store *store, store_member_fn fn, void *context);
int store_member_count(struct store *store, uint64_t *ret_count);
/* The number given last, 0 = none yet: as many as there are members, for none is ever deleted. Reads one page or two. */
int store_member_last_no(struct store *store, uint64_t *ret_member_no);
/*
 * The roster of a group: for each family with somebody covered in it on `day`, by subscriber_id: first the
 * subscriber (also where only dependents are covered), then the covered dependents. Their spans are those in this
 * group that cover the day. members[0] is a dependent only where the subscriber is not on file.
 */
typedef int (*store_roster_fn)(void *context, const struct member *const *members, uint32_t count);
int store_roster(struct store *store, struct slice group_id, date_day day, store_roster_fn fn, void *context);

/*
 * Keys of many members at once, for a first load: while collecting, store_member_insert and _update hold the keys
 * back; store_keys_flush writes them sorted, so that neighbours share pages. Flushes by itself when its memory (64 MiB)
 * is full, and must be flushed before the commit.
 */
void store_keys_collect(struct store *store);
int store_keys_flush(struct store *store);
/* Take away all match keys: before they are made anew by another version of match. */
int store_keys_clear(struct store *store);
/* Give a member these keys (none are stored yet). */
int store_keys_put(struct store *store, uint64_t member_no, const uint64_t *keys, uint32_t count);

/* ---- received files ----------------------------------------------------------------------------------------- */

/*
 * The durable life of a file; each arrow is one commit, and a crash behind it is continued from the right side:
 *
 *              store_file_add      verdicts         last chunk         outputs out         original archived
 *   (folder) ------------> CLAIMED -------> VALIDATED ------> APPLIED ----------> ACKNOWLEDGED ---------> FILED
 *                             |                 |
 *                             +-----------------+-- held, rejected, duplicate: the same stages, with that outcome;
 *                                                   APPLIED then only says that there is nothing to apply
 *   CLAIMED       row, bytes in work/ by hash. Crash: validate again.
 *   VALIDATED     interchange and set rows with verdicts. Crash: go on at each set's resume mark; the ledger stops
 *                 everything that was applied before.
 *   APPLIED       all effects, ledger, exceptions, tallies. Crash: make the outputs (again).
 *   ACKNOWLEDGED  acknowledgments and outputs are visible. Crash: archive.
 *   FILED         done; nothing is ever changed again but `undone` marks.
 */
enum store_file_stage {
	STORE_FILE_CLAIMED,
	STORE_FILE_VALIDATED,
	STORE_FILE_APPLIED,
	STORE_FILE_ACKNOWLEDGED,
	STORE_FILE_FILED
};
enum store_file_outcome {
	STORE_FILE_OPEN,
	STORE_FILE_PROCESSED,
	STORE_FILE_HELD,
	STORE_FILE_REJECTED,
	STORE_FILE_DUPLICATE
};
enum store_file_kind { STORE_KIND_UNKNOWN, STORE_KIND_834, STORE_KIND_820, STORE_KIND_MIXED };
/* As in summary.json and tables: "processed", "834", ... */
const char *store_file_outcome_name(enum store_file_outcome outcome);
const char *store_file_kind_name(enum store_file_kind kind);

/* The terms of the conservation law (promises section 3): read = the sum of the others, each side. */
struct store_tally {
	uint64_t members_read, members_applied, members_no_change, members_exception, members_rejected,
		members_duplicate, members_held;
	cents money_read, money_posted, money_suspended, money_rejected, money_duplicate, money_held;
};
void store_tally_add(struct store_tally *sum, const struct store_tally *part);
bool store_tally_is_balanced(const struct store_tally *tally);

#define STORE_FILE_ID_BYTES 24
struct store_file {
	uint64_t file_no;            /* given by store_file_add where 0: 1, 2, .. in the order of claims */
	struct slice file_id;        /* "F" and at least 8 digits: file_no */
	struct slice name;           /* as the partner called it; data, never a path */
	struct slice partner;        /* profile; may be empty */
	struct slice out_dir;        /* where its outputs go (`process --out`); for recovery */
	struct hash sha256;          /* of the raw bytes */
	uint64_t bytes;
	enum store_file_stage stage;
	enum store_file_outcome outcome;
	enum store_file_kind kind;
	struct slice reason;         /* of held, rejected, duplicate: one sentence */
	int64_t received_ms;
	date_day as_of;              /* the run's "today" when it was claimed */
	bool from_test_folder;       /* it came by a folder that its partner agreed is for tests */
	uint64_t duplicate_of;       /* file_no of the first receipt, 0 = none */
	uint64_t reprocess_of;       /* file_no of the original that this one corrects, 0 = none */
	uint64_t ack_control_first;  /* ISA13 of its first acknowledgment, 0 = none given yet */
	uint32_t ack_control_count;
	struct slice model;          /* match_model_id: by which its records were matched; empty = not yet */
	struct store_tally tally;
};
/* "F00000012". Returns `out`. */
char *store_file_id_format(uint64_t file_no, char out[STORE_FILE_ID_BYTES]);
/* Insert at stage CLAIMED; fills file_no. */
int store_file_add(struct store *store, struct store_file *file);
/* Everything but file_no, sha256, bytes, received_ms. 0, STORE_E_MISSING, STORE_E_STALE (a stage never goes back). */
int store_file_update(struct store *store, const struct store_file *file);
int store_file_get(struct store *store, uint64_t file_no, struct arena *arena, const struct store_file **ret_file);
int store_file_by_id(struct store *store, struct slice file_id, struct arena *arena,
                     const struct store_file **ret_file);
/* The first file with these bytes whose outcome is PROCESSED (or, while unfinished, OPEN), but not `but_file_no`. */
int store_file_by_hash(struct store *store, const struct hash *sha256, uint64_t but_file_no, struct arena *arena,
                       const struct store_file **ret_file);
typedef int (*store_file_fn)(void *context, const struct store_file *file);
/* Those not FILED yet, in the order of claims: what recovery goes through. */
int store_files_unfinished(struct store *store, store_file_fn fn, void *context);
/* All, in the order of claims, from file_no `from`. */
int store_files_each(struct store *store, uint64_t from, store_file_fn fn, void *context);

/* The files that came after this one with its name, partner and folder for outputs. */
int store_files_named_after(struct store *store, const struct store_file *file, store_file_fn fn, void *context);

/* What a file that is expected must be. */
enum store_arrival { STORE_ARRIVAL_ANY, STORE_ARRIVAL_CHANGE, STORE_ARRIVAL_FULL, STORE_ARRIVAL_820 };
/*
 * The partner's last file of that kind, but no trial, nor one that was rejected or a duplicate: those do not take the
 * place of the one that is expected. NULL = none.
 */
int store_file_arrived(struct store *store, struct slice partner, enum store_arrival arrival, struct arena *arena,
		       const struct store_file **ret_file);

/* ---- what is kept of a file --------------------------------------------------------------------------------- */

enum store_removal { STORE_REMOVAL_ORIGINAL, STORE_REMOVAL_OUTPUTS, STORE_REMOVAL_COUNT };
const char *store_removal_name(enum store_removal what);
/* It is going to be removed: from now on nobody counts on it. STORE_E_EXISTS where that was said before. */
int store_removal_add(struct store *store, uint64_t file_no, enum store_removal what);
/* It is gone. */
int store_removal_done(struct store *store, uint64_t file_no, enum store_removal what);
/* Was it removed, or is it going to be? */
int store_removal_is(struct store *store, uint64_t file_no, enum store_removal what, bool *ret_removed);
/* Those that were begun and not ended, by file. */
int store_removals_owed(struct store *store, void *context,
			int (*fn)(void *context, uint64_t file_no, enum store_removal what));

/* Why a file's original and outputs are needed still, as bits. */
#define STORE_NEEDS_ITEM 1u       /* an item of it waits for a representative: a record, or a set or file that is held */
#define STORE_NEEDS_DECISION 2u   /* one was decided and is not carried out, or not told of */
#define STORE_NEEDS_UNDO 4u       /* a record in force would wait again if it were taken back (the original alone) */
#define STORE_NEEDS_LEGAL_HOLD 8u /* a legal hold on the file, its partner, or a group or member that it is about */
int store_file_needs(struct store *store, uint64_t file_no, unsigned *ret_needs);

struct store_legal_hold {
	struct slice subject; /* "F00000012", "partner:acme", "group:G1001", "member:M000000123" */
	struct slice note, operator_id;
	int64_t at_ms;
};
/* 0, STORE_E_EXISTS, <0. */
int store_legal_hold_add(struct store *store, const struct store_legal_hold *hold);
/* 0, STORE_E_MISSING, <0. */
int store_legal_hold_remove(struct store *store, struct slice subject);
/* By subject. */
int store_legal_holds_each(struct store *store, void *context,
			   int (*fn)(void *context, const struct store_legal_hold *hold));

struct store_interchange {
	uint64_t interchange_no; /* given by store_interchange_add */
	uint64_t file_no;
	uint32_t ordinal;        /* 1-based in the file */
	struct slice sender_qualifier, sender_id, receiver_qualifier, receiver_id; /* ISA05-08, trimmed */
	struct slice date, time, version, control_number, usage; /* ISA09 10 12 13 15 */
	uint64_t offset, end_offset;
	bool complete;           /* IEA was there */
	bool rejected;
};
int store_interchange_add(struct store *store, struct store_interchange *interchange);
typedef int (*store_interchange_fn)(void *context, const struct store_interchange *interchange);
int store_interchanges_each(struct store *store, uint64_t file_no, store_interchange_fn fn, void *context);
/* Take back the interchange and set rows of a file that is still CLAIMED (a crash amid validation). */
int store_file_forget_sets(struct store *store, uint64_t file_no);

enum store_tset_outcome {
	STORE_TSET_OPEN,      /* to be applied */
	STORE_TSET_APPLIED,
	STORE_TSET_REJECTED,  /* by its verdict */
	STORE_TSET_DUPLICATE, /* same key, same content (P20) */
	STORE_TSET_HELD,      /* guard, conflict (P21), suspected re-send (P22), order */
	STORE_TSET_TEST       /* a trial (ISA15, test_rule): validated and acknowledged only */
};
const char *store_tset_outcome_name(enum store_tset_outcome outcome);

struct store_tset {
	uint64_t tset_no;            /* given by store_tset_add, in the order of adding */
	uint64_t file_no, interchange_no;
	uint32_t ordinal;            /* 1-based in the file */
	struct slice functional_id, sender_code, receiver_code; /* GS01 02 03 */
	struct slice fgroup_date, fgroup_time, fgroup_control;  /* GS04 05 06 */
	struct slice set_id, control_number, guide_id;          /* ST01 02 03 */
	struct slice verdict;        /* check_decision_name() */
	uint32_t segments, members;  /* INS loops, or remittance lines */
	uint64_t errors, warnings;
	struct hash content_hash;
	struct slice ledger_key;     /* store_ledger_key(); empty (stored NULL) for sets that claim no key */
	uint64_t duplicate_of;       /* tset_no, 0 = none */
	uint64_t revision_of;        /* tset_no of the original set that a reprocess goes on with, 0 = none */
	enum store_tset_outcome outcome;
	struct slice reason;
	enum category hold_category; /* of a held set; CATEGORY_COUNT = none */
	struct slice header;         /* JSON: what outputs and views show of BGN, BPR, N1 */
	uint32_t resume_pos;         /* records up to here are in the ledger (or deferred) */
	bool done;
	struct store_tally tally;
	/* Filled when read, ignored when written: */
	struct slice interchange_control, sender_qualifier, sender_id, receiver_qualifier, receiver_id;
};
/*
 * The key of promise P19: ISA05-08, ISA13, GS01-03, GS06, ST01, ST02, divided by `|` (in values escaped), for an era > 0
 * (numbers that are used again, P23) "|w<era>", and for a revision > 0 "|r<revision>". data NULL = no memory.
 */
struct slice store_ledger_key(struct arena *arena, const struct store_interchange *interchange,
                              const struct store_tset *tset, uint32_t era, uint32_t revision);
/* Whose use of a control number counts (P23). */
struct store_numbers_limit {
	uint64_t after_file_no; /* files behind this one: the partner's last reset; 0 = all */
	int64_t since_ms;       /* received then or later; INT64_MIN = all */
};
/*
 * The first file before `file_no` that counts and of which sets stand in the ledger under this interchange's sender,
 * receiver and control number; 0 = none. 0 or <0.
 */
int store_interchange_taken(struct store *store, const struct store_interchange *interchange, uint64_t file_no,
                            const struct store_numbers_limit *limit, struct arena *arena, uint64_t *ret_file_no);
/* A partner begins his control numbers anew, by the word of an operator. Rows are only added. */
struct store_number_reset {
	struct slice partner;
	uint64_t after_file_no; /* given: the last file claimed so far */
	int64_t at_ms;
	struct slice operator_id, reason;
};
/* Also forgets the numbers that lanes of the partner's senders had come to. In a write transaction. 0 or <0. */
int store_number_reset_add(struct store *store, struct store_number_reset *reset);
/* The partner's last reset before the file with this number was claimed (UINT64_MAX: the last of all), or NULL. */
int store_number_reset_before(struct store *store, struct slice partner, uint64_t file_no, struct arena *arena,
                              const struct store_number_reset **ret_reset);
/* 0, STORE_E_EXISTS (the ledger key is taken: look at store_tset_by_key), <0. */
int store_tset_add(struct store *store, struct store_tset *tset);
/*
 * Outcome, reason, hold_category, ledger_key, duplicate_of, header, resume_pos, done, tally. 0, STORE_E_MISSING,
 * STORE_E_EXISTS (the key).
 */
int store_tset_update(struct store *store, const struct store_tset *tset);
int store_tset_get(struct store *store, uint64_t tset_no, struct arena *arena, const struct store_tset **ret_tset);
int store_tset_by_key(struct store *store, struct slice ledger_key, struct arena *arena,
                      const struct store_tset **ret_tset);
/* The sets that used the same numbers, one in each era; NULL = none. */
struct store_number_uses {
	const struct store_tset *last, *same, *own; /* same: the last one of the content of `like`; own: of file `file_no` */
	uint32_t last_era, own_era;
};
/* Those of the key of `like`. `file_no`: 0 = of no file in particular. */
int store_tset_by_numbers(struct store *store, const struct store_interchange *interchange,
			  const struct store_tset *like, uint64_t file_no, struct arena *arena,
			  struct store_number_uses *ret_uses);
/* The first applied set of this sender (ISA05, ISA06) with the same content under another key (P22). */
int store_tset_by_content(struct store *store, const struct hash *content_hash, struct slice sender_qualifier,
                          struct slice sender_id, uint64_t but_file_no, struct arena *arena,
                          const struct store_tset **ret_tset);
/* How many revisions of this set there are (reprocess gives the next number). */
int store_tset_revisions(struct store *store, uint64_t tset_no, uint32_t *ret_count);
typedef int (*store_tset_fn)(void *context, const struct store_tset *tset);
/* Of one file, by ordinal. */
int store_tsets_each(struct store *store, uint64_t file_no, store_tset_fn fn, void *context);
/* Sum of the tallies of a file's sets. */
int store_file_tally(struct store *store, uint64_t file_no, struct store_tally *ret_tally);

/* A lane: files of one sender for one receiver (and sponsor, where given) are applied in order (P24). */
struct store_lane {
	struct slice sender_qualifier, sender_id, receiver_qualifier, receiver_id, sponsor_id;
	uint64_t last_control;      /* ISA13 of the last interchange taken; 0 = none */
	struct slice last_applied;  /* "CCYYMMDDHHMM", as the lane's order is measured; empty = none */
	uint64_t last_file_no;
};
/* 0 with last_control 0 for a lane not seen before. */
int store_lane_get(struct store *store, const struct store_lane *lane, struct arena *arena,
                   struct store_lane *ret_lane);
int store_lane_put(struct store *store, const struct store_lane *lane);

/* ---- ledger ------------------------------------------------------------------------------------------------- */

enum store_record_outcome {
	STORE_RECORD_NONE,      /* not in the ledger */
	STORE_RECORD_APPLIED,   /* 820: posted */
	STORE_RECORD_NO_CHANGE,
	STORE_RECORD_EXCEPTION, /* 820: suspended */
	STORE_RECORD_REJECTED,
	STORE_RECORD_DUPLICATE,
	STORE_RECORD_HELD,
	STORE_RECORD_UNDONE,    /* was applied, and taken back since: in tallies it counts as rejected */
	STORE_RECORD_OUTCOME_COUNT
};
#define STORE_CONTENT_BYTES 16 /* of the record's content hash: kept in the ledger */

/* 0, or STORE_E_EXISTS: this record had its effect before; the caller must have none (P19). */
int store_ledger_put(struct store *store, uint64_t tset_no, uint32_t member_pos, enum store_record_outcome outcome,
                     const struct hash *content_hash);
struct store_ledger_row {
	uint32_t member_pos;
	enum store_record_outcome outcome;
	const struct hash *content_hash;
};
/* Several records of a set, for less than one by one. Where it fails some are written: roll back. */
int store_ledger_put_all(struct store *store, uint64_t tset_no, const struct store_ledger_row *rows, uint32_t count);
int store_ledger_get(struct store *store, uint64_t tset_no, uint32_t member_pos,
                     enum store_record_outcome *ret_outcome);
/* An exception was resolved, or an effect undone: the record's outcome is another now. 0, STORE_E_MISSING. */
int store_ledger_update(struct store *store, uint64_t tset_no, uint32_t member_pos,
                        enum store_record_outcome outcome);
/* Rows of a set by outcome. */
int store_ledger_counts(struct store *store, uint64_t tset_no, uint64_t ret_counts[STORE_RECORD_OUTCOME_COUNT]);

/*
 * What a set and all its revisions have done, by content: a corrected file applies only what was not yet applied
 * (P25). `but_tset_no`: not this one of them, which is under way: what it did itself before a crash is no earlier receipt
 * of what it has yet to do. 0 = all. Held in memory (20 bytes a record).
 */
struct store_ledger_index; /* opaque */
int store_ledger_index_new(struct store *store, uint64_t tset_no, uint64_t but_tset_no,
                           struct store_ledger_index **ret_index);
void store_ledger_index_free(struct store_ledger_index *index);
/* Best outcome of a record with this content (APPLIED, NO_CHANGE, then the others), or NONE. */
enum store_record_outcome store_ledger_index_find(const struct store_ledger_index *index,
                                                  const struct hash *content_hash);

/* ---- changes ------------------------------------------------------------------------------------------------ */

/* Where a row comes from, as outputs show it. Filled when read, ignored when written. */
struct store_origin {
	uint64_t file_no;
	struct slice file_id, file_name, interchange_control, fgroup_control, tset_control;
	uint32_t tset_ordinal;
};

/* One operation: a row of applied.csv and of a member's history, with what undo needs. */
struct store_change {
	uint64_t tset_no;
	uint32_t member_pos, op_index; /* together the key */
	struct slice action;           /* decide_action_name(); of compensating entries: undo, redo (see apply.h) */
	uint64_t member_no;            /* 0 = organization level */
	uint32_t member_seq;           /* given: 1, 2, .. in the order of the member's changes; 0 without a member */
	struct slice member_id, subscriber_id, group_id, plan_id;
	date_day begins_on, ends_on;
	uint32_t confidence_e6;
	struct slice match_rule, change;
	struct slice before, after;    /* JSON */
	uint32_t segment_pos;
	uint64_t offset;
	struct slice operator_id;      /* who decided; empty = muster itself */
	int64_t at_ms;
	bool undone;                   /* a later row took this one back */
	uint32_t undoes;               /* of undo and redo: op_index of the row taken back, under the same record */
	struct store_origin origin;
};
/* 0, STORE_E_EXISTS. */
int store_change_add(struct store *store, const struct store_change *change);
/* Several, for less than one by one. Where it fails some are written: roll back. */
int store_changes_add(struct store *store, const struct store_change *changes, uint32_t count);
int store_change_get(struct store *store, uint64_t tset_no, uint32_t member_pos, uint32_t op_index,
                     struct arena *arena, const struct store_change **ret_change);
/* 0, STORE_E_MISSING. */
int store_change_set_undone(struct store *store, uint64_t tset_no, uint32_t member_pos, uint32_t op_index);
/* The next free op_index under a record. */
int store_change_next_index(struct store *store, uint64_t tset_no, uint32_t member_pos, uint32_t *ret_op_index);
typedef int (*store_change_fn)(void *context, const struct store_change *change);
/* Of a file, by set ordinal, member_pos, op_index. */
int store_changes_of_file(struct store *store, uint64_t file_no, store_change_fn fn, void *context);
/* The same with what is told of a file alone: no member_no, numbers, images, places and times. */
int store_applied_of_file(struct store *store, uint64_t file_no, store_change_fn fn, void *context);
int store_changes_of_tset(struct store *store, uint64_t tset_no, store_change_fn fn, void *context);
/* Of one record, by op_index. */
int store_changes_of_record(struct store *store, uint64_t tset_no, uint32_t member_pos, store_change_fn fn,
			    void *context);
/* Of a member, in the order in which they were made. */
int store_changes_of_member(struct store *store, uint64_t member_no, store_change_fn fn, void *context);
/* How often each action occurs in a file, by name. */
typedef int (*store_count_fn)(void *context, struct slice name, uint64_t count);
int store_change_counts(struct store *store, uint64_t file_no, store_count_fn fn, void *context);

/* ---- full files --------------------------------------------------------------------------------------------- */

/* A set that tells of everybody: to be compared and applied, or only to be compared. */
enum store_full_mode { STORE_FULL_NONE, STORE_FULL_REPLACE, STORE_FULL_AUDIT };
struct store_full_set {
	uint64_t tset_no;
	enum store_full_mode mode;
	date_day file_on;        /* BGN03 */
	struct slice sponsor_id; /* N1*P5; may be empty */
};
int store_full_set_add(struct store *store, const struct store_full_set *set);
/* mode STORE_FULL_NONE for a set without a row. */
int store_full_set_get(struct store *store, uint64_t tset_no, struct arena *arena, struct store_full_set *ret_set);
/* A record of the set names this group; known ones are kept once. */
int store_full_group_add(struct store *store, uint64_t tset_no, struct slice group_id);

/* A full set and one of its groups; group_id empty for a set that names none. */
struct store_full_use {
	struct slice group_id;
	uint64_t tset_no;
	uint32_t tset_ordinal, members;
	enum store_tset_outcome outcome;
	struct store_full_set set;
};
typedef int (*store_full_use_fn)(void *context, const struct store_full_use *use);
/* Of a file, by group_id, then set. */
int store_full_uses_each(struct store *store, uint64_t file_no, store_full_use_fn fn, void *context);
/* The records of its full sets (no audits) with this outcome. */
int store_full_records(struct store *store, uint64_t file_no, enum store_tset_outcome outcome, uint64_t *ret_records);
/* The last file before this one of which an applied full set (not an audit) named the group; 0 = none. */
int store_full_previous(struct store *store, uint64_t file_no, struct slice group_id, uint64_t *ret_file_no);

/*
 * Was a full file (not an audit) that came later and names one of the set's groups (this one, where `group_id` is not
 * empty) applied?
 */
int store_full_is_overtaken(struct store *store, uint64_t tset_no, struct slice group_id, bool *ret_overtaken);

typedef int (*store_number_fn)(void *context, uint64_t member_no);
/* The members whom the set's records (not what follows from them) were applied to. */
int store_full_present(struct store *store, const struct store_full_use *use, store_number_fn fn, void *context);
/* The candidates of its records that wait, and everybody of their families and of those that the records name. */
int store_full_unsure(struct store *store, const struct store_full_use *use, store_number_fn fn, void *context);

enum store_omission_outcome { STORE_OMISSION_ENDED, STORE_OMISSION_WAITS, STORE_OMISSION_KEPT };
/* An active member of a full set's group whom no record of the file means. */
struct store_omission {
	uint64_t tset_no;
	struct slice group_id;
	uint64_t member_no;
	uint32_t member_pos; /* of his rows or item; 0 = none */
	enum store_omission_outcome outcome;
	uint32_t absences;   /* consecutive full files without him, this one too */
	struct slice reason;
	struct slice member_id, subscriber_id; /* filled when read */
	struct store_origin origin;            /* filled when read */
};
const char *store_omission_name(enum store_omission_outcome outcome);
/* 0, STORE_E_EXISTS. */
int store_omission_add(struct store *store, const struct store_omission *omission);
/* `absences` of a member in a file's sets; 0 = he was not left out there. */
int store_omission_absences(struct store *store, uint64_t file_no, struct slice group_id, uint64_t member_no,
                            uint32_t *ret_absences);
typedef int (*store_omission_fn)(void *context, const struct store_omission *omission);
/* Of a file, by set, group and member. */
int store_omissions_each(struct store *store, uint64_t file_no, store_omission_fn fn, void *context);

/* What an audit found about one field of one member, or about one who is only here or only there. */
struct store_discrepancy {
	uint64_t tset_no;
	uint32_t line_no;    /* given by store_discrepancy_add */
	uint32_t member_pos; /* 0: only in the database */
	uint64_t member_no;  /* 0: only in the file */
	struct slice subscriber_id, outcome, field, stored, sent;
	struct slice explained; /* what accounts for it: "F00000012-1-3 waits (NO_MATCH)"; may be empty */
	struct slice member_id;     /* filled when read */
	struct store_origin origin; /* filled when read */
};
int store_discrepancy_add(struct store *store, struct store_discrepancy *discrepancy);
typedef int (*store_discrepancy_fn)(void *context, const struct store_discrepancy *discrepancy);
/* Of a file, by set and line. */
int store_discrepancies_each(struct store *store, uint64_t file_no, store_discrepancy_fn fn, void *context);

/* The last position of a set in the ledger; 0 = none. What is decided without a record is numbered on from there. */
int store_ledger_last(struct store *store, uint64_t tset_no, uint32_t *ret_member_pos);

/* ---- exceptions --------------------------------------------------------------------------------------------- */

/*
 * The life of a work item; every arrow is store_exception_update and counts `version` up:
 *
 *   OPEN <-> ASSIGNED -> RESOLVED | REJECTED | SKIPPED     by a representative's decision
 *   OPEN, ASSIGNED with or without a proposal              which has no effect until another operator decides the same
 *   OPEN | ASSIGNED -> SUPERSEDED                          a corrected file brought the same record; a file that was
 *                                                          cut off came whole
 */
enum store_exception_status {
	STORE_EXCEPTION_OPEN,
	STORE_EXCEPTION_ASSIGNED,
	STORE_EXCEPTION_RESOLVED,
	STORE_EXCEPTION_REJECTED,
	STORE_EXCEPTION_SKIPPED,
	STORE_EXCEPTION_SUPERSEDED,
	STORE_EXCEPTION_STATUS_COUNT
};
const char *store_exception_status_name(enum store_exception_status status);
bool store_exception_status_of(struct slice name, enum store_exception_status *ret_status);

struct store_candidate {
	uint64_t member_no;
	struct slice member_id;
	uint32_t score_e6;
	struct slice evidence; /* JSON */
};

#define STORE_ITEM_ID_BYTES 64
struct store_exception {
	uint64_t exception_no;       /* given by store_exception_add */
	struct slice item_id;        /* "<file_id>-<set ordinal>-<member_pos>"; "<file_id>-0-0" for a whole file */
	uint64_t file_no, tset_no;   /* tset_no 0: of the file as a whole */
	uint32_t member_pos;         /* 0: of the set as a whole */
	enum category category;      /* its urgency is category_urgency() */
	uint32_t confidence_e6;
	struct slice reason;
	int64_t created_ms, due_ms;
	enum store_exception_status status;
	uint32_t version;            /* 1 when added */
	struct slice decision, note; /* "match:<member_id>", "not:<member_id>", "new", "reject", "skip" */
	struct slice operator_id;    /* who decided */
	struct slice proposal, proposed_by; /* a decision that another operator has to confirm; empty = none */
	struct slice owner;          /* who works on it */
	int64_t lease_until_ms;      /* `queue next`; 0 = none */
	struct slice group_id, subscriber_id; /* as sent; to see what belongs together */
	struct slice sponsor_id;     /* whose number the latter is: family_key */
	struct slice incoming;       /* JSON, unmasked: displays mask it */
	struct slice raw;            /* the record's segments */
	uint32_t segment_pos;
	uint64_t offset;
	struct hash content_hash;
	struct hash identity;        /* who was sent: match_identity; zero = nobody was looked for */
	const struct store_candidate *candidates; /* best first; of a waiting item without those ruled out since */
	uint32_t candidate_count;
	struct store_origin origin;
};
/* "F00000012-1-3". Returns `out`. */
char *store_item_id_format(uint64_t file_no, uint32_t tset_ordinal, uint32_t member_pos, char out[STORE_ITEM_ID_BYTES]);
/* With its candidates; item_id is made from file, set and position where it is empty. 0, STORE_E_EXISTS (item_id). */
int store_exception_add(struct store *store, struct store_exception *exception);
int store_exception_get(struct store *store, struct slice item_id, struct arena *arena,
                        const struct store_exception **ret_exception);
/*
 * The waiting items of files that are held as a whole, came before this one from the same partner, and have an interchange
 * of the same sender, receiver and control number as one of this one's, or of the one that it is a duplicate of. Ids in
 * `arena`.
 */
int store_held_beginnings(struct store *store, const struct store_file *file, struct arena *arena, void *context,
			  int (*fn)(void *context, struct slice item_id, uint64_t file_no));
/*
 * Status, category, reason, decision, proposal, proposed_by, note, operator_id, owner, lease_until_ms; version grows by
 * one; a change of status, decision or proposal is also written to the log of decisions. 0, STORE_E_STALE (version is
 * not the stored one), STORE_E_MISSING.
 */
int store_exception_update(struct store *store, struct store_exception *exception);

/* Its candidates and its confidence in place of those stored: the record ran again. 0 or <0. */
int store_exception_put_candidates(struct store *store, const struct store_exception *exception);

struct store_exception_filter {
	uint32_t statuses;           /* bit 1 << status; 0 = all */
	bool has_category;
	enum category category;
	bool has_urgency;
	enum urgency urgency;
	uint64_t file_no, tset_no;   /* 0 = any */
	bool with_revisions;         /* of tset_no, too */
	struct slice owner, group_id, subscriber_id, partner;
	int64_t due_before_ms;       /* 0 = any */
	int64_t free_at_ms;          /* not leased at this time; 0 = any */
	bool as_received;            /* with the candidates whom somebody has ruled out since */
	bool in_file_order;          /* by file, set ordinal, member_pos; else most urgent, then earliest due */
	uint32_t count_max, skip;    /* 0 = no limit */
};
typedef int (*store_exception_fn)(void *context, const struct store_exception *exception);
int store_exceptions_each(struct store *store, const struct store_exception_filter *filter, store_exception_fn fn,
                          void *context);
int store_exceptions_count(struct store *store, const struct store_exception_filter *filter, uint64_t *ret_count);
/* The item of the family that has waited longest, but none of this file: "F00000012-1-3 waits (NO_MATCH)"; empty = none. */
int store_exception_waits(struct store *store, struct family_key family, uint64_t but_file_no, struct arena *arena,
			  struct slice *ret_words);
/* How often each category occurs in a file. */
int store_exception_counts(struct store *store, uint64_t file_no, store_count_fn fn, void *context);
/* How long each waiting item (open, assigned) has waited, and no more of it. */
struct store_exception_age {
	int64_t created_ms, due_ms;
	enum category category;
};
typedef int (*store_exception_age_fn)(void *context, const struct store_exception_age *age);
int store_exception_ages_each(struct store *store, store_exception_age_fn fn, void *context);

/* The log of decisions on an item, oldest first. */
struct store_decision {
	uint32_t version; /* of the item, after it */
	struct slice status; /* the item's; of a proposal "proposed", and "withdrawn" */
	struct slice decision, note, operator_id;
	int64_t at_ms;
};
typedef int (*store_decision_fn)(void *context, const struct store_decision *decision);
int store_decisions_each(struct store *store, uint64_t exception_no, store_decision_fn fn, void *context);

/* How the matching of a file went when it was filed: what later files of the partner are measured by. */
struct store_matching {
	uint64_t file_no;
	struct slice partner;
	bool full;                       /* a set of it tells of everybody */
	uint64_t matched, added, review; /* its records: a member on file, new, to a representative */
	uint64_t expected_wrong_e6;      /* sum over those matched */
};
/* Insert, or in the place of the file's earlier one. */
int store_matching_put(struct store *store, const struct store_matching *matching);
/* The sum over the last `files_max` such files of this partner before `of`. */
/* What the last `files_max` applied files of a partner before this one, full ones or not, did to coverage in a group. */
struct store_volume {
	uint64_t adds, terminations, changes; /* members, summed over the files */
};
int store_volume_before(struct store *store, struct slice partner, uint64_t file_no, bool full, struct slice group_id,
			uint32_t files_max, struct store_volume *ret_sum, uint32_t *ret_files);
int store_matchings_before(struct store *store, const struct store_matching *of, uint32_t files_max,
                           struct store_matching *ret_sum, uint32_t *ret_files);

/* ---- labels ------------------------------------------------------------------------------------------------- */

/*
 * What a representative said about who is meant, with what he was shown at that moment: of this the matcher learns. One
 * label a decision; a decision that is undone withdraws its label, and what it ruled out. What a person says of a sampled
 * automatic decision (outputs_is_sampled) is a label without an exception: his last word on a record stands.
 */
enum store_label_verdict {
	STORE_LABEL_SAME,     /* member_no is meant: "match:" */
	STORE_LABEL_NOT_SAME, /* member_no is not meant: "not:" */
	STORE_LABEL_NEW       /* nobody on file is meant: "new" */
};
const char *store_label_verdict_name(enum store_label_verdict verdict);
struct store_label {
	uint64_t label_no;       /* given by store_label_add */
	uint64_t exception_no;   /* 0 = of a sampled decision */
	uint32_t version;        /* of the item, after the decision: the key of the decision's row */
	enum store_label_verdict verdict;
	uint64_t member_no;      /* 0 = none */
	struct slice operator_id;
	/* As shown, best first, then who is named besides; evidence without values, his without bits; member_id not kept. */
	const struct store_candidate *candidates;
	uint32_t candidate_count;
	/* Filled when read; for a sampled decision by whoever adds it: */
	uint64_t file_no;
	struct slice item_id, model; /* the item or record; the model that had weighed the candidates */
	struct hash identity;
	/* Filled when read: */
	int64_t at_ms;
	bool withdrawn;
};
/* 0, STORE_E_EXISTS. */
int store_label_add(struct store *store, struct store_label *label);
/* In the place of what was said of this record before; version is given. 0 or <0. */
int store_label_add_sampled(struct store *store, struct store_label *label);
typedef int (*store_label_fn)(void *context, const struct store_label *label);
/* All, in the order in which they were said. */
int store_labels_each(struct store *store, store_label_fn fn, void *context);
/* The decisions on this item were undone. */
int store_labels_withdraw(struct store *store, uint64_t exception_no);

/*
 * "Not the same", said about who was sent (match_identity) and a member: from then on the pair is no candidate, in
 * whatever file that person comes.
 */
int store_not_same_put(struct store *store, const struct hash *identity, uint64_t member_no, uint64_t exception_no,
                       struct slice operator_id);
/* Somebody said since that it is he. */
int store_not_same_remove(struct store *store, const struct hash *identity, uint64_t member_no);
/* Was anybody ever? */
int store_not_same_any(struct store *store, bool *ret_any);
/* The members ruled out, in `arena`. */
int store_not_same_of(struct store *store, const struct hash *identity, struct arena *arena,
                      const uint64_t **ret_member_nos, uint32_t *ret_count);

/* ---- money -------------------------------------------------------------------------------------------------- */

enum store_payment_status {
	STORE_PAYMENT_PENDING,
	STORE_PAYMENT_POSTED,
	STORE_PAYMENT_SUSPENDED,
	STORE_PAYMENT_REJECTED
};
const char *store_payment_status_name(enum store_payment_status status);

/* The payment of one 820 set. */
struct store_remittance {
	uint64_t tset_no;
	struct slice payer_qualifier, payer_id, payer_name, payee_id;
	struct slice trace, method, handling, credit_debit; /* TRN02, BPR04, BPR01, BPR03 */
	cents total;             /* BPR02 */
	date_day settles_on;     /* BPR16 */
	date_day period_begin, period_end;
	bool duplicate;          /* seen before; nothing of it was posted */
};
/* 0, STORE_E_EXISTS. */
int store_remittance_add(struct store *store, const struct store_remittance *remittance);
int store_remittance_get(struct store *store, uint64_t tset_no, struct arena *arena,
                         const struct store_remittance **ret_remittance);
/*
 * Was this payment taken before by another set (and not as a duplicate)? *ret_tset_no 0 = no. `but_tset_no` and its
 * revisions do not count: a correction is of the same payment.
 */
int store_remittance_seen(struct store *store, struct slice payer_id, struct slice trace, cents total,
                          date_day settles_on, uint64_t but_tset_no, uint64_t *ret_tset_no);

struct store_remittance_line {
	uint64_t tset_no;
	uint32_t line_pos;
	enum store_payment_status status;
	struct slice group_id;   /* empty: not placed */
	uint64_t member_no;      /* 0 = organization level */
	struct slice member_id;  /* filled when read */
	struct slice reference_qualifier, reference; /* RMR01 02 */
	struct slice entity_id;  /* the person or organization as sent */
	cents amount;            /* what it weighs in the money law: paid and moving adjustments */
	cents paid, adjusted;
	bool has_billed;
	cents billed;
	date_day period_begin, period_end;
	date_day pending_until;  /* DATE_NONE = not waiting for settlement */
	struct slice rule, reason;
	uint32_t segment_pos;
	uint64_t offset;
	/* Filled when read: */
	struct slice trace;
	date_day settles_on;
	struct store_origin origin;
};
/* 0, STORE_E_EXISTS. */
int store_remittance_line_add(struct store *store, const struct store_remittance_line *line);
/* Status, group_id, member_no, pending_until, rule, reason. 0, STORE_E_MISSING. */
int store_remittance_line_update(struct store *store, const struct store_remittance_line *line);
int store_remittance_line_get(struct store *store, uint64_t tset_no, uint32_t line_pos, struct arena *arena,
                              const struct store_remittance_line **ret_line);
typedef int (*store_remittance_line_fn)(void *context, const struct store_remittance_line *line);
int store_remittance_lines_of_tset(struct store *store, uint64_t tset_no, store_remittance_line_fn fn, void *context);
int store_remittance_lines_of_group(struct store *store, struct slice group_id, store_remittance_line_fn fn,
                                    void *context);
/* Sum of `amount` and number of lines of a set by status. */
struct store_payment_totals {
	uint64_t lines[STORE_PAYMENT_REJECTED + 1];
	cents amounts[STORE_PAYMENT_REJECTED + 1];
};
int store_remittance_totals(struct store *store, uint64_t tset_no, struct store_payment_totals *ret_totals);

/* ---- orders about contracts, and notices --------------------------------------------------------------------- */

/*
 * An order changes contracts and the coverage under them. It stands as a file that nobody sent: a row of files (at
 * once FILED), one set, a ledger row for each member (member_pos 0: the contract itself), changes with before and
 * after; so history, undo and the conservation law know it as they know a file.
 */
enum store_order_kind {
	STORE_ORDER_TERMINATE,
	STORE_ORDER_REINSTATE,
	STORE_ORDER_SEPARATE,
	STORE_ORDER_LINK,
	STORE_ORDER_KIND_COUNT
};
/* "terminate", ... */
const char *store_order_kind_name(enum store_order_kind kind);
struct store_order {
	uint64_t tset_no;
	enum store_order_kind kind;
	struct slice group_id;
	struct slice other_group_id; /* the new contract of a separation; the other one of a link */
	struct slice region;         /* of a separation */
	date_day on_day;             /* last covered day; first day under the new contract; first day reinstated */
	date_day reroute_until;      /* of a separation: until then the old number is understood (B13) */
	uint64_t answers;            /* the order that this one takes back, 0 = none */
	uint64_t file_no;            /* filled when read */
};
/* 0, STORE_E_EXISTS. */
int store_order_add(struct store *store, const struct store_order *order);
typedef int (*store_order_fn)(void *context, const struct store_order *order);
/* Of one contract (its group_id, not the other's), latest first; without those that were taken back. */
int store_orders_of_group(struct store *store, struct slice group_id, store_order_fn fn, void *context);

/*
 * Members with a span of this group, not voided, that lasts on or after `day`: whole families after one another
 * (by subscriber id, subscriber first). The numbers live in `arena`.
 */
int store_group_members(struct store *store, struct slice group_id, date_day day, struct arena *arena,
                        const uint64_t **ret_member_nos, uint32_t *ret_count);
/* Where the subscribers covered on `day` live: their number by state and the first three digits of the ZIP code. */
typedef int (*store_place_fn)(void *context, struct slice state, struct slice zip3, uint64_t subscribers);
int store_group_places(struct store *store, struct slice group_id, date_day day, store_place_fn fn, void *context);

/* A letter, card or message that another system is to send: a row of notices.csv. */
struct store_notice {
	uint64_t tset_no;
	uint32_t member_pos;
	uint32_t notice_index;       /* given by store_notice_add: 0, 1, .. under a record */
	struct slice kind;           /* "card", "certificate", ... (apply.h) */
	struct slice member_id, subscriber_id; /* empty: to the group */
	struct slice group_id, plan_id;
	struct slice channel;        /* "digital", "print", "mail", "group", "internal" */
	struct slice address;        /* as on that day; may be empty */
	struct slice reason;
	bool later;                  /* brought by a representative's decision, after the file's own outputs */
	struct store_origin origin;  /* filled when read */
};
int store_notice_add(struct store *store, const struct store_notice *notice);
typedef int (*store_notice_fn)(void *context, const struct store_notice *notice);
/* What a person should know of a record beside its outcome. The same again for a record is no second one. */
struct store_warning {
	uint64_t tset_no;
	uint32_t member_pos;
	struct slice text;
	bool later;                /* brought by a representative's decision, not by the file's run */
	struct slice tset_control; /* out */
};
int store_warning_add(struct store *store, const struct store_warning *warning);
typedef int (*store_warning_fn)(void *context, const struct store_warning *warning);
/* Of a file, by set ordinal and member_pos. */
int store_warnings_of_file(struct store *store, uint64_t file_no, store_warning_fn fn, void *context);
int store_warnings_of_record(struct store *store, uint64_t tset_no, uint32_t member_pos, store_warning_fn fn,
                             void *context);

/*
 * Take back what was asked for members whose coverage one set of the file ended, all of it in a group, and a later one
 * gave back from the next day: letters and certificates of the end, letters of the return, and the card, where the plan
 * is the same. What a representative's decision brought stays.
 */
int store_notices_forget_kept(struct store *store, uint64_t file_no);
/* Of a file, by set ordinal, member_pos, notice_index. */
int store_notices_of_file(struct store *store, uint64_t file_no, store_notice_fn fn, void *context);
int store_notices_of_record(struct store *store, uint64_t tset_no, uint32_t member_pos, store_notice_fn fn,
                            void *context);
/*
 * Records with notices of a later decision that nobody has written out since: a notice that is added as `later` makes its
 * record one of them, in the same transaction, until they are said to be written. 0, <0, or what `fn` returned.
 */
int store_notices_owed(struct store *store, void *context,
                       int (*fn)(void *context, uint64_t tset_no, uint32_t member_pos));
int store_notices_written(struct store *store, uint64_t tset_no, uint32_t member_pos);

/* ---- runs --------------------------------------------------------------------------------------------------- */

/*
 * What each run did, and the manifest of what it wrote (P31, P32). Rows tell of a run as it ended, so that its report says
 * the same years later. A run that filed nothing has no row.
 */
#define STORE_RUN_ID_BYTES 24
/* "R00000003" */
char *store_run_id_format(uint64_t run_no, char out[STORE_RUN_ID_BYTES]);
struct store_run {
	uint64_t run_no;      /* given by store_run_add */
	struct slice verb;    /* run, process, ... */
	struct slice version; /* of muster */
	date_day as_of;       /* its "today" */
	struct slice operator_id;
	int64_t started_ms;   /* given: the env's clock */
};
struct store_output {
	struct slice name; /* of the file in out/ */
	struct hash sha256;
	uint64_t bytes, rows; /* rows: of a table, without its header */
	bool is_table;
};
/* A file of a run, as it stood when the run was done with it; outcome, reason and tally are those of then. */
struct store_run_file {
	uint64_t run_no;
	const struct store_file *file; /* name, partner, sha256, bytes, kind, received_ms */
	bool released;                 /* it was filed before; a set of it was released */
	enum store_file_outcome outcome;
	struct slice reason;
	struct store_tally tally;
	uint64_t last_run_no; /* the last run that wrote its outputs; filled when read */
};
int store_run_add(struct store *store, struct store_run *run);
/* NULL = none of that number; run_no 0: the last one. */
int store_run_get(struct store *store, uint64_t run_no, struct arena *arena, const struct store_run **ret_run);
typedef int (*store_run_fn)(void *context, const struct store_run *run);
/* From the first on. */
int store_runs_each(struct store *store, store_run_fn fn, void *context);
/* The row of `row->file`; where the run has one of it already, that is forgotten, with its outputs. */
int store_run_file_put(struct store *store, const struct store_run_file *row);
int store_run_output_add(struct store *store, uint64_t run_no, uint64_t file_no, const struct store_output *output);
typedef int (*store_run_file_fn)(void *context, const struct store_run_file *row);
typedef int (*store_output_fn)(void *context, const struct store_output *output);
/* By file number; by name. */
int store_run_files_each(struct store *store, uint64_t run_no, store_run_file_fn fn, void *context);
int store_run_outputs_each(struct store *store, uint64_t run_no, uint64_t file_no, store_output_fn fn, void *context);

/* ---- audit -------------------------------------------------------------------------------------------------- */

/*
 * The trail: rows that no statement can change or delete (triggers), each holding SHA-256 over its own content and
 * the hash of the row before (P35). One row for a chunk, a decision, a load; in the transaction of its effect.
 */
struct store_audit {
	uint64_t audit_no;      /* given by store_audit_append */
	int64_t at_ms;          /* given: the env's clock */
	struct slice actor;     /* who did it; empty: whom store_set_operator has named */
	struct slice kind;      /* "apply", "load", "decision", "release", ... */
	struct slice subject;   /* "F00000012-1", an item, a file name */
	struct slice text;      /* ids and counts; no names, no SSNs */
	struct hash payload;    /* of what was done in full; zero = none */
	struct hash chain;      /* given */
};
/*
 * Who is at work: the actor of rows that name nobody else, as those of loads and of files. Copied, its first 127 bytes.
 * Until it is said rows may have no actor.
 */
void store_set_operator(struct store *store, struct slice operator_id);
int store_audit_append(struct store *store, struct store_audit *audit);
/* Was that done since the store was opened? Also where it was rolled back. */
bool store_has_audited(const struct store *store);
/* Number and hash of the last row (0 and zeros when there is none): which state of the database this is. */
int store_audit_head(struct store *store, uint64_t *ret_audit_no, struct hash *ret_chain);
typedef int (*store_audit_fn)(void *context, const struct store_audit *audit);
int store_audit_each(struct store *store, uint64_t from, store_audit_fn fn, void *context);
/* 0 with the number of rows and the head; STORE_E_DAMAGED with *ret_bad_no the first row that does not fit. */
int store_audit_verify(struct store *store, uint64_t *ret_count, struct hash *ret_head, uint64_t *ret_bad_no);

#endif
