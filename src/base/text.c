typedef int text_to_come;
