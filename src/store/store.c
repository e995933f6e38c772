/* store: to come. */
typedef int store_to_come;
