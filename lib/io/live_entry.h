/**
 * @file live_entry.h  Entries of streams as Redis answers them. Private to lib/io/live*.
 */
#ifndef TD_IO_LIVE_ENTRY_H
#define TD_IO_LIVE_ENTRY_H

#include "io/live_read.h"

/** Added to a stream's key: the key that remembers the last entry trimmed. */
#define TD_LIVE_TRIMMED_SUFFIX ":trimmed"

/** @param entry  Its value is borrowed from the reply. @return TD_OK or TD_ERR_SYNTAX. */
enum td_err TD_MUST_CHECK td_live_entry_parse(const struct td_live_reply *reply,
                                              struct td_live_entry *entry);

#endif
