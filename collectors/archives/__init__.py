"""Reading archives that other tools made, in containment: what they say, and whether their bytes bear it out."""
