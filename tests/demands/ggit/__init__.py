"""The demands of ggit, G1 to G17 (design/documents.md), as tables for its profile."""
