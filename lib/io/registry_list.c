#include "io/registry_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

bool td_registry_is_name(const char *text)
{
    return text[0] != '\0' && strlen(text) < TD_REGISTRY_NAME_SIZE && strchr(text, '/') == NULL;
}

struct td_registration td_registry_registration(const struct td_registry_entry *entry)
{
    return (struct td_registration){.service = entry->service,
                                    .instance = entry->instance,
                                    .value = td_bytes(entry->value, entry->value_size)};
}

static int compare(const struct td_registry_entry *entry, const char *service, const char *instance)
{
    int order = strcmp(entry->service, service);

    return order != 0 ? order : strcmp(entry->instance, instance);
}

/* Where it is, or where it belongs. */
static uint32_t place_of(const struct td_registry_list *list, const char *service,
                         const char *instance)
{
    uint32_t i = 0;

    while (i < list->count && compare(list->entries[i], service, instance) < 0)
        i++;
    return i;
}

struct td_registry_entry *td_registry_list_find(const struct td_registry_list *list,
                                                const char *service, const char *instance)
{
    uint32_t place = place_of(list, service, instance);

    return place < list->count && compare(list->entries[place], service, instance) == 0
               ? list->entries[place]
               : NULL;
}

void td_registry_list_begin(struct td_registry_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        list->entries[i]->is_listed = false;
}

static bool set_value(struct td_registry_entry *entry, struct td_bytes value)
{
    uint8_t *copy = malloc(value.size > 0 ? value.size : 1);

    if (copy == NULL)
        return false;
    if (value.size > 0)
        memcpy(copy, value.data, value.size);
    free(entry->value);
    entry->value = copy;
    entry->value_size = (uint32_t)value.size;
    return true;
}

static bool has_value(const struct td_registry_entry *entry, struct td_bytes value)
{
    return entry->value_size == value.size &&
           (value.size == 0 || memcmp(entry->value, value.data, value.size) == 0);
}

/* Without memory or room for it: NULL, and the next answer tries again. */
static struct td_registry_entry *insert(struct td_registry_list *list, const char *service,
                                        const char *instance, struct td_bytes value)
{
    struct td_registry_entry *entry =
        list->count < TD_REGISTRY_INSTANCES_MAX ? calloc(1, sizeof(*entry)) : NULL;

    if (entry == NULL || !set_value(entry, value)) {
        free(entry);
        return NULL;
    }
    (void)td_str_copy(entry->service, sizeof(entry->service), service);
    (void)td_str_copy(entry->instance, sizeof(entry->instance), instance);
    entry->is_listed = true;

    uint32_t place = place_of(list, service, instance);
    for (uint32_t i = list->count++; i > place; i--)
        list->entries[i] = list->entries[i - 1];
    list->entries[place] = entry;
    return entry;
}

static struct td_registry_entry *take(struct td_registry_list *list, const char *service,
                                      const char *instance, struct td_bytes value,
                                      enum td_registry_change *change)
{
    struct td_registry_entry *entry = td_registry_list_find(list, service, instance);

    if (entry == NULL) {
        *change = TD_REGISTRY_APPEARED;
        return insert(list, service, instance, value);
    }
    entry->is_listed = true;
    *change = TD_REGISTRY_CHANGED;
    return !has_value(entry, value) && set_value(entry, value) ? entry : NULL;
}

struct td_registry_entry *td_registry_list_take(struct td_registry_list *list, struct td_bytes name,
                                                struct td_bytes value,
                                                enum td_registry_change *change)
{
    char service[2 * TD_REGISTRY_NAME_SIZE];

    if (value.size > TD_REGISTRY_VALUE_MAX ||
        td_str_copy_span(service, sizeof(service), (const char *)name.data, name.size) != TD_OK)
        return NULL;
    char *slash = strchr(service, '/');
    if (slash == NULL)
        return NULL;
    *slash = '\0';
    const char *instance = slash + 1;
    return td_registry_is_name(service) && td_registry_is_name(instance)
               ? take(list, service, instance, value, change)
               : NULL;
}

struct td_registry_entry *td_registry_list_remove_unlisted(struct td_registry_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        struct td_registry_entry *entry = list->entries[i];

        if (entry->is_listed)
            continue;
        list->count--;
        for (uint32_t left = i; left < list->count; left++)
            list->entries[left] = list->entries[left + 1];
        return entry;
    }
    return NULL;
}

void td_registry_entry_free(struct td_registry_entry *entry)
{
    free(entry->value);
    free(entry);
}

void td_registry_list_clear(struct td_registry_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        td_registry_entry_free(list->entries[i]);
    list->count = 0;
}
