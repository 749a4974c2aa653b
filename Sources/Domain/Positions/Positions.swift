// Positions: under construction.
