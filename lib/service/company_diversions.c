/*
 * Opening hours, diversions, notices and tiers of a company: that they say something that can be
 * done, and that nobody is sent round in circles.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "service/company_calendar.h"
#include "service/company_private.h"

#define TIER_SECONDS_MAX 86400
#define RETRY_AFTER_MAX_S 86400
#define MAX_WAIT_MAX_S 86400

/* --- opening hours --- */

static const struct td_yaml_node *place_of(const struct company_check *check,
                                           const struct td_calendar_fault *fault)
{
    const struct td_yaml_node *node = company_entry(check, "timetables", fault->timetable);

    if (node == NULL || fault->list == NULL)
        return node;
    return company_element(td_yaml_find(node, fault->list), fault->index);
}

enum td_err company_check_hours(struct company_check *check)
{
    struct td_company_calendar *calendar;
    struct td_calendar_fault fault;
    enum td_err err = td_company_calendar_create(check->config, &calendar, &fault);

    if (err != TD_OK)
        return company_refuse(check, company_line_of(place_of(check, &fault), fault.field), err,
                              fault.sentence);
    td_company_calendar_destroy(&calendar);
    return TD_OK;
}

static bool has_timetable(const struct td_company_config *config, const char *name)
{
    for (uint32_t i = 0; i < config->timetables_count; i++) {
        if (td_str_equal(config->timetables[i].name, name))
            return true;
    }
    return false;
}

static enum td_err check_timetable(struct company_check *check, const char *name,
                                   const struct td_yaml_node *node)
{
    if (name[0] == '\0' || has_timetable(check->config, name))
        return TD_OK;
    td_yaml_fault(check->fault, check->yaml, company_line_of(node, "timetable"),
                  "timetable: there is no timetable \"%s\"", name);
    return TD_ERR_NOT_FOUND;
}

/* --- one diversion --- */

struct place {
    const struct td_yaml_node *node; /* of the queue or entry point */
    const char *key;                 /* "when_closed" */
};

static enum td_err refuse_at(struct company_check *check, const struct place *place,
                             const char *field, const char *expected, enum td_err err)
{
    const struct td_yaml_node *map =
        place->node != NULL ? td_yaml_find(place->node, place->key) : NULL;

    td_yaml_fault(check->fault, check->yaml,
                  company_line_of(map != NULL ? map : place->node, field), "%s: %s: %s", place->key,
                  field, expected);
    return err;
}

static enum td_err check_diversion(struct company_check *check,
                                   const struct td_diversion *diversion, const struct place *place)
{
    bool to_queue = diversion->action == TD_DIVERSION_ACTION_QUEUE;
    bool speaks = diversion->action == TD_DIVERSION_ACTION_MESSAGE ||
                  diversion->action == TD_DIVERSION_ACTION_VOICE_MAIL;

    if (diversion->action == TD_DIVERSION_ACTION_UNSPECIFIED)
        return refuse_at(check, place, "action",
                         "expected message, queue, voice_mail, busy or unavailable", TD_ERR_RANGE);
    if (to_queue && company_find_queue(check->config, diversion->queue) < 0)
        return refuse_at(check, place, "queue", "there is no such queue", TD_ERR_NOT_FOUND);
    if (!to_queue && diversion->queue[0] != '\0')
        return refuse_at(check, place, "queue", "belongs to action queue alone", TD_ERR_RANGE);
    if (!speaks && (diversion->dialog[0] != '\0' || diversion->texts_count > 0))
        return refuse_at(check, place, diversion->dialog[0] != '\0' ? "dialog" : "texts",
                         "belongs to actions message and voice_mail", TD_ERR_RANGE);
    if (diversion->retry_after_s > RETRY_AFTER_MAX_S)
        return refuse_at(check, place, "retry_after_s", "expected 0 to 86400", TD_ERR_RANGE);
    return TD_OK;
}

static enum td_err check_notice(struct company_check *check,
                                const struct td_recording_notice *notice, const struct place *place)
{
    if (notice->mode == TD_NOTICE_MODE_UNSPECIFIED)
        return refuse_at(check, place, "mode", "expected before_agent or in_dialog", TD_ERR_RANGE);
    if (notice->mode == TD_NOTICE_MODE_BEFORE_AGENT && notice->dialog[0] == '\0' &&
        notice->texts_count == 0)
        return refuse_at(check, place, "texts", "expected what is said, or a dialog", TD_ERR_RANGE);
    return TD_OK;
}

/* --- tiers --- */

static enum td_err check_tiers(struct company_check *check, const struct td_tier_priority *tiers,
                               uint32_t count, const struct td_yaml_node *map)
{
    const struct td_yaml_node *list = map != NULL ? td_yaml_find(map, "tiers") : NULL;

    for (uint32_t i = 0; i < count; i++) {
        const struct td_yaml_node *node = company_element(list, i);

        if (tiers[i].seconds > TIER_SECONDS_MAX)
            return company_refuse(check, company_line_of(node, "seconds"), TD_ERR_RANGE,
                                  "seconds: expected 0 to 86400");
        for (uint32_t k = 0; k < i; k++) {
            if (td_str_equal(tiers[k].tier, tiers[i].tier))
                return company_refuse(check, company_line_of(node, "tier"), TD_ERR_EXISTS,
                                      "tier: stands twice");
        }
    }
    return TD_OK;
}

/* --- queues --- */

#define EDGES 4

struct edge {
    const char *key;
    bool there;
    const struct td_diversion *diversion;
};

static void edges_of(const struct td_queue *queue, struct edge edges[EDGES])
{
    edges[0] = (struct edge){"when_closed", queue->has_when_closed, &queue->when_closed};
    edges[1] = (struct edge){"when_full", queue->has_when_full, &queue->when_full};
    edges[2] = (struct edge){"when_waited", queue->has_when_waited, &queue->when_waited};
    edges[3] = (struct edge){"when_no_agent", queue->has_when_no_agent, &queue->when_no_agent};
}

