"""Where blocks lie: several stores, what each is to hold, and the audit that brings back what is lost."""
