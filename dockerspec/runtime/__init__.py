"""The shell around the core: reads files and the engine, carries plans out."""
