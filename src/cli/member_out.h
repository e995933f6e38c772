/* A member as views show him: text, and the JSON of CONTRACT section 6. SSNs are masked unless asked for. */
#ifndef MUSTER_CLI_MEMBER_OUT_H
#define MUSTER_CLI_MEMBER_OUT_H

#include "cli_internal.h"
#include "muster/member.h"

/* The fields and coverages without the closing brace, so that a roster can add dependents. */
void member_out_json_open(struct json *json, const char *key, const struct member *member, date_day on, bool unmasked);
/* `on` DATE_NONE: all spans that were ever effective; else those that cover the day. */
void member_out_json(struct json *json, const char *key, const struct member *member, date_day on, bool unmasked);
/* "M000000123  DOE, KIM" and a line end. */
void member_out_heading(struct cli *cli, const struct member *member);
int member_out_text(struct cli *cli, const struct member *member, date_day on);
/* The latest coverage in a few words, in the cli's arena. */
struct slice member_out_coverage(struct cli *cli, const struct member *member);
/* `text` fit for a terminal, in the cli's arena. */
struct slice member_out_visible(struct cli *cli, struct slice text);
/* The family's number for people: masked where it may be an SSN, unless asked for. */
struct slice member_out_family(struct cli *cli, const struct member *member);

#endif
