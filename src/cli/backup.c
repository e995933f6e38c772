/*
 * backup: a copy of the database beside the night's work, and whether a copy is still good.
 *
 * A copy holds everybody unmasked: making one stands in the audit trail, with the digest. It is noted behind the copy, in
 * the database that was copied; a database that was put back knows of the copies before its own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "backup.h"
#include "muster/path.h"
#include "muster/profile.h"
#include "muster/store.h"

#define LAST_BACKUP "backup_ms"
/* Every page is read once: there is nothing to gain from keeping them. */
#define CACHE_MEBIBYTES 32

int backup_last(struct cli *cli, int64_t *ret_ms)
{
	struct slice value;
	uint64_t ms = 0;
	int r = store_meta_get(cli->store, LAST_BACKUP, &cli->arena, &value);

	if (r == 0 && !slice_is_empty(value) && !slice_to_u64(value, &ms))
		return log_failure(MUSTER_ERROR_DB_CORRUPT, "the database says of its last backup: %.*s",
				   (int)value.len, value.data);
	*ret_ms = (int64_t)ms;
	return r;
}

/* In a folder a backup is called by its time. */
static int choose_path(struct cli *cli, char out[LIMIT_PATH_BYTES])
{
	const char *given = cli->arguments[0];
	char name[CLOCK_TEXT_BYTES], *from, *to;
	struct env_stat st;

	if (env_stat(cli->env, given, &st) < 0 || !S_ISDIR(st.mode))
		return path_format(out, "%s", given);
	clock_format_rfc3339(env_clock_ms(cli->env), name);
	for (from = to = name; *from != '\0'; from++)
		if (*from != '-' && *from != ':')
			*to++ = *from;
	*to = '\0';
	return path_format(out, "%s%smuster-%s.db", given, given[strlen(given) - 1] == '/' ? "" : "/", name);
}

static int take_note(struct cli *cli, const char *path, const struct hash *hash, uint64_t bytes)
{
	struct slice ms = arena_printf(&cli->arena, "%" PRIi64, env_clock_ms(cli->env));
	struct store_audit audit = {
		.actor = cli->operator_id,
		.kind = SLICE_LITERAL("backup"),
		.subject = slice_from(path_leaf(path)),
		.text = arena_printf(&cli->arena, "%" PRIu64 " bytes", bytes),
		.payload = *hash,
	};
	int r = ms.data != NULL ? store_begin(cli->store, STORE_WRITE) : -ENOMEM;

	if (r < 0)
		return r;
	return cli_commit_audited(cli, store_meta_put(cli->store, LAST_BACKUP, ms), &audit);
}

static int backup_make(struct cli *cli)
{
	char path[LIMIT_PATH_BYTES], text[HASH_TEXT_BYTES];
	struct hash hash;
	uint64_t bytes;
	int r = cli_open_config(cli);

	/* A new, empty database is nothing to keep: the wrong folder, or the wrong configuration. */
	if (r == 0 && !env_exists(cli->env, cli->config->database))
		return cli_failed(cli, MUSTER_ERROR_DB_AWAY, "there is no database %s", cli->config->database);
	if (r == 0)
		r = cli_open_store(cli);
	if (r == 0)
		r = choose_path(cli, path);
	if (r == 0)
		r = store_set_cache(cli->store, CACHE_MEBIBYTES);
	if (r == 0)
		r = store_backup(cli->store, path, &hash, &bytes);
	if (r == STORE_E_EXISTS)
		return cli_failed(cli, -EEXIST, "%s is there already, and is left alone", path);
	if (r != 0)
		return r;
	buffer_printf(&cli->out, "%s: %" PRIu64 " bytes, sha256 %s\n", path, bytes, hash_format(&hash, text));
	r = take_note(cli, path, &hash, bytes);
	return r < 0 ? cli_failed(cli, r, "the copy is whole, but the database could not take note of it: %s",
				  muster_error_text(r)) : 0;
}

static int backup_verify(struct cli *cli)
{
	const char *path = cli->arguments[0];
	struct buffer text;
	int r;

	buffer_init(&text, cli->env);
	r = store_backup_check(cli->env, path, &text);
	if (r == 0)
		buffer_printf(&cli->out, "%s is sound\n", path);
	else if (r > 0)
		buffer_printf(&cli->out, "%s cannot be gone back to:\n%s", path, text.data);
	if (r > 0)
		r = 70;
	buffer_fini(&text);
	return r;
}

int cli_backup(struct cli *cli)
{
	if (cli->argument_count != 1)
		return cli_usage_error(cli, "%s wants one file", cli->subverb);
	return strcmp(cli->subverb, "make") == 0 ? backup_make(cli) : backup_verify(cli);
}
