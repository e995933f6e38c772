/*
 * once: run a command once; print its wall seconds, its CPU seconds and its peak memory in bytes to stdout.
 *
 *   once COMMAND [ARGUMENT...]     what the command prints is thrown away
 *
 * A program of its own, and a small one, because the kernel counts the memory of whoever forks towards the peak.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	double begin = now();
	int status;
	pid_t child;

	if (argc < 2)
		return 64;
	child = fork();
	if (child == 0) {
		int null = open("/dev/null", O_RDWR);

		if (null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
			_exit(126);
		execv(argv[1], argv + 1);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status))
		return 71;
	printf("%.6f %.6f %ld\n", now() - begin, seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
	       usage.ru_maxrss * 1024L);
	return WEXITSTATUS(status);
}
