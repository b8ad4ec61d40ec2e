/**
 * @file registry_list.h  The live instances as last heard, in order of their names. Private to
 * registry.h. Pure but for the heap.
 */
#ifndef TD_IO_REGISTRY_LIST_H
#define TD_IO_REGISTRY_LIST_H

#include "io/registry.h"

struct td_registry_entry {
    char service[TD_REGISTRY_NAME_SIZE];
    char instance[TD_REGISTRY_NAME_SIZE];
    uint8_t *value;
    uint32_t value_size;
    bool is_listed; /* in the answer at hand */
};

struct td_registry_list {
    struct td_registry_entry *entries[TD_REGISTRY_INSTANCES_MAX];
    uint32_t count;
};

/** Not empty, shorter than TD_REGISTRY_NAME_SIZE, without '/'. */
bool td_registry_is_name(const char *text);

struct td_registration td_registry_registration(const struct td_registry_entry *entry);

/** @return NULL when there is none. */
struct td_registry_entry *td_registry_list_find(const struct td_registry_list *list,
                                                const char *service, const char *instance);

/** A new answer begins: nobody is listed yet. */
void td_registry_list_begin(struct td_registry_list *list);

/**
 * The answer lists "service/instance". What is not a name, or too much, is skipped.
 *
 * @return The entry if it appeared or changed, with which of both; NULL otherwise.
 */
struct td_registry_entry *td_registry_list_take(struct td_registry_list *list, struct td_bytes name,
                                                struct td_bytes value,
                                                enum td_registry_change *change);

/** Takes out one that the answer did not list. @return NULL when all were; else to be freed. */
struct td_registry_entry *td_registry_list_remove_unlisted(struct td_registry_list *list);

void td_registry_entry_free(struct td_registry_entry *entry);
void td_registry_list_clear(struct td_registry_list *list);

#endif
