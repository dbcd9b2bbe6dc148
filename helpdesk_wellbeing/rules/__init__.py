"""Rules are data: thresholds with their source, counts, exits and examples; one TOML file each."""
