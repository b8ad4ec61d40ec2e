#include "core/expr/lexer.h"

#include <string.h>

#include "base/str.h"
#include "base/text.h"

/* How much of a token an error shows. */
#define SHOWN_MAX 24

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
    // Any byte of a character beyond ASCII: names may be in any script.
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool begins(const char *rest, size_t left, const char *with)
{
    size_t length = strlen(with);

    return length <= left && memcmp(rest, with, length) == 0;
}

/* How many bytes of white space come first; no-break and ideographic spaces are pasted in unseen.
 */
static size_t space_at(const char *rest, size_t left)
{
    if (begins(rest, left, " ") || begins(rest, left, "\t") || begins(rest, left, "\n") ||
        begins(rest, left, "\r"))
        return 1;
    if (begins(rest, left, "\xc2\xa0"))
        return 2;
    return begins(rest, left, "\xe3\x80\x80") ? 3 : 0;
}

/* Typographic quotes (U+2018..U+201F) and full-width forms (U+FF00..U+FF7F), as input methods and
   word processors put them. They are signs, hence in no name. */
static bool is_look_alike(const char *rest, size_t left)
{
    if (begins(rest, left, "\xe2\x80") && left > 2)
        return (unsigned char)rest[2] >= 0x98 && (unsigned char)rest[2] <= 0x9f;
    return begins(rest, left, "\xef\xbc") || begins(rest, left, "\xef\xbd");
}

static void bad(struct td_expr_token *token, enum td_err err, const char *complaint)
{
    token->type = TD_EXPR_TOKEN_BAD;
    token->err = err;
    token->complaint = complaint;
}

static char lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        return "abcdefghijklmnopqrstuvwxyz"[c - 'A'];
    return c;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    if (length != strlen(word))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (lower(text[i]) != word[i])
            return false;
    }
    return true;
}

static enum td_expr_token_type keyword(const char *text, size_t length)
{
    static const struct {
        const char *word;
        enum td_expr_token_type type;
    } keywords[] = {
        {"and", TD_EXPR_TOKEN_AND}, {"or", TD_EXPR_TOKEN_OR},     {"not", TD_EXPR_TOKEN_NOT},
        {"in", TD_EXPR_TOKEN_IN},   {"true", TD_EXPR_TOKEN_TRUE}, {"false", TD_EXPR_TOKEN_FALSE},
    };

    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (is_word(text, length, keywords[i].word))
            return keywords[i].type;
    }
    return TD_EXPR_TOKEN_NAME;
}

static void scan_name(struct td_expr_token *token, const char *rest, size_t left)
{
    size_t length = 0;

    while (length < left &&
           (is_name_start(rest[length]) || is_digit(rest[length]) || rest[length] == '.') &&
           space_at(rest + length, left - length) == 0 &&
           !is_look_alike(rest + length, left - length))
        length++;
    token->length = length;
    token->type = keyword(rest, length);
    if (length > TD_EXPR_WORD_MAX)
        bad(token, TD_ERR_RANGE, "a name is at most 63 bytes long, this one is longer");
}

static void scan_number(struct td_expr_token *token, const char *rest, size_t left)
{
    size_t length = 0;

    while (length < left && (is_digit(rest[length]) || rest[length] == '.'))
        length++;
    token->length = length;
    token->type = TD_EXPR_TOKEN_NUMBER;
    enum td_err err = td_expr_number_parse(rest, length, &token->number);
    if (err == TD_ERR_RANGE)
        bad(token, err, "a number is at most 1000000000, this one is larger");
    else if (err != TD_OK || (length < left && is_name_start(rest[length])))
        bad(token, TD_ERR_SYNTAX, "expected a number like 7 or 9.5 with at most 3 decimals");
}

static void scan_text(struct td_expr_token *token, const char *rest, size_t left)
{
    size_t at = 1;
    size_t size = 0;

    for (; at < left && rest[at] != '"'; at++) {
        if (rest[at] == '\\') {
            at++;
            if (at == left || (rest[at] != '"' && rest[at] != '\\')) {
                bad(token, TD_ERR_SYNTAX, "expected \" or \\ after the \\ in this text");
                return;
            }
        }
        if (is_control(rest[at])) {
            bad(token, TD_ERR_SYNTAX, "a text contains no control characters");
            return;
        }
        if (size == TD_EXPR_WORD_MAX) {
            bad(token, TD_ERR_RANGE, "a text is at most 63 bytes long, this one is longer");
            return;
        }
        token->text[size++] = rest[at];
    }
    if (at == left) {
        bad(token, TD_ERR_SYNTAX, "the closing \" is missing of the text");
        return;
    }
    token->text[size] = '\0';
    token->length = at + 1;
    token->type = TD_EXPR_TOKEN_TEXT;
}

