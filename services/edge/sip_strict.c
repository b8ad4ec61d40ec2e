#include "edge/sip_strict.h"

#include <string.h>
#include <strings.h>

#include "edge/core/network.h"
#include "edge/core/sip_text.h"

/* --- URIs --- */

static bool scheme_is_known(const url_t *url)
{
    return url->url_type == url_sip || url->url_type == url_sips || url->url_type == url_tel;
}

static bool port_is_sound(const char *port)
{
    return port == NULL || (port[0] != '\0' && strspn(port, "0123456789") == strlen(port));
}

static bool host_is_sound(const url_t *url)
{
    struct edge_address address;

    if (!port_is_sound(url->url_port))
        return false;
    return url->url_host == NULL || url->url_host[0] != '[' ||
           edge_address_parse(url->url_host, &address) == TD_OK;
}

/* --- texts --- */

static bool text_of(const sip_common_t *header, const char **text, size_t *length)
{
    *text = header->h_data;
    *length = header->h_len;
    return header->h_data != NULL;
}

static bool start_is_sound(const sip_request_t *request)
{
    const char *text;
    size_t length;

    return !text_of(request->rq_common, &text, &length) || edge_text_is_request_line(text, length);
}

static bool address_is_sound(const sip_common_t *header)
{
    const char *text;
    size_t length;

    return !text_of(header, &text, &length) || edge_text_is_address(text, length);
}

/* The library keeps a Date that it cannot read among the errors, and goes on. */
static bool date_is_sound(const sip_t *sip)
{
    for (const sip_header_t *h = (const sip_header_t *)sip->sip_error; h != NULL; h = h->sh_next) {
        if (h->sh_class == sip_date_class ||
            (h->sh_class == sip_error_class && h->sh_error->er_name != NULL &&
             strcasecmp(h->sh_error->er_name, "Date") == 0))
            return false;
    }
    return true;
}

static bool contacts_are_sound(const sip_t *sip)
{
    for (const sip_contact_t *contact = sip->sip_contact; contact; contact = contact->m_next) {
        if (!address_is_sound(contact->m_common) || !host_is_sound(contact->m_url))
            return false;
    }
    return true;
}

int edge_strict_fault(const sip_t *sip)
{
    const url_t *url = sip->sip_request->rq_url;

    if (!start_is_sound(sip->sip_request))
        return 400;
    if (!scheme_is_known(url))
        return 416;
    // Headers and method have no place in a Request-URI (RFC 3261 section 19.1.1, table 1).
    if (!host_is_sound(url) || url->url_headers != NULL)
        return 400;
    if (!address_is_sound(sip->sip_from->a_common) || !address_is_sound(sip->sip_to->a_common) ||
        !contacts_are_sound(sip) || !date_is_sound(sip))
        return 400;
    if (sip->sip_request->rq_method == sip_method_register && !scheme_is_known(sip->sip_to->a_url))
        return 400; // An address of record is a SIP URI.
    return sip->sip_max_forwards != NULL && sip->sip_max_forwards->mf_count == 0 ? 483 : 0;
}
