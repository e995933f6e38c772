/*
 * muster.yaml: where the database and the folders are. Paths in it are relative to the file itself, so that a
 * workspace can be used from anywhere with -c. A stray muster.yaml in the current folder could send the members of
 * one plan into the database of another: it is taken only from the caller or root.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "business.h"
#include "files.h"
#include "keys.h"
#include "muster/error.h"
#include "muster/io.h"
#include "muster/profile.h"

#define CONFIG_LOCAL "muster.yaml"
#define CONFIG_SYSTEM "/etc/muster/muster.yaml"
#define DUE_HOURS_DEFAULT 48
#define DUE_HOURS_MAX 8760
#define CHUNK_MEMBERS_MAX 1000000
#define BACKUP_DAYS_MAX 3650
#define RETENTION_DAYS_MAX 36500
/* Four million members of 64 bytes each; more than a machine of a plan has is a slip. */
#define CANDIDATES_BYTES_DEFAULT (UINT64_C(256) * 1024 * 1024)
#define CANDIDATES_BYTES_MAX (INT64_C(1024) * 1024 * 1024 * 1024)
#define MEMBER_ID_FORMAT "M########@"
#define MEMBER_ID_BYTES_MAX 30u
#define MEMBER_ID_DIGITS_MIN 4u
#define MEMBER_ID_DIGITS_MAX 15u

/* The paths as they stand in the file, before they are made relative to it. */
struct config_text {
	struct config config;
	struct slice database, in, out, work, done, held, rejected, partners, match_model, anchors, anchor_key;
	bool business_given;
};

/* "ZZ:MUSTERHP", or an id alone: then any qualifier. */
static bool parse_receiver(struct slice text, struct check_receiver *ret_receiver)
{
	size_t colon = slice_find(text, ':', 0);
	struct check_receiver receiver = {SLICE_EMPTY, text};
	if (colon < text.len) {
		receiver.qualifier = slice_of(text.data, colon);
		receiver.id = slice_of(text.data + colon + 1, text.len - colon - 1);
		if (receiver.qualifier.len != 2)
			return false;
	}
	if (receiver.id.len < 1 || receiver.id.len > 15)
		return false;
	*ret_receiver = receiver;
	return true;
}

static int read_receivers(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct config *config = &((struct config_text *)target)->config;
	if (node->kind != YAML_SEQUENCE) {
		key_fault(reader, node, "receiver_ids is a list, like [\"ZZ:MUSTERHP\"]");
		return 0;
	}
	config->receivers = arena_alloc_array(reader->arena, node->count + 1, sizeof(*config->receivers));
	if (config->receivers == NULL)
		return -ENOMEM;
	for (const struct yaml_node *item = node->first; item != NULL; item = item->next)
		if (item->kind != YAML_SCALAR ||
		    !parse_receiver(item->text, &config->receivers[config->receiver_count++]))
			key_fault(reader, item, "a receiver id is ISA07, a colon and ISA08, like \"ZZ:MUSTERHP\"");
	return 0;
}

static int read_print_regions(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct config *config = &((struct config_text *)target)->config;
	if (node->kind != YAML_SEQUENCE) {
		key_fault(reader, node, "printed_card_regions is a list, like [HI, GA]");
		return 0;
	}
	config->print_regions = arena_alloc_array(reader->arena, node->count + 1, sizeof(*config->print_regions));
	if (config->print_regions == NULL)
		return -ENOMEM;
	for (const struct yaml_node *item = node->first; item != NULL; item = item->next)
		if (item->kind != YAML_SCALAR || slice_is_empty(item->text))
			key_fault(reader, item, "a region is a code of the groups' column region, like HI");
		else
			config->print_regions[config->print_region_count++] = item->text;
	return 0;
}

static int read_business(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct config_text *text = target;

	text->business_given = true;
	return business_read(reader, node, &text->config.calendar);
}

/* They are not listed here, where whoever starts muster chooses the file. */
static int read_operators(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	(void)target;
	key_fault_at_key(reader, node, "operators are listed in the database: muster user add ID --role ROLE");
	return 0;
}

