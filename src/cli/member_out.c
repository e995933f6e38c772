#include "member_out.h"

#include <stdio.h>

#include "muster/facts.h"
#include "muster/text.h"

static void out_date(struct json *json, const char *key, date_day day)
{
	char text[DATE_TEXT_BYTES];

	json_text_or_null(json, key, slice_from(date_format_iso(day, text)));
}

static void out_spans(struct json *json, const struct member *member, date_day on)
{
	uint32_t i;

	json_array_begin(json, "coverages");
	for (i = 0; i < member->span_count; i++) {
		const struct coverage_span *span = &member->spans[i];

		if (span->voided || (on != DATE_NONE && !span_covers(span, on)))
			continue;
		json_object_begin(json, NULL);
		json_text(json, "group_id", span->group_id);
		json_text(json, "plan_id", span->plan_id);
		json_text(json, "insurance_line", span->insurance_line);
		json_text_or_null(json, "tier", span->tier);
		out_date(json, "begins_on", span->begins_on);
		out_date(json, "ends_on", span->ends_on);
		json_bool(json, "cobra", span->cobra);
		json_object_end(json);
	}
	json_array_end(json);
}

/* What is restricted is shown to nobody, addresses of people with restricted access only where it was asked for. */
static bool fact_is_out(const struct member *member, enum fact fact, bool unmasked)
{
	return fact_shown(fact) == FACT_OPEN ||
	       (fact_shown(fact) == FACT_ADDRESS && (unmasked || !member->confidential));
}

static void out_facts_json(struct json *json, const struct member *member, bool unmasked)
{
	struct slice values[FACT_COUNT];
	int fact;

	facts_read(member->facts, values);
	json_object_begin(json, "facts");
	for (fact = 0; fact < FACT_COUNT; fact++)
		if (!slice_is_empty(values[fact]) && fact_is_out(member, (enum fact)fact, unmasked))
			json_text(json, fact_name((enum fact)fact), values[fact]);
	json_object_end(json);
}

void member_out_json_open(struct json *json, const char *key, const struct member *member, date_day on, bool unmasked)
{
	char ssn[TEXT_SSN_BYTES];

	json_object_begin(json, key);
	json_text(json, "member_id", member->member_id);
	json_text(json, "subscriber_id", member->subscriber_id);
	json_text(json, "relationship", member->relationship);
	json_text(json, "last_name", member->last_name);
	json_text(json, "first_name", member->first_name);
	json_text_or_null(json, "middle_name", member->middle_name);
	json_text_or_null(json, "suffix", member->suffix);
	out_date(json, "birth_on", member->birth_on);
	json_text_or_null(json, "sex", slice_of(&member->sex, member->sex != 0 ? 1 : 0));
	json_text_or_null(json, "ssn", unmasked ? member->ssn : slice_from(text_mask_ssn(member->ssn, ssn)));
	json_text_or_null(json, "address1", member->address1);
	json_text_or_null(json, "address2", member->address2);
	json_text_or_null(json, "city", member->city);
	json_text_or_null(json, "state", member->state);
	json_text_or_null(json, "zip", member->zip);
	json_text_or_null(json, "phone", member->phone);
	json_text_or_null(json, "email", member->email);
	out_spans(json, member, on);
	json_text_or_null(json, "pcp_id", member->pcp_id);
	json_bool(json, "support_order", member->support_order);
	out_facts_json(json, member, unmasked);
	json_text_or_null(json, "sponsor_id", member->sponsor_id);
}

void member_out_json(struct json *json, const char *key, const struct member *member, date_day on, bool unmasked)
{
	member_out_json_open(json, key, member, on, unmasked);
	json_object_end(json);
}

struct slice member_out_visible(struct cli *cli, struct slice text)
{
	struct buffer visible;
	struct slice copy;

	buffer_init(&visible, cli->env);
	text_add_visible(&visible, text);
	copy = arena_dup(&cli->arena, buffer_slice(&visible));
	buffer_fini(&visible);
	return copy;
}

struct slice member_out_family(struct cli *cli, const struct member *member)
{
	struct slice family = cli->options.unmasked ? member->subscriber_id
						    : text_masked(&cli->arena, member->subscriber_id);

	return family.data != NULL ? family : SLICE_LITERAL("***");
}

