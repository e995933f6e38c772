/*
 * io: where bytes come from and how results become visible.
 *
 * A source gives the decoded bytes of one file front to back: it sees by content whether the file is plain or
 * gzip, has a byte-order mark, is EBCDIC (IBM-037, IBM-1047) or wrapped into 80-column records, and undoes that.
 * The one door to zlib. An outfile is written under a temporary name and appears whole under its own.
 *
 * Units     offsets are bytes of the decoded stream as a person would see it in the inflated file: the BOM counts,
 *           and so do line ends removed from wrapped records (io_source_offset, io_source_line map back).
 * Memory    constant: at most two buffers of LIMIT_READ_BYTES, zlib's window, and 256 KiB to map offsets back where
 *           the file is EBCDIC or wrapped.
 * Errors    -errno. A damaged or over-limit gzip stream is not such an error: the source ends there and says so
 *           (io_source_damage), for it is the sender's file that is wrong.
 * Source    promises P2, P28, P31; CONTRACT section 2.
 */
#ifndef MUSTER_IO_H
#define MUSTER_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "muster/env.h"
#include "muster/hash.h"
#include "muster/slice.h"

enum io_coding { IO_ASCII, IO_EBCDIC_037, IO_EBCDIC_1047 };
enum io_damage {
	IO_SOUND,
	IO_GZIP_CORRUPT,
	IO_GZIP_TRUNCATED,
	IO_GZIP_RATIO,
	IO_GZIP_SIZE,
	IO_GZIP_NESTED,
	IO_GZIP_MEMBERS
};

struct io_source; /* opaque */

/*
 * Open a file for reading its decoded bytes, and look at its beginning: what it is (the questions below but damage) is
 * known from then on. 0, or -errno (-ENOENT, -EACCES, -ELOOP, -EISDIR, -EINVAL not a regular file, or of reading).
 */
int io_source_open(struct env *env, const char *path, struct io_source **ret_source);
/* The same over bytes in memory, handed out in pieces of at most `chunk_bytes` (0 = all): for tests. Borrowed. */
int io_source_open_memory(struct env *env, struct slice bytes, size_t chunk_bytes, struct io_source **ret_source);
/*
 * The same over an open descriptor that need not be a file's (standard input), which stays the caller's. Its first raw
 * bytes, up to LIMIT_READ_BYTES, are in *ret_head, for a look at who sent it; borrowed until the first read.
 */
int io_source_open_fd(struct env *env, int fd, struct io_source **ret_source, struct slice *ret_head);
/*
 * Two sources over one such descriptor, each of which gives all of it. What one has read ahead of the other is kept in
 * memory, so they should keep together. 0 or -errno; then neither is open.
 */
int io_source_open_fd_twice(struct env *env, int fd, struct io_source **ret_source, struct io_source **ret_again);
/* NULL does nothing. */
void io_source_close(struct io_source *source);
/* Lower the limit of inflated bytes (a partner's own; from 512 to LIMIT_INFLATE_BYTES). Before the first read. */
void io_source_limit(struct io_source *source, uint64_t inflated_bytes_max);
/* Do without the hash where nobody asks for it (validate): hashing costs more than reading. Before the first read. */
void io_source_without_hash(struct io_source *source);
/* Up to `bytes` (not 0) decoded bytes; 0 at the end; -errno. What it gives does not depend on the sizes asked for. */
ssize_t io_source_read(struct io_source *source, void *out, size_t bytes);

/* The first inflated bytes, up to 512, behind a byte-order mark, not recoded or unwrapped. Only before the first read. */
struct slice io_source_head(const struct io_source *source);
bool io_source_is_gzip(const struct io_source *source);
bool io_source_has_bom(const struct io_source *source);
bool io_source_is_wrapped(const struct io_source *source);
enum io_coding io_source_coding(const struct io_source *source);
enum io_damage io_source_damage(const struct io_source *source);
/*
 * Maps an offset in what io_source_read gave to the offset in the inflated file. Exact for everything given since the
 * 16,384th last line end removed or character recoded (more than 1 MiB of a wrapped file), approximate before that.
 */
uint64_t io_source_offset(const struct io_source *source, uint64_t read_offset);
/*
 * SHA-256 and size of the raw file as read so far; complete once io_source_read returned 0, also for a damaged file.
 * Not after io_source_without_hash.
 */
void io_source_hash(struct io_source *source, struct hash *ret_hash, uint64_t *ret_bytes);

/* A file that becomes visible whole: written as `.<name>.tmp` beside it, synced, renamed, folder synced. */
struct io_outfile {
	struct env *env;
	int fd;
	int error; /* first failure; later writes do nothing */
	char *path, *temporary_path;
	char *buffer;
	size_t buffered;
	uint64_t bytes;
	bool without_hash; /* may be set before the first write, where nobody asks for the hash */
	struct hash_state hash;
};
/* 0 or -errno. After a failure nothing needs closing. */
int io_outfile_open(struct io_outfile *out, struct env *env, const char *path);
void io_outfile_write(struct io_outfile *out, const void *data, size_t bytes);
/*
 * Make it visible. 0 or the first error; then the temporary file is gone and nothing is visible. Only when the very
 * last step fails, syncing the folder, the file stays visible, whole, but may be gone after a power cut: the caller
 * stops and does its work again. `ret_hash` may be NULL.
 */
int io_outfile_commit(struct io_outfile *out, struct hash *ret_hash);
/* Give up; removes the temporary file. Harmless after commit. */
void io_outfile_abort(struct io_outfile *out);

/* Write a whole small file that way. */
int io_publish(struct env *env, const char *path, struct slice content);
/*
 * Read a whole small file of ours (config, CSV; a symlink is followed) of at most `bytes_max` (-EFBIG beyond). A NUL
 * stands behind its end. The caller frees *ret_data with env_free.
 */
int io_read_file(struct env *env, const char *path, size_t bytes_max, char **ret_data, size_t *ret_bytes);
/* SHA-256 of a file of a partner's, of its bytes as they lie there. 0 or -errno, as env_open_input. */
int io_hash_file(struct env *env, const char *path, struct hash *ret_hash);
/* Copy a file durably under a new name (temporary, sync, rename), hashing on the way where `ret_hash` is not NULL. */
int io_copy_file(struct env *env, const char *from, const char *to, struct hash *ret_hash, uint64_t *ret_bytes);
/* The same, compressed with gzip (no name, no time inside: same bytes in, same bytes out). Hash is of the input. */
int io_gzip_file(struct env *env, const char *from, const char *to, struct hash *ret_hash);

#endif
