"""ccxt.binanceusdm over REST: orders."""

import ccxt
from ccxt_venues import futures
from checks import Checks, eventually

BTC = "BTC/USDT:USDT"
checks = Checks("ccxt-futures-orders")
client = futures()


def bid(share: float = 1.0) -> float:
    """A share of the best bid, on the tick."""
    best = client.fetch_order_book(BTC, 5)["bids"][0][0]
    return float(client.price_to_precision(BTC, best * share))


def orders() -> None:
    with checks("a limit order rests, is found and is cancelled"):
        placed = client.create_order(BTC, "limit", "buy", 0.01, bid(0.98))
        assert placed["status"] == "open" and placed["filled"] == 0, placed
        assert client.fetch_order(placed["id"], BTC)["clientOrderId"] == placed["clientOrderId"]
        assert client.fetch_open_order(placed["id"], BTC)["id"] == placed["id"]
        assert [order["id"] for order in client.fetch_open_orders(BTC)] == [placed["id"]]
        assert [order["id"] for order in client.fetch_open_orders()] == [placed["id"]]
        assert client.cancel_order(placed["id"], BTC)["status"] == "canceled"
        assert client.fetch_open_orders(BTC) == []
        assert client.fetch_order(placed["id"], BTC)["status"] == "canceled"
    with checks("an order is found and cancelled by the client's own id"):
        client.create_order(BTC, "limit", "buy", 0.01, bid(0.98), {"clientOrderId": "mine-1"})
        assert client.fetch_order(None, BTC, {"clientOrderId": "mine-1"})["status"] == "open"
        assert client.cancel_order(None, BTC, {"clientOrderId": "mine-1"})["status"] == "canceled"
    with checks("a market order fills, and the position and the trades show it"):
        filled = client.create_order(BTC, "market", "buy", 0.02)
        assert filled["status"] == "closed" and filled["filled"] == 0.02, filled
        assert filled["average"] > 0 and filled["cost"] > 0, filled
        position = client.fetch_positions([BTC])[0]
        assert position["contracts"] == 0.02 and position["side"] == "long", position
        assert position["entryPrice"] > 0 and position["markPrice"] > 0, position
        assert position["initialMargin"] > 0 and position["maintenanceMargin"] > 0, position
        trades = client.fetch_my_trades(BTC)
        assert sum(trade["amount"] for trade in trades) == 0.02, trades
        assert all(trade["fee"]["cost"] > 0 and trade["takerOrMaker"] == "taker" for trade in trades)
    with checks("positions and their risk by the other endpoints"):
        assert client.fetch_positions_risk([BTC])[0]["contracts"] == 0.02
        assert client.fetch_account_positions([BTC])[0]["contracts"] == 0.02
        assert client.fetch_positions([BTC], {"useV2": True})[0]["leverage"] > 0
        client.fetch_positions_adl_rank()
    with checks("a post-only order rests"):
        order = client.create_order(BTC, "limit", "buy", 0.01, bid(0.98), {"postOnly": True})
        assert order["postOnly"] and order["status"] == "open", order
        client.cancel_order(order["id"], BTC)
    with checks("an IOC order far from the market expires"):
        order = client.create_order(BTC, "limit", "buy", 0.01, bid(0.98), {"timeInForce": "IOC"})
        assert order["status"] == "expired" and order["filled"] == 0, order
    with checks("an IOC order through the market fills"):
        order = client.create_order(BTC, "limit", "sell", 0.01, bid(0.98), {"timeInForce": "IOC"})
        assert order["status"] == "closed" and order["filled"] == 0.01, order
    with checks("a FOK order that cannot fill leaves nothing"):
        try:
            order = client.create_order(BTC, "limit", "buy", 0.01, bid(0.98), {"timeInForce": "FOK"})
            assert order["status"] == "expired" and order["filled"] == 0, order
        except ccxt.InvalidOrder:
            pass
        assert client.fetch_open_orders(BTC) == []
    with checks("a GTD order keeps its date"):
        until = client.milliseconds() + 1_200_000
        order = client.create_order(BTC, "limit", "buy", 0.01, bid(0.98),
                                    {"timeInForce": "GTD", "goodTillDate": until})
        assert int(order["info"]["goodTillDate"]) // 1000 == until // 1000, order
        client.cancel_order(order["id"], BTC)
    with checks("a price match order takes its price from the book"):
        order = client.create_order(BTC, "limit", "buy", 0.01, None, {"priceMatch": "QUEUE_5"})
        assert order["status"] == "open" and order["price"] > 0, order
        client.cancel_order(order["id"], BTC)
    with checks("reduce-only closes no more than the position"):
        order = client.create_order(BTC, "market", "sell", 0.05, None, {"reduceOnly": True})
        assert order["reduceOnly"] and client.fetch_positions([BTC]) == [], order
    with checks("an order is amended and keeps its id"):
        order = client.create_order(BTC, "limit", "buy", 0.01, bid(0.98))
        price = bid(0.97)
        amended = client.edit_order(order["id"], BTC, "limit", "buy", 0.02, price)
        assert amended["id"] == order["id"] and amended["amount"] == 0.02, amended
        assert client.fetch_order(order["id"], BTC)["price"] == price
        client.cancel_order(order["id"], BTC)
    with checks("a test order is checked only"):
        client.fapiPrivatePostOrderTest({"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET",
                                         "quantity": "0.01"})
        assert client.fetch_positions([BTC]) == []


