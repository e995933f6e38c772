/*
 * user: the operators of a site, listed by an administrator. Every change of the list stands in the audit trail.
 *
 * The first one listed is an administrator, the last administrator stays one, and nobody gives his own id to another login
 * name: else nobody could let anybody in again. An id is never taken off: it stands in the audit trail and belongs to
 * whom it was given.
 */
#include "cli_internal.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "member_out.h"
#include "muster/store.h"
#include "operators.h"

#define ID_BYTES_MAX 64u
#define NAME_BYTES_MAX 200u

/* ---- list ---------------------------------------------------------------------------------------------------- */

struct user_view {
	struct cli *cli;
	struct cli_table table;
	struct json json;
};

static struct slice login_of(const struct store_operator *row)
{
	return slice_is_empty(row->login) ? row->operator_id : row->login;
}

static int user_row(void *context, const struct store_operator *row)
{
	struct user_view *view = context;
	struct slice may = operators_role_text(&view->cli->arena, row->role);

	if (may.data == NULL)
		return -ENOMEM;
	if (view->cli->options.format == CLI_TEXT) {
		cli_table_cell(&view->table, arena_dup(&view->cli->arena, row->operator_id));
		cli_table_cell(&view->table, arena_dup(&view->cli->arena, row->role));
		cli_table_cell(&view->table, arena_dup(&view->cli->arena, login_of(row)));
		cli_table_cell(&view->table, member_out_visible(view->cli, row->name));
		cli_table_cell(&view->table, may);
		return view->table.error;
	}
	json_object_begin(&view->json, NULL);
	json_text(&view->json, "operator", row->operator_id);
	json_text(&view->json, "role", row->role);
	json_text(&view->json, "login", login_of(row));
	json_text_or_null(&view->json, "name", row->name);
	json_text(&view->json, "may", may);
	json_object_end(&view->json);
	if (view->cli->options.format == CLI_NDJSON)
		buffer_add_char(&view->cli->out, '\n');
	return view->cli->out.error;
}

static int user_list(struct cli *cli)
{
	static const char *const titles[] = {"operator", "role", "login", "name", "may"};
	struct user_view view = {.cli = cli};
	bool array = cli->options.format == CLI_JSON;
	int r;

	if (cli->argument_count > 0 || cli->options.format == CLI_CSV)
		return cli_usage_error(cli, "list takes no name; it knows text, --json and --ndjson");
	json_init(&view.json, &cli->out, array);
	if (array)
		json_array_begin(&view.json, NULL);
	else if (cli->options.format == CLI_TEXT)
		cli_table_begin(&view.table, cli, 5, titles);
	r = store_operators_each(cli->store, user_row, &view);
	if (array) {
		json_array_end(&view.json);
		buffer_add_char(&cli->out, '\n');
	} else if (cli->options.format == CLI_TEXT && r == 0) {
		r = cli_table_end(&view.table);
		if (!cli->operators_listed)
			buffer_add_text(&cli->out,
					"nobody is listed: everybody who can open the database may do everything\n");
	}
	return r;
}

/* ---- add, change, remove ------------------------------------------------------------------------------------- */

/* Who is at work has got in, whether the machine has a name for him or not. */
static bool can_log_in(const struct store_operator *row, struct slice mine)
{
	char login[ID_BYTES_MAX + 1];

	if (slice_equal(login_of(row), mine))
		return true;
	slice_to_cstr(login_of(row), login, sizeof(login));
	return getpwnam(login) != NULL;
}

/* The list as it stands, looked at for one id. */
struct others {
	struct slice id, alike; /* alike: an id that differs by case alone */
	struct slice mine;       /* the login name of who is at work */
	uint32_t administrators; /* besides this one, who get in */
	bool any;
};

static int look_at(void *context, const struct store_operator *row)
{
	struct others *others = context;
	bool same = slice_equal(row->operator_id, others->id);

	others->any = true;
	others->administrators += !same && slice_is(row->role, "administrator") && can_log_in(row, others->mine);
	if (!same && slice_equal_nocase(row->operator_id, others->id))
		others->alike = others->id;
	return 0;
}

static int user_refused(struct cli *cli, const char *text)
{
	fprintf(stderr, "muster user %s: %s: %s\n", cli->subverb, cli->arguments[0], text);
	return 65;
}

static bool is_id(struct slice id)
{
	size_t i;

	for (i = 0; i < id.len; i++)
		if (id.data[i] <= ' ' || id.data[i] > '~')
			return false;
	return id.len > 0 && id.len <= ID_BYTES_MAX;
}

