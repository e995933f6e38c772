/* guide: to come. */
typedef int guide_to_come;
