#include "muster/anchor.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "muster/buffer.h"
#include "muster/date.h"
#include "muster/io.h"
#include "muster/limits.h"
#include "muster/log.h"

/* More than the longest line, with a log's own words before it. */
#define TAIL_BYTES 1024u
#define WORD "anchor "

/* ---- a line -------------------------------------------------------------------------------------------------- */

static struct slice line_of(struct arena *arena, const struct anchor *anchor, struct slice key)
{
	char chain[HASH_TEXT_BYTES], at[CLOCK_TEXT_BYTES], seal[HASH_TEXT_BYTES];
	struct slice line = arena_printf(arena, WORD "%llu %s %s%s", (unsigned long long)anchor->audit_no,
					 hash_format(&anchor->chain, chain), clock_format_rfc3339(anchor->at_ms, at),
					 anchor->restart ? " restart" : "");
	struct hash hash;

	if (line.data == NULL || key.len == 0)
		return line;
	hash_seal(key, line, &hash);
	return arena_printf(arena, "%.*s %s", (int)line.len, line.data, hash_format(&hash, seal));
}

/* The word up to the next blank; *rest goes on behind that. */
static struct slice next_word(struct slice *rest)
{
	size_t end = slice_find(*rest, ' ', 0);
	struct slice word = slice_of(rest->data, end);

	*rest = end < rest->len ? slice_of(rest->data + end + 1, rest->len - end - 1) : SLICE_EMPTY;
	return word;
}

