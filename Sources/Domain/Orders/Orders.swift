// Orders: under construction.
