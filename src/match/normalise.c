/*
 * normalise: raw values into comparable ones.
 *
 * Names come in any case, with accents, punctuation, suffixes and titles where senders like to put them; bytes
 * that are not UTF-8 are taken as Latin-1, which is what such senders mean.
 */
#include "person.h"

#include "muster/text.h"

/* U+00C0..U+017F and U+1E00..U+1EFF as base letters; a digit stands for two letters (letter_pairs), ' ' for none. */
static const char latin_basic[] =
	"AAAAAA1CEEEEIIIIDNOOOOO OUUUUY34AAAAAA1CEEEEIIIIDNOOOOO OUUUUY3Y"
	"AAAAAACCCCCCCCDDDDEEEEEEEEEEGGGGGGGGHHHHIIIIIIIIII55JJKKKLLLLLLLLLLNNNNNNNNNOOOOOO22RRRRRRSSSSSSSSTTTTTT"
	"UUUUUUUUUUUUWWYYYZZZZZZS";
static const char latin_additional[] =
	"AABBBBBBCCDDDDDDDDDDEEEEEEEEEEFFGGHHHHHHHHHHIIIIKKKKKKLLLLLLLLMMMMMMNNNNNNNNOOOOOOOOPPPPRRRRRRRRSSSSSSSSSSTT"
	"TTTTTTUUUUUUUUUUVVVVWWWWWWWWWWXXXXYYZZZZZZHTWYASSS4 AAAAAAAAAAAAAAAAAAAAAAAAEEEEEEEEEEEEEEEEIIIIOOOOOOOOOOOO"
	"OOOOOOOOOOOOUUUUUUUUUUUUUUYYYYYYYY      ";
static const char *const letter_pairs[] = {"", "AE", "OE", "TH", "SS", "IJ"};

_Static_assert(sizeof(latin_basic) == 0x180 - 0xC0 + 1, "one letter a code point");
_Static_assert(sizeof(latin_additional) == 0x1F00 - 0x1E00 + 1, "one letter a code point");

struct word {
	const char *text;
	int meaning;
};

static const struct word suffix_words[] = {
	{"JR", SUFFIX_JR},     {"JUNIOR", SUFFIX_JR}, {"II", SUFFIX_JR},   {"2ND", SUFFIX_JR}, {"SR", SUFFIX_SR},
	{"SENIOR", SUFFIX_SR}, {"III", SUFFIX_III},   {"3RD", SUFFIX_III}, {"IV", SUFFIX_IV},  {"4TH", SUFFIX_IV},
};
static const char *const title_words[] = {"MR", "MRS", "MS", "MISS", "DR"};
/* What senders write when there is no name yet. name_drop_placeholder knows their first letters. */
static const char *const placeholder_names[] = {
	"BABY",       "BABYBOY",  "BABYGIRL",  "BABYA",       "BABYB",      "BOY",      "GIRL",
	"BABYBOYA",   "BABYBOYB", "BABYGIRLA", "BABYGIRLB",   "NEWBORN",    "INFANT",   "INFANTBOY",
	"INFANTGIRL", "UNKNOWN",  "UNK",       "NONE",        "NONAME",     "NA",       "FNU",
	"LNU",        "NFN",      "NLN",       "NOFIRSTNAME", "NOLASTNAME", "NOTGIVEN", "NOTAVAILABLE",
	"TEST",       "TBD",      "XX",        "XXX",         "XXXX",       "UNNAMED",
};
static const char *const direction_words[] = {"N",  "S",  "E",     "W",     "NE",   "NW",
					      "SE", "SW", "NORTH", "SOUTH", "EAST", "WEST"};

static bool is_one_of(struct slice word, const char *const *words, size_t count)
{
	size_t i;

	char second = word.len > 1 ? word.data[1] : '\0';

	for (i = 0; i < count && word.len > 0; i++)
		if (words[i][0] == word.data[0] && words[i][1] == second && slice_is(word, words[i]))
			return true;
	return false;
}
#define IS_ONE_OF(word, words) is_one_of((word), (words), sizeof(words) / sizeof((words)[0]))

