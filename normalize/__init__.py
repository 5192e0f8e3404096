"""Raw cells to indicator rows, every change named; pure."""
