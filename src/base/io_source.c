/*
 * io_source: the decoded bytes of one file.
 *
 * Three stages, each pulled by the next:
 *
 *   raw       pieces of the file as it lies on disk; hashed here
 *   inflated  the same, or what zlib makes of it; limits and damage are found here
 *   decoded   without byte-order mark, line ends of wrapped records, EBCDIC
 *
 * What the file is is decided once, on its first bytes (the head), when it is opened. Most files are plain ASCII:
 * then the last stage does nothing, and a large read goes from the file straight into the caller's memory.
 *
 * EBCDIC    the file begins with C9 E2 C1, "ISA", blanks and line ends aside. IBM-037 and IBM-1047 hold the same
 *           characters and differ in the places of six: ^ [ ] and the not-sign, diaeresis, Y acute. In the ISA only
 *           separators can be among them, and nobody separates with the latter three; so whoever reads ^ [ ] there is
 *           right. Without any of them the two give the same ISA: then the line end decides, 15 (NEL) being the habit
 *           of z/OS Unix files, which are 1047, and all else counts as 037. Both 15 and 25 become a line feed.
 *           Characters outside ASCII become UTF-8, two bytes.
 * Wrapped   a line end stands at column 80 of the ISA, and without it the ISA has its separators in their places. From
 *           then on each line end after exactly 80 columns is removed; a line end elsewhere stays, for it may be a
 *           terminator or filler after one. Records of 80 columns without line ends need nothing.
 * Offsets   decoded offset + a shift that changes at each removed line end and each recoded character. The last changes
 *           are kept as marks in a ring.
 */
#include <assert.h>
#define ZLIB_CONST
#include <zlib.h>

#include "io_pair.h"
#include "muster/error.h"
#include "muster/io.h"
#include "muster/limits.h"

#define HEAD_BYTES 512u
#define ISA_BYTES 106u
#define RECORD_COLUMNS 80u
#define MARKS 16384u
#define GZIP_WINDOW_BITS (15 + 16)
/* The ratio is looked at whenever so much is out, so that the answer does not depend on the sizes of reads. */
#define RATIO_STEP_BYTES 65536u

enum member_state { MEMBER_OPEN, MEMBER_BETWEEN };

/* From decoded offset `read_at` on, up to the next mark, the file's offset is file_at + (offset - read_at). */
struct mark {
	uint64_t read_at, file_at;
};

struct io_source {
	struct env *env;
	/* raw */
	int fd;        /* -1: memory, or a pair */
	bool borrowed; /* the descriptor: it stays open */
	struct io_pair *pair;
	uint32_t reader; /* of the pair */
	struct slice memory;
	size_t memory_at, chunk_bytes;
	char *buffer;     /* of LIMIT_READ_BYTES; NULL for memory */
	struct slice raw; /* read and not yet used */
	bool raw_ended, hashing;
	struct hash_state hash;
	struct slice unhashed; /* the last piece, where it lies: who opened the source may yet do without the hash */
	uint64_t raw_bytes;
	/* inflated */
	bool gzip, inflated_ended;
	z_stream stream;
	enum member_state member_state;
	uint32_t members;
	uint64_t inflated_bytes, inflated_bytes_max, deflated_bytes;
	enum io_damage damage;
	/* decoded */
	bool bom, wrapped, held_cr;
	enum io_coding coding;
	size_t column;
	unsigned char table[256];
	char head[HEAD_BYTES];
	size_t head_at, head_len;
	char *work; /* inflated bytes to decode, of LIMIT_READ_BYTES; NULL where nothing is decoded */
	size_t work_at, work_len;
	char pending[4]; /* decoded, but the caller had no room */
	size_t pending_len;
	uint64_t file_at, read_at; /* of the next byte in, of the next byte out */
	struct mark *marks;
	uint64_t mark_count;
};

