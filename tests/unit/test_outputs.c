/* If this failed, what a partner or a representative reads of a night would be something else than what was done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "muster/outputs.h"
#include "muster/specs.h"
#include "muster/xml.h"
#include "queue_world.h"

static char *read_back(const char *name)
{
	char *data;
	size_t bytes;

	assert_int_equal(io_read_file(&world.env, world_path(name), 1u << 20, &data, &bytes), 0);
	data = env_realloc(&world.env, data, bytes + 1);
	assert_non_null(data);
	data[bytes] = '\0';
	return data;
}

static struct outputs_drift drift;

static int make(uint64_t file_no, const char *name, const struct finding_list *findings,
		struct outputs_written *written)
{
	struct outputs_request request = {
		.file_no = file_no, .folder = world.folder, .name = name, .findings = findings, .drift = drift};

	return outputs_write(&world.env, store, &request, written);
}

static void has(const char *content, const char *part)
{
	if (strstr(content, part) == NULL)
		fail_msg("'%s' is not in:\n%s", part, content);
}

static void writes_what_was_applied(void **state)
{
	struct outputs_written written;
	char *got;

	(void)state;
	assert_int_equal(make(1, "a.834", NULL, &written), 0);
	got = read_back("a.834.applied.csv");
	assert_string_equal(
		got,
		"file,interchange,group,set,member_pos,action,member_id,subscriber_id,group_id,plan_id,begins_on,ends_"
		"on,"
		"confidence,match_rule,change\r\n"
		"a.834,000000834,77,0001,1,add,M000000018,S1,G1,P1,2026-04-01,,0.999868,member_id+birth_on,new "
		"member\r\n"
		"a.834,000000834,77,0001,1,terminate,M000000026,S1,G1,P1,2026-04-01,,0.999868,member_id+birth_on,'-1 "
		"day\r\n"
		"a.834,000000834,77,0001,3,no_change,M000000018,S1,G1,P1,2026-04-01,,0.999868,member_id+birth_on,\r\n");
	assert_int_equal(written.files[OUTPUTS_APPLIED_CSV].rows, 3);
	assert_int_equal(written.files[OUTPUTS_APPLIED_CSV].bytes, strlen(got));
	assert_int_equal(written.files[OUTPUTS_EXCEPTIONS_CSV].rows, 2);
	env_free(&world.env, got);
}

static void writes_a_summary_of_an_834(void **state)
{
	char *got;

	(void)state;
	assert_int_equal(make(1, "a.834", NULL, NULL), 0);
	got = read_back("a.834.summary.json");
	has(got,
	    "{\n  \"schema\": \"muster.summary\",\n  \"v\": 1,\n  \"file\": \"a.834\",\n  \"state\": \"processed\",\n"
	    "  \"reason\": null,\n  \"members\": {\n    \"read\": 4,\n    \"applied\": 1,\n    \"no_change\": 1,\n"
	    "    \"exception\": 2,\n    \"rejected\": 0,\n    \"duplicate\": 0,\n    \"held\": 0\n  },\n"
	    "  \"actions\": {\n    \"add\": 1,\n    \"change\": 0,\n    \"terminate\": 1,\n    \"reinstate\": 0,\n"
	    "    \"void\": 0,\n    \"transfer\": 0,\n    \"no_change\": 1,\n    \"post\": 0\n  },\n"
	    "  \"expected_wrong\": \"0.000264\",\n"
	    "  \"categories\": {\n    \"LOW_SCORE\": 1,\n    \"NO_MATCH\": 1\n  },\n");
	has(got, "\"received_at\": \"2026-03-02T08:00:00Z\"");
	has(got, "\"as_of\": \"2026-03-02\"");
	has(got, "\"verdict\": \"accepted\"");
	has(got, "\"findings\": {\n    \"errors\": 0,\n    \"warnings\": 1\n  }");
	assert_null(strstr(got, "\"money\""));
	env_free(&world.env, got);
}

static void writes_a_summary_of_an_820(void **state)
{
	char *got;

	(void)state;
	assert_int_equal(make(2, "b.820", NULL, NULL), 0);
	got = read_back("b.820.summary.json");
	has(got,
	    "\"money\": {\n    \"read\": \"950.00\",\n    \"posted\": \"500.00\",\n    \"suspended\": \"450.00\",\n"
	    "    \"rejected\": \"0.00\",\n    \"duplicate\": \"0.00\",\n    \"held\": \"0.00\"\n  },");
	has(got, "\"post\": 1");
	has(got, "\"expected_wrong\": \"0.000000\"");
	has(got, "\"UNKNOWN_PAYER\": 1");
	env_free(&world.env, got);
	got = read_back("b.820.applied.csv");
	has(got, "b.820,000000820,77,0001,1,post,,S1,G1,P1,2026-04-01,,0.999868,member_id+birth_on,settled 2026-03-01: "
		 "500.00 on "
		 "account\r\n");
	env_free(&world.env, got);
}

static void writes_exceptions_that_its_schema_accepts(void **state)
{
	struct xml_schema *schema;
	struct xml_error error = {0};
	char *got;

	(void)state;
	assert_int_equal(make(1, "a.834", NULL, NULL), 0);
	got = read_back("a.834.exceptions.xml");
	assert_int_equal(xml_schema_new(&world.env, specs_find("exceptions.xsd"), &schema, &error), 0);
	assert_int_equal(xml_read(&world.env, slice_from(got), schema, NULL, &error), 0);
	has(got, "F00000001-1-2");
	has(got, "F00000001-1-4");
	assert_null(strstr(got, "F00000002"));
	xml_schema_free(schema);
	env_free(&world.env, got);
}

static void shows_a_report_without_ssns_or_markup(void **state)
{
	struct finding_list list;
	struct finding sensitive = {.code = FINDING_ELEMENT_CODE_INVALID,
				    .severity = FINDING_ERROR,
				    .where = {.tset = 1, .segment_pos = 19, .element_pos = 3, .line = 21},
				    .segment_id = "INS",
				    .value = S("219091111"),
				    .sensitive = true};
	struct finding plain = sensitive;
	char *got;

	(void)state;
	plain.sensitive = false;
	plain.value = S("<b>219092222\x1b");
	plain.message = S("expected one of 1 & 2");
	finding_list_init(&list, &arena, 10);
	assert_int_equal(finding_list_add(&list, &sensitive), 0);
	assert_int_equal(finding_list_add(&list, &plain), 0);
	assert_int_equal(make(1, "a.834", &list, NULL), 0);
	got = read_back("a.834.report.html");
	has(got, "<!doctype html>");
	has(got, "***-**-1111");
	has(got, "&lt;b&gt;***-**-2222\\x1B");
	has(got, "expected one of 1 &amp; 2");
	has(got, "set 1, segment 19, INS03");
	has(got, "=HYPERLINK(&quot;http://x&quot;)");
	has(got, "One candidate, SSN ***-**-0002 differs.");
	has(got, "<td class=c>2026-03-04T08:00:00Z</td>");
	has(got, "a.834.summary.json");
	has(got, "<dt>waiting</dt><dd>2</dd>");
	assert_null(strstr(got, "219091111"));
	assert_null(strstr(got, "219092222"));
	assert_null(strstr(got, "219090002"));
	assert_null(strstr(got, "<script"));
	assert_null(strstr(got, "<b>"));
	env_free(&world.env, got);
}

/* A match that is less certain than the others is what a lead must see first; ten are shown, all are counted. */
static void shows_the_least_certain_first(void **state)
{
	struct store_change change = {.tset_no = 1, .op_index = 1, .action = S("no_change"), .member_id = S("M000000018"),
				      .subscriber_id = S("S1"), .group_id = S("G1"), .plan_id = S("P1"),
				      .begins_on = DATE_NONE, .ends_on = DATE_NONE, .match_rule = S("score"),
				      .before = S("{}"), .after = S("{}"), .at_ms = RECEIVED_MS};
	const struct store_file *stored;
	struct store_file file;
	const char *first, *next;
	char *got;
	uint32_t i;

	(void)state;
	begin();
	for (i = 0; i < 12; i++) {
		change.member_pos = 10 + i;
		change.confidence_e6 = i == 11 ? 999000 : 999950 - i;
		assert_int_equal(store_change_add(store, &change), 0);
	}
	/* Nobody was found: no match that could be wrong. */
	change.member_pos = 30;
	change.match_rule = S("new");
	change.confidence_e6 = 500000;
	assert_int_equal(store_change_add(store, &change), 0);
	assert_int_equal(store_file_get(store, 1, &arena, &stored), 0);
	file = *stored;
	file.tally.members_read += 13;
	file.tally.members_no_change += 13;
	assert_int_equal(store_file_update(store, &file), 0);
	commit();
	assert_int_equal(make(1, "a.834", NULL, NULL), 0);
	got = read_back("a.834.summary.json");
	/* 2 * 132 + 11 * 50 + (0 + 1 + .. + 10) + 1000 */
	has(got, "\"expected_wrong\": \"0.001869\"");
	env_free(&world.env, got);
	got = read_back("a.834.report.html");
	first = strstr(got, "The least certain automatic matches");
	assert_non_null(first);
	next = strstr(first, "</table>");
	first = strstr(first, "<td class=n>0.");
	assert_memory_equal(first, "<td class=n>0.999000", 20);
	for (i = 0; first != NULL && first < next; i++)
		first = strstr(first + 1, "<td class=n>0.");
	assert_int_equal(i, 10);
	env_free(&world.env, got);
}

