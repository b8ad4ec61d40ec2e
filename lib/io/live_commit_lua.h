/**
 * @file live_commit_lua.h  The script that carries out a call of live_commit.h. Private to it.
 */
#ifndef TD_IO_LIVE_COMMIT_LUA_H
#define TD_IO_LIVE_COMMIT_LUA_H

extern const char *const td_live_commit_lua;

#endif
