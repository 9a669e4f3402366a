int torch_cpu(void) { return 1; }
