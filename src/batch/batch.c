/* batch: to come. */
typedef int batch_to_come;
