"""What recipes need, and what a training step of theirs costs."""

NEEDS: dict[str, str] = {
    "cvae": "conditions",
    "dfc-vae": "pictures, weights",
    "vae-gan": "pictures",
    "very-deep-vae": "pictures",
    "generator": "pictures, conditions",
    "music-vae": "melodies",
    "vamp-vae": "no symbols",
    "hvamp-vae": "no symbols",
}
"""Of the data, and beside them; whoever is not here takes whatever there is."""

STEPS: dict[str, float] = {"vae": 1.0}
"""Times a step of the plain VAE's, as `benchmarks.variants` measured them with default options."""
