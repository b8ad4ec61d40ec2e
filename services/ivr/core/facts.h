/**
 * @file facts.h  What the router knows about a call, as one object for the document.
 *
 * Facts come as names and texts ("position" = "3", "skill.wealth" = "9.5") and become the session
 * variable `tandem`, in which dots lead into objects: session.tandem.skill.wealth. Pure.
 */
#ifndef IVR_CORE_FACTS_H
#define IVR_CORE_FACTS_H

#include <stdint.h>

#include "base/err.h"
#include "ivr/core/value.h"

/** As the proto bounds a Variable. */
#define IVR_FACT_NAME_SIZE 64
#define IVR_FACT_TEXT_SIZE 256
#define IVR_FACTS_MAX 48U

struct ivr_fact {
    char name[IVR_FACT_NAME_SIZE];
    char text[IVR_FACT_TEXT_SIZE];
};

/** Fields are private; zeroed it is empty. */
struct ivr_facts {
    uint32_t count;
    struct ivr_fact list[IVR_FACTS_MAX];
};

/** Sets a fact; one that is there gets the new text. @return TD_OK; TD_ERR_LIMIT; TD_ERR_INVALID
    for an empty name or one with an empty part. */
enum td_err TD_MUST_CHECK ivr_facts_set(struct ivr_facts *facts, const char *name,
                                        const char *text);

/** The text of a fact; "" when there is none. Valid until the facts change. */
const char *ivr_facts_get(const struct ivr_facts *facts, const char *name);

/**
 * Writes the object. Where one name leads into another ("a" beside "a.b"), the object wins. Facts
 * that find no room in a value are left out, the last set first.
 *
 * @return How many were left out.
 */
uint32_t ivr_facts_write(const struct ivr_facts *facts, char value[IVR_VALUE_SIZE]);

#endif
