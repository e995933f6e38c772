/*
 * envelope: the segments that open and close interchanges, functional groups and transaction sets.
 *
 * Only their own form and their agreement with one another is looked at; whether muster has the guide that GS08 and
 * ST03 name is for check to say. A count is not held against the sender where stray segments were reported in the
 * same envelope: one fault, one finding.
 *
 * Source    x12-syntax sections 2, 3 and 9.
 */
#include <stdio.h>
#include <string.h>

#include "muster/date.h"
#include "reader.h"

#define VERSION_WITH_REPETITION "00402"

/* "1 is there", "2 are there" */
static const char *is_or_are(uint32_t count)
{
	return count == 1 ? "is" : "are";
}

static struct slice trim_end(struct slice value)
{
	while (value.len > 0 && value.data[value.len - 1] == ' ')
		value.len--;
	return value;
}

/* A copy that outlives the window; blanks at the end and what is beyond KEPT_BYTES left off. */
static struct slice keep(char *place, struct slice value)
{
	value = trim_end(value);
	if (value.len > KEPT_BYTES)
		value.len = KEPT_BYTES;
	if (value.len > 0)
		memcpy(place, value.data, value.len);
	return slice_of(place, value.len);
}

static bool is_among(struct slice value, const char *const *codes)
{
	for (; *codes != NULL; codes++) {
		if (slice_is(value, *codes))
			return true;
	}
	return false;
}

static bool is_digits(struct slice value, size_t count)
{
	return value.len == count && slice_is_digits(value);
}

/* HHMM, HHMMSS, HHMMSSD or HHMMSSDD. */
static bool is_time(struct slice value)
{
	uint64_t number;

	if (!slice_is_digits(value) || !slice_to_u64(slice_of(value.data, value.len >= 4 ? 4 : value.len), &number))
		return false;
	if (value.len != 4 && (value.len < 6 || value.len > 8))
		return false;
	if (number / 100 > 23 || number % 100 > 59)
		return false;
	return value.len == 4 || value.data[4] <= '5';
}

static bool is_date_yymmdd(struct slice value)
{
	char text[8] = {'2', '0'};
	date_day day;

	if (value.len != 6)
		return false;
	memcpy(text + 2, value.data, 6);
	return date_parse_ccyymmdd(slice_of(text, sizeof(text)), &day);
}

static bool is_alphanumeric(struct slice value, size_t bytes)
{
	if (value.len != bytes)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
			return false;
	}
	return true;
}

static bool same_number(struct slice a, struct slice b)
{
	uint64_t number_a, number_b;

	if (slice_to_u64(a, &number_a) && slice_to_u64(b, &number_b))
		return number_a == number_b;
	return slice_equal(a, b);
}

/* A count of as many digits as the element takes. */
static bool read_count(struct slice value, size_t digits_max, uint64_t *ret_count)
{
	value = trim_end(value);
	return value.len <= digits_max && slice_to_u64(value, ret_count);
}

/* Room for a control number in a message. */
#define CONTROL_TEXT_BYTES 24u

/* A control number without its zeros in front: nine digits in a message are taken for an SSN, and masked. */
static const char *as_number(struct slice control, char out[CONTROL_TEXT_BYTES])
{
	uint64_t number;

	if (!slice_to_u64(control, &number))
		return slice_to_cstr(control, out, CONTROL_TEXT_BYTES);
	snprintf(out, CONTROL_TEXT_BYTES, "%llu", (unsigned long long)number);
	return out;
}

/*
 * What stands behind the last element of an envelope's segment: an error; where it is nothing but separators, a
 * warning, as inside of sets.
 */
