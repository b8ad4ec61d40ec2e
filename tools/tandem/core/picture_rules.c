#include "tandem/core/picture_rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* How long after its time something may still be there: a commit, a retry, a clock. */
#define LATE_US UINT64_C(3000000)

/* --- telling --- */

/* `rule` and what it is about make the key; the sentence goes on behind the thing's name. */
__attribute__((format(printf, 4, 5))) static void tell(const struct picture_rules *rules,
                                                       const struct picture_thing *thing,
                                                       const char *rule, const char *format, ...)
{
    struct picture_finding finding;
    char id[TD_ID_TEXT_SIZE];
    va_list args;

    (void)snprintf(finding.key, sizeof(finding.key), "%s/%s/%.60s/%s", rule,
                   td_id_format(thing->id, id), thing->name, thing->holder);
    va_start(args, format);
    (void)vsnprintf(finding.sentence, sizeof(finding.sentence), format, args);
    va_end(args);
    rules->found(rules->ctx, &finding);
}

static const char *text_of(struct td_id id, char text[TD_ID_TEXT_SIZE])
{
    return td_id_format(id, text);
}

/* --- who is there --- */

static bool is_there(const struct picture_rules *rules, const char *instance)
{
    return picture_find_named(rules->picture, PICTURE_INSTANCE, instance, 0) != NULL;
}

/* An interaction that the router has and whose customer is not yet gone. */
static const struct picture_thing *live_interaction(const struct picture_rules *rules,
                                                    struct td_id id)
{
    const struct picture_thing *found = picture_find(rules->picture, PICTURE_INTERACTION, id);

    return found != NULL && found->stage < PICTURE_WRAPPING ? found : NULL;
}

/* The router's, or a call that edge has and has not yet told of. */
static bool somebody_knows(const struct picture_rules *rules, struct td_id interaction)
{
    return picture_find(rules->picture, PICTURE_INTERACTION, interaction) != NULL ||
           picture_find(rules->picture, PICTURE_CALL, interaction) != NULL;
}

static bool is_late(const struct picture_rules *rules, const struct picture_thing *thing)
{
    return thing->due_unix_us != 0 && thing->due_unix_us + LATE_US < rules->picture->now_unix_us;
}

/* --- router --- */

static void rule_of_interaction(const struct picture_rules *rules,
                                const struct picture_thing *thing)
{
    char id[TD_ID_TEXT_SIZE];
    char other[TD_ID_TEXT_SIZE];
    const char *name = text_of(thing->id, id);
    const struct picture *picture = rules->picture;
    bool has_agent = thing->stage == PICTURE_OFFERED || thing->stage == PICTURE_TALKING ||
                     thing->stage == PICTURE_WRAPPING;

    if (thing->stage < PICTURE_WRAPPING && !is_there(rules, thing->holder))
        tell(rules, thing, "interaction.channel_gone",
             "interaction %s: its channel %s is not there", name, thing->holder);
    else if (thing->stage < PICTURE_WRAPPING &&
             picture_find(picture, PICTURE_CALL, thing->id) == NULL)
        tell(rules, thing, "interaction.call_gone", "interaction %s: %s has no such call", name,
             thing->holder);
    if (thing->stage < PICTURE_WRAPPING && !td_id_is_nil(thing->leg) &&
        picture_find(picture, PICTURE_LEG, thing->leg) == NULL)
        tell(rules, thing, "interaction.leg_gone",
             "interaction %s: no media has the leg %s of its customer", name,
             text_of(thing->leg, other));
    if (!td_id_is_nil(thing->dialog) &&
        picture_find(picture, PICTURE_DIALOG, thing->dialog) == NULL)
        tell(rules, thing, "interaction.dialog_gone",
             "interaction %s: no ivr runs the dialog %s it is in", name,
             text_of(thing->dialog, other));
    if (is_late(rules, thing))
        tell(rules, thing, "interaction.stuck", "interaction %s: %s should have ended %llu s ago",
             name, thing->stage == PICTURE_WRAPPING ? "its wrap-up" : "its offer",
             (unsigned long long)((picture->now_unix_us - thing->due_unix_us) / 1000000));
    if (!has_agent)
        return;
    const struct picture_thing *agent =
        picture_find_named(picture, PICTURE_AGENT, thing->name, thing->tenant);
    if (agent == NULL || !td_id_equal(agent->interaction, thing->id))
        tell(rules, thing, "interaction.agent_elsewhere",
             "interaction %s: its agent %s is not with it", name, thing->name);
}

