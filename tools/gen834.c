/*
 * gen834: a made-up 834 of any size, the same bytes for the same options on every machine.
 *
 * For benchmarks and trials. Families of one to six people, a subscriber first, with the segments and lengths of
 * real files: some 14.8 segments of 23 bytes a member. The file is sound: the guide 005010X220A1 finds nothing in
 * it. All people, streets and numbers are invented; the SSNs lie in areas 800 to 889.
 *
 *   gen834 --members N [--seed N] [--groups ID,ID...] [--sets N] [--control N] [--action 2|4|RX] [--newline]
 *          [--every K] [--changed PERCENT] [--names FILE]
 *   gen834 --members N ... --as members|groups|plans    the plan that such a file meets, as CSV for `muster load`
 *
 * --every leaves all families out of the file but each K-th; --changed gives that share of the families another
 * address, another medical plan from next month, or both: what the rest send is on file already. Members are written
 * to the CSV in another order than to the file: neighbours in a file are seldom neighbours in a database.
 * --names takes the names from a list like specs/name-frequencies.csv, each as often as people bear it: without it
 * they come from a few dozen, and a large plan has far more namesakes than any plan has.
 *
 * A family's data depend on the seed and its ordinal alone, so that a longer file begins with the families of a
 * shorter one.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define FAMILY_MAX 6u
#define GROUPS_MAX 1000u
#define DAY "20260105"

static const char *const last_names[] = {
	"ABBOTT",    "ALVAREZ", "BAKER",    "BANERJEE",  "BECKER",  "CAMPBELL", "CARDOSO",  "CHEN",      "CLARKE",
	"DELGADO",   "DUBOIS",  "ELLIS",    "ERIKSEN",   "FISCHER", "FLORES",   "GARCIA",   "GREENE",    "HAAS",
	"HERNANDEZ", "HUGHES",  "IBRAHIM",  "ISAACS",    "JANSEN",  "JOHNSON",  "KELLY",    "KIM",       "KOWALSKI",
	"LARSEN",    "LOPEZ",   "MARTIN",   "MCDONALD",  "MILLER",  "NAKAMURA", "NGUYEN",   "O'BRIEN",   "OKAFOR",
	"PATEL",     "PETROV",  "QUINN",    "RAMIREZ",   "REYES",   "ROSSI",    "SANTOS",   "SCHNEIDER", "SMITH",
	"SUZUKI",    "TANAKA",  "THOMPSON", "UNDERWOOD", "VARGAS",  "WAGNER",   "WILLIAMS", "YOUNG",     "ZIMMERMAN"};
static const char *const first_names_f[] = {"ALICE", "AMARA",  "ANNA",  "BEATRIZ", "CLARA",    "DANIELA", "ELENA",
					    "EMMA",  "FATIMA", "GRACE", "HANNAH",  "INES",     "JULIA",   "KAREN",
					    "LINDA", "LUCIA",  "MARIA", "MEI",     "NADIA",    "OLIVIA",  "PRIYA",
					    "ROSA",  "SARAH",  "SOFIA", "TERESA",  "VICTORIA", "YUKI",    "ZOE"};
static const char *const first_names_m[] = {"ADAM",  "AHMED", "ANDREW", "BENJAMIN", "CARLOS", "DANIEL",  "DAVID",
					    "ERIK",  "FRANK", "GEORGE", "HIROSHI",  "IVAN",   "JAMES",   "JOHN",
					    "JOSE",  "KEVIN", "LIAM",   "LUIS",     "MARCO",  "MICHAEL", "NOAH",
					    "OSCAR", "PAUL",  "RAVI",   "ROBERT",   "SAMUEL", "THOMAS",  "WILLIAM"};
static const char *const streets[] = {
	"ALDER ST",     "BIRCH AVE",   "CANYON RD",      "CEDAR LN",    "CHESTNUT ST",
	"DOGWOOD DR",   "ELM ST",      "FOREST BLVD",    "GARDEN WAY",  "HARBOR VIEW DR",
	"HIGHLAND AVE", "JUNIPER CT",  "LAKE SHORE DR",  "MAGNOLIA PL", "MAPLE AVE",
	"OAK HILL RD",  "ORCHARD ST",  "PINE RIDGE RD",  "POPLAR ST",   "RIVERSIDE DR",
	"SPRUCE CT",    "SYCAMORE LN", "VALLEY VIEW RD", "WALNUT ST",   "WILLOW CREEK DR"};
static const struct {
	const char *city, *state, *zip;
} places[] = {{"OAKLAND", "CA", "94607"},   {"SACRAMENTO", "CA", "95814"}, {"RIVERSIDE", "CA", "92501"},
	      {"SAN DIEGO", "CA", "92101"}, {"PORTLAND", "OR", "97204"},   {"SEATTLE", "WA", "98101"},
	      {"DENVER", "CO", "80202"},    {"AURORA", "CO", "80012"},     {"ATLANTA", "GA", "30303"},
	      {"SAVANNAH", "GA", "31401"},  {"BALTIMORE", "MD", "21201"},  {"ROCKVILLE", "MD", "20850"},
	      {"HONOLULU", "HI", "96813"},  {"HILO", "HI", "96720"},       {"COLUMBUS", "OH", "43215"}};

/* What is written. */
enum subject { FILE_834, MEMBERS, GROUPS, PLANS };

