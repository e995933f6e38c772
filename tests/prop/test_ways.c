/*
 * ways: the walk says the same of a file whoever listens.
 *
 * Sound segments are taken a straight way (src/check/straight.c), and those that stood in the set before a shorter one;
 * whoever wants every event of the reader is led past both. Were one of the ways to say something else, a file accepted
 * in pass 1 would be another in pass 2, and a member's record would be taken or left out by chance.
 *
 * Files given as arguments are cut into segments and changed: segments and runs of them stand again, elsewhere, in
 * other sets, with other bytes, a few times or beyond what the guide allows; then walked all ways under the same
 * options. All from one seed: `--seeds N --from SEED`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "muster/check.h"
#include "muster/hash.h"
#include "muster/profile.h"
#include "muster/verdict_out.h"

#define PIECES_MAX 4000u
#define BYTES_MAX (PIECES_MAX * 100u)
#define BASES_MAX 64u

static struct env env;
static struct guide_set *guides;
static struct arena arena;
static uint64_t random_state;
static uint32_t seed_count = 300, seed_first = 1;
static struct slice bases[BASES_MAX];
static uint32_t base_count;
static uint32_t sound_files;

/* What partners may have agreed: lists, rules of their own, severities. */
static const char *const agreed[] = {
	"isa_sender: S\n",
	"isa_sender: S\noverlay: {834: {2300: {usage: R, repeat: 2}, 2000/INS08: {usage: R}, 2100A/N3: {repeat: 2}}}\n",
	"isa_sender: S\nreject: member\nseverities: {snip4: error, snip1: warning, employment_of_dependent: error, "
	"'2100A': warning, 2300/HD03: 'off'}\n",
	"isa_sender: S\noverlay: {834: {rules: {own: {at: 2300/DTP, when: {DTP01: ['303', '348'], INS01: N}, forbid: DTP, "
	"severity: warning, text: of ours}, other: {at: 2000/REF, when: {REF01: 1L, INS01: Y}, forbid: REF, "
	"severity: warning, text: of ours}}}}\n",
};
#define AGREED_COUNT (sizeof(agreed) / sizeof(agreed[0]))
static struct profile profiles[AGREED_COUNT];

/* splitmix64 */
static uint32_t pick(uint32_t limit)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ (z >> 31)) >> 33) % limit;
}

/* ---- the file ---- */

static struct slice pieces[PIECES_MAX + 1];
static uint32_t piece_count;

/* `count` pieces from `from` on stand at `to` too. */
static void copy_pieces(uint32_t from, uint32_t count, uint32_t to)
{
	static struct slice copies[PIECES_MAX];

	if (piece_count + count > PIECES_MAX || from + count > piece_count)
		return;
	memcpy(copies, pieces + from, count * sizeof(*pieces));
	memmove(pieces + to + count, pieces + to, (piece_count - to) * sizeof(*pieces));
	memcpy(pieces + to, copies, count * sizeof(*pieces));
	piece_count += count;
}

static void drop_piece(uint32_t at)
{
	memmove(pieces + at, pieces + at + 1, (--piece_count - at) * sizeof(*pieces));
}

static void put_piece(uint32_t at, struct slice piece)
{
	if (piece_count == PIECES_MAX)
		return;
	memmove(pieces + at + 1, pieces + at, (piece_count - at) * sizeof(*pieces));
	pieces[at] = piece;
	piece_count++;
}

static uint32_t find_piece(uint32_t from, const char *begin)
{
	while (from < piece_count && !slice_starts_with(pieces[from], begin))
		from++;
	return from;
}

/* Some bytes of a segment become others. */
static void change_bytes(uint32_t at)
{
	static const char others[] = "0123456789 *^:aZ\r\n~\x80";
	struct slice copy;

	if (pieces[at].len == 0)
		return;
	copy = arena_dup(&arena, pieces[at]);
	((char *)(uintptr_t)copy.data)[pick((uint32_t)copy.len)] = others[pick(sizeof(others) - 1)];
	pieces[at] = copy;
}

/* One qualifier or day becomes another that the same file has, so that it stays likely. */
static void change_element(uint32_t at)
{
	struct slice from = pieces[pick(piece_count)], to = pieces[at];
	size_t a = slice_find(from, '*', 0), b = slice_find(to, '*', 0);
	struct buffer made;

	if (a >= from.len || b >= to.len)
		return;
	if (pick(2) != 0)
		b = slice_find(to, '*', b + 1);
	buffer_init(&made, &env);
	buffer_add_slice(&made, slice_of(to.data, b < to.len ? b : to.len));
	buffer_add_slice(&made, slice_of(from.data + a, from.len - a));
	pieces[at] = arena_dup(&arena, buffer_slice(&made));
	buffer_fini(&made);
}

