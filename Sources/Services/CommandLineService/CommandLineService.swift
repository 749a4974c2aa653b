// CommandLineService: under construction.
