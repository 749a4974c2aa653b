"""ccxt.binance, spot, over REST."""

import ccxt
from ccxt_venues import refused, spot
from checks import Checks, eventually

BTC, ETH = "BTC/USDT", "ETH/USDT"
checks = Checks("ccxt-spot")
client = spot()


def near(share: float) -> float:
    """A price that is that share of the best bid, on the tick."""
    best = client.fetch_order_book(BTC, 5)["bids"][0][0]
    return float(client.price_to_precision(BTC, best * share))


def limit(share: float = 0.98, amount: float = 0.01, **params) -> dict:
    return client.create_order(BTC, "limit", "buy", amount, near(share), params)


def market_data() -> None:
    with checks("markets are loaded, at least ten"):
        markets = client.load_markets()
        assert markets[BTC]["spot"] and markets[BTC]["active"], markets[BTC]
        assert len(markets) >= 10, list(markets)
    with checks("the server's time and status"):
        assert abs(client.fetch_time() - client.milliseconds()) < 2000
        assert client.fetch_status()["status"] == "ok"
    with checks("the order book is sorted and not crossed"):
        book = client.fetch_order_book(BTC, 100)
        assert book["bids"][0][0] < book["asks"][0][0] and book["nonce"], book
        assert book["bids"] == sorted(book["bids"], key=lambda row: -row[0])
    with checks("tickers of one, of two and of all symbols"):
        assert client.fetch_ticker(BTC)["last"] > 0
        assert set(client.fetch_tickers([BTC, ETH])) == {BTC, ETH}
        assert BTC in client.fetch_tickers()
    with checks("bids and asks, last prices"):
        assert client.fetch_bids_asks()[BTC]["bid"] > 0
        assert client.fetch_last_prices()[BTC]["price"] > 0
    with checks("candles"):
        time, first, high, low, last, _ = eventually(lambda: client.fetch_ohlcv(BTC, "1m"))[-1]
        assert time % 60000 == 0 and low <= min(first, last) <= max(first, last) <= high
    with checks("public trades, aggregated and one by one"):
        assert eventually(lambda: client.fetch_trades(BTC))[-1]["price"] > 0
        assert client.fetch_trades(BTC, params={"fetchTradesMethod": "publicGetTrades"})
        assert client.fetch_trades(BTC, params={"fetchTradesMethod": "publicGetHistoricalTrades"})


def account() -> None:
    with checks("balances, free and locked"):
        balance = client.fetch_balance()
        free = balance["USDT"]["free"]
        assert free > 1000 and balance["USDT"]["used"] == 0, balance["USDT"]
        order = limit()
        held = client.fetch_balance()["USDT"]
        assert abs(held["used"] - order["price"] * 0.01) < 0.01, held
        client.cancel_all_orders(BTC)
        assert client.fetch_balance()["USDT"]["free"] == free
    with checks("trading fees"):
        assert client.fetch_trading_fee(BTC)["taker"] >= 0
        assert BTC in client.fetch_trading_fees()