/* Wrong matches that nobody was asked about would never be heard of: about one in 200 is listed, always the same ones. */
static void lists_a_sample_to_look_over(void **state)
{
	const struct store_tally tally = {.members_read = 8000, .members_no_change = 8000};
	uint64_t tset_no, counted = 0;
	struct store_change change = {.action = S("no_change"), .member_id = S("M000000018"), .begins_on = DATE_NONE,
				      .ends_on = DATE_NONE, .confidence_e6 = 1000000, .before = S("{}"), .after = S("{}")};
	char *once, *again;
	const char *count, *first;

	(void)state;
	begin();
	tset_no = put_file("large.834", STORE_KIND_834, "000000901", "834", "005010X220A1", &tally);
	change.tset_no = tset_no;
	for (change.member_pos = 1; change.member_pos <= 8000; change.member_pos++) {
		change.match_rule = change.member_pos % 4 == 0 ? S("new") : S("member_id+birth_on");
		assert_int_equal(store_change_add(store, &change), 0);
	}
	commit();
	assert_int_equal(make(3, "large.834", NULL, NULL), 0);
	once = read_back("large.834.summary.json");
	count = strstr(strstr(once, "\"audit_sample\""), "\"count\": ");
	assert_true(slice_to_u64(slice_of(count + 9, strcspn(count + 9, "\n")), &counted));
	assert_in_range(counted, 15, 75); /* 40 expected */
	first = strstr(strstr(once, "\"audit_sample\""), "\"record\": \"F00000003-1-");
	assert_non_null(first);
	assert_non_null(strstr(first, "\"match_rule\": \"new\""));
	assert_non_null(strstr(first, "\"match_rule\": \"member_id+birth_on\""));
	assert_int_equal(make(3, "large.834", NULL, NULL), 0);
	again = read_back("large.834.summary.json");
	assert_string_equal(once, again);
	env_free(&world.env, once);
	env_free(&world.env, again);
	again = read_back("large.834.report.html");
	first = strstr(again, "A sample of the automatic decisions, to look over");
	assert_non_null(first);
	assert_true(strstr(first, "<td class=c>member_id+birth_on") < strstr(first, "</table>"));
	env_free(&world.env, again);
}

