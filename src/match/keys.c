/*
 * keys: by what a member can be found.
 *
 * Each key is a stable 64-bit hash of a tag and normalised values: the same for members and queries, on every
 * machine and in every version that keeps MATCH_KEYS_VERSION (bump it when a key's content changes: the stored keys
 * are then of no use and are made anew, apply_keys_renew). A collision costs one useless comparison. A key of an SSN is
 * not a secret: who stores keys decides whether to cover them.
 *
 * Keys are stored in their order, and a page of them is the least that is read or written. So its first bits are those
 * of what is asked or changed together: two for the kind (the SSNs, which every record asks for, fill a few pages), then
 * a hash of the value that several keys share (a family that moves takes all its keys from one home to another).
 *
 * The set follows matching section 2 (blocking): few enough to store, together with member id and subscriber id
 * they reach all but about 1 in 2,000.
 */
#include "person.h"

#include <stdio.h>

#include "muster/match_link.h"

/* Of a key's bits: the first tell its kind, the next its place among those, the last what else is in it. */
#define KIND_BITS 2
#define REST_BITS 24

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
	return hash;
}

/* FNV mixes its high bits badly: one round of splitmix64's finaliser. */
static uint64_t mixed(uint64_t hash)
{
	hash = (hash ^ hash >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94D049BB133111EB);
	return hash ^ hash >> 31;
}

/* Four of about the same number: an index by their first bits fills. What match_link_keys adds is stored nowhere. */
static uint64_t kind_of(char tag)
{
	switch (tag) {
	case 'S':
		return 0;
	case 'N':
		return 1;
	case 'B':
	case 'I':
		return 2;
	default:
		return 3;
	}
}

/* Of "tag|a|b". Keys of birth dates and of homes lie where `a` says, those of birth dates all together. */
static uint64_t key_of(char tag, const char *a, const char *b)
{
	const char head[3] = {tag, '|', '\0'};
	const uint64_t start = UINT64_C(0xCBF29CE484222325) + MATCH_KEYS_VERSION;
	uint64_t whole = mixed(hash_text(hash_text(hash_text(hash_text(start, head), a), "|"), b));
	uint64_t place = tag == 'B' || tag == 'I' || tag == 'H' ? mixed(hash_text(start, a)) : whole;

	return kind_of(tag) << (64 - KIND_BITS) | place >> (KIND_BITS + REST_BITS) << REST_BITS |
	       (whole & ((UINT64_C(1) << REST_BITS) - 1));
}

struct key_list {
	uint64_t *keys;
	uint32_t count;
};

static void key_add(struct key_list *list, char tag, const char *a, const char *b)
{
	uint64_t key;
	uint32_t i;

	if (list->count == MATCH_KEYS_MAX || a[0] == '\0' || b[0] == '\0')
		return;
	key = key_of(tag, a, b);
	for (i = 0; i < list->count; i++)
		if (list->keys[i] == key)
			return;
	list->keys[list->count++] = key;
}

/* Soundex of the whole surname and of each part of a hyphenated one: one of them survives most marriages. */
static void add_surname_keys(struct key_list *list, const struct match_person *person, const char *birth)
{
	char code[5], token[MATCH_NAME_BYTES];
	uint32_t i;

	match_soundex(person->last.compact, code);
	key_add(list, 'B', birth, code);
	if (person->last.token_count < 2)
		return;
	for (i = 0; i < person->last.token_count && i < 3; i++) {
		if (person->last.tokens[i].len < 3)
			continue;
		match_soundex(slice_to_cstr(person->last.tokens[i], token, sizeof(token)), code);
		key_add(list, 'B', birth, code);
	}
}

static void add_home_key(struct key_list *list, const struct match_person *person, const char *who)
{
	char home[sizeof(person->zip) + sizeof(person->house)];
	size_t zip = strlen(person->zip);

	if (zip == 0 || person->house[0] == '\0')
		return;
	memcpy(home, person->zip, zip);
	home[zip] = ' ';
	slice_to_cstr(slice_from(person->house), home + zip + 1, sizeof(home) - zip - 1);
	key_add(list, 'H', home, who);
}

