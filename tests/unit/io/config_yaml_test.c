#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/config_yaml.h"

static enum td_err parse_size(const char *text, size_t size, char *fault, struct td_yaml **yaml)
{
    char *exact = malloc(size > 0 ? size : 1);

    assert_non_null(exact);
    memcpy(exact, text, size);
    memset(fault, 0, TD_YAML_FAULT_SIZE);
    enum td_err err = td_yaml_parse(exact, size, "company.yaml", fault, yaml);
    free(exact);
    return err;
}

static enum td_err parse(const char *text, char *fault, struct td_yaml **yaml)
{
    return parse_size(text, strlen(text), fault, yaml);
}

static void every_node_knows_its_line(void **state)
{
    (void)state;
    struct td_yaml *yaml = NULL;
    char fault[TD_YAML_FAULT_SIZE];

    assert_int_equal(parse("# people\n"
                           "agents:\n"
                           "  - name: anna\n"
                           "    skills: {english: 9, wealth: \"7\"}\n"
                           "\n"
                           "  - name: 王芳\n"
                           "greeting: |\n"
                           "  Hello,\n"
                           "  world\n"
                           "empty:\n",
                           fault, &yaml),
                     TD_OK);
    const struct td_yaml_node *root = td_yaml_root(yaml);
    assert_int_equal(root->count, 3);

    const struct td_yaml_node *agents = td_yaml_find(root, "agents");
    assert_int_equal(agents->kind, TD_YAML_LIST);
    assert_int_equal(agents->key_line, 2);
    assert_int_equal(agents->line, 3);
    assert_int_equal(agents->count, 2);
    assert_null(agents->first->key);

    const struct td_yaml_node *skills = td_yaml_find(agents->first, "skills");
    assert_int_equal(skills->line, 4);
    assert_string_equal(skills->first->key, "english");
    assert_false(skills->first->is_quoted);
    assert_true(skills->first->next->is_quoted);
    assert_string_equal(skills->first->next->text, "7");

    const struct td_yaml_node *name = td_yaml_find(agents->first->next, "name");
    assert_string_equal(name->text, "王芳");
    assert_int_equal(name->line, 6);
    assert_string_equal(td_yaml_find(root, "greeting")->text, "Hello,\nworld\n");
    assert_string_equal(td_yaml_find(root, "empty")->text, "");
    assert_null(td_yaml_find(root, "absent"));
    assert_null(td_yaml_find(agents, "name"));
    td_yaml_destroy(&yaml);
    assert_null(yaml);
}

static void an_empty_document_is_an_empty_map(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n\n", "# only a comment\n"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct td_yaml *yaml = NULL;
        char fault[TD_YAML_FAULT_SIZE];

        assert_int_equal(parse(texts[i], fault, &yaml), TD_OK);
        assert_int_equal(td_yaml_root(yaml)->kind, TD_YAML_MAP);
        assert_int_equal(td_yaml_root(yaml)->count, 0);
        td_yaml_destroy(&yaml);
    }
}

static void what_is_not_plain_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum td_err err;
        const char *fault;
    } cases[] = {
        {"a: &x 1\nb: *x\n", TD_ERR_SYNTAX, "company.yaml:1: anchors (&), aliases (*) and tags"},
        {"a: 1\nb: !!str 2\n", TD_ERR_SYNTAX, "company.yaml:2: anchors (&), aliases (*) and tags"},
        {"a: 1\n---\nb: 2\n", TD_ERR_SYNTAX, "company.yaml:2: a second document begins here"},
        {"a: 1\n? [b]\n: 2\n", TD_ERR_SYNTAX, "company.yaml:2: a key must be a plain text"},
        {"a: 1\n\nb: 2\na: 3\n", TD_ERR_EXISTS,
         "company.yaml:4: key \"a\" stands twice in its map, first in line 1"},
        {"a: 1\nb: \"x\\0y\"\n", TD_ERR_SYNTAX,
         "company.yaml:2: a text must not contain a zero byte"},
        {"a: b: c\n", TD_ERR_SYNTAX, "company.yaml:1: mapping values are not allowed"},
        {"a: 1\n\tb: 2\n", TD_ERR_SYNTAX, "company.yaml:2: "},
        {"a: 1\nb: [1, 2\n", TD_ERR_SYNTAX, "company.yaml:3: "},
        {"a: 1\nb: \xff\xfe\n", TD_ERR_SYNTAX, "company.yaml:"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct td_yaml *yaml = NULL;
        char fault[TD_YAML_FAULT_SIZE];

        assert_int_equal(parse(cases[i].text, fault, &yaml), cases[i].err);
        assert_null(yaml);
        if (strncmp(fault, cases[i].fault, strlen(cases[i].fault)) != 0)
            fail_msg("\"%s\" gives \"%s\"", cases[i].text, fault);
    }
}

