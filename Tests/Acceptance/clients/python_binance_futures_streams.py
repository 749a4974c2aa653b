"""python-binance, futures: market streams, the user stream and the WebSocket API."""

import asyncio

import venue
from binance import AsyncClient, BinanceSocketManager
from binance.ws.depthcache import FuturesDepthCacheManager
from checks import Checks

BTC = "BTCUSDT"
checks = Checks("python-binance-futures-streams")


class PaperClient(AsyncClient):
    """The client with its addresses turned."""
    API_URL = f"{venue.HTTP}/api"
    FUTURES_URL = f"{venue.HTTP}/fapi"
    WS_FUTURES_URL = f"{venue.WS}/ws-fapi/v1"


class PaperSockets(BinanceSocketManager):
    """Its sockets with their addresses turned."""
    FSTREAM_URL = f"{venue.WS}/"


async def first(socket, found=bool) -> dict:
    """The first message of a socket that fits."""
    async with socket as stream:
        while True:
            message = await stream.recv()
            assert message.get("e") != "error", message
            if found(message):
                return message


async def market_streams(sockets: PaperSockets) -> None:
    async with checks("mark price"):
        message = await first(sockets.symbol_mark_price_socket(BTC))
        assert message["data"]["e"] == "markPriceUpdate", message
    async with checks("book ticker"):
        message = await first(sockets.symbol_ticker_futures_socket(BTC))
        assert message["data"]["s"] == BTC, message
    async with checks("day statistics"):
        message = await first(sockets.individual_symbol_ticker_futures_socket(BTC))
        assert message["data"]["e"] == "24hrTicker", message
    async with checks("aggregated trades"):
        message = await first(sockets.aggtrade_futures_socket(BTC))
        assert message["data"]["e"] == "aggTrade", message
    async with checks("klines of the continuous contract"):
        message = await first(sockets.kline_futures_socket(BTC))
        assert message["e"] == "continuous_kline" and message["k"]["i"] == "1m", message
    async with checks("all mark prices, all book tickers"):
        assert (await first(sockets.all_mark_price_socket()))["data"]
        assert await first(sockets.all_ticker_futures_socket())
    async with checks("several streams on one socket"):
        names = ["btcusdt@aggTrade", "ethusdt@markPrice@1s"]
        message = await first(sockets.futures_multiplex_socket(names))
        assert message["stream"] in names, message


async def depth_cache(client: PaperClient, sockets: PaperSockets) -> None:
    async with checks("the book kept by the client stays uncrossed"):
        manager = FuturesDepthCacheManager(client, symbol=BTC, bm=sockets)
        async with manager as stream:
            for _ in range(20):
                book = await stream.recv()
                assert book.get_bids()[0][0] < book.get_asks()[0][0]


async def user_stream(client: PaperClient, sockets: PaperSockets) -> None:
    def order(name: str, kind: str):
        return lambda message: message["e"] == "ORDER_TRADE_UPDATE" and (
            message["o"]["c"], message["o"]["x"]) == (name, kind)

    async with checks("the user stream tells an order, its fill and the account"):
        async with sockets.futures_user_socket() as stream:
            await client.futures_create_order(symbol=BTC, side="BUY", type="MARKET",
                                              quantity=0.01, newClientOrderId="m-1")
            seen = []
            while not any(order("m-1", "TRADE")(message) for message in seen):
                seen.append(await stream.recv())
            assert any(order("m-1", "NEW")(message) for message in seen), seen
            account = next(message for message in seen if message["e"] == "ACCOUNT_UPDATE")
            assert account["a"]["m"] == "ORDER", account
            assert float(account["a"]["P"][0]["pa"]) == 0.01, account


async def websocket_api(client: PaperClient) -> None:
    async with checks("book and tickers by the WebSocket API"):
        assert (await client.ws_futures_get_order_book(symbol=BTC))["bids"]
        assert (await client.ws_futures_get_order_book_ticker(symbol=BTC))["bidPrice"]
        assert await client.ws_futures_get_all_tickers()
    async with checks("an order is placed, amended, queried and cancelled by the WebSocket API"):
        bid = float((await client.futures_order_book(symbol=BTC, limit=5))["bids"][0][0])
        placed = await client.ws_futures_create_order(
            symbol=BTC, side="BUY", type="LIMIT", timeInForce="GTC", quantity=0.01,
            price=f"{bid * 0.98:.1f}")
        number = placed["orderId"]
        amended = await client.ws_futures_edit_order(
            symbol=BTC, side="BUY", orderId=number, quantity=0.02, price=f"{bid * 0.97:.1f}")
        assert float(amended["origQty"]) == 0.02, amended
        found = await client.ws_futures_get_order(symbol=BTC, orderId=number)
        assert found["status"] == "NEW", found
        gone = await client.ws_futures_cancel_order(symbol=BTC, orderId=number)
        assert gone["status"] == "CANCELED", gone
    async with checks("a conditional order is placed and cancelled by the WebSocket API"):
        placed = await client.ws_futures_create_order(
            symbol=BTC, side="SELL", type="STOP_MARKET", quantity=0.01,
            triggerPrice=f"{bid * 0.9:.1f}")
        await client.ws_futures_cancel_algo_order(algoId=placed["algoId"])
    async with checks("account, balance and positions by the WebSocket API"):
        assert await client.ws_futures_v2_account_balance()
        assert (await client.ws_futures_v2_account_status())["totalWalletBalance"]
        await client.ws_futures_v2_account_position(symbol=BTC)
        assert await client.ws_futures_account_balance()
        assert await client.ws_futures_account_status()
        await client.ws_futures_account_position()


async def main() -> None:
    client = await PaperClient.create(venue.KEY, venue.SECRET)
    sockets = PaperSockets(client)
    try:
        await market_streams(sockets)
        await depth_cache(client, sockets)
        await user_stream(client, sockets)
        await websocket_api(client)
    finally:
        await client.close_connection()


asyncio.run(main())
checks.finish()
