"""ccxt.binanceusdm over REST: errors become its own exceptions."""

import ccxt
from ccxt_venues import futures, refused
from checks import Checks

BTC = "BTC/USDT:USDT"
checks = Checks("ccxt-futures-errors")
client = futures()
client.load_markets()
bid = client.fetch_order_book(BTC, 5)["bids"][0][0]


def near(share: float) -> float:
    """A price that is that share of the best bid, on the tick."""
    return float(client.price_to_precision(BTC, bid * share))


def limit(amount: float, price: float, **params) -> dict:
    return client.create_order(BTC, "limit", "buy", amount, price, params)


def raw(**params) -> dict:
    """An order as it is written, without the client's own rounding."""
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
             "quantity": "0.01", "price": str(near(0.98))}
    return client.fapiPrivatePostOrder(order | params)


def stranger(**changes) -> ccxt.binanceusdm:
    """The same client with something changed."""
    other = futures()
    for name, value in changes.items():
        setattr(other, name, value)
    return other


with checks("too little margin is InsufficientFunds"):
    refused(client, -2019, ccxt.InsufficientFunds, limit, 500, near(0.99))
with checks("a duplicate client order id is InvalidOrder"):
    limit(0.01, near(0.98), clientOrderId="twice")
    refused(client, -4116, ccxt.InvalidOrder, lambda: raw(newClientOrderId="twice"))
    client.cancel_all_orders(BTC)
with checks("cancelling and asking for an unknown order is OrderNotFound"):
    refused(client, -2011, ccxt.OrderNotFound, client.cancel_order, "4444444444", BTC)
    refused(client, -2013, ccxt.OrderNotFound, client.fetch_order, "4444444444", BTC)
with checks("a post-only order that would take is OrderNotFillable"):
    refused(client, -5022, ccxt.OrderNotFillable, lambda: limit(0.01, near(1.02), postOnly=True))
with checks("reduce-only with nothing to reduce is InvalidOrder"):
    refused(client, -2022, ccxt.InvalidOrder, client.create_order, BTC, "market", "sell", 0.01,
            None, {"reduceOnly": True})
with checks("a conditional type on the plain endpoint is InvalidOrder"):
    refused(client, -4120, ccxt.InvalidOrder, lambda: client.fapiPrivatePostOrder({
        "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.01",
        "stopPrice": str(near(0.9))}))
with checks("a stop order that would trigger at once is OrderImmediatelyFillable"):
    refused(client, -2021, ccxt.OrderImmediatelyFillable, client.create_order, BTC, "market",
            "sell", 0.01, None, {"stopLossPrice": near(1.1)})
with checks("an order below the minimum value is InvalidOrder"):
    refused(client, -4164, ccxt.InvalidOrder, limit, 0.001, near(0.97))
with checks("a price off the tick is BadRequest"):
    refused(client, -4014, ccxt.BadRequest, lambda: raw(price=f"{near(0.98):.1f}5"))
with checks("too many decimals are BadRequest"):
    refused(client, -1111, ccxt.BadRequest, lambda: raw(quantity="0.0123456"))
with checks("no quantity is BadRequest"):
    refused(client, -1102, ccxt.BadRequest, lambda: raw(quantity=""))
with checks("an unknown symbol is BadSymbol"):
    refused(client, -1121, ccxt.BadSymbol, client.fapiPublicGetDepth, {"symbol": "NOSUCHUSDT"})
with checks("leverage out of range is BadRequest"):
    refused(client, -4028, ccxt.BadRequest, client.fapiPrivatePostLeverage,
            {"symbol": "BTCUSDT", "leverage": 999})
with checks("a position mode that is set already is OperationRejected"):
    refused(client, -4059, ccxt.OperationRejected, client.set_position_mode, False)
with checks("a margin type that is set already is MarginModeAlreadySet"):
    try:
        raise AssertionError(f"accepted: {client.set_margin_mode('cross', BTC)}")
    except ccxt.MarginModeAlreadySet:
        pass
with checks("too large a batch is BadRequest"):
    refused(client, -4082, ccxt.BadRequest, client.create_orders, [
        {"symbol": BTC, "type": "limit", "side": "buy", "amount": 0.01, "price": near(0.98)}] * 6)
with checks("a wrong secret and an unknown key are AuthenticationError"):
    refused(client, -1022, ccxt.AuthenticationError,
            stranger(secret="wrong").fapiPrivateV3GetBalance)
    refused(client, -2015, ccxt.AuthenticationError,
            stranger(apiKey="b" * 64).fapiPrivateV3GetBalance)
with checks("an old timestamp is InvalidNonce"):
    refused(client, -1021, ccxt.InvalidNonce,
            stranger(nonce=lambda: client.milliseconds() - 60_000).fapiPrivateV3GetBalance)

checks.finish()
