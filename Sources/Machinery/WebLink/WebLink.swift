// WebLink: under construction.
