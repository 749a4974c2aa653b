"""python-binance, futures over REST."""

import venue
from binance import Client
from binance.exceptions import BinanceAPIException
from checks import Checks, eventually

BTC = "BTCUSDT"
checks = Checks("python-binance-futures")


class PaperClient(Client):
    """The client with its addresses turned."""
    API_URL = f"{venue.HTTP}/api"
    FUTURES_URL = f"{venue.HTTP}/fapi"
    FUTURES_DATA_URL = f"{venue.HTTP}/futures/data"


client = PaperClient(venue.KEY, venue.SECRET, ping=False)


def near(share: float) -> str:
    """A price that is that share of the best bid, on the tick."""
    best = float(client.futures_order_book(symbol=BTC, limit=5)["bids"][0][0])
    return f"{best * share:.1f}"


def limit(price: str, **more) -> dict:
    order = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
             "quantity": 0.01, "price": price}
    return client.futures_create_order(**(order | more))


def refused(code: int, action, **options) -> None:
    try:
        answer = action(**options)
    except BinanceAPIException as error:
        assert error.code == code and error.message, error
    else:
        raise AssertionError(f"accepted: {answer}")


def position() -> float:
    rows = client.futures_position_information(symbol=BTC)
    return sum(float(row["positionAmt"]) for row in rows)


def open_orders() -> list[dict]:
    return client.futures_get_open_orders(symbol=BTC)


def market_data() -> None:
    with checks("ping, time and exchange information"):
        client.futures_ping()
        assert client.futures_time()["serverTime"] > 0
        symbols = {row["symbol"]: row for row in client.futures_exchange_info()["symbols"]}
        assert symbols[BTC]["contractType"] == "PERPETUAL", symbols[BTC]
    with checks("book, book ticker, prices and day statistics"):
        assert client.futures_order_book(symbol=BTC)["lastUpdateId"]
        assert float(client.futures_orderbook_ticker(symbol=BTC)["bidPrice"]) > 0
        assert float(client.futures_symbol_ticker(symbol=BTC)["price"]) > 0
        assert client.futures_ticker(symbol=BTC)["symbol"] == BTC
        assert len(client.futures_ticker()) >= 4
    with checks("trades: recent, aggregated, historical"):
        assert eventually(lambda: client.futures_recent_trades(symbol=BTC))[-1]["price"]
        assert eventually(lambda: client.futures_aggregate_trades(symbol=BTC))[-1]["a"]
        assert client.futures_historical_trades(symbol=BTC)
    with checks("klines of every kind"):
        assert len(client.futures_klines(symbol=BTC, interval="1m", limit=5)[-1]) == 12
        client.futures_continuous_klines(pair=BTC, contractType="PERPETUAL", interval="1m")
        client.futures_mark_price_klines(symbol=BTC, interval="1m")
        client.futures_index_price_klines(pair=BTC, interval="1m")
        client.futures_premium_index_klines(symbol=BTC, interval="1m")
        assert client.futures_historical_klines(BTC, "1m", "10 minutes ago UTC")
    with checks("mark price, funding and open interest"):
        assert float(client.futures_mark_price(symbol=BTC)["markPrice"]) > 0
        client.futures_funding_rate(symbol=BTC)
        client.futures_v1_get_funding_info()
        assert client.futures_open_interest(symbol=BTC)["openInterest"]


def account() -> None:
    with checks("balance, account, its configuration and fees"):
        usdt = next(row for row in client.futures_account_balance() if row["asset"] == "USDT")
        assert float(usdt["balance"]) == 100000, usdt
        assert float(client.futures_account()["totalWalletBalance"]) == 100000
        assert client.futures_account_config()["dualSidePosition"] is False
        assert client.futures_symbol_config(symbol=BTC)[0]["marginType"] == "CROSSED"
        assert client.futures_commission_rate(symbol=BTC)["takerCommissionRate"]
        assert client.futures_leverage_bracket(symbol=BTC)[0]["brackets"]
        assert client.futures_v1_get_rate_limit_order()
    with checks("leverage, margin type and position mode are changed"):
        assert client.futures_change_leverage(symbol=BTC, leverage=5)["leverage"] == 5
        client.futures_change_margin_type(symbol=BTC, marginType="ISOLATED")
        client.futures_change_margin_type(symbol=BTC, marginType="CROSSED")
        refused(-4046, client.futures_change_margin_type, symbol=BTC, marginType="CROSSED")
        client.futures_change_position_mode(dualSidePosition=True)
        assert client.futures_get_position_mode()["dualSidePosition"] is True
        client.futures_change_position_mode(dualSidePosition=False)
        assert client.futures_get_multi_assets_mode()["multiAssetsMargin"] is False
    with checks("a listen key is made, kept and closed"):
        key = client.futures_stream_get_listen_key()
        client.futures_stream_keepalive(key)
        client.futures_stream_close(key)


