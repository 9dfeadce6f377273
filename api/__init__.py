"""Entry points: HTTP, pages, the command line, and the wiring of all parts."""
