/*
 * Commands as bytes. The only place of the router that packs what the core puts together.
 */
#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "router/router.h"

struct td_bytes router_encode_command(struct td_arena *arena, const struct flow_command *command)
{
    switch (command->type) {
    case FLOW_OFFER:
        return td_offer_encode(arena, command->as.offer);
    case FLOW_CANCEL_OFFER:
        return td_cancel_offer_encode(arena, command->as.cancel_offer);
    case FLOW_CONNECT:
        return td_connect_encode(arena, command->as.connect);
    case FLOW_RELEASE:
        return td_release_encode(arena, command->as.release);
    case FLOW_TRANSFER_UPDATE:
        return td_transfer_update_encode(arena, command->as.transfer_update);
    case FLOW_DIALOG_START:
        return td_dialog_start_encode(arena, command->as.dialog_start);
    case FLOW_DIALOG_STOP:
        return td_dialog_stop_encode(arena, command->as.dialog_stop);
    case FLOW_PLAY:
        return td_play_encode(arena, command->as.play);
    case FLOW_ANSWER:
        return td_answer_encode(arena, command->as.answer);
    default:
        assert(command->type == FLOW_LEG_RELEASE);
        return td_leg_release_encode(arena, command->as.leg_release);
    }
}

/* Channels refuse what an older router said: what is sent again is said by this one. */
#define RENEW(message, epoch_member)                                                               \
    do {                                                                                           \
        struct td_##message value;                                                                 \
        enum td_err err = td_##message##_decode(arena, payload, &value, NULL);                     \
        if (err != TD_OK)                                                                          \
            return err;                                                                            \
        value.epoch_member = epoch;                                                                \
        *renewed = td_##message##_encode(arena, &value);                                           \
        return TD_OK;                                                                              \
    } while (0)

enum td_err router_renew_command(struct td_arena *arena, const char *type, struct td_bytes payload,
                                 uint64_t epoch, struct td_bytes *renewed)
{
    if (td_str_equal(type, "Offer"))
        RENEW(offer, head.epoch);
    if (td_str_equal(type, "CancelOffer"))
        RENEW(cancel_offer, head.epoch);
    if (td_str_equal(type, "Connect"))
        RENEW(connect, head.epoch);
    if (td_str_equal(type, "Answer"))
        RENEW(answer, head.epoch);
    if (td_str_equal(type, "Release"))
        RENEW(release, head.epoch);
    if (td_str_equal(type, "TransferUpdate"))
        RENEW(transfer_update, head.epoch);
    if (td_str_equal(type, "DialogStart"))
        RENEW(dialog_start, epoch);
    if (td_str_equal(type, "DialogStop"))
        RENEW(dialog_stop, epoch);
    *renewed = payload; // Media asks for no epoch.
    return TD_OK;
}
