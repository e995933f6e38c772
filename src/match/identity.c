/*
 * identity: who was sent, as one key.
 *
 * Two records have the same key when a sender says the same of who somebody is: names, birth date, SSN, member number,
 * family, and the values that he says were known before. What he says of coverage, days, address and phone is not in
 * it, nor how he writes the names. So a representative's word about a person holds for his next records too, while a
 * number that was not sent before, or another one, is new evidence and may raise the question again.
 */
#include "person.h"

#include <stdio.h>

#include "muster/hash.h"

/* Raise it when the key's content changes: what was remembered under the old one is then no longer found. */
#define IDENTITY_VERSION 1

/* Each value with the NUL behind it: "AB","C" is not "A","BC". */
static void add_text(struct hash_content_state *state, const char *text)
{
	hash_content_update(state, text, strlen(text) + 1);
}

static void add_slice(struct hash_content_state *state, struct slice value)
{
	size_t i;

	for (i = 0; i < value.len; i++) {
		char upper =
			value.data[i] >= 'a' && value.data[i] <= 'z' ? (char)(value.data[i] & ~0x20) : value.data[i];

		hash_content_update(state, &upper, 1);
	}
	add_text(state, "");
}

static void add_person(struct hash_content_state *state, const struct match_person *person)
{
	char birth[DATE_TEXT_BYTES], suffix[2] = {(char)('0' + person->suffix), '\0'};

	add_text(state, person->last.compact);
	add_text(state, person->first.compact);
	add_text(state, person->middle.compact);
	add_text(state, suffix);
	add_text(state, date_format_iso(person->birth_on, birth));
	add_slice(state, person->ssn);
	add_slice(state, person->member_id);
	add_slice(state, person->subscriber_id);
}

void match_identity(const struct member *sent, const struct member *prior, struct hash *ret_identity)
{
	struct hash_content_state state;
	struct match_person person;
	const char version = IDENTITY_VERSION;

	hash_content_init(&state);
	hash_content_update(&state, &version, 1);
	match_person_of(sent, &person);
	add_person(&state, &person);
	if (prior != NULL) {
		match_person_of(prior, &person);
		add_person(&state, &person);
	}
	hash_content_final(&state, ret_identity);
}
