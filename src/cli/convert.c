/*
 * convert: an X12 file as JSON or XML, and back.
 */
#include "cli_internal.h"

#include <stdio.h>
#include <string.h>

#include "muster/convert.h"
#include "muster/io.h"

/* Where the bytes go: the file that -o names, which appears whole, or stdout. */
struct convert_out {
	struct cli *cli;
	struct io_outfile file;
	bool to_file;
	struct cli_progress progress;
};

static int convert_write(void *context, struct slice bytes)
{
	struct convert_out *out = context;

	if (out->to_file) {
		io_outfile_write(&out->file, bytes.data, bytes.len);
		return out->file.error;
	}
	buffer_add_slice(&out->cli->out, bytes);
	return cli_flush_some(out->cli);
}

static int convert_progress(void *context, uint64_t offset)
{
	struct convert_out *out = context;

	cli_progress_at(&out->progress, offset);
	return 0;
}

static bool convert_is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

/* As people read it. */
static const char *convert_name(const char *path)
{
	return convert_is_stdin(path) ? "standard input" : path;
}

/* `ret_again` NULL: once; else twice, for what stands between segments is read beside them. */
static int convert_open(struct cli *cli, const char *path, struct io_source **ret_source, struct io_source **ret_again)
{
	struct slice head;
	int r;

	if (!convert_is_stdin(path))
		r = io_source_open(cli->env, path, ret_source);
	else if (ret_again == NULL)
		r = io_source_open_fd(cli->env, 0, ret_source, &head);
	else
		r = io_source_open_fd_twice(cli->env, 0, ret_source, ret_again);
	if (r == 0 && ret_again != NULL && !convert_is_stdin(path))
		r = io_source_open(cli->env, path, ret_again);
	if (r < 0) {
		fprintf(stderr, "muster convert: cannot read %s\n", convert_name(path));
		return r;
	}
	io_source_without_hash(*ret_source);
	if (ret_again != NULL)
		io_source_without_hash(*ret_again);
	return 0;
}

/* Half a tree would pass for a whole one: say it, and leave nothing behind. */
static int convert_damaged(const char *path)
{
	fprintf(stderr, "muster convert: the compressed file %s is damaged; what can be read of it is not converted\n",
		path);
	return 65;
}

static int convert_forward(struct convert_out *out, const char *path, struct io_source *source, struct io_source *again)
{
	struct cli *cli = out->cli;
	const struct convert_options options = {
		.form = strcmp(cli->options.to, "xml") == 0 ? CONVERT_XML : CONVERT_JSON,
		.unmasked = cli->options.unmasked,
		.progress = convert_progress,
	};
	const struct convert_sink sink = {out, convert_write};
	struct convert_result result;
	struct env_stat stat = {0};
	int r = cli_open_guides(cli);

	if (r == 0 && !convert_is_stdin(path))
		r = env_stat(cli->env, path, &stat);
	if (r < 0)
		return r;
	cli_progress_begin(&out->progress, cli, path, stat.size_bytes);
	r = convert_from_x12(cli->env, cli->guides, source, again, &options, &sink, &result);
	cli_progress_end(&out->progress);
	if (r == 0 && io_source_damage(source) != IO_SOUND)
		return convert_damaged(convert_name(path));
	if (r == 0 && result.interchanges == 0)
		cli_say(cli, "%s holds no interchange; its bytes are in the tree as they are", convert_name(path));
	if (r == 0 && !options.unmasked)
		cli_say(cli, "SSNs are masked: this cannot be converted back. For a tree that can be: --unmasked");
	return r;
}

static int convert_back(struct convert_out *out, const char *path, struct io_source *source)
{
	const struct convert_sink sink = {out, convert_write};
	struct convert_error error;
	int r = convert_to_x12(out->cli->env, source, &sink, &error);

	if (r != CONVERT_E_REFUSED)
		return r;
	fprintf(stderr, "muster convert: %s:%llu:%llu: %s\n", convert_name(path), (unsigned long long)error.line,
		(unsigned long long)error.column, error.text);
	return 65;
}

static int convert_file(struct convert_out *out, const char *path)
{
	struct cli *cli = out->cli;
	bool back = strcmp(cli->options.to, "edi") == 0;
	struct io_source *source = NULL, *again = NULL;
	int r = convert_open(cli, path, &source, back ? NULL : &again);

	if (r == 0 && back)
		r = convert_back(out, path, source);
	else if (r == 0 && convert_is_tree(source))
		r = cli_usage_error(cli, "%s is a tree already; --to edi makes X12 of it", convert_name(path));
	else if (r == 0)
		r = convert_forward(out, path, source, again);
	io_source_close(source);
	io_source_close(again);
	return r;
}

static bool convert_knows(const char *form)
{
	return form != NULL && (strcmp(form, "json") == 0 || strcmp(form, "xml") == 0 || strcmp(form, "edi") == 0);
}

int cli_convert(struct cli *cli)
{
	struct convert_out out = {.cli = cli, .to_file = cli->options.output != NULL};
	int r;

	if (cli->argument_count != 1 || !convert_knows(cli->options.to))
		return cli_usage_error(cli,
				       "wants a form and one file: muster convert --to json|xml|edi FILE|- [-o OUT]");
	if (out.to_file) {
		r = io_outfile_open(&out.file, cli->env, cli->options.output);
		if (r < 0)
			return cli_cannot_write(cli, r, cli->options.output);
	}
	r = convert_file(&out, cli->arguments[0]);
	if (out.to_file && r == 0)
		r = io_outfile_commit(&out.file, NULL);
	else if (out.to_file)
		io_outfile_abort(&out.file);
	return r;
}
