#!/usr/bin/python3
"""call.invite_p50 where Redis waits for the disk once a second: up to 2 s of what it acknowledged
can be lost with it. Only to compare; Tandem runs with appendfsync always."""

from call_site import CallSite, invite_figures

if __name__ == "__main__":
    with CallSite(agents=100, appendfsync="everysec") as site:
        invite_figures(site, seconds=30, p50="call.everysec_p50")
