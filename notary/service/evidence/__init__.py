"""Evidence beside credentials: encrypted item by item, and named by a manifest."""
