"""The page of a comparison: one file that needs no server and no network."""

from dh.comparison.page.page import write_page as write_page
