typedef int env_to_come;
