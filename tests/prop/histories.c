/*
 * The maker of histories: people, their first coverage, and records of every kind about them, sensible or not.
 */
#include "histories.h"

#include <stdio.h>
#include <string.h>

#define S(text) SLICE_LITERAL(text)

static const char *const last_names[MADE_FAMILIES] = {"ROWAN", "TEASEL", "LARKSPUR", "HOLLIS", "MARCHETTI", "QUILL"};
static const char *const other_names[MADE_FAMILIES] = {"ALDER", "BRYONY", "COMFREY", "DITTANY", "ELECAMPANE", "FENNEL"};
static const char *const first_names[MADE_FAMILIES * MADE_RELATIVES] = {
	"ANSELM", "BERYL",  "CASPAR", "DELPHINE", "EDMUND", "FLORA",  "GERVASE", "HESTER", "IVO",    "JOCASTA", "KENELM", "LETITIA",
	"MAGNUS", "NERISSA", "OTTO",  "PETRA",    "QUENTIN", "ROWENA", "SILAS",   "THORA",  "ULRIC", "VERENA",  "WILF",   "XANTHE",
};
/* The months in which coverages begin; ends are the days before. */
static const char *const begins[] = {"20251001", "20251101", "20251201", "20260101", "20260201", "20260301",
				     "20260315", "20260401", "20260501", "20260601", "20260701"};
static const char *const ends[] = {"20251231", "20260131", "20260215", "20260228", "20260331",
				   "20260430", "20260531", "20260630", "20260731"};
static const char *const plans[][2] = {{"HLT", "P1"}, {"HLT", "P2"}, {"HMO", "P3"}, {"DEN", "D1"}};

uint32_t made_pick(struct made_world *world, uint32_t count)
{
	world->random_state = world->random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(world->random_state >> 33) % count;
}

#define PICK(world, table) ((table)[made_pick((world), (uint32_t)(sizeof(table) / sizeof((table)[0])))])

/* ---- people ---- */

static void make_person(struct made_world *world, uint32_t family, uint32_t nth)
{
	struct made_person *person = &world->people[family][nth];
	uint32_t number = family * MADE_RELATIVES + nth;

	*person = (struct made_person){
		.family = family,
		.is_there = nth == 0 || made_pick(world, 3) > 0,
		.is_subscriber = nth == 0,
		.relationship = nth == 0 ? "18" : nth == 1 ? "01" : "19",
		.first_name = first_names[number],
		.sex = number % 2 == 0 ? 'M' : 'F',
	};
	snprintf(person->subscriber_id, sizeof(person->subscriber_id), "S%u", family + 1);
	if (family < MADE_ON_FILE)
		snprintf(person->member_id, sizeof(person->member_id), "M%u", number + 1);
	snprintf(person->last_name, sizeof(person->last_name), "%s", last_names[family]);
	snprintf(person->ssn, sizeof(person->ssn), "21909%04u", 1000 + number * 137);
	snprintf(person->birth, sizeof(person->birth), "%u%02u%02u", nth < 2 ? 1968 + family * 3 + nth : 2008 + family + nth * 2,
		 1 + (number * 5) % 12, 1 + (number * 11) % 28);
}

void made_begin(struct made_world *world, uint64_t seed)
{
	uint32_t family, nth;

	world->random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	(void)made_pick(world, 2);
	for (family = 0; family < MADE_FAMILIES; family++)
		for (nth = 0; nth < MADE_RELATIVES; nth++)
			make_person(world, family, nth);
}

uint32_t made_first_spans(struct made_world *world, const struct made_person *person, struct coverage_span spans[2])
{
	date_day begin = DATE_NONE;
	uint32_t count = 1;

	(void)date_from_ymd(2025, 1, 1, &begin);
	spans[0] = (struct coverage_span){
		.group_id = person->family == 2 ? S("G2") : S("G1"),
		.plan_id = person->family % 2 == 0 ? S("P1") : S("P3"),
		.insurance_line = person->family % 2 == 0 ? S("HLT") : S("HMO"),
		.tier = S("FAM"),
		.begins_on = begin,
		.ends_on = DATE_NONE,
	};
	if (made_pick(world, 3) == 0 && (person->is_subscriber || person->family == 1)) {
		spans[1] = spans[0];
		spans[1].plan_id = S("D1");
		spans[1].insurance_line = S("DEN");
		count = 2;
	}
	/* One family's coverage has ended. */
	if (person->family == 3)
		(void)date_from_ymd(2026, 1, 31, &spans[0].ends_on);
	return count;
}

