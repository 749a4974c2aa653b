"""ccxt's exchanges, turned to the exchange under test by their URLs alone."""

import ccxt
import ccxt.pro
import venue

FUTURES = {
    "fapiPublic": f"{venue.HTTP}/fapi/v1", "fapiPublicV2": f"{venue.HTTP}/fapi/v2",
    "fapiPublicV3": f"{venue.HTTP}/fapi/v3", "fapiPrivate": f"{venue.HTTP}/fapi/v1",
    "fapiPrivateV2": f"{venue.HTTP}/fapi/v2", "fapiPrivateV3": f"{venue.HTTP}/fapi/v3",
    "fapiData": f"{venue.HTTP}/futures/data", "sapi": f"{venue.HTTP}/sapi/v1",
}
SPOT = {
    "public": f"{venue.HTTP}/api/v3", "private": f"{venue.HTTP}/api/v3",
    "v1": f"{venue.HTTP}/api/v1", "sapi": f"{venue.HTTP}/sapi/v1",
    "sapiV2": f"{venue.HTTP}/sapi/v2", "sapiV3": f"{venue.HTTP}/sapi/v3",
}
STREAMS = {
    "linear": f"{venue.WS}/ws", "spot": f"{venue.WS}/spot/ws",
    "ws-api": {"linear": f"{venue.WS}/ws-fapi/v1", "spot": f"{venue.WS}/ws-api/v3"},
}
MEXC = {
    "spot": {"public": f"{venue.HTTP}/mexc", "private": f"{venue.HTTP}/mexc"},
    "contract": {"public": f"{venue.HTTP}/mexc/api/v1/contract",
                 "private": f"{venue.HTTP}/mexc/api/v1/private"},
    "ws": {"spot": f"{venue.WS}/mexc/ws"},
}


def settings(urls: dict, **options) -> dict:
    """A constructor's argument: keys, URLs, options of the client."""
    options = {"warnOnFetchOpenOrdersWithoutSymbol": False} | options
    return {"apiKey": venue.KEY, "secret": venue.SECRET, "urls": {"api": urls}, "options": options}


def futures() -> ccxt.binanceusdm:
    return ccxt.binanceusdm(settings(FUTURES))


def futures_streams() -> ccxt.pro.binanceusdm:
    return ccxt.pro.binanceusdm(settings(FUTURES | {"ws": STREAMS}))


def spot() -> ccxt.binance:
    return ccxt.binance(settings(SPOT, fetchMarkets={"types": ["spot"]}))


def spot_streams() -> ccxt.pro.binance:
    return ccxt.pro.binance(settings(SPOT | {"ws": STREAMS}, fetchMarkets={"types": ["spot"]}))


def mexc() -> ccxt.mexc:
    return ccxt.mexc(settings(MEXC))


def mexc_streams() -> ccxt.pro.mexc:
    return ccxt.pro.mexc(settings(MEXC))


def refused(client: ccxt.Exchange, code: int | str, kind: type[Exception], action, *arguments) -> None:
    """The action is refused with a code, or a text, that the client makes that exception of.

    ccxt looks up futures codes in a table of their own only for the official host's name, elsewhere
    it falls back to its common table: so the table is asked here."""
    try:
        answer = action(*arguments)
    except ccxt.BaseError as error:
        sign = code if isinstance(code, str) else f'"code":{code}'
        assert sign in str(error), f"{type(error).__name__} {error}"
        table = client.exceptions["linear"]["exact"] if client.id == "binanceusdm" else {}
        own = table.get(str(code), type(error))
        assert own is kind, f"{own.__name__} instead of {kind.__name__}: {error}"
    else:
        raise AssertionError(f"accepted: {str(answer)[:300]}")
