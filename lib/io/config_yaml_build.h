/**
 * @file config_yaml_build.h  The tree of config_yaml.h while it is built from libyaml's events.
 *
 * Private to config_yaml.h.
 */
#ifndef TD_IO_CONFIG_YAML_BUILD_H
#define TD_IO_CONFIG_YAML_BUILD_H

#include "base/arena.h"
#include "io/config_yaml.h"

/* Memory of a tree: blocks that are freed all at once. */
struct td_yaml_block {
    struct td_yaml_block *next;
    max_align_t memory[];
};

struct td_yaml {
    struct td_yaml_block *blocks;
    struct td_arena room; /* what is left of the newest block */
    const struct td_yaml_node *root;
    const char *name;
    uint32_t node_count;
};

/** @return NULL when out of memory. */
void *td_yaml_take(struct td_yaml *yaml, size_t size);

/** A terminated copy. @return NULL when out of memory. */
const char *td_yaml_take_text(struct td_yaml *yaml, const void *text, size_t size);

/** Fills in the root. Errors as td_yaml_parse. */
enum td_err TD_MUST_CHECK td_yaml_build(struct td_yaml *yaml, const char *text, size_t size,
                                        char fault[TD_YAML_FAULT_SIZE]);

#endif
