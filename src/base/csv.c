typedef int csv_to_come;