/* IBM-037 in ISO 8859-1, but for 15: NEL and LF both end lines. */
static const unsigned char ebcdic_037[256] = {
	0x00, 0x01, 0x02, 0x03, 0x9c, 0x09, 0x86, 0x7f, 0x97, 0x8d, 0x8e, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11,
	0x12, 0x13, 0x9d, 0x0a, 0x08, 0x87, 0x18, 0x19, 0x92, 0x8f, 0x1c, 0x1d, 0x1e, 0x1f, 0x80, 0x81, 0x82, 0x83,
	0x84, 0x0a, 0x17, 0x1b, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x05, 0x06, 0x07, 0x90, 0x91, 0x16, 0x93, 0x94, 0x95,
	0x96, 0x04, 0x98, 0x99, 0x9a, 0x9b, 0x14, 0x15, 0x9e, 0x1a, 0x20, 0xa0, 0xe2, 0xe4, 0xe0, 0xe1, 0xe3, 0xe5,
	0xe7, 0xf1, 0xa2, 0x2e, 0x3c, 0x28, 0x2b, 0x7c, 0x26, 0xe9, 0xea, 0xeb, 0xe8, 0xed, 0xee, 0xef, 0xec, 0xdf,
	0x21, 0x24, 0x2a, 0x29, 0x3b, 0xac, 0x2d, 0x2f, 0xc2, 0xc4, 0xc0, 0xc1, 0xc3, 0xc5, 0xc7, 0xd1, 0xa6, 0x2c,
	0x25, 0x5f, 0x3e, 0x3f, 0xf8, 0xc9, 0xca, 0xcb, 0xc8, 0xcd, 0xce, 0xcf, 0xcc, 0x60, 0x3a, 0x23, 0x40, 0x27,
	0x3d, 0x22, 0xd8, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0xab, 0xbb, 0xf0, 0xfd, 0xfe, 0xb1,
	0xb0, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0xaa, 0xba, 0xe6, 0xb8, 0xc6, 0xa4, 0xb5, 0x7e,
	0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0xa1, 0xbf, 0xd0, 0xdd, 0xde, 0xae, 0x5e, 0xa3, 0xa5, 0xb7,
	0xa9, 0xa7, 0xb6, 0xbc, 0xbd, 0xbe, 0x5b, 0x5d, 0xaf, 0xa8, 0xb4, 0xd7, 0x7b, 0x41, 0x42, 0x43, 0x44, 0x45,
	0x46, 0x47, 0x48, 0x49, 0xad, 0xf4, 0xf6, 0xf2, 0xf3, 0xf5, 0x7d, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50,
	0x51, 0x52, 0xb9, 0xfb, 0xfc, 0xf9, 0xfa, 0xff, 0x5c, 0xf7, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a,
	0xb2, 0xd4, 0xd6, 0xd2, 0xd3, 0xd5, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0xb3, 0xdb,
	0xdc, 0xd9, 0xda, 0x9f,
};

/* Where IBM-1047 differs. */
static const unsigned char ebcdic_1047_places[6][2] = {
	{0x5f, '^'}, {0xad, '['}, {0xbd, ']'}, {0xb0, 0xac}, {0xba, 0xdd}, {0xbb, 0xa8},
};

/* -- raw -- */

/* Before the next piece takes its place. */
static void hash_last_piece(struct io_source *source)
{
	if (source->hashing)
		hash_update(&source->hash, source->unhashed.data, source->unhashed.len);
	source->unhashed = SLICE_EMPTY;
}

/* Count what was read, and keep it to be hashed. */
static void account(struct io_source *source, const char *data, size_t bytes)
{
	source->unhashed = slice_of(data, bytes);
	source->raw_bytes += bytes;
	if (bytes == 0)
		source->raw_ended = true;
}

/* The next piece into `raw`, which is used up; `raw_ended` when there is none. */
static int raw_fill(struct io_source *source)
{
	size_t bytes = source->memory.len - source->memory_at;
	ssize_t n;

	assert(source->raw.len == 0);
	if (source->raw_ended)
		return 0;
	hash_last_piece(source);
	if (source->buffer != NULL) {
		n = source->pair != NULL ? io_pair_read(source->pair, source->reader, source->buffer, LIMIT_READ_BYTES)
					 : env_read(source->env, source->fd, source->buffer, LIMIT_READ_BYTES);
		if (n < 0)
			return (int)n;
		source->raw = slice_of(source->buffer, (size_t)n);
	} else {
		if (source->chunk_bytes > 0 && bytes > source->chunk_bytes)
			bytes = source->chunk_bytes;
		if (bytes > 0)
			source->raw = slice_of(source->memory.data + source->memory_at, bytes);
		source->memory_at += bytes;
	}
	account(source, source->raw.data, source->raw.len);
	return 0;
}

