/* If this failed: a sponsor's file would be read wrong or in part, and members would lose coverage unnoticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "muster/buffer.h"
#include "muster/error.h"
#include "muster/io.h"
#include "muster/limits.h"
#include "world.h"

#define ISA                                                                                                            \
	"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260105*0730*^*00501*000000001*0*P*:~"
#define REST                                                                                                           \
	"GS*BE*SENDER*RECEIVER*20260105*0730*1*X*005010X220A1~ST*834*0001*005010X220A1~BGN*00*12456*20260105*0730****2~"   \
	"REF*38*ABCD012354~INS*Y*18*021*28*A***FT~REF*0F*219090001~NM1*IL*1*DOE*JOHN~SE*7*0001~GE*1*1~IEA*1*000000001~"

/* Everything a source gives, read `read_bytes` at a time. */
static void read_whole(struct io_source *source, size_t read_bytes, struct buffer *ret_bytes)
{
	char *piece = env_alloc(&world.env, read_bytes);
	ssize_t n;

	buffer_init(ret_bytes, &world.env);
	buffer_add_text(ret_bytes, "");
	while ((n = io_source_read(source, piece, read_bytes)) > 0)
		buffer_add(ret_bytes, piece, (size_t)n);
	assert_int_equal(n, 0);
	assert_int_equal(io_source_read(source, piece, read_bytes), 0);
	env_free(&world.env, piece);
}

static void assert_slice_equal(struct slice got, struct slice want)
{
	assert_int_equal(got.len, want.len);
	if (want.len > 0)
		assert_memory_equal(got.data, want.data, want.len);
}

/* The same bytes and the same answers at every size of piece and of read, from memory and from a file. */
static void assert_reads(struct slice file, struct slice want, enum io_damage damage)
{
	static const size_t sizes[] = {1, 2, 3, 4, 5, 64, 1000, 300000};
	struct io_source *source;
	struct buffer got;
	struct hash want_hash, hash;
	uint64_t bytes;
	size_t i, j;

	hash_of(file, &want_hash);
	for (i = 0; i < 10; i++) {
		for (j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			if (i == 9)
				assert_int_equal(io_source_open(&world.env, world_file("read", file), &source), 0);
			else
				assert_int_equal(io_source_open_memory(&world.env, file, i == 8 ? 0 : sizes[i],
								       &source), 0);
			read_whole(source, sizes[j], &got);
			assert_slice_equal(buffer_slice(&got), want);
			assert_int_equal(io_source_damage(source), damage);
			io_source_hash(source, &hash, &bytes);
			assert_int_equal(bytes, file.len);
			assert_memory_equal(hash.bytes, want_hash.bytes, HASH_BYTES);
			buffer_fini(&got);
			io_source_close(source);
		}
	}
}

/* `content` as one gzip member. */
static void gzip(struct slice content, struct buffer *ret_gzip)
{
	const char *path = world_file("plain", content), *packed = world_path("packed");
	struct hash hash;
	char *data;
	size_t bytes;

	assert_int_equal(io_gzip_file(&world.env, path, packed, &hash), 0);
	assert_int_equal(io_read_file(&world.env, packed, SIZE_MAX / 8, &data, &bytes), 0);
	buffer_init(ret_gzip, &world.env);
	buffer_add(ret_gzip, data, bytes);
	env_free(&world.env, data);
}

static void test_plain(void **state)
{
	struct io_source *source;

	(void)state;
	assert_reads(SLICE_EMPTY, SLICE_EMPTY, IO_SOUND);
	assert_reads(SLICE_LITERAL("\x1f"), SLICE_LITERAL("\x1f"), IO_SOUND);
	assert_reads(SLICE_LITERAL(ISA REST), SLICE_LITERAL(ISA REST), IO_SOUND);
	assert_reads(SLICE_LITERAL("I\0S\0A\r\n\xff"), SLICE_LITERAL("I\0S\0A\r\n\xff"), IO_SOUND);
	assert_int_equal(io_source_open_memory(&world.env, SLICE_LITERAL(ISA REST), 1, &source), 0);
	assert_false(io_source_is_gzip(source));
	assert_false(io_source_has_bom(source));
	assert_false(io_source_is_wrapped(source));
	assert_int_equal(io_source_coding(source), IO_ASCII);
	assert_int_equal(io_source_offset(source, 12345), 12345);
	io_source_close(source);
}

