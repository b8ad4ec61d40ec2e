"""A private site in one folder: its own Redis, PostgreSQL and services, on ports of its own.

Standard library only, so that it runs before anything but the Debian packages is there.
"""
