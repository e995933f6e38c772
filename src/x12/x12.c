/* x12: to come. */
typedef int x12_to_come;
