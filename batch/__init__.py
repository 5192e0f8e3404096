"""Many documents: a pool that isolates, a manifest that resumes, a cluster."""
