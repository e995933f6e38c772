/*
 * remit: an 820's segments into remittance lines.
 *
 * The set is read as a header (up to the first ENT), then entities, each with its lines. What an ADX means depends
 * on where it stands: before the entity's first RMR it moves money of an earlier payment (2200), after an RMR it
 * explains that RMR (2320). Every cent that the sender lists must come out in exactly one line, so
 *
 *	sum over lines of paid + adjusted_before  =  P + V
 *
 * whatever the file looks like: an entity with 2200 money but no RMR still gives a line of its own, and lists that
 * are longer than a representative would read are cut in what is shown, never in what is counted.
 */
#include "muster/remit.h"

#include "muster/arena.h"
#include "muster/env.h"
#include "muster/error.h"

/* What is kept of one line for a representative: many times the longest honest one (a list of 1,000 adjustments). */
#define RAW_BYTES_MAX (64u * 1024u)
#define VALUE_BYTES_MAX 1024u

/* One growing list in an arena. */
struct list {
	void *items;
	uint32_t count, capacity;
};

/* The segments of an entity or line for a representative, each with its place, and the hash over all of them. */
struct shown {
	struct buffer raw;
	struct list offsets;
	struct hash_state hash;
};

struct remit {
	struct env *env;
	struct remit_sink sink;
	struct check_handler handler;

	const struct x12_tset *tset; /* NULL: outside an 820 */
	struct arena header_arena;
	struct remit_header header;
	struct list header_refs;
	bool header_done;
	uint32_t line_count;
	cents paid, adjusted;

	/* The entity: its person and 2200 ADX, kept in front of `line_mark` for all its lines. */
	struct arena arena;
	bool in_entity;
	uint32_t entity_lines;
	struct remittance_line entity;
	int name_rank;
	struct list before;
	struct shown entity_shown;
	struct arena_mark line_mark;

	bool in_line;
	struct remittance_line line;
	struct list adjustments, line_refs;
	struct shown line_shown;
};

static cents amount_of(const struct x12_segment *segment, uint32_t pos)
{
	cents amount;

	return money_parse_r(slice_trim(x12_element(segment, pos)), &amount) ? amount : 0;
}

static date_day day_of(struct slice text)
{
	date_day day;

	return date_parse_ccyymmdd(slice_trim(text), &day) ? day : DATE_NONE;
}

/*
 * A copy of element `pos`, trimmed, in `arena`, unless there is a value already: what the guide has once counts once,
 * and a file that repeats it for ever takes no memory for it. No value of the guide is as long as the cut. 0 or
 * -ENOMEM.
 */
static int keep(struct arena *arena, const struct x12_segment *segment, uint32_t pos, struct slice *ret_value)
{
	struct slice value = slice_trim(x12_element(segment, pos));

	if (value.len == 0 || ret_value->len != 0)
		return 0;
	if (value.len > VALUE_BYTES_MAX)
		value.len = VALUE_BYTES_MAX;
	*ret_value = arena_dup(arena, value);
	return ret_value->data != NULL ? 0 : -ENOMEM;
}

/* Room for one more item of `bytes`; NULL when there is no memory. `*ret_full`: the list is as long as is shown. */
static void *list_add(struct arena *arena, struct list *list, size_t bytes, bool *ret_full)
{
	*ret_full = list->count >= LIMIT_MEMBER_SEGMENTS;
	if (*ret_full)
		return NULL;
	if (list->count == list->capacity) {
		uint32_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
		char *items = arena_alloc_array(arena, capacity, bytes);

		if (items == NULL)
			return NULL;
		if (list->count > 0)
			memcpy(items, list->items, list->count * bytes);
		list->items = items;
		list->capacity = capacity;
	}
	return (char *)list->items + bytes * list->count++;
}

static int add_ref(struct arena *arena, struct list *list, const struct x12_segment *segment)
{
	bool full;
	struct enroll_ref *ref = list_add(arena, list, sizeof(*ref), &full);
	int r;

	if (ref == NULL)
		return full ? 0 : -ENOMEM;
	r = keep(arena, segment, 1, &ref->qualifier);
	return r != 0 ? r : keep(arena, segment, 2, &ref->value);
}

