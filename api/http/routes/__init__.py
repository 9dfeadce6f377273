"""HTTP: a module for each part of the API. A handler translates, calls one use case, translates back."""
