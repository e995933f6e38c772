/* outputs: to come. */
typedef int outputs_to_come;
