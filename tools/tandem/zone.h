/**
 * @file zone.h  Times in the company's zone: first statement of a unit that writes times as text.
 */
#ifndef TANDEM_ZONE_H
#define TANDEM_ZONE_H

#include "io/history.h"

/** $1: tenant. For the transaction it is in. */
extern const struct td_history_statement zone_statement;

#endif
