// WebServer: under construction.
