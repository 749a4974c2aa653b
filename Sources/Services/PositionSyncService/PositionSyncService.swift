// PositionSyncService: under construction.