static bool is_member_id_format(struct slice format)
{
	uint32_t digits = 0;
	if (format.len > MEMBER_ID_BYTES_MAX)
		return false;
	for (size_t i = 0; i < format.len; i++) {
		char c = format.data[i];
		bool literal = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
		if (c == '#')
			digits++;
		else if (c == '@' ? i + 1 != format.len : !literal)
			return false;
	}
	return digits >= MEMBER_ID_DIGITS_MIN && digits <= MEMBER_ID_DIGITS_MAX;
}

static int read_member_id_format(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct config *config = &((struct config_text *)target)->config;
	if (node->kind == YAML_SCALAR && is_member_id_format(node->text))
		config->member_id_format = node->text;
	else
		key_fault(
			reader, node,
			"member_id_format is capitals, digits and hyphens with %u to %u # for the running number and, at "
			"the end, @ for a check digit, like " MEMBER_ID_FORMAT,
			MEMBER_ID_DIGITS_MIN, MEMBER_ID_DIGITS_MAX);
	return 0;
}

static const struct key_choice candidate_choices[] = {{"auto", PROFILE_CANDIDATES_AUTO},
                                                      {"database", PROFILE_CANDIDATES_DATABASE},
                                                      {"memory", PROFILE_CANDIDATES_MEMORY},
                                                      {NULL, 0}};
static const struct key_choice release_choices[] = {{"two", 0}, {"one", 1}, {NULL, 0}};
static const struct key_choice calendar_choices[] = {{"plain", 0}, {"business", 1}, {NULL, 0}};

#define TEXT_PATH(field) {#field, KEY_TEXT, offsetof(struct config_text, field), 1, 1024, NULL, NULL, NULL}
#define LATER(name) {name, KEY_LATER, 0, 0, 0, NULL, NULL, NULL}

#define DAYS(field)                                                                                                   \
	{#field, KEY_INTEGER, offsetof(struct config_text, config.retention.field), 0, RETENTION_DAYS_MAX, NULL, NULL, NULL}

static const struct key retention_keys[] = {DAYS(originals_days), DAYS(decided_days), DAYS(outputs_days), {0}};

static const struct key config_keys[] = {
	TEXT_PATH(database), TEXT_PATH(in), TEXT_PATH(out), TEXT_PATH(work),
	TEXT_PATH(done), TEXT_PATH(held), TEXT_PATH(rejected), TEXT_PATH(partners),
	TEXT_PATH(match_model), TEXT_PATH(anchors), TEXT_PATH(anchor_key),
	{"anchor_log", KEY_BOOL, offsetof(struct config_text, config.anchor_log), 0, 0, NULL, NULL, NULL},
	{"member_id_format", KEY_OWN, 0, 0, 0, NULL, NULL, read_member_id_format},
	{"receiver_ids", KEY_OWN, 0, 0, 0, NULL, NULL, read_receivers},
	{"printed_card_regions", KEY_OWN, 0, 0, 0, NULL, NULL, read_print_regions},
	{"due_hours", KEY_INTEGER, offsetof(struct config_text, config.due_hours), 1, DUE_HOURS_MAX, NULL, NULL, NULL},
	{"calendar", KEY_CHOICE_BOOL, offsetof(struct config_text, config.calendar.business), 0, 0, calendar_choices, NULL, NULL},
	{"business", KEY_OWN, 0, 0, 0, NULL, NULL, read_business},
	{"release_by", KEY_CHOICE_BOOL, offsetof(struct config_text, config.release_alone), 0, 0, release_choices, NULL, NULL},
	{"backup_days", KEY_INTEGER, offsetof(struct config_text, config.backup_days), 0, BACKUP_DAYS_MAX, NULL, NULL, NULL},
	{"chunk_members", KEY_INTEGER, offsetof(struct config_text, config.chunk_members), 1, CHUNK_MEMBERS_MAX, NULL, NULL, NULL},
	{"candidates", KEY_CHOICE, offsetof(struct config_text, config.candidates), 0, 0, candidate_choices, NULL, NULL},
	{"candidates_memory", KEY_BYTES, offsetof(struct config_text, config.candidates_bytes), 1, CANDIDATES_BYTES_MAX, NULL, NULL, NULL},
	{"retention", KEY_TABLE, 0, 0, 0, NULL, retention_keys, NULL},
	{"operators", KEY_OWN, 0, 0, 0, NULL, NULL, read_operators},
	LATER("hooks"), LATER("schedule"), LATER("mail"),
	{0},
};

static bool is_blank(const char *text)
{
	return text == NULL || text[0] == '\0';
}

/* `path` as seen from the current folder; NULL when there is no memory. */
static const char *path_in(struct arena *arena, const char *folder, struct slice path)
{
	if (path.data[0] == '/' || strcmp(folder, ".") == 0)
		return arena_dup(arena, path).data;
	return arena_printf(arena, "%s/%.*s", folder, (int)path.len, path.data).data;
}

static const char *folder_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL)
		return ".";
	return slash == path ? "/" : arena_dup(arena, slice_of(path, (size_t)(slash - path))).data;
}

