/* check: to come. */
typedef int check_to_come;
