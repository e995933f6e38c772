/*
 * One set's part of the 999: AK2, the segments and elements in error, IK5.
 *
 * Errors come as the walk finds them; the 999 wants them by position. They are kept until the set ends, then
 * written in order: one IK3 for each error of a segment, one with code 8 for all element errors of a segment.
 */
#include <errno.h>
#include <stdio.h>

#include "ack_state.h"
#include "muster/text.h"

/* Codes that came after 004010, and what said it best before: x12-syntax section 10.6. */
static const struct {
	enum finding_scope scope;
	const char *code, *older;
} older_codes[] = {
	{FINDING_FGROUP, "19", "6"},   {FINDING_TSET, "18", "1"},     {FINDING_TSET, "19", "1"},
	{FINDING_TSET, "I5", "5"},     {FINDING_TSET, "I6", "1"},     {FINDING_SEGMENT, "I4", "2"},
	{FINDING_SEGMENT, "I6", "3"},  {FINDING_SEGMENT, "I7", "3"},  {FINDING_SEGMENT, "I8", "3"},
	{FINDING_SEGMENT, "I9", "2"},  {FINDING_ELEMENT, "12", "3"},  {FINDING_ELEMENT, "13", "3"},
	{FINDING_ELEMENT, "I6", "7"},  {FINDING_ELEMENT, "I9", "2"},  {FINDING_ELEMENT, "I10", "3"},
	{FINDING_ELEMENT, "I11", "1"}, {FINDING_ELEMENT, "I12", "7"}, {FINDING_ELEMENT, "I13", "10"},
};

const char *ack_code(const struct ack *ack, const struct finding *finding)
{
	const struct finding_row *row = finding_row(finding->code);
	for (size_t i = 0; ack->is_997 && i < sizeof(older_codes) / sizeof(older_codes[0]); i++)
		if (older_codes[i].scope == row->scope && strcmp(older_codes[i].code, row->ack_code) == 0)
			return older_codes[i].older;
	return row->ack_code;
}

/* A total that does not agree: the set's fault, told in IK5, but there is an element that says it. */
static bool points_at_element(const struct finding *finding)
{
	return finding_row(finding->code)->scope == FINDING_TSET &&
	       strcmp(finding_row(finding->code)->ack_code, "5") == 0 && finding->where.segment_pos > 1 &&
	       finding->where.element_pos != 0;
}

static const char *element_code(const struct ack *ack, const struct finding *finding)
{
	if (points_at_element(finding))
		return ack->is_997 ? "7" : "I12";
	return ack_code(ack, finding);
}

static bool is_of_segment(const struct finding *finding)
{
	return finding_row(finding->code)->scope == FINDING_SEGMENT;
}

/* "IK3", of a 997 "AK3". */
static void begin_segment(struct ack *ack, const char *id)
{
	char older[4];
	if (ack->is_997) {
		snprintf(older, sizeof(older), "A%s", id + 1);
		id = older;
	}
	x12_segment_begin(&ack->writer, id);
}

void ack_codes_add(struct ack_codes *codes, const char *code)
{
	for (uint32_t i = 0; i < codes->count; i++)
		if (strcmp(codes->codes[i], code) == 0)
			return;
	if (codes->count < ACK_CODES_MAX)
		codes->codes[codes->count++] = code;
}

bool ack_is_clean(const struct ack *ack, struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.data[i] >= 0x80)
			return false;
	return x12_value_is_clean(&ack->writer.separators, value);
}

struct slice ack_fit(const struct ack *ack, struct slice value, size_t min, size_t max, char out[40])
{
	size_t len = 0, fill;
	for (size_t i = 0; i < value.len && len < max; i++)
		if ((value.data[i] != ' ' || len > 0) && ack_is_clean(ack, slice_of(value.data + i, 1)))
			out[len++] = value.data[i];
	while (len > 0 && out[len - 1] == ' ')
		len--;
	fill = len < min ? min - len : 0;
	memmove(out + fill, out, len);
	memset(out, '0', fill);
	return slice_of(out, fill + len);
}

