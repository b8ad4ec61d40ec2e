/**
 * @file placement.h  Which element may stand in which, by the schema of VoiceXML. Pure.
 */
#ifndef IVR_CORE_PLACEMENT_H
#define IVR_CORE_PLACEMENT_H

#include <stdbool.h>

#include "ivr/core/markup.h"

bool ivr_may_hold(enum ivr_element parent, enum ivr_element child);
/** More than white space. */
bool ivr_may_hold_text(enum ivr_element parent);

#endif
