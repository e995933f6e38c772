/*
 * strings: how alike two normalised words are.
 *
 * Bounded by MATCH_NAME_BYTES on both sides; longer words are cut there by normalise.
 */
#include "person.h"

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Marks equal letters within the window of Jaro; returns how many. */
static size_t jaro_common(struct slice a, struct slice b, bool *a_used, bool *b_used)
{
	size_t longest = a.len > b.len ? a.len : b.len, window = longest / 2 > 0 ? longest / 2 - 1 : 0, count = 0, i, j;

	for (i = 0; i < a.len; i++) {
		size_t end = min_size(b.len, i + window + 1);

		for (j = i > window ? i - window : 0; j < end; j++) {
			if (b_used[j] || a.data[i] != b.data[j])
				continue;
			a_used[i] = b_used[j] = true;
			count++;
			break;
		}
	}
	return count;
}

double match_jaro_winkler(struct slice a, struct slice b)
{
	bool a_used[MATCH_NAME_BYTES] = {false}, b_used[MATCH_NAME_BYTES] = {false};
	size_t common, transposed = 0, prefix = 0, i, j = 0;
	double jaro;

	a.len = min_size(a.len, MATCH_NAME_BYTES);
	b.len = min_size(b.len, MATCH_NAME_BYTES);
	common = jaro_common(a, b, a_used, b_used);
	if (common == 0)
		return 0.0;
	for (i = 0; i < a.len; i++) {
		if (!a_used[i])
			continue;
		while (!b_used[j])
			j++;
		if (a.data[i] != b.data[j++])
			transposed++;
	}
	jaro = ((double)common / (double)a.len + (double)common / (double)b.len +
		((double)common - (double)transposed / 2.0) / (double)common) /
	       3.0;
	while (prefix < 4 && prefix < a.len && prefix < b.len && a.data[prefix] == b.data[prefix])
		prefix++;
	return jaro + (double)prefix * 0.1 * (1.0 - jaro);
}

bool match_within_one_edit(struct slice a, struct slice b)
{
	size_t front = 0, back = 0, shorter = min_size(a.len, b.len);

	if (a.len > b.len + 1 || b.len > a.len + 1)
		return false;
	while (front < shorter && a.data[front] == b.data[front])
		front++;
	while (back < shorter - front && a.data[a.len - 1 - back] == b.data[b.len - 1 - back])
		back++;
	if (a.len != b.len)
		return front + back == shorter;
	/* What differs in the middle: nothing, one letter, or two neighbours that changed places. */
	return front + back + 1 >= shorter || (front + back + 2 == shorter && a.data[front] == b.data[front + 1] &&
					       a.data[front + 1] == b.data[front]);
}

/* Keys beside each other on the keyboards that enrollments are typed on. */
static bool are_neighbour_keys(char a, char b)
{
	static const char *const beside[26] = {
		"QWSZ",   "VGHN",  "XDFV", "SERFCX", "WSDR", "DRTGVC", "FTYHBV", "GYUJNB", "UJKO",
		"HUIKNM", "JIOLM", "KOP",  "NJK",    "BHJM", "IKLP",   "OL",     "WA",     "EDFT",
		"AWEDXZ", "RFGY",  "YHJI", "CFGB",   "QASE", "ZSDC",   "TGHU",   "ASX",
	};

	return a >= 'A' && a <= 'Z' && b != '\0' && strchr(beside[a - 'A'], b) != NULL;
}

/* The letter at `at` is one too many: typed twice, or a key beside was touched. */
static bool is_touched(struct slice word, size_t at)
{
	char letter = word.data[at], before = word.data[at - 1], after = at + 1 < word.len ? word.data[at + 1] : '\0';

	return letter == before || letter == after || are_neighbour_keys(letter, before) ||
	       are_neighbour_keys(letter, after);
}

bool match_is_key_slip(struct slice slip, struct slice word)
{
	size_t front = 0;

	if (word.len < 4 || slice_equal(slip, word) || !match_within_one_edit(slip, word))
		return false;
	while (front < slip.len && front < word.len && slip.data[front] == word.data[front])
		front++;
	if (front == 0)
		return false;
	if (slip.len != word.len)
		return slip.len < word.len || is_touched(slip, front);
	/* One letter for another, or two that changed places. */
	return (front + 1 < word.len && slip.data[front + 1] != word.data[front + 1]) ||
	       are_neighbour_keys(slip.data[front], word.data[front]);
}

/* Soundex class of a letter: vowels '0', H and W '-', which do not part equal classes. */
static char soundex_class(char letter)
{
	static const char classes[] = "01230120022455012623010202";

	if (letter < 'A' || letter > 'Z')
		return '0';
	return letter == 'H' || letter == 'W' ? '-' : classes[letter - 'A'];
}

void match_soundex(const char *compact, char ret_code[5])
{
	size_t out = 0;
	char class, last = '0';

	memset(ret_code, 0, 5);
	for (; *compact != '\0' && out < 4; compact++) {
		if (*compact < 'A' || *compact > 'Z')
			continue;
		class = soundex_class(*compact);
		if (out == 0)
			ret_code[out++] = *compact;
		else if (class != '0' && class != '-' && class != last)
			ret_code[out++] = class;
		if (class != '-')
			last = class;
	}
	while (out > 0 && out < 4)
		ret_code[out++] = '0';
}
