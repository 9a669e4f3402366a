"""What can run here, asked before anything is begun."""
