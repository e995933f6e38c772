/*
 * fields: the person data of a member, sent and stored.
 *
 * An empty field never erases a stored one. Case, accents and punctuation are no change; nor is less of the same:
 * an initial, a nickname or a five-digit ZIP against the whole, unless the record says that it corrects. An address
 * is one value: a new street takes the old second line away with it.
 */
#include "work.h"

#include <stddef.h>

#include "muster/buffer.h"
#include "muster/text.h"

/* How a field is compared with the stored one, and whether it is shown. */
enum field_kind {
	FIELD_LAST_NAME,
	FIELD_FIRST_NAME,
	FIELD_MIDDLE_NAME,
	FIELD_WORDS,
	FIELD_DIGITS,
	FIELD_ZIP,
	FIELD_EXACT
};
enum field_shown { SHOWN, SHOWN_MASKED, SHOWN_UNLESS_CONFIDENTIAL };

static const struct field {
	const char *name;
	size_t offset;
	enum field_kind kind;
	enum field_shown shown;
} fields[] = {
	{"subscriber_id", offsetof(struct member, subscriber_id), FIELD_EXACT, SHOWN},
	{"relationship", offsetof(struct member, relationship), FIELD_EXACT, SHOWN},
	{"last_name", offsetof(struct member, last_name), FIELD_LAST_NAME, SHOWN},
	{"first_name", offsetof(struct member, first_name), FIELD_FIRST_NAME, SHOWN},
	{"middle_name", offsetof(struct member, middle_name), FIELD_MIDDLE_NAME, SHOWN},
	{"suffix", offsetof(struct member, suffix), FIELD_LAST_NAME, SHOWN},
	{"ssn", offsetof(struct member, ssn), FIELD_EXACT, SHOWN_MASKED},
	{"address1", offsetof(struct member, address1), FIELD_WORDS, SHOWN_UNLESS_CONFIDENTIAL},
	{"address2", offsetof(struct member, address2), FIELD_WORDS, SHOWN_UNLESS_CONFIDENTIAL},
	{"city", offsetof(struct member, city), FIELD_WORDS, SHOWN_UNLESS_CONFIDENTIAL},
	{"state", offsetof(struct member, state), FIELD_WORDS, SHOWN_UNLESS_CONFIDENTIAL},
	{"zip", offsetof(struct member, zip), FIELD_ZIP, SHOWN_UNLESS_CONFIDENTIAL},
	{"phone", offsetof(struct member, phone), FIELD_DIGITS, SHOWN_UNLESS_CONFIDENTIAL},
	{"email", offsetof(struct member, email), FIELD_WORDS, SHOWN_UNLESS_CONFIDENTIAL},
	{"employee_id", offsetof(struct member, employee_id), FIELD_EXACT, SHOWN},
	{"medicare_id", offsetof(struct member, medicare_id), FIELD_EXACT, SHOWN},
	{"pcp_id", offsetof(struct member, pcp_id), FIELD_EXACT, SHOWN},
	{"sponsor_id", offsetof(struct member, sponsor_id), FIELD_EXACT, SHOWN},
};
#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static struct slice field_get(const struct member *member, const struct field *field)
{
	struct slice value;

	memcpy(&value, (const char *)member + field->offset, sizeof(value));
	return value;
}

static void field_set(struct member *member, const struct field *field, struct slice value)
{
	memcpy((char *)member + field->offset, &value, sizeof(value));
}

/* ---- equality ---- */

static bool digits_equal(struct slice a, struct slice b, size_t max)
{
	size_t i = 0, j = 0, count = 0;

	for (;;) {
		while (i < a.len && (a.data[i] < '0' || a.data[i] > '9'))
			i++;
		while (j < b.len && (b.data[j] < '0' || b.data[j] > '9'))
			j++;
		if (count == max || (i == a.len && j == b.len))
			return true;
		if (i == a.len || j == b.len || a.data[i++] != b.data[j++])
			return false;
		count++;
	}
}

static size_t digit_count(struct slice s)
{
	size_t i, count = 0;

	for (i = 0; i < s.len; i++)
		count += s.data[i] >= '0' && s.data[i] <= '9';
	return count;
}

