/*
 * One table says what each verb wants, one what each role may. A verb that stands in no row wants the highest privilege:
 * whoever adds one has to say.
 */
#include "operators.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "muster/store.h"

#define MAY(privilege) (1u << (privilege))
#define MAY_ALL (MAY(PRIVILEGE_COUNT) - 1)
#define ROLE_LEAD                                                                                                      \
	(MAY(MAY_RUN) | MAY(MAY_RESOLVE) | MAY(MAY_RELEASE) | MAY(MAY_UNDO) | MAY(MAY_FILES) | MAY(MAY_ORDER))

static const struct {
	const char *name;
	unsigned may;
} roles[] = {
	{"representative", MAY(MAY_RUN) | MAY(MAY_RESOLVE)},
	{"lead", ROLE_LEAD},
	{"administrator", MAY_ALL},
	{"auditor", 0},
	{"service", MAY(MAY_RUN) | MAY(MAY_FILES) | MAY(MAY_BACKUP)},
	{"none", 0}, /* was an operator; his id is given to nobody else */
};
#define ROLE_COUNT (sizeof(roles) / sizeof(roles[0]))

static const char *const privilege_texts[PRIVILEGE_COUNT] = {
	[MAY_RUN] = "start the night's run",        [MAY_RESOLVE] = "decide on items of the queue",
	[MAY_RELEASE] = "release held sets",        [MAY_UNDO] = "take changes back",
	[MAY_FILES] = "process and load files",     [MAY_ORDER] = "order about contracts",
	[MAY_PURGE] = "remove what was kept",
	[MAY_BACKUP] = "copy the database",         [MAY_PROMOTE] = "promote a model",
	[MAY_RENUMBER] = "let a partner's control numbers begin anew",
	[MAY_RESTART] = "anchor the audit trail anew",
	[MAY_USERS] = "say who may what",
};

#define LOOKS PRIVILEGE_COUNT
/* `subverbs` NULL: all of the verb's, and the verb without any. */
static const struct {
	const char *verb, *subverbs;
	enum privilege wants;
} needs[] = {
	{"validate", NULL, LOOKS},
	{"preview", NULL, LOOKS},
	{"members", NULL, LOOKS},
	{"partners", "reset", MAY_RENUMBER},
	{"partners", NULL, LOOKS},
	{"report", NULL, LOOKS},
	{"convert", NULL, LOOKS},
	{"guide", NULL, LOOKS},
	{"doctor", NULL, LOOKS},
	{"backup", "verify", LOOKS},
	{"audit", "verify head", LOOKS},
	{"audit", "restart", MAY_RESTART},
	{"queue", "list show export ageing sample", LOOKS},
	{"groups", "list show roster regions", LOOKS},
	{"match", "link train explain evaluate dedupe shadow", LOOKS},
	{"retention", "show", LOOKS},
	{"user", "list", LOOKS},
	{"run", NULL, MAY_RUN},
	{"load", NULL, MAY_FILES},
	{"process", NULL, MAY_FILES},
	{"reprocess", NULL, MAY_FILES},
	{"queue", "next resolve assign note import verdict", MAY_RESOLVE},
	{"undo", NULL, MAY_UNDO},
	{"groups", "terminate reinstate separate link", MAY_ORDER},
	{"backup", "make", MAY_BACKUP},
	{"retention", "purge hold lift", MAY_PURGE},
	{"match", "promote", MAY_PROMOTE},
};

static unsigned role_may(struct slice role)
{
	size_t i;

	for (i = 0; i < ROLE_COUNT; i++)
		if (slice_is(role, roles[i].name))
			return roles[i].may;
	return 0;
}

bool operators_is_role(struct slice role)
{
	size_t i;

	for (i = 0; i < ROLE_COUNT; i++)
		if (slice_is(role, roles[i].name))
			return true;
	return false;
}

struct slice operators_role_text(struct arena *arena, struct slice role)
{
	unsigned may = role_may(role);
	struct slice text = SLICE_LITERAL("");
	int i;

	if (may == 0)
		return slice_is(role, "none") ? SLICE_LITERAL("nothing any more") : SLICE_LITERAL("look");
	for (i = 0; i < PRIVILEGE_COUNT && text.data != NULL; i++)
		if ((may & MAY(i)) != 0)
			text = arena_printf(arena, "%.*s%s%s", (int)text.len, text.data, text.len > 0 ? ", " : "",
					    privilege_texts[i]);
	return text;
}

