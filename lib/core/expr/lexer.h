/**
 * @file lexer.h  Cuts conditions and fits into tokens. For the files of this folder only. Pure.
 */
#ifndef TD_CORE_EXPR_LEXER_H
#define TD_CORE_EXPR_LEXER_H

#include "core/expr/expr.h"

enum td_expr_token_type {
    TD_EXPR_TOKEN_END,
    TD_EXPR_TOKEN_NAME,
    TD_EXPR_TOKEN_NUMBER, /* `value` */
    TD_EXPR_TOKEN_TEXT,   /* `text` */
    TD_EXPR_TOKEN_OPEN,
    TD_EXPR_TOKEN_CLOSE,
    TD_EXPR_TOKEN_COMMA,
    TD_EXPR_TOKEN_EQ,
    TD_EXPR_TOKEN_NE,
    TD_EXPR_TOKEN_LT,
    TD_EXPR_TOKEN_LE,
    TD_EXPR_TOKEN_GT,
    TD_EXPR_TOKEN_GE,
    TD_EXPR_TOKEN_PLUS,
    TD_EXPR_TOKEN_MINUS,
    TD_EXPR_TOKEN_TIMES,
    TD_EXPR_TOKEN_AND,
    TD_EXPR_TOKEN_OR,
    TD_EXPR_TOKEN_NOT,
    TD_EXPR_TOKEN_IN,
    TD_EXPR_TOKEN_TRUE,
    TD_EXPR_TOKEN_FALSE,
    TD_EXPR_TOKEN_BAD /* `err`, `complaint` */
};

struct td_expr_token {
    enum td_expr_token_type type;
    size_t start; /* bytes from the beginning */
    size_t length;
    int64_t number; /* a minus before it is a token of its own */
    char text[TD_EXPR_WORD_MAX + 1];
    enum td_err err;
    const char *complaint; /* "a text is at most 63 bytes long" */
};

struct td_expr_lexer {
    const char *input;
    size_t length;
    struct td_expr_token token; /* the present one */
    size_t before_start;        /* the one before it, for messages */
    size_t before_length;
    struct td_expr_error *error; /* where messages go; may be NULL */
};

/** Stands on the first token afterwards. An input that is not UTF-8 or too long is one BAD token.
 */
void td_expr_lexer_init(struct td_expr_lexer *lexer, const char *input, size_t length,
                        struct td_expr_error *error);

/** Steps to the next token; stays on END and BAD. */
void td_expr_lexer_next(struct td_expr_lexer *lexer);

/** "customer." or "interaction." comes first. */
bool td_expr_is_reference(const char *name, size_t length);

/** Writes `message` and " at column N" of byte `at` into the error. @return `err`. */
enum td_err td_expr_complain_at(const struct td_expr_lexer *lexer, size_t at, enum td_err err,
                                const char *message);

/** The same at the present token. */
enum td_err td_expr_complain(const struct td_expr_lexer *lexer, enum td_err err,
                             const char *message);

/** The same: "expected WHAT after" the token before, or what is wrong with a BAD token. */
enum td_err td_expr_expected(const struct td_expr_lexer *lexer, const char *what);

#endif
