#include "io/config.h"

#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "io/config_value.h"

/* A misspelt key is matched to a known one within this many edits. */
#define EDITS_MAX 3
#define NAME_MAX_COMPARED 63

/* What a loading works on. */
struct loading {
    const struct td_yaml *yaml;
    const struct td_config_section *sections;
    size_t section_count;
    char *fault;
};

static void *member_of(const struct td_config_section *section, const struct td_config_key *key)
{
    return (char *)section->target + key->offset;
}

/* --- misspelt names --- */

static size_t least(size_t a, size_t b, size_t c)
{
    size_t smaller = a < b ? a : b;

    return smaller < c ? smaller : c;
}

/* Levenshtein's distance, one row at a time. */
static size_t edits_between(const char *a, const char *b)
{
    size_t row[NAME_MAX_COMPARED + 1];
    size_t a_length = strnlen(a, NAME_MAX_COMPARED);
    size_t b_length = strnlen(b, NAME_MAX_COMPARED);

    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t above = row[j];

            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_length];
}

struct guess {
    const char *name;
    size_t edits;
};

static void consider(struct guess *guess, const char *misspelt, const char *name)
{
    size_t edits = edits_between(misspelt, name);

    if (edits <= EDITS_MAX && edits < strlen(name) && (guess->name == NULL || edits < guess->edits))
        *guess = (struct guess){.name = name, .edits = edits};
}

static enum td_err unknown(const struct loading *loading, const struct td_yaml_node *node,
                           const char *where, const char *what, struct guess guess)
{
    td_yaml_fault(loading->fault, loading->yaml, node->key_line, "%s%s%.64s: unknown %s%s%s%s",
                  where, *where != '\0' ? "." : "", node->key, what,
                  guess.name != NULL ? ", did you mean \"" : "; --help lists all that are known",
                  guess.name != NULL ? guess.name : "", guess.name != NULL ? "\"?" : "");
    return TD_ERR_NOT_FOUND;
}

/* --- values --- */

static const struct td_config_key *find_key(const struct td_config_section *section,
                                            const char *name)
{
    for (size_t i = 0; i < section->key_count; i++) {
        if (td_str_equal(section->keys[i].name, name))
            return &section->keys[i];
    }
    return NULL;
}

static void report_value(const struct loading *loading, const struct td_config_section *section,
                         const struct td_config_key *key, const struct td_yaml_node *node)
{
    char expectation[TD_CONFIG_EXPECTATION_SIZE];
    char clipped[64];
    const char *found = clipped;

    td_str_clip(clipped, sizeof(clipped), node->text);
    if (node->kind != TD_YAML_SCALAR)
        found = node->kind == TD_YAML_LIST ? "a list" : "a map";
    else if (node->text[0] == '\0')
        found = "nothing";
    const char *quote = found == clipped ? "\"" : "";
    td_yaml_fault(loading->fault, loading->yaml, node->line, "%s.%s: expected %s%s%s, found %s%s%s",
                  section->name, key->name, td_config_expectation(key, expectation),
                  key->unit != NULL ? " " : "", key->unit != NULL ? key->unit : "", quote, found,
                  quote);
}

static enum td_err check_key(const struct loading *loading, const struct td_config_section *section,
                             const struct td_yaml_node *node)
{
    const struct td_config_key *key = find_key(section, node->key);

    if (key == NULL) {
        struct guess guess = {0};
        for (size_t i = 0; i < section->key_count; i++)
            consider(&guess, node->key, section->keys[i].name);
        return unknown(loading, node, section->name, "key", guess);
    }
    enum td_err err = td_config_value_read(key, node, NULL);
    if (err != TD_OK)
        report_value(loading, section, key, node);
    return err;
}

static enum td_err check_required(const struct loading *loading,
                                  const struct td_config_section *section,
                                  const struct td_yaml_node *map)
{
    char expectation[TD_CONFIG_EXPECTATION_SIZE];

    for (size_t i = 0; i < section->key_count; i++) {
        const struct td_config_key *key = &section->keys[i];

        if (key->fallback != NULL || (map != NULL && td_yaml_find(map, key->name) != NULL))
            continue;
        td_yaml_fault(loading->fault, loading->yaml, map != NULL ? map->key_line : 0,
                      "%s.%s: missing, expected %s", section->name, key->name,
                      td_config_expectation(key, expectation));
        return TD_ERR_NOT_FOUND;
    }
    return TD_OK;
}

static bool is_nothing(const struct td_yaml_node *node)
{
    return node->kind == TD_YAML_SCALAR && !node->is_quoted && node->text[0] == '\0';
}

