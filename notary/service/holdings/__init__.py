"""What the notary holds of an institution: shown to it, counted, handed over, erased."""
