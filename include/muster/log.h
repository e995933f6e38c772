/*
 * log: what the program says to its operator while it works; to stderr, one line a message.
 *
 * Positions, codes and ids; never names, SSNs, amounts or bytes of partners unescaped.
 */
#ifndef MUSTER_LOG_H
#define MUSTER_LOG_H

enum log_level { LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_DEBUG };

/* Messages above this level are dropped. Default LOG_NOTICE. */
void log_set_level(enum log_level level);
void log_message(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Log a failure where it was born and hand its code on: `return log_failure(-EIO, "write %s", path);` */
int log_failure(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
