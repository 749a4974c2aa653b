"""binance-futures-connector: REST, market streams and the user stream."""

import json
import time

import venue
from binance.error import ClientError
from binance.um_futures import UMFutures
from binance.websocket.um_futures.websocket_client import UMFuturesWebsocketClient
from checks import Checks, eventually

BTC = "BTCUSDT"
checks = Checks("futures-connector")
client = UMFutures(key=venue.KEY, secret=venue.SECRET, base_url=venue.HTTP)


def near(share: float) -> str:
    """A price that is that share of the best bid, on the tick."""
    return f"{float(client.depth(BTC, limit=5)['bids'][0][0]) * share:.1f}"


def limit(price: str, **more) -> dict:
    return client.new_order(symbol=BTC, side="BUY", type="LIMIT", price=price,
                            **({"quantity": 0.01, "timeInForce": "GTC"} | more))


def refused(code: int, action, *arguments, **options) -> None:
    try:
        answer = action(*arguments, **options)
    except ClientError as error:
        assert error.error_code == code and error.error_message, error
    else:
        raise AssertionError(f"accepted: {answer}")


def market_data() -> None:
    with checks("ping, time, exchange information, book, tickers"):
        assert client.ping() == {} and client.time()["serverTime"]
        assert any(row["symbol"] == BTC for row in client.exchange_info()["symbols"])
        assert client.depth(BTC, limit=1000)["lastUpdateId"] and client.book_ticker(BTC)["bidQty"]
        assert client.ticker_price(BTC)["price"] and client.ticker_24hr_price_change(BTC)["volume"]
        assert client.mark_price(BTC)["markPrice"] and client.open_interest(BTC)["openInterest"]
    with checks("trades and klines"):
        assert eventually(lambda: client.trades(BTC))
        assert eventually(lambda: client.agg_trades(BTC))
        assert client.historical_trades(BTC) and client.klines(BTC, "1m")
        client.continuous_klines(BTC, "PERPETUAL", "1m")
        client.index_price_klines(BTC, "1m")
        client.mark_price_klines(BTC, "1m")
        client.funding_rate(BTC)
        client.funding_info()


def account() -> None:
    with checks("account, balance, positions, fees, brackets, modes"):
        assert float(client.account()["totalWalletBalance"]) == 100000
        assert any(row["asset"] == "USDT" for row in client.balance())
        client.get_position_risk()
        assert client.commission_rate(BTC)["makerCommissionRate"]
        assert client.leverage_brackets(symbol=BTC)
        assert client.get_position_mode()["dualSidePosition"] is False
        assert client.get_multi_asset_mode()["multiAssetsMargin"] is False
        assert client.futures_account_configuration()["canTrade"] is True
        assert client.symbol_configuration()[0]["marginType"] == "CROSSED"
        assert client.query_user_rate_limit()
        client.adl_quantile()
    with checks("leverage and margin type are changed"):
        assert client.change_leverage(BTC, 9)["leverage"] == 9
        client.change_margin_type(BTC, "ISOLATED")
        client.change_margin_type(BTC, "CROSSED")
        refused(-4046, client.change_margin_type, BTC, "CROSSED")


