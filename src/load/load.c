/* load: to come. */
typedef int load_to_come;
