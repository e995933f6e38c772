/* match_site: the matcher over what this site has: its representatives' decisions, its members, its last nights. */
#ifndef MUSTER_CLI_MATCH_SITE_H
#define MUSTER_CLI_MATCH_SITE_H

struct cli;
struct match_model;

/* match train --labels. */
int cli_match_learn(struct cli *cli);
/* match shadow. */
int cli_match_shadow(struct cli *cli);

#endif
