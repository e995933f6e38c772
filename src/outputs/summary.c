/*
 * summary: the numbers of a file, for systems.
 */
#include <stdio.h>

#include "muster/json.h"
#include "work.h"

struct summary {
	struct work *work;
	struct json json;
	uint64_t errors, warnings, record_warnings;
};

static void json_cents(struct json *json, const char *key, cents amount)
{
	char text[MONEY_TEXT_BYTES];

	json_text(json, key, slice_from(money_format(amount, text)));
}

/* Of confidences that are kept with six decimals: a match more certain than that counts as right. */
static void json_expected_wrong(struct json *json, uint64_t wrong_e6)
{
	char text[40];

	snprintf(text, sizeof(text), "%llu.%06u", (unsigned long long)(wrong_e6 / 1000000),
		 (unsigned)(wrong_e6 % 1000000));
	json_text(json, "expected_wrong", slice_from(text));
}

static void json_clock(struct json *json, const char *key, int64_t clock_ms)
{
	char text[CLOCK_TEXT_BYTES];

	json_text(json, key, slice_from(clock_format_rfc3339(clock_ms, text)));
}

void outputs_json_members(struct json *json, const char *name, const struct store_tally *tally)
{
	json_object_begin(json, name);
	json_u64(json, "read", tally->members_read);
	json_u64(json, "applied", tally->members_applied);
	json_u64(json, "no_change", tally->members_no_change);
	json_u64(json, "exception", tally->members_exception);
	json_u64(json, "rejected", tally->members_rejected);
	json_u64(json, "duplicate", tally->members_duplicate);
	json_u64(json, "held", tally->members_held);
	json_object_end(json);
}

void outputs_json_money(struct json *json, const struct store_tally *tally)
{
	json_object_begin(json, "money");
	json_cents(json, "read", tally->money_read);
	json_cents(json, "posted", tally->money_posted);
	json_cents(json, "suspended", tally->money_suspended);
	json_cents(json, "rejected", tally->money_rejected);
	json_cents(json, "duplicate", tally->money_duplicate);
	json_cents(json, "held", tally->money_held);
	json_object_end(json);
}

static int add_category(void *context, struct slice name, uint64_t count)
{
	struct summary *summary = context;
	char key[64];

	json_u64(&summary->json, slice_to_cstr(name, key, sizeof(key)), count);
	return 0;
}

static int add_set(void *context, const struct store_tset *tset)
{
	struct summary *summary = context;
	struct json *json = &summary->json;

	summary->errors += tset->errors;
	summary->warnings += tset->warnings;
	json_object_begin(json, NULL);
	json_text(json, "interchange", tset->interchange_control);
	json_text(json, "group", tset->fgroup_control);
	json_text(json, "set", tset->control_number);
	json_text(json, "guide", tset->guide_id);
	json_text(json, "verdict", tset->verdict);
	json_text(json, "outcome", slice_from(store_tset_outcome_name(tset->outcome)));
	json_text_or_null(json, "reason", tset->reason);
	json_u64(json, "segments", tset->segments);
	json_u64(json, "members", tset->members);
	json_u64(json, "errors", tset->errors);
	json_u64(json, "warnings", tset->warnings);
	json_object_end(json);
	return work_flush_some(summary->work);
}

static void receipt(struct json *json, const char *key, const struct store_file *file)
{
	json_object_begin(json, key);
	json_text(json, "file_id", file->file_id);
	json_text(json, "file", file->name);
	json_clock(json, "received_at", file->received_ms);
	json_object_end(json);
}

/* What was written before the summary, for whoever checks a delivery (promise P31). */
static void manifest(struct json *json, const struct work *work)
{
	char hash[HASH_TEXT_BYTES];
	int kind;

	json_array_begin(json, "outputs");
	for (kind = 0; kind < OUTPUTS_SUMMARY_JSON; kind++) {
		if (!work->wanted[kind])
			continue;
		json_object_begin(json, NULL);
		json_text(json, "output", slice_from(outputs_suffix((enum outputs_kind)kind) + 1));
		json_text(json, "sha256", slice_from(hash_format(&work->written.files[kind].sha256, hash)));
		json_u64(json, "bytes", work->written.files[kind].bytes);
		if (kind != OUTPUTS_REPORT_HTML)
			json_u64(json, "rows", work->written.files[kind].rows);
		json_object_end(json);
	}
	json_array_end(json);
}