static const struct member *known_as(const struct made_world *world, const struct made_person *person)
{
	uint32_t i;

	for (i = 0; i < world->known_count; i++)
		if (slice_is(world->known[i]->first_name, person->first_name))
			return world->known[i];
	return NULL;
}

/* A coverage that he has; NULL: none. */
static const struct coverage_span *some_span(struct made_world *world, const struct made_person *person)
{
	const struct member *member = known_as(world, person);
	uint32_t nth;

	if (member == NULL || member->span_count == 0)
		return NULL;
	nth = made_pick(world, member->span_count);
	return member->spans[nth].voided ? NULL : &member->spans[nth];
}

/* ---- parts of a record ---- */

struct record {
	struct made_world *world;
	struct made_person *person;
	struct buffer *out;
	const struct coverage_span *span; /* one he has, perhaps */
	char group_id[4], line[4], plan[4];
};

static void put_date(struct record *it, const char *qualifier, const char *day)
{
	buffer_printf(it->out, "DTP*%s*D8*%s~", qualifier, day);
}

/* The begin on file, or some other day. */
static void put_begin(struct record *it, const char *qualifier)
{
	char day[DATE_TEXT_BYTES];

	if (it->span != NULL && made_pick(it->world, 3) > 0) {
		date_format_ccyymmdd(it->span->begins_on, day);
		put_date(it, qualifier, day);
	} else {
		put_date(it, qualifier, PICK(it->world, begins));
	}
}

static void put_end(struct record *it, const char *qualifier)
{
	put_date(it, qualifier, PICK(it->world, ends));
}

static void put_head(struct record *it, const char *maintenance, const char *reason)
{
	const struct made_person *person = it->person;

	buffer_printf(it->out, "INS*%s*%s*%s*%s*A%s~REF*0F*%s~REF*1L*%s~", person->is_subscriber ? "Y" : "N",
		      person->relationship, maintenance, reason, person->is_subscriber ? "***FT" : "", person->subscriber_id,
		      it->group_id);
	if (person->member_id[0] != '\0' && made_pick(it->world, 8) > 0)
		buffer_printf(it->out, "REF*23*%s~", person->member_id);
}

static void put_name(struct record *it)
{
	const struct made_person *person = it->person;

	buffer_printf(it->out, "NM1*IL*1*%s*%s****34*%s~", person->last_name, person->first_name, person->ssn);
}

static void put_birth(struct record *it)
{
	static const char *const marital[] = {"", "", "", "", "*M", "*I"};

	buffer_printf(it->out, "DMG*D8*%s*%c%s~", it->person->birth, it->person->sex, PICK(it->world, marital));
}

/* HD with the plan, or without it where only the line is meant. */
static void put_coverage(struct record *it, const char *maintenance, bool with_plan)
{
	static const char *const tiers[] = {"EMP", "FAM", "FAM", "ESP"};

	buffer_printf(it->out, "HD*%s**%s", maintenance, it->line);
	if (with_plan)
		buffer_printf(it->out, "*%s*%s", it->plan, PICK(it->world, tiers));
	buffer_add_char(it->out, '~');
}

static void choose_plan(struct record *it, bool another)
{
	const char *const *plan = PICK(it->world, plans);

	if (it->span != NULL && !another) {
		slice_to_cstr(it->span->insurance_line, it->line, sizeof(it->line));
		slice_to_cstr(it->span->plan_id, it->plan, sizeof(it->plan));
		return;
	}
	snprintf(it->line, sizeof(it->line), "%s", plan[0]);
	snprintf(it->plan, sizeof(it->plan), "%s", plan[1]);
}

/* ---- records ---- */

static void record_data(struct record *it)
{
	static const char *const languages[] = {"SPA", "FRE"};
	uint32_t kind = made_pick(it->world, 4);

	put_head(it, "001", kind == 0 || kind == 3 ? "33" : "43");
	put_name(it);
	if (kind == 0)
		buffer_printf(it->out, "PER*IP**HP*510555%04u~", made_pick(it->world, 4));
	else if (kind != 3)
		buffer_printf(it->out, "N3*%u HILL RD~N4*SALEM*CA*94610~", 1 + made_pick(it->world, 3));
	put_birth(it);
	if (kind == 3)
		buffer_printf(it->out, "LUI*LD*%s**7~", PICK(it->world, languages));
}