static void test_without_hash(void **state)
{
	struct io_source *source;
	struct buffer got;

	(void)state;
	assert_int_equal(io_source_open(&world.env, world_file("unhashed", SLICE_LITERAL(ISA REST)), &source), 0);
	io_source_without_hash(source);
	read_whole(source, 9, &got);
	assert_slice_equal(buffer_slice(&got), SLICE_LITERAL(ISA REST));
	buffer_fini(&got);
	io_source_close(source);
}

static void test_large_file(void **state)
{
	size_t bytes = 3 * LIMIT_READ_BYTES + 17, i;
	char *data = env_alloc(&world.env, bytes);

	(void)state;
	for (i = 0; i < bytes; i++)
		data[i] = (char)(i * 7 + i / 251);
	assert_reads(slice_of(data, bytes), slice_of(data, bytes), IO_SOUND);
	env_free(&world.env, data);
}

static void test_byte_order_mark(void **state)
{
	struct io_source *source;

	(void)state;
	assert_reads(SLICE_LITERAL("\xef\xbb\xbf" ISA REST), SLICE_LITERAL(ISA REST), IO_SOUND);
	assert_reads(SLICE_LITERAL("\xef\xbb\xbf"), SLICE_EMPTY, IO_SOUND);
	assert_reads(SLICE_LITERAL("\xef\xbb"), SLICE_LITERAL("\xef\xbb"), IO_SOUND);
	assert_int_equal(io_source_open_memory(&world.env, SLICE_LITERAL("\xef\xbb\xbf" ISA), 2, &source), 0);
	assert_true(io_source_has_bom(source));
	assert_int_equal(io_source_offset(source, 0), 3);
	assert_int_equal(io_source_offset(source, 105), 108);
	io_source_close(source);
}

static void test_gzip(void **state)
{
	struct buffer packed, second;
	struct io_source *source;

	(void)state;
	gzip(SLICE_LITERAL("\xef\xbb\xbf" ISA REST), &packed);
	assert_reads(buffer_slice(&packed), SLICE_LITERAL(ISA REST), IO_SOUND);
	assert_int_equal(io_source_open_memory(&world.env, buffer_slice(&packed), 1, &source), 0);
	assert_true(io_source_is_gzip(source));
	assert_true(io_source_has_bom(source));
	io_source_close(source);

	/* Several members, an empty one among them, and the zeros of a tape behind. */
	gzip(SLICE_EMPTY, &second);
	buffer_add_slice(&packed, buffer_slice(&second));
	buffer_fini(&second);
	gzip(SLICE_LITERAL("more"), &second);
	buffer_add_slice(&packed, buffer_slice(&second));
	buffer_add(&packed, "\0\0\0\0", 4);
	assert_reads(buffer_slice(&packed), SLICE_LITERAL(ISA REST "more"), IO_SOUND);

	/* What follows the last member must be one. */
	buffer_add_text(&packed, "junk");
	assert_reads(buffer_slice(&packed), SLICE_LITERAL(ISA REST "more"), IO_GZIP_CORRUPT);
	buffer_fini(&second);
	buffer_fini(&packed);
}

static void test_gzip_cut_anywhere(void **state)
{
	struct io_source *source;
	struct buffer packed, got;
	size_t cut;

	(void)state;
	gzip(SLICE_LITERAL(ISA REST), &packed);
	for (cut = 2; cut < packed.len; cut++) {
		assert_int_equal(io_source_open_memory(&world.env, slice_of(packed.data, cut), 3, &source), 0);
		read_whole(source, 7, &got);
		assert_int_equal(io_source_damage(source), IO_GZIP_TRUNCATED);
		assert_true(slice_starts_with(SLICE_LITERAL(ISA REST), got.data));
		buffer_fini(&got);
		io_source_close(source);
	}
	buffer_fini(&packed);
}

static void test_gzip_flipped_bits(void **state)
{
	struct io_source *source;
	struct buffer packed, got;
	size_t at;

	(void)state;
	gzip(SLICE_LITERAL(ISA REST), &packed);
	/* Behind the ten bytes of the header each byte counts: data, CRC, size; but for the bits that fill up the last of data. */
	for (at = 10; at < packed.len; at++) {
		packed.data[at] = (char)(packed.data[at] ^ 0x10);
		assert_int_equal(io_source_open_memory(&world.env, buffer_slice(&packed), 0, &source), 0);
		read_whole(source, 1000, &got);
		if (io_source_damage(source) == IO_SOUND) {
			assert_int_equal(at, packed.len - 9);
			assert_true(slice_equal(buffer_slice(&got), SLICE_LITERAL(ISA REST)));
		}
		buffer_fini(&got);
		io_source_close(source);
		packed.data[at] = (char)(packed.data[at] ^ 0x10);
	}
	buffer_fini(&packed);
}

