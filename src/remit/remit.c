/* remit: to come. */
typedef int remit_to_come;
