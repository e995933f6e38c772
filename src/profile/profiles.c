/*
 * All partners of a site. Every file of partners/ is read even after a fault in another, so that the operator sees
 * all that is wrong in one go; two files that claim one sender are a fault, for a member's record must not depend on
 * the order of a folder.
 */
#include <stdio.h>

#include "files.h"
#include "muster/error.h"
#include "muster/io.h"
#include "muster/profile.h"

#define DEFAULT_FILE "default.yaml"

int profile_read_file(struct env *env, struct arena *arena, const char *path, size_t bytes_max, struct buffer *errors,
                      struct slice *ret_text)
{
	char *data;
	size_t bytes;
	int r = io_read_file(env, path, bytes_max, &data, &bytes);
	if (r == -EFBIG) {
		buffer_printf(errors, "%s: longer than %zu bytes\n", path, bytes_max);
		return MUSTER_ERROR_CONFIG;
	}
	if (r == -ENOENT || r == -ENOTDIR || r == -EACCES || r == -EISDIR || r == -EINVAL || r == -ELOOP) {
		buffer_printf(errors, "%s: %s\n", path, muster_error_text(r));
		return MUSTER_ERROR_CONFIG;
	}
	if (r < 0)
		return r;
	*ret_text = arena_dup(arena, slice_of(data, bytes));
	env_free(env, data);
	return ret_text->data != NULL ? 0 : -ENOMEM;
}

static int read_profile(struct env *env, struct arena *arena, const char *folder, const char *file,
                        const struct profile *base, const struct guide_set *guides, struct buffer *errors,
                        struct profile *ret_profile)
{
	struct slice text;
	struct slice path = arena_printf(arena, "%s/%s", folder, file);
	if (path.data == NULL)
		return -ENOMEM;
	int r = profile_read_file(env, arena, path.data, LIMIT_YAML_BYTES, errors, &text);
	return r < 0 ? r : profile_parse(arena, path.data, text, base, guides, errors, ret_profile);
}

static bool ends_in(const char *name, const char *ending)
{
	size_t n = strlen(name), m = strlen(ending);
	return n > m && strcmp(name + n - m, ending) == 0;
}

static bool same_sender(const struct profile *a, const struct profile *b)
{
	return slice_equal(a->isa_sender, b->isa_sender) && slice_equal(a->gs_sender, b->gs_sender) &&
	       slice_equal(a->isa_sender_qualifier, b->isa_sender_qualifier);
}

static int check_senders_differ(const struct profiles *profiles, struct buffer *errors)
{
	int r = 0;
	for (uint32_t i = 0; i < profiles->count; i++)
		for (uint32_t j = 0; j < i; j++)
			if (same_sender(&profiles->items[i], &profiles->items[j])) {
				buffer_printf(errors, "partners %s and %s have the same isa_sender %.*s\n",
					      profiles->items[j].name, profiles->items[i].name,
					      (int)profiles->items[i].isa_sender.len,
					      profiles->items[i].isa_sender.data);
				r = MUSTER_ERROR_CONFIG;
			}
	return r;
}

/* Every other file of the folder on top of the fallback. Faults are remembered, reading goes on. */
static int read_partners(struct env *env, struct arena *arena, const char *folder, char *const *names, size_t count,
                         const struct guide_set *guides, struct buffer *errors, struct profiles *profiles)
{
	int result = 0;
	for (size_t i = 0; i < count; i++) {
		if (names[i][0] == '.' || strcmp(names[i], DEFAULT_FILE) == 0)
			continue;
		if (ends_in(names[i], ".yml")) {
			buffer_printf(errors, "%s/%s: profiles end in .yaml; this one would not be read\n", folder,
				      names[i]);
			result = MUSTER_ERROR_CONFIG;
		}
		if (!ends_in(names[i], ".yaml"))
			continue;
		int r = read_profile(env, arena, folder, names[i], &profiles->fallback, guides, errors,
		                     &profiles->items[profiles->count]);
		if (r == 0)
			profiles->count++;
		else if (r == MUSTER_ERROR_CONFIG)
			result = r;
		else
			return r;
	}
	return result;
}

