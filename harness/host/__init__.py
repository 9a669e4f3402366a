"""What is asked of the machine that the harness runs on."""
