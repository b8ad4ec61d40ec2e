#!/usr/bin/python3
"""From the customer's INVITE to the agent's, 5 calls a second, 100 agents."""

from call_site import CallSite, invite_figures

if __name__ == "__main__":
    with CallSite(agents=100) as site:
        invite_figures(site, seconds=40, p50="call.invite_p50", p99="call.invite_p99")
