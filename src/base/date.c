typedef int date_to_come;