static void scan_sign(struct td_expr_token *token, const char *rest, size_t left)
{
    // Longer ones first.
    static const struct {
        const char *sign;
        enum td_expr_token_type type;
    } signs[] = {
        {"!=", TD_EXPR_TOKEN_NE},  {"<=", TD_EXPR_TOKEN_LE},   {">=", TD_EXPR_TOKEN_GE},
        {"<", TD_EXPR_TOKEN_LT},   {">", TD_EXPR_TOKEN_GT},    {"=", TD_EXPR_TOKEN_EQ},
        {"(", TD_EXPR_TOKEN_OPEN}, {")", TD_EXPR_TOKEN_CLOSE}, {",", TD_EXPR_TOKEN_COMMA},
        {"+", TD_EXPR_TOKEN_PLUS}, {"-", TD_EXPR_TOKEN_MINUS}, {"*", TD_EXPR_TOKEN_TIMES},
    };

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (begins(rest, left, signs[i].sign)) {
            token->type = signs[i].type;
            token->length = strlen(signs[i].sign);
            return;
        }
    }
    bad(token, TD_ERR_SYNTAX, "this character has no meaning here");
}

static void scan(struct td_expr_lexer *lexer, size_t at)
{
    struct td_expr_token *token = &lexer->token;

    size_t space;

    while ((space = space_at(lexer->input + at, lexer->length - at)) > 0)
        at += space;
    const char *rest = lexer->input + at;
    size_t left = lexer->length - at;

    token->start = at;
    token->length = 0;
    if (left == 0)
        token->type = TD_EXPR_TOKEN_END;
    else if (is_look_alike(rest, left))
        bad(token, TD_ERR_SYNTAX, "expected a plain sign instead of its full-width or curly form");
    else if (is_name_start(*rest))
        scan_name(token, rest, left);
    else if (is_digit(*rest))
        scan_number(token, rest, left);
    else if (*rest == '"')
        scan_text(token, rest, left);
    else
        scan_sign(token, rest, left);
}

void td_expr_lexer_init(struct td_expr_lexer *lexer, const char *input, size_t length,
                        struct td_expr_error *error)
{
    *lexer = (struct td_expr_lexer){.input = input, .length = length, .error = error};
    if (length > TD_EXPR_LENGTH_MAX)
        bad(&lexer->token, TD_ERR_LIMIT, "at most 1000 bytes are allowed, this is longer");
    else if (!td_str_is_utf8(input, length))
        bad(&lexer->token, TD_ERR_SYNTAX, "expected UTF-8");
    else
        scan(lexer, 0);
}

void td_expr_lexer_next(struct td_expr_lexer *lexer)
{
    const struct td_expr_token *token = &lexer->token;

    if (token->type == TD_EXPR_TOKEN_END || token->type == TD_EXPR_TOKEN_BAD)
        return;
    lexer->before_start = token->start;
    lexer->before_length = token->length;
    scan(lexer, token->start + token->length);
}

bool td_expr_is_reference(const char *name, size_t length)
{
    return begins(name, length, "customer.") || begins(name, length, "interaction.");
}

bool td_expr_text_is_valid(const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++) {
        if (is_control(text[i]))
            return false;
    }
    return length <= TD_EXPR_WORD_MAX && td_str_is_utf8(text, length);
}

static uint32_t column_of(const struct td_expr_lexer *lexer, size_t at)
{
    uint32_t column = 1;

    for (size_t i = 0; i < at; i++)
        column += ((unsigned char)lexer->input[i] & 0xc0U) != 0x80U; // starts a character
    return column;
}

static void finish(const struct td_expr_lexer *lexer, size_t at, struct td_text *text)
{
    lexer->error->column = column_of(lexer, at);
    td_text_add(text, " at column ");
    td_text_add_u64(text, lexer->error->column);
}

enum td_err td_expr_complain_at(const struct td_expr_lexer *lexer, size_t at, enum td_err err,
                                const char *message)
{
    struct td_text text;

    if (lexer->error == NULL)
        return err;
    td_text_init(&text, lexer->error->message, sizeof(lexer->error->message));
    td_text_add(&text, message);
    finish(lexer, at, &text);
    return err;
}

enum td_err td_expr_complain(const struct td_expr_lexer *lexer, enum td_err err,
                             const char *message)
{
    return td_expr_complain_at(lexer, lexer->token.start, err, message);
}

static void add_token_before(const struct td_expr_lexer *lexer, struct td_text *text)
{
    char whole[TD_EXPR_LENGTH_MAX + 1];
    char shown[SHOWN_MAX + 1];

    if (lexer->before_length == 0)
        return;
    (void)td_str_copy_span(whole, sizeof(whole), lexer->input + lexer->before_start,
                           lexer->before_length);
    td_str_clip(shown, sizeof(shown), whole);
    td_text_add(text, " after ");
    td_text_add(text, shown);
}

enum td_err td_expr_expected(const struct td_expr_lexer *lexer, const char *what)
{
    const struct td_expr_token *token = &lexer->token;
    struct td_text text;

    if (token->type == TD_EXPR_TOKEN_BAD)
        return td_expr_complain(lexer, token->err, token->complaint);
    if (lexer->error == NULL)
        return TD_ERR_SYNTAX;
    td_text_init(&text, lexer->error->message, sizeof(lexer->error->message));
    td_text_add(&text, "expected ");
    td_text_add(&text, what);
    add_token_before(lexer, &text);
    finish(lexer, token->start, &text);
    return TD_ERR_SYNTAX;
}
