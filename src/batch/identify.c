/*
 * Who sent a file, when, and which earlier file it belongs to: read from its first envelopes.
 */
#include "claim.h"
#include "identify.h"
#include "numbers.h"
#include "muster/path.h"

/* Events looked at before giving up: the first GS and ST come within the first few. */
#define IDENTIFY_EVENTS_MAX 16

static void identify_interchange(struct identity *identity, const struct x12_interchange *from, struct arena *arena)
{
	identity->found = true;
	identity->interchange.sender_qualifier = arena_dup(arena, from->sender_qualifier);
	identity->interchange.sender_id = arena_dup(arena, from->sender_id);
	identity->interchange.receiver_qualifier = arena_dup(arena, from->receiver_qualifier);
	identity->interchange.receiver_id = arena_dup(arena, from->receiver_id);
	identity->interchange.date = arena_dup(arena, from->date);
	identity->interchange.time = arena_dup(arena, from->time);
	identity->interchange.control_number = arena_dup(arena, from->control_number);
}

static void identify_fgroup(struct identity *identity, const struct x12_fgroup *from, struct arena *arena)
{
	identity->tset.functional_id = arena_dup(arena, from->functional_id);
	identity->tset.sender_code = arena_dup(arena, from->sender_code);
	identity->tset.receiver_code = arena_dup(arena, from->receiver_code);
	identity->tset.fgroup_control = arena_dup(arena, from->control_number);
}

static bool identify_event(struct identity *identity, const struct x12_event *event, struct arena *arena)
{
	if (event->kind == X12_INTERCHANGE_BEGIN)
		identify_interchange(identity, event->interchange, arena);
	else if (event->kind == X12_FGROUP_BEGIN)
		identify_fgroup(identity, event->fgroup, arena);
	if (event->kind != X12_TSET_BEGIN)
		return event->kind == X12_END;
	identity->tset.set_id = arena_dup(arena, event->tset->set_id);
	identity->tset.control_number = arena_dup(arena, event->tset->control_number);
	return true;
}

static int identify_source(struct env *env, struct io_source *source, struct arena *arena,
			   struct identity *ret_identity)
{
	struct x12_reader *reader = NULL;
	struct x12_event event;
	int i, r;

	*ret_identity = (struct identity){0};
	r = x12_reader_new(env, source, NULL, NULL, &reader);
	for (i = 0; r == 0 && i < IDENTIFY_EVENTS_MAX; i++) {
		r = x12_reader_next(reader, &event);
		if (r == 0 && identify_event(ret_identity, &event, arena))
			break;
	}
	x12_reader_free(reader);
	return r;
}

int identify_file(struct env *env, const char *path, struct arena *arena, struct identity *ret_identity)
{
	struct io_source *source;
	int r = io_source_open(env, path, &source);

	if (r < 0)
		return r;
	io_source_without_hash(source);
	r = identify_source(env, source, arena, ret_identity);
	io_source_close(source);
	return r;
}

static const struct profile *profile_of(const struct profiles *profiles, const struct identity *identity)
{
	return profile_for(profiles, identity->interchange.sender_qualifier, identity->interchange.sender_id,
			   identity->tset.sender_code);
}

int batch_profile_of_bytes(struct env *env, const struct profiles *profiles, struct slice head,
			   const struct profile **ret_profile)
{
	struct identity identity;
	struct io_source *source;
	struct arena arena;
	int r = io_source_open_memory(env, head, 0, &source);

	if (r < 0)
		return r;
	arena_init(&arena, env, 0, 0);
	r = identify_source(env, source, &arena, &identity);
	if (r == 0)
		*ret_profile = profile_of(profiles, &identity);
	io_source_close(source);
	arena_fini(&arena);
	return r;
}

int batch_profile_of_file(struct env *env, const struct profiles *profiles, const char *path,
			  const struct profile **ret_profile)
{
	struct identity identity;
	struct arena arena;
	int r;

	arena_init(&arena, env, 0, 0);
	r = identify_file(env, path, &arena, &identity);
	if (r == 0)
		*ret_profile = profile_of(profiles, &identity);
	arena_fini(&arena);
	return r;
}

int batch_find_partner(struct batch *batch, struct claim *claim)
{
	char original[LIMIT_PATH_BYTES];
	const struct profile *profile;
	int r = path_format(original, "%s/claim/original", batch->settings.config->work);

	if (r == 0)
		r = batch_profile_of_file(batch->env, batch->settings.profiles, original, &profile);
	if (r == 0)
		claim->file.partner = slice_from(profile->name);
	return r;
}

struct same_name {
	struct slice name;
	uint64_t file_no;
};

static int same_name_find(void *context, const struct store_file *file)
{
	struct same_name *search = context;

	if (slice_equal(file->name, search->name) && file->outcome == STORE_FILE_PROCESSED)
		search->file_no = file->reprocess_of != 0 ? file->reprocess_of : file->file_no;
	return 0;
}

/* Those who had the numbers last; *ret_counts: are they theirs still? Else it says little that another has them now. */
static int find_by_numbers(struct batch *batch, const struct identity *identity, struct arena *arena,
			   uint64_t *ret_file_no, bool *ret_counts)
{
	const struct profile *profile = profile_of(batch->settings.profiles, identity);
	const struct store_file file = {
		.file_no = UINT64_MAX, .partner = slice_from(profile->name), .received_ms = batch_received_ms(batch)};
	struct store_numbers_limit limit;
	struct store_number_uses uses;
	int r = store_tset_by_numbers(batch->store, &identity->interchange, &identity->tset, 0, arena, &uses);

	*ret_counts = false;
	*ret_file_no = uses.last != NULL ? uses.last->file_no : 0;
	if (r == 0 && uses.last != NULL)
		r = numbers_limit_of(batch->store, profile, &file, arena, &limit);
	if (r == 0 && uses.last != NULL)
		r = numbers_file_counts(batch->store, &limit, uses.last->file_no, arena, ret_counts);
	return r;
}

/* A file with its very bytes, or with its numbers, or with its name; at last one that had its numbers before others might. */
int batch_find_original(struct batch *batch, const char *path, uint64_t *ret_file_no)
{
	struct same_name search = {.name = slice_from(path_leaf(path))};
	const struct store_file *same = NULL;
	struct identity identity;
	struct arena arena;
	struct hash hash;
	uint64_t numbered = 0;
	bool counts = false;
	int r;

	arena_init(&arena, batch->env, 0, 0);
	r = io_hash_file(batch->env, path, &hash);
	if (r == 0)
		r = store_file_by_hash(batch->store, &hash, 0, &arena, &same);
	if (r == 0 && same == NULL)
		r = identify_file(batch->env, path, &arena, &identity);
	if (r == 0 && same == NULL && identity.found)
		r = find_by_numbers(batch, &identity, &arena, &numbered, &counts);
	if (r == 0 && same == NULL && !counts)
		r = store_files_each(batch->store, 0, same_name_find, &search);
	if (same != NULL)
		*ret_file_no = same->reprocess_of != 0 ? same->reprocess_of : same->file_no;
	else
		*ret_file_no = !counts && search.file_no != 0 ? search.file_no : numbered;
	arena_fini(&arena);
	return r;
}
