/**
 * @file private_postgres.h  A real PostgreSQL 15 on a socket in a folder of its own.
 */
#ifndef TD_TESTS_CONTRACT_IO_PRIVATE_POSTGRES_H
#define TD_TESTS_CONTRACT_IO_PRIVATE_POSTGRES_H

#include <postgresql/libpq-fe.h>

#include "private_server.h"

#define PRIVATE_POSTGRES_BIN "/usr/lib/postgresql/15/bin/"

struct private_postgres {
    struct private_server server; /* first */
    char data[PATH_MAX + 16];
    char conninfo[PATH_MAX + 64];
    int port; /* on 127.0.0.1; also in the name of the socket */
};

static inline bool private_postgres_answers(const struct private_server *server)
{
    const struct private_postgres *postgres = (const struct private_postgres *)server;

    return PQping(postgres->conninfo) == PQPING_OK;
}

/** (Re)starts it on what its folder holds, and waits until it answers. */
static inline void private_postgres_start(struct private_postgres *postgres)
{
    char port[16];
    const char *const args[] = {PRIVATE_POSTGRES_BIN "postgres",
                                "-p",
                                port,
                                "-D",
                                postgres->data,
                                "-k",
                                postgres->server.folder,
                                "-c",
                                "listen_addresses=127.0.0.1",
                                "-c",
                                "fsync=off",
                                "-c",
                                "shared_buffers=16MB",
                                "-c",
                                "max_connections=16",
                                NULL};

    (void)snprintf(port, sizeof(port), "%d", postgres->port);
    postgres->server.pid = private_spawn(postgres->server.folder, "postgres", args);
    private_wait_until(private_postgres_answers, &postgres->server);
}

/** Makes the folder and an empty cluster; takes about a second. */
static inline void private_postgres_prepare(struct private_postgres *postgres)
{
    const struct passwd *user = getpwnam("postgres");

    postgres->server.pid = 0;
    private_folder_make(postgres->server.folder, "postgres");
    if (getuid() == 0) {
        assert_non_null(user);
        assert_int_equal(chown(postgres->server.folder, user->pw_uid, user->pw_gid), 0);
    }
    (void)snprintf(postgres->data, sizeof(postgres->data), "%s/data", postgres->server.folder);
    postgres->port = private_free_port();
    (void)snprintf(postgres->conninfo, sizeof(postgres->conninfo),
                   "host=%s port=%d dbname=postgres user=tandem", postgres->server.folder,
                   postgres->port);

    const char *const args[] = {PRIVATE_POSTGRES_BIN "initdb",
                                "-D",
                                postgres->data,
                                "-U",
                                "tandem",
                                "-A",
                                "trust",
                                "-E",
                                "UTF8",
                                "--no-sync",
                                "--locale=C",
                                NULL};
    private_run(postgres->server.folder, "postgres", args);
}

/** Ends it and all its processes at once, as a crash would. */
static inline void private_postgres_kill(struct private_postgres *postgres)
{
    private_server_kill(&postgres->server, SIGQUIT);
}

static inline void private_postgres_remove(struct private_postgres *postgres)
{
    private_postgres_kill(postgres);
    private_server_remove(&postgres->server);
}

/** Carries out SQL on a connection of its own, at once. */
static inline void private_postgres_do(const struct private_postgres *postgres, const char *sql)
{
    PGconn *conn = PQconnectdb(postgres->conninfo);
    PGresult *result = PQexec(conn, "SET client_min_messages = warning");

    PQclear(result);
    result = PQexec(conn, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
}

#endif
