"""The field table: one row per spec key with all that is known of it."""
