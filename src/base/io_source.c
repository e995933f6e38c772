typedef int io_source_to_come;