static void rule_of_agent(const struct picture_rules *rules, const struct picture_thing *thing)
{
    char id[TD_ID_TEXT_SIZE];
    const struct picture_thing *binding =
        picture_find_named(rules->picture, PICTURE_BINDING, thing->name, thing->tenant);

    if (thing->stage != PICTURE_IDLE) {
        const struct picture_thing *with =
            picture_find(rules->picture, PICTURE_INTERACTION, thing->interaction);
        if (with == NULL || !td_str_equal(with->name, thing->name))
            tell(rules, thing, "agent.alone",
                 "agent %s: is held by the interaction %s, which is not with them", thing->name,
                 text_of(thing->interaction, id));
    }
    if (thing->flag && binding == NULL)
        tell(rules, thing, "agent.phone_gone",
             "agent %s: the router thinks the phone is registered at %s, which has no binding",
             thing->name, thing->holder);
    if (thing->flag && !is_there(rules, thing->holder))
        tell(rules, thing, "agent.edge_gone", "agent %s: %s, which has the phone, is not there",
             thing->name, thing->holder);
    if (is_late(rules, thing))
        tell(rules, thing, "agent.stuck", "agent %s: wrap-up should have ended %llu s ago",
             thing->name,
             (unsigned long long)((rules->picture->now_unix_us - thing->due_unix_us) / 1000000));
}

static void rule_of_command(const struct picture_rules *rules, const struct picture_thing *thing)
{
    char id[TD_ID_TEXT_SIZE];

    if (is_late(rules, thing))
        tell(rules, thing, "command.stuck", "command %s to %s: expired %llu s ago", thing->detail,
             thing->holder,
             (unsigned long long)((rules->picture->now_unix_us - thing->due_unix_us) / 1000000));
    else if (!is_there(rules, thing->holder))
        tell(rules, thing, "command.unheard",
             "command %s of the interaction %s: %s, which is to carry it out, is not there",
             thing->detail, text_of(thing->interaction, id), thing->holder);
}

/* --- edge --- */

static void rule_of_call(const struct picture_rules *rules, const struct picture_thing *thing)
{
    char id[TD_ID_TEXT_SIZE];

    if (thing->stage == PICTURE_OVER)
        tell(rules, thing, "call.unfinished",
             "call %s at %s: is over, but a report or the answer of a phone is due",
             text_of(thing->id, id), thing->holder);
    else if (live_interaction(rules, thing->id) == NULL)
        tell(rules, thing, "call.without_interaction",
             "call %s at %s: the router has no such interaction", text_of(thing->id, id),
             thing->holder);
}

static void rule_of_sip_dialog(const struct picture_rules *rules, const struct picture_thing *thing)
{
    char id[TD_ID_TEXT_SIZE];
    char leg[TD_ID_TEXT_SIZE];

    if (!is_there(rules, thing->holder))
        tell(rules, thing, "sip_dialog.edge_gone",
             "SIP dialog %s of the interaction %s: %s, which stored it, is not there",
             text_of(thing->id, leg), text_of(thing->interaction, id), thing->holder);
    else if (picture_find(rules->picture, PICTURE_CALL, thing->interaction) == NULL)
        tell(rules, thing, "sip_dialog.without_call",
             "SIP dialog %s: is stored, but %s has no call %s", text_of(thing->id, leg),
             thing->holder, text_of(thing->interaction, id));
}

static void rule_of_binding(const struct picture_rules *rules, const struct picture_thing *thing)
{
    const struct picture_thing *agent =
        picture_find_named(rules->picture, PICTURE_AGENT, thing->name, thing->tenant);

    if (is_late(rules, thing))
        tell(rules, thing, "binding.expired", "phone of %s at %s: its registration expired",
             thing->name, thing->holder);
    else if (is_there(rules, thing->holder) && (agent == NULL || !agent->flag))
        tell(rules, thing, "binding.unknown",
             "phone of %s at %s: is registered, and the router does not know", thing->name,
             thing->holder);
}

/* --- media --- */

