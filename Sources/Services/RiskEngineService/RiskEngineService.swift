// RiskEngineService: under construction.
