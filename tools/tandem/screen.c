#include "tandem/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/str.h"

#define ENTER "\033[?1049h\033[?25l\033[?7l"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR "\033[2J"
#define SIGNALS 5

struct screen {
    struct td_loop *loop;
    struct screen_events events;
    struct termios before;
    uv_poll_t keys;
    uv_signal_t signals[SIGNALS];
    uint32_t open_handles;
    bool taken;
    bool stale; /* what is on it is of another size */
    bool closing;
};

/* What exit() has to put right: an exit from anywhere must not leave the terminal as it is. */
static struct screen *at_exit;

static void write_all(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, size);

        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        } else if (written < 0 && errno == EAGAIN) {
            (void)poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, 1000);
        } else if (written < 0 && errno != EINTR) {
            return; // It is gone; SIGHUP says so as well.
        }
    }
}

static void write_text(const char *text)
{
    write_all(text, strlen(text));
}

/* --- taking the terminal and giving it back ----------------------------------------------------
 */

static void take(struct screen *screen)
{
    struct termios raw = screen->before;

    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN); // Signals of keys stay: Ctrl-C, Ctrl-Z.
    raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
    write_text(ENTER);
    screen->taken = true;
}

static void give_back(struct screen *screen)
{
    if (!screen->taken)
        return;
    screen->taken = false;
    write_text(LEAVE);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &screen->before);
}

static void give_back_at_exit(void)
{
    if (at_exit != NULL)
        give_back(at_exit);
}

/* --- keys --------------------------------------------------------------------------------------
 */

/* Sequences of keys without a byte of their own. */
static const struct sequence {
    const char *bytes;
    enum top_key key;
} sequences[] = {
    {"\033[A", TOP_KEY_UP},         {"\033OA", TOP_KEY_UP},    {"\033[B", TOP_KEY_DOWN},
    {"\033OB", TOP_KEY_DOWN},       {"\033[C", TOP_KEY_RIGHT}, {"\033OC", TOP_KEY_RIGHT},
    {"\033[D", TOP_KEY_LEFT},       {"\033OD", TOP_KEY_LEFT},  {"\033[5~", TOP_KEY_PAGE_UP},
    {"\033[6~", TOP_KEY_PAGE_DOWN}, {"\033[H", TOP_KEY_HOME},  {"\033OH", TOP_KEY_HOME},
    {"\033[1~", TOP_KEY_HOME},
};

/* @return Bytes of an unknown sequence: up to its final letter. */
static size_t skip_unknown(const char *bytes)
{
    size_t size = 2;

    while (bytes[size] != '\0' && (bytes[size] < '@' || bytes[size] > '~'))
        size++;
    return bytes[size] != '\0' ? size + 1 : size;
}

/* @param key  Receives the key, or 0. @return How many bytes it took. */
static size_t decode_key(const char *bytes, int *key)
{
    *key = (unsigned char)bytes[0];
    if (bytes[0] != TOP_KEY_ESCAPE || (bytes[1] != '[' && bytes[1] != 'O'))
        return 1;
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        if (td_str_starts_with(bytes, sequences[i].bytes)) {
            *key = sequences[i].key;
            return strlen(sequences[i].bytes);
        }
    }
    *key = 0;
    return skip_unknown(bytes);
}

static void on_keys(uv_poll_t *poll, int status, int events)
{
    struct screen *screen = poll->data;
    char bytes[256];

    (void)events;
    ssize_t size = status == 0 ? read(STDIN_FILENO, bytes, sizeof(bytes) - 1) : 0;
    if (size < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (size <= 0) {
        (void)uv_poll_stop(poll);
        screen->events.hung_up(screen->events.ctx);
        return;
    }
    bytes[size] = '\0';
    for (size_t at = 0; at < (size_t)size && bytes[at] != '\0' && !screen->closing;) {
        int key;

        at += decode_key(bytes + at, &key);
        if (key != 0)
            screen->events.key(screen->events.ctx, key);
    }
}

/* --- signals -----------------------------------------------------------------------------------
 */

static void on_signal(uv_signal_t *handle, int signum)
{
    struct screen *screen = handle->data;

    if (screen->closing)
        return;
    if (signum == SIGTSTP) {
        give_back(screen);
        (void)raise(SIGSTOP);
        return;
    }
    if (signum == SIGCONT && !screen->taken)
        take(screen);
    screen->stale = true;
    if (signum == SIGWINCH || signum == SIGCONT)
        screen->events.resized(screen->events.ctx);
    else
        screen->events.hung_up(screen->events.ctx);
}

static void watch_signals(struct screen *screen)
{
    static const int signals[SIGNALS] = {SIGWINCH, SIGTSTP, SIGCONT, SIGHUP, SIGQUIT};

    for (size_t i = 0; i < SIGNALS; i++) {
        if (uv_signal_init(td_loop_uv(screen->loop), &screen->signals[i]) != 0)
            abort();
        screen->signals[i].data = screen;
        screen->open_handles++;
        if (uv_signal_start(&screen->signals[i], on_signal, signals[i]) != 0)
            abort();
    }
}

/* --- life --------------------------------------------------------------------------------------
 */

bool screen_is_there(void)
{
    const char *kind = getenv("TERM");

    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && kind != NULL &&
           !td_str_equal(kind, "dumb");
}

struct top_size screen_size(const struct screen *screen)
{
    struct winsize size;

    (void)screen;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return (struct top_size){80, 24};
    return (struct top_size){size.ws_col, size.ws_row};
}

enum td_err screen_open(struct td_loop *loop, const struct screen_events *events,
                        struct screen **screen)
{
    struct screen *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->loop = loop;
    self->events = *events;
    if (!screen_is_there() || tcgetattr(STDIN_FILENO, &self->before) != 0 ||
        uv_poll_init(td_loop_uv(loop), &self->keys, STDIN_FILENO) != 0) {
        free(self);
        return TD_ERR_UNAVAILABLE;
    }
    self->keys.data = self;
    self->open_handles = 1;
    watch_signals(self);
    if (at_exit == NULL && atexit(give_back_at_exit) != 0)
        abort();
    at_exit = self;
    take(self);
    if (uv_poll_start(&self->keys, UV_READABLE, on_keys) != 0)
        abort();
    *screen = self;
    return TD_OK;
}

/* Lines end with a carriage return as well: a raw terminal adds none. @return The new size. */
static size_t append(char *bytes, size_t size, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            bytes[size++] = '\r';
        bytes[size++] = *text;
    }
    return size;
}

/* In one write, so that nobody sees half a screen. Lines are full: only a change of size leaves
   something to be cleared. */
void screen_show(struct screen *screen, const char *lines)
{
    const char *first = screen->stale ? CLEAR HOME : HOME;
    char *bytes = malloc(strlen(first) + 2 * strlen(lines));

    if (bytes != NULL && screen->taken) {
        write_all(bytes, append(bytes, append(bytes, 0, first), lines));
        screen->stale = false;
    }
    free(bytes);
}

static void on_closed(uv_handle_t *handle)
{
    struct screen *screen = handle->data;

    if (--screen->open_handles == 0)
        free(screen);
}

void screen_close(struct screen **screen)
{
    struct screen *self = *screen;

    if (self == NULL)
        return;
    *screen = NULL;
    self->closing = true;
    give_back(self);
    at_exit = NULL;
    uv_close((uv_handle_t *)&self->keys, on_closed);
    for (size_t i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&self->signals[i], on_closed);
}
