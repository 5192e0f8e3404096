"""Values to files: the only place that writes data and knows pandas."""