static enum td_err check_section(const struct loading *loading,
                                 const struct td_config_section *section)
{
    const struct td_yaml_node *map = td_yaml_find(td_yaml_root(loading->yaml), section->name);
    enum td_err err = TD_OK;

    assert(section->key_count <= TD_CONFIG_KEYS_MAX);
    // A section whose keys are all commented out reads as nothing: that is an empty map.
    if (map != NULL && map->kind != TD_YAML_MAP && !is_nothing(map)) {
        td_yaml_fault(loading->fault, loading->yaml, map->line, "%s: expected keys and values",
                      section->name);
        return TD_ERR_SYNTAX;
    }
    for (const struct td_yaml_node *node = map != NULL ? map->first : NULL;
         node != NULL && err == TD_OK; node = node->next)
        err = check_key(loading, section, node);
    return err == TD_OK ? check_required(loading, section, map) : err;
}

/* --- sections --- */

static bool is_known_section(const struct loading *loading, const char *const *others,
                             const char *name, struct guess *guess)
{
    for (size_t i = 0; i < loading->section_count; i++) {
        if (td_str_equal(loading->sections[i].name, name))
            return true;
        consider(guess, name, loading->sections[i].name);
    }
    for (; *others != NULL; others++) {
        if (td_str_equal(*others, name))
            return true;
        consider(guess, name, *others);
    }
    return false;
}

static enum td_err check_document(const struct loading *loading, const char *const *others)
{
    const struct td_yaml_node *root = td_yaml_root(loading->yaml);
    enum td_err err = TD_OK;

    if (root->kind != TD_YAML_MAP) {
        td_yaml_fault(loading->fault, loading->yaml, root->line,
                      "expected sections, each with its keys");
        return TD_ERR_SYNTAX;
    }
    for (const struct td_yaml_node *node = root->first; others != NULL && node != NULL;
         node = node->next) {
        struct guess guess = {0};

        if (!is_known_section(loading, others, node->key, &guess))
            return unknown(loading, node, "", "section", guess);
    }
    for (size_t i = 0; i < loading->section_count && err == TD_OK; i++)
        err = check_section(loading, &loading->sections[i]);
    return err;
}

/* Runs after everything was checked, so nothing can fail. */
static void store_section(const struct td_yaml *yaml, const struct td_config_section *section)
{
    const struct td_yaml_node *map = td_yaml_find(td_yaml_root(yaml), section->name);

    td_config_defaults(section);
    for (const struct td_yaml_node *node = map != NULL ? map->first : NULL; node != NULL;
         node = node->next) {
        const struct td_config_key *key = find_key(section, node->key);
        enum td_err err = td_config_value_read(key, node, member_of(section, key));
        assert(err == TD_OK);
    }
}

static enum td_err apply(struct td_yaml *yaml, const struct td_config_section *sections,
                         size_t section_count, const char *const *others, char *fault)
{
    struct loading loading = {
        .yaml = yaml, .sections = sections, .section_count = section_count, .fault = fault};
    enum td_err err = check_document(&loading, others);

    for (size_t i = 0; i < section_count && err == TD_OK; i++)
        store_section(yaml, &sections[i]);
    td_yaml_destroy(&yaml);
    return err;
}

enum td_err td_config_load(const char *path, const struct td_config_section *sections,
                           size_t section_count, const char *const *others,
                           char fault[TD_CONFIG_FAULT_SIZE])
{
    struct td_yaml *yaml = NULL;
    enum td_err err = td_yaml_load(path, fault, &yaml);

    return err == TD_OK ? apply(yaml, sections, section_count, others, fault) : err;
}

enum td_err td_config_parse(const char *text, size_t size, const char *name,
                            const struct td_config_section *sections, size_t section_count,
                            const char *const *others, char fault[TD_CONFIG_FAULT_SIZE])
{
    struct td_yaml *yaml = NULL;
    enum td_err err = td_yaml_parse(text, size, name, fault, &yaml);

    return err == TD_OK ? apply(yaml, sections, section_count, others, fault) : err;
}

void td_config_defaults(const struct td_config_section *section)
{
    for (size_t i = 0; i < section->key_count; i++)
        td_config_value_fallback(&section->keys[i], member_of(section, &section->keys[i]));
}

void td_config_describe(const struct td_config_section *section, FILE *out)
{
    (void)fprintf(out, "%s:\n", section->name);
    for (size_t i = 0; i < section->key_count; i++) {
        const struct td_config_key *key = &section->keys[i];
        char expectation[TD_CONFIG_EXPECTATION_SIZE];
        char fallback[96] = "required";

        if (key->fallback != NULL)
            (void)snprintf(fallback, sizeof(fallback), "default %.80s",
                           key->fallback[0] != '\0' ? key->fallback : "\"\"");
        (void)fprintf(out, "  %-28s %s (%s%s%s, %s)\n", key->name, key->help,
                      td_config_expectation(key, expectation), key->unit != NULL ? " " : "",
                      key->unit != NULL ? key->unit : "", fallback);
    }
}