struct options {
	uint64_t members, seed, sets, control, every, changed_percent;
	enum subject subject;
	const char *action;
	const char *groups[GROUPS_MAX];
	size_t group_count;
	bool newline;
};

/* Names and how often they occur: `upto` is the weight of a name and all before it. */
struct name_list {
	const char **names;
	uint64_t *upto;
	size_t count;
};

struct person {
	bool subscriber, female, speaks_spanish;
	const char *relationship; /* INS02 */
	const char *first;
	char middle;
	unsigned birth_year, birth_month, birth_day;
	uint64_t ordinal; /* of the member in the file, from 0: makes the SSN and the member number */
};

struct family {
	uint64_t ordinal;
	const char *last, *street, *group;
	unsigned house, apartment, place, people, hire_year, coverages; /* apartment 0 = none */
	bool moves, changes_plan;
	uint64_t phone;
	struct person person[FAMILY_MAX];
};

/* What is being written: the set's segments are counted for SE. */
struct output {
	const struct options *options;
	uint64_t segments;
};

/* ---- chance ---- */

static uint64_t chance_state;

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t chance(void)
{
	return mix(chance_state += UINT64_C(0x9e3779b97f4a7c15));
}

static unsigned below(unsigned limit)
{
	return (unsigned)(chance() % limit);
}

static bool percent(unsigned share)
{
	return below(100) < share;
}

/* The same share of all ordinals, without using up chance. */
static bool percent_of(uint64_t ordinal, unsigned share)
{
	return (ordinal * 61 + 17) % 100 < share;
}

/* ---- names ---- */

static struct name_list listed_last, listed_first;

/* 2^(-tenths / 10), in 2^-48ths: integers, for these are the same on every machine. */
static uint64_t weight_of(unsigned tenths)
{
	static const uint32_t parts[10] = {65536, 61147, 57052, 53232, 49667, 46341, 43238, 40342, 37641, 35120};

	return (uint64_t)parts[tenths % 10] << 32 >> tenths / 10;
}

static void add_name(struct name_list *list, const char *name, unsigned tenths)
{
	static const size_t capacity = 65536;
	char *copy = strdup(name);

	if (list->names == NULL) {
		list->names = calloc(capacity, sizeof(*list->names));
		list->upto = calloc(capacity, sizeof(*list->upto));
	}
	if (copy == NULL || list->names == NULL || list->upto == NULL || list->count == capacity) {
		fputs("gen834: too many names\n", stderr);
		exit(71);
	}
	list->upto[list->count] = weight_of(tenths) + (list->count > 0 ? list->upto[list->count - 1] : 0);
	list->names[list->count++] = copy;
}

