/**
 * @file config_yaml.h  YAML to a tree whose every node knows its line.
 *
 * For documents written by people: what is refused is refused with a sentence that names the file
 * and the line. Plain YAML only: one document, no anchors, aliases, tags or keys that are not
 * scalars (an alias turns a kilobyte into a gigabyte); a key stands once in its map.
 *
 * libcyaml binds a document to C structs but gives no line for what is wrong in meaning, so this
 * reads the events of libyaml, on which libcyaml itself is built.
 *
 * Pure but for the heap. O(bytes), and O(keys squared) within one map.
 */
#ifndef TD_IO_CONFIG_YAML_H
#define TD_IO_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TD_YAML_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define TD_YAML_NODES_MAX 500000 /**< Keys are nodes too. */
#define TD_YAML_MAP_KEYS_MAX 1024
#define TD_YAML_DEPTH_MAX 32

/** Enough for any fault; longer texts are clipped. */
#define TD_YAML_FAULT_SIZE 512

enum td_yaml_kind { TD_YAML_SCALAR, TD_YAML_LIST, TD_YAML_MAP };

/** Read-only; valid until td_yaml_destroy. */
struct td_yaml_node {
    enum td_yaml_kind kind;
    bool is_quoted;    /**< Scalar in quotes or a block: a text even if it looks like a number. */
    uint32_t line;     /**< From 1. */
    uint32_t count;    /**< Children of a list or map. */
    const char *text;  /**< Scalar, terminated, UTF-8 without zero bytes; "" otherwise. */
    const char *key;   /**< In a map: the key of this child; NULL otherwise. */
    uint32_t key_line; /**< In a map: where the key stands. */
    const struct td_yaml_node *first; /**< First child, or NULL. */
    const struct td_yaml_node *next;  /**< Next sibling, or NULL. */
};

struct td_yaml; /* the tree and its memory */

/**
 * Parses a document. An empty one is an empty map.
 *
 * @param name   What to call it in a fault, e.g. its path. Borrowed for the call.
 * @param fault  Receives one sentence on failure, e.g. `company.yaml:12: key "name" stands twice`.
 * @return TD_OK; TD_ERR_SYNTAX; TD_ERR_EXISTS (repeated key); TD_ERR_LIMIT; TD_ERR_NO_MEMORY.
 */
enum td_err TD_MUST_CHECK td_yaml_parse(const char *text, size_t size, const char *name,
                                        char fault[TD_YAML_FAULT_SIZE], struct td_yaml **yaml);

/** Reads a file, then as td_yaml_parse. @return Also TD_ERR_NOT_FOUND, TD_ERR_DENIED,
    TD_ERR_INTERNAL (reading). */
enum td_err TD_MUST_CHECK td_yaml_load(const char *path, char fault[TD_YAML_FAULT_SIZE],
                                       struct td_yaml **yaml);

void td_yaml_destroy(struct td_yaml **yaml);

const struct td_yaml_node *td_yaml_root(const struct td_yaml *yaml);
/** What it was called when it was parsed. */
const char *td_yaml_name(const struct td_yaml *yaml);

/** The child of a map. @return NULL when absent or `map` is no map. */
const struct td_yaml_node *td_yaml_find(const struct td_yaml_node *map, const char *key);

/** Writes `name:line: ` and the sentence into `fault`. */
__attribute__((format(printf, 4, 5))) void td_yaml_fault(char fault[TD_YAML_FAULT_SIZE],
                                                         const struct td_yaml *yaml, uint32_t line,
                                                         const char *format, ...);

#endif
