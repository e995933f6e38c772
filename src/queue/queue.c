/* queue: to come. */
typedef int queue_to_come;
