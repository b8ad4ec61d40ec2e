#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tandem/check.h"

void look_init(struct look *look, struct td_service *service, void (*done)(void *ctx), void *ctx)
{
    *look = (struct look){.service = service, .done = done, .ctx = ctx};
}

void look_fini(struct look *look)
{
    free(look->picture.things);
    look->picture.things = NULL;
}

struct picture_thing *look_add(struct look *look, enum picture_kind kind)
{
    struct picture *picture = &look->picture;

    if (picture->count == look->capacity) {
        look->capacity = look->capacity == 0 ? 1024 : look->capacity * 2;
        picture->things = realloc(picture->things, look->capacity * sizeof(*picture->things));
        if (picture->things == NULL)
            abort();
    }
    struct picture_thing *thing = &picture->things[picture->count++];
    *thing = (struct picture_thing){.kind = kind};
    return thing;
}

void look_begin(struct look *look)
{
    look->pending++;
}

void look_end(struct look *look)
{
    if (--look->pending == 0)
        look->done(look->ctx);
}

void look_failed(struct look *look, const char *format, ...)
{
    va_list args;

    if (look->failure[0] != '\0')
        return;
    va_start(args, format);
    (void)vsnprintf(look->failure, sizeof(look->failure), format, args);
    va_end(args);
}

static void add_instance(void *ctx, const struct td_instance *instance)
{
    struct look *look = ctx;
    struct picture_thing *thing = look_add(look, PICTURE_INSTANCE);

    td_str_clip(thing->name, sizeof(thing->name), instance->instance);
    td_str_clip(thing->detail, sizeof(thing->detail), instance->service);
    thing->flag = instance->active;
    if (instance->active && instance->epoch > look->epoch)
        look->epoch = instance->epoch;
}

void look_start(struct look *look)
{
    look->picture.count = 0;
    look->picture.now_unix_us = td_loop_now_unix_us(td_service_loop(look->service));
    look->failure[0] = '\0';
    look->epoch = 0;
    td_service_each_instance(look->service, NULL, add_instance, look);
    look_begin(look);
    look_at_live(look);
    look_at_processes(look);
    look_at_history(look);
    look_end(look);
}