/* The code point at `at` and its length in bytes; a byte that starts no valid sequence is Latin-1. */
static uint32_t decode(struct slice s, size_t at, size_t *ret_bytes)
{
	unsigned char lead = (unsigned char)s.data[at];
	size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1, i;
	uint32_t code = bytes == 1 ? lead : bytes == 2 ? lead & 0x1Fu : bytes == 3 ? lead & 0x0Fu : lead & 0x07u;

	for (i = 1; i < bytes; i++) {
		if (at + i >= s.len || ((unsigned char)s.data[at + i] & 0xC0u) != 0x80u) {
			*ret_bytes = 1;
			return lead;
		}
		code = code << 6 | ((unsigned char)s.data[at + i] & 0x3Fu);
	}
	*ret_bytes = bytes;
	return code;
}

static bool is_apostrophe(uint32_t code)
{
	return code == '\'' || code == '`' || code == '.' || code == 0xB4 || code == 0x2018 || code == 0x2019 ||
	       code == 0x2BC;
}

/* The letters that stand for `code`: "" drops it, " " ends a token, NULL keeps the bytes as they are. */
static const char *fold(uint32_t code, char letter[2])
{
	char c = ' ';

	if (is_apostrophe(code) || (code >= 0x300 && code <= 0x36F))
		return "";
	if (code < 0x80 && ((code >= 'A' && code <= 'Z') || (code >= '0' && code <= '9')))
		c = (char)code;
	else if (code >= 'a' && code <= 'z')
		c = (char)(code - 'a' + 'A');
	else if (code >= 0xC0 && code < 0x180)
		c = latin_basic[code - 0xC0];
	else if (code >= 0x1E00 && code < 0x1F00)
		c = latin_additional[code - 0x1E00];
	else if (code >= 0x180 && !(code >= 0x2000 && code < 0x2070) && code != 0x3000)
		return NULL; /* another alphabet: compared byte by byte */
	if (c >= '1' && c <= '5' && code >= 0x80)
		return letter_pairs[c - '0'];
	letter[0] = c;
	letter[1] = '\0';
	return letter;
}

/* What fold gives for ASCII, one letter a code point; '\0' drops it. */
static const char ascii_letters[] = "                                       "
				    "\0"
				    "      "
				    "\0"
				    " 0123456789       ABCDEFGHIJKLMNOPQRSTUVWXYZ     "
				    "\0"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ     ";

_Static_assert(sizeof(ascii_letters) == 0x80 + 1, "one letter a code point");

/* Appends a letter, or one blank between tokens, to a zero-filled text; false when it is full. */
static inline bool name_add_letter(char text[MATCH_NAME_BYTES], size_t *len, char letter)
{
	if (letter == ' ') {
		if (*len > 0 && text[*len - 1] != ' ' && *len < MATCH_NAME_BYTES - 1)
			text[(*len)++] = ' ';
		return true;
	}
	if (*len + 1 >= MATCH_NAME_BYTES)
		return false;
	text[(*len)++] = letter;
	return true;
}

/* The same with what stands for one character: letters, a blank, or the bytes of another alphabet. */
static bool name_add(char text[MATCH_NAME_BYTES], size_t *len, const char *piece, size_t bytes)
{
	if (bytes == 1)
		return name_add_letter(text, len, piece[0]);
	if (*len + bytes >= MATCH_NAME_BYTES)
		return false;
	memcpy(text + *len, piece, bytes);
	*len += bytes;
	return true;
}

/* Tokens and the compact form, which is zero-filled, from `text`. */
static void name_divide(struct match_name *name, size_t len)
{
	size_t i, begin = 0, out = 0;

	name->token_count = 0;
	for (i = 0; i <= len; i++) {
		if (name->text[i] != ' ' && name->text[i] != '\0') {
			name->compact[out++] = name->text[i];
			continue;
		}
		if (i > begin && name->token_count < MATCH_TOKENS_MAX)
			name->tokens[name->token_count++] = slice_of(name->text + begin, i - begin);
		begin = i + 1;
	}
}