static void check_end(struct x12_reader *reader, enum finding_code code, const char *id, uint32_t count)
{
	const struct x12_segment *segment = &reader->segment;
	uint32_t pos = count + 1;

	while (pos < segment->element_count && slice_is_empty(x12_element(segment, pos)))
		pos++;
	if (segment->element_count > count && !slice_is_empty(x12_element(segment, pos)))
		x12_note(reader, code, id, count + 1, "%s has %u elements", id, count);
	else if (segment->element_count > 0 && slice_is_empty(x12_element(segment, segment->element_count)))
		x12_note_as(reader, code, FINDING_WARNING, id, segment->element_count,
			    "leave the separators at its end out");
}

/* ---- interchange ---- */

static void keep_interchange(struct x12_reader *reader)
{
	struct x12_interchange *in = &reader->interchange;
	struct slice *const fields[HEADER_ELEMENTS] = {
		&in->authorization_qualifier,
		&in->authorization,
		&in->security_qualifier,
		&in->security,
		&in->sender_qualifier,
		&in->sender_id,
		&in->receiver_qualifier,
		&in->receiver_id,
		&in->date,
		&in->time,
		NULL,
		&in->version,
		&in->control_number,
		&in->ack_requested,
		&in->usage,
		NULL,
	};
	char *place = reader->interchange_text;

	for (size_t i = 0; i < HEADER_ELEMENTS; i++) {
		struct slice value = trim_end(reader->header.elements[i]);

		if (fields[i] == NULL)
			continue;
		/* All of them together are shorter than the header, and that fits. */
		if (value.len > 0)
			memcpy(place, value.data, value.len);
		*fields[i] = slice_of(place, value.len);
		place += value.len;
	}
}

static bool breaks_line(char byte)
{
	return byte == '\r' || byte == '\n';
}

/* ISA11: U where there are no repetitions yet, from 00402 on the repetition separator. */
static void settle_repetition(struct x12_reader *reader)
{
	const struct slice isa11 = reader->header.elements[10];
	const bool repeats = slice_compare(reader->interchange.version, slice_from(VERSION_WITH_REPETITION)) >= 0;
	struct x12_separators *separators = &reader->separators;
	char byte = separators->repetition;

	separators->repetition = '\0';
	if (slice_is(isa11, "U")) {
		if (repeats)
			x12_note_as(reader, FINDING_INTERCHANGE_REPETITION_U,
				    reader->options.refuse_isa11_u ? FINDING_ERROR : FINDING_WARNING, "ISA", 11,
				    "a separator such as ^ is expected; read as having no repetitions");
		return;
	}
	if (!repeats) {
		x12_note(reader, FINDING_INTERCHANGE_REPETITION_SEPARATOR, "ISA", 11, "00401 wants U");
	} else if (!header_can_separate(byte) || breaks_line(byte)) {
		x12_note(reader, FINDING_INTERCHANGE_REPETITION_SEPARATOR, "ISA", 11,
			 "letters, digits, blanks and control characters of lines cannot separate");
	} else if (byte == separators->element || byte == separators->component || byte == separators->terminator) {
		x12_note(reader, FINDING_INTERCHANGE_REPETITION_SEPARATOR, "ISA", 11,
			 "the same character separates something else");
	} else {
		separators->repetition = byte;
	}
}

static void settle_separators(struct x12_reader *reader)
{
	struct x12_separators *separators = &reader->separators;

	*separators = reader->header.separators;
	reader->batch.cut.count = reader->batch.next = reader->batch.limit = 0;
	if (!header_can_separate(separators->element) || breaks_line(separators->element)) {
		x12_note(reader, FINDING_INTERCHANGE_ELEMENT_SEPARATOR, "ISA", 0,
			 "letters, digits, blanks and line ends cannot separate; nothing of it is read");
		reader->unusable = true;
		return;
	}
	if (!header_can_separate(separators->terminator) || separators->terminator == separators->element) {
		x12_note(reader, FINDING_INTERCHANGE_SEGMENT_TERMINATOR, "ISA", 0,
			 "the byte after ISA16 cannot end a segment; nothing of it is read");
		reader->unusable = true;
		return;
	}
	if (!header_can_separate(separators->component) || breaks_line(separators->component) ||
	    separators->component == separators->element || separators->component == separators->terminator) {
		x12_note(reader, FINDING_INTERCHANGE_COMPONENT_SEPARATOR, "ISA", 16,
			 "it must differ from the others and be no letter, digit or blank");
		separators->component = '\0';
	}
	settle_repetition(reader);
}

