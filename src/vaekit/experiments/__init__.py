"""What the command line does: train a run, draw its figures, show a demo, reproduce results."""