static void depth_is_bounded(void **state)
{
    (void)state;
    char text[2 * (TD_YAML_DEPTH_MAX + 1) + 1] = "";
    char fault[TD_YAML_FAULT_SIZE];
    struct td_yaml *yaml = NULL;

    memset(text, '[', TD_YAML_DEPTH_MAX);
    memset(text + TD_YAML_DEPTH_MAX, ']', TD_YAML_DEPTH_MAX);
    assert_int_equal(parse(text, fault, &yaml), TD_OK);
    td_yaml_destroy(&yaml);

    memset(text, '[', TD_YAML_DEPTH_MAX + 1);
    memset(text + TD_YAML_DEPTH_MAX + 1, ']', TD_YAML_DEPTH_MAX + 1);
    assert_int_equal(parse(text, fault, &yaml), TD_ERR_LIMIT);
    assert_string_equal(fault, "company.yaml:1: nested deeper than 32 levels");
}

static void keys_of_a_map_are_bounded(void **state)
{
    (void)state;
    char *text = malloc((TD_YAML_MAP_KEYS_MAX + 1) * 16);
    char fault[TD_YAML_FAULT_SIZE];
    struct td_yaml *yaml = NULL;
    size_t used = 0;

    assert_non_null(text);
    for (int i = 0; i < TD_YAML_MAP_KEYS_MAX; i++)
        used += (size_t)sprintf(text + used, "k%d: 1\n", i);
    assert_int_equal(parse_size(text, used, fault, &yaml), TD_OK);
    assert_int_equal(td_yaml_root(yaml)->count, TD_YAML_MAP_KEYS_MAX);
    td_yaml_destroy(&yaml);

    used += (size_t)sprintf(text + used, "more: 1\n");
    assert_int_equal(parse_size(text, used, fault, &yaml), TD_ERR_LIMIT);
    assert_string_equal(fault, "company.yaml:1025: more than 1024 keys in one map");
    free(text);
}

static void a_large_list_is_fine(void **state)
{
    (void)state;
    enum { CUSTOMERS = 20000 };
    char *text = malloc(CUSTOMERS * 64 + 16);
    char fault[TD_YAML_FAULT_SIZE];
    struct td_yaml *yaml = NULL;
    uint32_t line = 2;

    assert_non_null(text);
    size_t used = (size_t)sprintf(text, "customers:\n");
    for (int i = 0; i < CUSTOMERS; i++)
        used += (size_t)sprintf(text + used, "  - name: c%d\n    tier: gold\n", i);
    assert_int_equal(parse_size(text, used, fault, &yaml), TD_OK);
    const struct td_yaml_node *list = td_yaml_find(td_yaml_root(yaml), "customers");
    assert_int_equal(list->count, CUSTOMERS);
    for (const struct td_yaml_node *node = list->first; node != NULL; node = node->next) {
        assert_int_equal(node->line, line);
        line += 2;
    }
    td_yaml_destroy(&yaml);
    free(text);
}

static void a_fault_longer_than_its_buffer_is_clipped(void **state)
{
    (void)state;
    struct td_yaml *yaml = NULL;
    char fault[TD_YAML_FAULT_SIZE];
    char text[1000];

    memset(text, 'n', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(td_yaml_parse("a", 1, text, fault, &yaml), TD_OK);
    td_yaml_fault(fault, yaml, 12, "%s", text);
    assert_int_equal(strlen(fault), TD_YAML_FAULT_SIZE - 1);
    assert_non_null(strstr(fault, ":12: nnn"));
    td_yaml_destroy(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_node_knows_its_line),
        cmocka_unit_test(an_empty_document_is_an_empty_map),
        cmocka_unit_test(what_is_not_plain_is_refused_with_its_line),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(keys_of_a_map_are_bounded),
        cmocka_unit_test(a_large_list_is_fine),
        cmocka_unit_test(a_fault_longer_than_its_buffer_is_clipped),
    };

    return cmocka_run_group_tests_name("io/config_yaml", tests, NULL, NULL);
}
