internal import Bytes
package import Trading

/// What MEXC's private order channel calls an order's type; it carries the time in force.
package enum MEXCOrderType: Equatable, Sendable {
    case limit, limitMaker, immediateOrCancel, fillOrKill, market, stop
    /// A type from a newer venue (T12).
    case other(Int64)

    package init(code: Int64) {
        switch code {
        case 1: self = .limit
        case 2: self = .limitMaker
        case 3: self = .immediateOrCancel
        case 4: self = .fillOrKill
        case 5: self = .market
        case 100: self = .stop
        case _: self = .other(code)
        }
    }

    package var code: Int64 {
        switch self {
        case .limit: 1
        case .limitMaker: 2
        case .immediateOrCancel: 3
        case .fillOrKill: 4
        case .market: 5
        case .stop: 100
        case .other(let code): code
        }
    }

    /// The word REST uses.
    package var text: String {
        switch self {
        case .limit: "LIMIT"
        case .limitMaker: "LIMIT_MAKER"
        case .immediateOrCancel: "IMMEDIATE_OR_CANCEL"
        case .fillOrKill: "FILL_OR_KILL"
        case .market: "MARKET"
        case .stop: "STOP_LIMIT"
        case .other(let code): "TYPE_\(code)"
        }
    }
}

/// An order's state as MEXC's private order channel numbers it.
package enum MEXCOrderState: Equatable, Sendable {
    case new, filled, partiallyFilled, canceled
    /// Final: what was not filled is gone (F6).
    case partiallyCanceled
    /// A state from a newer venue (T12).
    case other(Int64)

    package init(code: Int64) {
        switch code {
        case 1: self = .new
        case 2: self = .filled
        case 3: self = .partiallyFilled
        case 4: self = .canceled
        case 5: self = .partiallyCanceled
        case _: self = .other(code)
        }
    }

    package var code: Int64 {
        switch self {
        case .new: 1
        case .filled: 2
        case .partiallyFilled: 3
        case .canceled: 4
        case .partiallyCanceled: 5
        case .other(let code): code
        }
    }

    package var status: VenueOrderStatus {
        switch self {
        case .new: .new
        case .filled: .filled
        case .partiallyFilled: .partiallyFilled
        case .canceled, .partiallyCanceled: .canceled
        case .other(let code): .other("\(code)")
        }
    }
}

/// One message of MEXC's private order channel.
package struct MEXCOrderPush: Equatable, Sendable {
    package var orderID = ""
    package var clientOrderID = ""
    package var price = Price.zero
    package var quantity = Quantity.zero
    package var amount = Money.zero
    package var averagePrice = Price.zero
    package var type = MEXCOrderType.limit
    package var side = Side.buy
    package var isMaker = false
    package var remainingAmount = Money.zero
    package var remainingQuantity = Quantity.zero
    package var lastQuantity = Quantity.zero
    package var executedQuantity = Quantity.zero
    package var executedAmount = Money.zero
    package var status = MEXCOrderState.new
    package var createMilliseconds: Int64 = 0

    package init() {}

    package init(_ push: MEXCPush, _ bytes: RawSpan) throws(FrameProblem) {
        guard push.body == .privateOrder else { throw .otherKind }
        var fields = MEXCFields(bytes)
        var state: Int64 = 0
        try fields.read(push.content)
        orderID = try fields.text(1)
        clientOrderID = try fields.text(2)
        price = Price(units: try fields.units(3))
        quantity = Quantity(units: try fields.units(4))
        amount = Money(units: try fields.units(5))
        averagePrice = Price(units: try fields.units(6))
        type = MEXCOrderType(code: fields.numbers[7])
        side = try fields.side(8)
        isMaker = fields.numbers[9] != 0
        remainingAmount = Money(units: try fields.units(10))
        remainingQuantity = Quantity(units: try fields.units(11))
        lastQuantity = Quantity(units: try fields.units(12))
        executedQuantity = Quantity(units: try fields.units(13))
        executedAmount = Money(units: try fields.units(14))
        state = fields.numbers[15]
        status = MEXCOrderState(code: state)
        createMilliseconds = fields.numbers[16]
        guard !orderID.isEmpty, state != 0 else { throw .badField }
    }
}

