// PriceFeedService: under construction.
