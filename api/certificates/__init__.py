"""Certificates: what a learner frames, prints and hands on, with the receipt inside."""
