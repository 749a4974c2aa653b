// BusProtocol: under construction.
