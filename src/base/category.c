#include "muster/category.h"

enum category_question { QUESTION_WHO, QUESTION_WHAT };

struct category_row {
	const char *name;
	enum urgency urgency;
	enum category_question question;
	const char *guidance;
};

static const struct category_row category_rows[] = {
#define X(name, severity, question, guidance) {#name, URGENCY_##severity, QUESTION_##question, guidance},
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

bool category_asks_who(enum category category)
{
	return category_rows[category].question == QUESTION_WHO;
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
