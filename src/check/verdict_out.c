/* Findings and verdicts as lines of JSON, or to whoever wants them with their place. */
#include "muster/verdict_out.h"

#include <errno.h>

#include "muster/arena.h"
#include "muster/json.h"
#include "muster/text.h"

/* Control numbers as sent; the longest legal one has nine characters. */
#define NUMBER_BYTES 24u

struct waiting {
	char fgroup[NUMBER_BYTES], tset[NUMBER_BYTES];
	struct slice guide; /* static: the guide outlives the walk */
	bool in_rejected_fgroup;
	uint32_t fgroup_ordinal;
	struct check_verdict verdict;
	struct waiting *next;
};

struct verdict_out {
	struct env *env;
	struct verdict_out_options options;
	struct check_handler handler;
	struct verdict_out_totals totals;
	struct buffer out;
	struct arena arena; /* of the verdicts that wait */
	struct waiting *first, *last;
	uint32_t waiting_count;
	char interchange[NUMBER_BYTES], fgroup[NUMBER_BYTES], tset[NUMBER_BYTES];
	uint32_t interchange_ordinal, fgroup_ordinal, tset_ordinal;
	struct slice guide;
};

/* The row's words, then what was expected and what to do. */
static void add_message(struct buffer *out, const struct finding *finding)
{
	buffer_add_text(out, finding_row(finding->code)->text);
	if (finding->message.len == 0)
		return;
	buffer_add_text(out, ": ");
	text_add_masked(out, finding->message);
}

static void add_value(struct buffer *out, const struct finding *finding, bool unmasked)
{
	char masked[TEXT_SSN_BYTES];
	if (unmasked || check_is_control_number(finding->segment_id, finding->where.element_pos))
		buffer_add_slice(out, finding->value);
	else if (finding->sensitive)
		buffer_add_text(out, text_mask_ssn(finding->value, masked));
	else
		text_add_masked(out, finding->value);
}

static void add_position(struct json *json, const struct finding *finding)
{
	const struct x12_where *where = &finding->where;
	json_u64(json, "member", where->member_pos);
	json_u64(json, "segment_pos", where->segment_pos);
	json_text(json, "segment", slice_from(finding->segment_id));
	json_text(json, "loop", finding->loop);
	json_u64(json, "element", where->element_pos);
	json_u64(json, "component", where->component_pos);
	json_u64(json, "repetition", where->repetition_pos);
	json_u64(json, "offset", where->offset);
	json_u64(json, "line", where->line);
}

static void add_place(struct json *json, const char *schema, const struct verdict_out_place *place)
{
	json_text(json, "schema", slice_from(schema));
	json_u64(json, "v", 1);
	json_text(json, "file", slice_from(place->file));
	json_text(json, "interchange", place->interchange);
	json_text(json, "group", place->fgroup);
	json_text(json, "set", place->tset);
}

void verdict_out_add_finding_json(struct buffer *out, const struct verdict_out_place *place,
				  const struct finding *finding, bool unmasked)
{
	const struct finding_row *row = finding_row(finding->code);
	struct buffer text;
	struct json json;

	buffer_init(&text, out->env);
	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	add_place(&json, "muster.finding", place);
	add_position(&json, finding);
	json_u64(&json, "snip", row->snip);
	json_text(&json, "severity", slice_from(finding_severity_name(finding->severity)));
	json_text(&json, "code", slice_from(row->code));
	json_object_begin(&json, "ack");
	json_text(&json, "ak", slice_from(finding_ack_segment(row->scope)));
	json_text(&json, "code", slice_from(row->ack_code));
	json_object_end(&json);
	add_value(&text, finding, unmasked);
	json_text(&json, "value", buffer_slice(&text));
	buffer_clear(&text);
	add_message(&text, finding);
	json_text(&json, "message", buffer_slice(&text));
	json_text(&json, "guide", place->guide);
	json_object_end(&json);
	buffer_add_char(out, '\n');
	if (text.error != 0)
		out->error = text.error;
	buffer_fini(&text);
}

void verdict_out_add_verdict_json(struct buffer *out, const struct verdict_out_place *place,
				  const struct check_verdict *verdict)
{
	struct json json;
	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	add_place(&json, "muster.verdict", place);
	json_text(&json, "verdict", slice_from(check_decision_name(verdict->decision)));
	json_u64(&json, "segments", verdict->segments);
	json_u64(&json, "members", verdict->members);
	json_u64(&json, "errors", verdict->errors);
	json_u64(&json, "warnings", verdict->warnings);
	json_object_end(&json);
	buffer_add_char(out, '\n');
}

static int flush(struct verdict_out *self)
{
	int r = self->out.error;
	if (r == 0 && self->out.len > 0 && self->options.write != NULL)
		r = self->options.write(self->options.context, buffer_slice(&self->out));
	buffer_clear(&self->out);
	return r;
}

static void count_verdict(struct verdict_out *self, enum check_decision decision)
{
	self->totals.sets++;
	self->totals.accepted += decision == CHECK_ACCEPTED;
	self->totals.accepted_with_errors += decision == CHECK_ACCEPTED_WITH_ERRORS;
	self->totals.rejected += decision == CHECK_REJECTED;
}

