"""The service over HTTP: API, public log, pages, and the worker beside them."""