static void test_gzip_nested(void **state)
{
	struct buffer inner, outer;

	(void)state;
	gzip(SLICE_LITERAL(ISA REST), &inner);
	gzip(buffer_slice(&inner), &outer);
	assert_reads(buffer_slice(&outer), SLICE_EMPTY, IO_GZIP_NESTED);
	buffer_fini(&outer);
	buffer_fini(&inner);
}

static void test_gzip_bomb(void **state)
{
	size_t bytes = 3 * LIMIT_INFLATE_FREE_BYTES;
	char *zeros = env_alloc(&world.env, bytes);
	struct io_source *source;
	struct buffer packed, got;

	(void)state;
	gzip(slice_of(zeros, bytes), &packed);
	assert_true(bytes / packed.len > LIMIT_INFLATE_RATIO);
	assert_int_equal(io_source_open_memory(&world.env, buffer_slice(&packed), 0, &source), 0);
	read_whole(source, 10000, &got);
	assert_int_equal(io_source_damage(source), IO_GZIP_RATIO);
	assert_in_range(got.len, LIMIT_INFLATE_FREE_BYTES, bytes - 1);
	buffer_fini(&got);
	io_source_close(source);
	buffer_fini(&packed);

	/* As much, but no more, is free. */
	gzip(slice_of(zeros, LIMIT_INFLATE_FREE_BYTES), &packed);
	assert_int_equal(io_source_open_memory(&world.env, buffer_slice(&packed), 0, &source), 0);
	read_whole(source, 10000, &got);
	assert_int_equal(io_source_damage(source), IO_SOUND);
	assert_int_equal(got.len, LIMIT_INFLATE_FREE_BYTES);
	buffer_fini(&got);
	io_source_close(source);
	buffer_fini(&packed);
	env_free(&world.env, zeros);
}

static void test_gzip_size_limit(void **state)
{
	static const struct {
		uint64_t limit;
		enum io_damage damage;
	} rows[] = {{999, IO_GZIP_SIZE}, {1000, IO_SOUND}, {1001, IO_SOUND}};
	char data[1000];
	struct io_source *source;
	struct buffer packed, got;
	size_t i;

	(void)state;
	memset(data, 'x', sizeof(data));
	gzip(slice_of(data, sizeof(data)), &packed);
	for (i = 0; i < 3; i++) {
		assert_int_equal(io_source_open_memory(&world.env, buffer_slice(&packed), 1, &source), 0);
		io_source_limit(source, rows[i].limit);
		read_whole(source, 64, &got);
		assert_int_equal(io_source_damage(source), rows[i].damage);
		assert_int_equal(got.len, rows[i].limit < 1000 ? rows[i].limit : 1000);
		buffer_fini(&got);
		io_source_close(source);
	}
	buffer_fini(&packed);
}

static void test_gzip_members_limit(void **state)
{
	struct io_source *source;
	struct buffer one, packed, got;
	unsigned i;

	(void)state;
	gzip(SLICE_LITERAL("x"), &one);
	buffer_init(&packed, &world.env);
	for (i = 0; i < LIMIT_GZIP_MEMBERS; i++)
		buffer_add_slice(&packed, buffer_slice(&one));
	for (i = 0; i < 2; i++) {
		assert_int_equal(io_source_open_memory(&world.env, buffer_slice(&packed), 0, &source), 0);
		read_whole(source, 100, &got);
		assert_int_equal(io_source_damage(source), i == 0 ? IO_SOUND : IO_GZIP_MEMBERS);
		assert_int_equal(got.len, LIMIT_GZIP_MEMBERS);
		buffer_fini(&got);
		io_source_close(source);
		buffer_add_slice(&packed, buffer_slice(&one));
	}
	buffer_fini(&packed);
	buffer_fini(&one);
}

