/*
 * What a partner calls otherwise than the guides do. Only what is kept somewhere can be named: a name that leads nowhere
 * would be believed.
 */
#include "habits.h"

#include <errno.h>

#include "agreed.h"
#include "muster/profile.h"

/* The facts that a reporting category may become. */
static const enum fact categories[] = {FACT_premium,      FACT_family_premium, FACT_responsible_amount, FACT_tax_credit,
				       FACT_cost_sharing, FACT_rating_area,    FACT_source_reason};
#define CATEGORIES (sizeof(categories) / sizeof(categories[0]))

static void read_category(struct key_reader *reader, const struct yaml_node *row, struct enroll_category *rows,
			  uint32_t *count)
{
	const char *names[CATEGORIES + 1] = {NULL}, *nearest;
	size_t i;

	for (i = 0; i < CATEGORIES; i++) {
		names[i] = fact_name(categories[i]);
		if (row->kind == YAML_SCALAR && slice_is(row->text, names[i])) {
			rows[(*count)++] = (struct enroll_category){row->key, categories[i]};
			return;
		}
	}
	nearest = row->kind == YAML_SCALAR ? yaml_nearest(row->text, names) : NULL;
	key_fault(
		reader, row,
		"a category is kept as premium, family_premium, responsible_amount, tax_credit, cost_sharing, rating_area "
		"or source_reason%s%s%s",
		nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
		nearest != NULL ? "\"?" : "");
}

int habits_read_categories(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	struct enroll_habits *habits = &((struct profile_text *)target)->profile.enroll;
	struct enroll_category *rows = arena_alloc_array(reader->arena, (size_t)node->count + 1, sizeof(*rows));
	uint32_t count = 0;

	if (rows == NULL)
		return -ENOMEM;
	if (node->kind != YAML_MAPPING || node->count == 0) {
		key_fault(reader, node, "cat_map is written as {PRE AMT 1: premium}, by N102 of loop 2750");
		return 0;
	}
	for (const struct yaml_node *row = node->first; row != NULL; row = row->next)
		read_category(reader, row, rows, &count);
	habits->categories = rows;
	habits->category_count = count;
	return 0;
}

int habits_read_cob(struct key_reader *reader, const struct yaml_node *node, void *target)
{
	static const struct {
		const char *text;
		enum enroll_cob meaning;
	} meanings[] = {{"as_sent", ENROLL_COB_AS_SENT},     {"primary", ENROLL_COB_PRIMARY},
			{"secondary", ENROLL_COB_SECONDARY}, {"tertiary", ENROLL_COB_TERTIARY},
			{"medicare", ENROLL_COB_MEDICARE}};
	const size_t known = sizeof(meanings) / sizeof(meanings[0]);
	struct enroll_habits *habits = &((struct profile_text *)target)->profile.enroll;
	struct enroll_cob_rule *rules = arena_alloc_array(reader->arena, (size_t)node->count + 1, sizeof(*rules));
	uint32_t count = 0;

	if (rules == NULL)
		return -ENOMEM;
	if (node->kind != YAML_MAPPING || node->count == 0) {
		key_fault(reader, node,
			  "cob_rules is written as {+SEC: secondary, MED_A: medicare}, by the end of COB02");
		return 0;
	}
	for (const struct yaml_node *row = node->first; row != NULL; row = row->next) {
		size_t i = 0;

		while (i < known && !(row->kind == YAML_SCALAR && slice_is(row->text, meanings[i].text)))
			i++;
		if (i < known && row->key.len > 0)
			rules[count++] = (struct enroll_cob_rule){row->key, meanings[i].meaning};
		else
			key_fault(reader, row,
				  "the end of COB02 says as_sent, primary, secondary, tertiary or medicare");
	}
	habits->cob_rules = rules;
	habits->cob_rule_count = count;
	return 0;
}
