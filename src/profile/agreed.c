/*
 * The part of a profile that is about checking (SNIP 5 and 7): guides as this partner has them, and what a finding
 * weighs. What a profile changes goes over what the one it inherits from has changed.
 */
#include "agreed.h"

#include <errno.h>
#include <string.h>

#include "files.h"
#include "muster/error.h"

#define SNIP_TYPES 7

/*
 * What a partner may weigh otherwise: segments, elements and the control totals. What is wrong with an envelope, a
 * set's frame or the balance of a remittance is not a matter of taste.
 */
static bool severity_is_free(enum finding_code code)
{
	enum finding_scope scope = finding_row(code)->scope;
	return scope == FINDING_SEGMENT || scope == FINDING_ELEMENT || code == FINDING_TSET_TOTALS;
}

static bool read_severity(struct key_reader *reader, const struct yaml_node *node, enum finding_severity *ret_severity)
{
	for (int severity = FINDING_INFO; node->kind == YAML_SCALAR && severity <= FINDING_OFF; severity++)
		if (slice_is(node->text, finding_severity_name((enum finding_severity)severity))) {
			*ret_severity = (enum finding_severity)severity;
			return true;
		}
	key_fault(reader, node, "a severity is error, warning, info or off");
	return false;
}

/* "snip4": the type, or 0. */
static int snip_of(struct slice name)
{
	if (name.len != 5 || memcmp(name.data, "snip", 4) != 0 || name.data[4] < '1' || name.data[4] > '0' + SNIP_TYPES)
		return 0;
	return name.data[4] - '0';
}

static void weigh_snip(struct check_options *options, int snip, enum finding_severity severity)
{
	for (int code = 0; code < FINDING_CODE_COUNT; code++)
		if (severity_is_free((enum finding_code)code) && finding_row((enum finding_code)code)->snip == snip) {
			options->severity[code] = severity;
			options->severity_set[code] = true;
		}
}

static bool is_name(struct slice name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (slice_is(name, *names))
			return true;
	return false;
}

static bool is_rule(const struct guide_set *guides, struct slice name)
{
	for (uint32_t g = 0; g < guide_set_count(guides); g++) {
		const struct guide *guide = guide_set_at(guides, g);
		for (uint16_t i = 0; i < guide->rule_count; i++)
			if (slice_equal(guide->rules[i].name, name))
				return true;
	}
	return is_name(name, check_sense_names());
}

static bool guide_has_place(const struct guide *guide, const struct guide_path *path)
{
	for (uint16_t i = 0; i < guide->segment_count; i++) {
		const struct guide_element *element;
		if (path->segment.len == 0)
			return guide_loop_find(guide, path->loop) != GUIDE_NONE;
		element = guide_element_at(guide, &guide->segments[i], path->pos);
		if (guide_path_has(guide, path, i) &&
		    (path->pos == 0 || (element != NULL && path->component_pos <= element->component_count)))
			return true;
	}
	return false;
}

/* A place of any of the guides. */
static bool find_place(const struct guide_set *guides, struct slice text, struct guide_path *ret_path)
{
	for (uint32_t g = 0; g < guide_set_count(guides); g++)
		if (guide_path_parse(guide_set_at(guides, g), text, ret_path) &&
		    guide_has_place(guide_set_at(guides, g), ret_path))
			return true;
	return false;
}

/* All that severities may name but places, so that the nearest can be told. */
static int known_names(struct key_reader *reader, const struct guide_set *guides, const char *const **ret_names)
{
	static const char *const snips[SNIP_TYPES] = {"snip1", "snip2", "snip3", "snip4", "snip5", "snip6", "snip7"};
	const char *const *sense = check_sense_names();
	size_t count = FINDING_CODE_COUNT + SNIP_TYPES + 1;
	const char **names;
	for (uint32_t g = 0; g < guide_set_count(guides); g++)
		count += guide_set_at(guides, g)->rule_count;
	for (const char *const *name = sense; *name != NULL; name++)
		count++;
	names = arena_alloc_array(reader->arena, count, sizeof(*names));
	if (names == NULL)
		return -ENOMEM;
	count = 0;
	for (int code = 0; code < FINDING_CODE_COUNT; code++)
		names[count++] = finding_row((enum finding_code)code)->code;
	for (int i = 0; i < SNIP_TYPES; i++)
		names[count++] = snips[i];
	for (uint32_t g = 0; g < guide_set_count(guides); g++)
		for (uint16_t i = 0; i < guide_set_at(guides, g)->rule_count; i++)
			names[count++] = guide_set_at(guides, g)->rules[i].name.data;
	for (; *sense != NULL; sense++)
		names[count++] = *sense;
	*ret_names = names;
	return 0;
}