static bool is_leased(const struct picture *picture, const struct picture_thing *leg)
{
    for (size_t i = picture_begin(picture, PICTURE_PORTS);
         i < picture->count && picture->things[i].kind == PICTURE_PORTS; i++) {
        const struct picture_thing *ports = &picture->things[i];
        if (td_str_equal(ports->holder, leg->holder) && ports->number <= leg->number &&
            leg->number <= ports->number_last)
            return true;
    }
    return false;
}

static void rule_of_leg(const struct picture_rules *rules, const struct picture_thing *thing)
{
    char id[TD_ID_TEXT_SIZE];
    char leg[TD_ID_TEXT_SIZE];
    const struct picture *picture = rules->picture;
    const char *name = text_of(thing->id, leg);

    if (!somebody_knows(rules, thing->interaction))
        tell(rules, thing, "leg.without_interaction",
             "leg %s at %s, port %u: neither router nor edge has its interaction %s", name,
             thing->holder, thing->number, text_of(thing->interaction, id));
    if (picture_find(picture, PICTURE_LEG_RECORD, thing->id) == NULL)
        tell(rules, thing, "leg.unstored", "leg %s at %s: is not stored", name, thing->holder);
    if (!is_leased(picture, thing))
        tell(rules, thing, "leg.port_not_leased", "leg %s: %s holds port %u without a lease", name,
             thing->holder, thing->number);
}

static void rule_of_leg_record(const struct picture_rules *rules, const struct picture_thing *thing)
{
    char leg[TD_ID_TEXT_SIZE];
    const char *name = text_of(thing->id, leg);

    if (!is_there(rules, thing->holder))
        tell(rules, thing, "leg.media_gone", "leg %s: %s, which stored it, is not there", name,
             thing->holder);
    else if (picture_find(rules->picture, PICTURE_LEG, thing->id) == NULL)
        tell(rules, thing, "leg.only_stored", "leg %s: is stored, but %s does not have it", name,
             thing->holder);
}

static void rule_of_recording(const struct picture_rules *rules, const struct picture_thing *thing)
{
    if (!is_there(rules, thing->holder))
        tell(rules, thing, "recording.media_gone", "recording %s: %s, which made it, is not there",
             thing->name, thing->holder);
    else if (!somebody_knows(rules, thing->interaction))
        tell(rules, thing, "recording.without_interaction",
             "recording %s at %s: is open, and its interaction is over", thing->name,
             thing->holder);
}

static void rule_of_ports(const struct picture_rules *rules, const struct picture_thing *thing)
{
    if (!is_there(rules, thing->holder))
        tell(rules, thing, "ports.owner_gone", "ports %u-%u: are leased by %s, which is not there",
             thing->number, thing->number_last, thing->holder);
}

/* --- ivr --- */

static bool is_in(const struct picture_rules *rules, const struct picture_thing *dialog)
{
    const struct picture_thing *interaction =
        picture_find(rules->picture, PICTURE_INTERACTION, dialog->interaction);

    return interaction != NULL && td_id_equal(interaction->dialog, dialog->id);
}

static void rule_of_dialog(const struct picture_rules *rules, const struct picture_thing *thing)
{
    char id[TD_ID_TEXT_SIZE];
    char interaction[TD_ID_TEXT_SIZE];
    bool stored = thing->kind == PICTURE_CHECKPOINT;

    if (!is_in(rules, thing))
        tell(rules, thing, stored ? "checkpoint.without_interaction" : "dialog.without_interaction",
             "dialog %s %s %s: the interaction %s is not in it", text_of(thing->id, id),
             stored ? "stored by" : "at", thing->holder, text_of(thing->interaction, interaction));
}

/* --- history --- */

static void rule_of_unclosed(const struct picture_rules *rules, const struct picture_thing *thing)
{
    char id[TD_ID_TEXT_SIZE];

    if (picture_find(rules->picture, PICTURE_INTERACTION, thing->id) == NULL)
        tell(rules, thing, "interaction.forgotten",
             "interaction %s: arrived, was never closed, and the router does not have it",
             text_of(thing->id, id));
}

