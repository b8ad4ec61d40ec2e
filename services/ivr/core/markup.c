#include "ivr/core/markup.h"

#include <assert.h>
#include <stddef.h>

#include "base/str.h"

static const struct {
    const char *name;
    unsigned classes;
} elements[IVR_ELEMENT_COUNT] = {[IVR_TEXT] = {"", 0},
#define IVR_ELEMENT_ROW(identifier, text, classes_) [IVR_##identifier] = {text, (classes_)},
                                 IVR_ELEMENT_MAP(IVR_ELEMENT_ROW)
#undef IVR_ELEMENT_ROW
};

static const char *const attributes[IVR_ATTRIBUTE_COUNT] = {[IVR_ATTR_OTHER] = "",
#define IVR_ATTRIBUTE_ROW(identifier, text) [IVR_ATTR_##identifier] = text,
                                                            IVR_ATTRIBUTE_MAP(IVR_ATTRIBUTE_ROW)
#undef IVR_ATTRIBUTE_ROW
};

enum ivr_element ivr_element_find(const char *name)
{
    for (size_t i = IVR_TEXT + 1; i < IVR_ELEMENT_COUNT; i++) {
        if (td_str_equal(elements[i].name, name))
            return (enum ivr_element)i;
    }
    return IVR_TEXT;
}

const char *ivr_element_name(enum ivr_element element)
{
    assert((size_t)element < IVR_ELEMENT_COUNT);
    return elements[element].name;
}

unsigned ivr_element_classes(enum ivr_element element)
{
    assert((size_t)element < IVR_ELEMENT_COUNT);
    return elements[element].classes;
}

enum ivr_attribute ivr_attribute_find(const char *name)
{
    for (size_t i = IVR_ATTR_OTHER + 1; i < IVR_ATTRIBUTE_COUNT; i++) {
        if (td_str_equal(attributes[i], name))
            return (enum ivr_attribute)i;
    }
    return IVR_ATTR_OTHER;
}

const char *ivr_attribute_name(enum ivr_attribute attribute)
{
    assert((size_t)attribute < IVR_ATTRIBUTE_COUNT);
    return attributes[attribute];
}
