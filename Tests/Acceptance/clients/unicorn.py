"""unicorn-binance-websocket-api: futures streams and the user stream."""

import json

import venue
from checks import Checks, eventually
from plain import request
from unicorn_binance_websocket_api import BinanceWebSocketApiManager

checks = Checks("unicorn")
messages: list[dict] = []


def received(stream: str, buffer_name=False) -> None:
    messages.append(json.loads(stream))


def await_event(kind: str) -> dict:
    def found() -> dict | None:
        events = [message.get("data", message) for message in messages]
        return next((event for event in events if event.get("e") == kind), None)
    return eventually(found, seconds=20)


manager = BinanceWebSocketApiManager(
    exchange="binance.com-futures", process_stream_data=received, disable_colorama=True,
    warn_on_update=False, websocket_base_uri=f"{venue.WS}/", websocket_api_base_uri=f"{venue.WS}/ws-fapi/v1",
    restful_base_uri=f"{venue.HTTP}/", auto_data_cleanup_stopped_streams=True)

with checks("market streams"):
    manager.create_stream(["markPrice", "aggTrade", "kline_1m"], ["btcusdt"])
    for kind in "markPriceUpdate", "aggTrade", "kline":
        assert await_event(kind)["s"] == "BTCUSDT"
with checks("public streams"):
    manager.create_stream(["bookTicker", "depth5"], ["btcusdt", "ethusdt"])
    assert await_event("bookTicker")["b"] and await_event("depthUpdate")["b"]
with checks("the user stream"):
    # Its own REST client would ask the official exchange for the time, whatever its URLs.
    key = request("POST", "/fapi/v1/listenKey")["listenKey"]
    stream = manager.create_stream(["arr"], ["!userData"], listen_key=key, api_key=venue.KEY,
                                   api_secret=venue.SECRET)
    eventually(lambda: manager.stream_list[stream]["status"] == "running", seconds=20)
    request("POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity=0.01)
    assert await_event("ORDER_TRADE_UPDATE")["o"]["s"] == "BTCUSDT"
    assert await_event("ACCOUNT_UPDATE")["a"]["m"] == "ORDER"
manager.stop_manager()
checks.finish()
