/*
 * label: a decision on who is meant, as something to learn from.
 *
 * The evidence is what the representative was shown, not what today's members would give. Of it fields, levels and bits
 * are kept, no values: a label says how two people compare, not who they are. Who is named without having been shown is
 * compared here, before the decision changes him; he was not weighed, so his levels stand without bits.
 */
#include "item.h"

#include "muster/match.h"

/* [{"field":"ssn","key":"one_edit","bits":1.400,"against":"housemate"},..] */
static int strip_evidence(struct arena *arena, struct slice evidence, struct slice *ret_stripped)
{
	static const char *const kept[] = {"field", "key", "bits", "against"};
	struct slice object, value;
	struct buffer text;
	struct json json;
	size_t at = 0, i;

	buffer_init(&text, arena->env);
	json_init(&json, &text, false);
	json_array_begin(&json, NULL);
	while (json_next(evidence, &at, &object)) {
		json_object_begin(&json, NULL);
		for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			if (json_find(object, kept[i], &value))
				json_raw(&json, kept[i], value);
		json_object_end(&json);
	}
	json_array_end(&json);
	*ret_stripped = text.error == 0 ? arena_dup(arena, buffer_slice(&text)) : SLICE_EMPTY;
	buffer_fini(&text);
	return ret_stripped->data != NULL ? 0 : -ENOMEM;
}

static int copy_candidates(struct arena *arena, const struct store_exception *item, struct store_candidate *rows)
{
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && i < item->candidate_count; i++) {
		rows[i] = item->candidates[i];
		r = strip_evidence(arena, item->candidates[i].evidence, &rows[i].evidence);
	}
	return r;
}

/* The record as the item keeps it. */
static struct member sent_of(const struct item_view *view)
{
	struct member sent = {
		.member_id = view->sent[INCOMING_member_id_sent],
		.subscriber_id = view->sent[INCOMING_subscriber_id],
		.relationship = view->sent[INCOMING_relationship],
		.last_name = view->sent[INCOMING_last_name],
		.first_name = view->sent[INCOMING_first_name],
		.middle_name = view->sent[INCOMING_middle_name],
		.suffix = view->sent[INCOMING_suffix],
		.ssn = view->has_ssn ? view->sent[INCOMING_ssn] : SLICE_EMPTY,
		.birth_on = DATE_NONE,
		.sex = view->sent[INCOMING_sex].len > 0 ? view->sent[INCOMING_sex].data[0] : '\0',
		.address1 = view->sent[INCOMING_address1],
		.city = view->sent[INCOMING_city],
		.state = view->sent[INCOMING_state],
		.zip = view->sent[INCOMING_zip],
		.phone = view->sent[INCOMING_phone],
		.email = view->sent[INCOMING_email],
	};

	if (!date_parse_iso(view->sent[INCOMING_birth_on], &sent.birth_on))
		sent.birth_on = DATE_NONE;
	return sent;
}

/* His family's subscriber has an SSN, which may stand on a dependent's record. */
static int find_subscriber_ssn(struct store *store, struct arena *arena, struct family_key key, struct slice *ret_ssn)
{
	const struct member **members;
	uint32_t count;
	int r = 0;

	*ret_ssn = SLICE_EMPTY;
	if (key.subscriber_id.len == 0)
		return 0;
	r = store_household(store, key, arena, &members, &count);
	if (r == 0 && count > 0 && slice_is(members[0]->relationship, "18"))
		*ret_ssn = members[0]->ssn;
	return r;
}

static void write_bits(struct json *json, const struct match_evidence *evidence)
{
	char bits[MATCH_BITS_BYTES];

	json_raw(json, "bits", slice_from(match_bits_format(evidence->millibits, bits)));
	json_text(json, "against", slice_from(evidence->against_housemate ? "housemate" : "stranger"));
}

/* [{"field":"ssn","key":"one_edit"},..]; who was weighed beside others has bits too. */
static int write_levels(struct arena *arena, const struct match_candidate *candidate, bool weighed,
			struct slice *ret_levels)
{
	struct buffer text;
	struct json json;
	uint32_t i;