void ack_set_begin(struct ack *ack, const struct x12_tset *tset)
{
	struct ack_set *set = &ack->set;
	arena_reset(&set->arena);
	finding_list_init(&set->list, &set->arena, LIMIT_FINDINGS_PER_SET);
	set->keys = NULL;
	set->codes.count = 0;
	set->in_error = false;
	set->record_first = 0;
	set->key_len = 0;
	set->is_834 = slice_is(tset->set_id, "834");
	set->is_820 = slice_is(tset->set_id, "820");
}

int ack_set_finding(struct ack *ack, const struct finding *finding)
{
	struct ack_set *set = &ack->set;
	if (finding_row(finding->code)->scope == FINDING_TSET) {
		ack_codes_add(&set->codes, ack_code(ack, finding));
		if (!points_at_element(finding))
			return 0;
	}
	set->in_error = true;
	if (ack->findings_told + set->list.count >= LIMIT_ACK_FINDINGS)
		return 0;
	if (set->keys == NULL)
		set->keys = arena_alloc_array(&set->arena, LIMIT_FINDINGS_PER_SET, sizeof(*set->keys));
	return set->keys == NULL ? -ENOMEM : finding_list_add(&set->list, finding);
}

/* Nearly all records have no findings: what is kept is made fit to be shown only where one has. */
static void keep_key(struct ack_set *set, struct slice value)
{
	value = slice_trim(value);
	set->key_len = value.len <= ACK_KEY_BYTES ? value.len : 0;
	if (set->key_len > 0)
		memcpy(set->key, value.data, value.len);
}

/* What may be an SSN shows its last four. */
static int show_key(struct ack *ack, struct slice *ret_key)
{
	struct slice key = slice_of(ack->set.key, ack->set.key_len);
	*ret_key = SLICE_EMPTY;
	if (key.len == 0 || !ack_is_clean(ack, key))
		return 0;
	text_cross_out(ack->set.key, key.len);
	*ret_key = arena_dup(&ack->set.arena, key);
	return ret_key->data != NULL ? 0 : -ENOMEM;
}

bool ack_set_is_key(const struct guide *guide, const struct guide_segment *node)
{
	return strcmp(node->id, "ENT") == 0 ||
	       guide_segment_matches(guide, node, SLICE_LITERAL("REF"), SLICE_LITERAL("0F"));
}

void ack_set_segment(struct ack *ack, const struct x12_segment *segment)
{
	const struct ack_set *set = &ack->set;
	if (set->is_834 && slice_is(segment->id, "REF") && slice_is(x12_element(segment, 1), "0F"))
		keep_key(&ack->set, x12_element(segment, 2));
	else if (set->is_820 && slice_is(segment->id, "ENT"))
		keep_key(&ack->set, x12_element(segment, 1));
}

void ack_set_record_begin(struct ack *ack)
{
	ack->set.key_len = 0;
	ack->set.record_first = ack->set.list.count;
}

int ack_set_record_end(struct ack *ack)
{
	struct ack_set *set = &ack->set;
	struct slice key;
	int r;
	if (set->key_len == 0 || set->record_first == set->list.count)
		return 0;
	r = show_key(ack, &key);
	/* What the set's header lacks is told late, and what stands in SE early: neither is the record's. */
	for (uint32_t i = set->record_first; i < set->list.count && key.len > 0; i++)
		if (set->list.items[i].where.member_pos != 0)
			set->keys[i] = key;
	set->key_len = 0;
	return r;
}