static int add_adjustment(struct arena *arena, struct list *list, const struct x12_segment *segment, cents amount)
{
	bool full;
	struct remit_adjustment *adjustment = list_add(arena, list, sizeof(*adjustment), &full);

	if (adjustment == NULL)
		return full ? 0 : -ENOMEM;
	adjustment->amount = amount;
	return keep(arena, segment, 2, &adjustment->reason);
}

/*
 * The segment in one spelling, so that the same content has the same hash whatever its separators. A data byte
 * that is a separator of that spelling becomes a blank.
 */
static void add_canonical(struct buffer *out, const struct x12_segment *segment)
{
	const struct x12_separators *from = segment->separators;
	size_t i;

	for (i = 0; i < segment->raw.len; i++) {
		char c = segment->raw.data[i];

		if (c == from->element)
			c = '*';
		else if (c == from->component)
			c = ':';
		else if (from->repetition != 0 && c == from->repetition)
			c = '^';
		else if (c == '*' || c == ':' || c == '^' || c == '~')
			c = ' ';
		buffer_add_char(out, c);
	}
	buffer_add_char(out, '~');
}

/* One more segment to show and to hash. 0 or -ENOMEM. */
static int add_shown(struct arena *arena, struct shown *shown, const struct x12_segment *segment)
{
	struct buffer *raw = &shown->raw;
	size_t from = raw->len;
	uint64_t *offset;
	bool full;

	add_canonical(raw, segment);
	if (raw->error != 0)
		return raw->error;
	hash_update(&shown->hash, raw->data + from, raw->len - from);
	offset = list_add(arena, &shown->offsets, sizeof(*offset), &full);
	if (offset != NULL && raw->len <= RAW_BYTES_MAX) {
		*offset = segment->where.offset;
		return 0;
	}
	if (offset != NULL)
		shown->offsets.count--;
	raw->len = from;
	raw->data[from] = '\0';
	return offset != NULL || full ? 0 : -ENOMEM;
}

/* Hand over the line that is open, if any, and forget it. */
static int line_end(struct remit *remit)
{
	struct remittance_line *line = &remit->line;
	int r = 0;

	if (!remit->in_line)
		return 0;
	remit->in_line = false;
	line->adjustments = remit->adjustments.items;
	line->adjustment_count = remit->adjustments.count;
	line->refs = remit->line_refs.items;
	line->ref_count = remit->line_refs.count;
	line->raw = buffer_slice(&remit->line_shown.raw);
	line->raw_offsets = remit->line_shown.offsets.items;
	line->raw_count = remit->line_shown.offsets.count;
	hash_final(&remit->line_shown.hash, &line->content_hash);
	remit->paid = money_add(remit->paid, line->paid);
	if (remit->sink.line != NULL)
		r = remit->sink.line(remit->sink.context, remit->tset, &remit->header, line);
	arena_rewind(&remit->arena, remit->line_mark);
	return r < 0 ? r : 0;
}

/* Begin a list of `to` with what is in `from`. 0 or -ENOMEM. */
static int list_copy(struct arena *arena, const struct list *from, struct list *to, size_t bytes)
{
	*to = (struct list){0};
	if (from->count == 0)
		return 0;
	to->items = arena_alloc_array(arena, from->count, bytes);
	if (to->items == NULL)
		return -ENOMEM;
	memcpy(to->items, from->items, from->count * bytes);
	to->count = to->capacity = from->count;
	return 0;
}

/* What is shown of a line begins with its entity: ENT, NM1, ADX. */
static int show_entity(struct remit *remit)
{
	struct shown *shown = &remit->line_shown;

	buffer_clear(&shown->raw);
	buffer_add_slice(&shown->raw, buffer_slice(&remit->entity_shown.raw));
	shown->hash = remit->entity_shown.hash;
	if (shown->raw.error != 0)
		return shown->raw.error;
	return list_copy(&remit->arena, &remit->entity_shown.offsets, &shown->offsets, sizeof(uint64_t));
}

