/*
 * Remittances into the database: one row for the payment, one for each line, and for each line either a change row
 * (posted, pending until settlement: BUSINESS B21) or an item in the queue (suspended: B22).
 */
#include "incoming.h"
#include "muster/apply.h"
#include "muster/log.h"
#include "origin.h"

int apply_remittance(const struct apply_origin *origin, const struct remit_header *header, bool duplicate)
{
	struct store_remittance remittance = {
		.tset_no = origin->tset_no,
		.payer_qualifier = header->payer_id_qualifier,
		.payer_id = header->payer_id,
		.payer_name = header->payer_name,
		.payee_id = header->payee_id,
		.trace = header->trace,
		.method = header->method,
		.handling = header->handling,
		.credit_debit = header->credit_debit,
		.total = header->total,
		.settles_on = header->settles_on,
		.period_begin = header->period_begin,
		.period_end = header->period_end,
		.duplicate = duplicate,
	};
	int r = store_remittance_add(origin->store, &remittance);

	/* A resumed set has its row already. */
	return r == STORE_E_EXISTS ? 0 : r;
}

static int payment_change(const struct apply_origin *origin, const struct remittance_line *line,
                          const struct decide_payment *payment, struct hash_content_state *payload)
{
	struct store_change change = {
		.tset_no = origin->tset_no,
		.member_pos = line->line_pos,
		.action = slice_from(decide_action_name(DECIDE_POST)),
		.group_id = payment->group_id,
		.begins_on = line->period_begin,
		.ends_on = line->period_end,
		.confidence_e6 = payment->confidence >= 1 ? 1000000u : (uint32_t)(payment->confidence * 1e6 + 0.5),
		.match_rule = slice_from(payment->match_rule),
		.change = payment->change,
		.before = SLICE_LITERAL("{}"),
		.after = SLICE_LITERAL("{}"),
		.segment_pos = line->segment_pos,
		.offset = line->offset,
		.operator_id = origin->operator_id,
		.at_ms = origin->at_ms,
	};
	int r = 0;

	if (payment->member != NULL) {
		change.member_no = payment->member->member_no;
		change.member_id = payment->member->member_id;
		change.subscriber_id = payment->member->subscriber_id;
	}
	origin_hash_change(payload, &change);
	/* Posted before, and taken back: those rows stand. */
	if (origin->again)
		r = store_change_next_index(origin->store, origin->tset_no, line->line_pos, &change.op_index);
	return r == 0 ? store_change_add(origin->store, &change) : r;
}

static int payment_item(struct arena *arena, const struct apply_origin *origin, const struct remit_header *header,
                        const struct remittance_line *line, const struct decide_payment *payment)
{
	struct buffer incoming;
	struct store_exception item = {
		.member_pos = line->line_pos,
		.category = payment->category,
		.confidence_e6 = (uint32_t)(payment->confidence * 1e6 + 0.5),
		.reason = payment->reason,
		.group_id = payment->group_id,
		.raw = line->raw,
		.segment_pos = line->segment_pos,
		.offset = line->offset,
		.content_hash = line->content_hash,
	};
	int r;

	buffer_init(&incoming, origin->env);
	incoming_add_line(&incoming, header, line);
	r = incoming.error;
	item.incoming = buffer_slice(&incoming);
	if (r == 0)
		r = origin_put_item(arena, origin, &item, payment->candidates, payment->candidate_count);
	buffer_fini(&incoming);
	return r;
}

static void payment_row(struct store_remittance_line *row, const struct apply_origin *origin,
                        const struct remit_header *header, const struct remittance_line *line,
                        const struct decide_payment *payment, date_day today)
{
	*row = (struct store_remittance_line){
		.tset_no = origin->tset_no,
		.line_pos = line->line_pos,
		.group_id = payment->group_id,
		.member_no = payment->member != NULL ? payment->member->member_no : 0,
		.reference_qualifier = line->reference_qualifier,
		.reference = line->reference,
		.entity_id = line->entity_id,
		.amount = line->paid + line->adjusted_before,
		.paid = line->paid,
		.adjusted = line->adjusted_before,
		.has_billed = line->has_billed,
		.billed = line->billed,
		.period_begin = line->period_begin != DATE_NONE ? line->period_begin : header->period_begin,
		.period_end = line->period_end != DATE_NONE ? line->period_end : header->period_end,
		.pending_until = DATE_NONE,
		.rule = slice_from(payment->match_rule),
		.reason = payment->reason,
		.segment_pos = line->segment_pos,
		.offset = line->offset,
	};
	if (!payment->posted) {
		row->status = STORE_PAYMENT_SUSPENDED;
	} else if (header->settles_on != DATE_NONE && header->settles_on > today) {
		row->status = STORE_PAYMENT_PENDING;
		row->pending_until = header->settles_on;
	} else {
		row->status = STORE_PAYMENT_POSTED;
	}
}

int apply_remittance_line(struct arena *arena, const struct apply_origin *origin, const struct remit_header *header,
                          const struct remittance_line *line, const struct decide_payment *payment, date_day today,
                          struct store_tally *tally, struct hash_content_state *payload)
{
	struct store_remittance_line row;
	int r;

	payment_row(&row, origin, header, line, payment, today);
	r = origin_put_ledger(origin, line->line_pos, payment->posted ? STORE_RECORD_APPLIED : STORE_RECORD_EXCEPTION,
			      &line->content_hash);
	if (r == 0)
		r = origin->again ? store_remittance_line_update(origin->store, &row)
				  : store_remittance_line_add(origin->store, &row);
	if (r == 0 && payment->posted)
		r = payment_change(origin, line, payment, payload);
	else if (r == 0)
		r = payment_item(arena, origin, header, line, payment);
	if (r > 0)
		return log_failure(MUSTER_ERROR_INTERNAL,
				   "file %llu set %u line %u: the database refuses the payment (%d)",
				   (unsigned long long)origin->file_no, origin->tset_ordinal, line->line_pos, r);
	if (payment->posted) {
		tally->members_applied++;
		tally->money_posted += row.amount;
	} else {
		tally->members_exception++;
		tally->money_suspended += row.amount;
	}
	return r;
}
