/* company.yaml: what is accepted is written and read again to the same text; what is refused says
 * why. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/company_check.h"
#include "service/company_file.h"
#include "service/yaml_message.h"

#define ARENA_SIZE (16U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *read_and_write(const char *text, size_t size, struct td_arena *arena)
{
    char fault[TD_YAML_FAULT_SIZE] = "";
    struct td_yaml *yaml = NULL;
    struct td_company_config config;
    char *written = NULL;
    size_t written_size;

    enum td_err err = td_yaml_parse(text, size, "fuzz", fault, &yaml);
    if (err == TD_OK)
        err = td_yaml_to_message(yaml, td_yaml_root(yaml), &td_company_config_wire, NULL, arena,
                                 &config, fault);
    if (err == TD_OK)
        err = td_company_check(&config, yaml, fault);
    td_yaml_destroy(&yaml);
    if (err != TD_OK) {
        assert(fault[0] != '\0' || err == TD_ERR_NO_MEMORY);
        return NULL;
    }
    FILE *out = open_memstream(&written, &written_size);
    td_company_write(&config, out);
    (void)fclose(out);
    return written;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static max_align_t block[ARENA_SIZE / sizeof(max_align_t)];
    struct td_arena arena;

    td_arena_init(&arena, block, sizeof(block));
    char *first = read_and_write((const char *)data, size, &arena);
    if (first == NULL)
        return 0;
    td_arena_rewind(&arena, 0);
    char *second = read_and_write(first, strlen(first), &arena);
    assert(second != NULL && strcmp(first, second) == 0);
    free(first);
    free(second);
    return 0;
}
