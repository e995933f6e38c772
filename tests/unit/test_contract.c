/* If this failed: an order interrupted half-way could leave some families of a contract covered and others not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>

#include "muster/contract.h"
#include "muster/env_fault.h"
#include "store_world.h"

#define AT_MS INT64_C(1773100800000) /* 2026-03-10 */

static const char *path;
static struct slice template; /* a contract with families in two regions */
static struct env_fault fault;

/* ---- a contract G1 of Northern California: a family and a single there, two families in the South ---- */

static void put_member(struct store *into, const char *member_id, const char *subscriber_id, const char *relationship,
		       const char *zip)
{
	struct coverage_span spans[2] = {a_span(day(2025, 1, 1), DATE_NONE), a_span(day(2025, 1, 1), DATE_NONE)};
	struct member member = a_member(slice_from(member_id), slice_from(subscriber_id), slice_from(relationship));
	struct store_keys keys = {0};
	struct arena memory;

	spans[1].plan_id = S("D1");
	spans[1].insurance_line = S("DEN");
	member.zip = slice_from(zip);
	member.spans = spans;
	member.span_count = 2;
	arena_init(&memory, &world.env, 0, 0);
	assert_int_equal(store_member_insert(into, &member, &keys, &memory), 0);
	arena_fini(&memory);
}

static int make_template(void **state)
{
	struct store *into;
	char *data;
	size_t bytes;

	if (world_setup(state) != 0)
		return -1;
	path = world_path("contract.db");
	assert_int_equal(store_open(&world.env, path, STORE_CREATE, &into), 0);
	assert_int_equal(store_begin(into, STORE_WRITE), 0);
	put_reference_data(into);
	put_member(into, "N1", "S1", "18", "94601");
	put_member(into, "N2", "S1", "01", "94601");
	put_member(into, "N3", "S2", "18", "94601");
	put_member(into, "A1", "S3", "18", "90001");
	put_member(into, "A2", "S3", "19", "94601");
	put_member(into, "A3", "S4", "18", "90001");
	assert_int_equal(store_commit(into), 0);
	assert_int_equal(store_checkpoint(into, true), 0);
	store_close(into);
	assert_int_equal(io_read_file(&world.env, path, 10000000, &data, &bytes), 0);
	template = slice_of(data, bytes);
	return 0;
}

static int remove_template(void **state)
{
	env_free(&world.env, (char *)(uintptr_t)template.data);
	return world_teardown(state);
}

static void fresh_database(void)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
	char name[512];
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		(void)unlink(name);
	}
	assert_int_equal(io_publish(&world.env, path, template), 0);
}

static struct contract_order an_order(enum store_order_kind kind)
{
	struct contract_order order = {
		.kind = kind, .group_id = S("G1"), .on = DATE_NONE, .at_ms = AT_MS, .operator_id = S("rep1")};

	if (kind == STORE_ORDER_TERMINATE)
		order.on = day(2026, 3, 31);
	if (kind == STORE_ORDER_REINSTATE || kind == STORE_ORDER_SEPARATE)
		order.on = day(2026, 4, 1);
	if (kind == STORE_ORDER_SEPARATE)
		order.region = S("SCAL");
	if (kind == STORE_ORDER_SEPARATE)
		order.other_group_id = S("G7");
	if (kind == STORE_ORDER_LINK)
		order.other_group_id = S("G2");
	return order;
}

static int carry_out(struct env *env, const struct contract_order *order, struct contract_report *ret_report)
{
	struct store *into = NULL;
	struct arena memory;
	int r = store_open(env, path, 0, &into);

	*ret_report = (struct contract_report){0};
	arena_init(&memory, &world.env, 0, 0);
	if (r == 0)
		r = contract_carry_out(env, into, &memory, order, ret_report);
	/* Its texts go with the arena: tests look at the numbers. */
	store_close(into);
	arena_fini(&memory);
	return r;
}

/* All tables as text; and what the schema cannot hold does hold. */
static char *dump(void)
{
	struct store *into;
	struct buffer text;
	char *copy;
	int r;

	buffer_init(&text, &world.env);
	assert_int_equal(store_open(&world.env, path, 0, &into), 0);
	r = store_verify(into, &text);
	if (r != 0)
		print_message("%s\n", text.data);
	assert_int_equal(r, 0);
	assert_int_equal(store_dump(into, STORE_DUMP_NO_TIMES, &text), 0);
	store_close(into);
	copy = strdup(text.data);
	buffer_fini(&text);
	return copy;
}

/* ---- interrupted anywhere: nothing, or all; and again the same order: all, once ---- */

static void check_after(const struct contract_order *order, const char *before, const char *after, uint64_t nth)
{
	struct contract_report report;
	char *now = dump();

	if (strcmp(now, before) != 0 && strcmp(now, after) != 0)
		fail_msg("%s broken at operation %llu: neither before nor after", store_order_kind_name(order->kind),
			 (unsigned long long)nth);
	free(now);
	assert_int_equal(carry_out(&world.env, order, &report), 0);
	now = dump();
	if (strcmp(now, after) != 0)
		fail_msg("%s broken at operation %llu and repeated: not as if undisturbed",
			 store_order_kind_name(order->kind), (unsigned long long)nth);
	free(now);
}