	buffer_init(&text, arena->env);
	json_init(&json, &text, false);
	json_array_begin(&json, NULL);
	for (i = 0; i < candidate->evidence_count; i++) {
		if (candidate->evidence[i].key[0] == '\0')
			continue;
		json_object_begin(&json, NULL);
		json_text(&json, "field", slice_from(candidate->evidence[i].field));
		json_text(&json, "key", slice_from(candidate->evidence[i].key));
		if (weighed)
			write_bits(&json, &candidate->evidence[i]);
		json_object_end(&json);
	}
	json_array_end(&json);
	*ret_levels = text.error == 0 ? arena_dup(arena, buffer_slice(&text)) : SLICE_EMPTY;
	buffer_fini(&text);
	return ret_levels->data != NULL ? 0 : -ENOMEM;
}

/* Behind those who were shown: the one who is meant and was not among them. */
static int add_named(struct store *store, struct arena *arena, const struct store_exception *item,
		     const struct member *member, struct store_candidate *ret_row)
{
	struct match_query query = {.intent = MATCH_CHANGE, .group_id = item->group_id};
	struct match_candidate compared;
	struct item_view view;
	struct member sent;
	int r = item_view_init(&view, arena, item);

	if (r != 0)
		return r;
	sent = sent_of(&view);
	query.sent = &sent;
	query.is_subscriber = slice_is(sent.relationship, "18");
	query.subscriber_id_is_ssn = sent.ssn.len > 0 && slice_equal(sent.ssn, sent.subscriber_id);
	if (!query.is_subscriber)
		r = find_subscriber_ssn(store, arena, family_key_of(member), &query.subscriber_ssn);
	if (r == 0)
		r = match_person_pair(arena, &query, member, &compared);
	*ret_row = (struct store_candidate){.member_no = member->member_no};
	return r == 0 ? write_levels(arena, &compared, false, &ret_row->evidence) : r;
}

static bool is_shown(const struct store_exception *item, uint64_t member_no)
{
	uint32_t i;

	for (i = 0; i < item->candidate_count; i++)
		if (item->candidates[i].member_no == member_no)
			return true;
	return false;
}

/* What was shown, and whom the decision names besides. `member` NULL: nobody on file. */
static int take_evidence(struct store *store, struct arena *arena, const struct store_exception *item,
			 const struct member *member, struct store_label *label)
{
	struct store_candidate *rows = arena_alloc_array(arena, item->candidate_count + 1, sizeof(*rows));
	uint32_t count = item->candidate_count;
	int r = rows != NULL ? copy_candidates(arena, item, rows) : -ENOMEM;

	if (r == 0 && label->verdict == STORE_LABEL_SAME && member != NULL && !is_shown(item, member->member_no))
		r = add_named(store, arena, item, member, &rows[count++]);
	label->candidates = rows;
	label->candidate_count = count;
	return r;
}

/* Who was shown and is not meant; or the one who is named as not meant. */
static int rule_out(struct store *store, const struct store_exception *item, const struct store_label *label)
{
	static const struct hash no_identity;
	uint32_t i;
	int r = 0;

	if (memcmp(&item->identity, &no_identity, sizeof(no_identity)) == 0)
		return 0;
	if (label->verdict == STORE_LABEL_NOT_SAME)
		return store_not_same_put(store, &item->identity, label->member_no, item->exception_no,
					  item->operator_id);
	if (label->verdict == STORE_LABEL_SAME)
		r = store_not_same_remove(store, &item->identity, label->member_no);
	for (i = 0; r == 0 && i < item->candidate_count; i++)
		if (item->candidates[i].member_no != 0 && item->candidates[i].member_no != label->member_no)
			r = store_not_same_put(store, &item->identity, item->candidates[i].member_no,
					       item->exception_no, item->operator_id);
	return r;
}

