"""The clients that are driven, and where each comes from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Client:
    """One file of `clients`, run in one environment against an exchange of its own."""
    name: str
    """How it is called on the command line; the file's name with hyphens."""
    environment: str
    """Its file in `requirements`."""
    about: str
    large: bool = False
    """Whether it is driven with --all only: it installs hundreds of megabytes or repeats others."""
    replays: bool = False
    """Whether its exchange replays a recording."""
    seconds: int = 300
    """The longest its checks may take together."""

    @property
    def module(self) -> str:
        return self.name.replace("-", "_")


CLIENTS = [
    Client("ccxt-futures-data", "ccxt", "ccxt.binanceusdm: market data, account, history"),
    Client("ccxt-futures-orders", "ccxt", "ccxt.binanceusdm: orders, batches, conditional orders"),
    Client("ccxt-futures-errors", "ccxt", "ccxt.binanceusdm: errors become its own exceptions"),
    Client("ccxt-futures-streams", "ccxt", "ccxt.pro.binanceusdm: streams and WebSocket API"),
    Client("ccxt-spot", "ccxt", "ccxt.binance: spot over REST"),
    Client("ccxt-spot-streams", "ccxt", "ccxt.pro.binance: spot streams and WebSocket API"),
    Client("ccxt-mexc", "ccxt", "ccxt.mexc and ccxt.pro.mexc: REST and protobuf streams"),
    Client("python-binance-futures", "python-binance", "python-binance: futures over REST"),
    Client("python-binance-futures-streams", "python-binance",
           "python-binance: futures streams and WebSocket API"),
    Client("python-binance-spot", "python-binance", "python-binance: spot, all of it"),
    Client("futures-connector", "futures-connector", "binance-futures-connector: all of it"),
    Client("replayed-book", "ccxt", "books of a replayed recording: ccxt's and a plain one",
           replays=True),
    Client("usds-futures-sdk", "usds-futures-sdk",
           "binance-sdk-derivatives-trading-usds-futures: all of it", large=True),
    Client("unicorn", "unicorn", "unicorn-binance-websocket-api: futures streams", large=True),
    Client("nautilus-node", "nautilus", "nautilus_trader: a whole trading node", large=True),
]
