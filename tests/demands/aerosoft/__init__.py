"""AeroSoft's demands A1 to A27, from its document (000_3cc7c7c00027b9ee.txt)."""