static void raw_use(struct io_source *source, size_t bytes)
{
	source->raw.data += bytes;
	source->raw.len -= bytes;
}

static ssize_t raw_read(struct io_source *source, char *out, size_t bytes)
{
	ssize_t n;
	int error;

	if (source->raw.len == 0 && source->fd >= 0 && bytes >= LIMIT_READ_BYTES / 4 && !source->raw_ended) {
		hash_last_piece(source);
		n = env_read(source->env, source->fd, out, bytes);
		if (n >= 0) {
			account(source, out, (size_t)n);
			/* It lies with the caller, who may change it. */
			hash_last_piece(source);
		}
		return n;
	}
	if (source->raw.len == 0) {
		error = raw_fill(source);
		if (error < 0)
			return error;
	}
	bytes = bytes < source->raw.len ? bytes : source->raw.len;
	if (bytes > 0) {
		memcpy(out, source->raw.data, bytes);
		raw_use(source, bytes);
	}
	return (ssize_t)bytes;
}

/* -- inflated -- */

static voidpf zlib_allocate(voidpf opaque, uInt items, uInt size)
{
	return env_realloc(opaque, NULL, (size_t)items * size);
}

static void zlib_free(voidpf opaque, voidpf block)
{
	env_free(opaque, block);
}

/* Does it begin like a gzip member? */
static bool is_gzip(struct slice bytes)
{
	return slice_starts_with(bytes, "\x1f\x8b");
}

static int gzip_start(struct io_source *source)
{
	source->stream.zalloc = zlib_allocate;
	source->stream.zfree = zlib_free;
	source->stream.opaque = source->env;
	if (inflateInit2(&source->stream, GZIP_WINDOW_BITS) != Z_OK)
		return -ENOMEM;
	source->gzip = true;
	source->members = 1;
	return 0;
}

static void end_damaged(struct io_source *source, enum io_damage damage)
{
	source->damage = damage;
	source->inflated_ended = true;
}

/* Between members: skip the zeros that tapes and block devices pad with, open the next one. */
static void gzip_next_member(struct io_source *source)
{
	while (source->raw.len > 0 && source->raw.data[0] == '\0') {
		raw_use(source, 1);
		source->deflated_bytes++;
	}
	if (source->raw.len == 0)
		return;
	if (source->raw.data[0] != '\x1f') {
		end_damaged(source, IO_GZIP_CORRUPT);
	} else if (source->members == LIMIT_GZIP_MEMBERS) {
		end_damaged(source, IO_GZIP_MEMBERS);
	} else {
		source->members++;
		source->member_state = MEMBER_OPEN;
		(void)inflateReset(&source->stream);
	}
}

/* Limits, after `made` bytes more came out. Returns how many of them may be given. */
static size_t gzip_check_limits(struct io_source *source, size_t made)
{
	uint64_t over;

	source->inflated_bytes += made;
	if (source->inflated_bytes > source->inflated_bytes_max) {
		over = source->inflated_bytes - source->inflated_bytes_max;
		made -= over < made ? (size_t)over : made;
		end_damaged(source, IO_GZIP_SIZE);
	} else if (made > 0 && source->inflated_bytes % RATIO_STEP_BYTES == 0 &&
		   source->inflated_bytes > LIMIT_INFLATE_FREE_BYTES &&
		   source->inflated_bytes / LIMIT_INFLATE_RATIO > source->deflated_bytes) {
		end_damaged(source, IO_GZIP_RATIO);
	}
	return made;
}

