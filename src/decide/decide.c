/* decide: to come. */
typedef int decide_to_come;