/* Who lives there and was born that year, or has that initial. */
static void add_home_keys(struct key_list *list, const struct match_person *person)
{
	char birth[DATE_TEXT_BYTES], year[5] = "", initial[2] = {person->first.compact[0], '\0'};

	date_format_ccyymmdd(person->birth_on, birth);
	memcpy(year, birth, birth[0] != '\0' ? 4 : 0);
	add_home_key(list, person, year);
	add_home_key(list, person, initial);
}

/* Of a name's sound, or the name itself, in one place. */
static void add_place_keys(struct key_list *list, const struct match_person *person)
{
	char city[64], code[5];

	slice_to_cstr(person->city, city, sizeof(city));
	for (char *c = city; *c != '\0'; c++)
		*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
	match_soundex(person->last.compact, code);
	key_add(list, 'T', person->zip, code);
	key_add(list, 'V', city, code);
	key_add(list, 'U', person->zip, person->first.compact);
	key_add(list, 'W', city, person->first.compact);
	key_add(list, 'Z', person->zip, person->house);
	key_add(list, 'A', person->street, person->house);
}

uint32_t match_link_keys(const struct member *member, uint64_t ret_keys[MATCH_KEYS_MAX])
{
	struct match_person person;
	struct key_list list = {ret_keys, 0};
	char birth[DATE_TEXT_BYTES], part[5];

	match_person_of(member, &person);
	date_format_ccyymmdd(person.birth_on, birth);
	key_add(&list, 'D', birth, "1");
	if (person.ssn.len >= 7) {
		slice_to_cstr(slice_of(person.ssn.data, 4), part, sizeof(part));
		key_add(&list, 'F', part, "1");
		slice_to_cstr(slice_of(person.ssn.data + person.ssn.len - 4, 4), part, sizeof(part));
		key_add(&list, 'L', part, "1");
	}
	add_place_keys(&list, &person);
	return list.count;
}

bool match_ssn_key(const struct match_person *person, uint64_t *ret_key)
{
	char ssn[17];

	if (person->ssn.len == 0)
		return false;
	*ret_key = key_of('S', slice_to_cstr(person->ssn, ssn, sizeof(ssn)), "1");
	return true;
}

uint32_t match_person_keys(const struct match_person *person, uint64_t ret_keys[MATCH_KEYS_MAX])
{
	struct key_list list = {ret_keys, 0};
	char birth[DATE_TEXT_BYTES], initial[2] = {person->first.compact[0], '\0'};
	bool in_order = strcmp(person->last.compact, person->first.compact) <= 0;

	date_format_ccyymmdd(person->birth_on, birth);
	list.count += match_ssn_key(person, &ret_keys[0]);
	add_surname_keys(&list, person, birth);
	key_add(&list, 'I', birth, initial);
	key_add(&list, 'N', in_order ? person->last.compact : person->first.compact,
		in_order ? person->first.compact : person->last.compact);
	add_home_keys(&list, person);
	return list.count;
}

uint32_t match_member_keys(const struct member *member, uint64_t ret_keys[MATCH_KEYS_MAX])
{
	struct match_person person;

	match_person_of(member, &person);
	return match_person_keys(&person, ret_keys);
}

static bool is_same_person(const struct member *a, const struct member *b)
{
	return a->birth_on == b->birth_on && slice_equal(a->ssn, b->ssn) && slice_equal(a->last_name, b->last_name) &&
	       slice_equal(a->first_name, b->first_name);
}

static bool is_same_home(const struct member *a, const struct member *b)
{
	return slice_equal(a->zip, b->zip) && slice_equal(a->address1, b->address1);
}

static uint32_t home_keys(const struct member *member, uint64_t ret_keys[MATCH_KEYS_MAX])
{
	struct match_person person;
	struct key_list list = {ret_keys, 0};

	match_person_at_home(member, &person);
	add_home_keys(&list, &person);
	return list.count;
}

void match_changed_keys(const struct member *before, const struct member *after, struct match_changed_keys *ret_keys)
{
	ret_keys->before_count = ret_keys->after_count = 0;
	if (!is_same_person(before, after)) {
		ret_keys->before_count = match_member_keys(before, ret_keys->before);
		ret_keys->after_count = match_member_keys(after, ret_keys->after);
	} else if (!is_same_home(before, after)) {
		/* The other kinds are the same, and no key of one kind is one of another. */
		ret_keys->before_count = home_keys(before, ret_keys->before);
		ret_keys->after_count = home_keys(after, ret_keys->after);
	}
}