/* One call of inflate. Bytes made, perhaps 0, or -errno. */
static ssize_t gzip_step(struct io_source *source, char *out, size_t bytes)
{
	size_t room = RATIO_STEP_BYTES - (size_t)(source->inflated_bytes % RATIO_STEP_BYTES), used, made;
	size_t in_bytes = source->raw.len < LIMIT_READ_BYTES ? source->raw.len : LIMIT_READ_BYTES;
	int status;

	room = room < bytes ? room : bytes;
	source->stream.next_in = (const Bytef *)source->raw.data;
	source->stream.avail_in = (uInt)in_bytes;
	source->stream.next_out = (Bytef *)out;
	source->stream.avail_out = (uInt)room;
	status = inflate(&source->stream, Z_NO_FLUSH);
	used = in_bytes - source->stream.avail_in;
	made = room - source->stream.avail_out;
	raw_use(source, used);
	source->deflated_bytes += used;
	made = gzip_check_limits(source, made);
	if (status == Z_MEM_ERROR)
		return -ENOMEM;
	if (source->inflated_ended)
		return (ssize_t)made;
	if (status == Z_STREAM_END)
		source->member_state = MEMBER_BETWEEN;
	else if (status != Z_OK && status != Z_BUF_ERROR)
		end_damaged(source, IO_GZIP_CORRUPT);
	return (ssize_t)made;
}

static ssize_t gzip_read(struct io_source *source, char *out, size_t bytes)
{
	ssize_t made = 0;
	int error;

	while (made == 0 && !source->inflated_ended) {
		if (source->raw.len == 0) {
			error = raw_fill(source);
			if (error < 0)
				return error;
		}
		if (source->member_state == MEMBER_OPEN) {
			/* Also without input: zlib may still hold what there was no room for. */
			made = gzip_step(source, out, bytes);
			if (made == 0 && source->raw_ended && source->raw.len == 0 && !source->inflated_ended &&
			    source->member_state == MEMBER_OPEN)
				end_damaged(source, IO_GZIP_TRUNCATED);
		} else if (source->raw.len > 0) {
			gzip_next_member(source);
		} else {
			source->inflated_ended = true;
		}
	}
	return made;
}

static ssize_t inflated_read(struct io_source *source, char *out, size_t bytes)
{
	return source->gzip ? gzip_read(source, out, bytes) : raw_read(source, out, bytes);
}

/* -- what the file is -- */

static int fill_head(struct io_source *source)
{
	ssize_t n = 1;

	while (n > 0 && source->head_len < HEAD_BYTES) {
		n = inflated_read(source, source->head + source->head_len, HEAD_BYTES - source->head_len);
		if (n < 0)
			return (int)n;
		source->head_len += (size_t)n;
	}
	return 0;
}

static unsigned char head_byte(const struct io_source *source, size_t at)
{
	return (unsigned char)source->head[at];
}

/* IBM-037 or IBM-1047, by the first ISA, which begins at `at` (see the top). */
static enum io_coding which_ebcdic(const struct io_source *source, size_t at)
{
	/* Two more, for it may be wrapped. */
	size_t end = at + ISA_BYTES + 2 < source->head_len ? at + ISA_BYTES + 2 : source->head_len;
	unsigned votes_037 = 0, votes_1047 = 0;

	for (; at < end; at++) {
		unsigned char byte = head_byte(source, at);

		votes_1047 += byte == 0x5f || byte == 0xad || byte == 0xbd;
		votes_037 += byte == 0xb0 || byte == 0xba || byte == 0xbb;
	}
	if (votes_037 != votes_1047)
		return votes_037 > votes_1047 ? IO_EBCDIC_037 : IO_EBCDIC_1047;
	return memchr(source->head, 0x15, source->head_len) != NULL ? IO_EBCDIC_1047 : IO_EBCDIC_037;
}

static void detect_coding(struct io_source *source)
{
	static const unsigned char blanks[] = {0x40, 0x15, 0x25, 0x0d};
	size_t at = 0, i;

	while (at < source->head_len && memchr(blanks, head_byte(source, at), sizeof(blanks)) != NULL)
		at++;
	if (!slice_starts_with(slice_of(source->head + at, source->head_len - at), "\xc9\xe2\xc1"))
		return;
	source->coding = which_ebcdic(source, at);
	memcpy(source->table, ebcdic_037, sizeof(source->table));
	if (source->coding == IO_EBCDIC_1047)
		for (i = 0; i < 6; i++)
			source->table[ebcdic_1047_places[i][0]] = ebcdic_1047_places[i][1];
}