/* ASCII letters, digits and the separators of ISA REST in EBCDIC; ^ as `caret`. */
static char to_ebcdic(char c, char caret)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const unsigned char codes[] = {0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9,
					      0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9,
					      0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9};

	if (c >= '0' && c <= '9')
		return (char)(0xf0 + (c - '0'));
	if (c >= 'A' && c <= 'Z')
		return (char)codes[strchr(letters, c) - letters];
	switch (c) {
	case ' ':
		return 0x40;
	case '*':
		return 0x5c;
	case ':':
		return 0x7a;
	case '~':
		return (char)0xa1;
	case '^':
		return caret;
	case '\n':
		return 0x25;
	default:
		fail_msg("no EBCDIC for %c", c);
		return 0;
	}
}

static void ebcdic(const char *text, char caret, struct buffer *ret_bytes)
{
	buffer_init(ret_bytes, &world.env);
	for (; *text != '\0'; text++)
		buffer_add_char(ret_bytes, to_ebcdic(*text, caret));
}

static void assert_coding(struct slice file, enum io_coding coding)
{
	struct io_source *source;

	assert_int_equal(io_source_open_memory(&world.env, file, 1, &source), 0);
	assert_int_equal(io_source_coding(source), coding);
	io_source_close(source);
}

static void test_ebcdic(void **state)
{
	struct buffer file;

	(void)state;
	ebcdic(ISA REST, (char)0xb0, &file);
	assert_reads(buffer_slice(&file), SLICE_LITERAL(ISA REST), IO_SOUND);
	assert_coding(buffer_slice(&file), IO_EBCDIC_037);
	buffer_fini(&file);
	ebcdic(ISA REST, 0x5f, &file);
	assert_reads(buffer_slice(&file), SLICE_LITERAL(ISA REST), IO_SOUND);
	assert_coding(buffer_slice(&file), IO_EBCDIC_1047);
	buffer_fini(&file);
}

/* Without ^ in the ISA (version 00401) the line end tells the two apart; brackets as separators do too. */
static void test_ebcdic_which(void **state)
{
	struct buffer file;

	(void)state;
	ebcdic(ISA REST, 0x6b, &file); /* a comma */
	assert_coding(buffer_slice(&file), IO_EBCDIC_037);
	file.data[106] = 0x25;
	assert_coding(buffer_slice(&file), IO_EBCDIC_037);
	file.data[106] = 0x15;
	assert_coding(buffer_slice(&file), IO_EBCDIC_1047);
	file.data[105] = (char)0xbb; /* ] of 037 */
	assert_coding(buffer_slice(&file), IO_EBCDIC_037);
	file.data[105] = (char)0xbd; /* ] of 1047 */
	assert_coding(buffer_slice(&file), IO_EBCDIC_1047);
	buffer_fini(&file);
}

/* A name with an accent becomes UTF-8, and the offsets behind it still are those of the file. */
static void test_ebcdic_accents(void **state)
{
	static const char want[] = ISA "NM1*IL*1*MU\xc3\x91OZ\xc3\x89\xc3\x89*A~\n";
	struct io_source *source;
	struct buffer file, got;
	size_t at, file_at = 0;

	(void)state;
	ebcdic(ISA "NM1*IL*1*MU", (char)0xb0, &file);
	buffer_add_text(&file, "\x69");
	buffer_add_char(&file, to_ebcdic('O', 0));
	buffer_add_char(&file, to_ebcdic('Z', 0));
	buffer_add_text(&file, "\x71\x71");
	buffer_add_text(&file, "\x5c\xc1\xa1\x15");
	assert_reads(buffer_slice(&file), slice_from(want), IO_SOUND);
	assert_int_equal(io_source_open_memory(&world.env, buffer_slice(&file), 1, &source), 0);
	read_whole(source, 2, &got);
	for (at = 0; at < got.len; at++) {
		bool follows = ((unsigned char)got.data[at] & 0xc0) == 0x80;

		assert_int_equal(io_source_offset(source, at), follows ? file_at - 1 : file_at);
		file_at += follows ? 0 : 1;
	}
	assert_int_equal(file_at, file.len);
	buffer_fini(&got);
	io_source_close(source);
	buffer_fini(&file);
}

/* Lines of `columns`, each ended by `line_end`, the last one not. */
static void wrap(struct slice text, size_t columns, const char *line_end, struct buffer *ret_bytes)
{
	size_t at, len;

	buffer_init(ret_bytes, &world.env);
	for (at = 0; at < text.len; at += len) {
		len = text.len - at < columns ? text.len - at : columns;
		if (at > 0)
			buffer_add_text(ret_bytes, line_end);
		buffer_add(ret_bytes, text.data + at, len);
	}
}

