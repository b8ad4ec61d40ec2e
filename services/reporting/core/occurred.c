#include "reporting/core/occurred.h"

#include <stdbool.h>

#define DAY_US UINT64_C(86400000000)

static uint64_t at_most(uint64_t value, uint64_t max)
{
    return value < max ? value : max;
}

static bool is_v7(struct td_id id)
{
    return id.bytes[6] >> 4 == 7;
}

uint64_t occurred_begun_unix_us(struct td_id id)
{
    return at_most(td_id_unix_ms(id), OCCURRED_MAX_UNIX_US / 1000) * 1000;
}

uint64_t occurred_unix_us(struct td_id id, uint64_t taken_unix_us)
{
    uint64_t begun = occurred_begun_unix_us(id);
    uint64_t apart = begun > taken_unix_us ? begun - taken_unix_us : taken_unix_us - begun;

    return is_v7(id) && apart <= DAY_US ? begun : at_most(taken_unix_us, OCCURRED_MAX_UNIX_US);
}
