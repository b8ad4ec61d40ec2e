/**
 * @file config.h  Settings of a service: one YAML file for the site, a section for each service.
 *
 * A table declares each key once: type, unit, default, bounds, help. The same table fills the
 * struct, checks the file and prints `--help`. Unknown, repeated, missing, of the wrong type or
 * out of range: refused with file, line, key and what was expected, since a misspelt limit that is
 * silently ignored is found out in the middle of an incident. Nothing is substituted.
 *
 *     edge:
 *       listen: 127.0.0.1:5060     # string
 *       calls_max: 500             # u32
 *       offer_lease: 15s           # duration: ms, s, min, h; a bare number is milliseconds
 *       trunks: [10.0.0.1, 10.0.0.2]
 *
 * Pure but for reading the file. YAML is read by config_yaml.h.
 */
#ifndef TD_IO_CONFIG_H
#define TD_IO_CONFIG_H

#include <stdio.h>

#include "io/config_yaml.h"

#define TD_CONFIG_KEYS_MAX 128
#define TD_CONFIG_FAULT_SIZE TD_YAML_FAULT_SIZE

/** A list of strings, as a member. */
#define TD_CONFIG_LIST_MAX 32
#define TD_CONFIG_ITEM_SIZE 128
struct td_config_list {
    uint32_t count;
    char items[TD_CONFIG_LIST_MAX][TD_CONFIG_ITEM_SIZE];
};

enum td_config_type {
    TD_CONFIG_TYPE_U32,         /**< uint32_t */
    TD_CONFIG_TYPE_I64,         /**< int64_t */
    TD_CONFIG_TYPE_DURATION_MS, /**< uint32_t, milliseconds */
    TD_CONFIG_TYPE_BOOL,        /**< bool: true or false */
    TD_CONFIG_TYPE_STRING,      /**< char[N] */
    TD_CONFIG_TYPE_LIST,        /**< struct td_config_list */
    TD_CONFIG_TYPE_COUNT
};

/**
 * One key. Build it with the macros below, which take the rest by name:
 *
 *     TD_CONFIG_U32("calls_max", struct edge_config, calls_max, .unit = "calls",
 *                   .fallback = "500", .min = 1, .max = 100000, .help = "calls at one time"),
 */
struct td_config_key {
    const char *name;
    enum td_config_type type;
    size_t offset;        /* of the member within the target */
    size_t size;          /* of the member */
    const char *fallback; /**< The default, as it would stand in the file; NULL: key is required. */
    int64_t min;          /**< Numbers and durations: smallest. Strings: shortest. Lists: fewest. */
    int64_t max;          /**< Largest, longest, most; 0: what the member holds. */
    const char *unit;     /**< For people; NULL for none. */
    const char *help;
};

#define TD_CONFIG_KEY(type_, name_, struct_, member_, ...)                                         \
    {                                                                                              \
        .name = (name_), .type = (type_), .offset = offsetof(struct_, member_),                    \
        .size = sizeof(((struct_ *)0)->member_), __VA_ARGS__                                       \
    }
#define TD_CONFIG_U32(...) TD_CONFIG_KEY(TD_CONFIG_TYPE_U32, __VA_ARGS__)
#define TD_CONFIG_I64(...) TD_CONFIG_KEY(TD_CONFIG_TYPE_I64, __VA_ARGS__)
#define TD_CONFIG_DURATION_MS(...) TD_CONFIG_KEY(TD_CONFIG_TYPE_DURATION_MS, __VA_ARGS__)
#define TD_CONFIG_BOOL(...) TD_CONFIG_KEY(TD_CONFIG_TYPE_BOOL, __VA_ARGS__)
#define TD_CONFIG_STRING(...) TD_CONFIG_KEY(TD_CONFIG_TYPE_STRING, __VA_ARGS__)
#define TD_CONFIG_LIST(...) TD_CONFIG_KEY(TD_CONFIG_TYPE_LIST, __VA_ARGS__)

/** A section of the file and where its values go. */
struct td_config_section {
    const char *name;
    const struct td_config_key *keys;
    size_t key_count; /**< At most TD_CONFIG_KEYS_MAX. */
    void *target;
};

/**
 * Loads sections from the file. A section that is absent leaves its defaults in force, unless a
 * required key misses; so does a key.
 *
 * @param sections  Their targets are written on TD_OK only.
 * @param others    Names that may stand in the file beside them, NULL-terminated; NULL: any name.
 * @param fault     Receives one sentence on failure, e.g.
 *                  `site.yaml:7: edge.calls_max: expected a number from 1 to 100000, found "many"`.
 * @return TD_OK; errors of td_yaml_load; TD_ERR_NOT_FOUND (unknown or missing key, no such file);
 *         TD_ERR_EXISTS (repeated key); TD_ERR_SYNTAX (wrong type); TD_ERR_RANGE (bounds).
 */
enum td_err TD_MUST_CHECK td_config_load(const char *path, const struct td_config_section *sections,
                                         size_t section_count, const char *const *others,
                                         char fault[TD_CONFIG_FAULT_SIZE]);

/** The same from memory. @param name  What to call it in a fault. */
enum td_err TD_MUST_CHECK td_config_parse(const char *text, size_t size, const char *name,
                                          const struct td_config_section *sections,
                                          size_t section_count, const char *const *others,
                                          char fault[TD_CONFIG_FAULT_SIZE]);

/** Sets every default. Required keys become zero, false or empty. */
void td_config_defaults(const struct td_config_section *section);

/** Prints the table for --help: one line a key with type, unit, bounds, default and help. */
void td_config_describe(const struct td_config_section *section, FILE *out);

#endif