static bool is_wrapped(struct slice file)
{
	struct io_source *source;
	bool wrapped;

	assert_int_equal(io_source_open_memory(&world.env, file, 1, &source), 0);
	wrapped = io_source_is_wrapped(source);
	io_source_close(source);
	return wrapped;
}

static void test_wrapped(void **state)
{
	static const char *const line_ends[] = {"\n", "\r\n"};
	struct io_source *source;
	struct buffer file, got;
	size_t i, at, line_end_bytes;

	(void)state;
	for (i = 0; i < 2; i++) {
		line_end_bytes = strlen(line_ends[i]);
		wrap(SLICE_LITERAL(ISA REST), 80, line_ends[i], &file);
		assert_true(is_wrapped(buffer_slice(&file)));
		assert_reads(buffer_slice(&file), SLICE_LITERAL(ISA REST), IO_SOUND);
		assert_int_equal(io_source_open_memory(&world.env, buffer_slice(&file), 1, &source), 0);
		read_whole(source, 1, &got);
		for (at = 0; at < got.len; at++)
			assert_int_equal(io_source_offset(source, at), at + at / 80 * line_end_bytes);
		buffer_fini(&got);
		io_source_close(source);
		/* The line end behind a short last line stays. */
		buffer_add_text(&file, "\n");
		assert_reads(buffer_slice(&file), SLICE_LITERAL(ISA REST "\n"), IO_SOUND);
		buffer_fini(&file);
	}
}

static void test_wrapped_details(void **state)
{
	struct buffer file;

	(void)state;
	/* Short lines keep their end, and count anew from there; a lone CR is data; a CR held at the very end too. */
	wrap(SLICE_LITERAL(ISA), 80, "\n", &file);
	buffer_add_text(&file, "\nGS~\r\n");
	buffer_add_text(&file, "12345678901234567890123456789012345678901234567890123456789012345678901234567890\rX\n\n");
	buffer_add_text(&file, "12345678901234567890123456789012345678901234567890123456789012345678901234567890\r");
	assert_reads(buffer_slice(&file),
		     SLICE_LITERAL(ISA "\nGS~\r\n"
				       "12345678901234567890123456789012345678901234567890123456789012345678901234567890"
				       "\rX\n\n"
				       "12345678901234567890123456789012345678901234567890123456789012345678901234567890\r"),
		     IO_SOUND);
	buffer_fini(&file);
	/* Blank lines and a BOM before the ISA do not hide it. */
	wrap(SLICE_LITERAL(ISA REST), 80, "\r\n", &file);
	assert_true(is_wrapped(buffer_slice(&file)));
	buffer_fini(&file);
}

static void test_not_wrapped(void **state)
{
	static const size_t columns[] = {79, 81, 40, 106};
	struct buffer file, packed;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		wrap(SLICE_LITERAL(ISA REST), columns[i], "\n", &file);
		assert_false(is_wrapped(buffer_slice(&file)));
		assert_reads(buffer_slice(&file), buffer_slice(&file), IO_SOUND);
		buffer_fini(&file);
	}
	/* A line feed as terminator cannot be told from a wrapped line's end. */
	wrap(SLICE_LITERAL(ISA REST), 80, "\n", &file);
	file.data[106] = '\n';
	assert_false(is_wrapped(buffer_slice(&file)));
	buffer_fini(&file);
	/* Too short for an ISA. */
	wrap(SLICE_LITERAL(ISA), 80, "\n", &file);
	assert_false(is_wrapped(slice_of(file.data, 100)));
	/* All at once: packed, EBCDIC, wrapped. */
	buffer_fini(&file);
	wrap(SLICE_LITERAL(ISA REST), 80, "\n", &packed);
	ebcdic(packed.data, (char)0xb0, &file);
	buffer_fini(&packed);
	gzip(buffer_slice(&file), &packed);
	assert_true(is_wrapped(buffer_slice(&packed)));
	assert_coding(buffer_slice(&packed), IO_EBCDIC_037);
	assert_reads(buffer_slice(&packed), SLICE_LITERAL(ISA REST), IO_SOUND);
	buffer_fini(&packed);
	buffer_fini(&file);
}

