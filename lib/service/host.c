#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service/private.h"

#define BOOT_ID_SIZE 37

static bool read_boot_id(char text[BOOT_ID_SIZE])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, BOOT_ID_SIZE - 1);

    if (fd >= 0)
        (void)close(fd);
    text[got > 0 ? got : 0] = '\0';
    return got == BOOT_ID_SIZE - 1;
}

/* The running kernel, and the network namespace: a container of its own is another host. */
void host_identify(char host[HOST_SIZE])
{
    char boot_id[BOOT_ID_SIZE];
    struct stat network;

    host[0] = '\0';
    if (read_boot_id(boot_id) && stat("/proc/self/ns/net", &network) == 0)
        (void)snprintf(host, HOST_SIZE, "%s/%llu", boot_id, (unsigned long long)network.st_ino);
}
