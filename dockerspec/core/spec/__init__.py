"""From YAML text to a checked spec: documents, variables, overlays, the model and its faults."""
