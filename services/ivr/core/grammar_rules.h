/**
 * @file grammar_rules.h  From the rules of one GRXML grammar to states of an automaton.
 *
 * Rules are expanded where they are referred to. Depth and work are bounded, so a rule that refers
 * to itself, or items repeated within each other, end in a fault and not in a full machine. Pure.
 */
#ifndef IVR_CORE_GRAMMAR_RULES_H
#define IVR_CORE_GRAMMAR_RULES_H

#include "ivr/core/document.h"
#include "ivr/core/grammar.h"

/** The work on the grammar of one field or menu. */
struct ivr_rules {
    struct ivr_document *document;
    struct ivr_grammar grammar; /**< Built so far. */
    struct ivr_fault *fault;
    uint32_t root; /**< The grammar element that rules are looked up in. */
    uint32_t depth;
    uint32_t steps;
    enum td_err err; /**< Sticky: the first thing that went wrong. */
};

/** Remembers what is wrong at a node, unless something was before. @return IVR_STATE_NONE. */
uint16_t ivr_rules_refuse(struct ivr_rules *rules, uint32_t node, const char *what);

/** "1 2 #", "12#", "star pound" before `next`. */
uint16_t ivr_rules_keys(struct ivr_rules *rules, uint32_t node, const char *text, uint16_t next);

/** The rule with this id, or the first one (id NULL); 0 if none. */
uint32_t ivr_rules_find(const struct ivr_rules *rules, const char *id);

/** The nodes from `node` on, one after the other, before `next`. */
uint16_t ivr_rules_sequence(struct ivr_rules *rules, uint32_t node, uint16_t next);

#endif
