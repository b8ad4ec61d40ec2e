#include "tandem/core/picture.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tandem/core/picture_rules.h"

const char *picture_kind_name(enum picture_kind kind)
{
    static const char *const names[PICTURE_KINDS] = {
        [PICTURE_INSTANCE] = "instances",
        [PICTURE_LEASE] = "router leases",
        [PICTURE_INTERACTION] = "interactions",
        [PICTURE_AGENT] = "agents",
        [PICTURE_COMMAND] = "commands",
        [PICTURE_CALL] = "calls at edges",
        [PICTURE_SIP_DIALOG] = "SIP dialogs stored",
        [PICTURE_BINDING] = "phones registered",
        [PICTURE_LEG_RECORD] = "legs stored",
        [PICTURE_LEG] = "legs at media",
        [PICTURE_PORTS] = "port blocks",
        [PICTURE_RECORDING] = "recordings open",
        [PICTURE_CHECKPOINT] = "dialogs stored",
        [PICTURE_DIALOG] = "dialogs at ivr",
        [PICTURE_STREAM] = "event streams",
        [PICTURE_UNCLOSED] = "interactions not closed in the history",
        [PICTURE_MISCOUNTED] = "interactions miscounted in the history",
    };

    return names[kind];
}

/* --- order: by kind, id, name, holder --- */

static int compare(const void *a, const void *b)
{
    const struct picture_thing *left = a;
    const struct picture_thing *right = b;

    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    int order = td_id_compare(left->id, right->id);
    if (order == 0)
        order = strcmp(left->name, right->name);
    return order != 0 ? order : strcmp(left->holder, right->holder);
}

/* The first that is not before `wanted`. */
static size_t lower_bound(const struct picture *picture, const struct picture_thing *wanted)
{
    size_t low = 0;
    size_t high = picture->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&picture->things[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct picture_thing *picture_find(const struct picture *picture, enum picture_kind kind,
                                         struct td_id id)
{
    const struct picture_thing wanted = {.kind = kind, .id = id};
    size_t at = lower_bound(picture, &wanted);

    return at < picture->count && picture->things[at].kind == kind &&
                   td_id_equal(picture->things[at].id, id)
               ? &picture->things[at]
               : NULL;
}

const struct picture_thing *picture_find_named(const struct picture *picture,
                                               enum picture_kind kind, const char *name,
                                               uint32_t tenant)
{
    struct picture_thing wanted = {.kind = kind};

    td_str_clip(wanted.name, sizeof(wanted.name), name);
    for (size_t at = lower_bound(picture, &wanted); at < picture->count; at++) {
        const struct picture_thing *thing = &picture->things[at];
        if (thing->kind != kind || !td_str_equal(thing->name, name))
            return NULL;
        if (thing->tenant == tenant)
            return thing;
    }
    return NULL;
}

size_t picture_begin(const struct picture *picture, enum picture_kind kind)
{
    return lower_bound(picture, &(struct picture_thing){.kind = kind});
}

static void drop_repeats(struct picture *picture)
{
    size_t kept = 0;

    // A hash that grows while it is read may tell a field twice.
    for (size_t i = 0; i < picture->count; i++) {
        if (kept > 0 && compare(&picture->things[kept - 1], &picture->things[i]) == 0 &&
            picture->things[kept - 1].tenant == picture->things[i].tenant)
            kept--;
        picture->things[kept++] = picture->things[i];
    }
    picture->count = kept;
}

void picture_compare(struct picture *picture, picture_found_fn *found, void *ctx)
{
    const struct picture_rules rules = {picture, found, ctx};

    if (picture->count > 0)
        qsort(picture->things, picture->count, sizeof(picture->things[0]), compare);
    drop_repeats(picture);
    for (size_t i = 0; i < picture->count; i++)
        picture_rule(&rules, &picture->things[i]);
    picture_rule_of_all(&rules);
}
