/*
 * A partner's severities: each with the time that he has, and the categories that it is for. One without categories is
 * for all that no other names.
 */
#include "errors.h"

#include <errno.h>

#include "agreed.h"
#include "muster/category.h"
#include "muster/profile.h"

#define HOURS_MAX 8760
#define SEVERITY_BYTES_MAX 20u

struct class_text {
	int32_t hours;
	const struct yaml_node *categories;
};

static const struct key class_keys[] = {
	{"hours", KEY_INTEGER, offsetof(struct class_text, hours), 1, HOURS_MAX, NULL, NULL, NULL},
	{"categories", KEY_NODE, offsetof(struct class_text, categories), 0, 0, NULL, NULL, NULL},
	{0},
};

static void read_category(struct key_reader *reader, const struct yaml_node *item, struct error_class found,
			  struct error_class *classes)
{
	const char *names[CATEGORY_COUNT + 1] = {NULL}, *nearest;
	struct slice word = item->kind == YAML_SCALAR ? item->text : SLICE_EMPTY;
	enum category category;

	if (category_of(word, &category)) {
		if (classes[category].severity.len > 0)
			key_fault(reader, item, "%s has a severity already", category_name(category));
		classes[category] = found;
		return;
	}
	for (int i = 0; i < CATEGORY_COUNT; i++)
		names[i] = category_name((enum category)i);
	nearest = yaml_nearest(word, names);
	key_fault(reader, item, "\"%.*s\" is no category of exceptions%s%s%s", (int)word.len, word.data,
		  nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
		  nearest != NULL ? "\"?" : "");
}

static int read_class(struct key_reader *reader, const struct yaml_node *row, struct error_class *classes,
		      struct error_class *rest)
{
	struct class_text text = {0};
	struct error_class found = {.severity = row->key};
	uint32_t faults = reader->faults;
	int r;

	if (row->kind != YAML_MAPPING || row->key.len == 0 || row->key.len > SEVERITY_BYTES_MAX) {
		key_fault(reader, row, "a severity is written as {hours: 24, categories: [NO_MATCH, MULTI_MATCH]}");
		return 0;
	}
	r = keys_read(reader, class_keys, row, &text);
	if (r < 0 || reader->faults > faults)
		return r;
	found.hours = text.hours;
	if (text.hours == 0) {
		key_fault(reader, row, "a severity wants hours: by when the partner is to answer");
	} else if (text.categories == NULL) {
		if (rest->hours > 0)
			key_fault_at_key(reader, row, "only one severity can be for all other categories");
		*rest = found;
	} else if (text.categories->kind != YAML_SEQUENCE || text.categories->count == 0) {
		key_fault(reader, text.categories, "categories is a list, like [NO_MATCH, MULTI_MATCH]");
	} else {
		for (const struct yaml_node *item = text.categories->first; item != NULL; item = item->next)
			read_category(reader, item, found, classes);
	}
	return 0;
}

int errors_read(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct error_class *classes = arena_alloc_array(reader->arena, CATEGORY_COUNT, sizeof(*classes));
	struct error_class rest = {.hours = 0};
	int r = 0;

	if (classes == NULL)
		return -ENOMEM;
	if (node->kind != YAML_MAPPING || node->count == 0)
		key_fault(
			reader, node,
			"error_report is written as {critical: {hours: 24, categories: [NO_MATCH]}, minor: {hours: 72}}");
	else
		for (const struct yaml_node *row = node->first; row != NULL && r == 0; row = row->next)
			r = read_class(reader, row, classes, &rest);
	for (int i = 0; i < CATEGORY_COUNT; i++)
		if (classes[i].severity.len == 0)
			classes[i] = rest;
	((struct profile_text *)target)->profile.errors = classes;
	return r;
}
