/* match: to come. */
typedef int match_to_come;
