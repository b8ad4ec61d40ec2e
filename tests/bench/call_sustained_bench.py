#!/usr/bin/python3
"""The most calls a second for a minute without a failure or a growing wait: 1,000 agents."""

from call_site import CallSite, sustained_figure

if __name__ == "__main__":
    with CallSite(agents=1000) as site:
        sustained_figure(site, "call.sustained", low=20, high=320)