/* The order of the 999: by position; of one segment its own errors first, then its elements'. */
static bool comes_before(const struct finding *a, const struct finding *b)
{
	if (a->where.segment_pos != b->where.segment_pos)
		return a->where.segment_pos < b->where.segment_pos;
	if (is_of_segment(a) != is_of_segment(b))
		return is_of_segment(a);
	if (is_of_segment(a))
		return false;
	if (a->where.element_pos != b->where.element_pos)
		return a->where.element_pos < b->where.element_pos;
	return a->where.repetition_pos < b->where.repetition_pos;
}

/* Insertion sort: findings come nearly in order, only missing segments are told late. Stable. */
static void sort_entries(struct ack_set *set)
{
	for (uint32_t i = 1; i < set->list.count; i++) {
		struct finding finding = set->list.items[i];
		struct slice key = set->keys[i];
		uint32_t at = i;
		for (; at > 0 && comes_before(&finding, &set->list.items[at - 1]); at--) {
			set->list.items[at] = set->list.items[at - 1];
			set->keys[at] = set->keys[at - 1];
		}
		set->list.items[at] = finding;
		set->keys[at] = key;
	}
}

static void write_ctx_trigger(struct ack *ack, const struct finding *finding)
{
	struct x12_writer *writer = &ack->writer;
	char number[8];
	if (finding->trigger.segment_pos == 0 || ack->is_997)
		return;
	x12_segment_begin(writer, "CTX");
	x12_write_element(writer, SLICE_LITERAL("SITUATIONAL TRIGGER"));
	x12_write_element(writer, slice_from(finding->trigger.segment_id));
	x12_write_number(writer, finding->trigger.segment_pos);
	x12_write_element(writer, finding->trigger.loop.len <= 6 ? finding->trigger.loop : SLICE_EMPTY);
	if (finding->trigger.element_pos != 0)
		x12_write_number(writer, finding->trigger.element_pos);
	if (finding->trigger.component_pos != 0) {
		snprintf(number, sizeof(number), "%u", finding->trigger.component_pos);
		x12_write_component(writer, slice_from(number));
	}
	x12_segment_end(writer);
}

/* The record that the error lies in, so that the sender finds it. */
static void write_ctx_unit(struct ack *ack, struct slice key)
{
	struct x12_writer *writer = &ack->writer;
	if (key.len == 0 || ack->is_997)
		return;
	x12_segment_begin(writer, "CTX");
	x12_write_element(writer, ack->set.is_834 ? SLICE_LITERAL("SUBSCRIBER NUMBER REF02") : SLICE_LITERAL("ENT01"));
	x12_write_component(writer, key);
	x12_segment_end(writer);
}

/* IK301 has two or three characters, whatever stood in the file. */
static struct slice segment_id_of(const struct ack *ack, const struct finding *finding)
{
	struct slice id = slice_from(finding->segment_id);
	if (id.len == 0)
		id = slice_of(finding->value.data, finding->value.len < 3 ? finding->value.len : 3);
	return id.len >= 2 && ack_is_clean(ack, id) && slice_find(id, ' ', 0) == id.len ? id : SLICE_LITERAL("??");
}

static void write_ik3(struct ack *ack, const struct finding *finding, struct slice key)
{
	struct x12_writer *writer = &ack->writer;
	bool of_segment = is_of_segment(finding);
	begin_segment(ack, "IK3");
	x12_write_element(writer, segment_id_of(ack, finding));
	x12_write_number(writer, finding->where.segment_pos);
	x12_write_element(writer, finding->loop.len <= 6 ? finding->loop : SLICE_EMPTY);
	x12_write_element(writer, of_segment ? slice_from(ack_code(ack, finding)) : SLICE_LITERAL("8"));
	x12_segment_end(writer);
	if (of_segment)
		write_ctx_trigger(ack, finding);
	write_ctx_unit(ack, key);
}

static bool holds_nine_digits(struct slice value)
{
	size_t digits = 0;
	for (size_t i = 0; i < value.len; i++)
		digits += value.data[i] >= '0' && value.data[i] <= '9';
	return digits == 9;
}

