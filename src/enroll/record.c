/*
 * record: one gathered 2000 loop as a member_record.
 *
 * The text is copied into the family's arena once; all slices of the record point into that copy. The canonical raw
 * text is the same copy when the sender uses the usual separators, else a second one with the separators exchanged.
 */
#include "gather.h"

#include "muster/error.h"

struct reading {
	struct member_record *record;
	const struct x12_separators *separators;
	struct enroll_ref *refs;
	struct enroll_date *dates;
	struct enroll_coverage *coverages;
	struct enroll_ref *coverage_refs; /* all coverages' in order; each coverage has a stretch of them */
	uint32_t coverage_ref_count;
};

struct enroll_date enroll_record_date(const struct divided *dtp)
{
	struct enroll_date date = {dtp->element[1], DATE_NONE, DATE_NONE};
	struct slice text = dtp->element[3];
	date_day day;

	if (slice_is(dtp->element[2], "RD8") && text.len == 17 && text.data[8] == '-') {
		if (date_parse_ccyymmdd(slice_of(text.data + 9, 8), &day))
			date.end = day;
		text.len = 8;
	}
	if (date_parse_ccyymmdd(text, &day))
		date.day = day;
	return date;
}

/* A day that senders write for "no end" is no day. */
static date_day end_day(date_day day)
{
	return day != DATE_NONE && date_is_open_end(day) ? DATE_NONE : day;
}

static uint32_t number_of(struct slice text)
{
	uint64_t value;

	return slice_to_u64(text, &value) && value <= UINT32_MAX ? (uint32_t)value : 0;
}

static void read_ins(struct reading *reading, const struct divided *ins)
{
	struct member_record *record = reading->record;
	const struct slice *element = ins->element;
	char component = reading->separators->component;
	struct enroll_date died = {SLICE_EMPTY, DATE_NONE, DATE_NONE};

	record->is_subscriber = slice_is(element[1], "Y");
	record->relationship = element[2];
	record->maintenance = element[3];
	record->reason = element[4];
	record->benefit_status = element[5];
	record->medicare_parts = slice_trim(x12_part(element[6], component, 1));
	record->medicare_reason = slice_trim(x12_part(element[6], component, 2));
	record->cobra_event = element[7];
	record->employment_status = element[8];
	record->student_status = element[9];
	record->handicapped = slice_is(element[10], "Y");
	if (date_parse_ccyymmdd(element[12], &died.day))
		record->died_on = died.day;
	record->confidentiality = element[13];
	record->confidential = slice_is(element[13], "R");
	record->birth_order = number_of(element[17]);
}

static void read_member_ref(struct reading *reading, const struct divided *ref)
{
	struct member_record *record = reading->record;

	reading->refs[record->ref_count++] = (struct enroll_ref){ref->element[1], ref->element[2]};
	if (slice_is(ref->element[1], "0F") && record->subscriber_id.len == 0)
		record->subscriber_id = ref->element[2];
	if (slice_is(ref->element[1], "1L") && record->group.len == 0)
		record->group = ref->element[2];
}

static void read_member_date(struct reading *reading, const struct divided *dtp)
{
	struct enroll_date date = enroll_record_date(dtp);

	if (slice_is(date.qualifier, "357"))
		date.day = end_day(date.day);
	reading->dates[reading->record->date_count++] = date;
}

static void read_loop_2000(struct reading *reading, const struct divided *segment)
{
	if (slice_is(segment->element[0], "INS"))
		read_ins(reading, segment);
	else if (slice_is(segment->element[0], "REF"))
		read_member_ref(reading, segment);
	else if (slice_is(segment->element[0], "DTP"))
		read_member_date(reading, segment);
}

