// OrderGatewayService: under construction.