static struct slice out_span_words(struct cli *cli, const struct coverage_span *span)
{
	char begins[DATE_TEXT_BYTES], ends[DATE_TEXT_BYTES];

	return arena_printf(&cli->arena, "%.*s %.*s %.*s%s%.*s  %s to %s%s%s", (int)span->group_id.len,
			    span->group_id.data, (int)span->plan_id.len, span->plan_id.data,
			    (int)span->insurance_line.len, span->insurance_line.data, span->tier.len > 0 ? " " : "",
			    (int)span->tier.len, span->tier.data, date_format_iso(span->begins_on, begins),
			    span->ends_on == DATE_NONE ? "open" : date_format_iso(span->ends_on, ends),
			    span->cobra ? " (COBRA)" : "", span->voided ? " (void: never effective)" : "");
}

struct slice member_out_coverage(struct cli *cli, const struct member *member)
{
	uint32_t i;

	for (i = member->span_count; i > 0; i--)
		if (!member->spans[i - 1].voided)
			return out_span_words(cli, &member->spans[i - 1]);
	return SLICE_LITERAL("none");
}

static void out_line(struct cli *cli, const char *title, struct slice text)
{
	if (slice_is_empty(text))
		return;
	buffer_printf(&cli->out, "  %-14s", title);
	text_add_visible(&cli->out, text);
	buffer_add_char(&cli->out, '\n');
}

void member_out_heading(struct cli *cli, const struct member *member)
{
	buffer_printf(&cli->out, "%.*s  ", (int)member->member_id.len, member->member_id.data);
	text_add_visible(&cli->out, member->last_name);
	buffer_add_text(&cli->out, ", ");
	text_add_visible(&cli->out, member->first_name);
	buffer_add_char(&cli->out, '\n');
}

int member_out_text(struct cli *cli, const struct member *member, date_day on)
{
	char birth[DATE_TEXT_BYTES], ssn[TEXT_SSN_BYTES];
	struct slice facts[FACT_COUNT];
	uint32_t i, shown = 0;

	member_out_heading(cli, member);
	out_line(cli, "middle name", member->middle_name);
	out_line(cli, "suffix", member->suffix);
	out_line(cli, "subscriber", member_out_family(cli, member));
	out_line(cli, "relationship", slice_is(member->relationship, "18") ? SLICE_LITERAL("18 (self: the subscriber)")
								  : member->relationship);
	out_line(cli, "born", slice_from(date_format_iso(member->birth_on, birth)));
	out_line(cli, "sex", slice_of(&member->sex, member->sex != 0 ? 1 : 0));
	out_line(cli, "SSN", cli->options.unmasked ? member->ssn : slice_from(text_mask_ssn(member->ssn, ssn)));
	out_line(cli, "died", slice_from(date_format_iso(member->died_on, birth)));
	if (member->confidential)
		out_line(cli, "confidential", SLICE_LITERAL("yes: access to this record is restricted"));
	out_line(cli, "address", member->address1);
	out_line(cli, "", member->address2);
	out_line(cli, "city",
		 arena_printf(&cli->arena, "%.*s %.*s %.*s", (int)member->city.len, member->city.data,
			      (int)member->state.len, member->state.data, (int)member->zip.len, member->zip.data));
	out_line(cli, "phone", member->phone);
	out_line(cli, "e-mail", member->email);
	out_line(cli, "employee id", member->employee_id);
	out_line(cli, "Medicare id", member->medicare_id);
	out_line(cli, "PCP", member->pcp_id);
	if (member->support_order)
		out_line(cli, "support order", SLICE_LITERAL("yes: the employee cannot remove this child"));
	facts_read(member->facts, facts);
	for (i = 0; i < FACT_COUNT; i++)
		if (fact_is_out(member, (enum fact)i, cli->options.unmasked))
			out_line(cli, fact_name((enum fact)i), facts[i]);
	for (i = 0; i < member->span_count; i++) {
		if (on != DATE_NONE && !span_covers(&member->spans[i], on))
			continue;
		out_line(cli, "coverage", out_span_words(cli, &member->spans[i]));
		shown++;
	}
	if (shown == 0)
		out_line(cli, "coverage",
			 on != DATE_NONE ? arena_printf(&cli->arena, "none on %s", date_format_iso(on, birth))
					 : SLICE_LITERAL("none"));
	return cli->out.error;
}
