"""Taking in what others made: adopting live objects, and writing a spec from them."""