/* A night of 100 records, so many of them waiting, the others taken for members with this confidence. */
static uint64_t put_night(const char *name, const char *control, uint32_t waiting, uint32_t confidence_e6)
{
	const struct store_tally tally = {
		.members_read = 100, .members_no_change = 100 - waiting, .members_exception = waiting};
	uint64_t tset_no = put_file(name, STORE_KIND_834, control, "834", "005010X220A1", &tally), file_no;
	struct store_change change = {.tset_no = tset_no,
				      .action = S("no_change"),
				      .member_id = S("M000000018"),
				      .match_rule = S("score"),
				      .confidence_e6 = confidence_e6,
				      .begins_on = DATE_NONE,
				      .ends_on = DATE_NONE};
	const struct store_tset *tset;

	assert_int_equal(store_tset_get(store, tset_no, &arena, &tset), 0);
	file_no = tset->file_no;
	for (change.member_pos = 1; change.member_pos <= 100; change.member_pos++) {
		if (change.member_pos > waiting)
			assert_int_equal(store_change_add(store, &change), 0);
		else
			put_item(file_no, tset_no, change.member_pos, CATEGORY_LOW_SCORE, "Who?", "{}", "", NULL, 0);
	}
	return file_no;
}

static void keep_night(uint64_t file_no, uint64_t matched, uint64_t review, uint64_t expected_wrong_e6)
{
	const struct store_matching matching = {.file_no = file_no,
						.partner = S("acme"),
						.matched = matched,
						.review = review,
						.expected_wrong_e6 = expected_wrong_e6};

	begin();
	assert_int_equal(store_matching_put(store, &matching), 0);
	commit();
}