/* Another last name: 2100B bears the old one. */
static void record_renamed(struct record *it)
{
	struct made_person *person = it->person;
	char old[sizeof(person->last_name)];

	memcpy(old, person->last_name, sizeof(old));
	snprintf(person->last_name, sizeof(person->last_name), "%s",
		 strcmp(old, last_names[person->family]) == 0 ? other_names[person->family] : last_names[person->family]);
	put_head(it, "001", "25");
	buffer_printf(it->out, "NM1*74*1*%s*%s****34*%s~", person->last_name, person->first_name, person->ssn);
	put_birth(it);
	buffer_printf(it->out, "NM1*70*1*%s*%s~", old, person->first_name);
}

static void record_member_ends(struct record *it)
{
	put_head(it, "024", "08");
	put_end(it, "357");
	put_name(it);
	put_birth(it);
	if (made_pick(it->world, 3) == 0) {
		choose_plan(it, false);
		put_coverage(it, "024", true);
		put_end(it, "349");
	}
}

static void record_member_reinstated(struct record *it)
{
	put_head(it, "025", "41");
	put_begin(it, "303");
	put_name(it);
	put_birth(it);
}

/* One coverage: ended, deleted, reinstated, corrected, changed. */
static void record_one_coverage(struct record *it)
{
	static const char *const kinds[] = {"024", "002", "025", "026", "001"};
	uint32_t kind = made_pick(it->world, 5);

	put_head(it, kind == 2 && made_pick(it->world, 2) == 0 ? "025" : "001", kind == 2 ? "41" : "22");
	if (kind >= 3)
		put_date(it, "303", PICK(it->world, begins));
	put_name(it);
	put_birth(it);
	choose_plan(it, kind == 4);
	put_coverage(it, kinds[kind], kind >= 3 || made_pick(it->world, 2) == 0);
	if (kind == 0)
		put_end(it, "349");
	else if (kind == 1 || made_pick(it->world, 3) > 0)
		put_begin(it, "348");
	if (kind >= 3 && made_pick(it->world, 5) == 0)
		put_end(it, "349");
}

/* The plan changes by an end and an add in one record. */
static void record_pair(struct record *it)
{
	uint32_t day = made_pick(it->world, 4);
	static const char *const pairs[][2] = {
		{"20260228", "20260301"}, {"20260331", "20260401"}, {"20260430", "20260501"}, {"20260430", "20260601"}};

	put_head(it, "001", "22");
	put_name(it);
	put_birth(it);
	choose_plan(it, false);
	put_coverage(it, "024", true);
	put_date(it, "349", pairs[day][0]);
	choose_plan(it, true);
	put_coverage(it, "021", true);
	put_date(it, "348", pairs[day][1]);
}

/* Another coverage, or the same under another group. */
static void record_more_coverage(struct record *it)
{
	bool transfer = made_pick(it->world, 2) == 0;

	choose_plan(it, made_pick(it->world, 2) == 0);
	put_head(it, "001", transfer ? "XT" : "28");
	put_name(it);
	put_birth(it);
	put_coverage(it, "021", true);
	put_begin(it, "348");
	if (made_pick(it->world, 6) == 0)
		put_end(it, "349");
}

static void record_add(struct record *it)
{
	const char *day = PICK(it->world, begins);

	choose_plan(it, true);
	put_head(it, "021", "28");
	put_date(it, "356", day);
	put_name(it);
	if (it->person->is_subscriber)
		buffer_printf(it->out, "N3*%u OAK ST~N4*SALEM*CA*94610~", 1 + it->person->family);
	put_birth(it);
	put_coverage(it, "021", true);
	put_date(it, "348", day);
}

static void make_record(struct made_world *world, struct made_person *person, struct buffer *out)
{
	static void (*const kinds[])(struct record *) = {
		record_data,	 record_data,	      record_renamed, record_member_ends,   record_member_ends, record_member_reinstated,
		record_one_coverage, record_one_coverage, record_one_coverage, record_pair, record_more_coverage, record_add,
	};
	struct record it = {.world = world, .person = person, .out = out, .span = some_span(world, person)};

	snprintf(it.group_id, sizeof(it.group_id), "G1");
	if (it.span != NULL)
		slice_to_cstr(it.span->group_id, it.group_id, sizeof(it.group_id));
	if (made_pick(world, 8) == 0)
		snprintf(it.group_id, sizeof(it.group_id), "%s", it.group_id[1] == '1' ? "G2" : "G1");
	if (known_as(world, person) == NULL)
		record_add(&it);
	else
		PICK(world, kinds)(&it);
}