/* A diversion that can never happen is a mistake of whoever wrote it. */
static const char *cause_missing(const struct td_queue *queue)
{
    if (queue->has_when_closed != (queue->timetable[0] != '\0'))
        return "timetable and when_closed: expected both or neither";
    if (queue->has_when_full && queue->max_waiting == 0)
        return "when_full: the queue has no max_waiting";
    if (queue->has_when_waited && queue->max_wait_s == 0)
        return "when_waited: the queue has no max_wait_s";
    return NULL;
}

static enum td_err check_queue(struct company_check *check, const struct td_queue *queue,
                               const struct td_yaml_node *node)
{
    const char *missing = cause_missing(queue);
    struct edge edges[EDGES];
    enum td_err err = check_timetable(check, queue->timetable, node);

    if (err == TD_OK && missing != NULL)
        err = company_refuse(check, company_line_of(node, "name"), TD_ERR_RANGE, missing);
    if (err == TD_OK && queue->max_wait_s > MAX_WAIT_MAX_S)
        err = company_refuse(check, company_line_of(node, "max_wait_s"), TD_ERR_RANGE,
                             "max_wait_s: expected 0 to 86400");
    edges_of(queue, edges);
    for (uint32_t i = 0; i < EDGES && err == TD_OK; i++) {
        if (edges[i].there)
            err = check_diversion(check, edges[i].diversion, &(struct place){node, edges[i].key});
    }
    if (err == TD_OK && queue->has_recording_notice)
        err = check_notice(check, &queue->recording_notice,
                           &(struct place){node, "recording_notice"});
    return err == TD_OK ? check_tiers(check, queue->tiers, queue->tiers_count, node) : err;
}

/* --- circles --- */

enum mark { UNSEEN, ON_THE_WAY, DONE };

/* A place on the way from queue to queue. */
struct step {
    uint32_t queue;
    uint32_t edge;
};

/* Follows all diversions from one queue, depth first. @return The step that closes a circle. */
static const struct step *follow(const struct td_company_config *config, uint32_t from,
                                 uint8_t *marks, struct step *way)
{
    uint32_t depth = 1;

    way[0] = (struct step){from, 0};
    marks[from] = ON_THE_WAY;
    while (depth > 0) {
        struct step *step = &way[depth - 1];
        struct edge edges[EDGES];

        if (step->edge == EDGES) {
            marks[step->queue] = DONE;
            depth--;
            continue;
        }
        edges_of(&config->queues[step->queue], edges);
        const struct edge *edge = &edges[step->edge];
        int next = edge->there && edge->diversion->action == TD_DIVERSION_ACTION_QUEUE
                       ? company_find_queue(config, edge->diversion->queue)
                       : -1;
        if (next >= 0 && marks[next] == ON_THE_WAY)
            return step;
        step->edge++;
        if (next >= 0 && marks[next] == UNSEEN) {
            marks[next] = ON_THE_WAY;
            way[depth++] = (struct step){(uint32_t)next, 0};
        }
    }
    return NULL;
}

static enum td_err check_circles(struct company_check *check)
{
    const struct td_company_config *config = check->config;
    uint8_t *marks = calloc(config->queues_count + 1U, sizeof(*marks));
    struct step *way = calloc(config->queues_count + 1U, sizeof(*way));
    enum td_err err = marks == NULL || way == NULL ? TD_ERR_NO_MEMORY : TD_OK;

    for (uint32_t i = 0; i < config->queues_count && err == TD_OK; i++) {
        const struct step *closes = marks[i] == UNSEEN ? follow(config, i, marks, way) : NULL;
        struct edge edges[EDGES];

        if (closes == NULL)
            continue;
        edges_of(&config->queues[closes->queue], edges);
        err = refuse_at(
            check,
            &(struct place){company_entry(check, "queues", closes->queue), edges[closes->edge].key},
            "queue", "leads back here: a circle", TD_ERR_RANGE);
    }
    free(marks);
    free(way);
    return err;
}

/* --- entry points, and all --- */

static enum td_err check_entry(struct company_check *check, const struct td_entry_point *entry,
                               const struct td_yaml_node *node)
{
    enum td_err err = check_timetable(check, entry->timetable, node);

    if (err == TD_OK && entry->has_when_closed != (entry->timetable[0] != '\0'))
        err = company_refuse(check, company_line_of(node, "name"), TD_ERR_RANGE,
                             "timetable and when_closed: expected both or neither");
    if (err == TD_OK && entry->has_when_closed)
        err = check_diversion(check, &entry->when_closed, &(struct place){node, "when_closed"});
    if (err == TD_OK && entry->has_recording_notice)
        err = check_notice(check, &entry->recording_notice,
                           &(struct place){node, "recording_notice"});
    return err;
}

enum td_err company_check_diversions(struct company_check *check)
{
    const struct td_company_config *config = check->config;
    const struct td_yaml_node *node = company_entry(check, "queues", 0);
    enum td_err err =
        check_tiers(check, config->tiers, config->tiers_count, td_yaml_root(check->yaml));

    for (uint32_t i = 0; i < config->queues_count && err == TD_OK; i++) {
        err = check_queue(check, &config->queues[i], node);
        node = node != NULL ? node->next : NULL;
    }
    node = company_entry(check, "entry_points", 0);
    for (uint32_t i = 0; i < config->entry_points_count && err == TD_OK; i++) {
        err = check_entry(check, &config->entry_points[i], node);
        node = node != NULL ? node->next : NULL;
    }
    return err == TD_OK ? check_circles(check) : err;
}