static const char *const strays[] = {
	"DTP*303*D8*20260201", "DTP*348*D8*20260101", "DTP*357*D8*20260301", "REF*1L*G1001", "N3*1 MAIN ST",
	"N4*ANYTOWN*CA*90001", "INS*N*01*021*28*A", "INS*Y*18*024*28*A***FT", "HD*021**HLT*GOLD*EMP", "NM1*IL*1*ROE*ALEX",
	"ZZ9*1", "HD*024**DEN*SMILE", "LX*1", "LS*2700", "LE*2700", "AMT*P3*1.00", "DTP*303*D8*20260231", "DMG*D8*19800101*F",
	"ISA*00*          *00*          *ZZ*S              *ZZ*R              *260105*0930*^*00501*000000009*0*T*:",
	"SE*9*0001", "ST*834*0002*005010X220A1", "", "TA1*1", "dtp*303*D8*20260201", "REF*0F*S100", "PER*IP**TE*5552220101",
};

/* The same segment in many places: behind about half of those whose id is that of the segment at `at`. */
static void put_behind_all(uint32_t at, struct slice piece)
{
	struct slice id = slice_of(pieces[at].data, pieces[at].len < 3 ? pieces[at].len : 3);

	for (uint32_t i = piece_count; i-- > 0;)
		if (pieces[i].len >= id.len && memcmp(pieces[i].data, id.data, id.len) == 0 && pick(2) != 0)
			put_piece(i + 1, piece);
}

/* All members of the first set, or of one behind, once more; or that set. */
static void copy_members(uint32_t behind, bool set)
{
	uint32_t from = find_piece(behind, set ? "ST*" : "INS*"), end = from;

	while (end < piece_count && !slice_starts_with(pieces[end], "SE*"))
		end++;
	if (set && end < piece_count)
		end++;
	copy_pieces(from, end - from, end);
}

static void change_once(void)
{
	uint32_t at = pick(piece_count), run = 1 + pick(12), i;

	switch (pick(13)) {
	case 0:
		for (i = 1 + pick(pick(8) == 0 ? 120 : 4); i > 0; i--)
			copy_pieces(at, 1, at);
		break;
	case 1:
	case 2:
		for (i = 1 + pick(5); i > 0; i--)
			copy_pieces(at, run, at);
		break;
	case 3:
		drop_piece(at);
		break;
	case 4:
	case 5:
		copy_pieces(at, 1, pick(piece_count));
		break;
	case 6:
		change_bytes(at);
		break;
	case 7:
		change_element(at);
		break;
	case 8:
		copy_members(pick(2) * at, pick(3) == 0);
		break;
	case 9:
		copy_pieces(at, 1, pick(piece_count));
		drop_piece(at);
		break;
	case 10:
		put_behind_all(at, slice_from(strays[pick(sizeof(strays) / sizeof(strays[0]))]));
		break;
	case 11:
		put_behind_all(at, pieces[pick(piece_count)]);
		break;
	default:
		put_piece(at, slice_from(strays[pick(sizeof(strays) / sizeof(strays[0]))]));
		break;
	}
	if (piece_count == 0)
		put_piece(0, slice_from("ISA"));
}

static void cut_base(struct slice base)
{
	size_t begin = 0;

	piece_count = 0;
	while (begin < base.len && piece_count < PIECES_MAX / 2) {
		size_t end = slice_find(base, '~', begin);
		struct slice piece = slice_of(base.data + begin, (end < base.len ? end : base.len) - begin);

		while (piece.len > 0 && (*piece.data == '\n' || *piece.data == '\r'))
			piece = slice_of(piece.data + 1, piece.len - 1);
		pieces[piece_count++] = piece;
		begin = end < base.len ? end + 1 : base.len;
	}
}

static void make_file(struct buffer *out)
{
	static const char *const ends[] = {"~", "~\n", "~\r\n"};
	uint32_t how = pick(5), i;

	cut_base(bases[pick(base_count)]);
	for (i = pick(3); i > 0; i--)
		copy_members(0, false);
	for (i = pick(3); i > 0; i--)
		put_behind_all(pick(piece_count), slice_from(strays[pick(3)]));
	for (i = pick(pick(2) == 0 ? 6 : 30); i > 0; i--)
		change_once();
	for (i = 0; i < piece_count; i++) {
		buffer_add_slice(out, pieces[i]);
		buffer_add_text(out, ends[how < 3 ? how : pick(how == 4 ? 3 : 2)]);
		if (how == 4 && pick(40) == 0)
			buffer_add_text(out, pick(2) == 0 ? "\r" : " \n");
	}
}

