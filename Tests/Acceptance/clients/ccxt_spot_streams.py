"""ccxt.pro.binance, spot: market streams, the user stream by signature, the WebSocket API."""

import asyncio

from ccxt_venues import spot_streams
from checks import Checks

BTC, ETH = "BTC/USDT", "ETH/USDT"
checks = Checks("ccxt-spot-streams")


async def market_streams(client) -> None:
    async with checks("the book kept by the client stays sorted and uncrossed"):
        for _ in range(30):
            book = await client.watch_order_book(BTC)
            assert book["bids"][0][0] < book["asks"][0][0], (book["bids"][:2], book["asks"][:2])
    async with checks("bids and asks"):
        assert (await client.watch_bids_asks([BTC]))[BTC]["bid"] > 0
    async with checks("trades, one by one and aggregated"):
        assert (await client.watch_trades(BTC))[-1]["price"] > 0
        assert (await client.watch_trades(ETH, params={"name": "aggTrade"}))[-1]["price"] > 0
    async with checks("candles"):
        candle = (await client.watch_ohlcv(BTC, "1m"))[-1]
        assert candle[3] <= candle[1] <= candle[2], candle
    async with checks("tickers of one, of two and of all symbols"):
        assert (await client.watch_ticker(BTC))["last"] > 0
        assert await client.watch_tickers([BTC, ETH], {"name": "ticker"})
        assert await client.watch_tickers()


async def user_stream(client) -> None:
    async with checks("the user stream tells new and cancelled orders"):
        bid = (await client.fetch_order_book(BTC, 5))["bids"][0][0]
        price = float(client.price_to_precision(BTC, bid * 0.98))
        news = asyncio.create_task(client.watch_orders(BTC))
        await asyncio.sleep(1)
        placed = await client.create_order(BTC, "limit", "buy", 0.01, price)
        assert (await news)[-1]["id"] == placed["id"]
        await client.cancel_order(placed["id"], BTC)
        while (await client.watch_orders(BTC))[-1]["status"] != "canceled":
            pass
    async with checks("fills and balance arrive on the user stream"):
        tasks = [asyncio.create_task(watch)
                 for watch in (client.watch_my_trades(BTC), client.watch_balance())]
        await asyncio.sleep(1)
        await client.create_order(BTC, "market", "buy", 0.01)
        trades, balance = await asyncio.gather(*tasks)
        assert trades[-1]["amount"] > 0 and trades[-1]["takerOrMaker"] == "taker", trades[-1]
        assert balance["USDT"]["total"] > 0, balance


async def websocket_api(client) -> None:
    async with checks("an order is placed, queried, replaced and cancelled by the WebSocket API"):
        bid = (await client.fetch_order_book(BTC, 5))["bids"][0][0]
        price = float(client.price_to_precision(BTC, bid * 0.98))
        placed = await client.create_order_ws(BTC, "limit", "buy", 0.01, price)
        assert (await client.fetch_order_ws(placed["id"], BTC))["status"] == "open"
        assert await client.fetch_open_orders_ws(BTC)
        lower = float(client.price_to_precision(BTC, bid * 0.97))
        amended = await client.edit_order_ws(placed["id"], BTC, "limit", "buy", 0.02, lower)
        assert amended["amount"] == 0.02, amended
        gone = await client.cancel_order_ws(amended["id"], BTC)
        assert gone["status"] == "canceled", gone
    async with checks("a market order is filled by the WebSocket API"):
        filled = await client.create_order_ws(BTC, "market", "buy", 0.01)
        assert filled["status"] == "closed", filled
    async with checks("account, orders, trades, candles and ticker by the WebSocket API"):
        assert (await client.fetch_balance_ws())["info"]["balances"]
        assert await client.fetch_orders_ws(BTC)
        assert await client.fetch_my_trades_ws(BTC)
        assert await client.fetch_ohlcv_ws(BTC)
        assert await client.fetch_trades_ws(BTC)
    async with checks("all orders are cancelled by the WebSocket API"):
        await client.create_order_ws(BTC, "limit", "buy", 0.01, price)
        await client.cancel_all_orders_ws(BTC)
        assert await client.fetch_open_orders(BTC) == []


async def main() -> None:
    client = spot_streams()
    try:
        await client.load_markets()
        for part in market_streams, user_stream, websocket_api:
            await part(client)
    finally:
        await client.close()


asyncio.run(main())
checks.finish()