/* More removed line ends than are remembered: the recent offsets are exact. */
static void test_wrapped_long(void **state)
{
	struct buffer text, file;
	struct io_source *source;
	char piece[4096];
	uint64_t read_bytes = 0, at;
	ssize_t n;

	(void)state;
	buffer_init(&text, &world.env);
	while (text.len < 80u * 20000u)
		buffer_add_text(&text, ISA REST);
	wrap(buffer_slice(&text), 80, "\r\n", &file);
	assert_int_equal(io_source_open_memory(&world.env, buffer_slice(&file), 0, &source), 0);
	while ((n = io_source_read(source, piece, sizeof(piece))) > 0) {
		assert_memory_equal(piece, text.data + read_bytes, (size_t)n);
		for (at = read_bytes; at < read_bytes + (uint64_t)n; at += 61)
			assert_int_equal(io_source_offset(source, at), at + at / 80 * 2);
		read_bytes += (uint64_t)n;
		at = read_bytes > 1000000 ? read_bytes - 1000000 : 0;
		assert_int_equal(io_source_offset(source, at), at + at / 80 * 2);
	}
	assert_int_equal(read_bytes, text.len);
	io_source_close(source);
	buffer_fini(&file);
	buffer_fini(&text);
}

static void test_utf16_is_left_alone(void **state)
{
	(void)state;
	assert_reads(SLICE_LITERAL("\xff\xfeI\0S\0A\0*\0"), SLICE_LITERAL("\xff\xfeI\0S\0A\0*\0"), IO_SOUND);
}

static void test_what_is_no_file(void **state)
{
	struct io_source *source;
	const char *target = world_file("target", SLICE_LITERAL("x"));

	(void)state;
	assert_int_equal(io_source_open(&world.env, world_path("nothing"), &source), -ENOENT);
	assert_int_equal(io_source_open(&world.env, world.folder, &source), -EISDIR);
	assert_int_equal(io_source_open(&world.env, "/dev/null", &source), -EINVAL);
	assert_int_equal(symlink(target, world_path("link")), 0);
	assert_int_equal(io_source_open(&world.env, world_path("link"), &source), -ELOOP);
	/* Does not wait for somebody to write into it. */
	assert_int_equal(mkfifo(world_path("fifo"), 0600), 0);
	assert_int_equal(io_source_open(&world.env, world_path("fifo"), &source), -EINVAL);
	io_source_close(NULL);
}

static int deny_reads(struct env *env, enum env_op op, const char *what)
{
	int *left = env->context;

	(void)what;
	return op == ENV_READ && (*left)-- == 0 ? -EIO : 0;
}

static void test_read_error(void **state)
{
	size_t bytes = 2 * LIMIT_READ_BYTES;
	char *data = env_alloc(&world.env, bytes), piece[1000];
	const char *path = world_file("large", slice_of(data, bytes));
	struct env env = world.env;
	struct io_source *source = NULL;
	int left = 0;
	ssize_t n = 1;

	(void)state;
	env.gate = deny_reads;
	env.context = &left;
	assert_int_equal(io_source_open(&env, path, &source), -EIO);
	left = 1;
	assert_int_equal(io_source_open(&env, path, &source), 0);
	while (n > 0)
		n = io_source_read(source, piece, sizeof(piece));
	assert_int_equal(n, -EIO);
	io_source_close(source);
	env_free(&world.env, data);
}

static int deny_memory(struct env *env, enum env_op op, const char *what)
{
	int *left = env->context;

	(void)what;
	return op == ENV_ALLOC && (*left)-- == 0 ? -ENOMEM : 0;
}

/* Fail the first, second, third .. allocation until there is none left to fail. */
static void test_no_memory(void **state)
{
	struct env env = world.env;
	struct io_source *source = NULL;
	struct buffer packed, wrapped;
	char piece[1000];
	int left, nth, failed = 0;
	ssize_t n;

	(void)state;
	wrap(SLICE_LITERAL(ISA REST), 80, "\n", &wrapped);
	gzip(buffer_slice(&wrapped), &packed);
	env.gate = deny_memory;
	env.context = &left;
	for (nth = 0; nth < 20; nth++) {
		left = nth;
		n = io_source_open(&env, world_file("gz", buffer_slice(&packed)), &source);
		if (n == 0) {
			while ((n = io_source_read(source, piece, sizeof(piece))) > 0)
				;
			io_source_close(source);
		}
		if (n == 0)
			break;
		assert_int_equal(n, -ENOMEM);
		failed++;
	}
	assert_in_range(failed, 5, 19);
	buffer_fini(&packed);
	buffer_fini(&wrapped);
}

