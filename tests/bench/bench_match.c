/*
 * bench_match: records a second of the matcher against a database of invented members, with candidates from the
 * database and from memory; what the keys take in memory; and whether memory follows the number of records.
 *
 *   bench_match FOLDER [MEMBERS [RECORDS]]      1,000,000 members, 20,000 records
 *
 * Prints a name and a figure a line: records a second, seconds, bytes a member. The database is made once and left in
 * FOLDER. Families are asked for in no order, their members one after the other,
 * as files do. One record in three has a fault, one in twenty is nobody on file. Every figure is of processor time; the
 * two providers take turns, and the median turn counts.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "muster/apply.h"
#include "muster/key_index.h"
#include "muster/specs.h"

#define ROUNDS 5
#define NAMES_MAX 8192
#define FAMILY_MAX 5u

struct names {
	struct slice names[NAMES_MAX];
	double sums[NAMES_MAX]; /* of shares, up to and with this one */
	uint32_t count;
};

struct bench {
	struct env env;
	struct store *store;
	struct names first, last;
	uint64_t members, families;
	struct apply_view view;
	struct apply_keys keys;
};

/* A person and the text of his fields. */
struct person {
	struct member member;
	struct coverage_span span;
	char text[12][48];
	bool unknown; /* nobody on file */
};

static void fail(const char *what, int error)
{
	fprintf(stderr, "bench_match: %s: %d %s\n", what, error, error < 0 ? strerror(-error) : "");
	exit(1);
}

static void must(const char *what, int error)
{
	if (error != 0)
		fail(what, error);
}

