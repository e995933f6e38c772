/*
 * What would go wrong for a member: over months of files, in whatever order they say what they say, he would be covered
 * twice, or as a dependent of nobody, a record about him would be lost or count twice, or a mistake could not be taken
 * back.
 *
 * usage: test_histories [--seeds N] [--from SEED]   default: 100 histories from seed 1. One seed alone
 *        (--seeds 1 --from 4711) also shows its files. What a history shows to be wrong becomes a scenario (test_decide,
 *        tests/scenario): a seed means another history when the maker learns something new.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../unit/store_world.h"
#include "histories.h"
#include "muster/batch.h"
#include "muster/decide.h"
#include "muster/env_fault.h"
#include "muster/match.h"
#include "muster/undo.h"

#define SLICE_ARGS(s) (int)(s).len, (s).data

static uint32_t seed_count = 100, seed_first = 1;
static struct env_fault fault;
static struct guide_set *guides;
static struct config config;
static struct profiles profiles;

/* One history under test. */
static struct made_world made;
static struct made_file files[MADE_NIGHTS];
static enum store_file_outcome outcomes[MADE_NIGHTS];
static struct arena history_arena, known_arena;
static uint32_t seed;
static uint64_t faults, changes, files_applied, full_files, records, postings;

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void complain(const char *format, ...)
{
	char text[6000];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	printf("# seed %u: %s\n", seed, text);
	faults++;
}

/* ---- the world ---- */

static int histories_setup(void **state)
{
	struct buffer errors;

	if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	if (world_setup(state) != 0)
		return -1;
	env_fault_init(&fault, &world.env, 1);
	env_fault_fix_clock(&fault, 1000);
	arena_init(&arena, &world.env, 0, 0);
	arena_init(&history_arena, &world.env, 0, 0);
	arena_init(&known_arena, &world.env, 0, 0);
	buffer_init(&errors, &world.env);
	assert_int_equal(config_parse(&arena, world_path("muster.yaml"), S("chunk_members: 3\n"), &errors, &config), 0);
	profile_defaults(&profiles.fallback);
	assert_int_equal(guide_set_new(&world.env, &errors, &guides), 0);
	buffer_fini(&errors);
	return 0;
}

static int histories_teardown(void **state)
{
	guide_set_free(guides);
	arena_fini(&known_arena);
	arena_fini(&history_arena);
	arena_fini(&arena);
	return world_teardown(state);
}

static date_day day_of(const char *text)
{
	date_day day_ = DATE_NONE;

	assert_true(date_parse_ccyymmdd(slice_from(text), &day_));
	return day_;
}

static void load_person(const struct made_person *person)
{
	struct coverage_span spans[2];
	uint64_t keys[MATCH_KEYS_MAX];
	struct store_keys change = {.after = keys};
	struct member member = a_member(slice_from(person->member_id), slice_from(person->subscriber_id),
					slice_from(person->relationship));

	member.last_name = slice_from(person->last_name);
	member.first_name = slice_from(person->first_name);
	member.ssn = slice_from(person->ssn);
	member.birth_on = day_of(person->birth);
	member.sex = person->sex;
	member.spans = spans;
	member.span_count = made_first_spans(&made, person, spans);
	change.after_count = match_member_keys(&member, keys);
	assert_int_equal(store_member_insert(store, &member, &change, &arena), 0);
}

/* A new database with the people of the beginning. */
static void begin_plan(const char *name)
{
	uint32_t family, nth;

	made_begin(&made, seed);
	world_forget_files();
	assert_int_equal(store_open(&fault.env, world_path(name), STORE_CREATE, &store), 0);
	config.database = world_path(name);
	begin();
	put_reference_data(store);
	{
		struct group g2 = a_group(S("G2"));
		struct plan p3 = a_plan(S("P3"), S("HMO"));
		enum store_put put;

		assert_int_equal(store_group_put(store, &g2, &put), 0);
		assert_int_equal(store_plan_put(store, &p3, &put), 0);
	}
	for (family = 0; family < MADE_ON_FILE; family++)
		for (nth = 0; nth < MADE_RELATIVES; nth++)
			if (made.people[family][nth].is_there)
				load_person(&made.people[family][nth]);
	commit();
}

