#include "muster/category.h"

struct category_row {
	const char *name;
	enum urgency urgency;
	const char *guidance;
};

static const struct category_row category_rows[] = {
#define X(name, severity, guidance) {#name, URGENCY_##severity, guidance},
#include "muster/tbl/categories.h"
#undef X
};

const char *category_name(enum category category)
{
	return category_rows[category].name;
}

const char *category_guidance(enum category category)
{
	return category_rows[category].guidance;
}

enum urgency category_urgency(enum category category)
{
	return category_rows[category].urgency;
}

const char *urgency_name(enum urgency urgency)
{
	static const char *const names[] = {"urgent", "high", "normal", "low"};

	return names[urgency];
}

bool category_of(struct slice name, enum category *ret_category)
{
	int i;

	for (i = 0; i < CATEGORY_COUNT; i++) {
		if (slice_is(name, category_rows[i].name)) {
			*ret_category = (enum category)i;
			return true;
		}
	}
	return false;
}