struct slice operators_login(struct cli *cli)
{
	const struct passwd *entry = getpwuid(getuid());

	if (entry != NULL)
		return arena_dup(&cli->arena, slice_from(entry->pw_name));
	return arena_printf(&cli->arena, "uid-%u", (unsigned)getuid());
}

/* ---- who is at work ------------------------------------------------------------------------------------------ */

struct lookup {
	struct cli *cli;
	struct slice login, wanted; /* wanted: --operator, or empty */
	bool listed, known;         /* known: the wanted id is listed */
	uint32_t mine;              /* ids that the login may use */
	struct slice id, role;      /* the one that is meant */
};

static struct slice login_of(const struct store_operator *row)
{
	return slice_is_empty(row->login) ? row->operator_id : row->login;
}

static int look_at(void *context, const struct store_operator *row)
{
	struct lookup *lookup = context;
	bool mine = slice_equal(login_of(row), lookup->login) && !slice_is(row->role, "none");
	bool wanted = slice_equal(row->operator_id, lookup->wanted);

	lookup->listed = true;
	lookup->known |= wanted;
	if (!mine || (lookup->wanted.len > 0 && !wanted))
		return 0;
	lookup->mine++;
	lookup->id = arena_dup(&lookup->cli->arena, row->operator_id);
	lookup->role = arena_dup(&lookup->cli->arena, row->role);
	return lookup->id.data != NULL && lookup->role.data != NULL ? 0 : -ENOMEM;
}

/* The id, by --operator and by the login name. */
static int identify(struct cli *cli, struct lookup *lookup)
{
	int r = store_operators_each(cli->store, look_at, lookup);

	if (r < 0)
		return r;
	cli->operator_id = lookup->wanted.len > 0 ? lookup->wanted : lookup->login;
	cli->may = MAY_ALL;
	cli->operators_listed = lookup->listed;
	if (!lookup->listed)
		return 0;
	if (lookup->wanted.len > 0 && !lookup->known)
		return cli_failed(cli, MUSTER_ERROR_DENIED, "no operator %.*s is listed; see muster user list",
				  (int)lookup->wanted.len, lookup->wanted.data);
	if (lookup->wanted.len > 0 && lookup->mine == 0)
		return cli_failed(cli, MUSTER_ERROR_DENIED, "%.*s is not an id of the login name %.*s",
				  (int)lookup->wanted.len, lookup->wanted.data, (int)lookup->login.len,
				  lookup->login.data);
	/* Of several ids none is taken for granted; a timer's run needs none. */
	cli->may = lookup->mine == 1 ? role_may(lookup->role) : MAY(MAY_RUN);
	if (lookup->mine == 1)
		cli->operator_id = lookup->id;
	return 0;
}

/* ---- may he? ------------------------------------------------------------------------------------------------- */