static void end_plan(const char *name)
{
	char path[300];

	store_close(store);
	store = NULL;
	snprintf(path, sizeof(path), "%s", world_path(name));
	world_remove(path);
	snprintf(path, sizeof(path), "%s-wal", world_path(name));
	world_remove(path);
	snprintf(path, sizeof(path), "%s-shm", world_path(name));
	world_remove(path);
}

static struct batch_result process(const struct made_file *file, const uint64_t *order, bool again)
{
	struct batch_settings settings = {.env = &fault.env, .store = store, .guides = guides, .config = &config,
					  .profiles = &profiles, .today = file->today, .today_fixed = true};
	struct batch_result result;
	struct batch *batch;
	struct buffer bytes;
	const char *path;
	int r;

	buffer_init(&bytes, &world.env);
	made_bytes(file, order, &bytes);
	path = world_file("night.834", buffer_slice(&bytes));
	buffer_fini(&bytes);
	assert_int_equal(batch_open(&settings, &batch), 0);
	r = again ? batch_reprocess(batch, path, world_path("out"), &result)
		  : batch_process(batch, path, world_path("out"), NULL, &result);
	if (r != 0)
		complain("file %u: the machine fails: %d", file->control, r);
	batch_close(batch);
	return result;
}

/* ---- what stands ---- */

static int know_member(void *context, const struct member *member)
{
	const struct member **members = context;
	const struct member *copy;

	assert_int_equal(store_member_get_no(store, member->member_no, &known_arena, &copy), 0);
	members[made.known_count++] = copy;
	return 0;
}

/* All members as they are now, for the maker and for the checks. */
static void look(void)
{
	const struct member **members;

	arena_reset(&known_arena);
	members = arena_alloc_array(&known_arena, MADE_FAMILIES * MADE_RELATIVES * 4, sizeof(*members));
	made.known = members;
	made.known_count = 0;
	assert_int_equal(store_members_each(store, know_member, members), 0);
}

static void say_spans(struct buffer *out, const struct member *member, bool numbered)
{
	uint32_t i;

	for (i = 0; i < member->span_count; i++) {
		const struct coverage_span *span = &member->spans[i];

		if (span->voided)
			continue;
		buffer_printf(out, "  ");
		if (numbered)
			buffer_printf(out, "%llu ", (unsigned long long)span->span_no);
		buffer_printf(out, "%.*s %.*s %.*s %.*s %d %d %d\n", SLICE_ARGS(span->group_id), SLICE_ARGS(span->plan_id),
			      SLICE_ARGS(span->insurance_line), SLICE_ARGS(span->tier), (int)span->begins_on,
			      (int)span->ends_on, span->cobra);
	}
}

static void say_member(struct buffer *out, const struct member *member, bool numbered)
{
	const struct slice texts[] = {
		numbered ? member->member_id : SLICE_EMPTY, member->subscriber_id, member->relationship, member->last_name,
		member->first_name, member->ssn, member->address1, member->address2, member->city, member->state,
		member->zip, member->phone, member->email, member->employee_id, member->medicare_id, member->pcp_id,
		member->facts,
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		buffer_add_slice(out, texts[i]);
		buffer_add_char(out, '|');
	}
	buffer_printf(out, "%d %d %c %d %d\n", (int)member->birth_on, (int)member->died_on, member->sex, member->confidential,
		      member->support_order);
	say_spans(out, member, numbered);
}

