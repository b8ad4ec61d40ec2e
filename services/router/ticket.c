#include <stdlib.h>

#include "router/router.h"

void *router_ticket_create(struct router *router, uint32_t tenant, size_t size)
{
    struct router_ticket *ticket = calloc(1, size);

    if (ticket == NULL)
        abort(); // A callback without what belongs to it would leave a caller waiting for ever.
    ticket->router = router;
    ticket->life = router->life;
    ticket->tenant = tenant;
    ticket->prev = &router->tickets;
    ticket->next = router->tickets.next;
    ticket->next->prev = ticket;
    router->tickets.next = ticket;
    return ticket;
}

void router_ticket_destroy(void *memory)
{
    struct router_ticket *ticket = memory;

    if (ticket->fini != NULL)
        ticket->fini(ticket);
    ticket->prev->next = ticket->next;
    ticket->next->prev = ticket->prev;
    free(ticket);
}

bool router_ticket_is_valid(const struct router_ticket *ticket)
{
    return ticket->life == ticket->router->life && ticket->router->epoch != 0;
}

struct router_tenant *router_ticket_tenant(const struct router_ticket *ticket)
{
    return router_ticket_is_valid(ticket) ? router_tenant_find(ticket->router, ticket->tenant)
                                          : NULL;
}