/* The sentences about this file, as the summary has them; and the report must say each. */
static void wants_drift(uint64_t file_no, const char *name, const char *wanted)
{
	struct outputs_written written;
	char *got, *from, *to;

	assert_int_equal(make(file_no, name, NULL, &written), 0);
	assert_int_equal(written.matching.matched + written.matching.review, 100);
	got = read_back("night.834.summary.json");
	from = strstr(got, "\"drift\": [");
	assert_non_null(from);
	to = strchr(from, ']');
	assert_non_null(to);
	to[1] = '\0';
	assert_string_equal(from, wanted);
	env_free(&world.env, got);
	got = read_back("night.834.report.html");
	assert_int_equal(strstr(got, "Not as in the last files") != NULL, strlen(wanted) > strlen("\"drift\": []"));
	env_free(&world.env, got);
}

static void says_what_is_not_as_in_the_last_nights(void **state)
{
	uint64_t usual, sick;

	(void)state;
	begin();
	usual = put_night("usual.834", "000000901", 6, 999999);
	sick = put_night("sick.834", "000000902", 40, 990000);
	commit();
	drift = (struct outputs_drift){.files = 10,
				       .files_min = 2,
				       .records_min = 50,
				       .review_points = 5,
				       .match_points = 10,
				       .wrong_per_10k = 1};
	keep_night(1, 96, 4, 100);
	wants_drift(sick, "night.834", "\"drift\": []"); /* one night is no habit */
	keep_night(2, 97, 3, 100);
	wants_drift(usual, "night.834", "\"drift\": []");
	wants_drift(sick, "night.834",
		    "\"drift\": [\n"
		    "      \"40.0 % of the records wait for a representative; of the partner's last 2 such files it was 3.5 %.\",\n"
		    "      \"60.0 % of the records were taken for members on file; of the partner's last 2 such files it was "
		    "96.5 %.\",\n"
		    "      \"100.000 of 10,000 automatic matches are expected to be wrong; of the partner's last 2 such files it was "
		    "0.010.\"\n    ]");
	drift.review_points = 37; /* as the partner's profile says */
	drift.match_points = 100;
	drift.wrong_per_10k = 100;
	wants_drift(sick, "night.834", "\"drift\": []");
	drift = (struct outputs_drift){0};
	wants_drift(sick, "night.834", "\"drift\": []");
}

/* The style's hash in the page is that of the style in the page: else browsers show it bare. */
static void reports_hash_their_style(void **state)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct hash hash;
	const char *begin, *end, *policy;
	char *got;
	uint32_t bits = 0, have = 0, at = 0;

	(void)state;
	assert_int_equal(make(1, "a.834", NULL, NULL), 0);
	got = read_back("a.834.report.html");
	begin = strstr(got, "<style>") + 7;
	end = strstr(begin, "</style>");
	hash_of(slice_of(begin, (size_t)(end - begin)), &hash);
	policy = strstr(got, "'sha256-") + 8;
	for (; *policy != '=' && *policy != '\''; policy++) {
		bits = bits << 6 | (uint32_t)(strchr(digits, *policy) - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			assert_int_equal(hash.bytes[at++], bits >> have & 0xff);
		}
	}
	assert_int_equal(at, HASH_BYTES);
	env_free(&world.env, got);
}

