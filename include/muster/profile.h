/*
 * profile: the configuration of a site, and what is agreed with each partner.
 *
 * `muster.yaml` says where things are; `partners/<name>.yaml` says what one partner sends and how muster is to take
 * it; both only change what the defaults below say. A partner's file inherits from `partners/default.yaml`, and that
 * from the defaults. A key that is known in the field but that muster cannot honour yet is refused, never ignored.
 *
 * Units     days, hours, seconds, bytes, percent: the name says which.
 * Memory    everything in the caller's arena; paths end in NUL.
 * Errors    MUSTER_ERROR_CONFIG: every fault of every file is in `errors`, each as `file:line:column: what`, the
 *           line and a caret. Other negative codes: our machine.
 * Source    CONTRACT sections 1 and 5; DESIGN section 4; enrollment-semantics section 9 (names of the keys);
 *           security section 3.1, point 4 (which muster.yaml is taken).
 */
#ifndef MUSTER_PROFILE_H
#define MUSTER_PROFILE_H

#include "muster/ack.h"
#include "muster/arena.h"
#include "muster/buffer.h"
#include "muster/calendar.h"
#include "muster/check.h"
#include "muster/decide.h"
#include "muster/env.h"

/* Where the matcher looks for candidates. The results are the same. */
enum profile_candidates {
	PROFILE_CANDIDATES_AUTO,     /* in memory for a file of many records, if there is room */
	PROFILE_CANDIDATES_DATABASE,
	PROFILE_CANDIDATES_MEMORY
};

/* muster.yaml. */
/* After how many days what is kept of a received file may be removed (batch_retention); 0 = never. */
struct config_retention {
	int32_t originals_days;
	int32_t decided_days; /* of originals with records in force that would wait again if they were taken back */
	int32_t outputs_days;
};

struct config {
	const char *path;   /* the file it was read from; "" = none: the defaults serve */
	const char *folder; /* where that file is; what is relative below was made relative to it */
	const char *database, *in, *out, *work, *done, *held, *rejected, *partners;
	const char *match_model; /* the weights of the matcher; NULL = those carried inside the program */
	const char *anchors;     /* where heads of the audit trail are kept; NULL = beside the database, its name and `.anchors` */
	const char *anchor_key;  /* the file with the key that seals them; NULL = they are not sealed */
	bool anchor_log;         /* they go to the machine's log, too */
	bool partners_given; /* the key stood in the file: then the folder must be there */
	struct slice member_id_format; /* '#' a digit of the running number, '@' the check digit, the rest as it stands */
	struct check_receiver *receivers; /* receiver_ids; none = every ISA07/08 is taken for ours */
	uint32_t receiver_count;
	struct slice *print_regions; /* printed_card_regions: members of groups of these regions get printed cards */
	uint32_t print_region_count;
	enum profile_candidates candidates;
	uint64_t candidates_bytes; /* candidates_memory: AUTO takes no more than this */
	int32_t due_hours;      /* due_at = received + this, by the calendar */
	struct calendar calendar;
	bool release_alone;     /* release_by: one operator releases a held set; else one proposes and another confirms */
	struct config_retention retention;
	int32_t backup_days;    /* doctor wants a backup no older than this; 0 = any */
	int32_t chunk_members;  /* families are applied in database transactions of about this many members */
};

enum profile_ack { PROFILE_ACK_FILE, PROFILE_ACK_NONE };
/* How it is known that a file has arrived whole (promise P1). */
enum profile_arrival {
	PROFILE_ARRIVAL_RENAME,      /* names of files still arriving: *.tmp, *.part, *.filepart, dot-files */
	PROFILE_ARRIVAL_DONE_MARKER, /* `x.edi.done` or `x.edi.sha256` stands beside `x.edi`; the latter must agree with it */
	PROFILE_ARRIVAL_SETTLE       /* nothing of it changed for settle_seconds, and nobody is seen to write to it */
};
/* What says, beside an ISA15 that is not P, that a file is a trial. */
enum profile_test_rule {
	PROFILE_TEST_ISA15,  /* nothing else */
	PROFILE_TEST_FOLDER, /* it came by the folder `test` in the partner's drop folder */
	PROFILE_TEST_GS03    /* GS03 is check.gs_receiver_test */
};
enum profile_doubt { PROFILE_HOLD, PROFILE_APPLY };

/*
 * Volume guards, per set and group against the group's active members: a set is held when the count is over the
 * percentage and over the minimum. Kept 32-bit: a percentage of 12 million members needs 64 bits when multiplied.
 */
struct profile_guards {
	int32_t omissions_percent, omissions_min;       /* full files: active members left out */
	int32_t omitted_subscribers_percent, omitted_subscribers_min; /* of them subscribers, against active subscribers */
	int32_t records_percent, records_min;           /* full files: records more or fewer than in the last; 0 %: not looked at */
	int32_t terminations_percent, terminations_min; /* explicit ones */
	int32_t changes_percent, changes_min;           /* any change */
	/* Against the mean of the partner's last files of the kind that changed coverage of the group: of members added, ended,
	 * changed at all. usual_files 0: not looked at; nor where there are fewer than usual_files_min of them. */
	int32_t usual_files, usual_files_min, usual_percent, usual_min;
	int32_t errors_percent, errors_min;             /* records that a representative would see, of the set's; 100 %: no limit */
};