/* ---- files ---- */

static struct slice keep(struct made_world *world, struct buffer *text)
{
	struct slice kept = arena_dup(world->arena, buffer_slice(text));

	buffer_clear(text);
	return kept;
}

static void change_file(struct made_world *world, struct made_file *file)
{
	struct buffer text;
	uint32_t family, nth;

	buffer_init(&text, world->env);
	for (family = 0; family < MADE_FAMILIES; family++) {
		bool about = made_pick(world, 5) > 1;

		for (nth = 0; about && nth < MADE_RELATIVES; nth++) {
			struct made_person *person = &world->people[family][nth];
			bool is_new = known_as(world, person) == NULL;

			if (!person->is_there || (!is_new && made_pick(world, 2) == 0) || (is_new && made_pick(world, 4) == 0))
				continue;
			make_record(world, person, &text);
			file->records[family][nth] = keep(world, &text);
			file->record_count++;
		}
	}
	buffer_fini(&text);
}

/* What a full file says about a coverage: mostly what is on file. */
static void put_full_coverage(struct record *it, const struct coverage_span *span)
{
	char day[DATE_TEXT_BYTES];

	it->span = span;
	choose_plan(it, made_pick(it->world, 12) == 0);
	buffer_printf(it->out, "HD*030**%s*%s*FAM~", it->line, it->plan);
	if (made_pick(it->world, 12) == 0)
		put_begin(it, "348");
	else
		put_date(it, "348", date_format_ccyymmdd(span->begins_on, day));
	if (span->ends_on != DATE_NONE)
		put_date(it, "349", date_format_ccyymmdd(span->ends_on, day));
	else if (made_pick(it->world, 15) == 0)
		put_end(it, "349");
}

static bool make_full_record(struct made_world *world, struct made_person *person, struct made_file *file, struct buffer *out)
{
	const struct member *member = known_as(world, person);
	struct record it = {.world = world, .person = person, .out = out};
	uint32_t i, active = 0;

	snprintf(it.group_id, sizeof(it.group_id), "%s", file->group_id);
	for (i = 0; member != NULL && i < member->span_count; i++)
		active += span_covers(&member->spans[i], file->today) && slice_is(member->spans[i].group_id, file->group_id);
	if (active == 0 || made_pick(world, 14) == 0)
		return false;
	put_head(&it, "030", "XN");
	put_name(&it);
	put_birth(&it);
	for (i = 0; i < member->span_count; i++)
		if (span_covers(&member->spans[i], file->today) && slice_is(member->spans[i].group_id, file->group_id))
			put_full_coverage(&it, &member->spans[i]);
	return true;
}

static void full_file(struct made_world *world, struct made_file *file)
{
	struct buffer text;
	uint32_t family, nth;

	buffer_init(&text, world->env);
	for (family = 0; family < MADE_FAMILIES; family++) {
		for (nth = 0; nth < MADE_RELATIVES; nth++) {
			struct made_person *person = &world->people[family][nth];

			if (!person->is_there || !make_full_record(world, person, file, &text))
				continue;
			file->records[family][nth] = keep(world, &text);
			file->record_count++;
		}
	}
	buffer_fini(&text);
}

/* Premium of some people: mostly of those on file, now and then of nobody, or not what it comes to. */
static void payment_file(struct made_world *world, struct made_file *file)
{
	char amount[MONEY_TEXT_BYTES];
	struct buffer text;
	uint32_t family;

	buffer_init(&text, world->env);
	for (family = 0; family < MADE_FAMILIES; family++) {
		const struct made_person *person = &world->people[family][made_pick(world, 4) == 0 ? 1 : 0];
		cents paid = 10000 + 2500 * (cents)made_pick(world, 9);

		if (made_pick(world, 3) == 0)
			continue;
		file->record_count++;
		file->in_lines += paid;
		buffer_printf(&text, "ENT*%u*2J*34*%s~NM1*EY*1*%s*%s****34*%s~RMR*AZ*%s**%s~DTM*582****RD8*20260301-20260331~",
			      file->record_count, person->ssn, person->last_name, person->first_name, person->ssn,
			      person->subscriber_id, money_format(paid, amount));
	}
	file->paid = file->in_lines + (made_pick(world, 8) == 0 ? 100 : 0);
	file->lines = keep(world, &text);
	buffer_fini(&text);
}

