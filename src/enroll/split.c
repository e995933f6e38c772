/*
 * split: pairs of records that say together that somebody stays while others of his family leave.
 *
 * Told where the whole family is there, so that a record which runs again alone is understood as before. The sender
 * writes both records from one person of his: names and birth date are the same, or it is no pair.
 */
#include "gather.h"

static bool same_person(const struct member_record *a, const struct member_record *b)
{
	return a->is_subscriber == b->is_subscriber && a->person.birth_on != DATE_NONE &&
	       a->person.birth_on == b->person.birth_on && slice_equal(a->person.last_name, b->person.last_name) &&
	       slice_equal(a->person.first_name, b->person.first_name) && a->person.first_name.len > 0;
}

/* The one day with which all of an 024 ends; DATE_NONE: there are several, or none. */
static date_day end_of(const struct member_record *record)
{
	date_day day = enroll_date_value(record, "357");
	uint32_t i;

	for (i = 0; i < record->coverage_count; i++) {
		date_day ends = record->coverages[i].ends_on;

		if (day == DATE_NONE)
			day = ends;
		if (!slice_is(record->coverages[i].maintenance, "024") || (ends != DATE_NONE && ends != day))
			return DATE_NONE;
	}
	return day;
}

static bool begins_on(const struct member_record *record, date_day day)
{
	uint32_t i;

	for (i = 0; i < record->coverage_count; i++)
		if (!slice_is(record->coverages[i].maintenance, "021") || record->coverages[i].begins_on != day)
			return false;
	return record->coverage_count > 0;
}

/* An 024 without coverages ends all of them, and so does one that says with what day the member's coverage ends. */
static void pair(struct member_record *first, struct member_record *second)
{
	first->goes_on_at = second->member_pos;
	second->goes_on_from = first->member_pos;
	second->ended = first->coverages;
	second->ended_count = first->coverage_count;
	second->ended_group = first->group;
	second->ended_all = first->coverage_count == 0 || enroll_date_value(first, "357") != DATE_NONE;
}

void enroll_split_pair(const struct enroll_habits *habits, struct member_record *members, uint32_t count)
{
	uint32_t i, k;

	for (i = 0; i < count; i++) {
		date_day ends = slice_is(members[i].maintenance, "024") && members[i].died_on == DATE_NONE
					? end_of(&members[i])
					: DATE_NONE;

		for (k = i + 1; ends != DATE_NONE && k < count && members[i].goes_on_at == 0; k++)
			if (slice_is(members[k].maintenance, "021") && members[k].goes_on_from == 0 &&
			    same_person(&members[i], &members[k]) &&
			    begins_on(&members[k], ends + (habits->end_is_exclusive ? 0 : 1)))
				pair(&members[i], &members[k]);
	}
}
