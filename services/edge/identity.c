#include "edge/identity.h"

#include <string.h>
#include <strings.h>

#include <sofia-sip/sip_extra.h>

#include "base/str.h"

#define PARTY "P-Called-Party-ID"

/* --- who --- */

static bool has_privacy(const sip_t *sip, const char *wanted)
{
    const sip_privacy_t *privacy = sip->sip_privacy;

    if (privacy == NULL || privacy->priv_values == NULL)
        return false;
    for (const msg_param_t *value = privacy->priv_values; *value != NULL; value++) {
        if (strcasecmp(*value, wanted) == 0)
            return true;
    }
    return false;
}

static bool wants_privacy(const sip_t *sip)
{
    return has_privacy(sip, "id") || has_privacy(sip, "user") || has_privacy(sip, "header") ||
           has_privacy(sip, "full");
}

static bool is_anonymous(const url_t *url, const char *user)
{
    static const char *const words[] = {"anonymous",  "unknown", "unavailable",
                                        "restricted", "private", "withheld"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(user, words[i]) == 0)
            return true;
    }
    return url->url_host != NULL && strcasecmp(url->url_host, "anonymous.invalid") == 0;
}

/* Empty: nothing was asserted, or nobody. */
static void read_asserted(const sip_t *sip, char number[EDGE_NUMBER_SIZE])
{
    number[0] = '\0';
    for (const sip_p_asserted_identity_t *asserted = sip_p_asserted_identity(sip);
         asserted != NULL && number[0] == '\0'; asserted = asserted->paid_next) {
        edge_read_user(asserted->paid_url, number);
        if (is_anonymous(asserted->paid_url, number))
            number[0] = '\0';
    }
}

void edge_identity_caller(const sip_t *sip, bool trusted, char number[EDGE_NUMBER_SIZE])
{
    const url_t *from = sip->sip_from->a_url;
    char asserted[EDGE_NUMBER_SIZE] = "";

    number[0] = '\0';
    if (wants_privacy(sip))
        return;
    if (trusted)
        read_asserted(sip, asserted);
    edge_read_user(from, number);
    if (is_anonymous(from, number)) {
        number[0] = '\0';
        if (!has_privacy(sip, "none"))
            return;
    }
    if (asserted[0] != '\0')
        (void)td_str_copy(number, EDGE_NUMBER_SIZE, asserted);
}

/* --- what --- */

static const char *unknown_header(const sip_t *sip, const char *name)
{
    for (const sip_unknown_t *header = sip->sip_unknown; header; header = header->un_next) {
        if (header->un_name != NULL && header->un_value != NULL &&
            strcasecmp(header->un_name, name) == 0)
            return header->un_value;
    }
    return NULL;
}

static void read_party(const sip_t *sip, char number[EDGE_NUMBER_SIZE])
{
    const char *value = unknown_header(sip, PARTY);
    su_home_t home[1] = {SU_HOME_INIT(home)};

    if (value == NULL)
        return;
    su_home_init(home);
    const sip_to_t *party = sip_to_make(home, value); // It is written like a To.
    if (party != NULL)
        edge_read_user(party->a_url, number);
    su_home_deinit(home);
}

void edge_identity_dialled(const sip_t *sip, enum edge_dialled place, char number[EDGE_NUMBER_SIZE])
{
    number[0] = '\0';
    if (place == EDGE_DIALLED_PARTY)
        read_party(sip, number);
    else
        edge_read_user(place == EDGE_DIALLED_URI ? sip->sip_request->rq_url : sip->sip_to->a_url,
                       number);
}
