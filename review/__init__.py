"""The local web page where a person decides: page image, cell, value, decision."""
