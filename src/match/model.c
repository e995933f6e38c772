#include "model.h"

#include <stdio.h>

#include "muster/error.h"
#include "muster/hash.h"
#include "muster/match_model.h"
#include "muster/specs.h"
#include "muster/yaml.h"

static const char *const intent_names[MODEL_INTENTS] = {"add", "change", "terminate", "reinstate", "payment", "link"};

/* What is one number each: its key, where it stands, what it may be. */
static const struct setting {
	const char *key;
	size_t offset;
	int32_t min, max;
} settings[] = {
	{"version", offsetof(struct match_model, version), 1, 1000000},
	{"housemates_millibits", offsetof(struct match_model, housemates), -20000, 20000},
	{"twins_millibits", offsetof(struct match_model, twins), -30000, 20000},
	{"calibration_slope_e3", offsetof(struct match_model, calibration_slope), 1, 10000},
	{"calibration_offset_millibits", offsetof(struct match_model, calibration_offset), -40000, 40000},
	{"auto_wrong_ppm", offsetof(struct match_model, auto_wrong_ppm), 0, 1000000},
	{"auto_margin_millibits", offsetof(struct match_model, auto_margin), 0, 100000},
	{"auto_person_millibits", offsetof(struct match_model, auto_person), 0, 100000},
	{"new_ppm", offsetof(struct match_model, new_ppm), 0, 1000000},
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

struct reading {
	const char *name;
	struct slice text;
	struct buffer *errors;
	bool failed;
};

static void complain(struct reading *reading, const struct yaml_node *node, const char *what)
{
	yaml_complain(reading->errors, reading->name, reading->text, node->line, node->column, "%s", what);
	reading->failed = true;
}

static int32_t read_number(struct reading *reading, const struct yaml_node *parent, const char *key, int32_t min,
			   int32_t max)
{
	const struct yaml_node *node = yaml_get(parent, key);
	char what[160];
	int64_t value;

	if (node == NULL) {
		snprintf(what, sizeof(what), "%s is missing", key);
		complain(reading, parent, what);
		return min;
	}
	if (!yaml_to_i64(node, &value) || value < min || value > max) {
		snprintf(what, sizeof(what), "%s must be a whole number from %d to %d", key, min, max);
		complain(reading, node, what);
		return min;
	}
	return (int32_t)value;
}

/* What a level was a part of when models were first written: files of then weigh it as that. */
static enum match_level level_before(enum match_level level)
{
	return level == LEVEL_FIRST_SLIP ? LEVEL_FIRST_SIMILAR : level;
}

/* Four numbers: log2 of the level's probability per class. */
static void read_level(struct reading *reading, const struct yaml_node *field, enum match_level level,
		       struct match_model *model)
{
	const struct yaml_node *list = yaml_get(field, match_levels[level].key), *item;
	enum match_level before = level_before(level);
	char what[160];
	int64_t value;
	int class = 0;

	if (list == NULL && before != level)
		list = yaml_get(field, match_levels[before].key);
	if (list == NULL || list->kind != YAML_SEQUENCE || list->count != CLASS_COUNT) {
		snprintf(what, sizeof(what), "%s of %s must be a list of %d numbers", match_levels[level].key,
			 match_fields[match_levels[level].field].name, CLASS_COUNT);
		complain(reading, list != NULL ? list : field, what);
		return;
	}
	for (item = list->first; item != NULL; item = item->next, class++) {
		if (!yaml_to_i64(item, &value) || value < MODEL_LOG_MIN || value > 0)
			complain(reading, item, "log2 of a probability in millibits: from -20000 to 0");
		else
			model->log2_of[class][level] = (int32_t)value;
	}
}

static void read_fields(struct reading *reading, const struct yaml_node *root, struct match_model *model)
{
	const struct yaml_node *fields = yaml_get(root, "fields"), *field;
	int level;

	if (fields == NULL) {
		complain(reading, root, "fields is missing");
		return;
	}
	for (level = 1; level < LEVEL_COUNT; level++) {
		field = yaml_get(fields, match_fields[match_levels[level].field].name);
		if (field == NULL) {
			complain(reading, fields, match_fields[match_levels[level].field].name);
			return;
		}
		read_level(reading, field, (enum match_level)level, model);
	}
}

int match_model_read(struct arena *arena, const char *name, struct slice yaml, struct buffer *errors,
		     const struct match_model **ret_model)
{
	struct reading reading = {.name = name, .text = yaml, .errors = errors};
	struct match_model *model = arena_alloc(arena, sizeof(*model));
	struct yaml_node *root;
	size_t i;
	int error = yaml_parse(arena, name, yaml, errors, &root);

	if (error != 0)
		return error == YAML_E_INVALID ? MATCH_E_MODEL : error;
	if (model == NULL)
		return -ENOMEM;
	slice_to_cstr(yaml_text(root, "name", SLICE_LITERAL("unnamed")), model->name, sizeof(model->name));
	for (i = 0; i < SETTINGS; i++)
		*(int32_t *)(void *)((char *)model + settings[i].offset) =
			read_number(&reading, root, settings[i].key, settings[i].min, settings[i].max);
	model->population = (uint64_t)read_number(&reading, root, "population", 1, INT32_MAX);
	for (i = 0; i < MODEL_INTENTS; i++)
		model->known_ppm[i] =
			read_number(&reading, yaml_get(root, "known_ppm") != NULL ? yaml_get(root, "known_ppm") : root,
				    intent_names[i], 1, 999999);
	read_fields(&reading, root, model);
	if (reading.failed)
		return MATCH_E_MODEL;
	*ret_model = model;
	return 0;
}

void match_model_write(const struct match_model *model, struct buffer *out)
{
	enum match_field field = FIELD_COUNT;
	size_t i;
	int level, class;

	buffer_add_text(out, "# Weights of the matcher: log2 of probabilities in thousandths of a bit, per level of "
			     "agreement\n# [same person, stranger, housemate, housemate born on the same day].\n");
	buffer_printf(out, "name: %s\npopulation: %llu\n", model->name, (unsigned long long)model->population);
	for (i = 0; i < SETTINGS; i++)
		buffer_printf(out, "%s: %d\n", settings[i].key,
			      *(const int32_t *)(const void *)((const char *)model + settings[i].offset));
	buffer_add_text(out, "known_ppm:\n");
	for (i = 0; i < MODEL_INTENTS; i++)
		buffer_printf(out, "  %s: %d\n", intent_names[i], model->known_ppm[i]);
	buffer_add_text(out, "fields:\n");
	for (level = 1; level < LEVEL_COUNT; level++) {
		if (match_levels[level].field != field)
			buffer_printf(out, "  %s:\n", match_fields[match_levels[level].field].name);
		field = match_levels[level].field;
		buffer_printf(out, "    %s: [", match_levels[level].key);
		for (class = 0; class < CLASS_COUNT; class++)
			buffer_printf(out, "%s%d", class > 0 ? ", " : "", model->log2_of[class][level]);
		buffer_add_text(out, "]\n");
	}
}

int match_model_default(struct arena *arena, const struct match_model **ret_model)
{
	static struct match_model embedded;
	const struct match_model *model;
	struct arena_mark mark = arena_mark(arena);
	struct buffer errors;
	int error = 0;

	if (embedded.version == 0) {
		buffer_init(&errors, arena->env);
		error = match_model_read(arena, "specs/model.yaml", specs_find("model.yaml"), &errors, &model);
		if (error == 0)
			embedded = *model;
		buffer_fini(&errors);
		arena_rewind(arena, mark);
	}
	*ret_model = &embedded;
	return error > 0 ? MUSTER_ERROR_INTERNAL : error;
}

const char *match_model_name(const struct match_model *model)
{
	return model != NULL ? model->name : "default";
}

static void hash_number(struct hash_content_state *state, int64_t number)
{
	unsigned char bytes[8];
	int i;

	for (i = 0; i < 8; i++)
		bytes[i] = (unsigned char)((uint64_t)number >> 8 * i);
	hash_content_update(state, bytes, sizeof(bytes));
}

char *match_model_id(struct arena *arena, const struct match_model *model, char out[MATCH_MODEL_ID_BYTES])
{
	struct hash_content_state state;
	char text[HASH_TEXT_BYTES];
	struct hash hash;
	int class, level;
	size_t i;

	if (model == NULL && match_model_default(arena, &model) < 0)
		return NULL;
	hash_content_init(&state);
	hash_number(&state, (int64_t)model->population);
	for (i = 0; i < SETTINGS; i++)
		hash_number(&state, *(const int32_t *)(const void *)((const char *)model + settings[i].offset));
	for (i = 0; i < MODEL_INTENTS; i++)
		hash_number(&state, model->known_ppm[i]);
	for (class = 0; class < CLASS_COUNT; class++)
		for (level = 1; level < LEVEL_COUNT; level++)
			hash_number(&state, model->log2_of[class][level]);
	hash_content_final(&state, &hash);
	snprintf(out, MATCH_MODEL_ID_BYTES, "%s-%d-%.8s", model->name, model->version, hash_format(&hash, text));
	return out;
}
