/*
 * finding: the table of findings, and lists of them.
 */
#include <threads.h>

#include "muster/arena.h"
#include "muster/error.h"
#include "muster/finding.h"
#include "muster/limits.h"

#define LIST_FIRST_CAPACITY 16u

/* The codes as CONTRACT shows them, made once from the table's names: the preprocessor cannot lower a letter. */
static char codes[][48] = {
#define X(name, scope, ack, snip, severity, text) #name,
#include "muster/tbl/findings.h"
#undef X
};

static const struct finding_row rows[] = {
#define X(name, scope, ack, snip, severity, text)                                                                      \
	{codes[FINDING_##name], FINDING_##scope, ack, snip, FINDING_##severity, text},
#include "muster/tbl/findings.h"
#undef X
};

static once_flag codes_once = ONCE_FLAG_INIT;

static void lower_codes(void)
{
	size_t i;
	char *at;

	for (i = 0; i < FINDING_CODE_COUNT; i++)
		for (at = codes[i]; *at != '\0'; at++)
			if (*at >= 'A' && *at <= 'Z')
				*at = (char)(*at - 'A' + 'a');
}

const struct finding_row *finding_row(enum finding_code code)
{
	call_once(&codes_once, lower_codes);
	return &rows[code];
}

const char *finding_ack_segment(enum finding_scope scope)
{
	static const char *const names[] = {
		[FINDING_INTERCHANGE] = "TA1", [FINDING_FGROUP] = "AK9",  [FINDING_TSET] = "IK5",
		[FINDING_SEGMENT] = "IK3",     [FINDING_ELEMENT] = "IK4",
	};

	return names[scope];
}

const char *finding_severity_name(enum finding_severity severity)
{
	static const char *const names[] = {
		[FINDING_INFO] = "info",
		[FINDING_WARNING] = "warning",
		[FINDING_ERROR] = "error",
		[FINDING_OFF] = "off",
	};

	return names[severity];
}

bool finding_code_of(struct slice name, enum finding_code *ret_code)
{
	size_t i;

	for (i = 0; i < FINDING_CODE_COUNT; i++) {
		if (slice_is(name, finding_row((enum finding_code)i)->code)) {
			*ret_code = (enum finding_code)i;
			return true;
		}
	}
	return false;
}

int finding_report(const struct finding_sink *sink, const struct finding *finding)
{
	if (sink == NULL || sink->take == NULL || finding->severity == FINDING_OFF)
		return 0;
	return sink->take(sink->context, finding);
}

void finding_list_init(struct finding_list *list, struct arena *arena, uint32_t max)
{
	*list = (struct finding_list){.arena = arena, .max = max};
}

/* The old array stays in the arena until its rewind; doubling keeps that waste below the list's own size. */
static int grow(struct finding_list *list)
{
	uint32_t capacity = list->capacity > 0 ? list->capacity * 2 : LIST_FIRST_CAPACITY;
	struct finding *items;

	if (capacity > list->max)
		capacity = list->max;
	items = arena_alloc_array(list->arena, capacity, sizeof(*items));
	if (items == NULL)
		return -ENOMEM;
	if (list->count > 0)
		memcpy(items, list->items, list->count * sizeof(*items));
	list->items = items;
	list->capacity = capacity;
	return 0;
}

/* Cut for IK404, but not inside a UTF-8 character. */
static struct slice cut_value(struct slice value)
{
	size_t len = LIMIT_FINDING_VALUE_BYTES;

	if (value.len <= len)
		return value;
	while (len > LIMIT_FINDING_VALUE_BYTES - 4 && ((unsigned char)value.data[len] & 0xc0) == 0x80)
		len--;
	return slice_of(value.data, len);
}

struct slice finding_segment_part(const struct finding *finding, size_t bytes_max, uint32_t *ret_at)
{
	struct slice segment = finding->segment;
	size_t from = 0;

	*ret_at = finding->segment_at;
	if (segment.len <= bytes_max)
		return segment;
	/* Its beginning says what it is; only where the fault lies far behind it the part is cut from both ends. */
	if (finding->segment_at >= bytes_max / 2)
		from = finding->segment_at - bytes_max / 2;
	if (from > segment.len - bytes_max)
		from = segment.len - bytes_max;
	*ret_at -= (uint32_t)from;
	return slice_of(segment.data + from, bytes_max);
}

static void count(struct finding_list *list, enum finding_severity severity)
{
	switch (severity) {
	case FINDING_INFO:
		list->infos++;
		break;
	case FINDING_WARNING:
		list->warnings++;
		break;
	case FINDING_ERROR:
		list->errors++;
		break;
	case FINDING_OFF:
		break;
	}
}

int finding_list_add(struct finding_list *list, const struct finding *finding)
{
	struct finding copy = *finding;
	int error;

	if (list->count == list->max) {
		count(list, finding->severity);
		list->dropped++;
		return 0;
	}
	if (list->count == list->capacity) {
		error = grow(list);
		if (error < 0)
			return error;
	}
	copy.loop = arena_dup(list->arena, finding->loop);
	copy.value = arena_dup(list->arena, cut_value(finding->value));
	copy.message = arena_dup(list->arena, finding->message);
	copy.segment =
		arena_dup(list->arena, finding_segment_part(finding, LIMIT_FINDING_SEGMENT_BYTES, &copy.segment_at));
	copy.trigger.loop = arena_dup(list->arena, finding->trigger.loop);
	copy.rule = arena_dup(list->arena, finding->rule);
	if (copy.loop.data == NULL || copy.value.data == NULL || copy.message.data == NULL ||
	    copy.segment.data == NULL || copy.trigger.loop.data == NULL || copy.rule.data == NULL)
		return -ENOMEM;
	list->items[list->count++] = copy;
	count(list, finding->severity);
	return 0;
}
