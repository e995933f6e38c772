/*
 * compare: an incoming person against a member, field by field, as levels of agreement.
 *
 * Internal to match. A field that one side lacks is MISSING and says nothing. Where values known before were sent
 * (2100B), each field takes the better of the two agreements.
 */
#ifndef MATCH_COMPARE_H
#define MATCH_COMPARE_H

#include "person.h"

enum match_field {
#define F(field, name, about) FIELD_##field,
#define L(field, level, key, words)
#include "levels.h"
#undef F
#undef L
	FIELD_COUNT
};

/* LEVEL_SSN_EQUAL and so on: an index into the one table, unique over all fields; 0 = missing. */
enum match_level {
	LEVEL_MISSING,
#define F(field, name, about)
#define L(field, level, key, words) LEVEL_##field##_##level,
#include "levels.h"
#undef F
#undef L
	LEVEL_COUNT
};

struct match_level_row {
	enum match_field field;
	const char *key;   /* in model files */
	const char *words; /* for representatives */
};
extern const struct match_level_row match_levels[LEVEL_COUNT];

struct match_field_row {
	const char *name;
	bool is_person; /* tells people of one household apart */
};
extern const struct match_field_row match_fields[FIELD_COUNT];

/*
 * `ssn_is_subscribers`: the record is a dependent's and bears the SSN of the subscriber of his family, as the file or
 * the member's own family says.
 */
void match_compare(const struct match_query *query, const struct match_person *sent, const struct match_person *prior,
		   const struct match_person *known, bool ssn_is_subscribers, enum match_level level[FIELD_COUNT]);
/* Subscriber number, house or phone in common: surely one household, be it the same person or not. */
bool match_is_at_home(const enum match_level level[FIELD_COUNT]);
/*
 * Where one member is meant by two records of a file: names and birth date agree and nothing of the person contradicts, so
 * that the same person was sent twice. Else one of the two may be his twin, or a son of his name.
 */
bool match_is_sent_twice(const enum match_level level[FIELD_COUNT]);
enum match_level match_first_level(const struct match_name *sent, const struct match_name *known);
/* The raw value of a field; only a birth date needs memory. */
struct slice match_value(struct arena *arena, const struct member *member, enum match_field field);

#endif