/* Promise P32: made again after a representative has worked on it, each file is the same to the byte. */
static void makes_them_again_byte_for_byte(void **state)
{
	struct queue_decision decision = {S(ITEM_WAITING), S("match:M000000018"), S("note"), S("rep1"), 0, QUEUE_RELEASE_BY_TWO};
	struct outputs_written first, again;
	struct store_file file;
	const struct store_file *stored;
	struct buffer why;

	(void)state;
	buffer_init(&why, &world.env);
	assert_int_equal(make(1, "a.834", NULL, &first), 0);
	begin();
	assert_int_equal(store_file_get(store, 1, &arena, &stored), 0);
	file = *stored;
	file.stage = STORE_FILE_FILED;
	assert_int_equal(store_file_update(store, &file), 0);
	commit();
	assert_int_equal(queue_resolve(store, &world.env, &decision, &why), 0);
	begin();
	put_change(1, 2, 0, "change", "M000000018", "rep1", "carried out later");
	commit();
	now_ms += 99 * CLOCK_DAY_MS;
	assert_int_equal(make(1, "a.834", NULL, &again), 0);
	assert_memory_equal(&first, &again, sizeof(first));
	buffer_fini(&why);
}

/* The law: a member or a cent that is counted nowhere stops the file before its summary appears. */
static void refuses_numbers_that_do_not_add_up(void **state)
{
	const struct store_file *stored;
	struct store_file file;

	(void)state;
	begin();
	assert_int_equal(store_file_get(store, 1, &arena, &stored), 0);
	file = *stored;
	file.tally.members_read++;
	assert_int_equal(store_file_update(store, &file), 0);
	commit();
	assert_int_equal(make(1, "a.834", NULL, NULL), MUSTER_ERROR_INTERNAL);
	assert_false(env_exists(&world.env, world_path("a.834.summary.json")));
	begin();
	file.tally.members_applied++; /* balanced, but no row says so */
	assert_int_equal(store_file_update(store, &file), 0);
	assert_int_equal(store_file_get(store, 2, &arena, &stored), 0);
	file = *stored;
	file.tally.money_posted += 1;
	file.tally.money_suspended -= 1;
	assert_int_equal(store_file_update(store, &file), 0);
	commit();
	assert_int_equal(make(1, "a.834", NULL, NULL), MUSTER_ERROR_INTERNAL);
	assert_int_equal(make(2, "b.820", NULL, NULL), MUSTER_ERROR_INTERNAL);
	assert_int_equal(make(99, "c", NULL, NULL), MUSTER_ERROR_INTERNAL);
}

static void names_the_first_receipt_of_a_duplicate(void **state)
{
	struct store_file file = {.name = S("again.834"),
				  .kind = STORE_KIND_834,
				  .received_ms = RECEIVED_MS + CLOCK_DAY_MS,
				  .as_of = DATE_NONE,
				  .tally = {.members_read = 4, .members_duplicate = 4}};
	char *got;

	(void)state;
	begin();
	assert_int_equal(store_file_add(store, &file), 0);
	file.stage = STORE_FILE_VALIDATED;
	assert_int_equal(store_file_update(store, &file), 0);
	file.stage = STORE_FILE_APPLIED;
	file.outcome = STORE_FILE_DUPLICATE;
	file.duplicate_of = 1;
	file.reason = S("The same bytes came in before.");
	assert_int_equal(store_file_update(store, &file), 0);
	commit();
	assert_int_equal(make(file.file_no, "again.834", NULL, NULL), 0);
	got = read_back("again.834.summary.json");
	has(got, "\"state\": \"duplicate\",\n  \"reason\": \"The same bytes came in before.\"");
	has(got, "\"duplicate_of\": {\n    \"file_id\": \"F00000001\",\n    \"file\": \"a.834\",\n"
		 "    \"received_at\": \"2026-03-02T08:00:00Z\"\n  }");
	env_free(&world.env, got);
	got = read_back("again.834.exceptions.csv");
	assert_non_null(strstr(got, "item,file,"));
	assert_int_equal(strstr(got, "\r\n")[2], '\0');
	env_free(&world.env, got);
}

