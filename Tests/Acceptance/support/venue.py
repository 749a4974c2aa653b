"""The exchange a client is driven against."""

import os

HTTP = os.environ["VENUE_HTTP"]
WS = os.environ["VENUE_WS"]
KEY = os.environ["VENUE_KEY"]
SECRET = os.environ["VENUE_SECRET"]
