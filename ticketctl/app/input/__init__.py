"""What people type, as requests: identities, values, queries, new tickets, edits."""
