/* enroll: to come. */
typedef int enroll_to_come;