static void check_shape(struct x12_reader *reader)
{
	switch (reader->shape) {
	case HEADER_SOUND:
	case HEADER_NONE:
	case HEADER_BROKEN:
	case HEADER_CUT:
		break;
	case HEADER_UNPADDED:
		x12_note_as(reader, FINDING_INTERCHANGE_HEADER_PADDING,
			    reader->options.tolerate_isa_padding ? FINDING_WARNING : FINDING_ERROR, "ISA", 0,
			    "ISA is %zu bytes long instead of %u", reader->header.bytes + 1, HEADER_BYTES);
		break;
	case HEADER_OVERLONG:
		x12_note(reader, FINDING_INTERCHANGE_HEADER_MALFORMED, "ISA", 0,
			 "read by counting its separators; an element is wider than its place");
		break;
	}
}

static bool holds_control_byte(struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.data[i] < 0x20 || value.data[i] == 0x7f)
			return true;
	return false;
}

/* A password, whose value is told to nobody. */
static void note_secret(struct x12_reader *reader, uint32_t pos, enum finding_code code, const char *text)
{
	x12_note(reader, code, "ISA", pos, "%s", text);
	x12_note_value(reader, SLICE_EMPTY);
}

/* A qualifier and what it qualifies: `00` goes with blanks, the other code with a value. */
static void check_secret(struct x12_reader *reader, uint32_t pos, struct slice qualifier, struct slice value,
			 const char *other, enum finding_code bad_qualifier, enum finding_code bad_value)
{
	if (!slice_is(qualifier, "00") && !slice_is(qualifier, other))
		x12_note(reader, bad_qualifier, "ISA", pos, "00 or %s is expected", other);
	else if (slice_is(qualifier, "00") != slice_is_empty(value))
		note_secret(reader, pos + 1, bad_value,
			    slice_is(qualifier, "00") ? "blanks are expected with 00" : "a value is expected");
	else if (holds_control_byte(value))
		note_secret(reader, pos + 1, bad_value, "it holds a control character");
}

static void check_parties(struct x12_reader *reader)
{
	static const char *const qualifiers[] = {"01", "14", "20", "27", "28", "29", "30", "33", "ZZ", NULL};
	static const char expected[] = "one of 01 14 20 27 28 29 30 33 ZZ is expected";
	const struct x12_interchange *in = &reader->interchange;

	if (!is_among(in->sender_qualifier, qualifiers))
		x12_note(reader, FINDING_INTERCHANGE_SENDER_QUALIFIER, "ISA", 5, "%s", expected);
	if (slice_is_empty(in->sender_id))
		x12_note(reader, FINDING_INTERCHANGE_SENDER_ID, "ISA", 6, "it is blank");
	else if (holds_control_byte(in->sender_id))
		x12_note(reader, FINDING_INTERCHANGE_SENDER_ID, "ISA", 6, "it holds a control character");
	if (!is_among(in->receiver_qualifier, qualifiers))
		x12_note(reader, FINDING_INTERCHANGE_RECEIVER_QUALIFIER, "ISA", 7, "%s", expected);
	if (slice_is_empty(in->receiver_id))
		x12_note(reader, FINDING_INTERCHANGE_RECEIVER_ID, "ISA", 8, "it is blank");
	else if (holds_control_byte(in->receiver_id))
		x12_note(reader, FINDING_INTERCHANGE_RECEIVER_ID, "ISA", 8, "it holds a control character");
}

static bool is_control_number(const struct x12_reader *reader)
{
	struct slice number = reader->interchange.control_number;
	bool narrow = reader->options.tolerate_isa_padding && reader->shape == HEADER_UNPADDED;

	return slice_is_digits(number) && (number.len == header_width(13) || (narrow && number.len < header_width(13)));
}

