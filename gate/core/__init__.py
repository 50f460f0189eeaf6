"""Values in, values out: what the gate knows, without reading or writing anything."""
