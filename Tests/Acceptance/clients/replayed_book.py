"""Recorded frames replayed through the exchange: ccxt's book and one kept by the rules stay uncrossed."""

import asyncio
import json
import time

import aiohttp
import venue
from ccxt_venues import futures_streams
from checks import Checks

BTC = "BTC/USDT:USDT"
SECONDS = 20
checks = Checks("replayed-book", seconds=SECONDS + 20)


class Book:
    """A book as the exchange's documentation says to keep it: snapshot, then changes in a chain."""

    def __init__(self, snapshot: dict):
        self.last = snapshot["lastUpdateId"]
        self.bids = {float(price): float(quantity) for price, quantity in snapshot["bids"]}
        self.asks = {float(price): float(quantity) for price, quantity in snapshot["asks"]}
        self.chained = False

    def change(self, event: dict) -> None:
        if event["u"] < self.last:
            return
        follows = event["pu"] == self.last or (
            not self.chained and event["U"] <= self.last <= event["u"])
        assert follows, f"a gap: {event['pu']} after {self.last}"
        self.chained, self.last = True, event["u"]
        for side, rows in (self.bids, event["b"]), (self.asks, event["a"]):
            for price, quantity in rows:
                side[float(price)] = float(quantity)
                if float(quantity) == 0:
                    del side[float(price)]
        assert max(self.bids) < min(self.asks), f"crossed: {max(self.bids)} {min(self.asks)}"


async def documented(session: aiohttp.ClientSession) -> None:
    async with checks("a book kept by the documented rules has no gap and never crosses"):
        async with session.ws_connect(f"{venue.WS}/public/ws/btcusdt@depth@100ms") as socket:
            first = json.loads((await socket.receive()).data)
            url = f"{venue.HTTP}/fapi/v1/depth?symbol=BTCUSDT&limit=1000"
            async with session.get(url) as answer:
                book = Book(await answer.json())
            book.change(first) if first["u"] >= book.last else None
            until, changes = time.monotonic() + SECONDS, 0
            while time.monotonic() < until:
                book.change(json.loads((await socket.receive()).data))
                changes += 1
        assert changes > SECONDS, f"{changes} changes"
    async with checks("the best prices told never cross"):
        async with session.ws_connect(f"{venue.WS}/public/ws/btcusdt@bookTicker") as socket:
            until = time.monotonic() + SECONDS
            while time.monotonic() < until:
                told = json.loads((await socket.receive()).data)
                assert float(told["b"]) < float(told["a"]), told


async def by_ccxt() -> None:
    client = futures_streams()
    try:
        async with checks("the book ccxt keeps never crosses"):
            until = time.monotonic() + SECONDS
            while time.monotonic() < until:
                book = await client.watch_order_book(BTC)
                assert book["bids"][0][0] < book["asks"][0][0], (book["bids"][0], book["asks"][0])
    finally:
        await client.close()


async def main() -> None:
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(documented(session), by_ccxt())


asyncio.run(main())
checks.finish()
