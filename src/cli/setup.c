/*
 * Opening what a verb needs: configuration and profiles, the database; and making a workspace.
 */
#include "cli_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "muster/apply.h"
#include "muster/io.h"
#include "muster/path.h"
#include "muster/profile.h"
#include "muster/store.h"
#include "operators.h"

static int setup_config(struct cli *cli, struct buffer *errors)
{
	struct config *config = arena_alloc(&cli->arena, sizeof(*config));
	struct profiles *profiles = arena_alloc(&cli->arena, sizeof(*profiles));
	int r;

	if (config == NULL || profiles == NULL)
		return -ENOMEM;
	r = config_load(cli->env, &cli->arena, cli->options.config, getenv("MUSTER_CONFIG"), errors, config);
	if (r == 0)
		r = profiles_load(cli->env, &cli->arena, config, cli->guides, errors, profiles);
	if (r == PROFILE_E_GUIDES) {
		buffer_clear(errors);
		r = cli_open_guides(cli);
		if (r == 0)
			r = profiles_load(cli->env, &cli->arena, config, cli->guides, errors, profiles);
	}
	if (r < 0)
		return r;
	if (cli->options.db != NULL)
		config->database = cli->options.db;
	cli->config = config;
	cli->profiles = profiles;
	return 0;
}

int cli_open_config(struct cli *cli)
{
	struct buffer errors;
	int r;

	if (cli->config != NULL)
		return 0;
	buffer_init(&errors, cli->env);
	r = setup_config(cli, &errors);
	if (errors.len > 0)
		fprintf(stderr, "%s", errors.data);
	buffer_fini(&errors);
	return r;
}

static int setup_store(struct cli *cli, unsigned flags)
{
	int r = cli_open_config(cli);

	if (r < 0 || cli->store != NULL)
		return r;
	r = store_open(cli->env, cli->config->database, flags, &cli->store);
	if (r == 0)
		r = apply_keys_renew(cli->store);
	if (r == 0)
		r = store_set_member_id_format(cli->store, cli->config->member_id_format);
	return r > 0 ? MUSTER_ERROR_CONFIG : r;
}

int cli_open_store(struct cli *cli)
{
	int r = setup_store(cli, STORE_CREATE);

	return r == 0 ? operators_admit(cli) : r;
}

static const char init_config[] =
	"# muster: where things are. Paths are relative to this file's folder. `muster doctor` shows what is in force.\n"
	"database: muster.db\n"
	"in: in\nout: out\nwork: work\ndone: done\nheld: held\nrejected: rejected\npartners: partners\n"
	"# Exceptions are due this many hours after receipt.\n"
	"due_hours: 48\n";

int cli_init(struct cli *cli)
{
	static const char *const folders[] = {"in", "out", "work", "done", "held", "rejected", "partners"};
	char path[LIMIT_PATH_BYTES];
	const char *dir;
	size_t i;
	int r;

	if (cli->argument_count != 1)
		return cli_usage_error(cli, "wants one folder: muster init DIR");
	dir = cli->arguments[0];
	r = env_mkdirs(cli->env, dir);
	for (i = 0; r == 0 && i < sizeof(folders) / sizeof(folders[0]); i++) {
		r = path_format(path, "%s/%s", dir, folders[i]);
		if (r == 0)
			r = env_mkdirs(cli->env, path);
	}
	if (r == 0)
		r = path_format(path, "%s/muster.yaml", dir);
	if (r == 0 && !env_exists(cli->env, path))
		r = io_publish(cli->env, path, SLICE_LITERAL(init_config));
	if (r < 0)
		return log_failure(r, "cannot make the workspace %s", dir);
	cli->options.config = arena_dup(&cli->arena, slice_from(path)).data;
	r = setup_store(cli, STORE_CREATE);
	if (r == 0)
		cli_say(cli,
			"%s is a workspace now.\nNext: cd %s; muster load groups GROUPS.csv; muster load plans PLANS.csv; "
			"muster load members MEMBERS.csv;\nthen put files into in/<partner>/ and call muster run.",
			dir, dir);
	return r;
}

struct slice cli_operator(struct cli *cli)
{
	assert(cli->operator_id.len > 0);
	return cli->operator_id;
}