static void read_person(struct enroll_person *person, const struct divided *segment)
{
	const struct slice *element = segment->element;
	date_day day;

	if (slice_is(element[0], "NM1")) {
		person->last_name = element[3];
		person->first_name = element[4];
		person->middle_name = element[5];
		person->prefix = element[6];
		person->suffix = element[7];
		if (slice_is(element[8], "34"))
			person->ssn = element[9];
		else if (slice_is(element[8], "ZZ"))
			person->other_id = element[9];
	} else if (slice_is(element[0], "DMG")) {
		if (date_parse_ccyymmdd(element[2], &day))
			person->birth_on = day;
		person->sex = element[3].len == 1 ? element[3].data[0] : '\0';
	}
}

/* The first number of the kind that ranks highest: TE, HP, CP, WP. */
static void read_per(struct member_record *record, const struct divided *per)
{
	static const char *const kinds[] = {"TE", "HP", "CP", "WP"};
	size_t kind;
	int pos;

	for (kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]) && record->phone.len == 0; kind++)
		for (pos = 3; pos <= 7 && record->phone.len == 0; pos += 2)
			if (slice_is(per->element[pos], kinds[kind]))
				record->phone = per->element[pos + 1];
	for (pos = 3; pos <= 7 && record->email.len == 0; pos += 2)
		if (slice_is(per->element[pos], "EM"))
			record->email = per->element[pos + 1];
}

static void read_address(struct member_record *record, const struct divided *segment)
{
	const struct slice *element = segment->element;

	record->has_address = true;
	if (slice_is(element[0], "N3")) {
		record->address1 = element[1];
		record->address2 = element[2];
	} else {
		record->city = element[1];
		record->state = element[2].len > 0 ? element[2] : element[7];
		record->zip = element[3];
		record->country = element[4];
	}
}

static void read_loop_2100a(struct reading *reading, const struct divided *segment)
{
	struct member_record *record = reading->record;
	const struct slice *element = segment->element;

	if (slice_is(element[0], "PER"))
		read_per(record, segment);
	else if (slice_is(element[0], "N3") || slice_is(element[0], "N4"))
		read_address(record, segment);
	else
		read_person(&record->person, segment);
	if (slice_is(element[0], "NM1"))
		record->corrected = slice_is(element[1], "74");
}

static void read_coverage_date(struct enroll_coverage *coverage, const struct divided *dtp)
{
	struct enroll_date date = enroll_record_date(dtp);

	if (slice_is(date.qualifier, "348")) {
		coverage->begins_on = date.day;
		if (date.end != DATE_NONE && coverage->ends_on == DATE_NONE)
			coverage->ends_on = end_day(date.end);
	} else if (slice_is(date.qualifier, "349")) {
		coverage->ends_on = end_day(date.end != DATE_NONE ? date.end : date.day);
	} else if (slice_is(date.qualifier, "303")) {
		coverage->effective_on = date.day;
	}
}

static void read_hd(struct reading *reading, const struct divided *hd, uint32_t segment_pos)
{
	struct enroll_coverage *coverage = &reading->coverages[reading->record->coverage_count++];

	coverage->maintenance = hd->element[1];
	coverage->insurance_line = hd->element[3];
	coverage->plan = hd->element[4];
	coverage->tier = hd->element[5];
	coverage->begins_on = coverage->ends_on = coverage->effective_on = DATE_NONE;
	coverage->refs = reading->coverage_refs + reading->coverage_ref_count;
	coverage->segment_pos = segment_pos;
}

static void read_loop_2300(struct reading *reading, const struct divided *segment, uint32_t segment_pos)
{
	struct enroll_coverage *coverage;

	if (slice_is(segment->element[0], "HD")) {
		read_hd(reading, segment, segment_pos);
		return;
	}
	if (reading->record->coverage_count == 0)
		return;
	coverage = &reading->coverages[reading->record->coverage_count - 1];
	if (slice_is(segment->element[0], "DTP")) {
		read_coverage_date(coverage, segment);
	} else if (slice_is(segment->element[0], "REF")) {
		reading->coverage_refs[reading->coverage_ref_count++] =
			(struct enroll_ref){segment->element[1], segment->element[2]};
		coverage->ref_count++;
	} else if (slice_is(segment->element[0], "IDC")) {
		coverage->wants_card = true;
	}
}

