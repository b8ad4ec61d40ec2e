/**
 * @file result.h  How a dialog ended, and what it found out. Pure.
 */
#ifndef IVR_CORE_RESULT_H
#define IVR_CORE_RESULT_H

#include <stdint.h>

#include "base/err.h"
#include "ivr/core/variables.h"

#define IVR_RESULT_ATTRIBUTES_MAX 16U
#define IVR_ATTRIBUTE_NAME_SIZE 48
#define IVR_ATTRIBUTE_TEXT_SIZE 64
#define IVR_QUEUE_NAME_SIZE 64
#define IVR_REQUIREMENT_SIZE 1001
#define IVR_REASON_SIZE 128

enum ivr_outcome {
    IVR_OUTCOME_DONE,     /**< Served; the customer may be hung up on. */
    IVR_OUTCOME_TRANSFER, /**< To `queue`, or where the entry point says when it is empty. */
    IVR_OUTCOME_HANG_UP,  /**< The customer went. */
    IVR_OUTCOME_ERROR     /**< The document failed. */
};

enum ivr_attribute_type { IVR_TYPE_NUMBER, IVR_TYPE_TEXT, IVR_TYPE_FLAG };

/** A fact that the dialog puts onto the interaction. */
struct ivr_result_attribute {
    char name[IVR_ATTRIBUTE_NAME_SIZE];
    enum ivr_attribute_type type;
    double number;
    char text[IVR_ATTRIBUTE_TEXT_SIZE];
};

struct ivr_result {
    enum ivr_outcome outcome;
    char queue[IVR_QUEUE_NAME_SIZE];
    char language[16]; /**< Of the attribute "language", if there is one. */
    char requirement[IVR_REQUIREMENT_SIZE];
    char reason[IVR_REASON_SIZE];
    uint32_t attribute_count;
    struct ivr_result_attribute attributes[IVR_RESULT_ATTRIBUTES_MAX];
};

/**
 * Takes the variables of a namelist as attributes: text, finite numbers, and true as a flag.
 * Undefined, null, false and the like say nothing; neither do values that reveal what is sensitive.
 * Text is cut where an attribute ends.
 *
 * @param bad  Receives the name at fault (IVR_NAME_SIZE).
 * @return TD_OK; TD_ERR_NOT_FOUND (no such variable); TD_ERR_INVALID (an object); TD_ERR_LIMIT (too
 *         many, or a name too long).
 */
enum td_err TD_MUST_CHECK ivr_result_add(struct ivr_result *result,
                                         const struct ivr_variables *variables,
                                         const char *namelist, char bad[IVR_NAME_SIZE]);

#endif
