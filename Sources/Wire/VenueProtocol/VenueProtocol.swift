// VenueProtocol: under construction.
