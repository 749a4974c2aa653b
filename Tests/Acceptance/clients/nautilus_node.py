"""nautilus_trader: a whole live trading node, with its strategy, against the exchange."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import venue
from checks import Checks
from nautilus_trader.adapters.binance import (
    BINANCE, BinanceAccountType, BinanceDataClientConfig, BinanceExecClientConfig,
    BinanceLiveDataClientFactory, BinanceLiveExecClientFactory)
from nautilus_trader.config import (
    InstrumentProviderConfig, LiveExecEngineConfig, LoggingConfig, TradingNodeConfig)
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.book import OrderBook
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import BookType, OrderSide, OrderStatus, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId, TraderId
from nautilus_trader.trading.strategy import Strategy
from plain import request

BTC = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
ETH = InstrumentId.from_str("ETHUSDT-PERP.BINANCE")
MINUTES = BarType.from_str("BTCUSDT-PERP.BINANCE-1-MINUTE-LAST-EXTERNAL")
checks = Checks("nautilus-node", seconds=30)


class Trader(Strategy):
    """Subscribes to everything and remembers what it was told."""

    def __init__(self):
        super().__init__()
        self.seen = {}
        self.crossed = []

    def on_start(self):
        self.subscribe_quote_ticks(BTC)
        self.subscribe_trade_ticks(BTC)
        self.subscribe_order_book_deltas(BTC, book_type=BookType.L2_MBP)
        self.subscribe_mark_prices(BTC)
        self.subscribe_bars(MINUTES)
        self.request_bars(MINUTES, start=self.clock.utc_now() - timedelta(minutes=30))
        self.book = OrderBook(BTC, BookType.L2_MBP)

    def on_quote_tick(self, quote):
        self.seen["quote"] = quote

    def on_trade_tick(self, trade):
        self.seen["trade"] = trade

    def on_mark_price(self, mark):
        self.seen["mark"] = mark

    def on_historical_data(self, data):
        self.seen["past bars"] = data

    def on_order_book_deltas(self, deltas):
        self.book.apply_deltas(deltas)
        self.seen["book"] = self.book
        if self.book.best_bid_price() and self.book.best_bid_price() >= self.book.best_ask_price():
            self.crossed.append((self.book.best_bid_price(), self.book.best_ask_price()))

    def limit(self, share: str, quantity: str, **options):
        instrument = self.cache.instrument(BTC)
        price = Decimal(str(self.seen["quote"].bid_price)) * Decimal(share)
        order = self.order_factory.limit(
            BTC, OrderSide.BUY, instrument.make_qty(Decimal(quantity)),
            instrument.make_price(price), **options)
        self.submit_order(order)
        return order

    def market(self, side: OrderSide, quantity: str, **options):
        quantity = self.cache.instrument(BTC).make_qty(Decimal(quantity))
        order = self.order_factory.market(BTC, side, quantity, **options)
        self.submit_order(order)
        return order


def node_of(trader: Trader) -> TradingNode:
    account = {
        "api_key": venue.KEY, "api_secret": venue.SECRET,
        "account_type": BinanceAccountType.USDT_FUTURES,
        "base_url_http": venue.HTTP, "base_url_ws": venue.WS,
        "instrument_provider": InstrumentProviderConfig(load_all=True),
    }
    node = TradingNode(config=TradingNodeConfig(
        trader_id=TraderId("ACCEPTANCE-001"), logging=LoggingConfig(log_level="OFF"),
        # Without its polling it learns of its orders by the user stream alone.
        exec_engine=LiveExecEngineConfig(reconciliation=True, inflight_check_interval_ms=0),
        data_clients={BINANCE: BinanceDataClientConfig(**account)},
        exec_clients={BINANCE: BinanceExecClientConfig(**account)},
        timeout_connection=20, timeout_reconciliation=10, timeout_portfolio=10,
        timeout_disconnection=5, timeout_post_stop=1))
    node.trader.add_strategy(trader)
    node.add_data_client_factory(BINANCE, BinanceLiveDataClientFactory)
    node.add_exec_client_factory(BINANCE, BinanceLiveExecClientFactory)
    node.build()
    return node


async def until(condition) -> None:
    while not condition():
        await asyncio.sleep(0.05)


def earlier_trading() -> int:
    """An order that rests and a position, both from before the node's time; the order's id."""
    bid = float(request("GET", "/fapi/v1/ticker/bookTicker", symbol="BTCUSDT")["bidPrice"])
    request("POST", "/fapi/v1/order", symbol="ETHUSDT", side="BUY", type="MARKET", quantity="0.1")
    return request("POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="LIMIT",
                   timeInForce="GTC", quantity="0.01", price=f"{bid * 0.95:.1f}")["orderId"]


async def reconciliation(trader: Trader, number: int) -> None:
    async with checks("orders and positions from before its start are taken over"):
        orders = trader.cache.orders_open(instrument_id=BTC)
        assert [str(order.venue_order_id) for order in orders] == [str(number)], orders
        assert trader.portfolio.is_net_long(ETH)
        assert [str(held.quantity) for held in trader.cache.positions_open()] == ["0.100"]
    async with checks("it is told when such an order is cancelled elsewhere"):
        request("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=number)
        await until(lambda: orders[0].status == OrderStatus.CANCELED)


async def market_data(trader: Trader) -> None:
    for kind in "quote", "trade", "mark", "book", "past bars":
        async with checks(f"the strategy receives: {kind}"):
            await until(lambda: kind in trader.seen)
    async with checks("the book the node keeps never crosses"):
        await asyncio.sleep(3)
        assert trader.crossed == [], trader.crossed[:3]


async def orders(trader: Trader) -> None:
    async with checks("a limit order is accepted, modified and cancelled"):
        order = trader.limit("0.98", "0.010")
        await until(lambda: order.status == OrderStatus.ACCEPTED)
        trader.modify_order(order, quantity=trader.cache.instrument(BTC).make_qty(0.02))
        await until(lambda: str(order.quantity) == "0.020")
        trader.cancel_order(order)
        await until(lambda: order.status == OrderStatus.CANCELED)
    async with checks("a post-only order that would take is rejected as such"):
        order = trader.limit("1.02", "0.010", post_only=True)
        await until(lambda: order.is_closed)
        assert order.status == OrderStatus.REJECTED and order.last_event.due_post_only, order
    async with checks("an IOC order away from the market expires"):
        order = trader.limit("0.98", "0.010", time_in_force=TimeInForce.IOC)
        await until(lambda: order.is_closed)
        assert order.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED), order
    async with checks("a market order fills, with its fee, and opens a position"):
        order = trader.market(OrderSide.BUY, "0.010")
        await until(lambda: order.status == OrderStatus.FILLED)
        assert order.last_event.commission.as_decimal() > 0, order.last_event
        await until(lambda: trader.portfolio.is_net_long(BTC))
    async with checks("all orders are cancelled at once"):
        several = [trader.limit(share, "0.010") for share in ("0.98", "0.97", "0.96")]
        await until(lambda: all(order.status == OrderStatus.ACCEPTED for order in several))
        trader.cancel_all_orders(BTC)
        await until(lambda: all(order.status == OrderStatus.CANCELED for order in several))
    async with checks("a list of orders is cancelled in one batch"):
        several = [trader.limit(share, "0.010") for share in ("0.98", "0.97")]
        await until(lambda: all(order.status == OrderStatus.ACCEPTED for order in several))
        trader.cancel_orders(several)
        await until(lambda: all(order.status == OrderStatus.CANCELED for order in several))
    async with checks("the position is closed, reduce-only"):
        trader.close_all_positions(BTC)
        await until(lambda: trader.portfolio.is_flat(BTC))
    async with checks("an order beyond the margin is rejected with the exchange's code"):
        order = trader.limit("0.99", "500.000")
        await until(lambda: order.status == OrderStatus.REJECTED)
        assert "-2019" in order.last_event.reason, order.last_event.reason


async def account(trader: Trader) -> None:
    async with checks("the account was told and follows the fills"):
        found = trader.cache.accounts()[0]
        total = found.balance_total(USDT).as_decimal()
        assert 0 < total < 100000 and total != 100000, total


async def main() -> None:
    number = earlier_trading()
    trader = Trader()
    node = node_of(trader)
    running = asyncio.create_task(node.run_async())
    try:
        async with checks("the node connects, reconciles and starts its strategy"):
            await until(lambda: trader.is_running)
        await reconciliation(trader, number)
        for part in market_data, orders, account:
            await part(trader)
    finally:
        await node.stop_async()
        await running


asyncio.run(main())
checks.finish()
