/*
 * What the verbs share: the parsed command line, output, the open database.
 *
 * Lifetime  a struct cli lives for one command; everything it opened is closed by cli_run().
 */
#ifndef MUSTER_CLI_INTERNAL_H
#define MUSTER_CLI_INTERNAL_H

#include <stdbool.h>

#include "muster/arena.h"
#include "muster/buffer.h"
#include "muster/csv.h"
#include "muster/date.h"
#include "muster/env.h"
#include "muster/error.h"
#include "muster/json.h"
#include "muster/log.h"

#define CLI_ARGUMENTS_MAX 4096

enum cli_format { CLI_TEXT, CLI_JSON, CLI_NDJSON, CLI_CSV };

struct cli_options {
	const char *db, *config, *as_of, *ack, *out, *on, *note, *decision, *operator_name, *item, *status, *category,
		*group, *owner, *partner, *file, *limit, *html, *left, *right, *truth, *pairs, *model, *to,
		*output, *set, *member_change, *role, *name, *login, *known_at, *region, *nights, *plot, *run;
	enum cli_format format;
	bool quiet, verbose, detailed_exitcode, help, version, unmasked, yes, wait, train, labels, one_to_one, dry_run,
		redo;
};

struct guide_set;
struct store;
struct store_audit;
struct config;
struct profiles;

struct cli {
	struct env *env;
	struct cli_options options;
	const char *verb, *subverb;         /* NULL when not given */
	char *arguments[CLI_ARGUMENTS_MAX]; /* behind the verb (and subverb) */
	int argument_count;
	struct arena arena;
	struct buffer out;                  /* stdout, flushed by cli_flush */
	struct config *config;              /* NULL until cli_open_config */
	struct profiles *profiles;
	struct guide_set *guides;
	struct store *store;
	struct store *truth;                /* what `store` lies beside (cli_open_batch_beside); else NULL */
	struct slice operator_id;           /* who is at work; known once the database is open */
	unsigned may;                       /* bits of enum privilege (operators.h) */
	bool operators_listed;
	date_day today;                     /* --as-of, or the clock's UTC day */
	bool today_fixed;
	bool told;                          /* why it failed stands on stderr: no words for the number too */
};

/* A verb: what it is called, what it says of itself, and what it does. */
struct cli_verb {
	const char *name;
	const char *usage;      /* behind "muster " */
	const char *summary;    /* one line */
	const char *help;       /* examples first, then words */
	const char *subverbs;   /* "list show ..." or NULL: the next argument is one of these; led by "| ": or there is none */
	/* 0, an exit status of its own (1, 2, 65), or a negative error. */
	int (*run)(struct cli *cli);
};

extern const struct cli_verb cli_verbs[];

/* Write what is buffered to stdout. 0 or -errno. */
int cli_flush(struct cli *cli);
/* Flush when the buffer has grown: for long lists. */
int cli_flush_some(struct cli *cli);
/* To stderr, unless --quiet. */
void cli_say(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* To stderr, always; returns MUSTER_ERROR_USAGE. */
int cli_usage_error(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* To stderr, always, behind the verb and subverb; returns `error`, of which nothing more is said. */
int cli_failed(struct cli *cli, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same of an output. What would mean of an input that it is not there means that this cannot be made. */
int cli_cannot_write(struct cli *cli, int error, const char *path);

/* Configuration and profiles; messages to stderr. 0 or MUSTER_ERROR_CONFIG... Idempotent, as are the next ones. */
int cli_open_config(struct cli *cli);
int cli_open_guides(struct cli *cli);
/* The database; and whether who is at work may do what the verb does (operators.h): MUSTER_ERROR_DENIED, said already. */
int cli_open_store(struct cli *cli);

/* Who decides: --operator, else the id of the login name. Only with the database open. */
struct slice cli_operator(struct cli *cli);
/*
 * The end of a write transaction of which something was done (`r` 0): its audit row, and commit; else nothing of it stays.
 * `r`, or what went wrong; -ENOMEM where the row has no text.
 */
int cli_commit_audited(struct cli *cli, int r, struct store_audit *audit);
/* What is "now": 00:00:00Z of --as-of, else the clock. */
int64_t cli_now_ms(const struct cli *cli);
/* --on DATE or today. False with a message when it is no date. */
bool cli_on_date(struct cli *cli, date_day *ret_day);

/* Text tables: cells are appended, widths found, columns padded; numbers of columns fixed at begin. */
struct cli_table {
	struct cli *cli;
	uint32_t columns, cells;
	struct slice *texts;
	uint32_t capacity;
	int error;
};
void cli_table_begin(struct cli_table *table, struct cli *cli, uint32_t columns, const char *const *titles);
void cli_table_cell(struct cli_table *table, struct slice text);
/* Lay out and append to cli->out. 0 or -ENOMEM. */
int cli_table_end(struct cli_table *table);

/* A progress line on stderr when it is a terminal: bytes done of a known total. */
struct cli_progress {
	struct cli *cli;
	bool active;
	const char *what;
	uint64_t total;
	int64_t started_ns, shown_ns;
};
void cli_progress_begin(struct cli_progress *progress, struct cli *cli, const char *what, uint64_t total);
void cli_progress_at(struct cli_progress *progress, uint64_t done);
void cli_progress_end(struct cli_progress *progress);

int cli_init(struct cli *cli);
int cli_load(struct cli *cli);
int cli_validate(struct cli *cli);
int cli_preview(struct cli *cli);
int cli_process(struct cli *cli);
int cli_run_batch(struct cli *cli);
int cli_reprocess(struct cli *cli);
int cli_undo(struct cli *cli);
int cli_queue(struct cli *cli);
int cli_members(struct cli *cli);
int cli_groups(struct cli *cli);
/* groups terminate, reinstate, separate, link, regions. */
int cli_orders(struct cli *cli);
int cli_partners(struct cli *cli);
int cli_report(struct cli *cli);
int cli_audit(struct cli *cli);
int cli_guide(struct cli *cli);
int cli_match(struct cli *cli);
int cli_convert(struct cli *cli);
int cli_backup(struct cli *cli);
int cli_retention(struct cli *cli);
int cli_doctor(struct cli *cli);
int cli_user(struct cli *cli);
int cli_help(struct cli *cli);

#endif