static int resolve_paths(struct arena *arena, struct config_text *text)
{
	struct config *config = &text->config;
	config->partners_given = !slice_is_empty(text->partners);
	if (!config->partners_given)
		text->partners = SLICE_LITERAL("partners");
	const struct {
		struct slice from;
		const char **to;
	} paths[] = {
		{text->database, &config->database}, {text->in, &config->in},
		{text->out, &config->out},           {text->work, &config->work},
		{text->done, &config->done},         {text->held, &config->held},
		{text->rejected, &config->rejected}, {text->partners, &config->partners},
	};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		*paths[i].to = path_in(arena, config->folder, paths[i].from);
		if (*paths[i].to == NULL)
			return -ENOMEM;
	}
	const struct {
		struct slice from;
		const char **to;
	} optional[] = {
		{text->match_model, &config->match_model},
		{text->anchors, &config->anchors},
		{text->anchor_key, &config->anchor_key},
	};
	for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++) {
		if (slice_is_empty(optional[i].from))
			continue;
		*optional[i].to = path_in(arena, config->folder, optional[i].from);
		if (*optional[i].to == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* Two folders in one place would let muster take its own outputs for a partner's files. */
static void check_folders_differ(struct key_reader *reader, const struct config *config)
{
	const char *const folders[] = {config->in,   config->out,      config->work,    config->done,
	                               config->held, config->rejected, config->partners};
	const char *const names[] = {"in", "out", "work", "done", "held", "rejected", "partners"};
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(folders[i], folders[j]) == 0) {
				buffer_printf(reader->errors, "%s: %s and %s are the same folder: %s\n", reader->name,
				              names[j], names[i], folders[i]);
				reader->faults++;
			}
}

/* Hours that nobody counts, or a count without hours, would be believed. */
static void check_business(struct key_reader *reader, const struct config_text *text)
{
	if (text->config.calendar.business == text->business_given)
		return;
	buffer_printf(reader->errors, "%s: %s\n", reader->name,
		      text->business_given
			      ? "business says the working hours: then calendar is business"
			      : "calendar: business wants the working hours: business: {time_zone: Pacific}");
	reader->faults++;
}

/* Decided records are kept as long as other ones, or longer. */
static void check_retention(struct key_reader *reader, const struct config_retention *retention)
{
	if (retention->decided_days == 0 ||
	    (retention->originals_days != 0 && retention->decided_days >= retention->originals_days))
		return;
	buffer_printf(reader->errors, "%s: retention: decided_days is no less than originals_days\n", reader->name);
	reader->faults++;
}

static void text_defaults(struct config_text *ret_text)
{
	*ret_text = (struct config_text){
		.config = {.path = "",
	                   .folder = ".",
	                   .member_id_format = SLICE_LITERAL(MEMBER_ID_FORMAT),
	                   .due_hours = DUE_HOURS_DEFAULT,
	                   .candidates_bytes = CANDIDATES_BYTES_DEFAULT,
	                   .chunk_members = (int32_t)LIMIT_CHUNK_MEMBERS},
		.database = SLICE_LITERAL("muster.db"),
		.in = SLICE_LITERAL("in"),
		.out = SLICE_LITERAL("out"),
		.work = SLICE_LITERAL("work"),
		.done = SLICE_LITERAL("done"),
		.held = SLICE_LITERAL("held"),
		.rejected = SLICE_LITERAL("rejected"),
	};
	business_defaults(&ret_text->config.calendar);
}

int config_defaults(struct arena *arena, struct config *ret_config)
{
	struct config_text text;
	text_defaults(&text);
	int r = resolve_paths(arena, &text);
	if (r == 0)
		*ret_config = text.config;
	return r;
}

int config_parse(struct arena *arena, const char *path, struct slice text, struct buffer *errors,
                 struct config *ret_config)
{
	struct key_reader reader = {arena, errors, path, text, 0};
	struct config_text values;
	text_defaults(&values);
	values.config.path = arena_dup(arena, slice_from(path)).data;
	values.config.folder = folder_of(arena, path);
	if (values.config.path == NULL || values.config.folder == NULL)
		return -ENOMEM;
	int r = keys_parse(&reader, config_keys, &values);
	if (r == 0)
		r = resolve_paths(arena, &values);
	if (r < 0)
		return r;
	check_folders_differ(&reader, &values.config);
	check_business(&reader, &values);
	check_retention(&reader, &values.config.retention);
	if (reader.faults > 0)
		return MUSTER_ERROR_CONFIG;
	*ret_config = values.config;
	return 0;
}

/*
 * Read ./muster.yaml through one descriptor, so that what was looked at is what is read. 0, MUSTER_ERROR_CONFIG with
 * the reason in `errors`, or <0.
 */
static int read_local(struct env *env, struct arena *arena, struct buffer *errors, struct slice *ret_text)
{
	struct env_stat stat;
	char *data;
	ssize_t bytes;
	int r = 0;
	int fd = env_open_input(env, CONFIG_LOCAL, &stat);
	if (fd == -ELOOP || fd == -EINVAL || fd == -EACCES) {
		buffer_printf(errors,
			      "./" CONFIG_LOCAL " is not a plain file that can be read; name the one meant with -c\n");
		return MUSTER_ERROR_CONFIG;
	}
	if (fd < 0)
		return fd;
	if ((stat.uid != 0 && stat.uid != (uint32_t)geteuid()) || (stat.mode & S_IWOTH) != 0) {
		buffer_printf(errors,
		              "./" CONFIG_LOCAL " %s: not taken, it could send members into a database of somebody's "
		              "choice; name it with -c if it is meant\n",
		              stat.mode & S_IWOTH ? "may be written by everybody" : "belongs to somebody else");
		r = MUSTER_ERROR_CONFIG;
		goto out;
	}
	if (stat.size_bytes > LIMIT_YAML_BYTES) {
		buffer_printf(errors, "./" CONFIG_LOCAL " is longer than %u bytes\n", LIMIT_YAML_BYTES);
		r = MUSTER_ERROR_CONFIG;
		goto out;
	}
	data = arena_alloc(arena, (size_t)stat.size_bytes + 1);
	bytes = data != NULL ? env_read(env, fd, data, (size_t)stat.size_bytes) : -ENOMEM;
	if (bytes < 0)
		r = (int)bytes;
	else
		*ret_text = slice_of(data, (size_t)bytes);
out:
	env_close(env, fd);
	return r;
}

int config_load(struct env *env, struct arena *arena, const char *explicit_path, const char *environment_path,
                struct buffer *errors, struct config *ret_config)
{
	const char *path = !is_blank(explicit_path) ? explicit_path : environment_path;
	struct slice text;
	int r;
	if (!is_blank(path)) {
		r = profile_read_file(env, arena, path, LIMIT_YAML_BYTES, errors, &text);
		return r < 0 ? r : config_parse(arena, path, text, errors, ret_config);
	}
	if (env_exists(env, CONFIG_LOCAL)) {
		r = read_local(env, arena, errors, &text);
		return r < 0 ? r : config_parse(arena, CONFIG_LOCAL, text, errors, ret_config);
	}
	if (env_exists(env, CONFIG_SYSTEM)) {
		r = profile_read_file(env, arena, CONFIG_SYSTEM, LIMIT_YAML_BYTES, errors, &text);
		return r < 0 ? r : config_parse(arena, CONFIG_SYSTEM, text, errors, ret_config);
	}
	return config_defaults(arena, ret_config);
}

int64_t config_due_ms(const struct config *config, int64_t received_ms)
{
	return calendar_add(&config->calendar, received_ms, (int64_t)config->due_hours * 3600 * 1000);
}
