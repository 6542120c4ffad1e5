"""An offline contact sheet: pages to look at without Casefile, a network or a script."""
