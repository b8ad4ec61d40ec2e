#include "io/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>

struct td_resolve {
    uv_getaddrinfo_t request; /* libuv owns the memory until on_resolved */
    td_resolve_fn fn;         /* NULL: cancelled */
    void *ctx;
    unsigned attempt;
};

bool td_resolve_is_address(const char *host)
{
    struct in6_addr room;

    return inet_pton(AF_INET, host, &room) == 1 || inet_pton(AF_INET6, host, &room) == 1;
}

static const struct addrinfo *pick(const struct addrinfo *list, unsigned attempt)
{
    const struct addrinfo *one = list;
    unsigned count = 0;

    for (; one != NULL; one = one->ai_next)
        count++;
    one = list;
    for (unsigned i = 0; i < attempt % (count > 0 ? count : 1) && one != NULL; i++)
        one = one->ai_next;
    return one;
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct td_resolve *question = request->data;
    char address[TD_RESOLVE_ADDRESS_SIZE];
    const struct addrinfo *one = status == 0 ? pick(list, question->attempt) : NULL;
    bool is_found = one != NULL && getnameinfo(one->ai_addr, one->ai_addrlen, address,
                                               sizeof(address), NULL, 0, NI_NUMERICHOST) == 0;
    td_resolve_fn fn = question->fn;
    void *ctx = question->ctx;

    uv_freeaddrinfo(list);
    free(question);
    if (fn != NULL)
        fn(ctx, is_found ? address : NULL);
}

enum td_err td_resolve_start(struct td_loop *loop, const char *host, unsigned attempt,
                             td_resolve_fn fn, void *ctx, struct td_resolve **question)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct td_resolve *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return TD_ERR_NO_MEMORY;
    self->fn = fn;
    self->ctx = ctx;
    self->attempt = attempt;
    self->request.data = self;
    int rc = uv_getaddrinfo(td_loop_uv(loop), &self->request, on_resolved, host, NULL, &hints);
    if (rc != 0) {
        free(self);
        return td_err_from_errno(-rc);
    }
    *question = self;
    return TD_OK;
}

void td_resolve_cancel(struct td_resolve **question)
{
    if (*question == NULL)
        return;
    (*question)->fn = NULL;
    // Succeeds only while no thread works on it; on_resolved runs and frees in any case.
    (void)uv_cancel((uv_req_t *)&(*question)->request);
    *question = NULL;
}
