"""ccxt.pro.binanceusdm: market streams, the user stream and the WebSocket API."""

import asyncio

from ccxt_venues import futures_streams
from checks import Checks

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
checks = Checks("ccxt-futures-streams")


async def market_streams(client) -> None:
    async with checks("the book kept by the client stays sorted and uncrossed"):
        for _ in range(30):
            book = await client.watch_order_book(BTC)
            assert book["bids"][0][0] < book["asks"][0][0], (book["bids"][:2], book["asks"][:2])
        assert len(book["bids"]) > 5 and book["nonce"], book["nonce"]
    async with checks("books of two symbols on one socket"):
        seen = set()
        while len(seen) < 2:
            seen.add((await client.watch_order_book_for_symbols([BTC, ETH]))["symbol"])
    async with checks("bids and asks"):
        ticker = (await client.watch_bids_asks([BTC]))[BTC]
        assert ticker["bid"] < ticker["ask"], ticker
    async with checks("single trades"):
        trade = (await client.watch_trades(BTC))[-1]
        assert trade["side"] in ("buy", "sell") and trade["amount"] > 0, trade
    async with checks("aggregated trades"):
        assert (await client.watch_trades(ETH, params={"name": "aggTrade"}))[-1]["price"] > 0
    async with checks("candles"):
        candle = (await client.watch_ohlcv(BTC, "1m"))[-1]
        assert candle[3] <= candle[1] <= candle[2], candle
    async with checks("a ticker"):
        assert (await client.watch_ticker(BTC))["last"] > 0
    async with checks("tickers of two symbols, and of all"):
        assert BTC in await client.watch_tickers([BTC, ETH], {"name": "ticker"})
        assert await client.watch_tickers()
    async with checks("mark prices of one symbol and of all"):
        assert (await client.watch_mark_price(BTC))["markPrice"] > 0
        assert await client.watch_mark_prices()
    async with checks("streams are left"):
        await client.un_watch_order_book(BTC)
        await client.un_watch_trades(BTC)


async def until(watch, found, *arguments):
    """What a watch gives, as soon as it fits."""
    while not found(got := await watch(*arguments)):
        pass
    return got


async def user_stream(client) -> None:
    async with checks("the user stream tells new, cancelled and filled orders"):
        bid = (await client.fetch_order_book(BTC, 5))["bids"][0][0]
        price = float(client.price_to_precision(BTC, bid * 0.98))
        news = asyncio.create_task(until(client.watch_orders, bool, BTC))
        await asyncio.sleep(1)
        placed = await client.create_order(BTC, "limit", "buy", 0.01, price)
        assert (await news)[-1]["id"] == placed["id"]
        gone = asyncio.create_task(until(
            client.watch_orders, lambda orders: orders[-1]["status"] == "canceled", BTC))
        await client.cancel_order(placed["id"], BTC)
        await gone
    async with checks("fills, balance and position arrive on the user stream"):
        tasks = [asyncio.create_task(watch) for watch in (
            client.watch_my_trades(BTC), client.watch_balance(), until(
                client.watch_positions, lambda rows: rows[-1]["contracts"] == 0.01, [BTC]))]
        await asyncio.sleep(1)
        await client.create_order(BTC, "market", "buy", 0.01)
        trades, balance, positions = await asyncio.gather(*tasks)
        assert trades[-1]["fee"]["cost"] > 0, trades[-1]
        assert 0 < balance["USDT"]["total"] < 100000, balance["USDT"]
        assert positions[-1]["side"] == "long", positions


async def websocket_api(client) -> None:
    async with checks("an order is placed, amended, queried and cancelled by the WebSocket API"):
        bid = (await client.fetch_order_book(BTC, 5))["bids"][0][0]
        price = float(client.price_to_precision(BTC, bid * 0.98))
        placed = await client.create_order_ws(BTC, "limit", "buy", 0.01, price)
        lower = float(client.price_to_precision(BTC, bid * 0.97))
        amended = await client.edit_order_ws(placed["id"], BTC, "limit", "buy", 0.02, lower)
        assert amended["id"] == placed["id"] and amended["amount"] == 0.02, amended
        found = await client.fetch_order_ws(placed["id"], BTC)
        assert found["price"] == lower, found
        gone = await client.cancel_order_ws(placed["id"], BTC)
        assert gone["status"] == "canceled", gone
    async with checks("a market order is filled by the WebSocket API"):
        filled = await client.create_order_ws(BTC, "market", "sell", 0.01)
        assert filled["status"] == "closed", filled
    async with checks("balance and positions by the WebSocket API"):
        assert (await client.fetch_balance_ws({"method": "v2/account.balance"}))["USDT"]["total"]
        assert (await client.fetch_balance_ws({"method": "v2/account.status"}))["USDT"]["total"]
        await client.fetch_positions_ws([BTC], {"method": "v2/account.position"})
    async with checks("book and ticker by the WebSocket API"):
        assert (await client.fetch_order_book_ws(BTC))["bids"]
        assert (await client.fetch_ticker_ws(BTC, {"method": "ticker.book"}))["bid"]
    async with checks("an order is refused by the WebSocket API with its code"):
        try:
            raise AssertionError(await client.create_order_ws(BTC, "limit", "buy", 500, price))
        except Exception as error:
            assert "-2019" in str(error), error


async def main() -> None:
    client = futures_streams()
    try:
        await client.load_markets()
        for part in market_streams, user_stream, websocket_api:
            await part(client)
    finally:
        await client.close()


asyncio.run(main())
checks.finish()
