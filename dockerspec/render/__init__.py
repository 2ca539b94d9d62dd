"""Values of the core as text, Markdown and JSON. Pure."""