/* The ISA with its line end at column 80 taken out: are its separators where they belong? */
static bool isa_fits(const char isa[ISA_BYTES])
{
	static const unsigned char places[] = {3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103};
	size_t i;

	for (i = 0; i < sizeof(places); i++)
		if (isa[places[i]] != isa[3])
			return false;
	for (i = 0; i < ISA_BYTES; i++)
		if (isa[i] == '\n' || isa[i] == '\r')
			return false;
	return slice_starts_with(slice_of(isa, ISA_BYTES), "ISA");
}

static void detect_wrapping(struct io_source *source)
{
	char text[HEAD_BYTES], isa[ISA_BYTES];
	size_t begin = 0, len = source->head_len - source->head_at, line_end, i;

	for (i = 0; i < len; i++)
		text[i] = (char)source->table[head_byte(source, source->head_at + i)];
	while (begin < len && (text[begin] == '\n' || text[begin] == '\r'))
		begin++;
	if (len - begin < ISA_BYTES + 2)
		return;
	if (text[begin + RECORD_COLUMNS] == '\n')
		line_end = 1;
	else if (memcmp(text + begin + RECORD_COLUMNS, "\r\n", 2) == 0)
		line_end = 2;
	else
		return;
	memcpy(isa, text + begin, RECORD_COLUMNS);
	memcpy(isa + RECORD_COLUMNS, text + begin + RECORD_COLUMNS + line_end, ISA_BYTES - RECORD_COLUMNS);
	source->wrapped = isa_fits(isa);
}

static int detect(struct io_source *source)
{
	size_t i;
	int error;

	error = raw_fill(source);
	/* In memory all bytes are there, however small the pieces; of a file the first piece is large. */
	if (error == 0 && is_gzip(source->buffer != NULL ? source->raw : source->memory))
		error = gzip_start(source);
	if (error == 0)
		error = fill_head(source);
	if (error < 0)
		return error;
	if (source->gzip && is_gzip(slice_of(source->head, source->head_len))) {
		end_damaged(source, IO_GZIP_NESTED);
		source->head_len = 0;
	}
	for (i = 0; i < sizeof(source->table); i++)
		source->table[i] = (unsigned char)i;
	source->bom = slice_starts_with(slice_of(source->head, source->head_len), "\xef\xbb\xbf");
	if (source->bom)
		source->head_at = 3;
	source->file_at = source->head_at;
	detect_coding(source);
	detect_wrapping(source);
	if (source->coding == IO_ASCII && !source->wrapped)
		return 0;
	source->work = env_realloc(source->env, NULL, LIMIT_READ_BYTES);
	source->marks = env_realloc(source->env, NULL, MARKS * sizeof(*source->marks));
	return source->work == NULL || source->marks == NULL ? -ENOMEM : 0;
}

/* -- decoded -- */

static ssize_t head_read(struct io_source *source, char *out, size_t bytes)
{
	size_t rest = source->head_len - source->head_at;

	if (rest == 0)
		return inflated_read(source, out, bytes);
	bytes = bytes < rest ? bytes : rest;
	if (source->chunk_bytes > 0 && bytes > source->chunk_bytes)
		bytes = source->chunk_bytes;
	memcpy(out, source->head + source->head_at, bytes);
	source->head_at += bytes;
	return (ssize_t)bytes;
}

static void mark(struct io_source *source, uint64_t read_at, uint64_t file_at)
{
	source->marks[source->mark_count++ % MARKS] = (struct mark){read_at, file_at};
}

/* One character out, as UTF-8 where it was recoded. `file_at` is its place. Returns the bytes made. */
static size_t put(struct io_source *source, unsigned char c, uint64_t file_at, char *out)
{
	if (c < 0x80 || source->coding == IO_ASCII) {
		out[0] = (char)c;
		source->read_at++;
		return 1;
	}
	out[0] = (char)(0xc0 | c >> 6);
	out[1] = (char)(0x80 | (c & 0x3f));
	mark(source, source->read_at + 1, file_at);
	source->read_at += 2;
	return 2;
}

