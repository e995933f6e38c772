/* queue sample: automatic decisions of a file (--file) for a person to look over. */
#ifndef MUSTER_CLI_QUEUE_SAMPLE_H
#define MUSTER_CLI_QUEUE_SAMPLE_H

struct cli;
int cli_queue_sample(struct cli *cli);
/* queue verdict: what a person says of one of them, kept to learn from. */
int cli_queue_verdict(struct cli *cli);

#endif
