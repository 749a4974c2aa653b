// Trading: under construction.
