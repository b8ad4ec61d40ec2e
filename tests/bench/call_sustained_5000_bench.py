#!/usr/bin/python3
"""The most calls a second for a minute without a failure or a growing wait: 5,000 agents."""

from call_site import CallSite, sustained_figure

if __name__ == "__main__":
    with CallSite(agents=5000) as site:
        sustained_figure(site, "call.sustained_5000_agents", low=20, high=320)