/* Lines `L,SMITH,68` and `F,MARY,53`; others are comments. */
static void load_names(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[256], name[64], kind;
	unsigned tenths;

	if (file == NULL) {
		perror(path);
		exit(66);
	}
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "%c,%63[^,],%u", &kind, name, &tenths) == 3 && (kind == 'L' || kind == 'F') &&
		    tenths < 480)
			add_name(kind == 'L' ? &listed_last : &listed_first, name, tenths);
	fclose(file);
}

/* One of the list, else of the `count` short ones. Takes one draw of chance either way. */
static const char *draw_name(const struct name_list *list, const char *const *names, size_t count)
{
	size_t low = 0;
	size_t high = list->count;
	uint64_t lot;

	if (list->count == 0)
		return names[below((unsigned)count)];
	lot = chance() % list->upto[list->count - 1];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->upto[middle] <= lot)
			low = middle + 1;
		else
			high = middle;
	}
	return list->names[low];
}

/* ---- people ---- */

static void make_person(struct person *person, uint64_t ordinal, const char *relationship, unsigned age_min,
			unsigned age_span)
{
	*person = (struct person){.relationship = relationship, .ordinal = ordinal};
	person->female = percent(50);
	person->first = person->female ? draw_name(&listed_first, first_names_f, LENGTH(first_names_f))
				       : draw_name(&listed_first, first_names_m, LENGTH(first_names_m));
	person->middle = percent(60) ? (char)('A' + below(26)) : '\0';
	person->speaks_spanish = percent(12);
	person->birth_year = 2025 - age_min - below(age_span);
	person->birth_month = 1 + below(12);
	person->birth_day = 1 + below(28);
}

/* How many people: a quarter live alone, the mean is 2.4. */
static unsigned family_size(const struct options *options, uint64_t ordinal)
{
	static const unsigned char sizes[] = {1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 2, 1};

	chance_state = options->seed * UINT64_C(0x2545f4914f6cdd1d) + ordinal * UINT64_C(0x9e3779b97f4a7c15);
	return sizes[below(LENGTH(sizes))];
}

/* What is new about a family since it was put on file: a new address, a new medical plan, or both. */
static void change_family(const struct options *options, struct family *family)
{
	uint64_t lot = mix(family->ordinal ^ UINT64_C(0xc4a6e000));
	uint64_t kind = lot / 100 % 3;

	if (options->subject != FILE_834 || lot % 100 >= options->changed_percent)
		return;
	family->moves = kind != 1;
	family->changes_plan = kind != 0;
	if (family->moves)
		family->house += 9899;
}

/* `first` is the ordinal of its first member in the file. */
static void make_family(const struct options *options, uint64_t ordinal, uint64_t first, unsigned people,
			const char *group, struct family *ret_family)
{
	struct family *family = ret_family;
	bool spouse;

	(void)family_size(options, ordinal); /* Chance goes on from there. */
	*family = (struct family){.ordinal = ordinal, .people = people, .group = group};
	family->last = draw_name(&listed_last, last_names, LENGTH(last_names));
	family->street = streets[below(LENGTH(streets))];
	family->place = below(LENGTH(places));
	family->house = 1 + below(9899);
	family->apartment = percent(35) ? 1 + below(120) : 0;
	family->hire_year = 2000 + below(25);
	family->coverages = percent(60) ? 2 : percent(60) ? 3 : 1;
	family->phone = UINT64_C(5552000000) + below(8000) * 1000u + below(1000);
	spouse = percent(70);
	make_person(&family->person[0], first, "18", 24, 40);
	family->person[0].subscriber = true;
	for (unsigned i = 1; i < people; i++) {
		bool is_spouse = i == 1 && spouse;
		/* A child is 16 years younger than the subscriber, or more. */
		unsigned age_max = 2025 - family->person[0].birth_year - 17;

		make_person(&family->person[i], first + i, is_spouse ? "01" : "19", is_spouse ? 22 : 1,
			    is_spouse ? 40 : age_max < 24 ? age_max : 24);
	}
	change_family(options, family);
}

