"""python-binance, spot: REST, market streams, the user stream by signature, the WebSocket API."""

import asyncio

import venue
from binance import AsyncClient, BinanceSocketManager, Client
from binance.exceptions import BinanceAPIException
from binance.ws.depthcache import DepthCacheManager
from checks import Checks, eventually

BTC = "BTCUSDT"
checks = Checks("python-binance-spot")


class PaperClient(Client):
    """The client with its address turned."""
    API_URL = f"{venue.HTTP}/api"


class PaperAsyncClient(AsyncClient):
    """The asynchronous client with its addresses turned."""
    API_URL = f"{venue.HTTP}/api"
    WS_API_URL = f"{venue.WS}/ws-api/v3"


class PaperSockets(BinanceSocketManager):
    """Its sockets with their address turned."""
    STREAM_URL = f"{venue.WS}/spot/"


client = PaperClient(venue.KEY, venue.SECRET)


def near(share: float) -> str:
    """A price that is that share of the best bid, on the tick."""
    return f"{float(client.get_order_book(symbol=BTC, limit=5)['bids'][0][0]) * share:.2f}"


def limit(share: float = 0.98, **more) -> dict:
    order = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
             "quantity": "0.01", "price": near(share)}
    return client.create_order(**{name: value for name, value in (order | more).items() if value})


def refused(code: int, text: str, action, **options) -> None:
    try:
        answer = action(**options)
    except BinanceAPIException as error:
        assert error.code == code and text in error.message, error
    else:
        raise AssertionError(f"accepted: {answer}")


def market_data() -> None:
    with checks("ping, time, exchange information, one symbol's information"):
        client.ping()
        assert client.get_server_time()["serverTime"]
        assert len(client.get_exchange_info()["symbols"]) >= 10
        assert client.get_symbol_info(BTC)["filters"]
    with checks("book, prices, day statistics, average price"):
        assert client.get_order_book(symbol=BTC)["lastUpdateId"]
        assert client.get_symbol_ticker(symbol=BTC)["price"] and client.get_all_tickers()
        assert client.get_orderbook_ticker(symbol=BTC)["bidPrice"]
        assert client.get_orderbook_tickers()
        assert client.get_ticker(symbol=BTC)["volume"] and client.get_avg_price(symbol=BTC)["price"]
    with checks("trades and klines"):
        assert eventually(lambda: client.get_recent_trades(symbol=BTC))
        assert client.get_historical_trades(symbol=BTC)
        assert eventually(lambda: client.get_aggregate_trades(symbol=BTC))
        assert len(client.get_klines(symbol=BTC, interval="1m")[-1]) == 12
        assert client.get_historical_klines(BTC, "1m", "10 minutes ago UTC")


def orders() -> None:
    with checks("an order rests, is queried and cancelled"):
        placed = limit()
        assert client.get_order(symbol=BTC, orderId=placed["orderId"])["status"] == "NEW"
        assert client.get_open_orders(symbol=BTC)[0]["orderId"] == placed["orderId"]
        gone = client.cancel_order(symbol=BTC, orderId=placed["orderId"])
        assert gone["status"] == "CANCELED", gone
    with checks("market orders fill, with fills in the answer"):
        bought = client.order_market_buy(symbol=BTC, quantity="0.02")
        assert bought["status"] == "FILLED" and bought["fills"][0]["commission"], bought
        assert client.order_market_buy(symbol=BTC, quoteOrderQty="500")["status"] == "FILLED"
        assert client.order_market_sell(symbol=BTC, quantity="0.01")["status"] == "FILLED"
        assert client.get_my_trades(symbol=BTC)[-1]["isBuyer"] is False
    with checks("post-only, IOC and FOK"):
        resting = limit(type="LIMIT_MAKER", timeInForce=None, newOrderRespType="RESULT")
        assert resting["status"] == "NEW", resting
        assert limit(timeInForce="IOC")["status"] == "EXPIRED"
        assert limit(timeInForce="FOK")["status"] == "EXPIRED"
    with checks("an order is replaced, one is reduced in place, all are cancelled"):
        first = limit()
        answer = client.cancel_replace_order(
            symbol=BTC, side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.02",
            price=near(0.97), cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=first["orderId"])
        assert answer["newOrderResult"] == "SUCCESS", answer
        client.cancel_all_open_orders(symbol=BTC)
        assert client.get_open_orders() == [] and client.get_all_orders(symbol=BTC)
        assert client.get_prevented_matches(symbol=BTC, orderId=first["orderId"]) == []
    with checks("an order list is placed, queried and cancelled; its limit order trades"):
        base = {"symbol": BTC, "side": "SELL", "quantity": "0.01", "aboveType": "LIMIT_MAKER",
                "abovePrice": near(1.02), "belowType": "STOP_LOSS_LIMIT",
                "belowStopPrice": near(0.98), "belowPrice": near(0.97), "belowTimeInForce": "GTC"}
        placed = client.create_oco_order(**base)
        assert placed["listOrderStatus"] == "EXECUTING" and len(placed["orderReports"]) == 2, placed
        number = placed["orderListId"]
        assert client.get_open_oco_orders()[0]["orderListId"] == number
        assert client.v3_get_order_list(orderListId=number)["contingencyType"] == "OCO"
        gone = client.v3_delete_order_list(symbol=BTC, orderListId=number)
        assert gone["listOrderStatus"] == "ALL_DONE" and client.get_open_oco_orders() == [], gone
        again = client.create_oco_order(**base)
        client.cancel_order(symbol=BTC, orderId=again["orders"][0]["orderId"])
        assert client.get_open_orders(symbol=BTC) == [] and client.v3_get_all_order_list()
        refused(-2010, "relationship of the prices", client.create_oco_order,
                **base | {"abovePrice": near(0.99)})
    with checks("account, one balance, fees, rate limits, a test order"):
        assert client.get_account()["canTrade"] and client.get_asset_balance("USDT")["free"]
        assert client.get_account(omitZeroBalances="true")["balances"]
        assert client.get_current_order_count()
        client.create_test_order(symbol=BTC, side="BUY", type="MARKET", quantity="0.01")
    with checks("errors come with their codes"):
        refused(-2010, "insufficient balance", limit, quantity="100")
        refused(-2011, "", client.cancel_order, symbol=BTC, orderId=4444444444)
        refused(-2013, "", client.get_order, symbol=BTC, orderId=4444444444)
        refused(-1121, "", client.get_order_book, symbol="NOSUCHUSDT")
        refused(-1013, "LOT_SIZE", limit, quantity="0.00000001")
        refused(-2010, "immediately match", limit, share=1.02, type="LIMIT_MAKER", timeInForce=None)


