// Margin: under construction.
