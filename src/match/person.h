/*
 * person: a member or an incoming person, made comparable.
 *
 * Internal to match. Everything that says nothing (placeholder SSNs and names, impossible phones) is missing here.
 * The raw values stay in the struct member, for the representative.
 *
 * Units     all text upper case; names as tokens parted by single blanks, cut at 63 bytes: two names that agree in
 *           their first 63 bytes are the same name.
 * Source    matching section 4 (normalise); x12-syntax section 13 (SSN).
 */
#ifndef MATCH_PERSON_H
#define MATCH_PERSON_H

#include "muster/match.h"

#define MATCH_NAME_BYTES 64
#define MATCH_TOKENS_MAX 8

struct match_name {
	char text[MATCH_NAME_BYTES];           /* "DE LA CRUZ"; "" = missing */
	char compact[MATCH_NAME_BYTES];        /* "DELACRUZ" */
	struct slice tokens[MATCH_TOKENS_MAX]; /* into `text` of this very struct: do not copy it */
	uint32_t token_count;
};

/* Generations as suffixes tell them; JR and II are the same here. */
enum match_suffix { SUFFIX_NONE, SUFFIX_SR, SUFFIX_JR, SUFFIX_III, SUFFIX_IV, SUFFIX_V };

enum match_kin { KIN_UNKNOWN, KIN_SELF, KIN_SPOUSE, KIN_CHILD, KIN_OTHER };

struct match_person {
	const struct member *member;
	struct match_name last, first, middle;
	enum match_suffix suffix;
	enum match_kin kin;
	struct slice ssn;                      /* empty = missing or a placeholder */
	struct slice member_id, subscriber_id; /* trimmed */
	struct slice sponsor_id;               /* whose number the latter is */
	date_day birth_on;
	int birth_year, birth_month, birth_day; /* 0 = missing */
	char sex;                               /* 'F', 'M', or 0 */
	char house[12];                         /* house number, "" = none */
	char street[24];                        /* first word of the street that is no direction, "" = none */
	char zip[10];                           /* five digits; what other countries have, compact; or "" */
	char phone[12];                         /* ten digits; five to eleven of other countries; or "" */
	struct slice city, email;               /* trimmed */
};

/* One family's number, given by the same sponsor. */
bool match_person_same_family(const struct match_person *a, const struct match_person *b);

void match_person_of(const struct member *member, struct match_person *ret_person);
/* First name, birth date and home alone, as match_person_of has them; nothing else is set but to zero. */
void match_person_at_home(const struct member *member, struct match_person *ret_person);

/* match_member_keys of one already made comparable; the key of the SSN, when there is one, stands first. */
uint32_t match_person_keys(const struct match_person *person, uint64_t ret_keys[MATCH_KEYS_MAX]);
/* That key alone; false without an SSN. */
bool match_ssn_key(const struct match_person *person, uint64_t *ret_key);

/* Upper case, accents folded, punctuation dropped, hyphens and blanks as token ends. */
void match_name_of(struct slice raw, struct match_name *ret_name);
/* Takes a suffix off the end of a name of two or more tokens. */
enum match_suffix match_name_take_suffix(struct match_name *name);
/* "S530"; "" for a name without letters. */
void match_soundex(const char *compact, char ret_code[5]);

enum match_nickname { NICKNAME_NONE, NICKNAME_DIRECT, NICKNAME_SHARED };
/* DIRECT: one is a short form of the other; SHARED: both are short forms of one name. Both upper case. */
enum match_nickname match_nickname(struct slice a, struct slice b);

bool match_is_in_nicknames(struct slice name);

/* -log2 of how often people have this name, in millibits: 'F' first names, 'L' surnames; upper case, compact. */
int32_t match_name_millibits(char kind, struct slice name);
/* Is somebody called that? Of names of several words: are all of them names? */
bool match_is_given_name(const struct match_name *name);

/* Similarity 0..1. */
double match_jaro_winkler(struct slice a, struct slice b);
/* True when one insertion, deletion, replacement or swap of neighbours makes a of b; also when they are equal. */
bool match_within_one_edit(struct slice a, struct slice b);
/*
 * Typed wrong: a letter left out, typed twice, exchanged with the next one, or a key beside it hit. Upper case. Never the
 * first letter, in which the names of twins like to differ, nor in a word of fewer than four.
 */
bool match_is_key_slip(struct slice slip, struct slice word);

#endif
