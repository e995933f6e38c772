/* apply: to come. */
typedef int apply_to_come;