/* When a file's matching departs from the partner's last files so much that it is said (outputs.h). files 0: never. */
struct profile_drift {
	int32_t files, files_min, records_min;
	int32_t review_points, match_points, wrong_per_10k;
};

/* What a file is by a word of it: a BGN08, or the type in its name. */
enum profile_kind {
	PROFILE_KIND_UNSAID,
	PROFILE_KIND_CHANGE,
	PROFILE_KIND_FULL,
	PROFILE_KIND_AUDIT /* compared and reported, not applied */
};
struct profile_kinds {
	const struct profile_kind_row {
		struct slice word;
		enum profile_kind kind;
	} *rows;
	uint32_t count;
};
/* UNSAID where no row is of this word. */
enum profile_kind profile_kind_of(const struct profile_kinds *kinds, struct slice word);

/* Which sets tell of everybody (full files), where neither by_action nor by_name of struct profile_full says so. */
enum profile_full_mode {
	PROFILE_FULL_BY_BGN08, /* RX */
	PROFILE_FULL_BY_INS03, /* RX, and sets whose records are all INS03 030 */
	PROFILE_FULL_ALWAYS,   /* all */
	PROFILE_FULL_NEVER     /* none: 030 is compared record by record, and nobody is left out */
};
enum profile_omission { PROFILE_OMISSION_TERM, PROFILE_OMISSION_IGNORE, PROFILE_OMISSION_EXCEPTION };
enum profile_omit_end { PROFILE_OMIT_MONTH_OF_FILE, PROFILE_OMIT_MONTH_BEFORE, PROFILE_OMIT_FILE_DATE };

/* Full files: who is left out, and what becomes of him. */
struct profile_full {
	enum profile_full_mode mode;
	struct profile_kinds by_action;  /* bgn08_map; what it leaves out: 4 an audit, RX full, others changes */
	struct profile_kinds by_name;    /* modes_by_name: by PROFILE_NAME_TYPE of a file's name; none: names say nothing */
	bool reported_only;              /* reconcile: a full file is compared with what the daily changes made, and reported */
	bool refused;                    /* file_mode: change. A full file of this partner waits */
	enum profile_omission omission;  /* end, let alone, or ask */
	enum profile_omit_end omit_end;  /* last covered day, by BGN03; the default takes no day away that has passed */
	int32_t grace_files;             /* absent from so many full files on end before his coverage ends; 1 = at once */
	int32_t young_days;              /* who was added in so many days before the file, or after it, is kept */
	bool missing_groups_ignored;     /* a group of the last full file that is not in this one: no hold */
};

/* A file that a partner is expected to send: on which days, of what kind, by when. */
enum profile_expect_kind { PROFILE_EXPECT_ANY, PROFILE_EXPECT_CHANGE, PROFILE_EXPECT_FULL, PROFILE_EXPECT_820 };
struct profile_expect {
	enum profile_expect_kind kind;
	uint8_t weekdays;     /* 1 << 0 Monday .. 1 << 6 Sunday */
	uint32_t month_days;  /* 1 << 1 .. 1 << 31; a day that a month has not is its last one */
	int32_t by_minutes;   /* of the day, by the office's clock: later the file is late */
	int32_t window_hours; /* before that a file is not yet the one expected */
};
/* "any", "change", "full", "820". */
const char *profile_expect_kind_name(enum profile_expect_kind kind);
/* The last moment at or before `now_ms` by which such a file had to be there, and the next one after it. */
void profile_expect_due(const struct profile_expect *expect, const struct calendar *calendar, int64_t now_ms,
			int64_t *ret_last_ms, int64_t *ret_next_ms);

/* What a part of a file's name says: the groups of name_regex. */
enum profile_name_part {
	PROFILE_NAME_SENDER,  /* ISA06 or GS02 */
	PROFILE_NAME_TYPE,    /* what kind of file it is */
	PROFILE_NAME_DATE,    /* GS04, with or without its century */
	PROFILE_NAME_TIME,    /* GS05, as far as both go */
	PROFILE_NAME_CONTROL, /* ISA13 */
	PROFILE_NAME_USAGE,   /* T: a trial */
	PROFILE_NAME_PARTS
};
/* "date", as in (?<date>[0-9]{6}). */
const char *profile_name_part_text(enum profile_name_part part);
/* How the partner names his files. */
struct profile_names {
	const char *pattern; /* a POSIX extended regular expression of the whole name; NULL: any name */
	uint8_t groups[PROFILE_NAME_PARTS]; /* which of its groups says what; 0 = none */
};

