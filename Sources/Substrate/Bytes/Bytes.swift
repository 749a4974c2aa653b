// Bytes: under construction.
