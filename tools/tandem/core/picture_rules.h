/**
 * @file picture_rules.h  What must hold between the things of a picture: picture.c's other half.
 */
#ifndef TANDEM_CORE_PICTURE_RULES_H
#define TANDEM_CORE_PICTURE_RULES_H

#include "tandem/core/picture.h"

struct picture_rules {
    const struct picture *picture;
    picture_found_fn *found;
    void *ctx;
};

/** The thing of that kind and id, NULL when there is none. */
const struct picture_thing *picture_find(const struct picture *picture, enum picture_kind kind,
                                         struct td_id id);
const struct picture_thing *picture_find_named(const struct picture *picture,
                                               enum picture_kind kind, const char *name,
                                               uint32_t tenant);

/** Where the things of that kind begin. */
size_t picture_begin(const struct picture *picture, enum picture_kind kind);

/** Holds one thing against the others. */
void picture_rule(const struct picture_rules *rules, const struct picture_thing *thing);

/** What is to be seen of all together only: exactly one active router; no port, no agent twice. */
void picture_rule_of_all(const struct picture_rules *rules);

#endif
