/* cli: to come. */
typedef int cli_to_come;
