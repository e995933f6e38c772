/* Totals of a set against what it holds. */
#include "balance.h"

#include <stdio.h>
#include <string.h>

#include "state.h"
#include "value.h"

/* Of the element dictionary: 380 quantity, 782 monetary amount. */
#define REF_QUANTITY 380u
#define REF_AMOUNT 782u

void balance_begin(struct check *check)
{
	check->balance = (struct balance){0};
}

/* What no single segment is wrong by is of the set; where the sender has to look is said all the same. */
static void place_at(struct finding *finding, uint16_t element_pos, uint16_t element_ref)
{
	finding->where.element_pos = element_pos;
	finding->where.repetition_pos = 1;
	finding->element_ref = element_ref;
}

static void keep_quote(struct balance_quote *quote, struct slice segment)
{
	quote->len = segment.len <= sizeof(quote->bytes) ? (uint32_t)segment.len : 0;
	memcpy(quote->bytes, segment.data, quote->len);
}

static int report_total(struct check *check, const struct balance_count *count, const char *what, uint64_t seen)
{
	struct finding finding;
	if (!count->stated || count->value == seen)
		return 0;
	finding = report_make(check, FINDING_TSET_TOTALS, &count->where, "QTY",
			      "QTY says %llu %s, %llu are there; send the whole list or the right total",
			      (unsigned long long)count->value, what, (unsigned long long)seen);
	finding.where.member_pos = 0;
	place_at(&finding, 2, REF_QUANTITY);
	finding.segment = slice_of(count->quote.bytes, count->quote.len);
	return report_deliver(check, &finding);
}

/* QTY is R by type, but heads are whole: "12.0" are twelve, "12.5" and "-1" cannot be right. */
static bool read_heads(struct slice value, uint64_t *ret_heads)
{
	size_t point = slice_find(value, '.', 0);
	for (size_t i = point + 1; i < value.len; i++)
		if (value.data[i] != '0')
			return false;
	return slice_to_u64(slice_of(value.data, point), ret_heads);
}

static int report_no_heads(struct check *check, const struct x12_segment *segment)
{
	struct slice value = x12_element(segment, 2);
	struct finding finding = report_make(check, FINDING_TSET_TOTALS, &segment->where, "QTY",
					     "QTY02 says %.*s, which is no number of people; send how many there are",
					     (int)value.len, value.data);
	place_at(&finding, 2, REF_QUANTITY);
	return report_deliver(check, &finding);
}

int balance_qty(struct check *check, const struct x12_segment *segment)
{
	struct balance *balance = &check->balance;
	struct slice what = value_trim_end(x12_element(segment, 1));
	struct slice heads = value_trim_end(x12_element(segment, 2));
	struct balance_count count = {.where = segment->where};

	/* Of what is no number element_check has complained. */
	if (heads.len == 0 || (check->told & 2) != 0)
		return 0;
	count.stated = read_heads(heads, &count.value);
	if (!count.stated)
		return report_no_heads(check, segment);
	keep_quote(&count.quote, segment->raw);
	if (slice_is(what, "TO"))
		balance->total = count;
	else if (slice_is(what, "ET"))
		balance->subscribers = count;
	else if (slice_is(what, "DT"))
		balance->dependents = count;
	return 0;
}

void balance_ins(struct balance *balance, bool is_subscriber, bool is_dependent)
{
	balance->subscribers_seen += is_subscriber;
	balance->dependents_seen += is_dependent;
}

/* Of an amount of too many digits element_check has complained. */
static cents read_amount(struct balance *balance, struct slice value)
{
	cents amount = 0;
	if (!money_parse_r(value_trim_end(value), &amount) || value_digits(value) > VALUE_AMOUNT_DIGITS_MAX)
		balance->unsound = true;
	return amount;
}

/*
 * Where lines are missing, not known or too many, a difference says nothing new: the set goes back for that anyway,
 * and is added up when it comes again.
 */
static bool is_disturbed(const struct check *check)
{
	return check->balance.unsound || check->tally.segment_errors > 0;
}

/* Sums of the sender's amounts: what no longer fits is not sound, and cannot be posted either. */
static void add(struct balance *balance, cents *sum, cents amount)
{
	if (__builtin_add_overflow(*sum, amount, sum))
		balance->unsound = true;
}

void balance_bpr(struct check *check, const struct x12_segment *segment)
{
	struct balance *balance = &check->balance;
	balance->payment = read_amount(balance, x12_element(segment, 2));
	balance->bpr = segment->where;
	keep_quote(&balance->bpr_quote, segment->raw);
	balance->stated = true;
}

void balance_rmr(struct check *check, const struct x12_segment *segment)
{
	struct balance *balance = &check->balance;
	balance->line_open = true;
	balance->line = segment->where;
	keep_quote(&balance->line_quote, segment->raw);
	balance->line_paid = read_amount(balance, x12_element(segment, 4));
	balance->line_billed = x12_element(segment, 5).len > 0;
	balance->line_due = balance->line_billed ? read_amount(balance, x12_element(segment, 5)) : 0;
	add(balance, &balance->paid, balance->line_paid);
}