/* As the database has them, with numbers; or by person, whatever numbers they were given. */
static void say_all(struct buffer *out, uint64_t known, bool numbered)
{
	uint32_t family, nth, i;

	buffer_init(out, &world.env);
	look();
	if (numbered) {
		for (i = 0; i < made.known_count; i++)
			if (made.known[i]->member_no <= known)
				say_member(out, made.known[i], true);
			else
				say_spans(out, made.known[i], true); /* who came later is there still, but not covered */
		return;
	}
	for (family = 0; family < MADE_FAMILIES; family++)
		for (nth = 0; nth < MADE_RELATIVES; nth++)
			for (i = 0; i < made.known_count; i++)
				if (slice_is(made.known[i]->first_name, made.people[family][nth].first_name))
					say_member(out, made.known[i], false);
}

static bool expect_same(const struct buffer *then, uint64_t known, bool numbered, const char *what, uint32_t nth)
{
	struct buffer now;
	bool same;

	say_all(&now, known, numbered);
	same = slice_equal(buffer_slice(then), buffer_slice(&now));
	if (!same)
		complain("file %u %s:\n--- then\n%.*s--- now\n%.*s", nth, what, (int)then->len, then->data, (int)now.len, now.data);
	buffer_fini(&now);
	return same;
}

static void take_dump(struct buffer *out)
{
	buffer_init(out, &world.env);
	assert_int_equal(store_dump(store, STORE_DUMP_NO_TIMES, out), 0);
}

