typedef int hash_to_come;
