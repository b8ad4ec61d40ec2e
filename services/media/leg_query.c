/* Which legs are here: pages in the order of ids, for whoever checks that each has its owner. */
#include "base/str.h"
#include "media/media.h"

#define PAGE 64

/** The legs that follow `after`, the smallest ones. */
struct page {
    struct td_leg_id after;
    uint32_t count;
    bool more;
    const struct leg *legs[PAGE];
};

static void add_to_page(struct page *page, const struct leg *leg)
{
    uint32_t at = page->count;

    if (td_id_compare(leg->id.id, page->after.id) <= 0)
        return;
    while (at > 0 && td_id_compare(leg->id.id, page->legs[at - 1]->id.id) < 0)
        at--;
    if (page->count == PAGE)
        page->more = true;
    if (at == PAGE)
        return;
    uint32_t kept = page->count < PAGE ? page->count : PAGE - 1;
    for (uint32_t i = kept; i > at; i--)
        page->legs[i] = page->legs[i - 1];
    page->legs[at] = leg;
    page->count = kept + 1;
}

void media_leg_query(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct media *media = ctx;
    struct td_arena *arena = td_service_arena(media->service);
    struct page page = {0};
    const char *bad_field = NULL;
    struct td_leg_query wanted;

    enum td_err err = td_leg_query_decode(arena, payload, &wanted, &bad_field);
    if (!request_decoded(request, err, bad_field))
        return;
    page.after = wanted.after;
    for (size_t i = 0; i < MEDIA_BUCKETS; i++) {
        for (const struct leg *leg = media->buckets[i]; leg != NULL; leg = leg->next)
            add_to_page(&page, leg);
    }
    struct td_leg_state *states = td_arena_array(arena, PAGE, sizeof(*states));
    if (states == NULL) {
        td_request_fail(request, TD_ERR_LIMIT, "no memory for a page");
        return;
    }
    for (uint32_t i = 0; i < page.count; i++)
        state_describe(page.legs[i], &states[i]);
    const struct td_leg_query_reply reply = {
        .legs = states, .legs_count = page.count, .done = !page.more};
    td_request_reply(request, td_leg_query_reply_encode(arena, &reply));
}
