/* profile: to come. */
typedef int profile_to_come;
