/* What a key does to a view. */
#include <string.h>

#include "tandem/core/top_table.h"

void top_view_init(struct top_view *view, bool chinese)
{
    memset(view, 0, sizeof(*view));
    view->chinese = chinese;
    for (uint32_t i = 0; i < TOP_TABLE_COUNT; i++)
        view->sort[i] = top_columns((enum top_table)i)->sort;
}

/* A byte of UTF-8 goes with those that belong to it. */
static void erase_character(char *text)
{
    size_t length = strlen(text);

    while (length > 0 && ((unsigned char)text[length - 1] & 0xc0) == 0x80)
        length--;
    text[length > 0 ? length - 1 : 0] = '\0';
}

static void type(struct top_view *view, int key)
{
    size_t length = strlen(view->filter);

    if (key == TOP_KEY_ENTER || key == '\n') {
        view->typing = false;
    } else if (key == TOP_KEY_ESCAPE) {
        view->typing = false;
        view->filter[0] = '\0';
    } else if (key == TOP_KEY_BACKSPACE || key == 8) {
        erase_character(view->filter);
    } else if (key >= ' ' && key < 256 && length + 1 < sizeof(view->filter)) {
        view->filter[length] = (char)key;
        view->filter[length + 1] = '\0';
    }
    view->first[view->table] = 0;
}

static void sort_by(struct top_view *view, uint32_t step)
{
    uint32_t count = top_columns(view->table)->count;

    view->sort[view->table] = (view->sort[view->table] + step) % count;
    view->reversed[view->table] = false;
}

/* Behind the end is put right when it is drawn, where the number of rows is known. */
static void move(struct top_view *view, int64_t rows)
{
    int64_t first = (int64_t)view->first[view->table] + rows;

    view->first[view->table] = first < 0 ? 0 : first > UINT32_MAX ? UINT32_MAX : (uint32_t)first;
}

static void press_letter(struct top_view *view, int key)
{
    uint32_t columns = top_columns(view->table)->count;

    switch (key) {
    case '1':
    case '2':
    case '3':
        view->table = (enum top_table)(key - '1');
        break;
    case TOP_KEY_TAB:
        view->table = (enum top_table)((view->table + 1) % TOP_TABLE_COUNT);
        break;
    case 's':
    case '>':
    case TOP_KEY_RIGHT:
        sort_by(view, 1);
        break;
    case '<':
    case TOP_KEY_LEFT:
        sort_by(view, columns - 1);
        break;
    case 'r':
        view->reversed[view->table] = !view->reversed[view->table];
        break;
    case '/':
        view->typing = true;
        view->filter[0] = '\0';
        break;
    case TOP_KEY_ESCAPE:
        view->filter[0] = '\0';
        break;
    default:
        break;
    }
}

bool top_view_press(struct top_view *view, int key, uint32_t page)
{
    if (view->typing) {
        type(view, key);
        return true;
    }
    if (key == 'q' || key == 'Q')
        return false;
    if (view->helping || key == '?' || key == 'h') {
        view->helping = !view->helping;
        return true;
    }
    if (key == TOP_KEY_UP || key == TOP_KEY_DOWN)
        move(view, key == TOP_KEY_UP ? -1 : 1);
    else if (key == TOP_KEY_PAGE_UP || key == TOP_KEY_PAGE_DOWN)
        move(view, key == TOP_KEY_PAGE_UP ? -(int64_t)page : (int64_t)page);
    else if (key == TOP_KEY_HOME)
        view->first[view->table] = 0;
    else
        press_letter(view, key);
    return true;
}
