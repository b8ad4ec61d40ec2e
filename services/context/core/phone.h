/**
 * @file phone.h  Telephone numbers as the wire gives them, to E.164 (ITU-T E.164, RFC 3966).
 *
 * A number that nobody could call back must neither create nor match a customer: withheld and
 * unreadable numbers are results of their own. Visual separators ("-", ".", "(", ")", space) are
 * dropped; a leading "+" or the international prefix means that the country code follows, the trunk
 * prefix that the site's own follows. Pure.
 */
#ifndef CONTEXT_CORE_PHONE_H
#define CONTEXT_CORE_PHONE_H

/** "+", 15 digits, terminator. */
#define CONTEXT_E164_SIZE 17

enum context_phone {
    CONTEXT_PHONE_NUMBER,
    CONTEXT_PHONE_WITHHELD,  /**< Empty, or a word that says so ("anonymous", RFC 3323). */
    CONTEXT_PHONE_UNREADABLE /**< Not a number of 7 to 15 digits. */
};

/** How numbers are dialled at this site. */
struct context_dialling {
    const char *country;       /**< "86" */
    const char *trunk_prefix;  /**< "0"; dropped before the country code; may be empty. */
    const char *international; /**< "00" */
};

/** @param e164  Written on CONTEXT_PHONE_NUMBER only. */
enum context_phone context_phone_read(const char *text, const struct context_dialling *dialling,
                                      char e164[CONTEXT_E164_SIZE]);

#endif
