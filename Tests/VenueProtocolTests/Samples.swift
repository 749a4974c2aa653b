/// Small hand-written messages in the venue's own form.
enum Samples {
    static let order = """
        {"orderId":22542179,"symbol":"BTCUSDT","status":"PARTIALLY_FILLED","clientOrderId":"abc",\
        "price":"61800.20","avgPrice":"61800.10","origQty":"0.010","executedQty":"0.004",\
        "cumQty":"0.004","cumQuote":"247.2004","timeInForce":"GTC","type":"LIMIT",\
        "reduceOnly":false,"closePosition":false,"side":"BUY","positionSide":"BOTH",\
        "stopPrice":"0","workingType":"CONTRACT_PRICE","priceProtect":false,"origType":"LIMIT",\
        "priceMatch":"NONE","selfTradePreventionMode":"EXPIRE_MAKER","goodTillDate":0,\
        "updateTime":1566818724722}
        """
    static let trades = """
        [{"symbol":"BTCUSDT","id":698759,"orderId":25851813,"side":"SELL","price":"7819.01",\
        "qty":"0.002","realizedPnl":"-0.91539999","quoteQty":"15.63802","commission":"0.07819010",\
        "commissionAsset":"USDT","time":1569514978020,"positionSide":"BOTH","buyer":false,\
        "maker":true}]
        """
    static let exchangeInfo = """
        {"timezone":"UTC","serverTime":1,"futuresType":"U_MARGINED","rateLimits":[\
        {"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":2400},\
        {"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":300},\
        {"rateLimitType":"MOONS","interval":"HOUR","intervalNum":2,"limit":7},\
        {"rateLimitType":"ORDERS","interval":"ECLIPSE","intervalNum":2,"limit":7}],\
        "exchangeFilters":[],"assets":[],"symbols":[\
        {"symbol":"BTCUSDT","status":"TRADING","contractType":"PERPETUAL","baseAsset":"BTC",\
        "quoteAsset":"USDT","pricePrecision":2,"quantityPrecision":3,"filters":[\
        {"filterType":"PRICE_FILTER","minPrice":"556.80","maxPrice":"4529764","tickSize":"0.10"},\
        {"filterType":"LOT_SIZE","minQty":"0.001","maxQty":"1000","stepSize":"0.001"},\
        {"filterType":"MARKET_LOT_SIZE","minQty":"0.001","maxQty":"120","stepSize":"0.001"},\
        {"filterType":"MIN_NOTIONAL","notional":"100"},\
        {"filterType":"PERCENT_PRICE","multiplierUp":"1.05","multiplierDown":"0.95",\
        "multiplierDecimal":"4"}]},\
        {"symbol":"MOONUSDT","status":"WANING","contractType":"TRADIFI_PERPETUAL",\
        "baseAsset":"MOON","quoteAsset":"USDT","pricePrecision":7,"quantityPrecision":0,"filters":[\
        {"filterType":"PRICE_FILTER","minPrice":"0","maxPrice":"99999999999999999",\
        "tickSize":"0"},{"filterType":"LOT_SIZE","minQty":"1","maxQty":"10","stepSize":"0"},\
        {"filterType":"GRAVITY","pull":{"x":[1,2]}}]},\
        {"symbol":"bad one","status":"TRADING","filters":[]},\
        {"symbol":"NOSTEP","status":"TRADING","filters":[]}]}
        """
    static let orderUpdate = """
        {"e":"ORDER_TRADE_UPDATE","E":1568879465651,"T":1568879465650,"o":{"s":"BTCUSDT",\
        "c":"PMSAAAA0001_m_0123456789abcdef","S":"SELL","o":"LIMIT","f":"GTC","q":"0.02",\
        "p":"2317.3","ap":"2317.3","sp":"0","x":"TRADE","X":"PARTIALLY_FILLED","i":8886774,\
        "l":"0.01","z":"0.01","L":"2317.3","N":"USDT","n":"0.011","T":1568879465650,"t":77,\
        "b":"0","a":"9.91","m":true,"R":false,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"BOTH",\
        "cp":false,"rp":"-1.5","pP":false,"si":0,"ss":0,"V":"EXPIRE_MAKER","pm":"NONE","gtd":0,\
        "er":"0"}}
        """
    static let tradeLite = """
        {"e":"TRADE_LITE","E":1721895408092,"T":1721895408214,"s":"BTCUSDT","q":"0.001","p":"0",\
        "m":false,"c":"z8hcUoOsqEdKMeKPSABslD","S":"BUY","L":"64089.20","l":"0.040",\
        "t":109100866,"i":8886774}
        """
    static let accountUpdate = """
        {"e":"ACCOUNT_UPDATE","T":1564745798938,"E":1564745798939,"a":{"B":[{"a":"USDT",\
        "wb":"122624.12345678","cw":"100.12345678","bc":"50.12345678"}],"P":[{"s":"BTCUSDT",\
        "pa":"-10","ep":"6563.86000","bep":"6563.6","cr":"-45.04","up":"-1423.156",\
        "mt":"cross","iw":"0","ps":"BOTH","ma":"USDT"}],"m":"ORDER"}}
        """
    static let positions = """
        [{"symbol":"COMPUSDT","positionSide":"BOTH","positionAmt":"-1.000",\
        "entryPrice":"70.92841","breakEvenPrice":"70.900038636","markPrice":"49.72023376",\
        "unRealizedProfit":"21.20817624","liquidationPrice":"2260.56757210",\
        "isolatedMargin":"0","notional":"-49.72023376","marginAsset":"USDT",\
        "isolatedWallet":"0","initialMargin":"2.48601168","maintMargin":"0.49720233",\
        "positionInitialMargin":"2.48601168","openOrderInitialMargin":"0","adl":2,\
        "bidNotional":"0","askNotional":"0","updateTime":1708943511656}]
        """
    static let balances = """
        [{"accountAlias":"SgsR","asset":"USDT","balance":"122607.35137903",\
        "crossWalletBalance":"23.72469206","crossUnPnl":"0.00000000",\
        "availableBalance":"23.72469206","maxWithdrawAmount":"23.72469206",\
        "marginAvailable":true,"updateTime":1617939110373}]
        """
    static let account = """
        {"totalInitialMargin":"1.5","totalMaintMargin":"0.5","totalWalletBalance":"23.72469206",\
        "totalUnrealizedProfit":"-1","totalMarginBalance":"22.72469206",\
        "availableBalance":"21.22469206","assets":[{"asset":"USDT",\
        "walletBalance":"23.72469206","crossWalletBalance":"23.72469206","crossUnPnl":"0",\
        "availableBalance":"21","updateTime":1}],"positions":[{"symbol":"BTCUSDT",\
        "positionSide":"BOTH","positionAmt":"0.001","unrealizedProfit":"-1",\
        "isolatedMargin":"0","notional":"61","isolatedWallet":"0","initialMargin":"1.5",\
        "maintMargin":"0.5","updateTime":2}]}
        """
    static let brackets = """
        {"symbol":"ETHUSDT","notionalCoef":1.5,"brackets":[{"bracket":2,"initialLeverage":50,\
        "notionalCap":9223372036854775807,"notionalFloor":10000,"maintMarginRatio":1E-2,\
        "cum":35.0},{"bracket":1,"initialLeverage":75,"notionalCap":10000,"notionalFloor":0,\
        "maintMarginRatio":0.0065,"cum":0}]}
        """
    static let premiumIndex = """
        {"symbol":"BTCUSDT","markPrice":"11793.63104562","indexPrice":"11781.80495970",\
        "estimatedSettlePrice":"11781.16138815","lastFundingRate":"0.00038246",\
        "interestRate":"0.00010000","nextFundingTime":1597392000000,"time":1597370495002}
        """
    static let depth = """
        {"lastUpdateId":1027024,"E":1589436922972,"T":1589436922959,\
        "bids":[["4.00000000","431.00000000"]],"asks":[["4.00000200","12.00000000"]]}
        """
    static let bookTop = """
        {"symbol":"BTCUSDT","bidPrice":"4.00000000","bidQty":"431.00000000",\
        "askPrice":"4.00000200","askQty":"9.00000000","time":1589437530011}
        """
}
