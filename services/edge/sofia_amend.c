#include "edge/sofia_amend.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include <sofia-sip/su.h>

#include "edge/sofia.h"

#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~"

static _Thread_local bool library_runs;
static const struct edge_sofia_door *door;

void edge_sofia_amend_running(bool running)
{
    library_runs = running;
}

void edge_sofia_amend_door(const struct edge_sofia_door *new_door)
{
    door = new_door;
}

/* The definition after ours; there is one, or the library would not have been loaded. */
static void *next_of(const char *name)
{
    void *next = dlsym(RTLD_NEXT, name);

    assert(next != NULL);
    return next;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    struct addrinfo numeric = {0};

    *(void **)&next = next_of("getaddrinfo");
    if (!library_runs)
        return next(name, service, hints, found);
    if (hints != NULL)
        numeric = *hints;
    numeric.ai_flags |= AI_NUMERICHOST;
    return next(name, service, &numeric, found);
}

int accept(int listening, __SOCKADDR_ARG from, socklen_t *from_size)
{
    int (*next)(int, __SOCKADDR_ARG, socklen_t *);

    *(void **)&next = next_of("accept");
    int descriptor = next(listening, from, from_size);
    if (descriptor < 0 || !library_runs || door == NULL ||
        door->opened(door->ctx, descriptor, from.__sockaddr__, *from_size))
        return descriptor;
    (void)close(descriptor);
    errno = EAGAIN; // It is gone: there is nothing to accept.
    return -1;
}

int su_close(su_socket_t descriptor)
{
    int (*next)(su_socket_t);

    *(void **)&next = next_of("su_close");
    if (door != NULL)
        door->closed(door->ctx, descriptor);
    return next(descriptor);
}

static void blank_escaped_nul(char *text, size_t size)
{
    char *nul = text;
    char *end = text + size;

    while (nul < end && (nul = memchr(nul, '\0', (size_t)(end - nul))) != NULL) {
        if (nul > text && nul[-1] == '\\')
            *nul = ' ';
        nul++;
    }
}

issize_t su_vrecv(su_socket_t socket, su_iovec_t parts[], isize_t part_count, int flags,
                  su_sockaddr_t *from, socklen_t *from_size)
{
    issize_t (*next)(su_socket_t, su_iovec_t *, isize_t, int, su_sockaddr_t *, socklen_t *);

    *(void **)&next = next_of("su_vrecv");
    issize_t size = next(socket, parts, part_count, flags, from, from_size);
    size_t left = size > 0 ? (size_t)size : 0;
    for (isize_t i = 0; i < part_count && left > 0; i++) {
        size_t length = parts[i].siv_len < left ? parts[i].siv_len : left;
        blank_escaped_nul(parts[i].siv_base, length);
        left -= length;
    }
    return size;
}

sip_method_t sip_method_d(char **text, char const **name);

sip_method_t sip_method_d(char **text, char const **name)
{
    sip_method_t (*next)(char **, char const **);

    *(void **)&next = next_of("sip_method_d");
    sip_method_t method = next(text, name);
    char *word = *text;
    size_t length = strspn(word, TOKEN);
    if (method != sip_method_invalid || length == 0 || strchr(" \t", word[length]) == NULL)
        return method;
    char *after = word + length + strspn(word + length, " \t");
    if (name != NULL) {
        word[length] = '\0';
        *name = word;
    }
    *text = after;
    return sip_method_unknown;
}
