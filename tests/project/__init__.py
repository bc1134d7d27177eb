"""Tests of what surrounds the package: docs, stories, samples, wheel, bench."""
