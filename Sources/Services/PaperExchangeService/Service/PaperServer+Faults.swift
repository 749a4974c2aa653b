internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import Reactor
internal import Runtime
internal import Trading
internal import WebProtocol
internal import WebServer

extension PaperServer {
    /// How long a frame waits for another to pass it.
    private static let reorderPatience = Interval.seconds(1)

    // MARK: faults

    /// Puts a fault in force; an immediate one is done at once.
    ///
    /// - Throws: why it cannot be; nothing has happened then.
    package func addFault(_ spec: FaultSpec) throws(FaultProblem) -> FaultPlan.Entry {
        switch spec.action {
        case .operate(let operation): try operate(operation, on: spec.target)
        case .closeSockets(let code, let isAbrupt):
            closeSockets(spec.target, code: code, isAbrupt: isAbrupt)
        case .delay, .answer, .disconnect, .fillThenCancel, .duplicate, .reorder, .hold, .lose,
            .corrupt, .truncate, .refuseSockets, .skew:
            break
        }
        endFaults()
        guard let entry = faults.add(spec, now: loop.now) else {
            throw FaultProblem(
                "faults", "\(FaultPlan.limit) are in force", "remove some: DELETE /paper/faults")
        }
        Log.warn("fault added", ["id": entry.id, "kind": spec.kind.rawValue])
        tellStrikes()
        return entry
    }

    package func removeFault(_ id: Int64) -> FaultPlan.Entry? {
        guard let entry = faults.remove(id) else { return nil }
        logEnd(entry)
        return entry
    }

    package func removeFaults() -> Int {
        let gone = faults.removeAll()
        for entry in gone { logEnd(entry) }
        return gone.count
    }

    /// Takes out what is over.
    internal func endFaults() {
        guard !faults.entries.isEmpty else { return }
        for entry in faults.expire(now: loop.now) { logEnd(entry) }
    }

    private func logEnd(_ entry: FaultPlan.Entry) {
        Log.warn(
            "fault ended", ["id": entry.id, "kind": entry.spec.kind.rawValue, "hits": entry.hits])
    }

    private func tellStrikes() {
        for kind in faults.takeStrikes() { struck?(kind) }
    }

    /// The exchange of that name, or the first.
    internal func house(_ name: String?) -> House? {
        name.map { name in houses.first { $0.exchange.name == name } } ?? houses.first
    }

    private func operate(
        _ operation: ExchangeOperation, on target: FaultTarget
    ) throws(FaultProblem) {
        guard let house = house(target.exchange) else {
            throw FaultProblem("target.exchange", "unknown", "name one that runs")
        }
        do throws(ExchangeError) {
            let aimed = target.key.map { ExchangeOperation.ofKey($0, operation) }
            try house.exchange.operate(aimed ?? operation, wall: wallNow(house))
        } catch {
            throw FaultProblem(
                house.exchange.name, "refused: \(error.message)",
                "see GET /paper/truth for what there is")
        }
        flush(house)
        rearm()
    }

    private func closeSockets(_ target: FaultTarget, code: UInt16, isAbrupt: Bool) {
        for id in sockets.keys.sorted() {
            guard let open = sockets[id] else { continue }
            if let name = target.exchange, name != open.house.exchange.name { continue }
            if let path = target.path, !path.matches(open.path) { continue }
            if isAbrupt {
                sockets[id] = nil
                open.house.exchange.socketClosed(id)
                open.socket.abandon()
            } else {
                drop(id, WebSocketCloseCode(rawValue: code), "closed by a fault")
            }
        }
    }

    /// The time an exchange believes it is.
    internal func wallNow(_ house: House) -> WallTime {
        if faults.entries.isEmpty { return loop.wallNow }
        return loop.wallNow + faults.skew(of: house.exchange.name, now: loop.now)
    }

    private func later(_ interval: Interval, _ body: @escaping @LoopActor () -> Void) {
        guard interval > .zero else { return body() }
        let number = nextDelay
        nextDelay += 1
        let timer = loop.timer { [weak self] in
            self?.delays[number] = nil
            body()
        }
        delays[number] = timer
        timer.arm(after: interval)
    }

    // MARK: requests

    /// Carries a request out as the faults in force will have it.
    internal func respondUnderFaults(
        _ request: ExchangeRequest, _ house: House, _ exchange: WebExchange
    ) {
        let sight = RequestSight(exchange: house.exchange.name, request)
        let fate = faults.requestArrived(sight, now: loop.now)
        tellStrikes()
        later(fate.delayBefore) { [weak self] in
            self?.carryOut(request, sight, fate, house, exchange)
        }
    }

    private func carryOut(
        _ request: ExchangeRequest, _ sight: RequestSight, _ fate: RequestFate, _ house: House,
        _ exchange: WebExchange
    ) {
        if let ending = fate.before { return end(ending, house, exchange) }
        var request = request
        request.wall = wallNow(house)
        let reply = house.exchange.respond(request)
        if reply.status != 200 { house.counts.refusals += 1 }
        if reply.status == 200, let fill = fate.fill { self.fill(fill, sight, house) }
        flush(house)
        guard !hasFailed else { return }
        later(fate.delayAfter) { [weak self] in
            if let ending = fate.after {
                self?.end(ending, house, exchange)
            } else {
                exchange.respond(
                    status: reply.status, headers: HTTPHeaders(reply.headers), body: reply.body)
            }
        }
    }

    private func end(_ ending: RequestFate.Ending, _ house: House, _ exchange: WebExchange) {
        switch ending {
        case .disconnect: exchange.abandon()
        case .answer(let answer):
            exchange.respond(
                status: answer.status, headers: HTTPHeaders(answer.headers),
                body: answer.body(wall: wallNow(house)))
        }
    }