/* Each member another; spread, so that neighbours in the file are none in an index. */
static void format_ssn(uint64_t ordinal, char out[16])
{
	const uint64_t serials = 9999;
	const uint64_t groups = 99;
	const uint64_t areas = 90;
	uint64_t number = ordinal * UINT64_C(7368787) % (serials * groups * areas);

	snprintf(out, 16, "%03u%02u%04u", (unsigned)(800 + number / (serials * groups)),
		 (unsigned)(1 + number / serials % groups), (unsigned)(1 + number % serials));
}

/* ---- segments ---- */

static void end_segment(struct output *out)
{
	putchar('~');
	if (out->options->newline)
		putchar('\n');
	out->segments++;
}

#define SEGMENT(out, ...) (printf(__VA_ARGS__), end_segment(out))

static bool is_change_file(const struct output *out)
{
	return strcmp(out->options->action, "2") == 0;
}

static bool has_phone(const struct person *person)
{
	return person->subscriber || percent_of(person->ordinal, 25);
}

static void write_person_name(struct output *out, const struct family *family, const struct person *person)
{
	char middle[2] = {person->middle, '\0'};
	char ssn[16];

	format_ssn(person->ordinal, ssn);
	SEGMENT(out, "NM1*IL*1*%s*%s*%s***34*%s", family->last, person->first, middle, ssn);
	if (has_phone(person))
		SEGMENT(out, "PER*IP**HP*%llu*EM*%s.%llu@EXAMPLE.COM", (unsigned long long)family->phone, person->first,
			(unsigned long long)family->ordinal);
	if (family->apartment > 0)
		SEGMENT(out, "N3*%u %s*APT %u", family->house, family->street, family->apartment);
	else
		SEGMENT(out, "N3*%u %s", family->house, family->street);
	SEGMENT(out, "N4*%s*%s*%s%04u", places[family->place].city, places[family->place].state,
		places[family->place].zip, 1000 + family->house % 9000);
	SEGMENT(out, "DMG*D8*%04u%02u%02u*%c", person->birth_year, person->birth_month, person->birth_day,
		person->female ? 'F' : 'M');
	if (person->speaks_spanish)
		SEGMENT(out, "LUI*LE*ES**7");
}

static const char *const lines[] = {"HLT", "DEN", "VIS"};
static const char *const tiers[] = {"EMP", "EMP", "ESP", "FAM", "FAM", "FAM", "FAM"};

#define PLANS_A_LINE 4u

static unsigned plan_of(const struct family *family, bool changes)
{
	return 1 + (family->place + (changes ? 1 : 0)) % PLANS_A_LINE;
}

/* INS03 and HD01: full file, change, or (what most change files say of whom they hold) addition. */
static const char *maintenance(const struct output *out, const struct family *family)
{
	if (!is_change_file(out))
		return "030";
	return family->moves || family->changes_plan ? "001" : "021";
}

static const char *maintenance_reason(const struct output *out, const struct family *family)
{
	if (!is_change_file(out))
		return "XN";
	if (family->changes_plan)
		return "22";
	return family->moves ? "43" : "28";
}

static void write_coverages(struct output *out, const struct family *family)
{
	for (unsigned i = 0; i < family->coverages; i++) {
		bool changes = family->changes_plan && i == 0;

		SEGMENT(out, "HD*%s**%s*%s-STANDARD-%02u*%s", maintenance(out, family), lines[i], lines[i],
			plan_of(family, changes), tiers[family->people]);
		SEGMENT(out, "DTP*348*D8*20260%c01", changes ? '2' : '1');
	}
}

static void write_person(struct output *out, const struct family *family, const struct person *person)
{
	SEGMENT(out, "INS*%c*%s*%s*%s*A%s", person->subscriber ? 'Y' : 'N', person->relationship,
		maintenance(out, family), maintenance_reason(out, family), person->subscriber ? "***FT" : "****N");
	SEGMENT(out, "REF*0F*E%08llu", (unsigned long long)family->ordinal + 1);
	SEGMENT(out, "REF*1L*%s", family->group);
	SEGMENT(out, "REF*17*%s-%04u", places[family->place].state, 1 + family->house % 40);
	if (person->subscriber) {
		SEGMENT(out, "REF*DX*DEPT-%04u", 1 + family->house % 200);
		SEGMENT(out, "DTP*336*D8*%04u0601", family->hire_year);
	}
	SEGMENT(out, "DTP*356*D8*20260101");
	write_person_name(out, family, person);
	write_coverages(out, family);
}