/// One message of MEXC's private deals channel; only here is a fee told.
package struct MEXCDealPush: Equatable, Sendable {
    package var price = Price.zero
    package var quantity = Quantity.zero
    package var amount = Money.zero
    package var side = Side.buy
    package var isMaker = false
    package var isSelfTrade = false
    package var tradeID = ""
    package var clientOrderID = ""
    package var orderID = ""
    package var fee = Money.zero
    package var feeAsset = ""
    package var timeMilliseconds: Int64 = 0

    package init() {}

    package init(_ push: MEXCPush, _ bytes: RawSpan) throws(FrameProblem) {
        guard push.body == .privateDeal else { throw .otherKind }
        var fields = MEXCFields(bytes)
        try fields.read(push.content)
        price = Price(units: try fields.units(1))
        quantity = Quantity(units: try fields.units(2))
        amount = Money(units: try fields.units(3))
        side = try fields.side(4)
        isMaker = fields.numbers[5] != 0
        isSelfTrade = fields.numbers[6] != 0
        tradeID = try fields.text(7)
        clientOrderID = try fields.text(8)
        orderID = try fields.text(9)
        fee = Money(units: try fields.roundedUnits(10))
        feeAsset = try fields.text(11)
        timeMilliseconds = fields.numbers[12]
        guard !tradeID.isEmpty, !orderID.isEmpty, price.isPositive, quantity.isPositive else {
            throw .badField
        }
    }
}

/// One message of MEXC's private account channel: one asset.
package struct MEXCAccountPush: Equatable, Sendable {
    package var asset = ""
    package var free = Money.zero
    package var freeChange = Money.zero
    package var frozen = Money.zero
    package var frozenChange = Money.zero
    /// The venue's word: ENTRUST_PLACE, CONTRACT_TRANSFER, and so on.
    package var reason = ""
    package var timeMilliseconds: Int64 = 0

    package init() {}

    package init(_ push: MEXCPush, _ bytes: RawSpan) throws(FrameProblem) {
        guard push.body == .privateAccount else { throw .otherKind }
        var fields = MEXCFields(bytes)
        try fields.read(push.content)
        asset = try fields.text(1)
        free = Money(units: try fields.roundedUnits(3))
        freeChange = Money(units: try fields.roundedUnits(4))
        frozen = Money(units: try fields.roundedUnits(5))
        frozenChange = Money(units: try fields.roundedUnits(6))
        reason = try fields.text(7)
        timeMilliseconds = fields.numbers[8]
        guard !asset.isEmpty else { throw .badField }
    }
}

/// The first fields of one private message: where each text lies, and each number.
private struct MEXCFields: ~Copyable, ~Escapable {
    private let bytes: RawSpan
    private var places = [27 of Range<Int>](repeating: 0..<0)
    private(set) var numbers = [27 of Int64](repeating: 0)

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) { self.bytes = bytes }

    /// Takes each field by the type it comes as; one that comes as another reads as missing.
    @_lifetime(self: copy self)
    mutating func read(_ content: Range<Int>) throws(FrameProblem) {
        do throws(ProtobufError) {
            var reader = ProtobufReader(bytes, in: content)
            while let number = try reader.nextField() {
                guard number < 27 else { continue }
                if reader.isText { places[number] = try reader.place() }
                if reader.isInteger { numbers[number] = try reader.integer() }
            }
        } catch {
            throw FrameProblem(error)
        }
    }

    func text(_ number: Int) throws(FrameProblem) -> String {
        guard let text = Self.checked(bytes.extracting(places[number])) else { throw .badField }
        return text
    }

    private static func checked(_ bytes: RawSpan) -> String? {
        unsafe bytes.withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
    }

    /// A decimal; zero where it is missing.
    func units(_ number: Int) throws(FrameProblem) -> Int128 {
        try MEXCNumber.optionalUnits(bytes, places[number])
    }

    /// An amount that MEXC gives with up to 18 decimals (balances, fees): cut off at the twelfth.
    func roundedUnits(_ number: Int) throws(FrameProblem) -> Int128 {
        let place = places[number]
        var point = place.lowerBound
        while point < place.upperBound, bytes.byte(point) != UInt8(ascii: ".") { point += 1 }
        let end = min(place.upperBound, point + 13)
        for index in end..<max(end, place.upperBound) where bytes.byte(index) &- 48 > 9 {
            throw .badField
        }
        return try MEXCNumber.optionalUnits(bytes, place.lowerBound..<end)
    }

    func side(_ number: Int) throws(FrameProblem) -> Side {
        switch numbers[number] {
        case 1: return .buy
        case 2: return .sell
        case _: throw .badField
        }
    }
}
