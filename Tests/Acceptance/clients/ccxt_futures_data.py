"""ccxt.binanceusdm over REST: market data and the account."""

from ccxt_venues import futures
from checks import Checks, eventually

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
checks = Checks("ccxt-futures-data")
client = futures()


def market_data() -> None:
    with checks("markets are loaded"):
        market = client.load_markets()[BTC]
        assert market["swap"] and market["linear"] and market["active"], market
        assert market["precision"]["price"] and market["limits"]["amount"]["min"], market
    with checks("the server's time is near ours"):
        assert abs(client.fetch_time() - client.milliseconds()) < 2000
    with checks("the order book is sorted and not crossed"):
        book = client.fetch_order_book(BTC, 100)
        assert book["bids"] == sorted(book["bids"], key=lambda row: -row[0])
        assert book["asks"] == sorted(book["asks"], key=lambda row: row[0])
        assert book["bids"][0][0] < book["asks"][0][0] and book["nonce"], book
    with checks("a ticker of one symbol"):
        ticker = client.fetch_ticker(BTC)
        assert ticker["last"] and ticker["high"] >= ticker["low"] and ticker["baseVolume"] is not None
    with checks("tickers of all symbols"):
        assert {BTC, ETH} <= set(client.fetch_tickers())
    with checks("bids and asks of all symbols"):
        ticker = client.fetch_bids_asks()[BTC]
        assert ticker["bid"] < ticker["ask"], ticker
    with checks("last prices"):
        assert client.fetch_last_prices()[BTC]["price"] > 0
    with checks("candles"):
        candles = eventually(lambda: client.fetch_ohlcv(BTC, "1m", limit=10))
        time, first, high, low, last, _ = candles[-1]
        assert time % 60000 == 0 and low <= min(first, last) <= max(first, last) <= high, candles
    for kind in "mark", "index", "premiumIndex":
        with checks(f"candles of the {kind} price"):
            client.fetch_ohlcv(BTC, "1m", limit=10, params={"price": kind})
    with checks("public trades"):
        trades = eventually(lambda: client.fetch_trades(BTC, limit=20))
        assert trades[-1]["price"] > 0 and trades[-1]["side"] in ("buy", "sell"), trades[-1]
    with checks("public trades, one by one"):
        assert client.fetch_trades(BTC, params={"fetchTradesMethod": "fapiPublicGetTrades"})
    with checks("mark prices"):
        assert client.fetch_mark_price(BTC)["markPrice"] > 0
        assert BTC in client.fetch_mark_prices()
    with checks("the funding rate and its history"):
        assert client.fetch_funding_rate(BTC)["fundingTimestamp"] > client.milliseconds()
        client.fetch_funding_rates()
        client.fetch_funding_rate_history(BTC)
        client.fetch_funding_intervals()
    with checks("the open interest"):
        assert client.fetch_open_interest(BTC)["openInterestAmount"] is not None


def account() -> None:
    with checks("the balance"):
        balance = client.fetch_balance()["USDT"]
        assert balance["total"] == balance["free"] == 100000, balance
    with checks("the balance by v2 and by its own endpoint"):
        assert client.fetch_balance({"useV2": True})["USDT"]["total"] == 100000
        assert client.fapiPrivateV3GetBalance()[0]["asset"]
    with checks("trading fees"):
        fee = client.fetch_trading_fee(BTC)
        assert fee["maker"] < fee["taker"], fee
        assert BTC in client.fetch_trading_fees()
    with checks("leverage tiers"):
        tiers = client.fetch_leverage_tiers([BTC])[BTC]
        assert tiers[0]["maxLeverage"] >= tiers[-1]["maxLeverage"] and tiers[0]["minNotional"] == 0
        client.fetch_market_leverage_tiers(BTC)
    with checks("leverage is set and read back"):
        assert int(client.set_leverage(7, BTC)["leverage"]) == 7
        assert client.fetch_leverage(BTC)["longLeverage"] == 7
        assert client.fetch_leverages()[BTC]["longLeverage"] == 7
    with checks("the margin type is set and read back"):
        client.set_margin_mode("isolated", BTC)
        assert client.fetch_margin_mode(BTC)["marginMode"] == "isolated"
        client.set_margin_mode("cross", BTC)
        assert client.fetch_margin_modes([BTC])[BTC]["marginMode"] == "cross"
    with checks("hedge mode is set, read back and left"):
        client.set_position_mode(True)
        assert client.fetch_position_mode()["hedged"] is True
        client.set_position_mode(False)
        assert client.fetch_position_mode()["hedged"] is False


def history() -> None:
    with checks("income tells the commissions"):
        client.create_order(BTC, "market", "buy", 0.01)
        income = client.fapiPrivateGetIncome({"incomeType": "COMMISSION"})
        assert income and all(float(entry["income"]) < 0 for entry in income), income
        client.fetch_funding_history(BTC)
        client.fetch_ledger("USDT")
    with checks("a listen key is made, kept and closed"):
        key = client.fapiPrivatePostListenKey()["listenKey"]
        assert client.fapiPrivatePostListenKey()["listenKey"] == key
        client.fapiPrivatePutListenKey({"listenKey": key})
        client.fapiPrivateDeleteListenKey({"listenKey": key})
    with checks("forced orders, margin changes and rate limits are listed"):
        client.fetch_my_liquidations(BTC)
        client.fetch_margin_adjustment_history(BTC)
        assert client.fapiPrivateGetRateLimitOrder()
        assert "multiAssetsMargin" in client.fapiPrivateGetMultiAssetsMargin()


for part in market_data, account, history:
    part()
checks.finish()