def orders() -> None:
    with checks("an order rests, is queried, amended and cancelled"):
        number = limit(near(0.98))["orderId"]
        assert client.query_order(BTC, orderId=number)["status"] == "NEW"
        assert client.get_open_orders(BTC, orderId=number)["orderId"] == number
        assert [order["orderId"] for order in client.get_orders(symbol=BTC)] == [number]
        amended = client.modify_order(BTC, "BUY", 0.02, near(0.97), orderId=number)
        assert float(amended["origQty"]) == 0.02, amended
        assert client.cancel_order(BTC, orderId=number)["status"] == "CANCELED"
    with checks("a market order fills and shows in trades, position and income"):
        filled = client.new_order(symbol=BTC, side="BUY", type="MARKET", quantity=0.02,
                                  newOrderRespType="RESULT")
        assert filled["status"] == "FILLED", filled
        assert client.get_account_trades(symbol=BTC)[-1]["orderId"] == filled["orderId"]
        assert float(client.get_position_risk(symbol=BTC)[0]["positionAmt"]) == 0.02
        assert client.get_income_history(incomeType="COMMISSION")
        client.new_order(symbol=BTC, side="SELL", type="MARKET", quantity=0.02, reduceOnly="true")
        assert client.get_all_orders(BTC)
    with checks("a batch is placed and cancelled, all are cancelled"):
        row = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
               "quantity": "0.01"}
        placed = client.new_batch_order([row | {"price": near(0.98)}, row | {"price": near(0.97)}])
        assert [order["status"] for order in placed] == ["NEW", "NEW"], placed
        numbers = [order["orderId"] for order in placed]
        gone = client.cancel_batch_order(BTC, numbers, None)
        assert [order["status"] for order in gone] == ["CANCELED", "CANCELED"], gone
        limit(near(0.98), newClientOrderId="b_1")
        client.cancel_batch_order(BTC, None, ["b_1"])
        limit(near(0.98))
        client.cancel_open_orders(BTC)
        assert client.get_orders(symbol=BTC) == []
    with checks("the countdown is set and lifted, a test order is checked"):
        assert client.countdown_cancel_order(BTC, 60000)["symbol"] == BTC
        client.countdown_cancel_order(BTC, 0)
        client.new_order_test(symbol=BTC, side="BUY", type="MARKET", quantity=0.01)
    with checks("errors come with their codes"):
        refused(-2019, limit, near(0.98), quantity=500)
        refused(-2011, client.cancel_order, BTC, orderId=4444444444)
        refused(-5022, limit, near(1.02), timeInForce="GTX")
        refused(-1121, client.depth, "NOSUCHUSDT")


class Listener:
    """A socket of the client, with what it was sent."""

    def __init__(self, **options):
        self.messages: list[dict] = []
        self.socket = UMFuturesWebsocketClient(
            on_message=lambda _, text: self.messages.append(json.loads(text)), **options)

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.stop()

    def await_event(self, kind: str, **fields) -> dict:
        def found() -> dict | None:
            events = [message.get("data", message) for message in self.messages]
            return next((event for event in events if event.get("e") == kind and all(
                event.get("o", event).get(name) == value for name, value in fields.items())), None)
        return eventually(found, seconds=20)


def streams() -> None:
    with checks("market streams, subscribed one by one"):
        with Listener(stream_url=venue.WS) as raw:
            raw.socket.book_ticker(BTC)
            raw.socket.mark_price(BTC, 1)
            raw.socket.diff_book_depth(BTC, 100)
            raw.socket.agg_trade(BTC)
            for kind in "bookTicker", "markPriceUpdate", "depthUpdate", "aggTrade":
                assert raw.await_event(kind)["s"] == BTC
            raw.socket.list_subscribe(id=77)
            listed = eventually(lambda: next((m for m in raw.messages if m.get("id") == 77), None))
            assert len(listed["result"]) == 4, listed
    with checks("market streams, combined"):
        with Listener(stream_url=venue.WS, is_combined=True) as combined:
            combined.socket.subscribe(["btcusdt@kline_1m", "btcusdt@ticker", "btcusdt@miniTicker",
                                       "btcusdt@depth5@100ms"])
            assert combined.await_event("kline")["k"]["i"] == "1m"
            assert combined.await_event("24hrTicker")["s"] == BTC
            assert combined.await_event("24hrMiniTicker")["s"] == BTC
            assert len(combined.await_event("depthUpdate")["b"]) == 5


def user_stream() -> None:
    with checks("the user stream tells an order, its fill and the account"):
        key = client.new_listen_key()["listenKey"]
        with Listener(stream_url=venue.WS) as user:
            user.socket.user_data(key)
            eventually(lambda: user.messages)
            limit(near(0.98), newClientOrderId="u-1")
            assert user.await_event("ORDER_TRADE_UPDATE", c="u-1", x="NEW")["o"]["X"] == "NEW"
            client.cancel_open_orders(BTC)
            user.await_event("ORDER_TRADE_UPDATE", c="u-1", x="CANCELED")
            client.new_order(symbol=BTC, side="BUY", type="MARKET", quantity=0.01,
                             newClientOrderId="u-2")
            assert user.await_event("ORDER_TRADE_UPDATE", c="u-2", x="TRADE")["o"]["n"]
            assert user.await_event("ACCOUNT_UPDATE")["a"]["m"] == "ORDER"
            client.renew_listen_key(key)
            client.close_listen_key(key)
    with checks("a ping is answered"):
        with Listener(stream_url=venue.WS) as pinged:
            pinged.socket.ping()
            time.sleep(0.2)
            pinged.socket.list_subscribe(id=1)
            eventually(lambda: pinged.messages)


for part in market_data, account, orders, streams, user_stream:
    part()
checks.finish()
