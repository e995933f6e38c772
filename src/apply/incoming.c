#include "incoming.h"

#include <stdio.h>

#include "muster/json.h"

static void incoming_text(struct json *json, const char *key, struct slice value)
{
	if (!slice_is_empty(value))
		json_text(json, key, value);
}

static void incoming_date(struct json *json, const char *key, date_day day)
{
	char text[DATE_TEXT_BYTES];

	if (day != DATE_NONE)
		json_text(json, key, slice_from(date_format_iso(day, text)));
}

static void incoming_money(struct json *json, const char *key, cents amount)
{
	char text[MONEY_TEXT_BYTES];

	json_text(json, key, slice_from(money_format(amount, text)));
}

/* Where each segment of the raw text stands in the file. */
static void incoming_offsets(struct json *json, const uint64_t *offsets, uint32_t count)
{
	uint32_t i;

	json_array_begin(json, "offsets");
	for (i = 0; i < count; i++)
		json_u64(json, NULL, offsets[i]);
	json_array_end(json);
}

static void incoming_coverage(struct json *json, const struct member_record *record)
{
	const struct enroll_coverage *coverage = record->coverages;

	if (record->coverage_count == 0) {
		incoming_date(json, "begins_on", enroll_date_value(record, "356"));
		incoming_date(json, "ends_on", enroll_date_value(record, "357"));
		return;
	}
	incoming_text(json, "coverage_maintenance", coverage->maintenance);
	incoming_text(json, "insurance_line", coverage->insurance_line);
	incoming_text(json, "plan_sent", coverage->plan);
	incoming_text(json, "tier", coverage->tier);
	incoming_date(json, "begins_on", coverage->begins_on);
	incoming_date(json, "ends_on", coverage->ends_on);
}

void incoming_add_member(struct buffer *out, const struct enroll_header *header, const struct member_record *record)
{
	const struct enroll_person *person = &record->person;
	struct slice member_id = enroll_ref_value(record->refs, record->ref_count, "23");
	struct json json;

	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	incoming_text(&json, "maintenance", record->maintenance);
	incoming_text(&json, "maintenance_reason", record->reason);
	incoming_text(&json, "relationship", record->relationship);
	incoming_text(&json, "subscriber_id", record->subscriber_id);
	incoming_text(&json, "member_id_sent", slice_is_empty(member_id) ? person->other_id : member_id);
	incoming_text(&json, "group_sent", enroll_group(header, record));
	incoming_coverage(&json, record);
	incoming_text(&json, "last_name", person->last_name);
	incoming_text(&json, "first_name", person->first_name);
	incoming_text(&json, "middle_name", person->middle_name);
	incoming_text(&json, "suffix", person->suffix);
	incoming_text(&json, "ssn", person->ssn);
	incoming_date(&json, "birth_on", person->birth_on);
	incoming_text(&json, "sex", slice_of(&person->sex, person->sex != 0 ? 1 : 0));
	incoming_text(&json, "address1", record->address1);
	incoming_text(&json, "address2", record->address2);
	incoming_text(&json, "city", record->city);
	incoming_text(&json, "state", record->state);
	incoming_text(&json, "zip", record->zip);
	incoming_text(&json, "phone", record->phone);
	incoming_text(&json, "email", record->email);
	incoming_offsets(&json, record->raw_offsets, record->raw_count);
	json_object_end(&json);
}

/* ENT and NM1 both bear an id of the person, and either may be his SSN. */
static void incoming_person_ids(struct json *json, const struct remittance_line *line)
{
	bool entity_is_ssn = slice_is(line->entity_qualifier, "34");
	bool person_is_ssn = slice_is(line->person_qualifier, "34");

	if (entity_is_ssn || person_is_ssn)
		incoming_text(json, "ssn", entity_is_ssn ? line->entity_id : line->person_id);
	if (!person_is_ssn && !slice_is_empty(line->person_id))
		incoming_text(json, "member_id_sent", line->person_id);
	else if (!entity_is_ssn)
		incoming_text(json, "member_id_sent", line->entity_id);
}

void incoming_add_line(struct buffer *out, const struct remit_header *header, const struct remittance_line *line)
{
	struct json json;

	json_init(&json, out, false);
	json_object_begin(&json, NULL);
	incoming_text(&json, "last_name", line->last_name);
	incoming_text(&json, "first_name", line->first_name);
	incoming_person_ids(&json, line);
	incoming_text(&json, "reference_qualifier", line->reference_qualifier);
	incoming_text(&json, "reference", line->reference);
	incoming_text(&json, "payer_id", header->payer_id);
	incoming_text(&json, "trace", header->trace);
	incoming_money(&json, "amount", line->paid + line->adjusted_before);
	if (line->has_billed)
		incoming_money(&json, "billed", line->billed);
	incoming_date(&json, "period_begin", line->period_begin);
	incoming_date(&json, "period_end", line->period_end);
	incoming_offsets(&json, line->raw_offsets, line->raw_count);
	json_object_end(&json);
}

void incoming_add_evidence(struct buffer *out, const struct match_candidate *candidate)
{
	struct json json;
	uint32_t i;

	json_init(&json, out, false);
	json_array_begin(&json, NULL);
	for (i = 0; i < candidate->evidence_count; i++) {
		const struct match_evidence *evidence = &candidate->evidence[i];
		char bits[MATCH_BITS_BYTES];

		json_object_begin(&json, NULL);
		json_text(&json, "field", slice_from(evidence->field));
		json_text(&json, "level", slice_from(evidence->level));
		json_text(&json, "key", slice_from(evidence->key));
		json_text(&json, "sent", evidence->sent);
		json_text(&json, "known", evidence->known);
		json_raw(&json, "bits", slice_from(match_bits_format(evidence->millibits, bits)));
		json_text(&json, "against", slice_from(evidence->against_housemate ? "housemate" : "stranger"));
		json_object_end(&json);
	}
	json_array_end(&json);
}
