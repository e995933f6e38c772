typedef int slice_to_come;
