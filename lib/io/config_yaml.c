#include "io/config_yaml_build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536

/* --- memory --- */

void *td_yaml_take(struct td_yaml *yaml, size_t size)
{
    void *memory = td_arena_alloc(&yaml->room, size);
    if (memory != NULL)
        return memory;

    size_t block_size = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    struct td_yaml_block *block = malloc(sizeof(*block) + block_size);
    if (block == NULL)
        return NULL;
    block->next = yaml->blocks;
    yaml->blocks = block;
    td_arena_init(&yaml->room, block->memory, block_size);
    return td_arena_alloc(&yaml->room, size);
}

const char *td_yaml_take_text(struct td_yaml *yaml, const void *text, size_t size)
{
    char *copy = td_yaml_take(yaml, size + 1);

    if (copy != NULL) {
        memcpy(copy, text, size);
        copy[size] = '\0';
    }
    return copy;
}

void td_yaml_destroy(struct td_yaml **yaml)
{
    if (*yaml == NULL)
        return;

    for (struct td_yaml_block *block = (*yaml)->blocks, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    free(*yaml);
    *yaml = NULL;
}

/* --- faults --- */

static void write_fault(char *fault, const char *name, uint32_t line, const char *format,
                        va_list args)
{
    // vsnprintf ends what it clips; the position always fits before the sentence.
    int used = line == 0 ? snprintf(fault, TD_YAML_FAULT_SIZE, "%.256s: ", name)
                         : snprintf(fault, TD_YAML_FAULT_SIZE, "%.256s:%u: ", name, line);

    (void)vsnprintf(fault + used, TD_YAML_FAULT_SIZE - (size_t)used, format, args);
}

void td_yaml_fault(char fault[TD_YAML_FAULT_SIZE], const struct td_yaml *yaml, uint32_t line,
                   const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_fault(fault, yaml->name, line, format, args);
    va_end(args);
}

static void plain_fault(char *fault, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void plain_fault(char *fault, const char *name, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_fault(fault, name, 0, format, args);
    va_end(args);
}

enum td_err td_yaml_parse(const char *text, size_t size, const char *name,
                          char fault[TD_YAML_FAULT_SIZE], struct td_yaml **yaml)
{
    if (size > TD_YAML_BYTES_MAX) {
        plain_fault(fault, name, "larger than %zu bytes", TD_YAML_BYTES_MAX);
        return TD_ERR_LIMIT;
    }

    struct td_yaml *self = calloc(1, sizeof(*self));
    if (self != NULL)
        self->name = td_yaml_take_text(self, name, strlen(name));
    if (self == NULL || self->name == NULL) {
        free(self);
        plain_fault(fault, name, "out of memory");
        return TD_ERR_NO_MEMORY;
    }

    enum td_err err = td_yaml_build(self, text, size, fault);
    if (err != TD_OK) {
        td_yaml_destroy(&self);
        return err;
    }
    *yaml = self;
    return TD_OK;
}

/* --- files --- */

static enum td_err read_whole(FILE *file, char *text, size_t *size)
{
    *size = fread(text, 1, TD_YAML_BYTES_MAX + 1, file);
    return ferror(file) != 0 ? td_err_from_errno(errno) : TD_OK;
}

enum td_err td_yaml_load(const char *path, char fault[TD_YAML_FAULT_SIZE], struct td_yaml **yaml)
{
    size_t size = 0;
    enum td_err err = TD_OK;
    char *text = NULL;
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        err = td_err_from_errno(errno);
        plain_fault(fault, path, "cannot be opened: %s", strerror(errno));
        return err;
    }
    // Pages that are not touched cost nothing, so the largest permitted size is simply taken.
    text = malloc(TD_YAML_BYTES_MAX + 1);
    err = text == NULL ? TD_ERR_NO_MEMORY : read_whole(file, text, &size);
    if (err != TD_OK)
        plain_fault(fault, path, "cannot be read: %s", strerror(errno));
    else
        err = td_yaml_parse(text, size, path, fault, yaml);
    free(text);
    (void)fclose(file); // Nothing was written, so closing can lose nothing.
    return err;
}

/* --- reading the tree --- */

const struct td_yaml_node *td_yaml_root(const struct td_yaml *yaml)
{
    return yaml->root;
}

const char *td_yaml_name(const struct td_yaml *yaml)
{
    return yaml->name;
}

const struct td_yaml_node *td_yaml_find(const struct td_yaml_node *map, const char *key)
{
    if (map->kind != TD_YAML_MAP)
        return NULL;
    for (const struct td_yaml_node *child = map->first; child != NULL; child = child->next) {
        if (strcmp(child->key, key) == 0)
            return child;
    }
    return NULL;
}
