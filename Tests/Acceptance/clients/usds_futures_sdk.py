"""binance-sdk-derivatives-trading-usds-futures: REST, streams and the WebSocket API, with its models."""

import asyncio

import venue
from binance_common.configuration import (
    ConfigurationRestAPI, ConfigurationWebSocketAPI, ConfigurationWebSocketStreams)
from binance_common.errors import BadRequestError, UnauthorizedError
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import (
    DerivativesTradingUsdsFutures)
from checks import Checks, eventually

BTC = "BTCUSDT"
checks = Checks("usds-futures-sdk", seconds=60)
KEYS = {"api_key": venue.KEY, "api_secret": venue.SECRET}
sdk = DerivativesTradingUsdsFutures(
    config_rest_api=ConfigurationRestAPI(**KEYS, base_path=venue.HTTP),
    config_ws_api=ConfigurationWebSocketAPI(**KEYS, stream_url=f"{venue.WS}/ws-fapi/v1"),
    config_ws_streams=ConfigurationWebSocketStreams(stream_url=venue.WS))
rest = sdk.rest_api


def near(share: float) -> float:
    """A price that is that share of the best bid, on the tick."""
    return round(float(rest.order_book(BTC, limit=5).data().bids[0][0]) * share, 1)


def limit(share: float = 0.98, quantity: float = 0.01, force: str = "GTC"):
    return rest.new_order(BTC, "BUY", "LIMIT", time_in_force=force, quantity=quantity,
                          price=near(share)).data()


def refused(text: str, action, *arguments, kind: type[Exception] = BadRequestError, **options):
    try:
        answer = action(*arguments, **options)
    except kind as error:
        assert text in str(error), error
    else:
        raise AssertionError(f"accepted: {answer}")


def market_data() -> None:
    with checks("connectivity, time, exchange information"):
        rest.test_connectivity()
        assert rest.check_server_time().data().server_time
        assert any(row.symbol == BTC for row in rest.exchange_information().data().symbols)
    with checks("book, tickers, mark price, funding, open interest"):
        assert rest.order_book(BTC).data().last_update_id
        rest.symbol_order_book_ticker(BTC).data()
        rest.symbol_price_ticker_v2(BTC).data()
        rest.ticker24hr_price_change_statistics(BTC).data()
        rest.mark_price(BTC).data()
        rest.get_funding_rate_history(BTC).data()
        rest.get_funding_rate_info().data()
        assert rest.open_interest(BTC).data().open_interest
    with checks("trades and klines"):
        assert eventually(lambda: rest.recent_trades_list(BTC).data())
        assert rest.compressed_aggregate_trades_list(BTC).data()
        assert rest.old_trades_lookup(BTC).data()
        assert rest.kline_candlestick_data(BTC, "1m").data()
        rest.continuous_contract_kline_candlestick_data(BTC, "PERPETUAL", "1m").data()
        rest.index_price_kline_candlestick_data(BTC, "1m").data()
        rest.mark_price_kline_candlestick_data(BTC, "1m").data()
        rest.premium_index_kline_data(BTC, "1m").data()


def account() -> None:
    with checks("account, balances, positions by v2 and v3"):
        assert float(rest.account_information_v3().data().total_wallet_balance) == 100000
        assert float(rest.account_information_v2().data().total_wallet_balance) == 100000
        assert rest.futures_account_balance_v2().data() and rest.futures_account_balance_v3().data()
        rest.position_information_v2().data()
        rest.position_information_v3().data()
    with checks("configuration, modes, fees, brackets, limits"):
        assert rest.futures_account_configuration().data().can_trade
        assert rest.symbol_configuration().data()
        assert rest.get_current_position_mode().data().dual_side_position is False
        assert rest.get_current_multi_assets_mode().data().multi_assets_margin is False
        assert rest.user_commission_rate(BTC).data().taker_commission_rate
        rest.notional_and_leverage_brackets(BTC).data()
        assert rest.query_user_rate_limit().data()
        rest.get_bnb_burn_status().data()
    with checks("leverage and margin type are changed"):
        assert rest.change_initial_leverage(BTC, 11).data().leverage == 11
        rest.change_margin_type(BTC, "ISOLATED")
        rest.change_margin_type(BTC, "CROSSED")