static uint32_t gate_left;
static enum env_op gate_op;

static int failing_gate(struct env *env, enum env_op op, const char *what)
{
	(void)env;
	(void)what;
	return op == gate_op && gate_left-- == 0 ? -ENOSPC : 0;
}

/* A full disk at any write, sync or rename: the error comes back, no file stands there in part. */
static void leaves_no_part_of_a_file(void **state)
{
	static const enum env_op ops[] = {ENV_WRITE, ENV_SYNC, ENV_RENAME, ENV_ALLOC};
	struct outputs_written whole, got;
	uint32_t op, n, failures = 0;
	int kind, r;

	(void)state;
	assert_int_equal(make(1, "whole", NULL, &whole), 0);
	for (op = 0; op < sizeof(ops) / sizeof(ops[0]); op++) {
		for (n = 0, r = -1; r != 0 && n < 5000; n++) {
			for (kind = 0; kind < OUTPUTS_KIND_COUNT; kind++) {
				char path[512];

				snprintf(path, sizeof(path), "%s/part%s", world.folder,
					 outputs_suffix((enum outputs_kind)kind));
				assert_int_equal(env_unlink(&world.env, path), 0);
			}
			gate_op = ops[op];
			gate_left = n;
			world.env.gate = failing_gate;
			r = make(1, "part", NULL, &got);
			world.env.gate = NULL;
			failures += r != 0;
			if (r == 0)
				break;
			if (ops[op] != ENV_ALLOC)
				assert_int_equal(r, -ENOSPC);
			for (kind = 0; kind < OUTPUTS_KIND_COUNT; kind++) {
				char path[512];
				struct env_stat st;

				snprintf(path, sizeof(path), "%s/.part%s.tmp", world.folder,
					 outputs_suffix((enum outputs_kind)kind));
				assert_false(env_exists(&world.env, path));
				snprintf(path, sizeof(path), "%s/part%s", world.folder,
					 outputs_suffix((enum outputs_kind)kind));
				/* The report and summary bear the file's own names: their sizes differ from `whole`. */
				if (kind <= OUTPUTS_EXCEPTIONS_XML && env_stat(&world.env, path, &st) == 0)
					assert_int_equal(st.size_bytes, whole.files[kind].bytes);
			}
		}
		assert_int_equal(r, 0);
	}
	print_message("# %u injected failures\n", failures);
	assert_true(failures > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_what_was_applied, queue_world_setup, store_world_teardown),
		cmocka_unit_test_setup_teardown(writes_a_summary_of_an_834, queue_world_setup, store_world_teardown),
		cmocka_unit_test_setup_teardown(writes_a_summary_of_an_820, queue_world_setup, store_world_teardown),
		cmocka_unit_test_setup_teardown(writes_exceptions_that_its_schema_accepts, queue_world_setup,
						store_world_teardown),
		cmocka_unit_test_setup_teardown(shows_a_report_without_ssns_or_markup, queue_world_setup,
						store_world_teardown),
		cmocka_unit_test_setup_teardown(shows_the_least_certain_first, queue_world_setup, store_world_teardown),
		cmocka_unit_test_setup_teardown(lists_a_sample_to_look_over, queue_world_setup, store_world_teardown),
		cmocka_unit_test_setup_teardown(says_what_is_not_as_in_the_last_nights, queue_world_setup,
						store_world_teardown),
		cmocka_unit_test_setup_teardown(reports_hash_their_style, queue_world_setup, store_world_teardown),
		cmocka_unit_test_setup_teardown(makes_them_again_byte_for_byte, queue_world_setup,
						store_world_teardown),
		cmocka_unit_test_setup_teardown(refuses_numbers_that_do_not_add_up, queue_world_setup,
						store_world_teardown),
		cmocka_unit_test_setup_teardown(names_the_first_receipt_of_a_duplicate, queue_world_setup,
						store_world_teardown),
		cmocka_unit_test_setup_teardown(leaves_no_part_of_a_file, queue_world_setup, store_world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