void picture_rule(const struct picture_rules *rules, const struct picture_thing *thing)
{
    char id[TD_ID_TEXT_SIZE];

    switch (thing->kind) {
    case PICTURE_INTERACTION:
        rule_of_interaction(rules, thing);
        break;
    case PICTURE_AGENT:
        rule_of_agent(rules, thing);
        break;
    case PICTURE_COMMAND:
        rule_of_command(rules, thing);
        break;
    case PICTURE_CALL:
        rule_of_call(rules, thing);
        break;
    case PICTURE_SIP_DIALOG:
        rule_of_sip_dialog(rules, thing);
        break;
    case PICTURE_BINDING:
        rule_of_binding(rules, thing);
        break;
    case PICTURE_LEG:
        rule_of_leg(rules, thing);
        break;
    case PICTURE_LEG_RECORD:
        rule_of_leg_record(rules, thing);
        break;
    case PICTURE_PORTS:
        rule_of_ports(rules, thing);
        break;
    case PICTURE_RECORDING:
        rule_of_recording(rules, thing);
        break;
    case PICTURE_CHECKPOINT:
    case PICTURE_DIALOG:
        rule_of_dialog(rules, thing);
        break;
    case PICTURE_STREAM:
        if (thing->flag)
            tell(rules, thing, "history.behind", "event stream %s: the history has not all of it",
                 thing->name);
        break;
    case PICTURE_UNCLOSED:
        rule_of_unclosed(rules, thing);
        break;
    case PICTURE_MISCOUNTED:
        tell(rules, thing, "history.miscounted", "interaction %s: %s", text_of(thing->id, id),
             thing->detail);
        break;
    case PICTURE_INSTANCE:
    case PICTURE_LEASE:
    case PICTURE_KINDS:
        break;
    }
}

/* --- all together --- */

static void rule_of_lease(const struct picture_rules *rules)
{
    const struct picture *picture = rules->picture;
    const struct picture_thing *lease = NULL;
    bool routers = false;

    for (size_t i = 0; i < picture->count; i++) {
        const struct picture_thing *thing = &picture->things[i];
        if (thing->kind == PICTURE_LEASE)
            lease = thing;
        else if (thing->kind == PICTURE_INSTANCE)
            routers = routers || td_str_equal(thing->detail, "router");
    }
    const struct picture_thing nobody = {.kind = PICTURE_LEASE, .name = "router"};
    if (routers && lease == NULL)
        tell(rules, &nobody, "lease.nobody", "router lease: nobody has it");
    if (lease == NULL)
        return;
    const struct picture_thing *holder =
        picture_find_named(picture, PICTURE_INSTANCE, lease->holder, 0);
    if (holder == NULL)
        tell(rules, lease, "lease.owner_gone", "router lease: %s, which has it, is not there",
             lease->holder);
    else if (!holder->flag)
        tell(rules, lease, "lease.unused", "router lease: %s has it and does not act",
             lease->holder);
}

static void rule_of_pair(const struct picture_rules *rules, const struct picture_thing *a,
                         const struct picture_thing *b)
{
    char id[TD_ID_TEXT_SIZE];
    char other[TD_ID_TEXT_SIZE];

    if (a->kind != b->kind)
        return;
    if (a->kind == PICTURE_LEG && a->number == b->number && td_str_equal(a->holder, b->holder))
        tell(rules, a, "port.twice", "port %u at %s: the legs %s and %s both have it", a->number,
             a->holder, text_of(a->id, id), text_of(b->id, other));
    if (a->kind == PICTURE_INTERACTION && a->name[0] != '\0' && a->tenant == b->tenant &&
        a->stage >= PICTURE_OFFERED && b->stage >= PICTURE_OFFERED &&
        td_str_equal(a->name, b->name))
        tell(rules, a, "agent.twice", "agent %s: the interactions %s and %s both have them",
             a->name, text_of(a->id, id), text_of(b->id, other));
    if (a->kind == PICTURE_CALL && a->flag && b->flag && td_id_equal(a->id, b->id))
        tell(rules, a, "call.twice", "call %s: %s and %s both have its customer",
             text_of(a->id, id), a->holder, b->holder);
}

void picture_rule_of_all(const struct picture_rules *rules)
{
    const struct picture *picture = rules->picture;

    rule_of_lease(rules);
    for (size_t i = 0; i < picture->count; i++) {
        for (size_t j = i + 1;
             j < picture->count && picture->things[j].kind == picture->things[i].kind; j++)
            rule_of_pair(rules, &picture->things[i], &picture->things[j]);
    }
}