static bool is_word_of(const char *words, const char *word)
{
	size_t len = strlen(word);
	const char *at;

	for (at = strstr(words, word); at != NULL; at = strstr(at + 1, word))
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

/* With --dry-run: what only shows what would be done does nothing. */
static bool only_shows(const struct cli *cli)
{
	return is_word_of("undo groups", cli->verb) ||
	       (strcmp(cli->verb, "retention") == 0 && cli->subverb != NULL && strcmp(cli->subverb, "purge") == 0);
}

static enum privilege wanted_by(const struct cli *cli)
{
	size_t i;

	if (cli->options.dry_run && only_shows(cli))
		return LOOKS;
	if (strcmp(cli->verb, "reprocess") == 0 && cli->options.item != NULL)
		return MAY_RESOLVE;
	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (strcmp(cli->verb, needs[i].verb) == 0 &&
		    (needs[i].subverbs == NULL ||
		     (cli->subverb != NULL && is_word_of(needs[i].subverbs, cli->subverb))))
			return needs[i].wants;
	return MAY_USERS;
}

/* "lead or administrator" */
static struct slice who_may(struct cli *cli, enum privilege privilege)
{
	struct slice text = SLICE_LITERAL("");
	size_t i;

	for (i = 0; i < ROLE_COUNT && text.data != NULL; i++)
		if ((roles[i].may & MAY(privilege)) != 0)
			text = arena_printf(&cli->arena, "%.*s%s%s", (int)text.len, text.data,
					    text.len > 0 ? " or " : "", roles[i].name);
	return text;
}

static int refuse_role(struct cli *cli, const struct lookup *lookup, enum privilege privilege, struct slice who)
{
	struct slice id = lookup->mine > 0 ? lookup->id : lookup->login;
	struct slice role = lookup->mine > 0 ? lookup->role : SLICE_LITERAL("not listed as an operator");

	return cli_failed(cli, MUSTER_ERROR_DENIED, "%.*s (%.*s) may not %s; %.*s may", (int)id.len, id.data,
			  (int)role.len, role.data, privilege_texts[privilege], (int)who.len, who.data);
}

static int refuse(struct cli *cli, const struct lookup *lookup, enum privilege privilege)
{
	struct slice who = who_may(cli, privilege);

	if (lookup->mine > 1)
		return cli_failed(cli, MUSTER_ERROR_DENIED,
				  "the login name %.*s serves several operators: say which by --operator",
				  (int)lookup->login.len, lookup->login.data);
	return who.data == NULL ? -ENOMEM : refuse_role(cli, lookup, privilege, who);
}

int operators_admit(struct cli *cli)
{
	struct lookup lookup = {.cli = cli, .wanted = slice_from(cli->options.operator_name)};
	enum privilege wants = wanted_by(cli);
	int r;

	if (cli->operator_id.len > 0)
		return 0;
	lookup.login = operators_login(cli);
	r = lookup.login.data != NULL ? identify(cli, &lookup) : -ENOMEM;
	if (r == 0)
		store_set_operator(cli->store, cli->operator_id);
	if (r < 0 || !lookup.listed || wants == LOOKS || operators_allow(cli, wants))
		return r;
	return refuse(cli, &lookup, wants);
}

bool operators_allow(const struct cli *cli, enum privilege privilege)
{
	return (cli->may & MAY(privilege)) != 0;
}

/* ---- about all of them --------------------------------------------------------------------------------------- */

int operators_is_active(struct cli *cli, struct slice operator_id, bool *ret_active)
{
	const struct store_operator *row;
	int r = store_operator_get(cli->store, operator_id, &cli->arena, &row);

	if (r == 0)
		*ret_active = !cli->operators_listed || (row != NULL && !slice_is(row->role, "none"));
	return r;
}

struct summary {
	struct cli *cli;
	uint32_t counts[ROLE_COUNT];
	struct store_operator *rows;
	uint32_t count, capacity;
};

static int keep_row(void *context, const struct store_operator *row)
{
	struct summary *summary = context;
	struct arena *arena = &summary->cli->arena;
	struct store_operator *grown;
	size_t i;

	for (i = 0; i < ROLE_COUNT; i++)
		summary->counts[i] += slice_is(row->role, roles[i].name);
	if (slice_is(row->role, "none"))
		return 0;
	if (summary->count == summary->capacity) {
		uint32_t capacity = summary->capacity * 2 + 16;

		grown = arena_alloc_array(arena, capacity, sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		if (summary->count > 0)
			memcpy(grown, summary->rows, summary->count * sizeof(*grown));
		summary->rows = grown;
		summary->capacity = capacity;
	}
	grown = &summary->rows[summary->count++];
	grown->operator_id = arena_dup(arena, row->operator_id);
	grown->login = arena_dup(arena, login_of(row));
	return grown->operator_id.data != NULL && grown->login.data != NULL ? 0 : -ENOMEM;
}

int operators_summary(struct cli *cli, struct buffer *ret_text, struct buffer *ret_shared)
{
	struct summary summary = {.cli = cli};
	uint32_t i, j;
	int r = store_operators_each(cli->store, keep_row, &summary);

	for (i = 0; r == 0 && i < ROLE_COUNT; i++)
		if (summary.counts[i] > 0)
			buffer_printf(ret_text, "%s%u %s", ret_text->len > 0 ? ", " : "", summary.counts[i],
				      roles[i].name);
	for (i = 0; r == 0 && i < summary.count; i++)
		for (j = 0; j < i; j++)
			if (slice_equal(summary.rows[i].login, summary.rows[j].login))
				buffer_printf(ret_shared, "%s%.*s and %.*s share the login name %.*s",
					      ret_shared->len > 0 ? ", " : "", (int)summary.rows[j].operator_id.len,
					      summary.rows[j].operator_id.data, (int)summary.rows[i].operator_id.len,
					      summary.rows[i].operator_id.data, (int)summary.rows[i].login.len,
					      summary.rows[i].login.data);
	return r != 0 ? r : ret_text->error != 0 ? ret_text->error : ret_shared->error;
}
