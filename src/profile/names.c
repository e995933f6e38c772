/*
 * What a name says is compared with the envelopes, so that a file renamed by hand, or yesterday's sent again under
 * today's name, is noticed before it is applied. The C library knows no groups with names: they are counted, and the
 * pattern is rewritten without them.
 */
#include "names.h"

#include <errno.h>
#include <regex.h>
#include <string.h>

#include "agreed.h"
#include "muster/profile.h"

/* The whole is a group too, so that an alternative in it stays inside the anchors. */
#define GROUPS_MAX 24
#define PATTERN_BYTES_MAX 200u
#define NAME_BYTES_MAX 255u
/* The C library writes counted repeats out: counts of counts would take all memory. */
#define REPEATS_MAX 255u

static const char *const part_names[PROFILE_NAME_PARTS + 1] = {"sender",  "type",  "date", "time",
							       "control", "usage", NULL};

const char *profile_name_part_text(enum profile_name_part part)
{
	return part_names[part];
}

/* A pattern while it is rewritten. */
struct rewrite {
	struct key_reader *reader;
	const struct yaml_node *node;
	struct profile_names *names;
	struct slice from;
	size_t at;
	char to[2 * PATTERN_BYTES_MAX + 8]; /* \d grows to three times its length, and little else does */
	size_t bytes;
	unsigned groups, depth;
	bool countable; /* what was last read is one character: a count may follow */
};

static void rewrite_add(struct rewrite *rewrite, const char *text, size_t bytes)
{
	if (rewrite->bytes + bytes < sizeof(rewrite->to)) {
		memcpy(rewrite->to + rewrite->bytes, text, bytes);
		rewrite->bytes += bytes;
	} else {
		rewrite->bytes = sizeof(rewrite->to);
	}
}

