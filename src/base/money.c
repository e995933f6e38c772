typedef int money_to_come;