/* How many letters and digits without a blank `raw` begins with, and whether they are all of it: most names are. */
static bool name_begin(struct slice raw, struct match_name *name, size_t *ret_len)
{
	size_t i, max = raw.len < MATCH_NAME_BYTES - 1 ? raw.len : MATCH_NAME_BYTES - 1;
	char letter = '\0';

	for (i = 0; i < max; i++) {
		letter = (unsigned char)raw.data[i] < 0x80 ? ascii_letters[(unsigned char)raw.data[i]] : ' ';
		if (letter == ' ' || letter == '\0')
			break;
		name->text[i] = name->compact[i] = letter;
	}
	*ret_len = i;
	return i == raw.len;
}

/* `name` is zero-filled. */
static void name_fill(struct slice raw, struct match_name *name)
{
	size_t at, bytes, len;
	const char *piece;
	char letter[2];
	uint32_t code;
	bool room = true;

	if (raw.len == 0)
		return;
	if (name_begin(raw, name, &len)) {
		name->tokens[0] = slice_of(name->text, len);
		name->token_count = 1;
		return;
	}
	at = len;
	while (at < raw.len && room) {
		if ((unsigned char)raw.data[at] < 0x80) {
			letter[0] = ascii_letters[(unsigned char)raw.data[at++]];
			if (letter[0] != '\0')
				room = name_add_letter(name->text, &len, letter[0]);
			continue;
		}
		code = decode(raw, at, &bytes);
		piece = fold(code, letter);
		if (piece == NULL)
			room = name_add(name->text, &len, raw.data + at, bytes);
		else if (piece[0] != '\0')
			room = name_add(name->text, &len, piece, strlen(piece));
		at += bytes;
	}
	while (len > 0 && name->text[len - 1] == ' ')
		name->text[--len] = '\0';
	name_divide(name, len);
}

void match_name_of(struct slice raw, struct match_name *ret_name)
{
	memset(ret_name, 0, sizeof(*ret_name));
	name_fill(raw, ret_name);
}

static void name_cut(struct match_name *name, size_t begin, size_t end)
{
	memmove(name->text, name->text + begin, end - begin);
	memset(name->text + end - begin, 0, MATCH_NAME_BYTES - (end - begin));
	memset(name->compact, 0, sizeof(name->compact));
	name_divide(name, end - begin);
}

enum match_suffix match_name_take_suffix(struct match_name *name)
{
	struct slice last;
	size_t i;

	if (name->token_count < 2)
		return SUFFIX_NONE;
	last = name->tokens[name->token_count - 1];
	for (i = 0; i < sizeof(suffix_words) / sizeof(suffix_words[0]); i++) {
		if (suffix_words[i].text[0] == last.data[0] && slice_is(last, suffix_words[i].text)) {
			name_cut(name, 0, (size_t)(last.data - name->text) - 1);
			return (enum match_suffix)suffix_words[i].meaning;
		}
	}
	return SUFFIX_NONE;
}

static void name_drop_title(struct match_name *name)
{
	if (name->token_count >= 2 && IS_ONE_OF(name->tokens[0], title_words))
		name_cut(name, (size_t)(name->tokens[1].data - name->text), strlen(name->text));
}

bool match_name_is_placeholder(struct slice name)
{
	struct match_name normal;

	match_name_of(name, &normal);
	return IS_ONE_OF(slice_from(normal.compact), placeholder_names);
}

static void name_drop_placeholder(struct match_name *name)
{
	static const bool begins_one[256] = {['B'] = true, ['F'] = true, ['G'] = true, ['I'] = true, ['L'] = true,
					     ['N'] = true, ['T'] = true, ['U'] = true, ['X'] = true};

	/* Most names begin with another letter than any of them; and none is an initial. */
	if (!begins_one[(unsigned char)name->compact[0]] || name->compact[1] == '\0')
		return;
	if (IS_ONE_OF(slice_from(name->compact), placeholder_names))
		memset(name, 0, sizeof(*name));
}

/* A suffix in its own field; "V" is one only here, for elsewhere it is an initial. */
static enum match_suffix suffix_of(struct slice raw)
{
	struct match_name name;
	size_t i;