/* ---- sets ---- */

/* Where a set begins and how many it holds; `written_*` are those that --every lets into the file. */
struct share {
	uint64_t first_family, families, first_member, members, written_families, written_members;
};

static unsigned capped(unsigned people, uint64_t members_left)
{
	return people < members_left ? people : (unsigned)members_left;
}

/* The families that fill `members`; the last one is cut to fit. */
static struct share make_share(const struct options *options, uint64_t first_family, uint64_t first_member,
			       uint64_t members)
{
	struct share share = {.first_family = first_family, .first_member = first_member};

	while (share.members < members) {
		uint64_t ordinal = first_family + share.families;
		unsigned people = capped(family_size(options, ordinal), members - share.members);

		if (ordinal % options->every == 0) {
			share.written_families++;
			share.written_members += people;
		}
		share.members += people;
		share.families++;
	}
	return share;
}

static void write_set_header(struct output *out, uint64_t set, const struct share *share, const char *group)
{
	out->segments = 0;
	SEGMENT(out, "ST*834*%04llu*005010X220A1", (unsigned long long)set);
	SEGMENT(out, "BGN*00*GEN-%llu-%llu*" DAY "*0730****%s", (unsigned long long)out->options->seed,
		(unsigned long long)set, out->options->action);
	SEGMENT(out, "REF*38*%s", group);
	SEGMENT(out, "DTP*007*D8*20260101");
	if (share->written_members > share->written_families)
		SEGMENT(out, "QTY*DT*%llu", (unsigned long long)(share->written_members - share->written_families));
	SEGMENT(out, "QTY*ET*%llu", (unsigned long long)share->written_families);
	SEGMENT(out, "QTY*TO*%llu", (unsigned long long)share->written_members);
	SEGMENT(out, "N1*P5*SPONSOR OF %s*FI*900000001", group);
	SEGMENT(out, "N1*IN*EXAMPLE HEALTH PLAN*FI*900000002");
}

static void write_set(struct output *out, uint64_t set, const struct share *share, const char *group)
{
	uint64_t member = share->first_member;
	uint64_t end = share->first_member + share->members;

	write_set_header(out, set, share, group);
	for (uint64_t i = 0; i < share->families; i++) {
		uint64_t ordinal = share->first_family + i;
		struct family family;

		make_family(out->options, ordinal, member, capped(family_size(out->options, ordinal), end - member),
			    group, &family);
		for (unsigned j = 0; j < family.people && ordinal % out->options->every == 0; j++)
			write_person(out, &family, &family.person[j]);
		member += family.people;
	}
	SEGMENT(out, "SE*%llu*%04llu", (unsigned long long)out->segments + 1, (unsigned long long)set);
}

static const char *group_of(const struct options *options, uint64_t set)
{
	return options->groups[(set - 1) % options->group_count];
}

/* The families of set `set` (from 1); the sets before it went as far as `family` and `member`. */
static struct share share_of(const struct options *options, uint64_t set, uint64_t family, uint64_t member)
{
	return make_share(options, family, member, options->members * set / options->sets - member);
}

static void write_file(const struct options *options)
{
	struct output out = {.options = options};
	uint64_t family = 0;
	uint64_t member = 0;

	SEGMENT(&out,
		"ISA*00*          *00*          *ZZ*GENERATOR      *ZZ*MUSTER         "
		"*260105*0730*^*00501*%09llu*0*P*:",
		(unsigned long long)options->control);
	SEGMENT(&out, "GS*BE*GENERATOR*MUSTER*" DAY "*0730*%llu*X*005010X220A1", (unsigned long long)options->control);
	for (uint64_t set = 1; set <= options->sets; set++) {
		struct share share = share_of(options, set, family, member);

		write_set(&out, set, &share, group_of(options, set));
		family += share.families;
		member += share.members;
	}
	SEGMENT(&out, "GE*%llu*%llu", (unsigned long long)options->sets, (unsigned long long)options->control);
	SEGMENT(&out, "IEA*1*%09llu", (unsigned long long)options->control);
}