void balance_adx(struct check *check, const struct x12_segment *segment, bool before)
{
	struct balance *balance = &check->balance;
	cents amount = read_amount(balance, x12_element(segment, 1));
	add(balance, before ? &balance->adjusted_before : &balance->adjusted_after, amount);
	if (!before)
		add(balance, &balance->line_due, amount);
}

bool balance_line_is_quiet(const struct check *check)
{
	const struct balance *balance = &check->balance;
	return !balance->line_open || !balance->line_billed || is_disturbed(check) ||
	       balance->line_paid == balance->line_due;
}

int balance_line_end(struct check *check)
{
	struct balance *balance = &check->balance;
	char paid[MONEY_TEXT_BYTES], due[MONEY_TEXT_BYTES];
	struct finding finding;
	bool quiet = balance_line_is_quiet(check);
	cents difference;

	balance->line_open = false;
	if (quiet)
		return 0;
	if (__builtin_sub_overflow(balance->line_paid, balance->line_due, &difference))
		difference = 0;
	add(balance, &balance->line_differences, difference);
	balance->line_reported = true;
	finding = report_make(
		check, FINDING_TSET_OUT_OF_BALANCE, &balance->line, "RMR",
		"RMR04 pays %s, but RMR05 and the ADX behind it come to %s; explain the difference with ADX",
		money_format(balance->line_paid, paid), money_format(balance->line_due, due));
	place_at(&finding, 4, REF_AMOUNT);
	finding.segment = slice_of(balance->line_quote.bytes, balance->line_quote.len);
	finding.loop = walk_loop_id(check);
	return report_deliver(check, &finding);
}

/* What the lines come to under a rule. */
static bool sum_of(const struct balance *balance, enum check_balance rule, cents *ret_sum)
{
	*ret_sum = balance->paid;
	if (rule == CHECK_BALANCE_RMR_ONLY)
		return true;
	if (__builtin_add_overflow(*ret_sum, balance->adjusted_before, ret_sum))
		return false;
	return rule == CHECK_BALANCE_STANDARD || !__builtin_add_overflow(*ret_sum, balance->adjusted_after, ret_sum);
}

static const char *rule_name(enum check_balance rule)
{
	switch (rule) {
	case CHECK_BALANCE_STANDARD:
		return "RMR04 and the ADX of 2200";
	case CHECK_BALANCE_RMR_ONLY:
		return "RMR04 alone";
	case CHECK_BALANCE_ALL_ADX:
		return "RMR04 and all ADX";
	}
	return "";
}

static int report_payment(struct check *check, cents sum)
{
	const struct balance *balance = &check->balance;
	char payment[MONEY_TEXT_BYTES], lines[MONEY_TEXT_BYTES], hint[80] = "";
	struct finding finding;

	for (int rule = CHECK_BALANCE_STANDARD; rule <= CHECK_BALANCE_ALL_ADX; rule++) {
		cents other;
		if (sum_of(balance, (enum check_balance)rule, &other) && other == balance->payment)
			snprintf(hint, sizeof(hint), "; %s would balance", rule_name((enum check_balance)rule));
	}
	finding = report_make(check, FINDING_TSET_OUT_OF_BALANCE, &balance->bpr, "BPR",
			      "BPR02 pays %s, but %s come to %s%s; send a remittance that balances",
			      money_format(balance->payment, payment), rule_name(check->options.balance),
			      money_format(sum, lines), hint);
	finding.where.member_pos = 0;
	place_at(&finding, 2, REF_AMOUNT);
	finding.segment = slice_of(balance->bpr_quote.bytes, balance->bpr_quote.len);
	return report_deliver(check, &finding);
}

static int end_remittance(struct check *check)
{
	const struct balance *balance = &check->balance;
	cents sum, difference;

	if (!balance->stated || is_disturbed(check) || !sum_of(balance, check->options.balance, &sum) ||
	    sum == balance->payment)
		return 0;
	/* A slip in one RMR04 is one fault: it has been reported at its line. */
	if (balance->line_reported && !__builtin_sub_overflow(sum, balance->payment, &difference) &&
	    difference == balance->line_differences)
		return 0;
	return report_payment(check, sum);
}

int balance_end(struct check *check)
{
	const struct balance *balance = &check->balance;
	int r;
	if (slice_is(check->guide->set_id, "820"))
		return end_remittance(check);
	r = report_total(check, &balance->total, "members", check->members);
	if (r == 0 && !balance->unclear)
		r = report_total(check, &balance->subscribers, "subscribers", balance->subscribers_seen);
	if (r == 0 && !balance->unclear)
		r = report_total(check, &balance->dependents, "dependents", balance->dependents_seen);
	return r;
}