struct profile {
	const char *name;    /* of its file, without .yaml: also its folders in/<name>/ and out/<name>/ */
	struct slice title;  /* `name`: for people; the file's name where not given */
	struct slice isa_sender_qualifier, isa_sender; /* ISA05 (empty = any), ISA06 */
	struct slice gs_sender;   /* GS02: tells two partners of one ISA06 apart; empty = any */
	struct slice isa_receiver_qualifier; /* ISA07; empty = any. Only with isa_receiver */
	struct slice isa_receiver; /* ISA08 that this partner must use; empty = the configuration's receiver_ids decide */
	/* reject, severities, codes, overlay, delims, ...; receivers: set by profiles_load. Its guides live in the arena. */
	struct check_options check;
	struct enroll_habits enroll; /* group_key, plan_key, sponsor_key, ref_map */
	struct decide_policy decide; /* ref_map, ref0F, end_is_exclusive, retro_*, future_limit, age_limit, test_files, ... */
	enum profile_test_rule test_rule;
	enum profile_ack ack;       /* none: no TA1 and 999 are written to out/ */
	bool ta1_only_when_asked;   /* ta1: requested */
	bool accepted_sets_left_out; /* ack_rules: no AK2 and IK5 for sets without errors */
	bool duplicates_accepted;   /* ack_rules: a file that came before is answered as it was then, not by TA1 025 */
	int32_t number_window_days; /* number_window: control numbers may come again after so many days; 0 = never */
	bool reject_dup_isa13;      /* an interchange whose number came before is rejected, whatever is in it */
	const struct error_class *errors; /* error_report: CATEGORY_COUNT of them; NULL: none is written */
	bool report_824;            /* an 824 tells the partner which records were not applied, and why */
	bool accept_complete_sets;  /* partial: of a file cut off, the sets complete before the cut are taken */
	enum profile_doubt resend;  /* other control numbers, same content (promise P22) */
	enum profile_doubt out_of_order; /* older than what was applied last (promise P24) */
	enum profile_arrival arrival;
	int32_t settle_seconds;
	uint64_t max_inflated_bytes; /* of one gzip file; at most LIMIT_INFLATE_BYTES */
	struct profile_names names;
	const struct profile_expect *expects;
	uint32_t expect_count;
	struct profile_guards guards;
	struct profile_drift drift;
	struct profile_full full;
};

/* All partners of a site, sorted by name; `fallback` is partners/default.yaml, or the defaults. */
struct profiles {
	struct profile fallback;
	struct profile *items;
	uint32_t count;
};

/*
 * Find and read the configuration: `explicit_path` (-c), `environment_path` ($MUSTER_CONFIG), ./muster.yaml,
 * /etc/muster/muster.yaml; the first that is given or there. NULL or "" = not given. A ./muster.yaml that belongs to
 * somebody else than the caller or root, or that everybody may write, is an error, and so is a path that was given
 * and is not there.
 */
int config_load(struct env *env, struct arena *arena, const char *explicit_path, const char *environment_path,
                struct buffer *errors, struct config *ret_config);
/* The same from text: `path` names it in messages, and what is relative becomes relative to its folder. */
int config_parse(struct arena *arena, const char *path, struct slice text, struct buffer *errors,
                 struct config *ret_config);
/* The defaults, relative to the current folder. 0 or -ENOMEM. */
int config_defaults(struct arena *arena, struct config *ret_config);

/* When what is received at this time is due. */
int64_t config_due_ms(const struct config *config, int64_t received_ms);

/* A profile changes guides, and none were given: call again with them. Nothing else is wrong so far. */
enum { PROFILE_E_GUIDES = 1 };

/*
 * Read the folder config->partners. One that nobody named and that is not there has no partners. `guides` are those of
 * the run, which must outlive the profiles; NULL: PROFILE_E_GUIDES when some profile changes them.
 */
int profiles_load(struct env *env, struct arena *arena, const struct config *config, const struct guide_set *guides,
                  struct buffer *errors, struct profiles *ret_profiles);
/*
 * One profile from text. `path` names it: its last part without .yaml becomes the name, and files that it names are
 * beside it. `base` NULL = the defaults. `guides` as above.
 */
int profile_parse(struct arena *arena, const char *path, struct slice text, const struct profile *base,
                  const struct guide_set *guides, struct buffer *errors, struct profile *ret_profile);
void profile_defaults(struct profile *ret_profile);

/*
 * The partner who sends with these ids (trimmed, as x12_interchange has them), else the fallback. `gs_sender` may be
 * empty: not known yet. Never NULL; borrowed from `profiles`.
 */
const struct profile *profile_for(const struct profiles *profiles, struct slice sender_qualifier,
                                  struct slice sender_id, struct slice gs_sender);
/*
 * What a file's name says, if it is as was agreed: `ret_parts` of PROFILE_NAME_PARTS, borrowed from `name`, empty where
 * nothing is said. 0 or -ENOMEM.
 */
int profile_read_name(const struct profile_names *names, struct slice name, bool *ret_agreed, struct slice *ret_parts);
/* By file name without .yaml, as the folders in/<name>/ bear it; NULL when there is none. */
const struct profile *profile_named(const struct profiles *profiles, struct slice name);

#endif
