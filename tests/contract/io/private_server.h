/**
 * @file private_server.h  A child process with a folder of its own, for tests against real servers.
 *
 * The folder is new under TMPDIR and removed with the server; the process dies with the test, also
 * when that crashes.
 */
#ifndef TD_TESTS_CONTRACT_IO_PRIVATE_SERVER_H
#define TD_TESTS_CONTRACT_IO_PRIVATE_SERVER_H

#include <errno.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../unit/io/await.h"

#define PRIVATE_ARGS_MAX 32
#define PRIVATE_START_NS UINT64_C(20000000000)

struct private_server {
    char folder[PATH_MAX];
    pid_t pid; /* 0: not running */
};

static inline void private_folder_make(char folder[PATH_MAX], const char *name)
{
    const char *base = getenv("TMPDIR");

    (void)snprintf(folder, PATH_MAX, "%s/tandem-%s-XXXXXX", base != NULL ? base : "/tmp", name);
    assert_non_null(mkdtemp(folder));
}

static inline int private_remove(const char *path, const struct stat *info, int type,
                                 struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline void private_folder_remove(const char *folder)
{
    (void)nftw(folder, private_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/** A port of the loopback that nobody has at the moment. */
static inline int private_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

/* Servers that refuse to run as root run as `user`, who then owns the folder. */
static inline void private_become(const char *user)
{
    const struct passwd *entry = getuid() == 0 && user != NULL ? getpwnam(user) : NULL;

    if (entry != NULL && (initgroups(user, entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 ||
                          setuid(entry->pw_uid) != 0))
        _exit(126);
}

/* Starts a program whose output goes to "log" in the folder. */
static inline pid_t private_spawn(const char *folder, const char *user, const char *const *args)
{
    char log[PATH_MAX + 8];
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    (void)snprintf(log, sizeof(log), "%s/log", folder);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    private_become(user);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); // Changing the user took it back.
    if (freopen(log, "a", stdout) == NULL || dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
        _exit(126);
    (void)execvp(args[0], (char *const *)(uintptr_t)args);
    _exit(127);
}

/* Runs a program to its end. */
static inline void private_run(const char *folder, const char *user, const char *const *args)
{
    int status = -1;
    pid_t pid = private_spawn(folder, user, args);

    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0)
        fail_msg("%s failed; see %s/log", args[0], folder);
}

static inline void private_wait_until(bool (*is_ready)(const struct private_server *server),
                                      const struct private_server *server)
{
    uint64_t give_up_ns = td_loop_now_ns() + PRIVATE_START_NS;

    while (!is_ready(server)) {
        if (td_loop_now_ns() > give_up_ns)
            fail_msg("server of %s does not answer; see its log", server->folder);
        (void)usleep(2000);
    }
}

/** Ends the process with a signal and waits for its end; the folder stays. */
static inline void private_server_kill(struct private_server *server, int signum)
{
    if (server->pid == 0)
        return;
    if (signum != SIGKILL)
        (void)kill(server->pid, SIGCONT); // A frozen process hears nothing else.
    (void)kill(server->pid, signum);
    (void)waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

/** Holds the process still, or lets it go on. */
static inline void private_server_freeze(const struct private_server *server, bool frozen)
{
    assert_int_equal(kill(server->pid, frozen ? SIGSTOP : SIGCONT), 0);
}

static inline void private_server_remove(struct private_server *server)
{
    private_server_kill(server, SIGKILL);
    private_folder_remove(server->folder);
}

#endif