/* Write the verdicts that wait; `rejected`: the interchange takes them down. */
static int release(struct verdict_out *self, bool rejected)
{
	int r = 0;
	for (struct waiting *w = self->first; w != NULL && r == 0; w = w->next) {
		struct verdict_out_place place = {self->options.file, slice_from(self->interchange),
						  slice_from(w->fgroup), slice_from(w->tset), w->guide};
		if (rejected || w->in_rejected_fgroup)
			w->verdict.decision = CHECK_REJECTED;
		count_verdict(self, w->verdict.decision);
		if (self->options.verdict != NULL) {
			r = self->options.verdict(self->options.context, &place, &w->verdict);
		} else {
			verdict_out_add_verdict_json(&self->out, &place, &w->verdict);
			r = flush(self);
		}
	}
	self->first = self->last = NULL;
	self->waiting_count = 0;
	arena_reset(&self->arena);
	return r;
}

static int on_interchange_begin(void *context, const struct x12_interchange *interchange)
{
	struct verdict_out *self = context;
	slice_to_cstr(interchange->control_number, self->interchange, sizeof(self->interchange));
	self->interchange_ordinal = interchange->ordinal;
	return 0;
}

static int on_interchange_end(void *context, const struct x12_interchange *interchange)
{
	return release(context, interchange->rejected);
}

static int on_fgroup_begin(void *context, const struct x12_fgroup *fgroup)
{
	struct verdict_out *self = context;
	slice_to_cstr(fgroup->control_number, self->fgroup, sizeof(self->fgroup));
	self->fgroup_ordinal = fgroup->ordinal;
	return 0;
}

static int on_fgroup_end(void *context, const struct x12_fgroup *fgroup)
{
	struct verdict_out *self = context;
	for (struct waiting *w = self->first; w != NULL && fgroup->rejected; w = w->next)
		w->in_rejected_fgroup |= w->fgroup_ordinal == fgroup->ordinal;
	return 0;
}

static int on_tset_begin(void *context, const struct x12_tset *tset, const struct guide *guide)
{
	struct verdict_out *self = context;
	slice_to_cstr(tset->control_number, self->tset, sizeof(self->tset));
	self->tset_ordinal = tset->ordinal;
	self->guide = guide != NULL ? guide->id : SLICE_EMPTY;
	return 0;
}

static int on_tset_end(void *context, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct verdict_out *self = context;
	struct waiting *w;
	int r = 0;

	(void)tset;
	if (self->waiting_count == VERDICT_OUT_WAITING)
		r = release(self, false);
	w = arena_alloc(&self->arena, sizeof(*w));
	if (r < 0 || w == NULL)
		return r < 0 ? r : -ENOMEM;
	memcpy(w->fgroup, self->fgroup, sizeof(w->fgroup));
	memcpy(w->tset, self->tset, sizeof(w->tset));
	w->guide = self->guide;
	w->fgroup_ordinal = self->fgroup_ordinal;
	w->verdict = *verdict;
	if (self->last != NULL)
		self->last->next = w;
	else
		self->first = w;
	self->last = w;
	self->waiting_count++;
	return 0;
}

/* The envelopes that the finding lies in, as far as they have begun. */
static struct verdict_out_place place_of(const struct verdict_out *self, const struct x12_where *where)
{
	struct verdict_out_place place = {.file = self->options.file};
	if (where->interchange != 0 && where->interchange == self->interchange_ordinal)
		place.interchange = slice_from(self->interchange);
	if (where->fgroup != 0 && where->fgroup == self->fgroup_ordinal)
		place.fgroup = slice_from(self->fgroup);
	if (where->tset != 0 && where->tset == self->tset_ordinal) {
		place.tset = slice_from(self->tset);
		place.guide = self->guide;
	}
	return place;
}

static int on_finding(void *context, const struct finding *finding)
{
	struct verdict_out *self = context;
	struct verdict_out_place place = place_of(self, &finding->where);

	self->totals.errors += finding->severity == FINDING_ERROR;
	self->totals.warnings += finding->severity == FINDING_WARNING;
	self->totals.infos += finding->severity == FINDING_INFO;
	if (finding->severity < self->options.least)
		return 0;
	if (self->options.finding != NULL)
		return self->options.finding(self->options.context, &place, finding);
	verdict_out_add_finding_json(&self->out, &place, finding, self->options.unmasked);
	return flush(self);
}

int verdict_out_new(struct env *env, const struct verdict_out_options *options, struct verdict_out **ret_verdict_out)
{
	struct verdict_out *self = env_alloc(env, sizeof(*self));
	if (self == NULL)
		return -ENOMEM;
	self->env = env;
	self->options = *options;
	self->handler = (struct check_handler){.context = self,
					       .interchange_begin = on_interchange_begin,
					       .interchange_end = on_interchange_end,
					       .fgroup_begin = on_fgroup_begin,
					       .fgroup_end = on_fgroup_end,
					       .tset_begin = on_tset_begin,
					       .tset_end = on_tset_end,
					       .finding = on_finding};
	buffer_init(&self->out, env);
	arena_init(&self->arena, env, 0, 0);
	*ret_verdict_out = self;
	return 0;
}

void verdict_out_free(struct verdict_out *self)
{
	if (self == NULL)
		return;
	buffer_fini(&self->out);
	arena_fini(&self->arena);
	env_free(self->env, self);
}

const struct check_handler *verdict_out_handler(struct verdict_out *self)
{
	return &self->handler;
}

const struct verdict_out_totals *verdict_out_totals(const struct verdict_out *self)
{
	return &self->totals;
}