def orders() -> None:
    with checks("a limit order rests, is found and is cancelled"):
        placed = limit()
        assert placed["status"] == "open" and placed["filled"] == 0, placed
        assert client.fetch_order(placed["id"], BTC)["clientOrderId"] == placed["clientOrderId"]
        assert [order["id"] for order in client.fetch_open_orders(BTC)] == [placed["id"]]
        assert [order["id"] for order in client.fetch_open_orders()] == [placed["id"]]
        assert client.cancel_order(placed["id"], BTC)["status"] == "canceled"
        assert client.fetch_open_orders(BTC) == []
    with checks("an order is found and cancelled by the client's own id"):
        limit(clientOrderId="mine-1")
        assert client.fetch_order(None, BTC, {"clientOrderId": "mine-1"})["status"] == "open"
        client.cancel_order(None, BTC, {"clientOrderId": "mine-1"})
    with checks("a market order fills, and balance and trades show it"):
        before = client.fetch_balance()["BTC"]["total"] if "BTC" in client.fetch_balance() else 0
        filled = client.create_order(BTC, "market", "buy", 0.02)
        assert filled["status"] == "closed" and filled["filled"] == 0.02, filled
        assert filled["trades"] and filled["fee"]["cost"] >= 0, filled
        trades = client.fetch_my_trades(BTC)
        assert abs(sum(trade["amount"] for trade in trades) - 0.02) < 1e-9, trades
        assert client.fetch_order_trades(filled["id"], BTC)
        assert client.fetch_balance()["BTC"]["total"] - before > 0.0199
    with checks("a market order by its cost"):
        order = client.create_market_buy_order_with_cost(BTC, 500)
        assert order["status"] == "closed" and 0 < order["cost"] <= 500, order
    with checks("a market sale"):
        assert client.create_order(BTC, "market", "sell", 0.01)["status"] == "closed"
    with checks("post-only, IOC and FOK"):
        order = limit(postOnly=True)
        assert order["status"] == "open" and order["postOnly"], order
        client.cancel_order(order["id"], BTC)
        assert limit(timeInForce="IOC")["status"] == "expired"
        assert limit(1.02, timeInForce="IOC")["status"] == "closed"
        assert limit(timeInForce="FOK")["status"] == "expired"
        assert limit(1.02, timeInForce="FOK")["status"] == "closed"
    with checks("an order is replaced"):
        order = limit()
        amended = client.edit_order(order["id"], BTC, "limit", "buy", 0.02, near(0.97))
        assert amended["amount"] == 0.02 and amended["status"] == "open", amended
        assert client.fetch_order(order["id"], BTC)["status"] == "canceled"
    with checks("all orders are cancelled, past ones are listed"):
        limit()
        client.cancel_all_orders(BTC)
        assert client.fetch_open_orders(BTC) == []
        states = {order["status"] for order in client.fetch_orders(BTC)}
        assert {"canceled", "closed", "expired"} <= states, states
    with checks("a test order is checked only"):
        client.create_order(BTC, "limit", "buy", 0.01, near(0.98), {"test": True})
        assert client.fetch_open_orders(BTC) == []


def errors() -> None:
    with checks("too little money is InsufficientFunds"):
        refused(client, "insufficient balance", ccxt.InsufficientFunds, limit, 0.99, 100)
    with checks("a post-only order that would take is OrderImmediatelyFillable"):
        refused(client, "immediately match", ccxt.OrderImmediatelyFillable,
                lambda: limit(1.02, postOnly=True))
    with checks("a duplicate client order id is InvalidOrder"):
        limit(clientOrderId="twice")
        refused(client, -2010, ccxt.InvalidOrder, lambda: limit(clientOrderId="twice"))
        client.cancel_all_orders(BTC)
    with checks("unknown orders are OrderNotFound"):
        refused(client, -2011, ccxt.OrderNotFound, client.cancel_order, "4444444444", BTC)
        refused(client, -2013, ccxt.OrderNotFound, client.fetch_order, "4444444444", BTC)
        refused(client, -2011, ccxt.OrderNotFound, client.cancel_all_orders, BTC)
    with checks("filters refuse as InvalidOrder"):
        raw = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
        refused(client, -1013, ccxt.InvalidOrder, client.privatePostOrder,
                raw | {"quantity": "0.01", "price": f"{near(0.98):.2f}5"})
        refused(client, -1013, ccxt.InvalidOrder, client.privatePostOrder,
                raw | {"quantity": "0.0100001", "price": str(near(0.98))})
    with checks("an unknown symbol is BadSymbol"):
        refused(client, -1121, ccxt.BadSymbol, client.publicGetDepth, {"symbol": "NOSUCHUSDT"})
    with checks("a wrong secret and an unknown key are AuthenticationError"):
        stranger = spot()
        stranger.secret = "wrong"
        refused(client, -1022, ccxt.AuthenticationError, stranger.privateGetAccount)
        stranger.apiKey = "b" * 64
        refused(client, -2015, ccxt.AuthenticationError, stranger.privateGetAccount)


for part in market_data, account, orders, errors:
    part()
checks.finish()
