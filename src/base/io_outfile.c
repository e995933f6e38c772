typedef int io_outfile_to_come;
