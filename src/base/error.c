typedef int error_to_come;
