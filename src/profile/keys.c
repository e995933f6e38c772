/*
 * One table drives all keys: what a value may be, where it goes, and what is said when it is not that. A fault never
 * stops the reading, so the operator sees everything that is wrong in one go.
 */
#include "keys.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define KEYS_MAX 128

static void complain(struct key_reader *reader, uint32_t line, uint32_t column, const char *format, va_list arguments)
{
	char message[512];
	vsnprintf(message, sizeof(message), format, arguments);
	yaml_complain(reader->errors, reader->name, reader->text, line, column, "%s", message);
	reader->faults++;
}

void key_fault(struct key_reader *reader, const struct yaml_node *node, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	complain(reader, node->line, node->column, format, arguments);
	va_end(arguments);
}

void key_fault_at_key(struct key_reader *reader, const struct yaml_node *node, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	complain(reader, node->key_line, node->key_column, format, arguments);
	va_end(arguments);
}

struct slice key_choices_text(struct arena *arena, const struct key_choice *choices)
{
	struct slice text = SLICE_LITERAL("");
	uint32_t left = 0;
	for (const struct key_choice *choice = choices; choice->text != NULL; choice++)
		left++;
	for (const struct key_choice *choice = choices; choice->text != NULL && text.data != NULL; choice++) {
		left--;
		text = arena_printf(arena, "%.*s%s%s", (int)text.len, text.data, choice->text,
		                    left > 1    ? ", "
		                    : left == 1 ? " or "
		                                : "");
	}
	return text;
}

static void read_bool(struct key_reader *reader, const struct key *key, const struct yaml_node *node, bool *ret_value)
{
	bool value;
	if (!yaml_to_bool(node, &value)) {
		key_fault(reader, node, "%s is true or false", key->name);
		return;
	}
	*ret_value = key->kind == KEY_BOOL_NOT ? !value : value;
}

static void read_integer(struct key_reader *reader, const struct key *key, const struct yaml_node *node,
                         int32_t *ret_value)
{
	int64_t value;
	if (!yaml_to_i64(node, &value) || value < key->min || value > key->max) {
		key_fault(reader, node, "%s is a whole number from %lld to %lld", key->name, (long long)key->min,
		          (long long)key->max);
		return;
	}
	*ret_value = (int32_t)value;
}

static bool is_visible_ascii(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < ' ' || text.data[i] > '~')
			return false;
	return true;
}

static void read_text(struct key_reader *reader, const struct key *key, const struct yaml_node *node,
                      struct slice *ret_value)
{
	if ((int64_t)node->text.len < key->min || (int64_t)node->text.len > key->max || !is_visible_ascii(node->text)) {
		key_fault(reader, node, "%s has %lld to %lld characters, plain ones", key->name, (long long)key->min,
		          (long long)key->max);
		return;
	}
	*ret_value = node->text;
}