static bool disturb(const struct contract_order *order, uint64_t nth, enum env_fault_kind kind)
{
	struct contract_report report;
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		env_fault_init(&fault, &world.env, 1);
		env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_CHANGES, nth, kind, EIO});
		(void)carry_out(&fault.env, order, &report);
		_exit(fault.fired ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void sweep(const struct contract_order *first, const struct contract_order *order)
{
	static const enum env_fault_kind kinds[] = {ENV_FAULT_KILL, ENV_FAULT_ERROR_STICKY};
	struct contract_report report;
	char *before, *after;
	uint64_t nth;
	size_t i;
	bool hit;

	fresh_database();
	if (first != NULL)
		assert_int_equal(carry_out(&world.env, first, &report), 0);
	before = dump();
	assert_int_equal(carry_out(&world.env, order, &report), 0);
	after = dump();
	assert_string_not_equal(before, after);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (nth = 1, hit = true; hit; nth++) {
			fresh_database();
			if (first != NULL)
				assert_int_equal(carry_out(&world.env, first, &report), 0);
			hit = disturb(order, nth, kinds[i]);
			check_after(order, before, after, nth);
		}
		assert_true(nth > 5);
	}
	free(before);
	free(after);
}

static void test_interrupted_separation(void **state)
{
	struct contract_order order = an_order(STORE_ORDER_SEPARATE);

	(void)state;
	sweep(NULL, &order);
}

static void test_interrupted_reinstatement(void **state)
{
	struct contract_order first = an_order(STORE_ORDER_TERMINATE), order = an_order(STORE_ORDER_REINSTATE);

	(void)state;
	sweep(&first, &order);
}

/* ---- what an order leaves ---- */

/* B18: the coverage and the contract are, to the last value, what they were. */
static void test_reinstated_is_as_never_ended(void **state)
{
	struct contract_order terminate = an_order(STORE_ORDER_TERMINATE), reinstate = an_order(STORE_ORDER_REINSTATE);
	struct contract_report report;
	struct store *into;
	struct arena memory;
	const struct group *group;
	const struct member *member;
	uint32_t i;

	(void)state;
	fresh_database();
	assert_int_equal(carry_out(&world.env, &terminate, &report), 0);
	assert_int_equal(report.members, 6);
	assert_int_equal(report.spans, 12);
	assert_int_equal(carry_out(&world.env, &reinstate, &report), 0);
	assert_int_equal(report.members, 6);
	assert_int_equal(report.kept, 0);
	arena_init(&memory, &world.env, 0, 0);
	assert_int_equal(store_open(&world.env, path, 0, &into), 0);
	assert_int_equal(store_group_get(into, S("G1"), &memory, &group), 0);
	assert_int_equal(group->status, GROUP_ACTIVE);
	assert_int_equal(group->terminates_on, DATE_NONE);
	assert_int_equal(store_member_get(into, S("N2"), &memory, &member), 0);
	assert_int_equal(member->span_count, 2);
	for (i = 0; i < 2; i++) {
		assert_int_equal(member->spans[i].begins_on, day(2025, 1, 1));
		assert_int_equal(member->spans[i].ends_on, DATE_NONE);
	}
	store_close(into);
	arena_fini(&memory);
}

static int find_audit(void *context, const struct store_audit *audit)
{
	uint32_t *found = context;

	*found += slice_is(audit->kind, "order") && slice_is(audit->actor, "rep1");
	return 0;
}

/* Who ordered it stands in the audit trail; a dry run, a refusal and a repetition leave nothing. */
static void test_who_ordered_it(void **state)
{
	struct contract_order order = an_order(STORE_ORDER_SEPARATE), refused = an_order(STORE_ORDER_REINSTATE);
	struct contract_report report;
	struct store *into;
	uint32_t found = 0;
	char *before, *now;

	(void)state;
	fresh_database();
	before = dump();
	order.dry_run = true;
	assert_int_equal(carry_out(&world.env, &order, &report), 0);
	assert_int_equal(report.members, 3);
	assert_int_equal(report.file_no, 0);
	assert_int_equal(carry_out(&world.env, &refused, &report), CONTRACT_E_REFUSED);
	now = dump();
	assert_string_equal(now, before);
	free(now);
	free(before);
	order.dry_run = false;
	assert_int_equal(carry_out(&world.env, &order, &report), 0);
	assert_false(report.repeated);
	assert_int_equal(carry_out(&world.env, &order, &report), 0);
	assert_true(report.repeated);
	assert_int_equal(report.file_no, 1);
	assert_int_equal(store_open(&world.env, path, 0, &into), 0);
	assert_int_equal(store_audit_each(into, 0, find_audit, &found), 0);
	assert_int_equal(found, 1);
	store_close(into);
}

/* B13: the renewal month that comes next, the present one included. */
static void test_reroute_until(void **state)
{
	static const struct {
		int renewal_month, month, wanted_year, wanted_month, wanted_day;
	} cases[] = {{6, 4, 2026, 6, 30}, {4, 4, 2026, 4, 30}, {2, 4, 2027, 2, 28}, {3, 4, 2027, 3, 31}, {0, 4, 2026, 4, 30}};
	struct group group = a_group(S("G1"));
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		group.renewal_month = cases[i].renewal_month;
		assert_int_equal(contract_reroute_until(&group, day(2026, cases[i].month, 15)),
				 day(cases[i].wanted_year, cases[i].wanted_month, cases[i].wanted_day));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reinstated_is_as_never_ended),
		cmocka_unit_test(test_who_ordered_it),
		cmocka_unit_test(test_reroute_until),
		cmocka_unit_test(test_interrupted_separation),
		cmocka_unit_test(test_interrupted_reinstatement),
	};

	return cmocka_run_group_tests(tests, make_template, remove_template);
}
