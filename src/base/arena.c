typedef int arena_to_come;
