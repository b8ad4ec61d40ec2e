#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "service/company_file.h"

#define DEMO "deploy/demo/company.yaml"

static char fault[TD_YAML_FAULT_SIZE];

static enum td_err load_text(const char *text, const struct td_company_config *previous,
                             struct td_company_file **file)
{
    char path[] = "/tmp/company-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    fault[0] = '\0';
    enum td_err err = td_company_file_load(path, previous, file, fault);
    (void)unlink(path);
    return err;
}

static void the_demonstration_company_is_read_whole(void **state)
{
    (void)state;
    struct td_company_file *file;

    assert_int_equal(td_company_file_load(DEMO, NULL, &file, fault), TD_OK);
    assert_int_equal(file->config.agents_count, 12);
    assert_int_equal(file->config.queues_count, 4);
    assert_int_equal(file->config.entry_points_count, 4);
    assert_int_equal(file->customers_count, 200);
    assert_string_equal(file->customers[0].brief.external_id, "LB-0001");
    assert_int_equal(file->customers[0].identities_count, 3);
    assert_string_equal(file->config.agents[0].attributes[2].text, "Shanghai");
    assert_true(file->config.agents[0].attributes[3].number == 9.5);
    td_company_file_destroy(&file);
}

static char *written(const struct td_company_config *config)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    td_company_write(config, out);
    (void)fclose(out);
    return text;
}

static void what_is_written_reads_back_the_same(void **state)
{
    (void)state;
    struct td_company_file *file;
    struct td_company_file *again;

    assert_int_equal(td_company_file_load(DEMO, NULL, &file, fault), TD_OK);
    char *first = written(&file->config);
    assert_int_equal(load_text(first, NULL, &again), TD_OK);
    char *second = written(&again->config);
    assert_string_equal(first, second);
    free(first);
    free(second);
    td_company_file_destroy(&file);
    td_company_file_destroy(&again);
}

#define HEAD "name: A\ndomain: a.example\n"

static void what_is_wrong_is_named_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"domain: a.example\n", "\"name\" is missing"},
        {HEAD "colour: red\n", ":3: unknown key \"colour\""},
        {HEAD "tenant: 0\n", ":3: tenant"},
        {HEAD "queues: 7\n", ":3: queues: expected a list"},
        {HEAD "queues:\n  - name: q\n    threshold_s: soon\n", ":5: threshold_s: expected a whole"},
        {HEAD "queues:\n  - name: q\n  - name: q\n", ":5: queue \"q\" stands twice"},
        {HEAD "queues:\n  - name: q\n    steps: [{expression: 'a >='}]\n", ":5: expression: "},
        {HEAD "queues:\n  - name: \"a\\nb\"\n", ":4: name: expected no control"},
        {HEAD "agents:\n  - {name: ' ada'}\n", ":4: name: expected no control"},
        {HEAD "time_zone: Middle/Earth\n", ":3: time_zone: expected a name"},
        {HEAD "time_zone: Asia\n", ":3: time_zone: expected a name"},
        {HEAD "time_zone: ../../../etc/passwd\n", ":3: time_zone: expected a name"},
        {HEAD "entry_points:\n  - {name: e, answer: later, queue: q}\n",
         ":4: answer: expected one of at_dialog, at_agent"},
        {HEAD "entry_points:\n  - {name: e, answer: at_agent, queue: q}\n",
         ":4: queue: there is no queue \"q\""},
        {HEAD "trunks:\n  - {name: t, addresses: [10.0.0.0/33]}\n", ":4: addresses: expected"},
        {HEAD "feature_codes:\n  - {code: '11', action: ready}\n", ":4: code: expected"},
        {HEAD "agents:\n  - {name: a, phone_user: '1', password: short}\n",
         ":4: password: expected"},
        {HEAD "agents:\n  - {name: a, attributes: [x]}\n", ":4: attributes: expected a map"},
        {HEAD "customers:\n  - {display_name: X}\n", ":4: \"external_id\" is missing"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct td_company_file *file = NULL;

        assert_int_not_equal(load_text(cases[i].text, NULL, &file), TD_OK);
        if (strstr(fault, cases[i].says) == NULL)
            fail_msg("expected \"%s\" in \"%s\"", cases[i].says, fault);
        assert_null(file);
    }
}

static void a_password_becomes_digests_and_is_kept_until_another_comes(void **state)
{
    (void)state;
    struct td_company_file *first;
    struct td_company_file *second;
    static const char with[] = "name: A\ndomain: atlanta.example\nagents:\n"
                               "  - {name: bob, phone_user: bob, password: zanzibar}\n";
    static const char without[] = "name: A\ndomain: atlanta.example\nagents:\n"
                                  "  - {name: al, phone_user: al}\n"
                                  "  - {name: bob, phone_user: bob}\n";

    assert_int_equal(load_text(with, NULL, &first), TD_OK);
    assert_int_equal(strlen(first->config.agents[0].ha1_md5), 32);
    assert_int_equal(strlen(first->config.agents[0].ha1_sha256), 64);
    char *text = written(&first->config);
    assert_null(strstr(text, first->config.agents[0].ha1_md5));
    assert_null(strstr(text, "zanzibar"));
    free(text);

    assert_int_equal(load_text(without, &first->config, &second), TD_OK);
    assert_string_equal(second->config.agents[0].ha1_md5, "");
    assert_string_equal(second->config.agents[1].ha1_md5, first->config.agents[0].ha1_md5);
    td_company_file_destroy(&first);
    td_company_file_destroy(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_demonstration_company_is_read_whole),
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(a_password_becomes_digests_and_is_kept_until_another_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