static void read_loop_2310(struct reading *reading, const struct divided *segment)
{
	struct enroll_coverage *coverage;

	if (!slice_is(segment->element[0], "NM1") || reading->record->coverage_count == 0)
		return;
	coverage = &reading->coverages[reading->record->coverage_count - 1];
	if (slice_is(segment->element[1], "P3") && coverage->pcp_id.len == 0) {
		coverage->pcp_id = segment->element[9];
		coverage->pcp_kind = segment->element[8];
	}
}

static void read_segment(struct reading *reading, enum enroll_loop loop, const struct divided *segment,
			 uint32_t segment_pos)
{
	switch (loop) {
	case LOOP_2000:
		read_loop_2000(reading, segment);
		break;
	case LOOP_2100A:
		read_loop_2100a(reading, segment);
		break;
	case LOOP_2100B:
		reading->record->has_prior = true;
		read_person(&reading->record->prior, segment);
		break;
	case LOOP_2100C:
		reading->record->has_mailing = true;
		break;
	case LOOP_2300:
		read_loop_2300(reading, segment, segment_pos);
		break;
	case LOOP_2310:
		read_loop_2310(reading, segment);
		break;
	case LOOP_2100D:
	case LOOP_2100E:
	case LOOP_2100F:
	case LOOP_2100G:
	case LOOP_2200:
	case LOOP_2320:
	case LOOP_2750:
	case LOOP_OTHER:
		break;
	}
}

/* Room for every segment that could be one: counted by loop, an upper bound. */
static int reading_init(struct arena *arena, const struct gather *gather, struct reading *reading)
{
	uint32_t i, in_2000 = 0, in_2300 = 0;

	for (i = 0; i < gather->count; i++) {
		in_2000 += gather->segments[i].loop == LOOP_2000;
		in_2300 += gather->segments[i].loop == LOOP_2300;
	}
	reading->refs = arena_alloc_array(arena, in_2000 + 1, sizeof(*reading->refs));
	reading->dates = arena_alloc_array(arena, in_2000 + 1, sizeof(*reading->dates));
	reading->coverages = arena_alloc_array(arena, in_2300 + 1, sizeof(*reading->coverages));
	reading->coverage_refs = arena_alloc_array(arena, in_2300 + 1, sizeof(*reading->coverage_refs));
	if (reading->refs == NULL || reading->dates == NULL || reading->coverages == NULL ||
	    reading->coverage_refs == NULL)
		return -ENOMEM;
	return 0;
}

static bool is_canonical(const struct x12_separators *separators)
{
	return separators->element == '*' && separators->component == ':' && separators->terminator == '~' &&
	       (separators->repetition == '^' || separators->repetition == '\0');
}

/*
 * Exchange the sender's separators for the canonical ones. A canonical separator that is data for this sender
 * becomes a blank, as it would be if he had to send it with them.
 */
static char canonical(const struct x12_separators *separators, char c)
{
	if (c == separators->element)
		return '*';
	if (c == separators->component)
		return ':';
	if (c == separators->repetition && c != '\0')
		return '^';
	return c == '*' || c == ':' || c == '^' || c == '~' ? ' ' : c;
}

static int record_set_raw(struct arena *arena, const struct gather *gather, const struct x12_separators *separators,
			  struct slice text, struct member_record *record)
{
	struct slice copy = text;
	uint32_t i;
	size_t at;
	char *bytes;

	if (!is_canonical(separators)) {
		bytes = arena_alloc(arena, text.len + 1);
		if (bytes == NULL)
			return -ENOMEM;
		memcpy(bytes, text.data, text.len);
		for (i = 0; i < gather->count; i++)
			for (at = gather->segments[i].at; at < gather->segments[i].at + gather->segments[i].len; at++)
				bytes[at] = canonical(separators, bytes[at]);
		copy = slice_of(bytes, text.len);
	}
	record->raw = copy;
	hash_content_of(copy, &record->content_hash);
	return 0;
}