static int fault_of_name(struct key_reader *reader, const struct yaml_node *row, const char *const *known,
			 const char *what)
{
	const char *nearest = yaml_nearest(row->key, known);
	key_fault_at_key(reader, row, "\"%.*s\" is %s%s%s%s", (int)row->key.len, row->key.data, what,
			 nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
			 nearest != NULL ? "\"?" : "");
	return 0;
}

/* Severities of the profile's own, behind those it inherits; room for `more`. */
static struct check_severity *more_severities(struct key_reader *reader, struct check_options *options, uint32_t more)
{
	struct check_severity *all =
		arena_alloc_array(reader->arena, (size_t)options->severity_count + more + 1, sizeof(*all));
	if (all != NULL && options->severity_count > 0)
		memcpy(all, options->severities, options->severity_count * sizeof(*all));
	if (all != NULL)
		options->severities = all;
	return all;
}

static void weigh_code(struct key_reader *reader, const struct yaml_node *row, enum finding_code code,
		       struct check_options *options)
{
	enum finding_severity severity;
	if (!severity_is_free(code)) {
		key_fault_at_key(reader, row, "the severity of %s is fixed", finding_row(code)->code);
	} else if (read_severity(reader, row, &severity)) {
		options->severity[code] = severity;
		options->severity_set[code] = true;
	}
}

/* Rules, checks of sense and places; `all` has room. */
static int weigh_by_name(struct key_reader *reader, const struct yaml_node *row, const struct guide_set *guides,
			 struct check_options *options, struct check_severity *all)
{
	struct check_severity severity = {.rule = row->key};
	const char *const *known;
	int r;
	if (!is_rule(guides, row->key)) {
		severity.rule = SLICE_EMPTY;
		if (!find_place(guides, row->key, &severity.path)) {
			r = known_names(reader, guides, &known);
			return r < 0 ? r
				     : fault_of_name(reader, row, known,
						     "no finding, rule, check of sense or place of a guide");
		}
		if (severity.path.qualifier.len > 0) {
			key_fault_at_key(reader, row, "a severity is for all qualifiers of a segment");
			return 0;
		}
	}
	if (read_severity(reader, row, &severity.severity))
		all[options->severity_count++] = severity;
	return 0;
}

static int settle_severities(struct key_reader *reader, const struct yaml_node *node, const struct guide_set *guides,
			     struct check_options *options)
{
	struct check_severity *all;
	enum finding_severity severity;
	enum finding_code code;
	int r = 0;
	if (node == NULL)
		return 0;
	if (node->kind != YAML_MAPPING) {
		key_fault(reader, node, "severities holds lines of the form `element_code_invalid: warning`");
		return 0;
	}
	all = more_severities(reader, options, node->count);
	if (all == NULL)
		return -ENOMEM;
	/* Types first: a code that is named is meant, whatever its type says. */
	for (const struct yaml_node *row = node->first; row != NULL; row = row->next)
		if (snip_of(row->key) != 0 && read_severity(reader, row, &severity))
			weigh_snip(options, snip_of(row->key), severity);
	for (const struct yaml_node *row = node->first; row != NULL && r == 0; row = row->next) {
		if (snip_of(row->key) != 0)
			continue;
		if (finding_code_of(row->key, &code))
			weigh_code(reader, row, code, options);
		else
			r = weigh_by_name(reader, row, guides, options, all);
	}
	return r;
}

/* "codes: {states: warning}": what a miss of a list or form weighs. */
static int settle_codes(struct key_reader *reader, const struct yaml_node *node, const struct guide_set *guides,
			struct check_options *options)
{
	const char *const *forms = check_form_names(), *const * lists;
	struct check_severity *all;
	int r;
	if (node == NULL)
		return 0;
	if (node->kind != YAML_MAPPING) {
		key_fault(reader, node, "codes holds lines of the form `states: warning`");
		return 0;
	}
	r = guide_set_lists(guides, reader->arena, &lists);
	all = r == 0 ? more_severities(reader, options, node->count) : NULL;
	if (all == NULL)
		return -ENOMEM;
	for (const struct yaml_node *row = node->first; row != NULL; row = row->next) {
		struct check_severity severity = {.rule = row->key};
		if (!is_name(row->key, lists) && !is_name(row->key, forms))
			fault_of_name(reader, row, yaml_nearest(row->key, lists) != NULL ? lists : forms,
				      "no list of codes, and no form such as npi, phone or zip_state");
		else if (read_severity(reader, row, &severity.severity))
			all[options->severity_count++] = severity;
	}
	return 0;
}

