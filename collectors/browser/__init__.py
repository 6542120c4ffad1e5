"""The method `browser`: a page as Chromium shows it, with everything that passed meanwhile."""