/* ---- the plan that the file meets ---- */

static void write_groups(const struct options *options)
{
	puts("group_id,name,region,status,effective_on,cobra_admin,renewal_month,billing_day,paper_bill");
	for (size_t i = 0; i < options->group_count; i++)
		printf("%s,SPONSOR OF %s,NCAL,active,2010-01-01,self,1,1,0\n", options->groups[i], options->groups[i]);
}

static void write_plans(void)
{
	puts("plan_id,insurance_line,name,region,effective_on");
	for (unsigned i = 0; i < LENGTH(lines) * PLANS_A_LINE; i++)
		printf("%s-STANDARD-%02u,%s,%s STANDARD %u,NCAL,2010-01-01\n", lines[i / PLANS_A_LINE],
		       1 + i % PLANS_A_LINE, lines[i / PLANS_A_LINE], lines[i / PLANS_A_LINE], 1 + i % PLANS_A_LINE);
}

/* One line a coverage. */
static void write_member(const struct family *family, const struct person *person)
{
	char middle[2] = {person->middle, '\0'};
	char address2[16] = "", phone[24] = "", email[64] = "", ssn[16];

	format_ssn(person->ordinal, ssn);
	if (family->apartment > 0)
		snprintf(address2, sizeof(address2), "APT %u", family->apartment);
	if (has_phone(person)) {
		snprintf(phone, sizeof(phone), "%llu", (unsigned long long)family->phone);
		snprintf(email, sizeof(email), "%s.%llu@EXAMPLE.COM", person->first,
			 (unsigned long long)family->ordinal);
	}
	for (unsigned i = 0; i < family->coverages; i++)
		printf("M%08llu,E%08llu,%s,%s,%s,%s,%s,%04u-%02u-%02u,%c,%u %s,%s,%s,%s,%s%04u,%s,%s,"
		       "%s,%s-STANDARD-%02u,%s,2026-01-01\n",
		       (unsigned long long)person->ordinal + 1, (unsigned long long)family->ordinal + 1,
		       person->relationship, family->last, person->first, middle, ssn, person->birth_year,
		       person->birth_month, person->birth_day, person->female ? 'F' : 'M', family->house,
		       family->street, address2, places[family->place].city, places[family->place].state,
		       places[family->place].zip, 1000 + family->house % 9000, phone, email, family->group, lines[i],
		       plan_of(family, false), tiers[family->people]);
}

/* Where each family of the file is found again. */
struct place {
	uint64_t first_member;
	const char *group;
	unsigned people;
};

static struct place *find_families(const struct options *options, uint64_t *ret_count)
{
	struct place *families = calloc(options->members, sizeof(*families)); /* A family has one member or more. */
	uint64_t family = 0;
	uint64_t member = 0;