	if (raw.len == 0)
		return SUFFIX_NONE;
	match_name_of(raw, &name);
	if (strcmp(name.compact, "V") == 0 || strcmp(name.compact, "5TH") == 0)
		return SUFFIX_V;
	for (i = 0; i < sizeof(suffix_words) / sizeof(suffix_words[0]); i++)
		if (strcmp(name.compact, suffix_words[i].text) == 0)
			return (enum match_suffix)suffix_words[i].meaning;
	return SUFFIX_NONE;
}

/* `person` is zero-filled. Returns the suffix that stood behind the first name. */
static enum match_suffix first_name_of(const struct member *member, struct match_person *person)
{
	enum match_suffix suffix;

	name_fill(member->first_name, &person->first);
	suffix = match_name_take_suffix(&person->first);
	name_drop_title(&person->first);
	name_drop_placeholder(&person->first);
	return suffix;
}

static void names_of(const struct member *member, struct match_person *person)
{
	enum match_suffix of_last, of_first = first_name_of(member, person);

	name_fill(member->last_name, &person->last);
	name_fill(member->middle_name, &person->middle);
	of_last = match_name_take_suffix(&person->last);
	name_drop_placeholder(&person->last);
	name_drop_placeholder(&person->middle);
	person->suffix = suffix_of(member->suffix);
	if (person->suffix == SUFFIX_NONE)
		person->suffix = of_last != SUFFIX_NONE ? of_last : of_first;
}

static enum match_kin kin_of(struct slice relationship)
{
	static const char *const children[] = {"05", "07", "09", "10", "15", "17", "19", "23", "24", "38"};

	if (relationship.len == 0)
		return KIN_UNKNOWN;
	if (slice_is(relationship, "18"))
		return KIN_SELF;
	if (slice_is(relationship, "01") || slice_is(relationship, "53") || slice_is(relationship, "25"))
		return KIN_SPOUSE;
	return IS_ONE_OF(relationship, children) ? KIN_CHILD : KIN_OTHER;
}

/* The digits of `s`, at most `max`; how many there were in all. */
static size_t digits_of(struct slice s, char *out, size_t max)
{
	size_t i, count = 0;

	for (i = 0; i < s.len; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			continue;
		if (count < max)
			out[count] = s.data[i];
		count++;
	}
	out[count < max ? count : max] = '\0';
	return count;
}

/*
 * Ten digits of the North American plan (area and exchange 2..9), an 1 before them taken off. Fewer digits are kept as
 * they are, a number of another country; what is ten digits and no such number is missing.
 */
static void phone_of(struct slice raw, char out[12])
{
	char digits[13];
	size_t count = digits_of(raw, digits, 12);
	const char *begin = count == 11 && digits[0] == '1' ? digits + 1 : digits;

	out[0] = '\0';
	if (count != (size_t)(begin - digits) + 10) {
		if (count >= 7 && count <= 9)
			memcpy(out, digits, count + 1);
		return;
	}
	if (begin[0] < '2' || begin[3] < '2')
		return;
	memcpy(out, begin, 10);
	out[10] = '\0';
}

static bool is_house(char first)
{
	return first >= '0' && first <= '9';
}

static bool is_direction(struct slice word)
{
	return IS_ONE_OF(word, direction_words);
}

/* House number and the street's first telling word: what survives abbreviations and typos in the rest. */
static void street_of(const struct match_name *street, struct match_person *person)
{
	uint32_t i = 0;

	if (street->token_count > 0 && is_house(street->tokens[0].data[0]))
		slice_to_cstr(street->tokens[i++], person->house, sizeof(person->house));
	while (i + 1 < street->token_count && is_direction(street->tokens[i]))
		i++;
	if (i < street->token_count)
		slice_to_cstr(street->tokens[i], person->street, sizeof(person->street));
}

static bool is_short_ascii(struct slice raw)
{
	unsigned char all = 0;
	size_t i;

	for (i = 0; i < raw.len && raw.len < MATCH_NAME_BYTES; i++)
		all |= (unsigned char)raw.data[i];
	return raw.len < MATCH_NAME_BYTES && all < 0x80;
}

