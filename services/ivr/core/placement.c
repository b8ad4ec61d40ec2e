#include "ivr/core/placement.h"

static bool is_executable_content(enum ivr_element parent)
{
    return parent == IVR_BLOCK || parent == IVR_FILLED || parent == IVR_IF ||
           (ivr_element_classes(parent) & IVR_CLASS_HANDLER) != 0;
}

static bool is_spoken_content(enum ivr_element parent)
{
    return parent == IVR_PROMPT || parent == IVR_CHOICE || parent == IVR_OPTION ||
           (ivr_element_classes(parent) & IVR_CLASS_SPOKEN) != 0;
}

static bool may_hold_handler(enum ivr_element parent)
{
    return parent == IVR_VXML || parent == IVR_FORM || parent == IVR_MENU ||
           (ivr_element_classes(parent) & IVR_CLASS_ITEM) != 0;
}

static bool vxml_may_hold(enum ivr_element child)
{
    return (ivr_element_classes(child) & IVR_CLASS_DIALOG) != 0 || child == IVR_META ||
           child == IVR_METADATA || child == IVR_VAR || child == IVR_SCRIPT || child == IVR_LINK;
}

static bool form_may_hold(enum ivr_element child)
{
    return (ivr_element_classes(child) & IVR_CLASS_ITEM) != 0 || child == IVR_FILLED ||
           child == IVR_VAR || child == IVR_SCRIPT || child == IVR_GRAMMAR || child == IVR_LINK;
}

static bool item_may_hold(enum ivr_element item, enum ivr_element child)
{
    if (child == IVR_PROMPT || child == IVR_FILLED || child == IVR_VALUE || child == IVR_AUDIO ||
        child == IVR_ENUMERATE)
        return true;
    return item == IVR_FIELD && (child == IVR_GRAMMAR || child == IVR_OPTION || child == IVR_LINK);
}

static bool menu_may_hold(enum ivr_element child)
{
    return child == IVR_PROMPT || child == IVR_CHOICE || child == IVR_VALUE || child == IVR_AUDIO ||
           child == IVR_ENUMERATE;
}

bool ivr_may_hold(enum ivr_element parent, enum ivr_element child)
{
    unsigned parent_classes = ivr_element_classes(parent);
    unsigned child_classes = ivr_element_classes(child);

    if (child == IVR_PROPERTY || (child_classes & IVR_CLASS_HANDLER) != 0)
        return may_hold_handler(parent);
    if (child == IVR_ELSE || child == IVR_ELSEIF)
        return parent == IVR_IF;
    if (is_executable_content(parent))
        return (child_classes & IVR_CLASS_EXECUTABLE) != 0;
    if (parent == IVR_LOG)
        return child == IVR_VALUE;
    if (parent == IVR_VXML)
        return vxml_may_hold(child);
    if (parent == IVR_FORM)
        return form_may_hold(child);
    if (parent == IVR_MENU)
        return menu_may_hold(child);
    if ((parent_classes & IVR_CLASS_ITEM) != 0)
        return item_may_hold(parent, child);
    if (parent == IVR_GRAMMAR || (parent_classes & IVR_CLASS_GRAMMAR) != 0)
        return (child_classes & IVR_CLASS_GRAMMAR) != 0;
    if (parent == IVR_CHOICE && child == IVR_GRAMMAR)
        return true;
    return is_spoken_content(parent) && (child_classes & IVR_CLASS_SPOKEN) != 0;
}

bool ivr_may_hold_text(enum ivr_element parent)
{
    return is_executable_content(parent) || is_spoken_content(parent) || parent == IVR_LOG ||
           parent == IVR_MENU || parent == IVR_GRAMMAR ||
           (ivr_element_classes(parent) & (IVR_CLASS_ITEM | IVR_CLASS_GRAMMAR)) != 0;
}
