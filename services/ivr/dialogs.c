#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ivr/ivr.h"

/* Chains per slot: few enough collisions, little memory. */
#define CHAINS_PER_DIALOG 2U

enum td_err dialogs_create(struct ivr *ivr)
{
    uint32_t max = ivr->config.dialogs_max;

    // Untouched pages of the table cost nothing until a dialog needs them.
    ivr->chain_count = max * CHAINS_PER_DIALOG;
    ivr->dialogs = calloc(max, sizeof(*ivr->dialogs));
    ivr->by_id = calloc(ivr->chain_count, sizeof(*ivr->by_id));
    ivr->by_leg = calloc(ivr->chain_count, sizeof(*ivr->by_leg));
    if (ivr->dialogs == NULL || ivr->by_id == NULL || ivr->by_leg == NULL)
        return TD_ERR_NO_MEMORY;
    ivr->free_slot = 1;
    return TD_OK;
}

void dialogs_destroy(struct ivr *ivr)
{
    for (uint32_t i = 0; ivr->dialogs != NULL && i < ivr->config.dialogs_max; i++) {
        if (ivr->dialogs[i].used)
            library_release(&ivr->dialogs[i].library_document);
    }
    free(ivr->dialogs);
    free(ivr->by_id);
    free(ivr->by_leg);
    ivr->dialogs = NULL;
}

static uint32_t *chain_of_id(const struct ivr *ivr, struct td_dialog_id id)
{
    return &ivr->by_id[td_id_hash(id.id) % ivr->chain_count];
}

static uint32_t *chain_of_leg(const struct ivr *ivr, struct td_leg_id id)
{
    return &ivr->by_leg[td_id_hash(id.id) % ivr->chain_count];
}

/* Slots never used yet follow the highest one used: a zero link means "the next one". */
static struct dialog *take_slot(struct ivr *ivr)
{
    uint32_t slot = ivr->free_slot;

    if (slot > ivr->config.dialogs_max)
        return NULL;
    struct dialog *dialog = &ivr->dialogs[slot - 1];
    ivr->free_slot = dialog->next_by_id != 0 ? dialog->next_by_id : slot + 1;
    return dialog;
}

struct dialog *dialogs_add(struct ivr *ivr, struct td_dialog_id id, const struct td_media_leg *leg)
{
    struct dialog *dialog = take_slot(ivr);

    if (dialog == NULL)
        return NULL;
    uint32_t slot = (uint32_t)(dialog - ivr->dialogs) + 1;
    uint32_t *id_chain = chain_of_id(ivr, id);
    uint32_t *leg_chain = chain_of_leg(ivr, leg->leg_id);

    dialog->ivr = ivr;
    dialog->used = true;
    dialog->asked = false;
    dialog->generation++;
    dialog->id = id;
    dialog->leg = *leg;
    dialog->saved_hash = 0;
    dialog->library_document = NULL;
    dialog->facts.count = 0;
    dialog->next_by_id = *id_chain;
    dialog->next_by_leg = *leg_chain;
    *id_chain = slot;
    *leg_chain = slot;
    ++*ivr->counters.running;
    return dialog;
}

static void unlink_id(const struct ivr *ivr, uint32_t *link, uint32_t slot)
{
    while (*link != slot)
        link = &ivr->dialogs[*link - 1].next_by_id;
    *link = ivr->dialogs[slot - 1].next_by_id;
}

static void unlink_leg(const struct ivr *ivr, uint32_t *link, uint32_t slot)
{
    while (*link != slot)
        link = &ivr->dialogs[*link - 1].next_by_leg;
    *link = ivr->dialogs[slot - 1].next_by_leg;
}

void dialogs_remove(struct dialog *dialog)
{
    struct ivr *ivr = dialog->ivr;
    uint32_t slot = (uint32_t)(dialog - ivr->dialogs) + 1;

    unlink_id(ivr, chain_of_id(ivr, dialog->id), slot);
    unlink_leg(ivr, chain_of_leg(ivr, dialog->leg.leg_id), slot);
    library_release(&dialog->library_document);
    dialog->used = false;
    dialog->next_by_id = ivr->free_slot;
    ivr->free_slot = slot;
    --*ivr->counters.running;
}

struct dialog *dialogs_find(const struct ivr *ivr, struct td_dialog_id id)
{
    for (uint32_t slot = *chain_of_id(ivr, id); slot != 0;
         slot = ivr->dialogs[slot - 1].next_by_id) {
        if (td_id_equal(ivr->dialogs[slot - 1].id.id, id.id))
            return &ivr->dialogs[slot - 1];
    }
    return NULL;
}

struct dialog *dialogs_find_asked(const struct ivr *ivr, struct td_leg_id leg,
                                  struct td_command_id request)
{
    for (uint32_t slot = *chain_of_leg(ivr, leg); slot != 0;
         slot = ivr->dialogs[slot - 1].next_by_leg) {
        struct dialog *dialog = &ivr->dialogs[slot - 1];

        if (dialog->asked && td_id_equal(dialog->request_id.id, request.id))
            return dialog;
    }
    return NULL;
}

uint64_t dialogs_token(const struct dialog *dialog)
{
    return (uint64_t)dialog->generation << 32 | (uint32_t)(dialog - dialog->ivr->dialogs);
}

struct dialog *dialogs_of_token(const struct ivr *ivr, uint64_t token)
{
    struct dialog *dialog = &ivr->dialogs[token & UINT32_MAX];

    return dialog->used && dialog->generation == token >> 32 ? dialog : NULL;
}

/* --- pages --- */

#define PAGE_MAX                                                                                   \
    (sizeof(((struct td_dialog_sync_reply *)0)->items) / sizeof(struct td_dialog_sync_item))

/* The smallest ids so far, sorted, and one more than a page: that one tells that more follow. */
struct page {
    size_t count;
    struct td_dialog_sync_item items[PAGE_MAX + 2];
};

static void insert(struct page *page, const struct td_dialog_sync_item *item)
{
    size_t at = page->count;

    while (at > 0 && td_id_compare(page->items[at - 1].dialog_id.id, item->dialog_id.id) > 0)
        at--;
    if (at > PAGE_MAX)
        return;
    memmove(&page->items[at + 1], &page->items[at], (page->count - at) * sizeof(*item));
    page->items[at] = *item;
    page->count = page->count > PAGE_MAX ? PAGE_MAX + 1 : page->count + 1;
}

void dialogs_page(const struct ivr *ivr, struct td_dialog_id after,
                  struct td_dialog_sync_reply *reply)
{
    struct page page = {.count = 0};

    for (uint32_t i = 0; i < ivr->config.dialogs_max; i++) {
        const struct dialog *dialog = &ivr->dialogs[i];
        struct td_dialog_sync_item item = {dialog->id, dialog->interaction, dialog->purpose};

        if (dialog->used && td_id_compare(dialog->id.id, after.id) > 0)
            insert(&page, &item);
    }
    *reply = (struct td_dialog_sync_reply){.done = page.count <= PAGE_MAX};
    reply->items_count = (uint32_t)(reply->done ? page.count : PAGE_MAX);
    memcpy(reply->items, page.items, reply->items_count * sizeof(*page.items));
}

void dialogs_lost_media(struct ivr *ivr, const char *instance)
{
    struct ivr_input hang_up = {.kind = IVR_INPUT_HANG_UP};

    for (uint32_t i = 0; i < ivr->config.dialogs_max; i++) {
        struct dialog *dialog = &ivr->dialogs[i];

        if (dialog->used && td_str_equal(dialog->leg.instance, instance))
            dialog_step(dialog, &hang_up);
    }
}
