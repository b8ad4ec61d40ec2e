#include "service/company.h"

#include <stdlib.h>

#include "service/company_calendar.h"
#include "service/private.h"

#define ARENA_MIN (1U << 18)
#define ARENA_MAX (1U << 30)

/* A tenant's document, decoded into memory of its own. */
struct entry {
    struct td_company company;
    struct td_company_calendar *calendar;
    void *block;
    struct entry *next;
};

struct company_watch {
    struct td_service *service;
    struct td_blobs *blobs;
    struct entry *entries;
    td_company_fn *changed;
    void *ctx;
    void (*loaded)(void *ctx);
    void *loaded_ctx;
};

static struct entry **find_link(struct company_watch *watch, uint32_t tenant)
{
    struct entry **link = &watch->entries;

    while (*link != NULL && (*link)->company.config.tenant != tenant)
        link = &(*link)->next;
    return link;
}

/* How large a document becomes is known only by decoding it: twice the room until it fits. */
static enum td_err decode(struct td_bytes document, struct entry *entry, const char **bad_field)
{
    enum td_err err = TD_ERR_LIMIT;

    for (size_t size = ARENA_MIN; size <= ARENA_MAX && err == TD_ERR_LIMIT; size *= 2) {
        struct td_arena arena;

        free(entry->block);
        entry->block = malloc(size);
        if (entry->block == NULL)
            return TD_ERR_NO_MEMORY;
        td_arena_init(&arena, entry->block, size);
        err = td_company_config_decode(&arena, document, &entry->company.config, bad_field);
    }
    return err;
}

static void free_entry(struct entry *entry)
{
    if (entry == NULL)
        return;
    td_company_calendar_destroy(&entry->calendar);
    free(entry->block);
    free(entry);
}

/* It was checked when it was applied, perhaps on a host with other time zones: without a calendar
   all is always open, which is better than never. */
static void make_calendar(const struct company_watch *watch, struct entry *entry)
{
    struct td_calendar_fault fault;
    enum td_err err = td_company_calendar_create(&entry->company.config, &entry->calendar, &fault);

    if (err != TD_OK)
        td_log_error(&watch->service->log, "calendar.unusable",
                     td_u64("tenant", entry->company.config.tenant),
                     td_u64("timetable", fault.timetable), td_str("message", fault.sentence),
                     td_failure(err));
    entry->company.calendar = td_company_calendar_get(entry->calendar);
}

static void on_document(void *ctx, uint32_t tenant, uint64_t version, struct td_bytes document)
{
    struct company_watch *watch = ctx;
    const char *bad_field = "";

    if (watch->service->stopping)
        return; // Who watches may have closed already.
    struct entry *entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        abort();
    enum td_err err = decode(document, entry, &bad_field);
    if (err != TD_OK) {
        td_log_error(&watch->service->log, "config.unreadable", td_u64("tenant", tenant),
                     td_u64("version", version), td_str("field", bad_field), td_failure(err));
        free_entry(entry);
        return;
    }
    entry->company.config.tenant = tenant;
    entry->company.version = version;
    make_calendar(watch, entry);

    struct entry **link = find_link(watch, tenant);
    struct entry *old = *link;
    entry->next = old != NULL ? old->next : NULL;
    *link = entry;
    td_log_info(&watch->service->log, "config.loaded", td_u64("tenant", tenant),
                td_u64("version", version));
    watch->changed(watch->ctx, &entry->company);
    free_entry(old);
}

static void on_loaded(void *ctx)
{
    const struct company_watch *watch = ctx;

    if (watch->loaded != NULL && !watch->service->stopping)
        watch->loaded(watch->loaded_ctx);
}

void td_company_on_loaded(struct td_service *service, void (*loaded)(void *ctx), void *ctx)
{
    service->companies->loaded = loaded;
    service->companies->loaded_ctx = ctx;
}

enum td_err td_company_watch(struct td_service *service, td_company_fn *changed, void *ctx)
{
    struct company_watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL)
        return TD_ERR_NO_MEMORY;

    *watch = (struct company_watch){.service = service, .changed = changed, .ctx = ctx};
    const struct td_blobs_config config = {
        .changed = on_document, .loaded = on_loaded, .ctx = watch};
    enum td_err err = td_blobs_create(service->loop, service->history, &config, &watch->blobs);
    if (err != TD_OK) {
        free(watch);
        return err;
    }
    service->companies = watch;
    return TD_OK;
}

const struct td_company *td_company_find(const struct td_service *service, uint32_t tenant)
{
    if (service->companies == NULL)
        return NULL;
    struct entry *entry = *find_link(service->companies, tenant);
    return entry != NULL ? &entry->company : NULL;
}

void company_close(struct td_service *service)
{
    struct company_watch *watch = service->companies;

    if (watch == NULL)
        return;
    td_blobs_destroy(&watch->blobs);
    while (watch->entries != NULL) {
        struct entry *entry = watch->entries;
        watch->entries = entry->next;
        free_entry(entry);
    }
    free(watch);
    service->companies = NULL;
}
