/* A site in order has no finding; whatever is taken out, added or left over is found, by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "tandem/core/findings.h"
#include "tandem/core/picture.h"

#define NOW_US UINT64_C(1700000000000000)
#define THINGS_MAX 40

enum { CALL = 1, CUSTOMER_LEG, AGENT_LEG, DIALOG, COMMAND, OTHER };

struct scene {
    struct picture_thing things[THINGS_MAX];
    struct picture picture;
    struct findings findings;
};

static struct td_id id_of(uint8_t number)
{
    struct td_id id = {.bytes = {[0] = 1, [15] = number}};

    return id;
}

static struct picture_thing *add(struct scene *scene, enum picture_kind kind, uint8_t id,
                                 const char *name, const char *holder)
{
    struct picture_thing *thing = &scene->things[scene->picture.count++];

    *thing = (struct picture_thing){.kind = kind, .tenant = 1, .interaction = id_of(CALL)};
    if (id != 0)
        thing->id = id_of(id);
    td_str_clip(thing->name, sizeof(thing->name), name);
    td_str_clip(thing->holder, sizeof(thing->holder), holder);
    return thing;
}

static void add_instance(struct scene *scene, const char *service, const char *name, bool active)
{
    struct picture_thing *thing = add(scene, PICTURE_INSTANCE, 0, name, "");

    thing->tenant = 0;
    thing->flag = active;
    td_str_clip(thing->detail, sizeof(thing->detail), service);
}

static void add_leg(struct scene *scene, uint8_t id, uint32_t port)
{
    add(scene, PICTURE_LEG, id, "", "media-1")->number = port;
    add(scene, PICTURE_LEG_RECORD, id, "", "media-1")->number = port;
}

/* ada talks with a customer, and everybody knows of it. */
static void set_up(struct scene *scene)
{
    *scene = (struct scene){.picture = {.things = scene->things, .now_unix_us = NOW_US}};
    add_instance(scene, "edge", "edge-1", false);
    add_instance(scene, "media", "media-1", false);
    add_instance(scene, "ivr", "ivr-1", false);
    add_instance(scene, "router", "router-1", true);
    add_instance(scene, "router", "router-2", false);
    add(scene, PICTURE_LEASE, 0, "router", "router-1");
    struct picture_thing *interaction = add(scene, PICTURE_INTERACTION, CALL, "ada", "edge-1");
    interaction->stage = PICTURE_TALKING;
    interaction->leg = id_of(CUSTOMER_LEG);
    struct picture_thing *ada = add(scene, PICTURE_AGENT, 0, "ada", "edge-1");
    ada->stage = PICTURE_TALKING;
    ada->flag = true;
    add(scene, PICTURE_BINDING, 0, "ada", "edge-1")->due_unix_us = NOW_US + 1000000;
    struct picture_thing *call = add(scene, PICTURE_CALL, CALL, "", "edge-1");
    call->stage = PICTURE_TALKING;
    call->flag = true;
    add(scene, PICTURE_SIP_DIALOG, CUSTOMER_LEG, "", "edge-1");
    add(scene, PICTURE_SIP_DIALOG, AGENT_LEG, "", "edge-1")->flag = true;
    add_leg(scene, CUSTOMER_LEG, 20000);
    add_leg(scene, AGENT_LEG, 20002);
    struct picture_thing *ports = add(scene, PICTURE_PORTS, 0, "20000-20099", "media-1");
    ports->number = 20000;
    ports->number_last = 20099;
}

static struct picture_thing *get(struct scene *scene, enum picture_kind kind, const char *name)
{
    for (size_t i = 0; i < scene->picture.count; i++) {
        struct picture_thing *thing = &scene->things[i];
        if (thing->kind == kind && (name == NULL || td_str_equal(thing->name, name)))
            return thing;
    }
    fail_msg("the scene has no such thing");
    return NULL;
}

