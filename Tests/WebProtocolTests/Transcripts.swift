import Bytes
import WebProtocol

/// All a request parser says about pieces of input, one line a step.
func transcript(of pieces: [[UInt8]], limits: HTTPLimits = .standard) -> [String] {
    var parser = HTTPRequestParser(limits: limits)
    var lines: [String] = []
    for piece in pieces {
        parser.append(piece.rawSpan)
        do throws(HTTPError) {
            steps: while true {
                switch try parser.next() {
                case .needsMore: break steps
                case .continueExpected: lines.append("continue?")
                case .request(let request): lines.append(summary(request))
                }
            }
        } catch {
            lines.append("refused: \(error)")
            return lines
        }
    }
    return lines
}

func transcript(of text: String, limits: HTTPLimits = .standard) -> [String] {
    transcript(of: [Array(text.utf8)], limits: limits)
}

private func summary(_ request: HTTPRequest) -> String {
    let fields = request.headers.fields.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
    let query = String(decoding: request.query, as: UTF8.self)
    let body = String(decoding: request.body, as: UTF8.self)
    let alive = request.keepsAlive ? "stays" : "closes"
    return "\(request.method) \(request.path) ?\(query) {\(fields)} [\(body)] \(alive)"
}

/// All a frame parser says about pieces of input.
func transcript(
    of pieces: [[UInt8]], role: WebSocketFrameParser.Role,
    limits: WebSocketLimits = WebSocketLimits(
        frameBytes: 1_000, messageBytes: 1_500, initialBufferBytes: 256)
) -> [String] {
    var parser = WebSocketFrameParser(role: role, limits: limits)
    var lines: [String] = []
    for piece in pieces {
        parser.append(piece.rawSpan)
        do throws(WebSocketError) {
            while let event = try parser.next() {
                let payload = parser.payload
                lines.append("\(event) \(payload.byteCount) \(Hex.text([UInt8](payload)))")
            }
        } catch {
            lines.append("refused: \(error)")
            return lines
        }
    }
    return lines
}

/// What a parser yielded, kept as values: cheaper than text where 100,000 are compared.
struct Yield<Item: Equatable, Failure: Equatable>: Equatable {
    var items: [Item] = []
    var failure: Failure?
}

func requests(in pieces: [[UInt8]], limits: HTTPLimits) -> Yield<HTTPParserStep, HTTPError> {
    var parser = HTTPRequestParser(limits: limits)
    var yield = Yield<HTTPParserStep, HTTPError>()
    for piece in pieces {
        parser.append(piece.rawSpan)
        do throws(HTTPError) {
            while true {
                let step = try parser.next()
                if step == .needsMore { break }
                yield.items.append(step)
            }
        } catch {
            yield.failure = error
            return yield
        }
    }
    return yield
}

func payloads(
    in pieces: [[UInt8]], role: WebSocketFrameParser.Role
) -> Yield<[UInt8], WebSocketError> {
    let limits = WebSocketLimits(frameBytes: 200, messageBytes: 300, initialBufferBytes: 256)
    var parser = WebSocketFrameParser(role: role, limits: limits)
    var yield = Yield<[UInt8], WebSocketError>()
    for piece in pieces {
        parser.append(piece.rawSpan)
        do throws(WebSocketError) {
            while try parser.next() != nil { yield.items.append([UInt8](parser.payload)) }
        } catch {
            yield.failure = error
            return yield
        }
    }
    return yield
}

/// The same with messages that lie one behind the other taken together, at most `limit` at once.
func payloadsTogether(
    in pieces: [[UInt8]], role: WebSocketFrameParser.Role, limit: Int
) -> Yield<[UInt8], WebSocketError> {
    let limits = WebSocketLimits(frameBytes: 200, messageBytes: 300, initialBufferBytes: 256)
    var parser = WebSocketFrameParser(role: role, limits: limits)
    var yield = Yield<[UInt8], WebSocketError>()
    var taken: ContiguousArray<WebSocketPiece> = []
    for piece in pieces {
        parser.append(piece.rawSpan)
        do throws(WebSocketError) {
            while true {
                parser.takeMessages(into: &taken, limit: limit)
                copy(WebSocketMessages(parser.bytes, taken.span), to: &yield.items)
                if taken.count == limit { continue }
                guard try parser.next() != nil else { break }
                yield.items.append([UInt8](parser.payload))
            }
        } catch {
            yield.failure = error
            return yield
        }
    }
    return yield
}

private func copy(_ messages: WebSocketMessages, to items: inout [[UInt8]]) {
    for index in 0..<messages.count { items.append([UInt8](messages[index])) }
}
