// Quotes: under construction.
