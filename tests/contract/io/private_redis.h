/**
 * @file private_redis.h  A real redis-server on a socket in a folder of its own.
 */
#ifndef TD_TESTS_CONTRACT_IO_PRIVATE_REDIS_H
#define TD_TESTS_CONTRACT_IO_PRIVATE_REDIS_H

#include <sys/socket.h>
#include <sys/un.h>

#include "private_server.h"

struct private_redis {
    struct private_server server;
    char socket[PATH_MAX + 16];
    char address[PATH_MAX + 32]; /* for td_live_config */
};

static inline bool private_redis_answers(const struct private_server *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char reply[16] = "";
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/socket", server->folder);
    bool answers = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
                   write(fd, "PING\r\n", 6) == 6 && read(fd, reply, 5) == 5 &&
                   strncmp(reply, "+PONG", 5) == 0;
    (void)close(fd);
    return answers;
}

/** (Re)starts it on what its folder holds, and waits until it answers. */
static inline void private_redis_start(struct private_redis *redis)
{
    const char *const args[] = {"redis-server",
                                "--port",
                                "0",
                                "--bind",
                                "127.0.0.1",
                                "--unixsocket",
                                redis->socket,
                                "--dir",
                                redis->server.folder,
                                "--appendonly",
                                "yes",
                                "--appendfsync",
                                "always",
                                "--save",
                                "",
                                "--maxmemory-policy",
                                "noeviction",
                                NULL};

    redis->server.pid = private_spawn(redis->server.folder, NULL, args);
    private_wait_until(private_redis_answers, &redis->server);
}

/** Makes the folder only, so that a test can be there before the server. */
static inline void private_redis_prepare(struct private_redis *redis)
{
    redis->server.pid = 0;
    private_folder_make(redis->server.folder, "redis");
    (void)snprintf(redis->socket, sizeof(redis->socket), "%s/socket", redis->server.folder);
    (void)snprintf(redis->address, sizeof(redis->address), "unix:%s", redis->socket);
}

static inline void private_redis_kill(struct private_redis *redis)
{
    private_server_kill(&redis->server, SIGKILL);
}

static inline void private_redis_remove(struct private_redis *redis)
{
    private_server_remove(&redis->server);
}

#endif