/* A line of the open entity begins at `where`: with the 2200 money, if it is the first. */
static int line_begin(struct remit *remit, const struct x12_where *where)
{
	struct remittance_line *line = &remit->line;

	if (remit->entity_lines++ == 0)
		remit->line_mark = arena_mark(&remit->arena);
	remit->in_line = true;
	*line = remit->entity;
	line->line_pos = ++remit->line_count;
	line->segment_pos = where->segment_pos;
	line->offset = where->offset;
	line->line = where->line;
	line->period_begin = line->period_end = line->due_on = DATE_NONE;
	if (remit->entity_lines > 1) {
		line->adjusted_before = 0;
		remit->before.count = 0;
	}
	line->adjustments_before = remit->before.count;
	remit->line_refs = (struct list){0};
	if (list_copy(&remit->arena, &remit->before, &remit->adjustments, sizeof(struct remit_adjustment)) != 0)
		return -ENOMEM;
	return show_entity(remit);
}

/* The entity ends. 2200 money that no RMR took along becomes a line without a reference: it may not get lost. */
static int entity_end(struct remit *remit)
{
	int r = line_end(remit);

	if (r == 0 && remit->in_entity && remit->entity_lines == 0 && remit->before.count > 0) {
		struct x12_where where = {.segment_pos = remit->entity.segment_pos,
					  .offset = remit->entity.offset,
					  .line = remit->entity.line};

		r = line_begin(remit, &where);
		if (r == 0)
			r = line_end(remit);
	}
	remit->in_entity = false;
	return r;
}

static int header_end(struct remit *remit)
{
	int r = 0;

	if (remit->header_done)
		return 0;
	remit->header_done = true;
	remit->header.refs = remit->header_refs.items;
	remit->header.ref_count = remit->header_refs.count;
	if (remit->sink.header != NULL)
		r = remit->sink.header(remit->sink.context, remit->tset, &remit->header);
	return r < 0 ? r : 0;
}

static int on_bpr(struct remit *remit, const struct x12_segment *segment)
{
	struct remit_header *header = &remit->header;
	int r;

	header->total = amount_of(segment, 2);
	header->settles_on = day_of(x12_element(segment, 16));
	r = keep(&remit->header_arena, segment, 1, &header->handling);
	if (r == 0)
		r = keep(&remit->header_arena, segment, 3, &header->credit_debit);
	if (r == 0)
		r = keep(&remit->header_arena, segment, 4, &header->method);
	return r;
}

static int on_trn(struct remit *remit, const struct x12_segment *segment)
{
	struct remit_header *header = &remit->header;
	int r = keep(&remit->header_arena, segment, 1, &header->trace_type);

	if (r == 0)
		r = keep(&remit->header_arena, segment, 2, &header->trace);
	if (r == 0)
		r = keep(&remit->header_arena, segment, 3, &header->originator);
	return r;
}

/* 1000A receiver and 1000B payer; the banks between them (1000C) do not matter to posting. */
static int on_n1(struct remit *remit, const struct x12_segment *segment)
{
	struct remit_header *header = &remit->header;
	struct slice party = slice_trim(x12_element(segment, 1));
	int r = 0;

	if (slice_is(party, "PE")) {
		r = keep(&remit->header_arena, segment, 4, &header->payee_id);
	} else if (slice_is(party, "PR")) {
		r = keep(&remit->header_arena, segment, 2, &header->payer_name);
		if (r == 0)
			r = keep(&remit->header_arena, segment, 3, &header->payer_id_qualifier);
		if (r == 0)
			r = keep(&remit->header_arena, segment, 4, &header->payer_id);
	}
	return r;
}

/* DTM*582****RD8*CCYYMMDD-CCYYMMDD */
static void read_period(const struct x12_segment *segment, date_day *ret_begin, date_day *ret_end)
{
	struct slice period = slice_trim(x12_element(segment, 6));

	if (slice_is(slice_trim(x12_element(segment, 5)), "RD8") && period.len == 17 && period.data[8] == '-') {
		*ret_begin = day_of(slice_of(period.data, 8));
		*ret_end = day_of(slice_of(period.data + 9, 8));
	}
}

