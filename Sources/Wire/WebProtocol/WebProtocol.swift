// WebProtocol: under construction.