/* The word at *at of a short ASCII text, as a token of a name; empty behind the last one. */
static struct slice next_word(struct slice raw, size_t *at, char word[MATCH_NAME_BYTES])
{
	size_t len = 0;
	char letter;

	for (; *at < raw.len; (*at)++) {
		letter = ascii_letters[(unsigned char)raw.data[*at]];
		if (letter == ' ' && len > 0)
			break;
		if (letter != ' ' && letter != '\0')
			word[len++] = letter;
	}
	return slice_of(word, len);
}

/* What street_of finds, of nearly all addresses, without looking at what comes behind it. */
static void short_street_of(struct slice raw, struct match_person *person)
{
	char letters[MATCH_NAME_BYTES];
	size_t at = 0;
	struct slice word = next_word(raw, &at, letters), next;
	uint32_t count = 1;

	if (word.len > 0 && is_house(word.data[0])) {
		slice_to_cstr(word, person->house, sizeof(person->house));
		word = next_word(raw, &at, letters);
		count++;
	}
	/* The last word is the street's name, whatever it says. */
	for (; count < MATCH_TOKENS_MAX && is_direction(word); count++, word = next) {
		next = next_word(raw, &at, letters);
		if (next.len == 0)
			break;
	}
	slice_to_cstr(word, person->street, sizeof(person->street));
}

static void address_of(const struct member *member, struct match_person *person)
{
	struct match_name name;
	char digits[6];

	if (digits_of(member->zip, digits, 5) >= 5) {
		memcpy(person->zip, digits, sizeof(digits));
	} else {
		match_name_of(member->zip, &name);
		slice_to_cstr(slice_from(name.compact), person->zip, sizeof(person->zip));
	}
	if (is_short_ascii(member->address1)) {
		short_street_of(member->address1, person);
	} else {
		match_name_of(member->address1, &name);
		street_of(&name, person);
	}
}

/* Nine digits that mean a person; or a number of another kind and length, as other registers have. */
static struct slice ssn_of(struct slice raw)
{
	if (raw.len == 9 && slice_is_digits(raw))
		return text_ssn_is_placeholder(raw) ? SLICE_EMPTY : raw;
	return raw.len >= 6 && raw.len <= 16 && raw.len != 9 && raw.len != 11 ? raw : SLICE_EMPTY;
}

bool match_person_same_family(const struct match_person *a, const struct match_person *b)
{
	return a->subscriber_id.len > 0 && slice_equal_nocase(a->subscriber_id, b->subscriber_id) &&
	       slice_equal(a->sponsor_id, b->sponsor_id);
}

void match_person_of(const struct member *member, struct match_person *ret_person)
{
	memset(ret_person, 0, sizeof(*ret_person));
	ret_person->member = member;
	names_of(member, ret_person);
	ret_person->kin = kin_of(slice_trim(member->relationship));
	ret_person->ssn = ssn_of(slice_trim(member->ssn));
	ret_person->member_id = slice_trim(member->member_id);
	ret_person->subscriber_id = slice_trim(member->subscriber_id);
	ret_person->sponsor_id = member->sponsor_id;
	ret_person->birth_on = member->birth_on;
	if (member->birth_on != DATE_NONE)
		date_to_ymd(member->birth_on, &ret_person->birth_year, &ret_person->birth_month,
			    &ret_person->birth_day);
	ret_person->sex = member->sex == 'F' || member->sex == 'M' ? member->sex : '\0';
	phone_of(member->phone, ret_person->phone);
	ret_person->city = slice_trim(member->city);
	ret_person->email = slice_trim(member->email);
	address_of(member, ret_person);
}

void match_person_at_home(const struct member *member, struct match_person *ret_person)
{
	memset(ret_person, 0, sizeof(*ret_person));
	ret_person->member = member;
	(void)first_name_of(member, ret_person);
	ret_person->birth_on = member->birth_on;
	address_of(member, ret_person);
}