def orders() -> None:
    with checks("an order rests, is queried, amended and cancelled"):
        placed = limit(near(0.98))
        assert placed["status"] == "NEW", placed
        assert client.futures_get_order(symbol=BTC, orderId=placed["orderId"])["status"] == "NEW"
        assert client.futures_v1_get_open_order(symbol=BTC, orderId=placed["orderId"])
        amended = client.futures_modify_order(
            symbol=BTC, side="BUY", orderId=placed["orderId"], quantity=0.02, price=near(0.97))
        assert float(amended["origQty"]) == 0.02, amended
        assert client.futures_v1_get_order_amendment(symbol=BTC, orderId=placed["orderId"])
        gone = client.futures_cancel_order(symbol=BTC, orderId=placed["orderId"])
        assert gone["status"] == "CANCELED" and open_orders() == [], gone
    with checks("a market order fills"):
        filled = client.futures_create_order(symbol=BTC, side="BUY", type="MARKET", quantity=0.02,
                                             newOrderRespType="RESULT")
        assert filled["status"] == "FILLED" and float(filled["avgPrice"]) > 0, filled
        trades = client.futures_account_trades(symbol=BTC)
        assert float(trades[-1]["commission"]) > 0 and position() == 0.02, trades
    with checks("reduce-only closes, income tells it"):
        client.futures_create_order(symbol=BTC, side="SELL", type="MARKET", quantity=0.02,
                                    reduceOnly=True)
        kinds = {row["incomeType"] for row in client.futures_income_history()}
        assert position() == 0 and {"COMMISSION", "REALIZED_PNL"} <= kinds, kinds
    with checks("post-only, IOC and FOK"):
        assert limit(near(0.98), timeInForce="GTX")["status"] == "NEW"
        refused(-5022, limit, price=near(1.02), timeInForce="GTX")
        ended = limit(near(0.98), timeInForce="IOC", newOrderRespType="RESULT")
        assert ended["status"] == "EXPIRED", ended
        try:
            assert limit(near(0.98), timeInForce="FOK",
                         newOrderRespType="RESULT")["status"] == "EXPIRED"
        except BinanceAPIException as error:
            assert error.code == -5021, error
        client.futures_cancel_all_open_orders(symbol=BTC)
        assert open_orders() == []
    with checks("a batch is placed and cancelled"):
        row = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
               "quantity": "0.01"}
        placed = client.futures_place_batch_order(batchOrders=[
            row | {"price": near(0.98)}, row | {"price": near(0.97)}, row | {"price": "1"}])
        assert [order.get("status") for order in placed] == ["NEW", "NEW", None], placed
        ids = [order["orderId"] for order in placed[:2]]
        gone = client.futures_cancel_orders(symbol=BTC, orderidlist=ids)
        assert [order["status"] for order in gone] == ["CANCELED"] * 2, gone
    with checks("a batch is cancelled by the client's own ids"):
        limit(near(0.98), newClientOrderId="a.1")
        limit(near(0.98), newClientOrderId="a.2")
        client.futures_cancel_orders(symbol=BTC, origclientorderidlist=["a.1", "a.2"])
        assert open_orders() == []
    with checks("the countdown is set and lifted"):
        answer = client.futures_countdown_cancel_all(symbol=BTC, countdownTime=60000)
        assert answer["symbol"] == BTC, answer
        client.futures_countdown_cancel_all(symbol=BTC, countdownTime=0)


def conditional() -> None:
    with checks("a stop order goes to the algo endpoint"):
        placed = client.futures_create_order(symbol=BTC, side="SELL", type="STOP_MARKET",
                                             quantity=0.01, stopPrice=near(0.9))
        assert placed["algoId"] and placed["algoStatus"] == "NEW", placed
        found = client.futures_get_order(symbol=BTC, algoId=placed["algoId"], conditional=True)
        assert found["algoId"] == placed["algoId"], found
        assert client.futures_get_open_algo_orders(symbol=BTC)[0]["algoId"] == placed["algoId"]
        gone = client.futures_cancel_algo_order(symbol=BTC, algoId=placed["algoId"])
        assert gone["algoId"] == placed["algoId"], gone
        assert client.futures_get_all_algo_orders(symbol=BTC)
    with checks("all conditional orders are cancelled"):
        client.futures_create_order(symbol=BTC, side="SELL", type="TAKE_PROFIT_MARKET",
                                    quantity=0.01, stopPrice=near(1.1))
        client.futures_cancel_all_algo_open_orders(symbol=BTC)
        assert client.futures_get_open_algo_orders(symbol=BTC) == []


def errors() -> None:
    with checks("errors come with their codes"):
        refused(-2019, limit, price=near(0.98), quantity=500)
        refused(-2011, client.futures_cancel_order, symbol=BTC, orderId=4444444444)
        refused(-2013, client.futures_get_order, symbol=BTC, orderId=4444444444)
        refused(-1121, client.futures_order_book, symbol="NOSUCHUSDT")
        refused(-1102, client.futures_create_order, symbol=BTC, side="BUY", type="LIMIT",
                timeInForce="GTC", quantity=0.01)
        limit(near(0.98), newClientOrderId="twice")
        refused(-4116, limit, price=near(0.98), newClientOrderId="twice")


for part in market_data, account, orders, conditional, errors:
    part()
checks.finish()
