#include "marker.h"

#include <errno.h>
#include <string.h>

#include "muster/limits.h"
#include "muster/path.h"
#include "muster/slice.h"

/* Room for the digits, and for a line end or the beginning of a name; behind that nothing is of interest. */
#define CHECKSUM_HEAD_BYTES 1024u

static const char *const endings[] = {".done", ".sha256"};
enum { MARKER_DONE, MARKER_SHA256, MARKER_KINDS };

static int marker_path(const char *path, int kind, char out[LIMIT_PATH_BYTES])
{
	return path_format(out, "%s%s", path, endings[kind]);
}

bool marker_is_name(const char *name)
{
	size_t len = strlen(name);
	int kind;

	for (kind = 0; kind < MARKER_KINDS; kind++) {
		size_t ending = strlen(endings[kind]);

		if (len >= ending && strcmp(name + len - ending, endings[kind]) == 0)
			return true;
	}
	return false;
}

bool marker_is_there(struct env *env, const char *path)
{
	char marker[LIMIT_PATH_BYTES];
	int kind;

	for (kind = 0; kind < MARKER_KINDS; kind++)
		if (marker_path(path, kind, marker) == 0 && env_exists(env, marker))
			return true;
	return false;
}

/* `<digits>  name`, `\\<digits>  name` where the name was escaped, or `SHA256 (name) = <digits>`. */
static bool parse_checksum(struct slice text, struct hash *ret_hash)
{
	const char *line_end = memchr(text.data, '\n', text.len);
	struct slice line = slice_trim(line_end != NULL ? slice_of(text.data, (size_t)(line_end - text.data)) : text);
	const size_t digits = HASH_TEXT_BYTES - 1;

	if (slice_starts_with(line, "\\"))
		line = slice_of(line.data + 1, line.len - 1);
	if (slice_starts_with(line, "SHA256 (") && line.len > digits && line.data[line.len - digits - 1] == ' ')
		return hash_parse(slice_of(line.data + line.len - digits, digits), ret_hash);
	if (line.len > digits && line.data[digits] != ' ' && line.data[digits] != '\t')
		return false;
	return line.len >= digits && hash_parse(slice_of(line.data, digits), ret_hash);
}

int marker_checksum(struct env *env, const char *path, bool *ret_told, struct hash *ret_hash)
{
	char marker[LIMIT_PATH_BYTES], head[CHECKSUM_HEAD_BYTES];
	int fd, r = marker_path(path, MARKER_SHA256, marker);
	ssize_t n;

	*ret_told = r == 0 && env_exists(env, marker);
	if (r < 0 || !*ret_told)
		return r;
	/* A partner's file as any other: a symbolic link is not followed, a pipe not waited for. */
	fd = env_open_input(env, marker, NULL);
	if (fd == -ELOOP || fd == -EISDIR || fd == -EINVAL)
		return MARKER_E_ILLEGIBLE;
	if (fd < 0)
		return fd;
	n = env_read(env, fd, head, sizeof(head));
	(void)env_close(env, fd);
	if (n < 0)
		return (int)n;
	return parse_checksum(slice_of(head, (size_t)n), ret_hash) ? 0 : MARKER_E_ILLEGIBLE;
}

int marker_forget(struct env *env, const char *path, int64_t until_ns)
{
	char marker[LIMIT_PATH_BYTES];
	struct env_stat stat;
	int kind, r = 0;

	for (kind = 0; r == 0 && kind < MARKER_KINDS; kind++) {
		r = marker_path(path, kind, marker);
		if (r == 0 && env_stat(env, marker, &stat) == 0 && stat.mtime_ns <= until_ns)
			r = env_unlink(env, marker);
	}
	return r;
}
