/*
 * Any bytes must parse to a verdict: values within their bounds, or a sentence that names the file
 * and changes nothing. Corpus in tests/fuzz/corpus/config.
 */
#include <stdlib.h>
#include <string.h>

#include "io/config.h"

struct settings {
    char name[16];
    uint32_t wait_ms;
    int64_t offset;
    bool is_open;
    struct td_config_list trunks;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Children must count up and every one must know a line of the document. */
static uint32_t check_tree(const struct td_yaml_node *node)
{
    uint32_t children = 0;
    uint32_t nodes = 1;

    if (node->line == 0 || node->text == NULL)
        abort();
    for (const struct td_yaml_node *child = node->first; child != NULL; child = child->next) {
        if ((child->key != NULL) != (node->kind == TD_YAML_MAP))
            abort();
        nodes += check_tree(child);
        children++;
    }
    if (children != node->count)
        abort();
    return nodes;
}

static void check_yaml(const char *text, size_t size)
{
    char fault[TD_YAML_FAULT_SIZE] = "";
    struct td_yaml *yaml = NULL;
    enum td_err err = td_yaml_parse(text, size, "f", fault, &yaml);

    if ((err == TD_OK) != (yaml != NULL) || (err == TD_OK) != (fault[0] == '\0'))
        abort();
    if (yaml != NULL && check_tree(td_yaml_root(yaml)) > TD_YAML_NODES_MAX)
        abort();
    td_yaml_destroy(&yaml);
}

static void check_values(const struct settings *settings)
{
    if (settings->wait_ms < 10 || settings->wait_ms > 2000)
        abort();
    if (settings->offset < -5 || settings->offset > 5)
        abort();
    if (memchr(settings->name, '\0', sizeof(settings->name)) == NULL)
        abort();
    if (settings->trunks.count > TD_CONFIG_LIST_MAX)
        abort();
    for (uint32_t i = 0; i < settings->trunks.count; i++) {
        if (memchr(settings->trunks.items[i], '\0', TD_CONFIG_ITEM_SIZE) == NULL)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct td_config_key keys[] = {
        TD_CONFIG_STRING("name", struct settings, name, .fallback = "edge"),
        TD_CONFIG_DURATION_MS("wait", struct settings, wait_ms, .fallback = "1s", .min = 10,
                              .max = 2000),
        TD_CONFIG_I64("offset", struct settings, offset, .fallback = "0", .min = -5, .max = 5),
        TD_CONFIG_BOOL("open", struct settings, is_open, .fallback = "false"),
        TD_CONFIG_LIST("trunks", struct settings, trunks, .fallback = "[a, b]"),
    };
    static const char *const others[] = {"router", NULL};
    struct settings settings = {.wait_ms = 77};
    const struct td_config_section section = {"edge", keys, 5, &settings};
    char fault[TD_CONFIG_FAULT_SIZE] = "";

    check_yaml((const char *)data, size);
    enum td_err err = td_config_parse((const char *)data, size, "f", &section, 1, others, fault);
    if (err == TD_OK)
        check_values(&settings);
    else if (settings.wait_ms != 77 || strncmp(fault, "f:", 2) != 0)
        abort();
    return 0;
}