	for (uint64_t set = 1; families != NULL && set <= options->sets; set++) {
		struct share share = share_of(options, set, family, member);
		uint64_t end = member + share.members;

		for (; member < end; family++) {
			unsigned people = capped(family_size(options, family), end - member);

			families[family] = (struct place){member, group_of(options, set), people};
			member += people;
		}
	}
	*ret_count = family;
	return families;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* All families, with a stride near the golden section of their number: neighbours of the file lie far apart. */
static int write_members(const struct options *options)
{
	uint64_t count, stride;
	struct place *families = find_families(options, &count);

	if (families == NULL)
		return -1;
	for (stride = count * 618 / 1000 + 1; common_divisor(stride, count) != 1; stride++)
		;
	puts("member_id,subscriber_id,relationship,last_name,first_name,middle_name,ssn,birth_on,sex,address1,address2,"
	     "city,state,zip,phone,email,group_id,plan_id,tier,begins_on");
	for (uint64_t i = 0; i < count; i++) {
		uint64_t ordinal = i * stride % count;
		const struct place *at = &families[ordinal];
		struct family family;

		make_family(options, ordinal, at->first_member, at->people, at->group, &family);
		for (unsigned j = 0; j < family.people; j++)
			write_member(&family, &family.person[j]);
	}
	free(families);
	return 0;
}

static int write_subject(const struct options *options)
{
	switch (options->subject) {
	case FILE_834:
		write_file(options);
		break;
	case MEMBERS:
		return write_members(options);
	case GROUPS:
		write_groups(options);
		break;
	case PLANS:
		write_plans();
		break;
	}
	return 0;
}

/* ---- the command line ---- */

static void usage(void)
{
	fputs("usage: gen834 --members N [--seed N] [--groups ID,ID...] [--sets N] [--control N] [--action 2|4|RX]\n"
	      "              [--newline] [--every K] [--changed PERCENT] [--names FILE]\n"
	      "              [--as members|groups|plans]\n",
	      stderr);
	exit(64);
}

static uint64_t number(const char *text, uint64_t min, uint64_t max)
{
	char *end = NULL;
	unsigned long long value = text != NULL && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;

	if (end == NULL || *end != '\0' || value < min || value > max)
		usage();
	return value;
}

/* Divides `list` in place. */
static void take_groups(struct options *options, char *list)
{
	options->group_count = 0;
	for (char *id = strtok(list, ","); id != NULL; id = strtok(NULL, ",")) {
		if (options->group_count == GROUPS_MAX || strlen(id) > 40 || strpbrk(id, "*:^~") != NULL)
			usage();
		options->groups[options->group_count++] = id;
	}
	if (options->group_count == 0)
		usage();
}

static enum subject subject(const char *name)
{
	if (strcmp(name, "members") == 0)
		return MEMBERS;
	if (strcmp(name, "groups") == 0)
		return GROUPS;
	if (strcmp(name, "plans") != 0)
		usage();
	return PLANS;
}

static void parse(int argc, char **argv, struct options *options)
{
	for (int i = 1; i < argc; i++) {
		char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--newline") == 0) {
			options->newline = true;
			continue;
		}
		i++;
		if (value == NULL)
			usage();
		else if (strcmp(argv[i - 1], "--members") == 0)
			options->members = number(value, 1, UINT64_C(80000000));
		else if (strcmp(argv[i - 1], "--seed") == 0)
			options->seed = number(value, 0, UINT64_MAX);
		else if (strcmp(argv[i - 1], "--sets") == 0)
			options->sets = number(value, 1, 999999);
		else if (strcmp(argv[i - 1], "--control") == 0)
			options->control = number(value, 1, 999999999);
		else if (strcmp(argv[i - 1], "--every") == 0)
			options->every = number(value, 1, 999999);
		else if (strcmp(argv[i - 1], "--changed") == 0)
			options->changed_percent = number(value, 0, 100);
		else if (strcmp(argv[i - 1], "--names") == 0)
			load_names(value);
		else if (strcmp(argv[i - 1], "--as") == 0)
			options->subject = subject(value);
		else if (strcmp(argv[i - 1], "--groups") == 0)
			take_groups(options, value);
		else if (strcmp(argv[i - 1], "--action") == 0 &&
			 (strcmp(value, "2") == 0 || strcmp(value, "4") == 0 || strcmp(value, "RX") == 0))
			options->action = value;
		else
			usage();
	}
	if (options->members == 0 || options->sets > options->members)
		usage();
}

int main(int argc, char **argv)
{
	static char buffer[1 << 20];
	static struct options options = {
		.seed = 1, .sets = 1, .control = 1, .every = 1, .action = "2", .groups = {"GRP0001"}, .group_count = 1};

	parse(argc, argv, &options);
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	if (write_subject(&options) != 0 || fflush(stdout) != 0 || ferror(stdout)) {
		perror("gen834");
		return 74;
	}
	return 0;
}