static bool is_skipped(char c)
{
	return c == ' ' || c == '.' || c == ',';
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Words of an address or mailbox: without regard to case, and to blanks, dots and commas between words. */
static bool words_equal(struct slice a, struct slice b)
{
	size_t i = 0, j = 0;

	for (;;) {
		bool gap_a = false, gap_b = false;

		for (; i < a.len && is_skipped(a.data[i]); i++)
			gap_a = true;
		for (; j < b.len && is_skipped(b.data[j]); j++)
			gap_b = true;
		if (i == a.len || j == b.len)
			return i == a.len && j == b.len;
		if (gap_a != gap_b || upper(a.data[i++]) != upper(b.data[j++]))
			return false;
	}
}

static bool begins_with(struct slice whole, struct slice part)
{
	return part.len < whole.len && words_equal(slice_of(whole.data, part.len), part);
}

/* A sent value that says nothing that the stored one does not say already. */
static bool says_nothing_new(const struct field *field, struct slice sent, struct slice known, bool corrects)
{
	if (slice_equal(sent, known))
		return true;
	switch (field->kind) {
	case FIELD_EXACT:
		return false;
	case FIELD_LAST_NAME:
		return match_names_equal(sent, known) || match_name_is_placeholder(sent);
	case FIELD_FIRST_NAME:
		/* "JOHN" says more than a stored "J"; a stored "JOHN" as much as "JOHNNY". */
		return match_names_equal(sent, known) || match_name_is_placeholder(sent) ||
		       (!corrects && known.len > 1 && match_first_names_agree(sent, known));
	case FIELD_MIDDLE_NAME:
		return match_names_equal(sent, known) || (!corrects && begins_with(known, sent));
	case FIELD_WORDS:
		return words_equal(sent, known);
	case FIELD_DIGITS:
		return digits_equal(sent, known, SIZE_MAX);
	case FIELD_ZIP:
		return digits_equal(sent, known, digit_count(sent) == 5 ? 5 : SIZE_MAX) &&
		       digit_count(sent) <= digit_count(known);
	}
	return false;
}

bool fields_same_address(const struct member *a, const struct member *b)
{
	return words_equal(a->address1, b->address1) && words_equal(a->address2, b->address2) &&
	       words_equal(a->city, b->city) && words_equal(a->state, b->state) && digits_equal(a->zip, b->zip, 5);
}

void fields_copy_address(struct member *to, const struct member *from)
{
	to->address1 = from->address1;
	to->address2 = from->address2;
	to->city = from->city;
	to->state = from->state;
	to->zip = from->zip;
}

bool fields_differ(const struct member *before, const struct member *after)
{
	size_t i;

	for (i = 0; i < FIELD_COUNT; i++)
		if (!slice_equal(field_get(before, &fields[i]), field_get(after, &fields[i])))
			return true;
	return before->birth_on != after->birth_on || before->died_on != after->died_on || before->sex != after->sex ||
	       before->confidential != after->confidential || before->support_order != after->support_order ||
	       !slice_equal(before->facts, after->facts);
}

/* ---- words ---- */

static void add_label(struct buffer *out, const char *name)
{
	if (out->len > 0)
		buffer_add_text(out, "; ");
	buffer_add_text(out, name);
	buffer_add_text(out, ": ");
}

static void add_zip(struct buffer *out, struct slice nine_digits)
{
	buffer_add(out, nine_digits.data, 5);
	buffer_add_char(out, '-');
	buffer_add(out, nine_digits.data + 5, 4);
}

static void add_value(struct buffer *out, const struct field *field, struct slice value)
{
	char masked[TEXT_SSN_BYTES];

	if (field->shown == SHOWN_MASKED)
		buffer_add_text(out, text_mask_ssn(value, masked));
	else if (field->kind == FIELD_ZIP && value.len == 9) /* nine digits that are no SSN */
		add_zip(out, value);
	else
		text_add_masked(out, value);
}

static void describe_field(struct buffer *out, const struct field *field, struct slice before, struct slice after,
			   bool hidden)
{
	add_label(out, field->name);
	if (hidden && field->shown == SHOWN_UNLESS_CONFIDENTIAL) {
		buffer_add_text(out, "changed (restricted)");
		return;
	}
	if (before.len > 0) {
		add_value(out, field, before);
		buffer_add_text(out, " -> ");
	}
	if (after.len > 0)
		add_value(out, field, after);
	else
		buffer_add_text(out, "none");
}

/* ---- facts ---- */

static bool fact_is_hidden(enum fact fact, bool confidential)
{
	return fact_shown(fact) == FACT_RESTRICTED || (confidential && fact_shown(fact) == FACT_ADDRESS);
}

/* Told in words? What stands in records of every kind is no news the first time; the images have it. */
static bool fact_is_told(enum fact fact, struct slice old, struct slice new)
{
	return !slice_equal(old, new) && (old.len > 0 || fact_is_news(fact));
}

static void describe_facts(struct buffer *out, const struct member *before, const struct member *after, bool hidden)
{
	static const struct field shown = {.kind = FIELD_EXACT, .shown = SHOWN};
	struct slice old[FACT_COUNT], new[FACT_COUNT];
	struct field named = shown;
	int fact;

	if (slice_equal(before->facts, after->facts))
		return;
	facts_read(before->facts, old);
	facts_read(after->facts, new);
	for (fact = 0; fact < FACT_COUNT; fact++) {
		bool secret = fact_is_hidden((enum fact)fact, hidden);

		if (!fact_is_told((enum fact)fact, old[fact], new[fact]))
			continue;
		named.name = fact_name((enum fact)fact);
		named.shown = secret ? SHOWN_UNLESS_CONFIDENTIAL : SHOWN;
		describe_field(out, &named, old[fact], new[fact], secret);
	}
}

/* Stored facts with what was sent laid over; `first_heard`: also what is no change by itself. */
static struct slice merge_facts(struct arena *arena, struct slice stored, const struct member_record *record,
				bool first_heard)
{
	bool tells = slice_is(record->maintenance, "001") || slice_is(record->maintenance, "025");
	struct slice values[FACT_COUNT];
	bool differ = false;
	int fact;

	facts_read(stored, values);
	for (fact = 0; fact < FACT_COUNT; fact++) {
		struct slice sent = record->facts[fact];

		if (sent.len == 0 || slice_equal(sent, values[fact]) ||
		    (values[fact].len == 0 && !first_heard && !(tells && fact_is_news((enum fact)fact))))
			continue;
		values[fact] = sent;
		differ = true;
	}
	return differ ? facts_write(arena, values) : stored.data != NULL ? stored : SLICE_LITERAL("");
}

void fields_take_all_facts(struct record_work *it)
{
	struct member *after = &it->draft->image->after;

	if (slice_equal(after->facts, it->all_facts) && slice_equal(after->pcp_id, it->all_pcp))
		return;
	after->facts = it->all_facts;
	after->pcp_id = it->all_pcp;
	it->draft->image->fields_changed = true;
}

static void describe_date(struct buffer *out, const char *name, date_day before, date_day after)
{
	char text[DATE_TEXT_BYTES];

	if (before == after)
		return;
	add_label(out, name);
	if (before != DATE_NONE)
		buffer_printf(out, "%s -> ", date_format_iso(before, text));
	buffer_add_text(out, after != DATE_NONE ? date_format_iso(after, text) : "none");
}

struct slice fields_describe(struct arena *arena, const struct member *before, const struct member *after)
{
	bool hidden = before->confidential || after->confidential;
	struct slice described;
	struct buffer out;
	size_t i;

	buffer_init(&out, arena->env);
	for (i = 0; i < FIELD_COUNT; i++) {
		struct slice old = field_get(before, &fields[i]), new = field_get(after, &fields[i]);

		if (!slice_equal(old, new))
			describe_field(&out, &fields[i], old, new, hidden);
	}
	describe_facts(&out, before, after, hidden);
	describe_date(&out, "birth_on", before->birth_on, after->birth_on);
	describe_date(&out, "died_on", before->died_on, after->died_on);
	if (before->sex != after->sex) {
		add_label(&out, "sex");
		if (before->sex != '\0')
			buffer_printf(&out, "%c -> ", before->sex);
		buffer_add_char(&out, after->sex);
	}
	if (before->confidential != after->confidential)
		buffer_printf(&out, "%sconfidential: %s", out.len > 0 ? "; " : "",
			      after->confidential ? "no -> yes" : "yes -> no");
	if (before->support_order != after->support_order)
		buffer_printf(&out, "%ssupport_order: %s", out.len > 0 ? "; " : "",
			      after->support_order ? "no -> yes" : "yes -> no");
	described = out.error == 0 ? arena_dup(arena, buffer_slice(&out)) : SLICE_EMPTY;
	buffer_fini(&out);
	return described;
}

/* One value as it is shown: masked, or hidden. data NULL = no memory. */
static struct slice shown_value(struct arena *arena, const struct field *field, struct slice value, bool hidden)
{
	struct slice shown;
	struct buffer out;

	if (hidden && field->shown == SHOWN_UNLESS_CONFIDENTIAL)
		return SLICE_LITERAL("(restricted)");
	buffer_init(&out, arena->env);
	if (value.len > 0)
		add_value(&out, field, value);
	shown = out.error == 0 ? arena_dup(arena, buffer_slice(&out)) : SLICE_EMPTY;
	buffer_fini(&out);
	return shown;
}

/* Facts that differ, one call each. */
static int fact_differences(const struct member *before, const struct member *after, bool hidden, void *context,
			    int (*fn)(void *context, const char *field, struct slice before, struct slice after))
{
	const struct slice restricted = SLICE_LITERAL("(restricted)");
	struct slice old[FACT_COUNT], new[FACT_COUNT];
	int fact, error = 0;

	facts_read(before->facts, old);
	facts_read(after->facts, new);
	for (fact = 0; fact < FACT_COUNT && error == 0; fact++) {
		bool secret = fact_is_hidden((enum fact)fact, hidden);

		if (fact_is_told((enum fact)fact, old[fact], new[fact]))
			error = fn(context, fact_name((enum fact)fact), secret ? restricted : old[fact],
				   secret ? restricted : new[fact]);
	}
	return error;
}

int decide_differences(struct arena *arena, const struct member *before, const struct member *after, void *context,
		       int (*fn)(void *context, const char *field, struct slice before, struct slice after))
{
	char old[DATE_TEXT_BYTES], new[DATE_TEXT_BYTES];
	bool hidden = before->confidential || after->confidential;
	size_t i;
	int error = 0;

	for (i = 0; i < FIELD_COUNT && error == 0; i++) {
		struct slice was = field_get(before, &fields[i]), is = field_get(after, &fields[i]);

		if (slice_equal(was, is))
			continue;
		was = shown_value(arena, &fields[i], was, hidden);
		is = shown_value(arena, &fields[i], is, hidden);
		error = was.data != NULL && is.data != NULL ? fn(context, fields[i].name, was, is) : -ENOMEM;
	}
	if (error == 0)
		error = fact_differences(before, after, hidden, context, fn);
	if (error == 0 && before->support_order != after->support_order)
		error = fn(context, "support_order", slice_from(before->support_order ? "yes" : "no"),
			   slice_from(after->support_order ? "yes" : "no"));
	if (error == 0 && before->birth_on != after->birth_on)
		error = fn(context, "birth_on", slice_from(date_format_iso(before->birth_on, old)),
			   slice_from(date_format_iso(after->birth_on, new)));
	if (error == 0 && before->died_on != after->died_on)
		error = fn(context, "died_on", slice_from(date_format_iso(before->died_on, old)),
			   slice_from(date_format_iso(after->died_on, new)));
	if (error == 0 && before->sex != after->sex)
		error = fn(context, "sex", slice_of(&before->sex, before->sex != '\0'),
			   slice_of(&after->sex, after->sex != '\0'));
	if (error == 0 && before->confidential != after->confidential)
		error = fn(context, "confidential", slice_from(before->confidential ? "yes" : "no"),
			   slice_from(after->confidential ? "yes" : "no"));
	return error;
}

/* ---- taking over ---- */

static bool is_address(const struct field *field)
{
	return field->offset == offsetof(struct member, address1) ||
	       field->offset == offsetof(struct member, address2) || field->offset == offsetof(struct member, city) ||
	       field->offset == offsetof(struct member, state) || field->offset == offsetof(struct member, zip);
}

static bool begins_with_digit(struct slice value)
{
	return value.len > 0 && value.data[0] >= '0' && value.data[0] <= '9';
}

/* No mail arrives there: it takes no true address away. */
static bool is_no_address(const struct member *sent)
{
	static const char *const streets[] = {
		"UNKNOWN",          "NONE",          "N/A",      "NA",  "NO ADDRESS", "BAD ADDRESS", "ADDRESS UNKNOWN",
		"RETURN TO SENDER", "RETURNED MAIL", "HOMELESS", "XXX", "TBD"};
	size_t i;

	/* Most begin with the number of a house. */
	for (i = 0; i < sizeof(streets) / sizeof(streets[0]) && !begins_with_digit(sent->address1); i++)
		if (words_equal(sent->address1, slice_from(streets[i])))
			return true;
	return slice_starts_with(sent->zip, "00000") || slice_starts_with(sent->zip, "99999");
}

static int take_address(struct record_work *it, struct member *after)
{
	const struct member_record *record = it->record;
	const struct member *sent = &it->sent;
	bool new_street = sent->address1.len > 0 && !words_equal(sent->address1, after->address1);
	size_t i;

	if (!record->has_address)
		return 0;
	if (is_no_address(sent))
		return work_doubt(it, CATEGORY_ADDRESS_BAD,
				  "the address sent is none that mail reaches; it is not taken");
	for (i = 0; i < FIELD_COUNT; i++) {
		struct slice value = field_get(sent, &fields[i]);

		if (!is_address(&fields[i]))
			continue;
		if (value.len > 0 &&
		    (new_street || !says_nothing_new(&fields[i], value, field_get(after, &fields[i]), false)))
			field_set(after, &fields[i], value);
	}
	if (new_street && sent->address2.len == 0)
		after->address2 = SLICE_EMPTY;
	return 0;
}

static int take_ssn(struct record_work *it, struct member *after)
{
	struct slice sent = it->sent.ssn;

	if (sent.len == 0 || slice_equal(sent, after->ssn))
		return 0;
	if (!text_ssn_is_placeholder(sent)) {
		after->ssn = sent;
		return 0;
	}
	return work_warnf(it->work, it->record->member_pos, "the SSN is a placeholder; it counts as missing");
}

/* What a change, an add or a reinstatement may bring. */
static int take_person(struct record_work *it, struct member *after)
{
	const struct member_record *record = it->record;
	const struct member *sent = &it->sent;
	bool corrects = record->corrected || record->has_prior || slice_is(record->reason, "25");
	size_t i;
	int error;

	for (i = 0; i < FIELD_COUNT; i++) {
		struct slice value = field_get(sent, &fields[i]);

		if (is_address(&fields[i]) || fields[i].shown == SHOWN_MASKED || value.len == 0)
			continue;
		if (!says_nothing_new(&fields[i], value, field_get(after, &fields[i]), corrects))
			field_set(after, &fields[i], value);
	}
	if (sent->birth_on != DATE_NONE)
		after->birth_on = sent->birth_on;
	if (sent->sex == 'F' || sent->sex == 'M' || (sent->sex == 'U' && after->sex == '\0'))
		after->sex = sent->sex;
	error = take_address(it, after);
	return error == 0 ? take_ssn(it, after) : error;
}

/*
 * INS13 left out keeps what is stored. A restriction is lifted by a representative only: whom it protects may be harmed
 * by a sender's default; a full file, which says it of everybody, lifts nothing and is no question.
 */
static int take_confidentiality(struct record_work *it, struct member *after)
{
	if (it->record->confidentiality.len == 0 || after->confidential == it->record->confidential)
		return 0;
	if (it->record->confidential || is_forced(it)) {
		after->confidential = it->record->confidential;
		return 0;
	}
	if (slice_is(it->record->maintenance, "024"))
		return 0;
	if (is_compared(it))
		return work_warnf(it->work, it->record->member_pos,
				  "INS13 would lift the restriction of access; it stays");
	return work_fail(
		it->work, CATEGORY_CONFIDENTIAL,
		SLICE_LITERAL("The record lifts the restriction of access (INS13): has the member asked for that?"));
}

int fields_apply(struct record_work *it)
{
	struct member *after = &it->draft->image->after;
	int error = 0;

	if (!slice_is(it->record->maintenance, "024")) {
		error = take_person(it, after);
		it->all_facts = merge_facts(it->work->arena, after->facts, it->record, true);
		after->facts = merge_facts(it->work->arena, after->facts, it->record, it->is_new);
		if (it->all_facts.data == NULL || after->facts.data == NULL)
			return -ENOMEM;
		if (error == 0)
			error = person_take_pcp(it, after);
		it->sent.support_order = is_support_order(it);
		after->support_order = after->support_order || it->sent.support_order;
	}
	if (it->record->died_on != DATE_NONE)
		after->died_on = it->record->died_on;
	if (error == 0)
		error = take_confidentiality(it, after);
	if (fields_differ(&it->draft->image->before, after))
		it->draft->image->fields_changed = true;
	return error;
}
