"""ccxt.mexc and ccxt.pro.mexc: REST and protobuf streams."""

import asyncio

import aiohttp
import ccxt
import venue
from ccxt.protobuf.mexc.PushDataV3ApiWrapper_pb2 import PushDataV3ApiWrapper
from ccxt_venues import mexc, mexc_streams, refused
from checks import Checks, eventually

QRL = "QRL/USDT"
checks = Checks("ccxt-mexc", seconds=60)
client = mexc()


def near(share: float) -> float:
    """A price that is that share of the best bid, on the tick."""
    best = client.fetch_order_book(QRL, 5)["bids"][0][0]
    return float(client.price_to_precision(QRL, best * share))


def limit(share: float = 0.95, amount: float = 50, **params) -> dict:
    return client.create_order(QRL, "limit", "buy", amount, near(share), params)


def found(order: dict) -> dict:
    return client.fetch_order(order["id"], QRL)


def market_data() -> None:
    with checks("markets are loaded, QRL among them"):
        market = client.load_markets()[QRL]
        assert market["spot"] and market["active"], market
    with checks("the server's time and status"):
        assert abs(client.fetch_time() - client.milliseconds()) < 2000
        assert client.fetch_status()["status"] == "ok"
    with checks("the order book is sorted and not crossed"):
        book = client.fetch_order_book(QRL, 100)
        assert book["bids"][0][0] < book["asks"][0][0], book
    with checks("tickers of one and of all symbols, bids and asks"):
        assert client.fetch_ticker(QRL)["last"] > 0
        assert QRL in client.fetch_tickers() and QRL in client.fetch_bids_asks()
    with checks("candles and public trades"):
        assert eventually(lambda: client.fetch_ohlcv(QRL, "1m"))[-1][4] > 0
        assert eventually(lambda: client.fetch_trades(QRL))[-1]["price"] > 0
    with checks("the balance and the fee"):
        assert client.fetch_balance()["USDT"]["free"] > 100
        client.fetch_trading_fee(QRL)


def orders() -> None:
    with checks("a limit order rests, is found and is cancelled"):
        placed = limit()
        assert placed["id"] and found(placed)["status"] == "open", placed
        assert [order["id"] for order in client.fetch_open_orders(QRL)] == [placed["id"]]
        client.cancel_order(placed["id"], QRL)
        assert found(placed)["status"] == "canceled" and client.fetch_open_orders(QRL) == []
    with checks("an order is found and cancelled by the client's own id"):
        limit(clientOrderId="mine-1")
        assert client.fetch_order(None, QRL, {"clientOrderId": "mine-1"})["status"] == "open"
        client.cancel_order(None, QRL, {"clientOrderId": "mine-1"})
    with checks("a market order by its cost fills, balance and trades show it"):
        order = client.create_market_buy_order_with_cost(QRL, 100)
        assert found(order)["status"] == "closed", found(order)
        trades = client.fetch_my_trades(QRL)
        assert trades and client.fetch_order_trades(order["id"], QRL)
        assert client.fetch_balance()["QRL"]["free"] > 0
    with checks("a market sale"):
        order = client.create_order(QRL, "market", "sell", 20)
        assert found(order)["status"] == "closed", found(order)
    with checks("post-only, IOC and FOK are order types"):
        order = limit(postOnly=True)
        assert found(order)["info"]["type"] == "LIMIT_MAKER", found(order)
        client.cancel_order(order["id"], QRL)
        assert found(limit(timeInForce="IOC"))["status"] == "canceled"
        assert found(limit(1.05, timeInForce="FOK"))["status"] == "closed"
    with checks("a batch is placed, all orders are cancelled, past ones listed"):
        row = {"symbol": QRL, "type": "limit", "side": "buy", "amount": 50}
        client.create_orders([row | {"price": near(0.95)}, row | {"price": near(0.94)}])
        assert len(client.fetch_open_orders(QRL)) == 2
        client.cancel_all_orders(QRL)
        assert client.fetch_open_orders(QRL) == [] and client.fetch_orders(QRL)
    with checks("a test order is checked only"):
        client.create_order(QRL, "limit", "buy", 50, near(0.95), {"test": True})
        assert client.fetch_open_orders(QRL) == []