/* One byte in, none to three out. */
static size_t decode(struct io_source *source, unsigned char byte, char out[3])
{
	unsigned char c = source->table[byte];
	uint64_t at = source->file_at++;
	size_t made = 0;

	if (!source->wrapped)
		return put(source, c, at, out);
	if (c == '\n' && source->column == RECORD_COLUMNS) {
		/* Also takes the held CR with it. */
		source->held_cr = false;
		source->column = 0;
		mark(source, source->read_at, source->file_at);
		return 0;
	}
	if (source->held_cr) {
		source->held_cr = false;
		source->column++;
		made = put(source, '\r', at - 1, out);
	}
	if (c == '\r' && source->column == RECORD_COLUMNS) {
		source->held_cr = true;
		return made;
	}
	source->column = c == '\n' ? 0 : source->column + 1;
	return made + put(source, c, at, out + made);
}

/* Decode into `out`, but for the last bytes that one more character could pass. Bytes made, perhaps 0, or -errno. */
static ssize_t decode_some(struct io_source *source, char *out, size_t bytes)
{
	size_t made = 0;
	ssize_t n;

	if (source->work_at == source->work_len) {
		n = head_read(source, source->work, LIMIT_READ_BYTES);
		if (n < 0)
			return n;
		source->work_at = 0;
		source->work_len = (size_t)n;
		if (n == 0 && source->held_cr) {
			source->held_cr = false;
			source->pending_len = put(source, '\r', source->file_at - 1, source->pending);
			return 0;
		}
	}
	while (source->work_at < source->work_len && bytes - made >= 3)
		made += decode(source, (unsigned char)source->work[source->work_at++], out + made);
	if (made == 0 && source->work_at < source->work_len)
		source->pending_len = decode(source, (unsigned char)source->work[source->work_at++], source->pending);
	return (ssize_t)made;
}

static ssize_t take_pending(struct io_source *source, char *out, size_t bytes)
{
	bytes = bytes < source->pending_len ? bytes : source->pending_len;
	memcpy(out, source->pending, bytes);
	source->pending_len -= bytes;
	memmove(source->pending, source->pending + bytes, source->pending_len);
	return (ssize_t)bytes;
}

static ssize_t decoded_read(struct io_source *source, char *out, size_t bytes)
{
	ssize_t made = 0;

	if (source->work == NULL)
		return head_read(source, out, bytes);
	do {
		if (source->pending_len > 0)
			return take_pending(source, out, bytes);
		made = decode_some(source, out, bytes);
	} while (made == 0 && (source->pending_len > 0 || source->work_len > 0));
	return made;
}

/* Read what is left of the file, for its hash. */
static int drain(struct io_source *source)
{
	int error = 0;

	while (error == 0 && !source->raw_ended && source->hashing) {
		source->raw.len = 0;
		error = raw_fill(source);
	}
	return error;
}

ssize_t io_source_read(struct io_source *source, void *out, size_t bytes)
{
	ssize_t n;

	assert(bytes > 0);
	n = decoded_read(source, out, bytes);
	return n == 0 ? drain(source) : n;
}

/* -- opening, closing, questions -- */

static int new_source(struct env *env, struct io_source **ret_source)
{
	struct io_source *source = env_alloc(env, sizeof(*source));

	if (source == NULL)
		return -ENOMEM;
	source->env = env;
	source->fd = -1;
	source->hashing = true;
	source->inflated_bytes_max = LIMIT_INFLATE_BYTES;
	hash_init(&source->hash);
	*ret_source = source;
	return 0;
}

/* `source` has its descriptor. */
static int open_descriptor(struct io_source *source)
{
	source->buffer = env_realloc(source->env, NULL, LIMIT_READ_BYTES);
	return source->buffer != NULL ? detect(source) : -ENOMEM;
}

int io_source_open(struct env *env, const char *path, struct io_source **ret_source)
{
	struct io_source *source = NULL;
	int error = new_source(env, &source);

	if (error < 0)
		return error;
	error = env_open_input(env, path, NULL);
	if (error >= 0) {
		source->fd = error;
		error = open_descriptor(source);
	}
	if (error < 0)
		io_source_close(source);
	else
		*ret_source = source;
	return error;
}