static void check_interchange(struct x12_reader *reader)
{
	static const char *const versions[] = {"00401", "00501", NULL};
	static const char *const flags[] = {"0", "1", NULL};
	static const char *const usages[] = {"P", "T", "I", NULL};
	const struct x12_interchange *in = &reader->interchange;

	check_secret(reader, 1, in->authorization_qualifier, in->authorization, "03",
		     FINDING_INTERCHANGE_AUTH_QUALIFIER, FINDING_INTERCHANGE_AUTH_VALUE);
	check_secret(reader, 3, in->security_qualifier, in->security, "01", FINDING_INTERCHANGE_SECURITY_QUALIFIER,
		     FINDING_INTERCHANGE_SECURITY_VALUE);
	check_parties(reader);
	if (!is_date_yymmdd(in->date))
		x12_note(reader, FINDING_INTERCHANGE_DATE, "ISA", 9, "YYMMDD is expected");
	if (in->time.len != 4 || !is_time(in->time))
		x12_note(reader, FINDING_INTERCHANGE_TIME, "ISA", 10, "HHMM is expected");
	if (!is_among(in->version, versions))
		x12_note(reader, FINDING_INTERCHANGE_VERSION, "ISA", 12, "00501 is expected; 00401 is read too");
	if (!is_control_number(reader))
		x12_note(reader, FINDING_INTERCHANGE_CONTROL_NUMBER, "ISA", 13, "nine digits are expected");
	if (!is_among(in->ack_requested, flags))
		x12_note(reader, FINDING_INTERCHANGE_ACK_REQUESTED, "ISA", 14, "0 or 1 is expected");
	if (!is_among(in->usage, usages))
		x12_note(reader, FINDING_INTERCHANGE_USAGE, "ISA", 15, "P, T or I is expected");
}

static int check_interchange_repeated(struct x12_reader *reader)
{
	const struct x12_interchange *in = &reader->interchange;
	const struct slice parts[] = {in->sender_qualifier, in->sender_id, in->receiver_qualifier, in->receiver_id,
				      in->control_number};
	char key[HEADER_BYTES_MAX + 8];
	size_t bytes = 0;
	bool before;
	int result;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].len > 0)
			memcpy(key + bytes, parts[i].data, parts[i].len);
		bytes += parts[i].len;
		key[bytes++] = '\n';
	}
	result = seen_add(&reader->interchanges, reader->env, slice_of(key, bytes), &before);
	if (result < 0)
		return result;
	if (before)
		x12_note(reader, FINDING_INTERCHANGE_DUPLICATE, "ISA", 13,
			 "an interchange of the same sender and receiver bears it in this file");
	return 0;
}

static void note_before_at(struct x12_reader *reader, enum finding_code code, bool *there,
			   const struct x12_where *where)
{
	if (!*there)
		return;
	*there = false;
	reader->segment.where = *where;
	reader->segment.where.interchange = reader->interchange.ordinal;
	x12_note(reader, code, "ISA", 0, "passed over");
}

/* What stood before ISA, told with it. */
static void note_before(struct x12_reader *reader)
{
	if (reader->junk && reader->byte_order_mark && reader->junk_at.offset < reader->byte_order_mark_at.offset)
		note_before_at(reader, FINDING_INTERCHANGE_JUNK_BEFORE, &reader->junk, &reader->junk_at);
	note_before_at(reader, FINDING_INTERCHANGE_BYTE_ORDER_MARK, &reader->byte_order_mark,
		       &reader->byte_order_mark_at);
	note_before_at(reader, FINDING_INTERCHANGE_JUNK_BEFORE, &reader->junk, &reader->junk_at);
}