/* False: it is no anchor, or not sealed with this key. */
static bool parse_line(struct slice line, struct slice key, struct anchor *ret_anchor)
{
	const char *found = NULL;
	struct slice rest, word, sealed;
	struct hash seal, wanted;
	size_t i;

	for (i = 0; found == NULL && i + strlen(WORD) <= line.len; i++)
		found = memcmp(line.data + i, WORD, strlen(WORD)) == 0 ? line.data + i : NULL;
	if (found == NULL)
		return false;
	rest = slice_of(found + strlen(WORD), line.len - (size_t)(found - line.data) - strlen(WORD));
	*ret_anchor = (struct anchor){0};
	if (!slice_to_u64(next_word(&rest), &ret_anchor->audit_no) ||
	    !hash_parse(next_word(&rest), &ret_anchor->chain) ||
	    !clock_parse_rfc3339(next_word(&rest), &ret_anchor->at_ms))
		return false;
	ret_anchor->restart = slice_is(rest, "restart") || slice_starts_with(rest, "restart ");
	if (ret_anchor->restart)
		(void)next_word(&rest);
	word = next_word(&rest);
	if (key.len == 0)
		return rest.len == 0 && (word.len == 0 || hash_parse(word, &seal));
	if (rest.len > 0 || !hash_parse(word, &seal))
		return false;
	sealed = slice_of(found, (size_t)(word.data - found) - 1);
	hash_seal(key, sealed, &wanted);
	return memcmp(&seal, &wanted, sizeof(seal)) == 0;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

static int head_of(struct env *env, struct store *store, struct anchor *ret_anchor)
{
	*ret_anchor = (struct anchor){.at_ms = env_clock_ms(env)};
	return store_audit_head(store, &ret_anchor->audit_no, &ret_anchor->chain);
}

int anchor_line(struct env *env, struct store *store, const struct anchor_place *place, struct arena *arena,
		struct slice *ret_line)
{
	struct anchor anchor;
	int r = head_of(env, store, &anchor);

	if (r == 0)
		*ret_line = line_of(arena, &anchor, place->key);
	return r < 0 ? r : ret_line->data != NULL ? 0 : -ENOMEM;
}

/* The last line, if it is an anchor; and whether the file ends amid a line. */
static int read_tail(struct env *env, int fd, const struct anchor_place *place, struct anchor *ret_last, bool *ret_torn)
{
	char tail[TAIL_BYTES];
	struct env_stat stat;
	struct slice text;
	ssize_t n = 0;
	size_t from;
	int r = env_stat(env, place->path, &stat);

	*ret_last = (struct anchor){0};
	*ret_torn = false;
	if (r == 0)
		r = env_seek(env, fd, stat.size_bytes > sizeof(tail) ? stat.size_bytes - sizeof(tail) : 0);
	if (r == 0)
		n = env_read(env, fd, tail, sizeof(tail));
	if (r < 0 || n <= 0)
		return r < 0 ? r : (int)n;
	*ret_torn = tail[n - 1] != '\n';
	text = slice_trim(slice_of(tail, (size_t)n));
	for (from = text.len; from > 0 && text.data[from - 1] != '\n'; from--)
		;
	(void)parse_line(slice_of(text.data + from, text.len - from), place->key, ret_last);
	return 0;
}

static int write_line(struct env *env, const struct anchor_place *place, const struct anchor *anchor)
{
	struct anchor last;
	struct slice line;
	struct arena arena;
	bool torn;
	int r, fd = env_open(env, place->path, O_RDWR | O_CREAT | O_APPEND, 0600);

	if (fd < 0)
		return fd;
	arena_init(&arena, env, 0, 0);
	r = read_tail(env, fd, place, &last, &torn);
	line = line_of(&arena, anchor, place->key);
	if (r == 0 && line.data == NULL)
		r = -ENOMEM;
	if (r == 0 && (anchor->restart || last.audit_no != anchor->audit_no ||
		       memcmp(&last.chain, &anchor->chain, sizeof(last.chain)) != 0)) {
		/* In one piece: others may append at the same time. */
		struct slice piece = arena_printf(&arena, "%s%.*s\n", torn ? "\n" : "", (int)line.len, line.data);

		r = piece.data != NULL ? env_write(env, fd, piece.data, piece.len) : -ENOMEM;
		if (r == 0)
			r = env_sync(env, fd);
		if (r == 0 && place->to_log)
			env_syslog(env, line.data);
	}
	arena_fini(&arena);
	if (env_close(env, fd) < 0 && r == 0)
		r = -EIO;
	return r;
}

int anchor_append(struct env *env, struct store *store, const struct anchor_place *place, bool restart)
{
	struct anchor anchor;
	int r = head_of(env, store, &anchor);

	anchor.restart = restart;
	return r < 0 || anchor.audit_no == 0 ? r : write_line(env, place, &anchor);
}

/* ---- comparing ----------------------------------------------------------------------------------------------- */

struct verify {
	struct anchor_report *report;
	const struct anchor_place *place;
	struct anchor *anchors; /* those that count, by number */
	uint64_t count, at;
};

static void note_fault(struct anchor_report *report, enum anchor_fault fault)
{
	if (report->fault == ANCHOR_SOUND)
		report->fault = fault;
}

/* All lines; those before the last restart do not count, whatever they are. */
static void parse_all(struct verify *verify, struct slice text)
{
	uint64_t line_no = 0;

	while (text.len > 0) {
		size_t end = slice_find(text, '\n', 0);
		struct slice line = slice_trim(slice_of(text.data, end));
		struct anchor anchor;

		line_no++;
		text = end < text.len ? slice_of(text.data + end + 1, text.len - end - 1) : SLICE_EMPTY;
		if (line.len == 0)
			continue;
		if (!parse_line(line, verify->place->key, &anchor)) {
			verify->report->line = verify->report->line == 0 ? line_no : verify->report->line;
			continue;
		}
		if (anchor.restart)
			verify->count = verify->report->line = 0;
		verify->anchors[verify->count++] = anchor;
	}
}

static int compare_anchors(const void *a, const void *b)
{
	const struct anchor *left = a, *right = b;

	return left->audit_no < right->audit_no ? -1 : left->audit_no > right->audit_no;
}

static uint64_t count_lines(struct slice text)
{
	uint64_t lines = 1;
	size_t i;

	for (i = 0; i < text.len; i++)
		lines += text.data[i] == '\n';
	return lines;
}

static int read_anchors(struct env *env, struct verify *verify)
{
	size_t bytes;
	char *text;
	int r = io_read_file(env, verify->place->path, LIMIT_ANCHORS_BYTES, &text, &bytes);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return log_failure(r, "cannot read the anchors in %s", verify->place->path);
	verify->report->there = true;
	verify->anchors = env_alloc(env, count_lines(slice_of(text, bytes)) * sizeof(*verify->anchors));
	if (verify->anchors != NULL)
		parse_all(verify, slice_of(text, bytes));
	env_free(env, text);
	if (verify->anchors == NULL)
		return -ENOMEM;
	qsort(verify->anchors, verify->count, sizeof(*verify->anchors), compare_anchors);
	return 0;
}

static void note_broken(struct verify *verify, enum anchor_fault fault)
{
	if (verify->report->fault == ANCHOR_SOUND)
		verify->report->broken = verify->anchors[verify->at];
	note_fault(verify->report, fault);
}

static int meet_row(void *context, const struct store_audit *row)
{
	struct verify *verify = context;

	for (; verify->at < verify->count && verify->anchors[verify->at].audit_no <= row->audit_no; verify->at++)
		if (verify->anchors[verify->at].audit_no < row->audit_no ||
		    memcmp(&verify->anchors[verify->at].chain, &row->chain, sizeof(row->chain)) != 0)
			note_broken(verify, ANCHOR_OTHER_ROW);
	return 0;
}

/* Inside one moment of the database. */
static int verify_all(struct store *store, struct verify *verify)
{
	struct anchor_report *report = verify->report;
	int r = store_audit_verify(store, &report->rows, &report->head, &report->bad_row);

	if (r == STORE_E_DAMAGED)
		note_fault(report, ANCHOR_ROW);
	if (r >= 0)
		r = store_audit_each(store, 0, meet_row, verify);
	if (verify->at < verify->count)
		note_broken(verify, ANCHOR_CUT);
	report->anchors = verify->count;
	if (verify->count > 0)
		report->last = verify->anchors[verify->count - 1];
	if (report->line != 0)
		note_fault(report, ANCHOR_LINE);
	return r;
}

int anchor_verify(struct env *env, struct store *store, const struct anchor_place *place,
		  struct anchor_report *ret_report)
{
	struct verify verify = {.report = ret_report, .place = place};
	int r;

	*ret_report = (struct anchor_report){0};
	/* The anchors first: rows that are added meanwhile have none yet. */
	r = read_anchors(env, &verify);
	if (r == 0)
		r = store_begin(store, STORE_READ);
	if (r == 0) {
		r = verify_all(store, &verify);
		store_rollback(store);
	}
	env_free(env, verify.anchors);
	return r;
}
