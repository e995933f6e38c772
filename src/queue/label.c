/*
 * label: a decision on who is meant, as something to learn from.
 *
 * The evidence is what the representative was shown, not what today's members would give. Of it fields, levels and bits
 * are kept, no values: a label says how two people compare, not who they are.
 */
#include "item.h"

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

static int copy_candidates(struct arena *arena, const struct store_exception *item, struct store_label *label)
{
	struct store_candidate *rows = arena_alloc_array(arena, item->candidate_count + 1, sizeof(*rows));
	uint32_t i;
	int r = rows != NULL ? 0 : -ENOMEM;

	for (i = 0; r == 0 && i < item->candidate_count; i++) {
		rows[i] = item->candidates[i];
		r = strip_evidence(arena, item->candidates[i].evidence, &rows[i].evidence);
	}
	label->candidates = rows;
	label->candidate_count = item->candidate_count;
	return r;
}

/* Whom the decision names; 0 where it names nobody. */
static int find_named(struct store *store, struct arena *arena, struct slice id, uint64_t *ret_member_no)
{
	const struct member *member;
	int r = store_member_get(store, id, arena, &member);

	if (r == 0)
		*ret_member_no = member != NULL ? member->member_no : 0;
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
		r = find_named(store, arena, id, &label.member_no);
	if (r == 0)
		r = copy_candidates(arena, item, &label);
	if (r == 0)
		r = store_label_add(store, &label);
	if (r == 0)
		r = rule_out(store, item, &label);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}