static int on_header(struct remit *remit, const struct x12_segment *segment)
{
	if (slice_is(segment->id, "BPR"))
		return on_bpr(remit, segment);
	if (slice_is(segment->id, "TRN"))
		return on_trn(remit, segment);
	if (slice_is(segment->id, "CUR"))
		return keep(&remit->header_arena, segment, 2, &remit->header.currency);
	if (slice_is(segment->id, "REF"))
		return add_ref(&remit->header_arena, &remit->header_refs, segment);
	if (slice_is(segment->id, "N1"))
		return on_n1(remit, segment);
	if (slice_is(segment->id, "DTM") && slice_is(slice_trim(x12_element(segment, 1)), "582"))
		read_period(segment, &remit->header.period_begin, &remit->header.period_end);
	return 0;
}

static int on_ent(struct remit *remit, const struct x12_segment *segment)
{
	struct remittance_line *entity = &remit->entity;
	int r = header_end(remit);

	if (r == 0)
		r = entity_end(remit);
	if (r != 0)
		return r;
	arena_reset(&remit->arena);
	remit->in_entity = true;
	remit->entity_lines = 0;
	remit->name_rank = 0;
	remit->before = (struct list){0};
	buffer_clear(&remit->entity_shown.raw);
	remit->entity_shown.offsets = (struct list){0};
	hash_init(&remit->entity_shown.hash);
	*entity = (struct remittance_line){.segment_pos = segment->where.segment_pos,
					   .offset = segment->where.offset,
					   .line = segment->where.line,
					   .individual = slice_is(slice_trim(x12_element(segment, 2)), "2J")};
	r = keep(&remit->arena, segment, 3, &entity->entity_qualifier);
	return r != 0 ? r : keep(&remit->arena, segment, 4, &entity->entity_id);
}

/* Of several names of an entity the insured's or employee's counts, then the policyholder's, then a dependent's. */
static int name_rank(struct slice kind)
{
	if (slice_is(kind, "EY") || slice_is(kind, "IL"))
		return 3;
	return slice_is(kind, "QE") ? 2 : 1;
}

static int on_nm1(struct remit *remit, const struct x12_segment *segment)
{
	struct remittance_line *entity = &remit->entity;
	int rank = name_rank(slice_trim(x12_element(segment, 1)));
	int r;

	if (rank <= remit->name_rank)
		return 0;
	remit->name_rank = rank;
	entity->last_name = entity->first_name = entity->person_qualifier = entity->person_id = SLICE_EMPTY;
	r = keep(&remit->arena, segment, 3, &entity->last_name);
	if (r == 0)
		r = keep(&remit->arena, segment, 4, &entity->first_name);
	if (r == 0)
		r = keep(&remit->arena, segment, 8, &entity->person_qualifier);
	if (r == 0)
		r = keep(&remit->arena, segment, 9, &entity->person_id);
	return r;
}

static int on_rmr(struct remit *remit, const struct x12_segment *segment)
{
	struct remittance_line *line = &remit->line;
	int r = line_end(remit);

	if (r == 0)
		r = line_begin(remit, &segment->where);
	if (r == 0)
		r = keep(&remit->arena, segment, 1, &line->reference_qualifier);
	if (r == 0)
		r = keep(&remit->arena, segment, 2, &line->reference);
	if (r == 0)
		r = keep(&remit->arena, segment, 3, &line->action);
	line->paid = amount_of(segment, 4);
	line->has_billed = !slice_is_empty(slice_trim(x12_element(segment, 5)));
	line->billed = amount_of(segment, 5);
	return r;
}

static int on_adx(struct remit *remit, const struct x12_segment *segment)
{
	cents amount = amount_of(segment, 1);

	if (remit->in_line) {
		remit->line.adjusted_after = money_add(remit->line.adjusted_after, amount);
		return add_adjustment(&remit->arena, &remit->adjustments, segment, amount);
	}
	remit->adjusted = money_add(remit->adjusted, amount);
	remit->entity.adjusted_before = money_add(remit->entity.adjusted_before, amount);
	return add_adjustment(&remit->arena, &remit->before, segment, amount);
}

/* A head count in persons; pairs and groups are counted by others. */
static void on_sln(struct remit *remit, const struct x12_segment *segment)
{
	uint64_t count;

	if (slice_is(x12_component(segment, 5, 1), "IE") && slice_to_u64(slice_trim(x12_element(segment, 4)), &count) &&
	    count <= UINT32_MAX - remit->line.head_count)
		remit->line.head_count += (uint32_t)count;
}