static int record_set_offsets(struct arena *arena, const struct gather *gather, struct member_record *record)
{
	uint64_t *offsets = arena_alloc_array(arena, gather->count, sizeof(*offsets));
	uint32_t i;

	if (offsets == NULL)
		return -ENOMEM;
	for (i = 0; i < gather->count; i++)
		offsets[i] = gather->segments[i].offset;
	record->raw_offsets = offsets;
	record->raw_count = gather->count;
	return 0;
}

static int record_set_errors(struct arena *arena, const struct gather *gather, struct member_record *record)
{
	bool overflown = gather->overflown || record->coverage_count > LIMIT_COVERAGES;

	record->errors = gather->errors + (overflown ? 1 : 0);
	if (gather->errors > 0)
		record->first_error = arena_dup(arena, buffer_slice(&gather->first_error));
	else if (overflown)
		record->first_error =
			SLICE_LITERAL("the record is longer than muster reads: send the coverages in several records");
	return gather->first_error.error != 0 || (record->errors > 0 && record->first_error.data == NULL) ? -ENOMEM : 0;
}

/* What the sender puts elsewhere than others do. */
static void read_habits(struct reading *reading, const struct enroll_habits *habits)
{
	const struct {
		const char *qualifier;
		enum fact fact;
	} kept[] = {{habits->subgroup_ref, FACT_subgroup},
		    {habits->employer_ref, FACT_employer_id},
		    {habits->carrier_ref, FACT_carrier_id},
		    {habits->case_ref, FACT_case_id}};
	struct member_record *record = reading->record;
	uint32_t i;

	record->group_key = habits->group_key;
	if (habits->group_ref[0] != '\0')
		record->group = enroll_ref_value(record->refs, record->ref_count, habits->group_ref);
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (kept[i].qualifier[0] != '\0')
			record->facts[kept[i].fact] =
				enroll_ref_value(record->refs, record->ref_count, kept[i].qualifier);
	for (i = 0; i < record->coverage_count && habits->plan_ref[0] != '\0'; i++)
		reading->coverages[i].plan = enroll_ref_value(reading->coverages[i].refs,
							      reading->coverages[i].ref_count, habits->plan_ref);
}

int enroll_record_read(struct arena *arena, const struct gather *gather, const struct x12_separators *separators,
		       const struct enroll_habits *habits, struct member_record *ret_record)
{
	struct reading reading = {.record = ret_record, .separators = separators};
	struct slice text = arena_dup(arena, buffer_slice(&gather->text));
	enum fact category = FACT_COUNT;
	struct divided segment;
	uint32_t i;

	if (text.data == NULL || reading_init(arena, gather, &reading) < 0)
		return -ENOMEM;
	*ret_record = (struct member_record){
		.member_pos = gather->member_pos,
		.segment_pos = gather->segment_pos,
		.offset = gather->offset,
		.line = gather->line,
		.died_on = DATE_NONE,
		.person = {.birth_on = DATE_NONE},
		.prior = {.birth_on = DATE_NONE},
		.refs = reading.refs,
		.dates = reading.dates,
		.coverages = reading.coverages,
	};
	for (i = 0; i < gather->count; i++) {
		enroll_gather_divide(gather, text.data, i, &segment);
		read_segment(&reading, gather->segments[i].loop, &segment, gather->segments[i].segment_pos);
		if (gather->outline)
			continue;
		if (enroll_facts_read(arena, gather->segments[i].loop, &segment, separators->component, ret_record) < 0)
			return -ENOMEM;
		if (gather->segments[i].loop == LOOP_2320 && enroll_cob_read(arena, habits, &segment, ret_record) < 0)
			return -ENOMEM;
		if (gather->segments[i].loop == LOOP_2750 &&
		    enroll_category_read(arena, habits, &segment, &category, ret_record) < 0)
			return -ENOMEM;
	}
	read_habits(&reading, habits);
	if (gather->outline)
		return 0;
	if (record_set_errors(arena, gather, ret_record) < 0 || record_set_offsets(arena, gather, ret_record) < 0)
		return -ENOMEM;
	return record_set_raw(arena, gather, separators, text, ret_record);
}
