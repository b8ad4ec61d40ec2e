#!/usr/bin/python3
"""From the customer's INVITE to the agent's, 5 calls a second, 5,000 agents."""

from call_site import CallSite, invite_figures

if __name__ == "__main__":
    with CallSite(agents=5000) as site:
        invite_figures(site, seconds=40, p99="call.invite_5000_agents_p99")