def orders() -> None:
    with checks("an order rests, is queried, amended and cancelled"):
        number = limit().order_id
        assert rest.query_order(BTC, order_id=number).data().status == "NEW"
        assert rest.query_current_open_order(BTC, order_id=number).data().order_id == number
        amended = rest.modify_order(BTC, "BUY", 0.02, near(0.97), order_id=number).data()
        assert float(amended.orig_qty) == 0.02, amended
        assert rest.get_order_modify_history(BTC, order_id=number).data()
        assert rest.cancel_order(BTC, order_id=number).data().status == "CANCELED"
    with checks("market orders fill, positions, trades and income follow"):
        filled = rest.new_order(BTC, "BUY", "MARKET", quantity=0.02,
                                new_order_resp_type="RESULT").data()
        assert filled.status == "FILLED", filled
        assert rest.account_trade_list(BTC).data()
        assert float(rest.position_information_v3(BTC).data()[0].position_amt) == 0.02
        rest.position_adl_quantile_estimation().data()
        rest.new_order(BTC, "SELL", "MARKET", quantity=0.02, reduce_only="true")
        assert rest.get_income_history().data() and rest.all_orders(BTC).data()
    with checks("a batch is placed, amended and cancelled"):
        rows = [{"symbol": BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
                 "quantity": 0.01, "price": near(share)} for share in (0.98, 0.97)]
        placed = rest.place_multiple_orders(rows).data()
        numbers = [order.order_id for order in placed]
        gone = rest.cancel_multiple_orders(BTC, order_id_list=numbers).data()
        assert [order.status for order in gone] == ["CANCELED"] * 2, gone
    with checks("all orders are cancelled, the countdown is set and lifted"):
        limit()
        rest.cancel_all_open_orders(BTC)
        assert rest.current_all_open_orders(BTC).data() == []
        rest.auto_cancel_all_open_orders(BTC, 60000)
        rest.auto_cancel_all_open_orders(BTC, 0)
    with checks("a conditional order is placed, queried, listed and cancelled"):
        placed = rest.new_algo_order("CONDITIONAL", BTC, "SELL", "STOP_MARKET", quantity=0.01,
                                     trigger_price=near(0.9)).data()
        assert rest.query_algo_order(algo_id=placed.algo_id).data().algo_status == "NEW"
        assert rest.current_all_algo_open_orders(symbol=BTC).data()
        rest.cancel_algo_order(algo_id=placed.algo_id)
        assert rest.query_all_algo_orders(BTC).data()
    with checks("errors become its own exceptions"):
        refused("Margin is insufficient", limit, 0.98, 500)
        refused("Unknown order", rest.cancel_order, BTC, order_id=4444444444)
        refused("Post Only", limit, 1.02, force="GTX")
        stranger = DerivativesTradingUsdsFutures(config_rest_api=ConfigurationRestAPI(
            api_key="b" * 64, api_secret="wrong", base_path=venue.HTTP))
        refused("", stranger.rest_api.account_information_v3, kind=UnauthorizedError)


async def told(handle) -> object:
    """The first message of a stream."""
    arrived = asyncio.get_running_loop().create_future()
    handle.on("message", lambda message: arrived.done() or arrived.set_result(message))
    return await arrived


async def streams() -> None:
    connection = await sdk.websocket_streams.create_connection()
    async with checks("public and market streams"):
        assert (await told(await connection.individual_symbol_book_ticker_streams("btcusdt"))).s == BTC
        assert (await told(await connection.diff_book_depth_streams("btcusdt"))).pu
        assert (await told(await connection.partial_book_depth_streams("btcusdt", 5))).b
        assert (await told(await connection.mark_price_stream("btcusdt"))).p
        assert (await told(await connection.aggregate_trade_streams("btcusdt"))).q
        assert (await told(await connection.kline_candlestick_streams("btcusdt", "1m"))).k
    async with checks("the user stream tells an order"):
        key = rest.start_user_data_stream().data().listen_key
        waiting = asyncio.create_task(told(await connection.user_data(key)))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(limit)
        event = (await waiting).actual_instance
        assert event.o.x == "NEW", event
        rest.keepalive_user_data_stream()
        rest.close_user_data_stream()
        rest.cancel_all_open_orders(BTC)
    await connection.close_connection(close_session=True)


async def websocket_api() -> None:
    connection = await sdk.websocket_api.create_connection()
    async with checks("an order is placed, amended, queried and cancelled by the WebSocket API"):
        price = near(0.98)
        placed = await connection.new_order(BTC, "BUY", "LIMIT", time_in_force="GTC",
                                            quantity=0.01, price=price)
        number = placed.data().result.order_id
        await connection.modify_order(BTC, "BUY", 0.02, price - 10, order_id=number)
        found = await connection.query_order(BTC, order_id=number)
        assert float(found.data().result.orig_qty) == 0.02, found.data()
        gone = await connection.cancel_order(BTC, order_id=number)
        assert gone.data().result.status == "CANCELED", gone.data()
    async with checks("account, positions, book and prices by the WebSocket API"):
        assert (await connection.account_information_v2()).data().result.assets
        assert (await connection.futures_account_balance_v2()).data().result
        await connection.position_information_v2(symbol=BTC)
        book = (await connection.order_book(BTC)).data().result
        assert book.last_update_id and book.additional_properties["bids"], book
        assert (await connection.symbol_order_book_ticker(symbol=BTC)).data().actual_instance
        assert (await connection.symbol_price_ticker(symbol=BTC)).data().actual_instance
    await connection.close_connection(close_session=True)


async def main() -> None:
    for part in streams, websocket_api:
        async with checks(f"{part.__name__} is driven to its end"):
            await part()


for part in market_data, account, orders:
    part()
asyncio.run(main())
checks.finish()