int x12_interchange_open(struct x12_reader *reader)
{
	struct x12_interchange *in = &reader->interchange;

	*in = (struct x12_interchange){.ordinal = in->ordinal + 1, .offset = window_offset(&reader->window, 0)};
	reader->open = LEVEL_INTERCHANGE;
	reader->unusable = reader->acknowledges = false;
	reader->stray = reader->stray_in_interchange = false;
	note_before(reader);
	x12_place(reader, 0);
	keep_interchange(reader);
	seen_clear(&reader->fgroups, reader->env);
	check_shape(reader);
	settle_separators(reader);
	in->separators = reader->separators;
	check_interchange(reader);
	return check_interchange_repeated(reader);
}

void x12_interchange_close(struct x12_reader *reader)
{
	struct x12_interchange *in = &reader->interchange;
	struct slice control = trim_end(x12_element(&reader->segment, 2));
	char number[CONTROL_TEXT_BYTES];
	uint64_t groups;
	bool counted = read_count(x12_element(&reader->segment, 1), 5, &groups) && groups <= LIMIT_INTERCHANGE_FGROUPS;

	in->complete = true;
	in->end_offset = window_offset(&reader->window, reader->held_bytes);
	if (reader->unterminated)
		x12_note(reader, FINDING_INTERCHANGE_TERMINATOR_MISSING, "IEA", 0, "IEA is whole and was read");
	if (counted && groups == 0 && in->fgroup_count == 0 && !reader->acknowledges && !reader->stray_in_interchange)
		x12_note(reader, FINDING_INTERCHANGE_EMPTY, "IEA", 0, "nor does it hold a TA1");
	else if (!counted || (groups != in->fgroup_count && !reader->stray_in_interchange))
		x12_note(reader, FINDING_INTERCHANGE_GROUP_COUNT, "IEA", 1, "%u %s there", in->fgroup_count,
			 is_or_are(in->fgroup_count));
	/* What is no number has been told of at the header; here as below, that is the one fault. */
	if (is_control_number(reader) &&
	    (reader->options.tolerate_isa_padding ? !same_number(control, in->control_number)
						  : !slice_equal(control, in->control_number)))
		x12_note(reader, FINDING_INTERCHANGE_CONTROL_MISMATCH, "IEA", 2,
			 "ISA13, %s, must stand here again, in nine digits",
			 as_number(in->control_number, number));
	check_end(reader, FINDING_INTERCHANGE_TRAILER, "IEA", 2);
}

/* An answer to a file of ours: what is wrong with it takes nothing from the groups behind it. */
void x12_check_ta1(struct x12_reader *reader)
{
	static const char *const verdicts[] = {"A", "E", "R", NULL};
	const struct x12_segment *segment = &reader->segment;
	const struct {
		bool sound;
		const char *expected;
	} rows[] = {
		{is_digits(x12_element(segment, 1), 9), "an ISA13 of nine digits is expected"},
		/* They repeat an ISA, which may have been wrong in them. */
		{is_digits(x12_element(segment, 2), 6), "a date YYMMDD is expected"},
		{is_digits(x12_element(segment, 3), 4), "a time HHMM is expected"},
		{is_among(x12_element(segment, 4), verdicts), "A, E or R is expected"},
		{is_digits(x12_element(segment, 5), 3), "a note code of three digits is expected"},
		{segment->element_count <= 5, "TA1 has 5 elements"},
	};

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!rows[i].sound)
			x12_note_as(reader, FINDING_INTERCHANGE_ACK, FINDING_WARNING, "TA1", i + 1, "%s",
				    rows[i].expected);
}

/* ---- functional group ---- */

static bool is_fgroup_number(struct slice value)
{
	return slice_is_digits(value) && value.len <= 9;
}

