typedef int buffer_to_come;