int io_source_open_fd(struct env *env, int fd, struct io_source **ret_source, struct slice *ret_head)
{
	struct io_source *source = NULL;
	int error = new_source(env, &source);

	if (error < 0)
		return error;
	source->fd = fd;
	source->borrowed = true;
	error = open_descriptor(source);
	if (error < 0) {
		io_source_close(source);
		return error;
	}
	/* With more than that the buffer was filled anew, and its beginning is gone. */
	*ret_head = slice_of(source->buffer, source->raw_bytes <= LIMIT_READ_BYTES ? (size_t)source->raw_bytes : 0);
	*ret_source = source;
	return 0;
}

static int open_reader(struct env *env, struct io_pair *pair, uint32_t reader, struct io_source **ret_source)
{
	int error = new_source(env, ret_source);

	if (error < 0) {
		io_pair_release(pair);
		return error;
	}
	(*ret_source)->pair = pair;
	(*ret_source)->reader = reader;
	return open_descriptor(*ret_source);
}

int io_source_open_fd_twice(struct env *env, int fd, struct io_source **ret_source, struct io_source **ret_again)
{
	struct io_source *source = NULL, *again = NULL;
	struct io_pair *pair;
	int error = io_pair_new(env, fd, &pair), second;

	if (error < 0)
		return error;
	error = open_reader(env, pair, 0, &source);
	second = open_reader(env, pair, 1, &again);
	if (error < 0 || second < 0) {
		io_source_close(source);
		io_source_close(again);
		return error < 0 ? error : second;
	}
	*ret_source = source;
	*ret_again = again;
	return 0;
}

int io_source_open_memory(struct env *env, struct slice bytes, size_t chunk_bytes, struct io_source **ret_source)
{
	struct io_source *source = NULL;
	int error = new_source(env, &source);

	if (error < 0)
		return error;
	source->memory = bytes;
	source->chunk_bytes = chunk_bytes;
	error = detect(source);
	if (error < 0)
		io_source_close(source);
	else
		*ret_source = source;
	return error;
}

void io_source_close(struct io_source *source)
{
	if (source == NULL)
		return;
	if (source->gzip)
		(void)inflateEnd(&source->stream);
	/* Only read from: what close says changes nothing. */
	if (source->fd >= 0 && !source->borrowed)
		(void)env_close(source->env, source->fd);
	io_pair_release(source->pair);
	env_free(source->env, source->buffer);
	env_free(source->env, source->work);
	env_free(source->env, source->marks);
	env_free(source->env, source);
}

void io_source_limit(struct io_source *source, uint64_t inflated_bytes_max)
{
	if (inflated_bytes_max < source->inflated_bytes_max)
		source->inflated_bytes_max = inflated_bytes_max;
}

void io_source_without_hash(struct io_source *source)
{
	source->hashing = false;
}

struct slice io_source_head(const struct io_source *source)
{
	return slice_of(source->head + source->head_at, source->head_len - source->head_at);
}

bool io_source_is_gzip(const struct io_source *source)
{
	return source->gzip;
}

bool io_source_has_bom(const struct io_source *source)
{
	return source->bom;
}

bool io_source_is_wrapped(const struct io_source *source)
{
	return source->wrapped;
}

enum io_coding io_source_coding(const struct io_source *source)
{
	return source->coding;
}

enum io_damage io_source_damage(const struct io_source *source)
{
	return source->damage;
}

uint64_t io_source_offset(const struct io_source *source, uint64_t read_offset)
{
	uint64_t low = source->mark_count > MARKS ? source->mark_count - MARKS : 0, high = source->mark_count;
	struct mark found = {0, source->bom ? 3 : 0};

	/* The last mark at or before the offset. */
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (source->marks[middle % MARKS].read_at <= read_offset) {
			found = source->marks[middle % MARKS];
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return found.file_at + (read_offset - found.read_at);
}

void io_source_hash(struct io_source *source, struct hash *ret_hash, uint64_t *ret_bytes)
{
	struct hash_state state;

	assert(source->hashing);
	hash_last_piece(source);
	state = source->hash;
	hash_final(&state, ret_hash);
	*ret_bytes = source->raw_bytes;
}
