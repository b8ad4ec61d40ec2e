#include "media/core/collect.h"

#include <assert.h>
#include <string.h>

#define NS_PER_MS UINT64_C(1000000)

void media_collect_init(struct media_collect *collect, const struct media_collect_rules *rules)
{
    assert(rules->digits_max >= 1 && rules->digits_max <= MEDIA_DIGITS_MAX);
    *collect = (struct media_collect){.rules = *rules, .state = MEDIA_COLLECT_PROMPTING};
}

bool media_collect_is_over(const struct media_collect *collect)
{
    return collect->state == MEDIA_COLLECT_COMPLETE || collect->state == MEDIA_COLLECT_TIMED_OUT;
}

static void wait_for(struct media_collect *collect, uint32_t wait_ms, uint64_t now_ns)
{
    collect->state = MEDIA_COLLECT_WAITING;
    collect->due_ns = now_ns + wait_ms * NS_PER_MS;
}

void media_collect_prompted(struct media_collect *collect, uint64_t now_ns)
{
    if (collect->state == MEDIA_COLLECT_PROMPTING)
        wait_for(collect, collect->rules.first_digit_ms, now_ns);
}

bool media_collect_press(struct media_collect *collect, char key, uint64_t now_ns)
{
    bool prompting = collect->state == MEDIA_COLLECT_PROMPTING;

    if (media_collect_is_over(collect) || (prompting && !collect->rules.barge_in))
        return false;
    if (strchr(collect->rules.terminators, key) != NULL) {
        collect->terminator = key;
        collect->state = MEDIA_COLLECT_COMPLETE;
        return prompting;
    }
    collect->digits[collect->digit_count++] = key;
    if (collect->digit_count == collect->rules.digits_max)
        collect->state = MEDIA_COLLECT_COMPLETE;
    else
        wait_for(collect, collect->rules.inter_digit_ms, now_ns);
    return prompting;
}

void media_collect_tick(struct media_collect *collect, uint64_t now_ns)
{
    if (collect->state == MEDIA_COLLECT_WAITING && now_ns >= collect->due_ns)
        collect->state = MEDIA_COLLECT_TIMED_OUT;
}

void media_typeahead_add(struct media_typeahead *typeahead, char key)
{
    if (typeahead->count < sizeof(typeahead->keys))
        typeahead->keys[typeahead->count++] = key;
}

void media_typeahead_clear(struct media_typeahead *typeahead)
{
    *typeahead = (struct media_typeahead){0}; // The keys may be a secret: leave none behind.
}

bool media_typeahead_feed(struct media_typeahead *typeahead, struct media_collect *collect,
                          uint64_t now_ns)
{
    uint32_t used = 0;
    bool stops_prompts = false;

    while (used < typeahead->count && !media_collect_is_over(collect))
        stops_prompts |= media_collect_press(collect, typeahead->keys[used++], now_ns);
    typeahead->count -= used;
    memmove(typeahead->keys, typeahead->keys + used, typeahead->count);
    memset(typeahead->keys + typeahead->count, 0, used);
    return stops_prompts;
}
