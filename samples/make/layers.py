"""Text layers as Word and Excel leave them."""
FONTS = "/usr/share/fonts/truetype/tlwg"
DEFECTS = {}
def image_pages(pdf): return []
def remap(pdf, defect): pass