static uint64_t mixed(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

/* The same for the same numbers, whatever was asked before. */
static uint64_t draw(uint64_t number, uint64_t what, uint64_t below)
{
	return mixed(mixed(number * 64 + what) + 0x9E3779B97F4A7C15u) % below;
}

/* ---- people ---- */

static void read_names(struct names *names, char kind)
{
	struct slice file = specs_find("name-frequencies.csv");
	size_t at = 0, end, comma;
	double share;
	int tenths;

	for (; at < file.len && names->count < NAMES_MAX; at = end + 1) {
		end = slice_find(file, '\n', at);
		if (file.data[at] != kind)
			continue;
		comma = slice_find(file, ',', at + 2);
		names->names[names->count] = slice_of(file.data + at + 2, comma - at - 2);
		tenths = atoi(file.data + comma + 1);
		for (share = 1.0; tenths >= 10; tenths -= 10)
			share /= 2.0;
		names->sums[names->count] = share * (20 - tenths) / 20 + (names->count > 0 ? names->sums[names->count - 1] : 0);
		names->count++;
	}
}

/* As often as people have it. */
static struct slice name_of(const struct names *names, uint64_t number, uint64_t what)
{
	double wanted = (double)draw(number, what, 1u << 30) / (1u << 30) * names->sums[names->count - 1];
	uint32_t low = 0, high = names->count - 1, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (names->sums[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return names->names[low];
}

static struct slice text_of(struct person *person, uint32_t place, const char *before, int digits, uint64_t value,
			    const char *behind)
{
	snprintf(person->text[place], sizeof(person->text[place]), "%s%0*llu%s", before, digits,
		 (unsigned long long)value, behind);
	return slice_from(person->text[place]);
}

static uint32_t family_size(uint64_t family)
{
	static const uint32_t sizes[10] = {1, 1, 1, 2, 2, 3, 4, 4, 5, 5};

	return sizes[draw(family, 0, 10)];
}

static void make_person(const struct bench *bench, uint64_t family, uint32_t ordinal, struct person *person)
{
	static const char *const kin[FAMILY_MAX] = {"18", "01", "19", "19", "19"};
	uint64_t number = family * 8 + ordinal + (UINT64_C(1) << 40);
	date_day begin, first_day;

	date_from_ymd(ordinal < 2 ? 1950 : 2000, 1, 1, &first_day);
	date_from_ymd(2024, 1, 1, &begin);
	person->unknown = false;
	person->span = (struct coverage_span){.group_id = SLICE_LITERAL("G1"), .plan_id = SLICE_LITERAL("P1"),
					      .insurance_line = SLICE_LITERAL("HLT"), .tier = SLICE_LITERAL("FAM"),
					      .begins_on = begin, .ends_on = DATE_NONE};
	person->member = (struct member){
		.member_id = text_of(person, 0, "M", 10, family * 8 + ordinal, ""),
		.subscriber_id = text_of(person, 1, "S", 9, family, ""),
		.relationship = slice_from(kin[ordinal]),
		.last_name = name_of(&bench->last, family, 1),
		.first_name = name_of(&bench->first, number, 2),
		.middle_name = draw(number, 3, 2) ? name_of(&bench->first, number, 4) : SLICE_EMPTY,
		.ssn = text_of(person, 2, "8", 8, number * 7919 % 100000000, ""),
		.birth_on = first_day + (date_day)draw(number, 5, ordinal < 2 ? 18000 : 8500),
		.died_on = DATE_NONE,
		.sex = draw(number, 6, 2) ? 'F' : 'M',
		.address1 = text_of(person, 3, "", 1, draw(family, 7, 9000) + 1, " MAPLE AVE"),
		.city = SLICE_LITERAL("FAIRVIEW"),
		.state = SLICE_LITERAL("CA"),
		.zip = text_of(person, 4, "9", 4, draw(family, 8, 3000), ""),
		.phone = text_of(person, 5, "555", 7, draw(family, 9, 8000000) + 2000000, ""),
		.spans = &person->span,
		.span_count = 1,
	};
}

/* As his record comes: most without the member's number, some with a fault. */
static void spoil(struct person *person, uint64_t number)
{
	struct member *sent = &person->member;

	person->unknown = draw(number, 20, 20) == 0;
	if (person->unknown) {
		sent->ssn = text_of(person, 2, "8", 8, draw(number, 21, 100000000), "");
		sent->subscriber_id = text_of(person, 1, "T", 9, number, "");
		sent->birth_on -= 777;
		sent->address1 = text_of(person, 3, "", 1, draw(number, 22, 9000), " OTHER RD");
	}
	if (person->unknown || draw(number, 23, 4) > 0)
		sent->member_id = SLICE_EMPTY;
	switch (draw(number, 24, 12)) {
	case 0:
		sent->ssn = SLICE_EMPTY;
		break;
	case 1:
		person->text[2][4] = person->text[2][4] == '5' ? '6' : '5';
		break;
	case 2:
		sent->birth_on += 10;
		break;
	case 3:
		sent->first_name = slice_of(sent->first_name.data, sent->first_name.len - 1);
		break;
	default:
		break;
	}
}

/* ---- the database ---- */

static void insert(struct bench *bench, struct person *person, struct arena *arena)
{
	uint64_t made[MATCH_KEYS_MAX];
	struct store_keys keys = {.after = made};

	keys.after_count = match_member_keys(&person->member, made);
	must("insert", store_member_insert(bench->store, &person->member, &keys, arena));
}

static void fill(struct bench *bench)
{
	const struct group group = {.group_id = SLICE_LITERAL("G1"), .name = SLICE_LITERAL("G1"), .region = SLICE_LITERAL("NCAL"),
				    .effective_on = 0, .terminates_on = DATE_NONE};
	const struct plan plan = {.plan_id = SLICE_LITERAL("P1"), .insurance_line = SLICE_LITERAL("HLT"), .name = SLICE_LITERAL("P1"),
				  .effective_on = 0, .terminates_on = DATE_NONE};
	enum store_put put;
	struct person person;
	struct arena arena;
	uint64_t family, made = 0;
	uint32_t i;

	arena_init(&arena, &bench->env, 0, 0);
	must("begin", store_begin(bench->store, STORE_WRITE));
	must("group", store_group_put(bench->store, &group, &put));
	must("plan", store_plan_put(bench->store, &plan, &put));
	store_keys_collect(bench->store);
	for (family = 0; made < bench->members; family++) {
		for (i = 0; i < family_size(family) && made < bench->members; i++, made++) {
			arena_reset(&arena);
			make_person(bench, family, i, &person);
			insert(bench, &person, &arena);
		}
	}
	must("keys", store_keys_flush(bench->store));
	must("commit", store_commit(bench->store));
	must("checkpoint", store_checkpoint(bench->store, true));
	arena_fini(&arena);
}

static void open_store(struct bench *bench, const char *folder)
{
	char path[4096];
	uint64_t stored, sum = 0;

	snprintf(path, sizeof(path), "%s/match-%llu.db", folder, (unsigned long long)bench->members);
	must("open", store_open(&bench->env, path, STORE_CREATE, &bench->store));
	must("count", store_member_count(bench->store, &stored));
	if (stored == 0)
		fill(bench);
	while (sum + family_size(bench->families) <= bench->members)
		sum += family_size(bench->families++);
}

/* ---- measuring ---- */

static double seconds(void)
{
	struct timespec at;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static uint64_t peak_bytes(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_maxrss * 1024;
}

struct counted {
	uint64_t records, automatic, wrong, fresh;
};

static void ask(struct bench *bench, struct arena *arena, const struct person *person, struct counted *counted)
{
	const struct match_query query = {.intent = draw(counted->records, 30, 4) == 0 ? MATCH_ADD : MATCH_CHANGE,
					  .sent = &person->member,
					  .is_subscriber = slice_is(person->member.relationship, "18"),
					  .group_id = SLICE_LITERAL("G1"),
					  .population = bench->view.view.population};
	struct match_result result;

	must("match", match_person(arena, &bench->view.view.candidates, &query, &result));
	counted->records++;
	counted->fresh += result.disposition == MATCH_NEW;
	counted->automatic += result.disposition == MATCH_AUTO;
	if (result.disposition == MATCH_AUTO)
		counted->wrong += person->unknown || memcmp(result.member->member_id.data, person->text[0], 11) != 0;
}

/* `records` of them, from the given one on; processor seconds. */
static double run(struct bench *bench, uint64_t begin, uint64_t records, struct counted *counted)
{
	uint64_t number = begin, family;
	struct person person;
	struct arena arena;
	double begun;
	uint32_t i;

	memset(counted, 0, sizeof(*counted));
	arena_init(&arena, &bench->env, 0, 0);
	must("begin", store_begin(bench->store, STORE_READ));
	begun = seconds();
	while (counted->records < records) {
		family = draw(number++, 40, bench->families);
		apply_view_forget(&bench->view);
		arena_reset(&arena);
		for (i = 0; i < family_size(family) && counted->records < records; i++) {
			make_person(bench, family, i, &person);
			spoil(&person, number * 8 + i);
			ask(bench, &arena, &person, counted);
		}
	}
	begun = seconds() - begun;
	store_rollback(bench->store);
	apply_view_forget(&bench->view);
	arena_fini(&arena);
	return begun;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double values[ROUNDS])
{
	qsort(values, ROUNDS, sizeof(double), compare_doubles);
	return values[ROUNDS / 2];
}

/* The same records with either provider; each must come out the same way. */
static void take_turns(struct bench *bench, uint64_t records)
{
	double database[ROUNDS], memory[ROUNDS], read;
	struct counted first, second;
	uint64_t begin;
	int round;

	read = seconds();
	must("keys", apply_keys_open(&bench->keys, bench->store, &bench->env));
	read = seconds() - read;
	for (round = 0; round < ROUNDS; round++) {
		begin = (uint64_t)round * records;
		bench->view.keys = NULL;
		database[round] = run(bench, begin, records, &first);
		bench->view.keys = &bench->keys;
		memory[round] = run(bench, begin, records, &second);
		if (memcmp(&first, &second, sizeof(first)) != 0)
			fail("the providers differ", 0);
	}
	printf("database %.1f\nmemory %.1f\nkeys_read %.2f\nkey_bytes %.2f\n", (double)records / median(database),
	       (double)records / median(memory), read,
	       (double)key_index_bytes(bench->keys.index) / (double)bench->members);
	printf("records %llu\nautomatic %llu\nwrong %llu\nnew %llu\n", (unsigned long long)first.records,
	       (unsigned long long)first.automatic, (unsigned long long)first.wrong, (unsigned long long)first.fresh);
}

/* What ten times the records take beside the records. A small cache is full before, and says nothing. */
static void grow(struct bench *bench, uint64_t records)
{
	struct counted counted;
	uint64_t small;

	must("cache", store_set_cache(bench->store, 8));
	run(bench, 0, records, &counted);
	small = peak_bytes();
	run(bench, 0, records * 10, &counted);
	printf("memory_growth %.4f\n", (double)peak_bytes() / (double)small);
	must("cache", store_set_cache(bench->store, 512));
}

int main(int argc, char **argv)
{
	static struct bench bench;
	uint64_t records = argc > 3 ? strtoull(argv[3], NULL, 10) : 20000;

	if (argc < 2) {
		fputs("usage: bench_match FOLDER [MEMBERS [RECORDS]]\n", stderr);
		return 64;
	}
	bench.members = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
	env_real_init(&bench.env);
	read_names(&bench.first, 'F');
	read_names(&bench.last, 'L');
	open_store(&bench, argv[1]);
	must("view", apply_view_init(&bench.view, bench.store));
	grow(&bench, records);
	take_turns(&bench, records);
	apply_keys_close(&bench.keys);
	store_close(bench.store);
	return 0;
}