static void make_options(struct check_options *options)
{
	*options = pick(3) == 0 ? (struct check_options){0} : profiles[pick(AGREED_COUNT)].check;
	options->letters = pick(4) == 0 ? CHECK_LETTERS_CAPITAL : pick(4) == 0 ? CHECK_LETTERS_BASIC : CHECK_LETTERS_ANY;
	options->members_max = pick(4) == 0 ? 1 + pick(4) : 0;
	options->reject_member = options->reject_member || pick(2) == 0;
	options->balance = (enum check_balance)pick(3);
	options->skip_content_hash = pick(4) == 0;
	for (uint32_t i = pick(4); i > 0; i--) {
		uint32_t code = pick(FINDING_CODE_COUNT);

		options->severity_set[code] = true;
		options->severity[code] = (enum finding_severity)pick(FINDING_OFF + 1);
	}
}

/* ---- the walks ---- */

enum wish { WISH_ALL, WISH_SOME, WISH_NONE };

struct seen {
	uint32_t some; /* which places WISH_SOME wants */
	uint32_t findings;
	struct buffer said, given;
};

static bool is_wanted(void *context, const struct guide *guide, const struct guide_segment *node)
{
	const struct seen *seen = context;
	uint32_t index = (uint32_t)(node - guide->segments);

	return ((index * UINT32_C(2654435761) ^ seen->some) >> 13 & 3) == 0;
}

static int on_finding(void *context, const struct finding *finding)
{
	struct seen *seen = context;

	seen->findings++;
	verdict_out_add_finding_json(&seen->said, &(struct verdict_out_place){.file = "f"}, finding, true);
	buffer_printf(&seen->said, " %s %u %u %u %u %.*s\n", finding->trigger.segment_id, finding->trigger.segment_pos,
		      finding->trigger.element_pos, finding->element_ref, finding->segment_at, (int)finding->segment.len,
		      finding->segment.data);
	return 0;
}

static int on_loop_begin(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	(void)guide;
	buffer_printf(&((struct seen *)context)->said, "> %s\n", loop->id);
	return 0;
}

static int on_loop_end(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	(void)guide;
	buffer_printf(&((struct seen *)context)->said, "< %s\n", loop->id);
	return 0;
}

static int on_tset_end(void *context, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct seen *seen = context;

	(void)tset;
	buffer_printf(&seen->said, "= %d %u %u %llu %llu %llu ", (int)verdict->decision, verdict->segments,
		      verdict->members, (unsigned long long)verdict->errors, (unsigned long long)verdict->warnings,
		      (unsigned long long)verdict->member_errors);
	for (size_t i = 0; i < sizeof(verdict->content_hash); i++)
		buffer_printf(&seen->said, "%02x", ((const unsigned char *)&verdict->content_hash)[i]);
	buffer_add_text(&seen->said, "\n");
	return 0;
}

static int on_segment(void *context, const struct guide *guide, const struct guide_segment *node,
		      const struct x12_segment *segment)
{
	struct seen *seen = context;

	if (node == NULL || !is_wanted(seen, guide, node))
		return 0;
	buffer_printf(&seen->given, "%llu %llu %u %u %u %.*s %u\n", (unsigned long long)segment->where.offset,
		      (unsigned long long)segment->where.line, segment->where.tset, segment->where.segment_pos,
		      segment->where.member_pos, (int)segment->raw.len, segment->raw.data, segment->element_count);
	return 0;
}

static int on_event(void *context, const struct x12_event *event)
{
	(void)context;
	(void)event;
	return 0;
}

static void walk(struct slice bytes, size_t chunk, const struct check_options *options, enum wish wish, bool is_long,
		 struct seen *seen)
{
	const struct check_handler handler = {.context = seen,
					      .tset_end = on_tset_end,
					      .loop_begin = on_loop_begin,
					      .loop_end = on_loop_end,
					      .segment = wish == WISH_NONE ? NULL : on_segment,
					      .wants = wish == WISH_SOME ? is_wanted : NULL,
					      .finding = on_finding,
					      .event = is_long ? on_event : NULL};
	struct io_source *source;

	buffer_clear(&seen->said);
	buffer_clear(&seen->given);
	seen->findings = 0;
	assert_int_equal(io_source_open_memory(&env, bytes, chunk, &source), 0);
	assert_int_equal(check_source(&env, guides, source, options, &handler), 0);
	io_source_close(source);
}

/* The first line that differs, of both. */
static void show_difference(const struct buffer *a, const struct buffer *b)
{
	size_t at = 0, line = 0;

	while (at < a->len && at < b->len && a->data[at] == b->data[at])
		if (a->data[at++] == '\n')
			line = at;
	printf("# long:  %.*s\n# short: %.*s\n", (int)slice_find(slice_of(a->data + line, a->len - line), '\n', 0),
	       a->data + line, (int)slice_find(slice_of(b->data + line, b->len - line), '\n', 0), b->data + line);
}