static bool parse_bytes(struct slice text, uint64_t *ret_bytes)
{
	static const struct {
		const char *unit;
		unsigned shift;
	} units[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
	size_t digits = 0;
	while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9')
		digits++;
	uint64_t count;
	if (!slice_to_u64(slice_of(text.data, digits), &count))
		return false;
	struct slice unit = slice_trim(slice_of(text.data + digits, text.len - digits));
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (slice_is(unit, units[i].unit) && count <= UINT64_MAX >> units[i].shift) {
			*ret_bytes = count << units[i].shift;
			return true;
		}
	return false;
}

static void read_bytes(struct key_reader *reader, const struct key *key, const struct yaml_node *node,
                       uint64_t *ret_value)
{
	uint64_t bytes;
	if (!parse_bytes(node->text, &bytes) || bytes < (uint64_t)key->min || bytes > (uint64_t)key->max) {
		key_fault(reader, node, "%s is a size like 500 MiB or 2 GiB, at most %llu GiB", key->name,
		          (unsigned long long)key->max >> 30);
		return;
	}
	*ret_value = bytes;
}

static int read_choice(struct key_reader *reader, const struct key *key, const struct yaml_node *node, int *ret_value)
{
	const struct key_choice *choice = key->choices;
	while (choice->text != NULL && !slice_is(node->text, choice->text))
		choice++;
	if (choice->text != NULL) {
		*ret_value = choice->value;
		return 0;
	}
	struct slice supported = key_choices_text(reader->arena, key->choices);
	if (supported.data == NULL)
		return -ENOMEM;
	key_fault(reader, node, "%s is %.*s", key->name, (int)supported.len, supported.data);
	return 0;
}

/* A mapping is wanted here; an empty value counts as one without keys. */
static bool is_mapping(struct key_reader *reader, const struct yaml_node *node, const char *what)
{
	if (node->kind == YAML_MAPPING)
		return true;
	if (node->kind != YAML_SCALAR || !slice_is_empty(node->text) || node->quoted)
		key_fault(reader, node, "%s holds lines of the form `key: value`", what);
	return false;
}

static int read_key(struct key_reader *reader, const struct key *key, const struct yaml_node *node, void *target)
{
	void *place = (char *)target + key->offset;
	int choice = -1;
	int r = 0;
	if (key->kind == KEY_LATER) {
		key_fault_at_key(reader, node, "%s is not supported yet; take it out", key->name);
		return 0;
	}
	if (key->kind == KEY_OWN)
		return key->read(reader, node, target);
	if (key->kind == KEY_NODE) {
		*(const struct yaml_node **)place = node;
		return 0;
	}
	if (key->kind == KEY_TABLE)
		return is_mapping(reader, node, key->name) ? keys_read(reader, key->keys, node, target) : 0;
	if (node->kind != YAML_SCALAR) {
		key_fault(reader, node, "%s takes one value", key->name);
		return 0;
	}
	switch (key->kind) {
	case KEY_BOOL:
	case KEY_BOOL_NOT:
		read_bool(reader, key, node, place);
		break;
	case KEY_INTEGER:
		read_integer(reader, key, node, place);
		break;
	case KEY_TEXT:
		read_text(reader, key, node, place);
		break;
	case KEY_BYTES:
		read_bytes(reader, key, node, place);
		break;
	case KEY_CHOICE:
	case KEY_CHOICE_BOOL:
		r = read_choice(reader, key, node, &choice);
		if (r == 0 && choice >= 0 && key->kind == KEY_CHOICE_BOOL)
			*(bool *)place = choice != 0;
		else if (r == 0 && choice >= 0)
			*(unsigned *)place = (unsigned)choice;
		break;
	case KEY_TABLE:
	case KEY_OWN:
	case KEY_NODE:
	case KEY_LATER:
		assert(!"handled above");
	}
	return r;
}

int keys_read(struct key_reader *reader, const struct key *keys, const struct yaml_node *mapping, void *target)
{
	const char *known[KEYS_MAX + 1] = {NULL};
	size_t count = 0;
	for (const struct key *key = keys; key->name != NULL; key++) {
		assert(count < KEYS_MAX);
		known[count++] = key->name;
	}
	reader->faults += yaml_check_keys(reader->errors, reader->name, reader->text, mapping, known);
	/* In the file's order, so that messages come in that order too. */
	for (const struct yaml_node *node = mapping->first; node != NULL; node = node->next)
		for (const struct key *key = keys; key->name != NULL; key++)
			if (slice_is(node->key, key->name)) {
				int r = read_key(reader, key, node, target);
				if (r < 0)
					return r;
			}
	return 0;
}

int keys_parse(struct key_reader *reader, const struct key *keys, void *target)
{
	struct yaml_node *root;
	int r = yaml_parse(reader->arena, reader->name, reader->text, reader->errors, &root);
	if (r == YAML_E_INVALID)
		reader->faults++;
	if (r != 0)
		return r < 0 ? r : 0;
	return is_mapping(reader, root, "the file") ? keys_read(reader, keys, root, target) : 0;
}