/* What became of each payment. */
static void say_money(struct buffer *out)
{
	struct buffer dump;
	char *line, *rest;

	buffer_init(out, &world.env);
	take_dump(&dump);
	for (line = strtok_r(dump.data, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		if (strncmp(line, "remittance_lines:", 17) == 0)
			buffer_printf(out, "%s\n", line);
	buffer_fini(&dump);
}

/* ---- what must hold after any night ---- */

static bool meet(const struct coverage_span *a, const struct coverage_span *b)
{
	return (a->ends_on == DATE_NONE || b->begins_on <= a->ends_on) && (b->ends_on == DATE_NONE || a->begins_on <= b->ends_on);
}

static void check_overlaps(const struct member *member, uint32_t night)
{
	uint32_t i, k;

	for (i = 0; i < member->span_count; i++)
		for (k = i + 1; k < member->span_count; k++)
			if (!member->spans[i].voided && !member->spans[k].voided && meet(&member->spans[i], &member->spans[k]) &&
			    decide_same_product(member->spans[i].insurance_line, member->spans[k].insurance_line))
				complain("night %u: %.*s is covered twice", night, SLICE_ARGS(member->first_name));
}

static bool is_covered(const struct member *member, struct slice group_id, date_day day_)
{
	uint32_t i;

	for (i = 0; i < member->span_count; i++)
		if (slice_equal(member->spans[i].group_id, group_id) && span_covers(&member->spans[i], day_))
			return true;
	return false;
}

/* On each day of `span` the subscriber is covered in its group. He is looked at where something of his begins or ends. */
static bool is_within(const struct coverage_span *span, const struct member *subscriber, date_day *ret_day)
{
	uint32_t i;

	*ret_day = span->begins_on;
	if (!is_covered(subscriber, span->group_id, span->begins_on))
		return false;
	for (i = 0; i < subscriber->span_count; i++) {
		*ret_day = subscriber->spans[i].ends_on + 1;
		if (subscriber->spans[i].voided || subscriber->spans[i].ends_on == DATE_NONE ||
		    !slice_equal(subscriber->spans[i].group_id, span->group_id) || !span_covers(span, *ret_day))
			continue;
		if (!is_covered(subscriber, span->group_id, *ret_day))
			return false;
	}
	return true;
}

static void check_dependent(const struct member *dependent, const struct member *subscriber, uint32_t night)
{
	char text[DATE_TEXT_BYTES];
	date_day day_;
	uint32_t i;

	for (i = 0; i < dependent->span_count; i++)
		if (!dependent->spans[i].voided && !is_within(&dependent->spans[i], subscriber, &day_))
			complain("night %u: %.*s is covered in %.*s on %s, the subscriber is not", night,
				 SLICE_ARGS(dependent->first_name), SLICE_ARGS(dependent->spans[i].group_id),
				 date_format_iso(day_, text));
}

static void check_members(uint32_t night)
{
	uint32_t i, k;

	look();
	for (i = 0; i < made.known_count; i++) {
		const struct member *member = made.known[i];

		check_overlaps(member, night);
		for (k = 0; k < made.known_count && !slice_is(member->relationship, "18"); k++)
			if (slice_equal(made.known[k]->subscriber_id, member->subscriber_id) &&
			    slice_is(made.known[k]->relationship, "18"))
				check_dependent(member, made.known[k], night);
	}
}

static void check_sound(const char *when)
{
	struct buffer text;

	buffer_init(&text, &world.env);
	if (store_verify(store, &text) != 0)
		complain("%s: %s", when, text.data);
	buffer_fini(&text);
}

/* ---- each record in one place ---- */

static int count_effects(void *context, const struct store_change *change)
{
	uint32_t *counts = context;

	counts[slice_is(change->action, "no_change")]++;
	return 0;
}

static void check_record(const struct store_tset *tset, uint32_t file_no, uint32_t pos, uint64_t *tally)
{
	const struct store_exception *item;
	enum store_record_outcome outcome;
	uint32_t counts[2] = {0, 0};
	char id[STORE_ITEM_ID_BYTES];

	assert_int_equal(store_ledger_get(store, tset->tset_no, pos, &outcome), 0);
	assert_int_equal(store_changes_of_record(store, tset->tset_no, pos, count_effects, counts), 0);
	store_item_id_format(file_no, tset->ordinal, pos, id);
	assert_int_equal(store_exception_get(store, slice_from(id), &history_arena, &item), 0);
	tally[outcome]++;
	if ((outcome == STORE_RECORD_APPLIED) != (counts[0] > 0) || (outcome == STORE_RECORD_EXCEPTION) != (item != NULL) ||
	    (outcome == STORE_RECORD_EXCEPTION && counts[1] > 0) || outcome == STORE_RECORD_NONE)
		complain("file %u record %u: outcome %d, %u effects, %u rows without, %s", file_no, pos, outcome, counts[0],
			 counts[1], item != NULL ? "an item" : "no item");
}

struct check_sets {
	uint32_t file_no, record_count;
	uint64_t tally[STORE_RECORD_OUTCOME_COUNT];
};

static int check_set(void *context, const struct store_tset *tset)
{
	struct check_sets *check = context;
	uint32_t pos;

	for (pos = 1; pos <= check->record_count; pos++)
		check_record(tset, check->file_no, pos, check->tally);
	return 0;
}

static void check_law(const struct made_file *file, const struct batch_result *result)
{
	const struct store_tally *tally = &result->tally;
	struct check_sets check = {.file_no = (uint32_t)strtoul(result->file_id + 1, NULL, 10),
				   .record_count = file->record_count};

	if (tally->members_read != file->record_count || !store_tally_is_balanced(tally))
		complain("file %u: %u records, %llu read, or they do not add up", file->control, file->record_count,
			 (unsigned long long)tally->members_read);
	if (tally->money_read != file->in_lines)
		complain("file %u: %lld cents sent, %lld read", file->control, (long long)file->in_lines,
			 (long long)tally->money_read);
	if (result->outcome != STORE_FILE_PROCESSED)
		return;
	assert_int_equal(store_tsets_each(store, check.file_no, check_set, &check), 0);
	if (check.tally[STORE_RECORD_APPLIED] != tally->members_applied ||
	    check.tally[STORE_RECORD_NO_CHANGE] != tally->members_no_change ||
	    check.tally[STORE_RECORD_EXCEPTION] != tally->members_exception)
		complain("file %u: the tally is not what the ledger says", file->control);
}

/* ---- histories ---- */

static void show_files(void)
{
	struct buffer bytes;
	uint32_t i;
	size_t at;

	for (i = 0; i < MADE_NIGHTS; i++) {
		buffer_init(&bytes, &world.env);
		made_bytes(&files[i], NULL, &bytes);
		for (at = 0; at < bytes.len; at++)
			if (bytes.data[at] == '~')
				bytes.data[at] = '\n';
		printf("%.*s\n", (int)bytes.len, bytes.data); /* print_message cuts long texts */
		buffer_fini(&bytes);
	}
}

/* The nights as made, each looked at. `snapshots`: before each, and behind the last. */
static void live(struct buffer snapshots[MADE_NIGHTS + 1], uint64_t known[MADE_NIGHTS + 1])
{
	uint32_t night;

	for (night = 0; night < MADE_NIGHTS; night++) {
		struct batch_result result;

		assert_int_equal(store_member_count(store, &known[night]), 0);
		say_all(&snapshots[night], known[night], true);
		made_night(&made, night, &files[night]);
		result = process(&files[night], NULL, false);
		outcomes[night] = result.outcome;
		files_applied += result.tally.members_applied > 0;
		full_files += files[night].full && result.tally.members_applied > 0;
		records += result.tally.members_applied;
		postings += files[night].payment ? result.tally.members_applied : 0;
		check_law(&files[night], &result);
		check_members(night + 1);
		check_sound("after a night");
	}
	assert_int_equal(store_member_count(store, &known[MADE_NIGHTS]), 0);
	say_all(&snapshots[MADE_NIGHTS], known[MADE_NIGHTS], true);
}

/* Every file once more. */
static void live_again(const struct buffer *last, uint64_t known)
{
	struct batch_result result;
	uint32_t night;

	for (night = 0; night < MADE_NIGHTS; night++) {
		/* What was held before was not taken: it may be sent again. */
		if (outcomes[night] != STORE_FILE_PROCESSED)
			continue;
		result = process(&files[night], NULL, false);
		if (result.tally.members_applied > 0)
			complain("file %u is applied a second time: %s", night + 1, store_file_outcome_name(result.outcome));
	}
	expect_same(last, known, true, "and all others, a second time", MADE_NIGHTS);
}

static int say_refusal(void *context, const struct store_change *change, const char *why, const struct store_change *by)
{
	char id[UNDO_ID_BYTES], other[UNDO_ID_BYTES];

	(void)context;
	complain("%s stays: %s: %s", undo_id_format(change, id), why, by != NULL ? undo_id_format(by, other) : "-");
	return 0;
}

static void undo_file(uint32_t file_no, bool redo)
{
	char id[STORE_FILE_ID_BYTES];
	struct undo_totals totals;
	struct undo_request request = {
		.store = store,
		.env = &fault.env,
		.operator_id = S("lead"),
		.at_ms = ((int64_t)files[MADE_NIGHTS - 1].today + 1) * CLOCK_DAY_MS,
		.due_ms = ((int64_t)files[MADE_NIGHTS - 1].today + 3) * CLOCK_DAY_MS,
		.chunk_members = 3,
		.blocked = say_refusal,
	};
	int r = undo_find(store, UNDO_FILE, slice_from(store_file_id_format(file_no, id)), redo, &request.scope);

	if (r == 0)
		r = undo_run(&request, &totals);
	if (r != 0 && r != UNDO_E_NOTHING)
		complain("file %u is not %s: %d", file_no, redo ? "applied again" : "taken back", r);
	changes += r == 0 ? totals.changes : 0;
}

static void back_and_forth(const struct buffer *snapshots, const uint64_t *known)
{
	struct buffer money, again;
	uint32_t night;

	say_money(&money);

	for (night = MADE_NIGHTS; night > 0; night--) {
		undo_file(night, false);
		if (!expect_same(&snapshots[night - 1], known[night - 1], true, "taken back", night))
			break;
	}
	check_sound("all taken back");
	for (night = 1; night <= MADE_NIGHTS; night++) {
		undo_file(night, true);
		if (!expect_same(&snapshots[night], known[night], true, "applied again", night))
			break;
	}
	check_sound("all applied again");
	say_money(&again);
	if (!slice_equal(buffer_slice(&money), buffer_slice(&again)))
		complain("payments applied again:\n--- then\n%.*s--- now\n%.*s", (int)money.len, money.data, (int)again.len, again.data);
	buffer_fini(&money);
	buffer_fini(&again);
}

/* The same bytes from the same beginning. */
static void replay(const struct buffer *dump)
{
	struct buffer now;
	uint32_t night;

	begin_plan("again.db");
	for (night = 0; night < MADE_NIGHTS; night++)
		(void)process(&files[night], NULL, false);
	take_dump(&now);
	if (!slice_equal(buffer_slice(dump), buffer_slice(&now)))
		complain("replayed: another database:\n--- then\n%.*s--- now\n%.*s", (int)dump->len, dump->data, (int)now.len,
			 now.data);
	buffer_fini(&now);
	end_plan("again.db");
}

/* The same records in another order, families together. */
static void reorder(const struct buffer *by_person)
{
	uint64_t order = seed;
	uint32_t night;

	begin_plan("order.db");
	for (night = 0; night < MADE_NIGHTS; night++)
		(void)process(&files[night], &order, false);
	expect_same(by_person, 0, false, "and all others, in another order", MADE_NIGHTS);
	end_plan("order.db");
}

static void run_history(void)
{
	struct buffer snapshots[MADE_NIGHTS + 1], by_person, dump;
	uint64_t known[MADE_NIGHTS + 1];
	uint32_t i;

	made = (struct made_world){.arena = &history_arena, .env = &world.env};
	arena_reset(&history_arena);
	begin_plan("first.db");
	live(snapshots, known);
	say_all(&by_person, 0, false);
	take_dump(&dump);
	back_and_forth(snapshots, known);
	live_again(&snapshots[MADE_NIGHTS], known[MADE_NIGHTS]);
	end_plan("first.db");
	replay(&dump);
	reorder(&by_person);
	for (i = 0; i <= MADE_NIGHTS; i++)
		buffer_fini(&snapshots[i]);
	buffer_fini(&by_person);
	buffer_fini(&dump);
}

static uint32_t run_seed(uint32_t number)
{
	uint64_t before = faults;

	seed = number;
	run_history();
	if (seed_count == 1)
		show_files();
	return faults != before;
}

static void test_histories(void **state)
{
	uint32_t i, failed = 0;

	(void)state;
	for (i = 0; i < seed_count; i++) {
		failed += run_seed(seed_first + i);
		if ((i + 1) % 500 == 0)
			printf("# %u histories, %u went wrong\n", i + 1, failed);
		fflush(stdout);
	}
	print_message("#: %u histories from seed %u: %llu records applied by %llu files (%llu full), %llu of them payments; %llu "
		      "changes taken back and applied again, %u histories went wrong\n", seed_count, seed_first, (unsigned long long)records,
		      (unsigned long long)files_applied, (unsigned long long)full_files, (unsigned long long)postings,
		      (unsigned long long)changes, failed);
	assert_int_equal(failed, 0);
	assert_true(seed_count < 50 || (records > seed_count * 5 && full_files > seed_count / 10 && postings > seed_count / 2));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_histories)};
	int i;

	for (i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--seeds") == 0)
			seed_count = (uint32_t)strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--from") == 0)
			seed_first = (uint32_t)strtoul(argv[i + 1], NULL, 10);
	}
	return cmocka_run_group_tests(tests, histories_setup, histories_teardown);
}