static bool is_same(uint32_t seed, const char *what, const struct buffer *a, const struct buffer *b)
{
	bool same = slice_equal(buffer_slice(a), buffer_slice(b));

	if (!same) {
		printf("# seed %u, %s:\n", seed, what);
		show_difference(a, b);
	}
	return same;
}

/* A file as it was: where nothing is found, not looking says the same. */
static bool run_sound(uint32_t seed, struct buffer *file, struct seen *all, struct seen *other)
{
	struct check_options options = {.skip_content_hash = pick(2) == 0};

	cut_base(bases[pick(base_count)]);
	buffer_clear(file);
	for (uint32_t i = 0; i < piece_count; i++) {
		if (slice_is_empty(pieces[i]))
			continue;
		buffer_add_slice(file, pieces[i]);
		buffer_add_char(file, '~');
	}
	walk(buffer_slice(file), 0, &options, WISH_ALL, true, all);
	if (all->findings > 0)
		return true;
	options.known_sound = true;
	sound_files++;
	walk(buffer_slice(file), 0, &options, WISH_ALL, pick(2) == 0, other);
	return is_same(seed, "known to be sound", &all->said, &other->said) &&
	       is_same(seed, "known to be sound", &all->given, &other->given);
}

static bool run_seed(uint32_t seed, uint64_t *said)
{
	static const size_t chunks[] = {0, 0, 0, 3, 100, 5000};
	struct check_options options;
	struct buffer file;
	struct seen all, other;
	bool same = true;

	random_state = seed * UINT64_C(0x2545f4914f6cdd1d);
	arena_init(&arena, &env, 0, 0);
	buffer_init(&file, &env);
	buffer_init(&all.said, &env);
	buffer_init(&all.given, &env);
	buffer_init(&other.said, &env);
	buffer_init(&other.given, &env);
	make_file(&file);
	make_options(&options);
	all.some = other.some = pick(UINT32_MAX);
	walk(buffer_slice(&file), chunks[pick(6)], &options, WISH_ALL, true, &all);
	for (int wish = WISH_ALL; wish <= WISH_NONE && same; wish++) {
		static const char *const names[] = {"all wanted", "some wanted", "nothing wanted"};

		walk(buffer_slice(&file), chunks[pick(6)], &options, (enum wish)wish, false, &other);
		same = is_same(seed, names[wish], &all.said, &other.said) &&
		       (wish == WISH_NONE || is_same(seed, names[wish], &all.given, &other.given));
	}
	same = same && run_sound(seed, &file, &all, &other);
	if (!same && seed_count == 1)
		fwrite(file.data, 1, file.len, stderr);
	*said += all.said.len;
	buffer_fini(&file);
	buffer_fini(&all.said);
	buffer_fini(&all.given);
	buffer_fini(&other.said);
	buffer_fini(&other.given);
	arena_fini(&arena);
	return same;
}

static void test_ways(void **state)
{
	uint32_t failed = 0;
	uint64_t said = 0;

	(void)state;
	for (uint32_t i = 0; i < seed_count && failed < 20; i++)
		failed += !run_seed(seed_first + i, &said);
	print_message("#: %u files from seed %u, %u of them sound, %llu bytes said of them, %u said otherwise\n", seed_count,
		      seed_first, sound_files, (unsigned long long)said, failed);
	assert_int_equal(failed, 0);
	assert_true(said > seed_count * UINT64_C(500));
	assert_true(seed_count < 100 || sound_files > 0);
}

static struct slice read_whole(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *bytes = malloc(BYTES_MAX);
	size_t len;

	assert_non_null(file);
	assert_non_null(bytes);
	len = fread(bytes, 1, BYTES_MAX, file);
	fclose(file);
	return slice_of(bytes, len);
}

static int setup(void **state)
{
	static struct arena of_profiles;
	struct buffer errors;

	(void)state;
	assert_int_equal(hash_setup(), 0);
	env_real_init(&env);
	buffer_init(&errors, &env);
	arena_init(&of_profiles, &env, 0, 0);
	assert_int_equal(guide_set_new(&env, &errors, &guides), 0);
	for (size_t i = 0; i < AGREED_COUNT; i++) {
		int r = profile_parse(&of_profiles, "partners/p.yaml", slice_from(agreed[i]), NULL, guides, &errors,
				      &profiles[i]);
		if (r != 0)
			fprintf(stderr, "%.*s\n", (int)errors.len, errors.data);
		assert_int_equal(r, 0);
		/* That senders differ from theirs is no fault of these files. */
		profiles[i].check.receiver_count = 0;
	}
	buffer_fini(&errors);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_ways)};

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc)
			seed_count = (uint32_t)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--from") == 0 && i + 1 < argc)
			seed_first = (uint32_t)strtoul(argv[++i], NULL, 10);
		else if (base_count < BASES_MAX)
			bases[base_count++] = read_whole(argv[i]);
	}
	return cmocka_run_group_tests(tests, setup, NULL);
}
