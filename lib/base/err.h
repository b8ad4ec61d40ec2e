/**
 * @file err.h  The one error type of the code base.
 *
 * A function that can fail returns `enum td_err` and delivers its result
 * through its last parameter, which is written only on TD_OK. A code tells
 * the caller what to do next; the details for a human go to the log, once, at
 * the place that has them.
 *
 * An expected answer is not an error: "no agent is free" or "call refused" is
 * a value of the function's own result type.
 */
#ifndef TD_BASE_ERR_H
#define TD_BASE_ERR_H

/** For functions whose result must not be dropped. */
#define TD_MUST_CHECK __attribute__((warn_unused_result))

/** Name and text of each code. Append only: the names appear in dashboards. */
#define TD_ERR_MAP(X)                                                                              \
    X(INVALID, "argument breaks the documented contract")                                          \
    X(SYNTAX, "input is malformed")                                                                \
    X(RANGE, "value lies outside its permitted range")                                             \
    X(LIMIT, "a configured capacity is exhausted")                                                 \
    X(NOT_FOUND, "no such object")                                                                 \
    X(EXISTS, "object already exists")                                                             \
    X(TIMEOUT, "deadline passed")                                                                  \
    X(UNAVAILABLE, "peer or resource is unreachable; retrying may help")                           \
    X(DENIED, "caller is not permitted to do this")                                                \
    X(NO_MEMORY, "out of memory")                                                                  \
    X(INTERNAL, "unexpected failure of the operating system or a library")                         \
    X(BUSY, "peer is overloaded and did nothing; retry later")                                     \
    X(STALE, "caller's epoch or version is older than the one in force")

enum td_err {
    TD_OK = 0,
#define TD_ERR_ENUM(name, text) TD_ERR_##name,
    TD_ERR_MAP(TD_ERR_ENUM)
#undef TD_ERR_ENUM
};

/** Returns the stable name, e.g. "NOT_FOUND"; never NULL. */
const char *td_err_name(enum td_err err);

/** Returns one English phrase for people; never NULL. */
const char *td_err_text(enum td_err err);

/**
 * Maps an errno value (positive) to a code; 0 gives TD_OK. libuv reports
 * `-errno` on Unix, so pass `-rc` for its results. Values without a closer
 * match give TD_ERR_INTERNAL.
 */
enum td_err td_err_from_errno(int errnum);

#endif
