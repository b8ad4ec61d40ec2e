#!/usr/bin/python3
"""The most calls a second for a minute without a failure or a growing wait: 100 agents, who can
take fewer than 100 calls of one second each."""

from call_site import CallSite, sustained_figure

if __name__ == "__main__":
    with CallSite(agents=100) as site:
        sustained_figure(site, "call.sustained_100_agents", low=20, high=98)
