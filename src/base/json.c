typedef int json_to_come;
