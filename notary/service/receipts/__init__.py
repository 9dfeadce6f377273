"""What learners keep and show, and what verifiers ask."""