static void add_payment(const struct made_file *file, struct buffer *out)
{
	char amount[MONEY_TEXT_BYTES], day[DATE_TEXT_BYTES];

	buffer_printf(out, "BPR*I*%s*C*ACH*CCP*01*999999992*DA*0012200*1001122334**01*888888884*DA*0077889*%s~",
		      money_format(file->paid, amount), date_format_ccyymmdd(file->today, day));
	buffer_printf(out, "TRN*3*T%u*1001122334~DTM*582****RD8*20260301-20260331~N1*PE*MUSTER*FI*940009999~"
		      "N1*PR*REDWOOD BAKERY*FI*940001111~", file->control);
	buffer_add_slice(out, file->lines);
}

void made_night(struct made_world *world, uint32_t night, struct made_file *ret_file)
{
	date_day first = DATE_NONE;

	(void)date_from_ymd(2026, 3, 2, &first);
	*ret_file = (struct made_file){
		.today = first + (date_day)(night * 9),
		.control = night + 1,
		.full = night > 0 && made_pick(world, 4) == 0,
		.group_id = made_pick(world, 4) == 0 ? "G2" : "G1",
	};
	if (night == MADE_NIGHTS - 2 && made_pick(world, 2) == 0) {
		ret_file->full = false;
		ret_file->payment = true;
		payment_file(world, ret_file);
		if (ret_file->record_count > 0)
			return;
		ret_file->payment = false;
	}
	if (ret_file->full)
		full_file(world, ret_file);
	while (ret_file->record_count == 0) {
		ret_file->full = false;
		change_file(world, ret_file);
	}
}

static void shuffle(uint32_t *items, uint32_t count, uint64_t *state)
{
	struct made_world world = {.random_state = *state};
	uint32_t i;

	for (i = count; i > 1; i--) {
		uint32_t k = made_pick(&world, i), item = items[k];

		items[k] = items[i - 1];
		items[i - 1] = item;
	}
	*state = world.random_state;
}

static void add_families(const struct made_file *file, const uint64_t *order, struct buffer *out)
{
	uint32_t families[MADE_FAMILIES] = {0, 1, 2, 3, 4, 5}, relatives[MADE_RELATIVES], i, k;
	uint64_t state = order != NULL ? *order : 0;

	if (order != NULL)
		shuffle(families, MADE_FAMILIES, &state);
	for (i = 0; i < MADE_FAMILIES; i++) {
		for (k = 0; k < MADE_RELATIVES; k++)
			relatives[k] = k;
		if (order != NULL)
			shuffle(relatives, MADE_RELATIVES, &state);
		for (k = 0; k < MADE_RELATIVES; k++)
			buffer_add_slice(out, file->records[families[i]][relatives[k]]);
	}
}

void made_bytes(const struct made_file *file, const uint64_t *order, struct buffer *out)
{
	const char *guide = file->payment ? "005010X218" : "005010X220A1";
	size_t at, segments = 0, first = out->len;
	char day[DATE_TEXT_BYTES];

	date_format_ccyymmdd(file->today, day);
	buffer_printf(out,
		      "ISA*00*          *00*          *ZZ*SENDER         *ZZ*MUSTER         *%s*0215*^*00501*%09u*0*P*:~"
		      "GS*%s*SENDER*MUSTER*%s*0215*%u*X*%s~ST*%s*0001*%s~", day + 2, file->control, file->payment ? "RA" : "BE",
		      day, file->control, guide, file->payment ? "820" : "834", guide);
	if (file->payment) {
		add_payment(file, out);
	} else {
		buffer_printf(out, "BGN*00*%u*%s*0215****%s~REF*38*%s~N1*P5*REDWOOD BAKERY*FI*940001111~N1*IN*MUSTER*FI*940009999~",
			      file->control, day, file->full ? "RX" : "2", file->group_id);
		add_families(file, order, out);
	}
	for (at = first; at < out->len; at++)
		segments += out->data[at] == '~';
	buffer_printf(out, "SE*%zu*0001~GE*1*%u~IEA*1*%09u~", segments - 1, file->control, file->control);
}
