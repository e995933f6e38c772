typedef int finding_to_come;
