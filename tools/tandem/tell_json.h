/**
 * @file tell_json.h  What tell.h tells, as one JSON object; and what both forms share.
 */
#ifndef TANDEM_TELL_JSON_H
#define TANDEM_TELL_JSON_H

#include "tandem/core/story.h"
#include "tandem/tell.h"

/** Takes all events into a zeroed story. */
void tell_gather(const struct tell *tell, struct story *story);

void tell_json_interaction(const struct tell *tell, const struct story *story);
void tell_json_why(const struct tell *tell, const struct story *story);

#endif
