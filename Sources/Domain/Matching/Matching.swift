// Matching: under construction.
