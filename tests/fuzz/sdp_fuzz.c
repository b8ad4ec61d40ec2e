/*
 * Whatever parses can be answered or is refused; the answer has as many media lines as the offer,
 * at most one of them switched on, reads back as written, and never sends what was not offered.
 */
#include <stdlib.h>
#include <string.h>

#include "core/sdp/sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct td_sdp_local local = {
    .address = {.family = 4, .bytes = {127, 0, 0, 1}},
    .port = 20000,
    .session_id = UINT64_MAX,
    .session_version = UINT64_MAX,
    .direction = TD_SDP_SENDRECV,
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_answer(const struct td_sdp *offer)
{
    char text[TD_SDP_WRITTEN_MAX + 1];
    struct td_sdp answer;
    struct td_sdp again;
    struct td_sdp_agreement agreement;
    unsigned bad_line = 0;
    size_t switched_on = 0;

    if (td_sdp_answer(offer, &local, &answer, &agreement) != TD_OK) {
        require(td_sdp_find_audio(offer) < 0);
        return;
    }
    require(agreement.codec == TD_SDP_PCMU || agreement.codec == TD_SDP_PCMA);
    require(answer.media_count == offer->media_count);
    for (size_t i = 0; i < answer.media_count; i++) {
        switched_on += answer.media[i].port != 0;
        require(strcmp(answer.media[i].type, offer->media[i].type) == 0);
    }
    require(switched_on == 1);

    size_t size = td_sdp_write(&answer, text);
    require(td_sdp_parse(text, size, &again, &bad_line) == TD_OK);
    require(again.media_count == answer.media_count);
    require(td_sdp_find_audio(&again) == td_sdp_find_audio(&answer));
    int audio = td_sdp_find_audio(&again);
    require(again.media[audio].direction == agreement.direction);
    require(again.media[audio].formats[0].payload_type == agreement.receive_payload);
}

static void check_accept(const struct td_sdp *answer)
{
    const enum td_sdp_codec codecs[] = {TD_SDP_PCMA};
    struct td_sdp offer;
    struct td_sdp_agreement agreement;

    td_sdp_offer(&local, codecs, 1, &offer);
    if (td_sdp_accept(&offer, answer, &agreement) == TD_OK) {
        require(agreement.codec == TD_SDP_PCMA);
        require((agreement.port != 0) == (agreement.address.family != 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct td_sdp sdp;
    unsigned bad_line = 0;

    if (td_sdp_parse((const char *)data, size, &sdp, &bad_line) != TD_OK)
        return 0;
    require(bad_line == 0);
    check_answer(&sdp);
    check_accept(&sdp);
    return 0;
}
