// Runtime: under construction.
