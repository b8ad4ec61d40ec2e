#include "reporting/core/stretch.h"

bool stretch_take(struct stretch *rest, struct stretch *piece)
{
    const uint64_t most_us = STRETCH_PIECES_MAX * STRETCH_PIECE_US;

    if (rest->began_unix_us >= rest->ended_unix_us)
        return false;
    if (rest->ended_unix_us - rest->began_unix_us > most_us)
        rest->began_unix_us = rest->ended_unix_us - most_us;
    *piece = *rest;
    if (piece->ended_unix_us - piece->began_unix_us > STRETCH_PIECE_US)
        piece->ended_unix_us = piece->began_unix_us + STRETCH_PIECE_US;
    rest->began_unix_us = piece->ended_unix_us;
    return true;
}
