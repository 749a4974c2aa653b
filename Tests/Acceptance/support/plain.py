"""Signed requests of our own, for clients that only do streams."""

import hashlib
import hmac
import json
import time
import urllib.parse
import urllib.request

import venue


def request(method: str, path: str, **parameters) -> dict:
    """The answer of a signed request to the exchange."""
    query = urllib.parse.urlencode(parameters | {"timestamp": int(time.time() * 1000)})
    signature = hmac.new(venue.SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()
    sent = urllib.request.Request(
        f"{venue.HTTP}{path}?{query}&signature={signature}", method=method,
        headers={"X-MBX-APIKEY": venue.KEY})
    with urllib.request.urlopen(sent, timeout=10) as answer:
        return json.load(answer)