/* By his word the id at work would be another login name's from now on. */
static bool gives_himself_away(const struct cli *cli, const struct store_operator *before,
			       const struct store_operator *after)
{
	return before != NULL && cli->operators_listed && slice_equal(before->operator_id, cli->operator_id) &&
	       !slice_equal(login_of(before), login_of(after));
}

/* 0, or 65 with the reason said. */
static int user_check(struct cli *cli, const struct store_operator *before, const struct store_operator *after)
{
	struct others others = {.id = after->operator_id, .mine = operators_login(cli)};
	bool adds = strcmp(cli->subverb, "add") == 0, administers = slice_is(after->role, "administrator");
	int r = others.mine.data != NULL ? store_operators_each(cli->store, look_at, &others) : -ENOMEM;

	if (r < 0)
		return r;
	if (!is_id(after->operator_id) || (!slice_is_empty(after->login) && !is_id(after->login)) ||
	    after->name.len > NAME_BYTES_MAX)
		return user_refused(cli, "an id and a login name are up to 64 plain characters without blanks");
	if (!operators_is_role(after->role))
		return user_refused(cli, "say --role: representative, lead, administrator, auditor or service");
	if (adds && before != NULL)
		return user_refused(cli, "the id was given before; user change gives it another role");
	if (!adds && before == NULL)
		return user_refused(cli, "no such operator is listed");
	if (others.alike.len > 0)
		return user_refused(cli, "an id that differs by case alone is listed already");
	if (!administers && others.administrators == 0)
		return user_refused(cli, others.any ? "he is the last administrator who can log in, and stays one"
						    : "the first operator is an administrator");
	if (gives_himself_away(cli, before, after))
		return user_refused(cli,
				    "that is your own id, by which you would not get in again: another administrator "
				    "gives it another login name");
	if (administers && !can_log_in(after, others.mine))
		return user_refused(cli,
				    "this machine knows no such login name; say --login: an administrator must get in");
	return 0;
}

/* "lead, login name lee" */
static struct slice words_of(struct cli *cli, const struct store_operator *row)
{
	if (row == NULL)
		return SLICE_LITERAL("not listed");
	return arena_printf(&cli->arena, "%.*s, login name %.*s", (int)row->role.len, row->role.data,
			    (int)login_of(row).len, login_of(row).data);
}

static int user_write(struct cli *cli, const struct store_operator *before, const struct store_operator *row)
{
	struct slice was = words_of(cli, before), is = words_of(cli, row);
	struct store_audit audit = {
		.actor = cli->operator_id,
		.kind = SLICE_LITERAL("operator"),
		.subject = row->operator_id,
		.text = arena_printf(&cli->arena, "%.*s; before: %.*s", (int)is.len, is.data, (int)was.len, was.data),
	};
	enum store_put put;
	int r = audit.text.data != NULL && was.data != NULL && is.data != NULL
			? store_operator_put(cli->store, row, &put)
			: -ENOMEM;

	if (r == 0 && put != STORE_UNCHANGED)
		r = store_audit_append(cli->store, &audit);
	return r;
}

static int user_put(struct cli *cli)
{
	const struct store_operator *before;
	struct store_operator row = {.operator_id = slice_from(cli->arguments[0])};
	int r = store_operator_get(cli->store, row.operator_id, &cli->arena, &before);

	if (r < 0)
		return r;
	if (before != NULL)
		row = *before;
	if (strcmp(cli->subverb, "remove") == 0)
		row.role = SLICE_LITERAL("none");
	else if (cli->options.role != NULL)
		row.role = slice_from(cli->options.role);
	if (cli->options.name != NULL)
		row.name = slice_from(cli->options.name);
	if (cli->options.login != NULL)
		row.login = slice_from(cli->options.login);
	r = user_check(cli, before, &row);
	return r != 0 ? r : user_write(cli, before, &row);
}

static int user_change(struct cli *cli)
{
	int r;

	if (cli->argument_count != 1)
		return cli_usage_error(cli, "%s wants one id", cli->subverb);
	r = store_begin(cli->store, STORE_WRITE);
	if (r < 0)
		return r;
	r = user_put(cli);
	if (r == 0)
		return store_commit(cli->store);
	store_rollback(cli->store);
	return r;
}

int cli_user(struct cli *cli)
{
	int r = cli_open_store(cli);

	if (r < 0)
		return r;
	return strcmp(cli->subverb, "list") == 0 ? user_list(cli) : user_change(cli);
}