/* One stream, two readers: each has all of it, whoever is ahead; and what is between them does not pile up. */
static void read_twice(struct slice file, struct slice want, unsigned pace)
{
	static const size_t sizes[] = {1, 700, 70000, 300000};
	const char *path = world_file("twice", file);
	int fd = env_open(&world.env, path, O_RDONLY, 0);
	struct io_source *sources[2];
	struct buffer got[2];
	char *piece = env_alloc(&world.env, 300000);
	bool ended[2] = {false, false};
	unsigned turn;
	int i;

	assert_true(fd >= 0);
	assert_int_equal(io_source_open_fd_twice(&world.env, fd, &sources[0], &sources[1]), 0);
	for (i = 0; i < 2; i++) {
		buffer_init(&got[i], &world.env);
		assert_true(io_source_head(sources[i]).len <= 512);
		assert_true(want.len == 0 || io_source_head(sources[i]).data[0] == want.data[0]);
	}
	for (turn = 0; !ended[0] || !ended[1]; turn++) {
		ssize_t n;

		i = (turn * pace / 7) % 2;
		if (ended[i])
			i = 1 - i;
		n = io_source_read(sources[i], piece, sizes[(turn + pace) % 4]);
		assert_true(n >= 0);
		ended[i] = n == 0;
		buffer_add(&got[i], piece, (size_t)n);
	}
	for (i = 0; i < 2; i++) {
		assert_slice_equal(buffer_slice(&got[i]), want);
		buffer_fini(&got[i]);
		io_source_close(sources[i]);
	}
	env_free(&world.env, piece);
	assert_int_equal(env_close(&world.env, fd), 0);
}

static void test_read_twice(void **state)
{
	struct buffer large, packed;
	unsigned pace;
	int i;

	(void)state;
	buffer_init(&large, &world.env);
	for (i = 0; i < 4000; i++)
		buffer_printf(&large, ISA REST "%d", i);
	gzip(buffer_slice(&large), &packed);
	for (pace = 1; pace < 9; pace++) {
		read_twice(SLICE_EMPTY, SLICE_EMPTY, pace);
		read_twice(SLICE_LITERAL(ISA REST), SLICE_LITERAL(ISA REST), pace);
		read_twice(buffer_slice(&large), buffer_slice(&large), pace);
		read_twice(buffer_slice(&packed), buffer_slice(&large), pace);
	}
	buffer_fini(&large);
	buffer_fini(&packed);
}

static void test_read_twice_no_memory(void **state)
{
	struct env env = world.env;
	struct io_source *source, *again;
	const char *path = world_file("twice", SLICE_LITERAL(ISA REST));
	int fd, left, nth, r = -ENOMEM;

	(void)state;
	env.gate = deny_memory;
	env.context = &left;
	for (nth = 0; r != 0; nth++) {
		assert_in_range(nth, 0, 20);
		left = nth;
		fd = env_open(&world.env, path, O_RDONLY, 0);
		r = io_source_open_fd_twice(&env, fd, &source, &again);
		assert_true(r == 0 || r == -ENOMEM);
		assert_int_equal(env_close(&world.env, fd), 0);
	}
	assert_true(nth > 5);
	io_source_close(source);
	io_source_close(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_without_hash),
		cmocka_unit_test(test_large_file),
		cmocka_unit_test(test_byte_order_mark),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_gzip_cut_anywhere),
		cmocka_unit_test(test_gzip_flipped_bits),
		cmocka_unit_test(test_gzip_nested),
		cmocka_unit_test(test_gzip_bomb),
		cmocka_unit_test(test_gzip_size_limit),
		cmocka_unit_test(test_gzip_members_limit),
		cmocka_unit_test(test_ebcdic),
		cmocka_unit_test(test_ebcdic_which),
		cmocka_unit_test(test_ebcdic_accents),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_wrapped_details),
		cmocka_unit_test(test_not_wrapped),
		cmocka_unit_test(test_wrapped_long),
		cmocka_unit_test(test_utf16_is_left_alone),
		cmocka_unit_test(test_what_is_no_file),
		cmocka_unit_test(test_read_error),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_read_twice),
		cmocka_unit_test(test_read_twice_no_memory),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