static void take_away(struct scene *scene, enum picture_kind kind, const char *name)
{
    struct picture_thing *thing = get(scene, kind, name);

    *thing = scene->things[--scene->picture.count];
}

static void on_found(void *ctx, const struct picture_finding *finding)
{
    findings_add(ctx, finding);
}

static void compare(struct scene *scene)
{
    findings_begin(&scene->findings);
    picture_compare(&scene->picture, on_found, &scene->findings);
    findings_end(&scene->findings);
}

/* Among the findings is one of this rule. */
static void expect(struct scene *scene, const char *rule)
{
    bool found = false;

    compare(scene);
    for (size_t i = 0; i < scene->findings.count; i++)
        found = found || td_str_starts_with(scene->findings.items[i].key, rule);
    if (!found)
        fail_msg("not found: %s", rule);
    findings_fini(&scene->findings);
}

static void a_talk_that_everybody_knows_of_has_no_finding(void **state)
{
    struct scene scene;

    (void)state;
    set_up(&scene);
    compare(&scene);
    if (scene.findings.count > 0)
        fail_msg("%s", scene.findings.items[0].sentence);
    findings_fini(&scene.findings);
}

static void what_one_side_lacks_is_found(void **state)
{
    static const struct {
        enum picture_kind kind;
        const char *name;
        const char *rule;
    } rows[] = {
        {PICTURE_INSTANCE, "edge-1", "interaction.channel_gone"},
        {PICTURE_INSTANCE, "edge-1", "agent.edge_gone"},
        {PICTURE_INSTANCE, "edge-1", "sip_dialog.edge_gone"},
        {PICTURE_INSTANCE, "media-1", "leg.media_gone"},
        {PICTURE_INSTANCE, "media-1", "ports.owner_gone"},
        {PICTURE_INSTANCE, "router-1", "lease.owner_gone"},
        {PICTURE_LEASE, NULL, "lease.nobody"},
        {PICTURE_INTERACTION, NULL, "agent.alone"},
        {PICTURE_INTERACTION, NULL, "call.without_interaction"},
        {PICTURE_AGENT, NULL, "interaction.agent_elsewhere"},
        {PICTURE_AGENT, NULL, "binding.unknown"},
        {PICTURE_BINDING, NULL, "agent.phone_gone"},
        {PICTURE_CALL, NULL, "interaction.call_gone"},
        {PICTURE_CALL, NULL, "sip_dialog.without_call"},
        {PICTURE_LEG, NULL, "interaction.leg_gone"},
        {PICTURE_LEG, NULL, "leg.only_stored"},
        {PICTURE_LEG_RECORD, NULL, "leg.unstored"},
        {PICTURE_PORTS, NULL, "leg.port_not_leased"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct scene scene;
        set_up(&scene);
        take_away(&scene, rows[i].kind, rows[i].name);
        expect(&scene, rows[i].rule);
    }
}

static void what_belongs_to_nobody_is_found(void **state)
{
    static const struct {
        enum picture_kind kind;
        const char *holder;
        const char *rule;
    } rows[] = {
        {PICTURE_LEG, "media-1", "leg.without_interaction"},
        {PICTURE_RECORDING, "media-1", "recording.without_interaction"},
        {PICTURE_RECORDING, "media-9", "recording.media_gone"},
        {PICTURE_CHECKPOINT, "ivr-1", "checkpoint.without_interaction"},
        {PICTURE_DIALOG, "ivr-1", "dialog.without_interaction"},
        {PICTURE_COMMAND, "edge-9", "command.unheard"},
        {PICTURE_UNCLOSED, "", "interaction.forgotten"},
        {PICTURE_MISCOUNTED, "", "history.miscounted"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct scene scene;
        set_up(&scene);
        add(&scene, rows[i].kind, OTHER, "x", rows[i].holder)->interaction = id_of(OTHER);
        expect(&scene, rows[i].rule);
    }
}

static void what_is_there_twice_is_found(void **state)
{
    struct scene scene;

    (void)state;
    set_up(&scene);
    add(&scene, PICTURE_LEG, OTHER, "", "media-1")->number = 20002;
    expect(&scene, "port.twice");
    set_up(&scene);
    add(&scene, PICTURE_INTERACTION, OTHER, "ada", "edge-1")->stage = PICTURE_OFFERED;
    expect(&scene, "agent.twice");
    set_up(&scene);
    add(&scene, PICTURE_CALL, CALL, "", "edge-2")->flag = true;
    expect(&scene, "call.twice");
}

static void what_should_be_over_is_found_three_seconds_later(void **state)
{
    struct scene scene;

    (void)state;
    set_up(&scene);
    get(&scene, PICTURE_BINDING, NULL)->due_unix_us = NOW_US - 3000000;
    compare(&scene);
    assert_int_equal(scene.findings.count, 0);
    findings_fini(&scene.findings);

    get(&scene, PICTURE_BINDING, NULL)->due_unix_us = NOW_US - 3000001;
    expect(&scene, "binding.expired");
    set_up(&scene);
    get(&scene, PICTURE_INTERACTION, NULL)->due_unix_us = NOW_US - 3000001;
    expect(&scene, "interaction.stuck");
    set_up(&scene);
    get(&scene, PICTURE_AGENT, NULL)->due_unix_us = NOW_US - 3000001;
    expect(&scene, "agent.stuck");
    set_up(&scene);
    add(&scene, PICTURE_COMMAND, COMMAND, "", "edge-1")->due_unix_us = NOW_US - 3000001;
    expect(&scene, "command.stuck");
    set_up(&scene);
    get(&scene, PICTURE_CALL, NULL)->stage = PICTURE_OVER;
    expect(&scene, "call.unfinished");
}

static void a_history_that_is_behind_and_a_lease_that_is_not_used_are_found(void **state)
{
    struct scene scene;

    (void)state;
    set_up(&scene);
    add(&scene, PICTURE_STREAM, 0, "3", "17-0")->flag = true;
    expect(&scene, "history.behind");
    set_up(&scene);
    get(&scene, PICTURE_INSTANCE, "router-1")->flag = false;
    expect(&scene, "lease.unused");
}

static void a_record_that_was_told_twice_counts_once(void **state)
{
    struct scene scene;

    (void)state;
    set_up(&scene);
    struct picture_thing again = *get(&scene, PICTURE_INTERACTION, NULL);
    scene.things[scene.picture.count++] = again;
    compare(&scene);
    assert_int_equal(scene.findings.count, 0);
    findings_fini(&scene.findings);
}

static void only_what_every_round_has_shown_is_kept(void **state)
{
    static const char *const rounds[3][3] = {{"a", "b", "c"}, {"c", "b", "d"}, {"d", "c", "a"}};
    struct findings findings = {0};

    (void)state;
    for (size_t round = 0; round < 3; round++) {
        findings_begin(&findings);
        for (size_t i = 0; i < 3; i++) {
            struct picture_finding finding = {.sentence = "s"};
            td_str_clip(finding.key, sizeof(finding.key), rounds[round][i]);
            findings_add(&findings, &finding);
        }
        findings_end(&findings);
    }
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.items[0].key, "c");
    findings_fini(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_talk_that_everybody_knows_of_has_no_finding),
        cmocka_unit_test(what_one_side_lacks_is_found),
        cmocka_unit_test(what_belongs_to_nobody_is_found),
        cmocka_unit_test(what_is_there_twice_is_found),
        cmocka_unit_test(what_should_be_over_is_found_three_seconds_later),
        cmocka_unit_test(a_history_that_is_behind_and_a_lease_that_is_not_used_are_found),
        cmocka_unit_test(a_record_that_was_told_twice_counts_once),
        cmocka_unit_test(only_what_every_round_has_shown_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
