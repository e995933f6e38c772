/* ack: to come. */
typedef int ack_to_come;
