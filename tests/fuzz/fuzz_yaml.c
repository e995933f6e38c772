/*
 * fuzz_yaml: any YAML file.
 *
 * Claims: a refusal comes with a place and words; an accepted tree has its marks inside the text, in order, is no
 * deeper than the limit, counts its children, and no mapping holds a key twice.
 */
#include "muster/limits.h"
#include "muster/yaml.h"
#include "fuzz.h"

static void check_keys(const struct yaml_node *mapping)
{
	const struct yaml_node *entry, *other;
	uint32_t looked = 0;

	for (entry = mapping->first; entry != NULL && looked++ < 50; entry = entry->next) {
		for (other = mapping->first; other != entry; other = other->next)
			FUZZ_CLAIM(!slice_equal(other->key, entry->key));
		FUZZ_CLAIM(entry->key.data != NULL && entry->key.data[entry->key.len] == '\0');
		/* Found by its name, unless that holds a NUL. */
		FUZZ_CLAIM(strlen(entry->key.data) < entry->key.len || yaml_get(mapping, entry->key.data) == entry);
	}
}

static void check_node(const struct yaml_node *node, uint32_t depth, uint32_t lines)
{
	const struct yaml_node *child, *before = NULL;
	uint32_t count = 0;
	int64_t number;
	bool flag;

	FUZZ_CLAIM(node->line >= 1 && node->line <= lines && node->column >= 1);
	FUZZ_CLAIM(depth <= LIMIT_YAML_DEPTH);
	if (node->kind == YAML_SCALAR) {
		FUZZ_CLAIM(node->first == NULL && node->text.data[node->text.len] == '\0');
		FUZZ_CLAIM(!(yaml_to_bool(node, &flag) && yaml_to_i64(node, &number)));
		return;
	}
	for (child = node->first; child != NULL; child = child->next) {
		FUZZ_CLAIM((node->kind == YAML_MAPPING) == (child->key.data != NULL));
		FUZZ_CLAIM(before == NULL || child->line >= before->line);
		check_node(child, depth + (child->kind != YAML_SCALAR), lines);
		before = child;
		count++;
	}
	FUZZ_CLAIM(count == node->count);
	if (node->kind == YAML_MAPPING)
		check_keys(node);
}

/* At most: every byte could end a line. */
static uint32_t lines_at_most(const uint8_t *data, size_t size)
{
	uint32_t lines = 2;
	size_t i;

	for (i = 0; i < size; i++)
		lines += data[i] == '\n' || data[i] == '\r' || data[i] >= 0x80;
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const known[] = {"database", "folders", "partners", NULL};
	struct slice text = slice_of((const char *)data, size);
	struct yaml_node *root = NULL;
	struct arena arena;
	struct buffer errors;
	int result;

	arena_init(&arena, fuzz_env(), 0, 0);
	buffer_init(&errors, fuzz_env());
	result = yaml_parse(&arena, "fuzz", text, &errors, &root);
	FUZZ_CLAIM(result == 0 || result == YAML_E_INVALID);
	FUZZ_CLAIM((result == 0) == (root != NULL) && (result == 0) == (errors.len == 0));
	if (result == 0) {
		check_node(root, root->kind != YAML_SCALAR, lines_at_most(data, size));
		FUZZ_CLAIM((yaml_check_keys(&errors, "fuzz", text, root, known) > 0) == (errors.len > 0));
	} else {
		FUZZ_CLAIM(slice_starts_with(buffer_slice(&errors), "fuzz:"));
		FUZZ_CLAIM(memchr(errors.data, '\x1B', errors.len) == NULL);
	}
	buffer_fini(&errors);
	arena_fini(&arena);
	return 0;
}