    /// Fills the orders a request has just placed; one that no longer rests is left as it is.
    private func fill(_ fill: (parts: Int, share: Ratio), _ sight: RequestSight, _ house: House) {
        for (index, id) in sight.clientOrderIDs.enumerated() {
            let names = sight.symbols
            let name = names.indices.contains(index) ? names[index] : names.first
            guard let symbol = name.flatMap({ Symbol($0) }) else { continue }
            try? house.exchange.operate(
                .fillThenCancel(
                    symbol, clientOrderID: id, parts: fill.parts, share: fill.share),
                wall: wallNow(house))
        }
    }

    // MARK: messages on a WebSocket API

    /// Takes a message as the faults in force will have it; false where they leave it alone.
    internal func receivedUnderFaults(_ id: Int, _ message: RawSpan, _ open: PaperSocket) -> Bool {
        guard let sight = RequestSight(exchange: open.house.exchange.name, message: message) else {
            return false
        }
        let fate = faults.requestArrived(sight, now: loop.now)
        tellStrikes()
        if fate == RequestFate() { return false }
        let bytes = [UInt8](message)
        later(fate.delayBefore) { [weak self] in
            self?.carryOut(id, bytes, sight, fate, open.house)
        }
        return true
    }

    private func carryOut(
        _ id: Int, _ message: [UInt8], _ sight: RequestSight, _ fate: RequestFate, _ house: House
    ) {
        guard sockets[id] != nil else { return }
        if let ending = fate.before { return end(ending, id, message, house) }
        house.exchange.socketReceived(
            id, message.rawSpan, now: loop.now, wall: wallNow(house))
        if let fill = fate.fill { self.fill(fill, sight, house) }
        // What follows the execution takes the place of the reply, which is the socket's own last
        // frame and no event.
        if let ending = fate.after {
            flush(house, losingRepliesTo: id)
            later(fate.delayAfter) { [weak self] in self?.end(ending, id, message, house) }
        } else {
            flush(house)
        }
    }

    private func end(
        _ ending: RequestFate.Ending, _ id: Int, _ message: [UInt8], _ house: House
    ) {
        guard let open = sockets[id] else { return }
        switch ending {
        case .disconnect:
            sockets[id] = nil
            house.exchange.socketClosed(id)
            open.socket.abandon()
        case .answer(let answer):
            var out = JSONWriter(capacity: 256)
            out.beginObject()
            out.key("id")
            out.value(json: PaperServer.identifier(of: message).rawSpan)
            out.field("status", Int64(answer.status))
            out.key("error")
            let body = answer.body(wall: wallNow(house))
            if answer.isHTML {
                out.value(String(decoding: body, as: UTF8.self))
            } else {
                out.value(json: body.rawSpan)
            }
            out.endObject()
            _ = open.socket.send(text: out.bytes.rawSpan)
        }
    }

    /// A message's `id` as it was written.
    private static func identifier(of message: [UInt8]) -> [UInt8] {
        let value = try? JSONValue.parse(message)
        return Array((value?["id"] ?? .null).json.utf8)
    }

    // MARK: frames

    /// Changes what is about to leave as the faults in force will have it.
    internal func filterFrames(_ actions: inout [SocketAction], _ house: House) {
        var kept: [SocketAction] = []
        kept.reserveCapacity(actions.count)
        for action in actions {
            switch action {
            case .send(let id, let bytes):
                let sight = FrameSight(exchange: house.exchange.name, text: bytes)
                pass(id, bytes, isText: true, sight, &kept)
            case .sendBinary(let id, let bytes):
                let sight = FrameSight(exchange: house.exchange.name, binary: bytes)
                pass(id, bytes, isText: false, sight, &kept)
            case .broadcast(let ids, let bytes, let isText):
                let name = house.exchange.name
                let sight =
                    isText
                    ? FrameSight(exchange: name, text: bytes)
                    : FrameSight(exchange: name, binary: bytes)
                for id in ids { pass(id, bytes, isText: isText, sight, &kept) }
            case .close(let id, _, _):
                kept += held.removeValue(forKey: id) ?? []
                kept.append(action)
            }
        }
        actions = kept
        tellStrikes()
    }

    private func pass(
        _ id: Int, _ bytes: [UInt8], isText: Bool, _ sight: FrameSight,
        _ kept: inout [SocketAction]
    ) {
        let fate = faults.frameLeaving(sight, now: loop.now)
        if fate.isLost { return }
        var payload = bytes
        if let at = fate.corruptAt, !payload.isEmpty {
            let index = Int(at % UInt64(payload.count))
            payload[index] =
                payload[index] == UInt8(ascii: "#") ? UInt8(ascii: "~") : UInt8(ascii: "#")
        }
        if let at = fate.truncateAt {
            payload.removeLast(1 + Int(at % UInt64(max(1, payload.count))))
        }
        let action = isText ? SocketAction.send(id, payload) : .sendBinary(id, payload)
        if fate.delay > .zero {
            later(fate.delay) { [weak self] in self?.deliver([action]) }
            return
        }
        if fate.isReordered, held[id] == nil {
            held[id] = [action]
            later(PaperServer.reorderPatience) { [weak self] in self?.release(id) }
            return
        }
        for _ in 0..<fate.copies { kept.append(action) }
        kept += held.removeValue(forKey: id) ?? []
    }

    private func release(_ id: Int) {
        if let frames = held.removeValue(forKey: id) { deliver(frames) }
    }
}