/* Whom a partner may send to: the one whom his profile names, else those of the configuration. */
static int set_receivers(struct arena *arena, const struct config *config, struct profile *profile)
{
	struct check_receiver *own;
	profile->check.receivers = config->receivers;
	profile->check.receiver_count = config->receiver_count;
	if (slice_is_empty(profile->isa_receiver))
		return 0;
	own = arena_alloc(arena, sizeof(*own));
	if (own == NULL)
		return -ENOMEM;
	own->qualifier = profile->isa_receiver_qualifier;
	own->id = profile->isa_receiver;
	profile->check.receivers = own;
	profile->check.receiver_count = 1;
	return 0;
}

static int set_all_receivers(struct arena *arena, const struct config *config, struct profiles *profiles)
{
	int r = set_receivers(arena, config, &profiles->fallback);
	for (uint32_t i = 0; i < profiles->count && r == 0; i++)
		r = set_receivers(arena, config, &profiles->items[i]);
	return r;
}

int profiles_load(struct env *env, struct arena *arena, const struct config *config, const struct guide_set *guides,
                  struct buffer *errors, struct profiles *ret_profiles)
{
	struct profiles profiles = {.count = 0};
	char **names = NULL;
	size_t count = 0;
	int r, fallback_r = 0;
	profile_defaults(&profiles.fallback);
	r = env_list(env, config->partners, &names, &count);
	if (r == -ENOENT && config->partners_given) {
		buffer_printf(errors, "%s: the partners folder that %s names is not there\n", config->partners,
			      config->path);
		return MUSTER_ERROR_CONFIG;
	}
	if (r == -ENOENT) {
		r = set_all_receivers(arena, config, &profiles);
		if (r == 0)
			*ret_profiles = profiles;
		return r;
	}
	if (r < 0)
		return r;
	profiles.items = arena_alloc_array(arena, count + 1, sizeof(*profiles.items));
	if (profiles.items == NULL) {
		r = -ENOMEM;
		goto out;
	}
	for (size_t i = 0; i < count && fallback_r == 0; i++)
		if (strcmp(names[i], DEFAULT_FILE) == 0)
			fallback_r = read_profile(env, arena, config->partners, DEFAULT_FILE, NULL, guides, errors,
			                          &profiles.fallback);
	r = fallback_r;
	if (r != 0 && r != MUSTER_ERROR_CONFIG)
		goto out;
	r = read_partners(env, arena, config->partners, names, count, guides, errors, &profiles);
	if (r == 0)
		r = check_senders_differ(&profiles, errors);
	if (r == 0)
		r = fallback_r;
	if (r == 0)
		r = set_all_receivers(arena, config, &profiles);
	if (r == 0)
		*ret_profiles = profiles;
out:
	env_free(env, names);
	return r;
}

/* How well a profile fits these ids: 0 not at all, else the more it says the higher. */
static uint32_t fit(const struct profile *profile, struct slice qualifier, struct slice sender, struct slice gs_sender)
{
	uint32_t score = 1;
	if (!slice_equal(profile->isa_sender, sender))
		return 0;
	if (!slice_is_empty(profile->isa_sender_qualifier)) {
		if (!slice_equal(profile->isa_sender_qualifier, qualifier))
			return 0;
		score += 2;
	}
	if (!slice_is_empty(profile->gs_sender) && !slice_is_empty(gs_sender)) {
		if (!slice_equal(profile->gs_sender, gs_sender))
			return 0;
		score += 1;
	}
	return score;
}

const struct profile *profile_for(const struct profiles *profiles, struct slice sender_qualifier,
                                  struct slice sender_id, struct slice gs_sender)
{
	const struct profile *best = &profiles->fallback;
	uint32_t best_fit = 0;
	for (uint32_t i = 0; i < profiles->count; i++) {
		uint32_t this_fit = fit(&profiles->items[i], sender_qualifier, sender_id, gs_sender);
		if (this_fit > best_fit) {
			best = &profiles->items[i];
			best_fit = this_fit;
		}
	}
	return best;
}

const struct profile *profile_named(const struct profiles *profiles, struct slice name)
{
	for (uint32_t i = 0; i < profiles->count; i++)
		if (slice_is(name, profiles->items[i].name))
			return &profiles->items[i];
	return NULL;
}