static int on_line(struct remit *remit, const struct x12_segment *segment)
{
	struct slice qualifier = slice_trim(x12_element(segment, 1));

	if (slice_is(segment->id, "REF"))
		return add_ref(&remit->arena, &remit->line_refs, segment);
	if (slice_is(segment->id, "SLN"))
		on_sln(remit, segment);
	if (slice_is(segment->id, "DTM") && slice_is(qualifier, "582"))
		read_period(segment, &remit->line.period_begin, &remit->line.period_end);
	if (slice_is(segment->id, "DTM") && slice_is(qualifier, "AAG"))
		remit->line.due_on = day_of(x12_element(segment, 2));
	return 0;
}

static int on_entity(struct remit *remit, const struct x12_segment *segment)
{
	if (slice_is(segment->id, "RMR"))
		return on_rmr(remit, segment);
	if (slice_is(segment->id, "ADX"))
		return on_adx(remit, segment);
	if (remit->in_line)
		return on_line(remit, segment);
	return slice_is(segment->id, "NM1") ? on_nm1(remit, segment) : 0;
}

static int remit_segment(void *context, const struct guide *guide, const struct guide_segment *node,
			 const struct x12_segment *segment)
{
	struct remit *remit = context;
	int r = 0;

	(void)guide;
	if (remit->tset == NULL || slice_is(segment->id, "SE"))
		return 0;
	if (node != NULL && slice_is(segment->id, "ENT"))
		r = on_ent(remit, segment);
	else if (node != NULL && remit->in_entity)
		r = on_entity(remit, segment);
	else if (node != NULL && !remit->header_done)
		r = on_header(remit, segment);
	/* What the walker could not place says nothing, but a representative shall see it. */
	if (r == 0 && remit->in_line)
		r = add_shown(&remit->arena, &remit->line_shown, segment);
	else if (r == 0 && remit->in_entity)
		r = add_shown(&remit->arena, &remit->entity_shown, segment);
	return r;
}

static int remit_tset_begin(void *context, const struct x12_tset *tset, const struct guide *guide)
{
	struct remit *remit = context;

	remit->tset = guide != NULL && slice_is(guide->set_id, "820") ? tset : NULL;
	arena_reset(&remit->header_arena);
	arena_reset(&remit->arena);
	remit->header =
		(struct remit_header){.settles_on = DATE_NONE, .period_begin = DATE_NONE, .period_end = DATE_NONE};
	remit->header_refs = (struct list){0};
	remit->header_done = remit->in_entity = remit->in_line = false;
	remit->line_count = 0;
	remit->paid = remit->adjusted = 0;
	return 0;
}

static int remit_tset_end(void *context, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct remit *remit = context;
	int r;

	(void)verdict;
	if (remit->tset == NULL)
		return 0;
	r = header_end(remit);
	if (r == 0)
		r = entity_end(remit);
	if (r == 0 && remit->sink.end != NULL)
		r = remit->sink.end(remit->sink.context, tset, &remit->header, remit->line_count, remit->paid,
				    remit->adjusted);
	remit->tset = NULL;
	return r < 0 ? r : 0;
}

int remit_new(struct env *env, const struct remit_sink *sink, struct remit **ret_remit)
{
	struct remit *remit = env_alloc(env, sizeof(*remit));

	if (remit == NULL)
		return -ENOMEM;
	remit->env = env;
	remit->sink = *sink;
	remit->handler = (struct check_handler){
		.context = remit, .tset_begin = remit_tset_begin, .tset_end = remit_tset_end, .segment = remit_segment};
	arena_init(&remit->header_arena, env, 4096, 0);
	arena_init(&remit->arena, env, 0, 0);
	buffer_init(&remit->entity_shown.raw, env);
	buffer_init(&remit->line_shown.raw, env);
	*ret_remit = remit;
	return 0;
}

void remit_free(struct remit *remit)
{
	if (remit == NULL)
		return;
	arena_fini(&remit->header_arena);
	arena_fini(&remit->arena);
	buffer_fini(&remit->entity_shown.raw);
	buffer_fini(&remit->line_shown.raw);
	env_free(remit->env, remit);
}

const struct check_handler *remit_handler(struct remit *remit)
{
	return &remit->handler;
}