async def first(socket) -> dict:
    async with socket as stream:
        message = await stream.recv()
        assert message.get("e") != "error" if isinstance(message, dict) else message, message
        return message


async def streams(remote: PaperAsyncClient, sockets: PaperSockets) -> None:
    async with checks("trades, klines, book tickers, day statistics"):
        assert (await first(sockets.trade_socket(BTC)))["e"] == "trade"
        assert (await first(sockets.aggtrade_socket(BTC)))["e"] == "aggTrade"
        assert (await first(sockets.kline_socket(BTC)))["k"]["s"] == BTC
        assert "e" not in await first(sockets.symbol_book_ticker_socket(BTC))
        assert (await first(sockets.symbol_ticker_socket(BTC)))["e"] == "24hrTicker"
        assert (await first(sockets.symbol_miniticker_socket(BTC)))["e"] == "24hrMiniTicker"
        assert isinstance(await first(sockets.ticker_socket()), list)
    async with checks("several streams on one socket, partial books"):
        message = await first(sockets.multiplex_socket(["btcusdt@depth5@100ms"]))
        assert len(message["data"]["bids"]) == 5, message
        assert (await first(sockets.depth_socket(BTC, depth="20")))["lastUpdateId"]
    async with checks("the book kept by the client stays uncrossed"):
        async with DepthCacheManager(remote, symbol=BTC, bm=sockets, ws_interval=100) as stream:
            for _ in range(20):
                book = await stream.recv()
                assert book.get_bids()[0][0] < book.get_asks()[0][0]


async def user_stream(remote: PaperAsyncClient, sockets: PaperSockets) -> None:
    async with checks("the user stream by signature tells an order, its fill and the account"):
        async with sockets.user_socket() as stream:
            await remote.order_market_buy(symbol=BTC, quantity="0.01", newClientOrderId="s-1")
            seen = []
            while not (any(message.get("x") == "TRADE" for message in seen) and any(
                    message["e"] == "outboundAccountPosition" for message in seen)):
                seen.append(await stream.recv())
            assert (seen[0]["x"], seen[0]["c"]) == ("NEW", "s-1"), seen


async def websocket_api(remote: PaperAsyncClient) -> None:
    async with checks("an order is placed, queried and cancelled by the WebSocket API"):
        placed = await remote.ws_order_limit(symbol=BTC, side="BUY", quantity="0.01",
                                             price=near(0.98))
        number = placed["orderId"]
        assert (await remote.ws_get_order(symbol=BTC, orderId=number))["status"] == "NEW"
        assert await remote.ws_get_open_orders(symbol=BTC)
        gone = await remote.ws_cancel_order(symbol=BTC, orderId=number)
        assert gone["status"] == "CANCELED", gone
    async with checks("an order list is placed and cancelled by the WebSocket API"):
        placed = await remote.ws_create_oco_order(
            symbol=BTC, side="SELL", quantity="0.01", aboveType="LIMIT_MAKER",
            abovePrice=near(1.02), belowType="STOP_LOSS", belowStopPrice=near(0.98))
        assert placed["listOrderStatus"] == "EXECUTING", placed
        gone = await remote.ws_cancel_oco_order(
            symbol=BTC, orderListId=placed["orderListId"])
        assert gone["listOrderStatus"] == "ALL_DONE", gone
    async with checks("market data and account by the WebSocket API"):
        await remote.ws_ping()
        assert (await remote.ws_get_time())["serverTime"]
        assert (await remote.ws_get_order_book(symbol=BTC))["bids"]
        assert await remote.ws_get_klines(symbol=BTC, interval="1m")
        assert (await remote.ws_get_symbol_ticker(symbol=BTC))["price"]
        assert (await remote.ws_get_account())["balances"]
        assert await remote.ws_get_my_trades(symbol=BTC)


async def main() -> None:
    remote = await PaperAsyncClient.create(venue.KEY, venue.SECRET)
    sockets = PaperSockets(remote)
    try:
        await streams(remote, sockets)
        await user_stream(remote, sockets)
        await websocket_api(remote)
    finally:
        await remote.close_connection()


for part in market_data, orders:
    part()
asyncio.run(main())
checks.finish()
