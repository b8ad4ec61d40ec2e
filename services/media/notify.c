/*
 * What media tells others of its own accord: that a prompt or collection has ended, that a far end
 * is silent. Sent until acknowledged, for some seconds: whoever asked may have been started a
 * moment ago and not be known here yet, or be busy. After that it is dead or has no use for it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "media/media.h"

#define DEADLINE_MS 500
#define RETRY_MS 100
#define TRIES 40
#define NOTICES_MAX 10000

struct notice {
    struct notice *next; /* in the list of all */
    struct media *media;
    struct td_timer retry;
    uint32_t tries;
    uint32_t tenant;
    const char *type; /* a constant */
    char instance[MEDIA_NAME_SIZE];
    char key[TD_ID_TEXT_SIZE];
    struct td_id id; /* the same with every try */
    bool in_flight;
    size_t payload_size;
    uint8_t payload[];
};

static void forget(struct notice *notice)
{
    struct notice **link = &notice->media->notices;

    while (*link != notice)
        link = &(*link)->next;
    *link = notice->next;
    notice->media->notice_count--;
    td_timer_stop(&notice->retry);
    free(notice);
}

static void give_up(struct notice *notice, enum td_err err)
{
    ++*notice->media->counters.notices_lost;
    td_log_warn(td_service_log(notice->media->service), "notice.lost", td_str("type", notice->type),
                td_str("instance", notice->instance), td_str("leg", notice->key), td_failure(err));
    forget(notice);
}

static bool is_worth_another_try(enum td_err err)
{
    return err == TD_ERR_UNAVAILABLE || err == TD_ERR_TIMEOUT || err == TD_ERR_BUSY;
}

static void on_answer(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct notice *notice = ctx;

    (void)payload;
    (void)message;
    notice->in_flight = false;
    if (notice->media->stopping)
        free(notice); // The list is gone.
    else if (err == TD_OK || err == TD_ERR_NOT_FOUND)
        forget(notice); // NOT_FOUND: whom it concerned is gone there, or it does not want to know.
    else if (is_worth_another_try(err) && notice->tries < TRIES)
        td_timer_start(&notice->retry, RETRY_MS);
    else
        give_up(notice, err);
}

struct search {
    const char *instance;
    const char *service;
};

static void compare_instance(void *ctx, const struct td_instance *instance)
{
    struct search *search = ctx;

    if (td_str_equal(instance->instance, search->instance))
        search->service = instance->service;
}

static void send_notice(void *ctx)
{
    struct notice *notice = ctx;
    struct td_service *service = notice->media->service;
    struct search search = {.instance = notice->instance};

    notice->tries++;
    td_service_each_instance(service, NULL, compare_instance, &search);
    if (search.service == NULL) {
        if (notice->tries < TRIES)
            td_timer_start(&notice->retry, RETRY_MS);
        else
            give_up(notice, TD_ERR_UNAVAILABLE);
        return;
    }
    notice->in_flight = true;
    const struct td_call call = {.to = search.service,
                                 .instance = notice->instance,
                                 .type = notice->type,
                                 .payload = td_bytes(notice->payload, notice->payload_size),
                                 .tenant = notice->tenant,
                                 .key = notice->key,
                                 .deadline_ms = DEADLINE_MS,
                                 .id = notice->id};
    td_call(service, &call, on_answer, notice);
}

void notify(const struct leg *leg, const char *instance, const char *type, struct td_bytes payload)
{
    struct media *media = leg->media;
    struct notice *notice = NULL;

    if (instance[0] == '\0')
        return;
    if (media->notice_count < NOTICES_MAX)
        notice = calloc(1, sizeof(*notice) + payload.size);
    if (notice == NULL) {
        ++*media->counters.notices_lost;
        return;
    }
    *notice = (struct notice){.next = media->notices,
                              .media = media,
                              .tenant = leg->tenant,
                              .type = type,
                              .id = td_service_new_id(media->service),
                              .payload_size = payload.size};
    td_str_clip(notice->instance, sizeof(notice->instance), instance);
    (void)td_id_format(leg->id.id, notice->key);
    memcpy(notice->payload, payload.data, payload.size);
    media->notices = notice;
    media->notice_count++;
    td_timer_init(&notice->retry, td_service_loop(media->service), send_notice, notice);
    send_notice(notice);
}

void notify_drop_all(struct media *media)
{
    while (media->notices != NULL) {
        struct notice *notice = media->notices;

        media->notices = notice->next;
        td_timer_stop(&notice->retry);
        if (!notice->in_flight)
            free(notice); // Otherwise when its answer comes.
    }
}