/* "?<date>" behind a parenthesis. False: a fault was told. */
static bool rewrite_named(struct rewrite *rewrite)
{
	struct slice rest = slice_of(rewrite->from.data + rewrite->at, rewrite->from.len - rewrite->at);
	size_t end = slice_find(rest, '>', 0);
	struct slice name;
	const char *nearest;
	int part = 0;

	if (rest.len >= 2 && rest.data[1] == ':') {
		rewrite->at += 2;
		return true;
	}
	if (rest.len < 2 || rest.data[1] != '<' || end >= rest.len) {
		key_fault(
			rewrite->reader, rewrite->node,
			"name_regex: behind ( a ? begins a name, as in (?<date>[0-9]{6}), or stands for no group, (?:...)");
		return false;
	}
	name = slice_of(rest.data + 2, end - 2);
	while (part < PROFILE_NAME_PARTS && !slice_is(name, part_names[part]))
		part++;
	if (part == PROFILE_NAME_PARTS) {
		nearest = yaml_nearest(name, part_names);
		key_fault(
			rewrite->reader, rewrite->node,
			"name_regex: a group is called sender, type, date, time, control or usage, not \"%.*s\"%s%s%s",
			(int)name.len, name.data, nearest != NULL ? "; did you mean \"" : "",
			nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
		return false;
	}
	if (rewrite->names->groups[part] != 0) {
		key_fault(rewrite->reader, rewrite->node, "name_regex: there are two groups \"%s\"", part_names[part]);
		return false;
	}
	rewrite->names->groups[part] = (uint8_t)rewrite->groups;
	rewrite->at += end + 1;
	return true;
}

/* [...] as it stands: a bracket or parenthesis in it is itself. False: a fault was told. */
static bool rewrite_brackets(struct rewrite *rewrite)
{
	size_t begin = rewrite->at, end = begin + 1;

	if (end < rewrite->from.len && rewrite->from.data[end] == '^')
		end++;
	end = slice_find(rewrite->from, ']', end + 1);
	end = end < rewrite->from.len ? end + 1 : rewrite->from.len;
	rewrite_add(rewrite, rewrite->from.data + begin, end - begin);
	rewrite->at = end;
	if (slice_find(slice_of(rewrite->from.data + begin, end - begin), '\\', 0) == end - begin)
		return true;
	key_fault(rewrite->reader, rewrite->node, "name_regex: \\ means nothing inside of [ ]; write 0-9 for digits");
	return false;
}

/* False: a fault was told. */
static bool rewrite_escape(struct rewrite *rewrite, const char *c)
{
	rewrite_add(rewrite, c[1] == 'd' ? "[0-9]" : c, c[1] == 'd' ? 5 : 2);
	rewrite->at += 2;
	if (c[1] < '1' || c[1] > '9')
		return true;
	key_fault(rewrite->reader, rewrite->node, "name_regex: \\%c, what a group found before, cannot be asked for",
		  c[1]);
	return false;
}

/* "{6}" or "{4,9}". False: a fault was told. */
static bool rewrite_count(struct rewrite *rewrite)
{
	size_t end = slice_find(rewrite->from, '}', rewrite->at), i;
	unsigned count = 0;

	for (i = rewrite->at + 1; i < end && end < rewrite->from.len && count <= REPEATS_MAX; i++) {
		char c = rewrite->from.data[i];

		count = c == ',' ? 0 : c >= '0' && c <= '9' ? count * 10 + (unsigned)(c - '0') : REPEATS_MAX + 1;
	}
	if (end < rewrite->from.len && rewrite->countable && count <= REPEATS_MAX) {
		rewrite_add(rewrite, rewrite->from.data + rewrite->at, end + 1 - rewrite->at);
		rewrite->at = end + 1;
		return true;
	}
	key_fault(
		rewrite->reader, rewrite->node,
		"name_regex: a count like {6} or {4,9}, of at most %u, stands behind one character, not behind a group",
		REPEATS_MAX);
	return false;
}

/* A character that begins or ends a group, or stands for itself. False: a fault was told. */
static bool rewrite_plain(struct rewrite *rewrite, char c)
{
	rewrite_add(rewrite, &c, 1);
	rewrite->at++;
	if (c == '(') {
		rewrite->groups++;
		rewrite->depth++;
		return rewrite->at == rewrite->from.len || rewrite->from.data[rewrite->at] != '?' ||
		       rewrite_named(rewrite);
	}
	if (c == ')' && rewrite->depth-- == 0) {
		key_fault(rewrite->reader, rewrite->node, "name_regex: a ) without its (");
		return false;
	}
	return true;
}

static bool rewrite_next(struct rewrite *rewrite)
{
	const char *c = rewrite->from.data + rewrite->at;
	bool fits;

	if (*c == '[')
		fits = rewrite_brackets(rewrite);
	else if (*c == '\\' && rewrite->at + 1 < rewrite->from.len)
		fits = rewrite_escape(rewrite, c);
	else if (*c == '{')
		fits = rewrite_count(rewrite);
	else
		fits = rewrite_plain(rewrite, *c);
	rewrite->countable = strchr("(){*+?|^$", *c) == NULL;
	return fits;
}

static bool rewrite_pattern(struct rewrite *rewrite)
{
	rewrite->groups = 1;
	rewrite_add(rewrite, "^(", 2);
	while (rewrite->at < rewrite->from.len)
		if (!rewrite_next(rewrite))
			return false;
	rewrite_add(rewrite, ")$", 3);
	if (rewrite->bytes < sizeof(rewrite->to) && rewrite->groups < GROUPS_MAX)
		return true;
	key_fault(rewrite->reader, rewrite->node, "name_regex is too long, or has too many groups");
	return false;
}

int names_read(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct profile_names names = {NULL, {0}};
	struct rewrite rewrite = {.reader = reader, .node = node, .names = &names, .from = node->text};
	struct slice pattern;
	char why[160];
	regex_t regex;
	int r;

	if (node->kind != YAML_SCALAR || node->text.len == 0 || node->text.len > PATTERN_BYTES_MAX) {
		key_fault(reader, node,
			  "name_regex is a pattern of the whole file name, like 'ACME[.](?<type>834[CF])[.].*'");
		return 0;
	}
	if (!rewrite_pattern(&rewrite))
		return 0;
	r = regcomp(&regex, rewrite.to, REG_EXTENDED);
	if (r == REG_ESPACE)
		return -ENOMEM;
	if (r != 0) {
		regerror(r, NULL, why, sizeof(why));
		key_fault(reader, node, "name_regex is no regular expression: %s", why);
		return 0;
	}
	regfree(&regex);
	pattern = arena_dup(reader->arena, slice_from(rewrite.to));
	if (pattern.data == NULL)
		return -ENOMEM;
	names.pattern = pattern.data;
	((struct profile_text *)target)->profile.names = names;
	return 0;
}

int profile_read_name(const struct profile_names *names, struct slice name, bool *ret_agreed, struct slice *ret_parts)
{
	regmatch_t matches[GROUPS_MAX + 1];
	char text[NAME_BYTES_MAX + 1];
	regex_t regex;
	int part, r;

	for (part = 0; part < PROFILE_NAME_PARTS; part++)
		ret_parts[part] = SLICE_EMPTY;
	*ret_agreed = names->pattern == NULL;
	if (names->pattern == NULL || name.len > NAME_BYTES_MAX)
		return 0;
	slice_to_cstr(name, text, sizeof(text));
	/* It was compiled when the profile was read. */
	if (regcomp(&regex, names->pattern, REG_EXTENDED) != 0)
		return -ENOMEM;
	r = regexec(&regex, text, GROUPS_MAX + 1, matches, 0);
	regfree(&regex);
	if (r == REG_ESPACE)
		return -ENOMEM;
	*ret_agreed = r == 0;
	for (part = 0; r == 0 && part < PROFILE_NAME_PARTS; part++) {
		const regmatch_t *match = &matches[names->groups[part]];

		if (names->groups[part] != 0 && match->rm_so >= 0)
			ret_parts[part] = slice_of(name.data + match->rm_so, (size_t)(match->rm_eo - match->rm_so));
	}
	return 0;
}

/* ---- what a file is by a word ---- */

static int read_kinds(struct key_reader *reader, const struct yaml_node *node, const char *example,
		      struct profile_kinds *ret_kinds)
{
	static const struct key_choice choices[] = {
		{"change", PROFILE_KIND_CHANGE}, {"full", PROFILE_KIND_FULL}, {"audit", PROFILE_KIND_AUDIT}, {NULL, 0}};
	struct profile_kind_row *rows = arena_alloc_array(reader->arena, (size_t)node->count + 1, sizeof(*rows));
	uint32_t count = 0;

	if (rows == NULL)
		return -ENOMEM;
	if (node->kind != YAML_MAPPING || node->count == 0)
		key_fault(reader, node, "%.*s is written as %s", (int)node->key.len, node->key.data, example);
	for (const struct yaml_node *row = node->first; row != NULL && node->kind == YAML_MAPPING; row = row->next) {
		const struct key_choice *choice = choices;

		while (choice->text != NULL && !(row->kind == YAML_SCALAR && slice_is(row->text, choice->text)))
			choice++;
		if (choice->text == NULL)
			key_fault(reader, row, "a file is change, full or audit");
		else
			rows[count++] = (struct profile_kind_row){row->key, (enum profile_kind)choice->value};
	}
	*ret_kinds = (struct profile_kinds){rows, count};
	return 0;
}

int names_read_actions(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct profile_kinds *kinds = &((struct profile_text *)target)->profile.full.by_action;
	int r = read_kinds(reader, node, "{2: change, 4: audit, RX: full}, by BGN08", kinds);

	for (const struct yaml_node *row = node->first; r == 0 && row != NULL && node->kind == YAML_MAPPING;
	     row = row->next)
		if (row->key.len < 1 || row->key.len > 2)
			key_fault_at_key(reader, row, "a BGN08 is 2, 4 or RX");
	return r;
}

int names_read_types(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	return read_kinds(reader, node, "{834C: change, 834F: full}, by the group \"type\" of name_regex",
			  &((struct profile_text *)target)->profile.full.by_name);
}

enum profile_kind profile_kind_of(const struct profile_kinds *kinds, struct slice word)
{
	for (uint32_t i = 0; i < kinds->count; i++)
		if (slice_equal(kinds->rows[i].word, word))
			return kinds->rows[i].kind;
	return PROFILE_KIND_UNSAID;
}
