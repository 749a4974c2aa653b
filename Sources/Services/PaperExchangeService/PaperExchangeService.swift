// PaperExchangeService: under construction.