def batches() -> None:
    def row(price: float, amount: float = 0.01) -> dict:
        return {"symbol": BTC, "type": "limit", "side": "buy", "amount": amount, "price": price}

    with checks("a batch is placed leg by leg, a bad leg fails alone"):
        placed = client.create_orders([row(bid(0.98)), row(bid(0.97)), row(1.0), row(bid(0.96))])
        refused = [order for order in placed if order["id"] is None]
        assert len(placed) == 4 and len(refused) == 1 and refused[0]["info"]["code"], placed
        assert len(client.fetch_open_orders(BTC)) == 3
    with checks("a batch is amended"):
        price = bid(0.95)
        amended = client.edit_orders([
            row(price) | {"id": order["id"]} for order in client.fetch_open_orders(BTC)[:2]])
        assert [order["price"] for order in amended] == [price, price], amended
    with checks("a batch is cancelled by ids"):
        ids = [order["id"] for order in client.fetch_open_orders(BTC)[:2]]
        cancelled = client.cancel_orders(ids, BTC)
        assert [order["status"] for order in cancelled] == ["canceled", "canceled"], cancelled
    with checks("a batch is cancelled by the client's own ids"):
        own = [f"own-{number}" for number in range(3)]
        for name in own:
            client.create_order(BTC, "limit", "buy", 0.01, bid(0.97), {"clientOrderId": name})
        client.cancel_orders([], BTC, {"clientOrderIds": own})
        assert len(client.fetch_open_orders(BTC)) == 1
    with checks("all orders are cancelled"):
        client.cancel_all_orders(BTC)
        assert client.fetch_open_orders(BTC) == []
    with checks("past orders are listed"):
        listed = client.fetch_orders(BTC)
        assert {"canceled", "closed"} <= {order["status"] for order in listed}, listed
        assert client.fetch_closed_orders(BTC) and client.fetch_canceled_orders(BTC)
    with checks("the countdown cancels all orders of a symbol"):
        client.create_order(BTC, "limit", "buy", 0.01, bid(0.98))
        answer = client.fapiPrivatePostCountdownCancelAll({"symbol": "BTCUSDT",
                                                           "countdownTime": 300})
        assert answer["symbol"] == "BTCUSDT" and int(answer["countdownTime"]) == 300, answer
        eventually(lambda: not client.fetch_open_orders(BTC), seconds=5)


def conditional() -> None:
    with checks("a stop order goes to the algo endpoint, is listed and is cancelled"):
        order = client.create_order(BTC, "market", "sell", 0.01, None,
                                    {"stopLossPrice": bid(0.9)})
        assert order["id"] and order["status"] == "open", order
        assert client.fetch_order(order["id"], BTC, {"trigger": True})["id"] == order["id"]
        listed = client.fetch_open_orders(BTC, params={"trigger": True})
        assert [entry["id"] for entry in listed] == [order["id"]], listed
        client.cancel_order(order["id"], BTC, {"trigger": True})
        assert client.fetch_open_orders(BTC, params={"trigger": True}) == []
        assert client.fetch_orders(BTC, params={"trigger": True})
    with checks("a take-profit order, and all conditional orders cancelled"):
        client.create_order(BTC, "market", "sell", 0.01, None, {"takeProfitPrice": bid(1.1)})
        client.cancel_all_orders(BTC, {"trigger": True})
        assert client.fetch_open_orders(BTC, params={"trigger": True}) == []


for part in orders, batches, conditional:
    part()
checks.finish()
