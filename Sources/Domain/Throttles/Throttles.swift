// Throttles: under construction.