static void check_fgroup(struct x12_reader *reader)
{
	const struct x12_fgroup *group = &reader->fgroup;
	date_day day;

	if (!is_alphanumeric(group->functional_id, 2))
		x12_note(reader, FINDING_FGROUP_HEADER, "GS", 1, "a functional id of two characters is expected");
	if (group->sender_code.len < 2 || group->sender_code.len > 15)
		x12_note(reader, FINDING_FGROUP_HEADER, "GS", 2, "2 to 15 characters are expected");
	if (group->receiver_code.len < 2 || group->receiver_code.len > 15)
		x12_note(reader, FINDING_FGROUP_HEADER, "GS", 3, "2 to 15 characters are expected");
	if (!date_parse_ccyymmdd(group->date, &day))
		x12_note(reader, FINDING_FGROUP_HEADER, "GS", 4, "a date CCYYMMDD is expected");
	if (!is_time(group->time))
		x12_note(reader, FINDING_FGROUP_HEADER, "GS", 5, "a time HHMM, HHMMSS or HHMMSSDD is expected");
	if (!is_fgroup_number(group->control_number))
		x12_note(reader, FINDING_FGROUP_CONTROL_NUMBER, "GS", 6, "1 to 9 digits are expected");
	if (!slice_is(group->agency, "X"))
		x12_note(reader, FINDING_FGROUP_HEADER, "GS", 7, "X is expected");
	if (slice_is_empty(group->version) || group->version.len > 12)
		x12_note(reader, FINDING_FGROUP_HEADER, "GS", 8, "a version of 1 to 12 characters is expected");
	if (!slice_is_empty(group->version))
		check_end(reader, FINDING_FGROUP_HEADER, "GS", 8);
}

int x12_fgroup_open(struct x12_reader *reader)
{
	struct x12_fgroup *group = &reader->fgroup;
	struct slice *const fields[8] = {&group->functional_id, &group->sender_code, &group->receiver_code,
					 &group->date,          &group->time,        &group->control_number,
					 &group->agency,        &group->version};
	char number[24];
	uint64_t value;
	bool before;
	int result;

	*group = (struct x12_fgroup){.ordinal = group->ordinal + 1};
	for (uint32_t i = 0; i < 8; i++)
		*fields[i] = keep(reader->fgroup_text[i], x12_element(&reader->segment, i + 1));
	reader->interchange.fgroup_count++;
	reader->open = LEVEL_FGROUP;
	reader->stray = reader->stray_in_fgroup = false;
	seen_clear(&reader->tsets, reader->env);
	x12_place(reader, 0);
	check_fgroup(reader);
	if (!slice_to_u64(group->control_number, &value))
		return 0;
	snprintf(number, sizeof(number), "%llu", (unsigned long long)value);
	result = seen_add(&reader->fgroups, reader->env, slice_from(number), &before);
	if (result == 0 && before)
		x12_note(reader, FINDING_FGROUP_DUPLICATE, "GS", 6, "each group needs a number of its own");
	return result;
}

void x12_fgroup_close(struct x12_reader *reader)
{
	struct x12_fgroup *group = &reader->fgroup;
	struct slice control = trim_end(x12_element(&reader->segment, 2));
	char number[CONTROL_TEXT_BYTES];
	bool counted = read_count(x12_element(&reader->segment, 1), 6, &group->declared_count) &&
		       group->declared_count <= LIMIT_FGROUP_TSETS;

	group->complete = true;
	if (counted && group->declared_count == 0 && group->tset_count == 0 && !reader->stray_in_fgroup)
		x12_note(reader, FINDING_FGROUP_EMPTY, "GE", 0, "a group holds at least one set");
	else if (!counted || (group->declared_count != group->tset_count && !reader->stray_in_fgroup))
		x12_note(reader, FINDING_FGROUP_SET_COUNT, "GE", 1, "%u %s there", group->tset_count,
			 is_or_are(group->tset_count));
	if (is_fgroup_number(group->control_number) &&
	    (control.len > 9 || !same_number(control, group->control_number)))
		x12_note(reader, FINDING_FGROUP_CONTROL_MISMATCH, "GE", 2, "GS06, %s, must stand here again",
			 as_number(group->control_number, number));
	check_end(reader, FINDING_FGROUP_TRAILER, "GE", 2);
}

/* ---- transaction set ---- */

