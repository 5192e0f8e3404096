"""What a kind of report looks like, and what is known about its words: data, and its loaders."""
