typedef int log_to_come;
