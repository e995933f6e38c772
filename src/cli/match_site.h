/* match_site: the matcher over what this site has: its representatives' decisions, its members, its last nights. */
#ifndef MUSTER_CLI_MATCH_SITE_H
#define MUSTER_CLI_MATCH_SITE_H

struct cli;
struct match_model;

/* The model of a file; `path` NULL: the built-in one, as NULL. 0 or <0, said already. */
int cli_match_model(struct cli *cli, const char *path, const struct match_model **ret_model);
/* match train --labels. */
int cli_match_learn(struct cli *cli);
/* match dedupe without a file. */
int cli_match_dedupe(struct cli *cli);
/* match shadow. */
int cli_match_shadow(struct cli *cli);
/* match promote: an administrator's word that the weights of a file may match records. */
int cli_match_promote(struct cli *cli);

#endif