/* A file beside the profile, as it says; an absolute path as it is. */
static struct slice path_beside(struct key_reader *reader, struct slice file)
{
	const char *slash = strrchr(reader->name, '/');
	int folder = slash != NULL ? (int)(slash - reader->name) + 1 : 0;
	if (file.len > 0 && file.data[0] == '/')
		folder = 0;
	return arena_printf(reader->arena, "%.*s%.*s", folder, reader->name, (int)file.len, file.data);
}

static int settle_code_file(struct key_reader *reader, const struct yaml_node *row, struct guide_set *own)
{
	struct slice path, text;
	int r;
	if (row->kind != YAML_SCALAR || row->text.len == 0) {
		key_fault(reader, row, "a list of codes is in a file: `states: our-states.yaml`");
		return 0;
	}
	path = path_beside(reader, row->text);
	if (path.data == NULL)
		return -ENOMEM;
	r = profile_read_file(reader->arena->env, reader->arena, path.data, LIMIT_CODE_FILE_BYTES, reader->errors,
			      &text);
	if (r == 0)
		r = guide_set_replace_list(own, row->key, path.data, text, reader->errors);
	if (r != GUIDE_E_INVALID && r != MUSTER_ERROR_CONFIG)
		return r;
	key_fault(reader, row, "this file cannot be taken as the list %.*s", (int)row->key.len, row->key.data);
	return 0;
}

static int settle_code_files(struct key_reader *reader, const struct yaml_node *node, struct guide_set *own)
{
	int r = 0;
	if (node == NULL)
		return 0;
	if (node->kind != YAML_MAPPING) {
		key_fault(reader, node, "code_files holds lines of the form `states: our-states.yaml`");
		return 0;
	}
	for (const struct yaml_node *row = node->first; row != NULL && r == 0; row = row->next)
		r = settle_code_file(reader, row, own);
	return r;
}

static int settle_required(struct key_reader *reader, const struct profile_text *values, struct guide_set *own)
{
	const struct yaml_node *node = values->require_seg;
	int r = values->n4_county ? guide_set_require(own, SLICE_LITERAL("834"), SLICE_LITERAL("2100A/N406")) : 0;
	if (node == NULL || r < 0)
		return r;
	if (node->kind != YAML_SEQUENCE)
		key_fault(reader, node, "require_seg is a list of places of the 834, like [2000/REF*17, 2100A/DMG]");
	for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
		r = item->kind == YAML_SCALAR ? guide_set_require(own, SLICE_LITERAL("834"), item->text)
					      : GUIDE_E_NOT_FOUND;
		if (r < 0)
			return r;
		if (r > 0)
			key_fault(reader, item,
				  "this is no place of the 834: it is written LOOP/SEGMENT, like 2000/REF*17");
	}
	return 0;
}

/* The guides as this partner has them; shared with everybody while nothing is changed. */
static int settle_guides(struct key_reader *reader, struct profile_text *values, const struct guide_set *guides)
{
	struct check_options *options = &values->profile.check;
	struct guide_set *own;
	int r;
	if (values->code_files == NULL && values->overlay == NULL && values->require_seg == NULL && !values->n4_county)
		return 0;
	r = guide_set_derive(options->guides != NULL ? options->guides : guides, reader->arena, &own);
	if (r == 0)
		r = settle_code_files(reader, values->code_files, own);
	if (r == 0 && values->overlay != NULL)
		r = guide_set_overlay(own, reader->name, reader->text, values->overlay, reader->errors);
	if (r == GUIDE_E_INVALID) {
		reader->faults++;
		r = 0;
	}
	if (r == 0)
		r = settle_required(reader, values, own);
	options->guides = own;
	return r;
}

static bool needs_guides(const struct profile_text *values)
{
	enum finding_code code;
	if (values->codes != NULL || values->code_files != NULL || values->overlay != NULL ||
	    values->require_seg != NULL || values->n4_county)
		return true;
	if (values->severities == NULL)
		return false;
	for (const struct yaml_node *row = values->severities->first; row != NULL; row = row->next)
		if (!finding_code_of(row->key, &code) && snip_of(row->key) == 0)
			return true;
	return false;
}

int agreed_settle(struct key_reader *reader, struct profile_text *values, const struct guide_set *guides)
{
	struct check_options *options = &values->profile.check;
	int r;
	if (guides == NULL && needs_guides(values))
		return PROFILE_E_GUIDES;
	r = settle_guides(reader, values, guides);
	if (options->guides != NULL)
		guides = options->guides;
	if (r == 0)
		r = settle_codes(reader, values->codes, guides, options);
	return r == 0 ? settle_severities(reader, values->severities, guides, options) : r;
}
