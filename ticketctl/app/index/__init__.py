"""The index in use: bringing it up to date, finding and searching tickets."""
