// needs: service media
/*
 * Any datagram is a compound packet or is refused; what it says yields a finite round trip.
 */
#include <stdlib.h>

#include "media/core/rtcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct media_rtcp_peer peer;

    if (media_rtcp_parse(td_bytes(data, size), 0x01020304, &peer) != TD_OK)
        return 0;
    // 32 bits of 1/65536 s.
    if (media_rtcp_round_trip_us(&peer, UINT64_C(1700000000000000)) > UINT64_C(65536000000))
        abort();
    if (size < 8 || (peer.sent && size < 28))
        abort();
    return 0;
}
