#!/usr/bin/python3
"""What one call costs each process: 1,000 agents, CALLS_PER_S calls a second (200)."""

import os

from call_site import CallSite, cpu_figures

if __name__ == "__main__":
    with CallSite(agents=1000) as site:
        cpu_figures(site, calls_per_s=float(os.environ.get("CALLS_PER_S", 200)), seconds=25)
