"""Speed, memory and start-up, side by side with a peer and against the machine."""