static bool is_tset_number(struct slice value)
{
	return value.len >= 4 && value.len <= 9;
}

int x12_tset_open(struct x12_reader *reader)
{
	struct x12_tset *tset = &reader->tset;
	bool before = false;
	int result = 0;

	*tset = (struct x12_tset){.ordinal = tset->ordinal + 1, .segment_count = 1};
	tset->set_id = keep(reader->tset_text[0], x12_element(&reader->segment, 1));
	tset->control_number = keep(reader->tset_text[1], x12_element(&reader->segment, 2));
	tset->guide_id = keep(reader->tset_text[2], x12_element(&reader->segment, 3));
	reader->fgroup.tset_count++;
	reader->open = LEVEL_TSET;
	reader->stray = false;
	x12_place(reader, 1);
	if (!is_alphanumeric(tset->set_id, 3))
		x12_note(reader, FINDING_TSET_ID, "ST", 1, "a set id of three characters is expected, such as 834");
	if (!is_tset_number(tset->control_number))
		x12_note(reader, FINDING_TSET_CONTROL_NUMBER, "ST", 2, "4 to 9 characters are expected");
	if (!slice_is_empty(tset->control_number))
		result = seen_add(&reader->tsets, reader->env, tset->control_number, &before);
	if (before)
		x12_note(reader, FINDING_TSET_DUPLICATE, "ST", 2, "each set of a group needs a number of its own");
	return result;
}

void x12_tset_close(struct x12_reader *reader)
{
	struct x12_tset *tset = &reader->tset;
	char control[CONTROL_TEXT_BYTES];
	uint64_t segments;

	tset->complete = true;
	tset->segment_count++;
	if (!read_count(x12_element(&reader->segment, 1), 10, &segments) || segments != tset->segment_count)
		x12_note(reader, FINDING_TSET_SEGMENT_COUNT, "SE", 1, "%u segments are there", tset->segment_count);
	if (is_tset_number(tset->control_number) &&
	    !slice_equal(trim_end(x12_element(&reader->segment, 2)), tset->control_number))
		x12_note(reader, FINDING_TSET_CONTROL_MISMATCH, "SE", 2, "ST02, %s, must stand here again",
			 slice_to_cstr(tset->control_number, control, sizeof(control)));
}

/* One fault, told before the first envelope that it cuts, so that all of them end rejected. */
static void file_ended(struct x12_reader *reader)
{
	reader->tset.cut = reader->open == LEVEL_TSET;
	if (reader->open == LEVEL_INTERCHANGE)
		reader->interchange.end_offset = window_offset(&reader->window, 0);
	if (reader->unusable || reader->damaged || reader->cut_off)
		return; /* said already: this is what comes of it */
	reader->cut_off = true;
	x12_place(reader, 0);
	x12_note(reader, FINDING_INTERCHANGE_TRUNCATED, "IEA", 0, "the file is not whole");
}

void x12_trailer_missing(struct x12_reader *reader)
{
	if (reader->held == HELD_END) {
		file_ended(reader);
		return;
	}
	x12_place(reader, x12_next_pos(reader));
	switch (reader->open) {
	case LEVEL_TSET:
		x12_note(reader, FINDING_TSET_TRAILER_MISSING, "SE", 0, "the set ends without SE after %u segments",
			 reader->tset.segment_count);
		break;
	case LEVEL_FGROUP:
		x12_note(reader, FINDING_FGROUP_TRAILER_MISSING, "GE", 0, "the group ends without GE after %u sets",
			 reader->fgroup.tset_count);
		break;
	case LEVEL_INTERCHANGE:
		reader->interchange.end_offset = window_offset(&reader->window, 0);
		if (!reader->unusable) /* else that was said, and this is what comes of it */
			x12_note(reader, FINDING_INTERCHANGE_TRAILER_MISSING, "IEA", 0,
				 "it ends where the next one begins");
		break;
	case LEVEL_NONE:
		break;
	}
}