def errors() -> None:
    with checks("too little money is InsufficientFunds"):
        refused(client, "Insufficient", ccxt.InsufficientFunds, limit, 0.99, 2_000_000)
    with checks("too small an order is InvalidOrder"):
        refused(client, 30002, ccxt.InvalidOrder, limit, 0.95, 0.5)
    with checks("an unknown order is BadRequest"):
        refused(client, -2011, ccxt.BadRequest, client.cancel_order, "C02__444444444444", QRL)
    with checks("a wrong secret and an unknown key are told as such"):
        stranger = mexc()
        stranger.secret = "wrong"
        refused(client, 700002, ccxt.AuthenticationError, stranger.spotPrivateGetAccount)
        stranger.apiKey = "mx0unknown"
        refused(client, 10072, ccxt.BadRequest, stranger.spotPrivateGetAccount)


async def raw_channels() -> None:
    """Channels that ccxt has the messages of, and does not subscribe to."""
    names = {"spot@public.miniTicker.v3.api.pb@QRLUSDT@UTC+8": "publicMiniTicker",
             "spot@public.miniTickers.v3.api.pb@UTC+8": "publicMiniTickers",
             "spot@public.bookTicker.batch.v3.api.pb@QRLUSDT": "publicBookTickerBatch"}
    async with aiohttp.ClientSession() as session, session.ws_connect(
            f"{venue.WS}/mexc/ws") as socket:
        await socket.send_json({"method": "SUBSCRIPTION", "params": list(names)})
        found = {}
        while len(found) < len(names):
            message = await socket.receive()
            if message.type == aiohttp.WSMsgType.BINARY:
                push = PushDataV3ApiWrapper()
                push.ParseFromString(message.data)
                found[push.channel] = push
    for name, body in names.items():
        assert found[name].WhichOneof("body") == body, found[name]
    mini = found["spot@public.miniTicker.v3.api.pb@QRLUSDT@UTC+8"].publicMiniTicker
    assert float(mini.low) <= float(mini.price) <= float(mini.high), mini
    book = found["spot@public.bookTicker.batch.v3.api.pb@QRLUSDT"].publicBookTickerBatch.items[0]
    assert float(book.bidPrice) < float(book.askPrice), book


async def streams(socket) -> None:
    async with checks("the book kept by the client stays uncrossed"):
        for _ in range(20):
            book = await socket.watch_order_book(QRL)
            assert book["bids"][0][0] < book["asks"][0][0], (book["bids"][:2], book["asks"][:2])
    async with checks("trades, candles, ticker"):
        assert (await socket.watch_trades(QRL))[-1]["price"] > 0
        assert (await socket.watch_ohlcv(QRL, "1m"))[-1][4] > 0
        # watch_bids_asks reads only the JSON streams that MEXC has ended: it answers nowhere.
        assert (await socket.watch_ticker(QRL))["bid"] > 0
    async with checks("mini tickers and batches of best prices are read by the venue's own schema"):
        await raw_channels()
    async with checks("a listen key carries orders, trades and balance"):
        tasks = [asyncio.create_task(watch) for watch in (
            socket.watch_orders(QRL), socket.watch_my_trades(QRL), socket.watch_balance())]
        await asyncio.sleep(1)
        await socket.create_market_buy_order_with_cost(QRL, 50)
        told, trades, balance = await asyncio.gather(*tasks)
        assert told[-1]["symbol"] == QRL and trades[-1]["amount"] > 0, (told, trades)
        assert balance["USDT"]["free"] > 0, balance


async def main() -> None:
    socket = mexc_streams()
    try:
        await socket.load_markets()
        await streams(socket)
    finally:
        await socket.close()


for part in market_data, orders, errors:
    part()
asyncio.run(main())
checks.finish()