static void about_file(struct json *json, const struct store_file *file, const struct store_file *duplicate_of)
{
	char hash[HASH_TEXT_BYTES], day[DATE_TEXT_BYTES];

	json_text(json, "file_id", file->file_id);
	json_text_or_null(json, "partner", file->partner);
	json_text(json, "kind", slice_from(store_file_kind_name(file->kind)));
	json_u64(json, "bytes", file->bytes);
	json_text(json, "sha256", slice_from(hash_format(&file->sha256, hash)));
	json_clock(json, "received_at", file->received_ms);
	json_text_or_null(json, "as_of", slice_from(date_format_iso(file->as_of, day)));
	if (duplicate_of != NULL)
		receipt(json, "duplicate_of", duplicate_of);
}

/* So many stand in the summary and on the page: who sends one in every record needs no list of them. */
static int add_warning(void *context, const struct store_warning *warning)
{
	struct summary *summary = context;
	struct json *json = &summary->json;

	if (warning->later || ++summary->record_warnings > RECORD_WARNINGS_MAX)
		return 0;
	json_object_begin(json, NULL);
	json_text(json, "set", warning->tset_control);
	json_u64(json, "member_pos", warning->member_pos);
	json_text(json, "text", warning->text);
	json_object_end(json);
	return work_flush_some(summary->work);
}

/* By which model, what it came to, and how that departs from the partner's last files. */
static void matching(struct json *json, const struct work *work)
{
	uint32_t i;

	json_object_begin(json, "matching");
	json_text_or_null(json, "model", work->file->model);
	json_u64(json, "matched", work->matched_records);
	json_u64(json, "new", work->added_records);
	json_u64(json, "review", work->exceptions.records);
	json_array_begin(json, "drift");
	for (i = 0; i < work->drift_count; i++)
		json_text(json, NULL, work->drifts[i]);
	json_array_end(json);
	json_object_end(json);
}

/* What of the automatic decisions a person should look over. */
static void audit_sample(struct json *json, const struct work *work)
{
	char share[QUEUE_SHARE_BYTES], id[STORE_ITEM_ID_BYTES];
	uint64_t i;

	json_object_begin(json, "audit_sample");
	json_array_begin(json, "first");
	for (i = 0; i < work->sampled_count && i < SAMPLED_MAX; i++) {
		const struct sampled *sampled = &work->sampled[i];

		json_object_begin(json, NULL);
		json_text(json, "record",
			  slice_from(store_item_id_format(work->file->file_no, sampled->tset_ordinal,
							  sampled->member_pos, id)));
		json_text(json, "set", sampled->tset_control);
		json_u64(json, "member_pos", sampled->member_pos);
		json_text(json, "member_id", sampled->member_id);
		json_text(json, "match_rule", sampled->match_rule);
		json_raw(json, "confidence", slice_from(queue_share_format(sampled->confidence_e6, share)));
		json_object_end(json);
	}
	json_array_end(json);
	json_u64(json, "count", work->sampled_count);
	json_object_end(json);
}

int write_summary(struct work *work)
{
	struct summary summary = {.work = work};
	struct json *json = &summary.json;
	const struct store_file *file = work->file;
	int i, r;

	json_init(json, &work->text, true);
	json_object_begin(json, NULL);
	json_text(json, "schema", SLICE_LITERAL("muster.summary"));
	json_u64(json, "v", 1);
	json_text(json, "file", file->name);
	json_text(json, "state", slice_from(store_file_outcome_name(file->outcome)));
	json_text_or_null(json, "reason", file->reason);
	outputs_json_members(json, "members", &file->tally);
	if (file->kind != STORE_KIND_834)
		outputs_json_money(json, &file->tally);
	json_object_begin(json, "actions");
	for (i = 0; i < ACTION_COUNT; i++)
		json_u64(json, action_names[i], work->actions[i]);
	json_object_end(json);
	json_expected_wrong(json, work->expected_wrong_e6);
	json_object_begin(json, "categories");
	r = store_exception_counts(work->store, file->file_no, add_category, &summary);
	json_object_end(json);
	about_file(json, file, work->duplicate_of);
	json_array_begin(json, "sets");
	if (r == 0)
		r = store_tsets_each(work->store, file->file_no, add_set, &summary);
	json_array_end(json);
	json_object_begin(json, "findings");
	json_u64(json, "errors", summary.errors);
	json_u64(json, "warnings", summary.warnings);
	json_object_end(json);
	json_object_begin(json, "record_warnings");
	json_array_begin(json, "first");
	if (r == 0)
		r = store_warnings_of_file(work->store, file->file_no, add_warning, &summary);
	json_array_end(json);
	json_u64(json, "count", summary.record_warnings);
	json_object_end(json);
	matching(json, work);
	audit_sample(json, work);
	manifest(json, work);
	json_object_end(json);
	buffer_add_char(&work->text, '\n');
	return r;
}
