"""Rows and pages to findings. A finding is a value, never an exception."""
