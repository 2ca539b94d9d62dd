"""The command line: arguments in, an api call, a renderer, an exit status out. click lives only here."""
