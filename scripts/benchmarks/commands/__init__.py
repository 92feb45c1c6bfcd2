"""What a person types: `scripts/bench NAME`, one module each."""
