/* load: reference data and existing members from CSV. */
#include "cli_internal.h"

#include <stdio.h>
#include <string.h>

#include "muster/io.h"
#include "muster/load.h"
#include "muster/path.h"

/* A CSV of 12 million members has some 2 GB. */
#define LOAD_BYTES_MAX (UINT64_C(8) * 1024 * 1024 * 1024)

static void load_fault(void *context, const struct load_fault *fault)
{
	struct cli *cli = context;

	if (!fault->warning || !cli->options.quiet)
		fprintf(stderr, "%s:%u:%u: %s%s\n", fault->name, fault->line, fault->column,
			fault->warning ? "warning: " : "", fault->message);
}

static int load_content(struct cli *cli, const char *name, struct slice csv, struct load_counts *ret_counts)
{
	if (strcmp(cli->subverb, "groups") == 0)
		return load_groups(cli->store, name, csv, load_fault, cli, ret_counts);
	if (strcmp(cli->subverb, "plans") == 0)
		return load_plans(cli->store, name, csv, load_fault, cli, ret_counts);
	if (strcmp(cli->subverb, "brokers") == 0)
		return load_brokers(cli->store, name, csv, load_fault, cli, ret_counts);
	return load_members(cli->store, name, csv, load_fault, cli, ret_counts);
}

static void load_say(struct cli *cli, const char *path, const struct load_counts *counts)
{
	struct json json;

	if (cli->options.format == CLI_TEXT) {
		cli_say(cli, "%s: %llu lines: %llu added, %llu changed, %llu unchanged, %llu refused", path,
			(unsigned long long)counts->lines, (unsigned long long)counts->added,
			(unsigned long long)counts->changed, (unsigned long long)counts->unchanged,
			(unsigned long long)counts->refused);
		return;
	}
	json_init(&json, &cli->out, false);
	json_object_begin(&json, NULL);
	json_text(&json, "file", slice_from(path));
	json_u64(&json, "lines", counts->lines);
	json_u64(&json, "added", counts->added);
	json_u64(&json, "changed", counts->changed);
	json_u64(&json, "unchanged", counts->unchanged);
	json_u64(&json, "refused", counts->refused);
	json_object_end(&json);
	buffer_add_char(&cli->out, '\n');
}

/* 0; 65 when lines or the whole file were refused; <0. */
static int load_file(struct cli *cli, const char *path)
{
	struct load_counts counts = {0};
	char *content;
	size_t bytes;
	int r = io_read_file(cli->env, path, LOAD_BYTES_MAX, &content, &bytes);

	if (r < 0) {
		fprintf(stderr, "muster load: cannot read %s\n", path);
		return r;
	}
	r = load_content(cli, path_leaf(path), slice_of(content, bytes), &counts);
	env_free(cli->env, content);
	if (r == LOAD_E_HEADER) {
		fprintf(stderr, "muster load: nothing of %s was loaded\n", path);
		return 65;
	}
	if (r < 0)
		return r;
	load_say(cli, path, &counts);
	return counts.refused > 0 ? 65 : 0;
}

int cli_load(struct cli *cli)
{
	int i, r, status = 0;

	if (cli->argument_count == 0)
		return cli_usage_error(cli, "wants files: muster load %s FILE.csv...", cli->subverb);
	r = cli_open_store(cli);
	for (i = 0; r >= 0 && i < cli->argument_count; i++) {
		r = load_file(cli, cli->arguments[i]);
		status = r > 0 ? r : status;
	}
	return r < 0 ? r : status;
}