/* IK404 for values that can be shown to anybody and written at all. */
static struct slice bad_value(const struct ack *ack, const struct finding *finding)
{
	struct slice value = finding->value;
	while (value.len > 0 && value.data[value.len - 1] == ' ')
		value.len--;
	if (finding->sensitive || holds_nine_digits(value) || text_holds_ssn(value) ||
	    value.len >= LIMIT_FINDING_VALUE_BYTES)
		return SLICE_EMPTY;
	return ack_is_clean(ack, value) ? value : SLICE_EMPTY;
}

static void write_ik4(struct ack *ack, const struct finding *finding)
{
	struct x12_writer *writer = &ack->writer;
	char number[8];
	begin_segment(ack, "IK4");
	x12_write_number(writer, finding->where.element_pos);
	if (finding->where.component_pos != 0 || (finding->where.repetition_pos > 1 && !ack->is_997)) {
		snprintf(number, sizeof(number), "%u", finding->where.component_pos);
		x12_write_component(writer, finding->where.component_pos != 0 ? slice_from(number) : SLICE_EMPTY);
	}
	if (finding->where.repetition_pos > 1 && !ack->is_997) {
		snprintf(number, sizeof(number), "%u", finding->where.repetition_pos);
		x12_write_component(writer, slice_from(number));
	}
	if (finding->element_ref != 0)
		x12_write_number(writer, finding->element_ref);
	else
		x12_write_element(writer, SLICE_EMPTY);
	x12_write_element(writer, slice_from(element_code(ack, finding)));
	x12_write_element(writer, bad_value(ack, finding));
	x12_segment_end(writer);
	write_ctx_trigger(ack, finding);
}

static void write_errors(struct ack *ack)
{
	struct ack_set *set = &ack->set;
	uint32_t elements_of = 0; /* the segment whose IK3 with code 8 is open; no segment stands at 0 */

	sort_entries(set);
	for (uint32_t i = 0; i < set->list.count; i++) {
		const struct finding *finding = &set->list.items[i];
		bool of_segment = is_of_segment(finding);
		if (of_segment || finding->where.segment_pos != elements_of)
			write_ik3(ack, finding, set->keys[i]);
		elements_of = of_segment ? 0 : finding->where.segment_pos;
		if (!of_segment)
			write_ik4(ack, finding);
	}
	ack->findings_told += set->list.count;
}

static struct slice verdict_code(enum check_decision decision)
{
	switch (decision) {
	case CHECK_ACCEPTED:
		return SLICE_LITERAL("A");
	case CHECK_ACCEPTED_WITH_ERRORS:
		return SLICE_LITERAL("E");
	case CHECK_REJECTED:
		return SLICE_LITERAL("R");
	}
	return SLICE_LITERAL("R");
}

int ack_set_end(struct ack *ack, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct x12_writer *writer = &ack->writer;
	struct ack_codes *codes = &ack->set.codes;
	char text[40];
	int r = ack_set_record_end(ack);

	if (r < 0 || (ack->options.accepted_left_out && verdict->decision == CHECK_ACCEPTED))
		return r;
	x12_segment_begin(writer, "AK2");
	x12_write_element(writer, ack_fit(ack, tset->set_id, 3, 3, text));
	x12_write_element(writer, ack_fit(ack, tset->control_number, 4, 9, text));
	if (tset->guide_id.len > 0 && !ack->is_997)
		x12_write_element(writer, ack_fit(ack, tset->guide_id, 1, 35, text));
	x12_segment_end(writer);
	write_errors(ack);
	if (ack->set.in_error)
		ack_codes_add(codes, "5");
	begin_segment(ack, "IK5");
	x12_write_element(writer, verdict_code(verdict->decision));
	for (uint32_t i = 0; i < codes->count; i++)
		x12_write_element(writer, slice_from(codes->codes[i]));
	x12_segment_end(writer);
	return ack->reply.error;
}
