/**
 * @file usage.h  What this process takes of its host.
 *
 * Read from /proc and the kernel's counters at each call (about 50 us, and 1 us for each open
 * descriptor): for scrapes, not for the hot path.
 */
#ifndef TD_IO_USAGE_H
#define TD_IO_USAGE_H

#include <stdint.h>

struct td_usage {
    uint64_t cpu_us; /**< User and system, of all threads. */
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    uint64_t open_fds;
    uint64_t max_fds;
    uint64_t threads;
};

/** What cannot be read stays 0. */
struct td_usage td_usage_read(void);

/** Share that is free of the file system that holds a folder, for those without privileges; 1000
   when it cannot be asked. */
uint32_t td_usage_disk_free_permille(const char *folder);

#endif