int item_label(struct store *store, struct arena *arena, const struct store_exception *item)
{
	struct slice decision = item->decision, id = SLICE_EMPTY;
	struct store_label label = {.exception_no = item->exception_no,
				    .version = item->version,
				    .operator_id = item->operator_id};
	const struct member *member = NULL;
	bool money = false;
	int r;

	if (slice_starts_with(decision, "match:")) {
		label.verdict = STORE_LABEL_SAME;
		id = slice_of(decision.data + 6, decision.len - 6);
	} else if (slice_starts_with(decision, "not:")) {
		label.verdict = STORE_LABEL_NOT_SAME;
		id = slice_of(decision.data + 4, decision.len - 4);
	} else if (slice_is(decision, "new")) {
		label.verdict = STORE_LABEL_NEW;
	} else {
		return 0;
	}
	r = item_is_money(store, arena, item, &money);
	if (r != 0 || money)
		return r;
	if (id.len > 0)
		r = store_member_get(store, id, arena, &member);
	label.member_no = member != NULL ? member->member_no : 0;
	if (r == 0)
		r = take_evidence(store, arena, item, member, &label);
	if (r == 0)
		r = store_label_add(store, &label);
	if (r == 0)
		r = rule_out(store, item, &label);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

/* ---- the sample of automatic decisions ---- */

int queue_sampled_candidates(struct arena *arena, const struct match_result *result,
			     const struct store_candidate **ret_rows, uint32_t *ret_count)
{
	struct store_candidate *rows = arena_alloc_array(arena, (size_t)result->candidate_count + 1, sizeof(*rows));
	uint32_t i, count = 0;
	int r = rows != NULL ? 0 : -ENOMEM;

	for (i = 0; i < result->candidate_count && r == 0; i++) {
		const struct match_candidate *candidate = &result->candidates[i];

		/* A person whom the family under way has only just brought is nobody on file. */
		if (candidate->member->member_no == 0)
			continue;
		rows[count] = (struct store_candidate){
			.member_no = candidate->member->member_no,
			.member_id = arena_dup(arena, candidate->member->member_id),
			.score_e6 = (uint32_t)(candidate->probability * 1e6 + 0.5),
		};
		r = rows[count].member_id.data != NULL
			    ? write_levels(arena, candidate, true, &rows[count].evidence)
			    : -ENOMEM;
		count++;
	}
	*ret_rows = rows;
	*ret_count = count;
	return r;
}

/* The verdict's words as a label's; false where they name nobody who was compared. */
static bool read_verdict(const struct queue_sampled *sampled, struct store_label *label)
{
	struct slice decision = slice_trim(sampled->decision), id = SLICE_EMPTY;
	uint32_t i;

	label->verdict = STORE_LABEL_NEW;
	if (slice_is(decision, "new"))
		return true;
	if (slice_starts_with(decision, "match:")) {
		label->verdict = STORE_LABEL_SAME;
		id = slice_trim(slice_of(decision.data + 6, decision.len - 6));
	} else if (slice_starts_with(decision, "not:")) {
		label->verdict = STORE_LABEL_NOT_SAME;
		id = slice_trim(slice_of(decision.data + 4, decision.len - 4));
	}
	for (i = 0; i < sampled->candidate_count; i++)
		if (slice_equal_nocase(sampled->candidates[i].member_id, id))
			label->member_no = sampled->candidates[i].member_no;
	return label->member_no != 0;
}

/* Who is not meant never comes back for this person; who is, may. */
static int rule_out_sampled(struct store *store, const struct store_label *label)
{
	uint32_t i;
	int r = 0;

	if (label->verdict == STORE_LABEL_SAME)
		return store_not_same_remove(store, &label->identity, label->member_no);
	for (i = 0; i < label->candidate_count && r == 0; i++)
		if (label->verdict == STORE_LABEL_NEW || label->candidates[i].member_no == label->member_no)
			r = store_not_same_put(store, &label->identity, label->candidates[i].member_no, 0,
					       label->operator_id);
	return r;
}

static int keep_sampled(struct store *store, const struct queue_sampled *sampled, struct store_label *label)
{
	struct store_audit audit = {.actor = sampled->operator_id,
				    .kind = SLICE_LITERAL("sample"),
				    .subject = sampled->record_id,
				    .text = slice_trim(sampled->decision)};
	int r = store_begin(store, STORE_WRITE);

	if (r == 0)
		r = store_label_add_sampled(store, label);
	if (r == 0)
		r = rule_out_sampled(store, label);
	if (r == 0)
		r = store_audit_append(store, &audit);
	if (r == 0)
		r = store_commit(store);
	if (r != 0)
		store_rollback(store);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

int queue_label_sampled(struct store *store, const struct queue_sampled *sampled, struct buffer *reterr_text)
{
	struct store_label label = {.file_no = sampled->file_no,
				    .item_id = sampled->record_id,
				    .model = sampled->model,
				    .identity = *sampled->identity,
				    .operator_id = sampled->operator_id,
				    .candidates = sampled->candidates,
				    .candidate_count = sampled->candidate_count};

	if (read_verdict(sampled, &label))
		return keep_sampled(store, sampled, &label);
	buffer_printf(
		reterr_text,
		"%.*s: a verdict is match:<member_id> or not:<member_id>, of somebody who was compared with the record, or new",
		(int)sampled->record_id.len, sampled->record_id.data);
	return QUEUE_E_DECISION;
}
