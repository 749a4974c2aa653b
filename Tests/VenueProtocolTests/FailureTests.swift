import Bytes
import Chronology
import Testing

@testable import VenueProtocol

@Suite("Failures")
struct FailureTests {
    private static let wall = WallTime(milliseconds: 1_700_000_000_000)

    private static func classify(
        _ status: Int, _ body: String, isOrder: Bool = true, retryAfter: Int64? = nil
    ) -> VenueFailure? {
        VenueFailure.classify(
            httpStatus: status, body: Array(body.utf8).rawSpan, isOrder: isOrder,
            retryAfterSeconds: retryAfter, wall: wall)
    }

    private static func name(_ failure: VenueFailure?) -> String {
        guard let failure else { return "success" }
        return switch failure {
        case .definiteReject: "reject"
        case .retryLater: "retry"
        case .unknownOutcome: "unknown"
        case .clockSkew: "clock"
        case .duplicateClientID: "duplicate"
        case .orderNotFound: "not found"
        case .alreadyDone: "done"
        case .listenKeyGone: "listen key"
        case .unauthorized: "unauthorized"
        case .banned: "banned"
        }
    }

    @Test(
        "S1, S7, C1, T8: each code means one thing on the order path",
        arguments: [
            (503, -1000, "unknown"), (408, -1007, "unknown"), (400, -1007, "unknown"),
            (400, -1006, "unknown"), (503, -1008, "retry"), (429, -1015, "retry"),
            (429, -1003, "retry"), (418, -1003, "banned"), (400, -1021, "clock"),
            (400, -5028, "clock"), (400, -1022, "unauthorized"), (401, -2015, "unauthorized"),
            (400, -1111, "reject"), (400, -1121, "reject"), (400, -1125, "listen key"),
            (400, -2011, "not found"), (400, -2013, "not found"), (400, -2019, "reject"),
            (400, -2022, "reject"), (400, -4116, "duplicate"), (400, -4046, "done"),
            (400, -4059, "done"), (400, -5027, "done"), (400, -5021, "reject"),
            (400, -5022, "reject"), (400, -4164, "reject"), (400, -4131, "retry"),
            (400, -9999, "reject"), (500, -9999, "unknown"),
        ])
    func codes(status: Int, code: Int, expected: String) {
        let body = "{\"code\":\(code),\"msg\":\"words\"}"
        #expect(Self.name(Self.classify(status, body)) == expected)
    }

    @Test("a positive code and any plain body with status 200 are successes")
    func successes() {
        #expect(Self.classify(200, "{\"code\":200,\"msg\":\"success\"}") == nil)
        #expect(Self.classify(200, " {}") == nil)
        #expect(Self.classify(200, "[]") == nil)
    }

    @Test(
        "T10: answers that are no JSON are read by their status",
        arguments: [
            (502, "<html><title>502 Bad Gateway</title></html>", "unknown"), (504, "", "unknown"),
            (403, "<HTML>blocked</HTML>", "retry"), (408, "", "unknown"), (404, "<html>", "reject"),
            (503, "Service Unavailable.", "retry"),
            (503, "Unknown error, please check your request or try again later.", "unknown"),
            (200, "<html>captive portal</html>", "unknown"), (200, "", "unknown"),
            (429, "", "retry"), (418, "", "banned"), (400, "{\"code\":", "reject"),
        ])
    func plainAnswers(status: Int, body: String, expected: String) {
        #expect(Self.name(Self.classify(status, body)) == expected)
    }

    @Test("a query's lost answer is never an unknown outcome")
    func queries() {
        #expect(Self.name(Self.classify(502, "<html>", isOrder: false)) == "retry")
        #expect(Self.name(Self.classify(408, "{\"code\":-1007}", isOrder: false)) == "retry")
    }

    @Test("a ban ends when its text says, and not before Retry-After")
    func bans() {
        let text = "Way too many requests; IP(1.2.3.4) banned until 1700000060000. Please use"
        let body = "{\"code\":-1003,\"msg\":\"\(text)\"}"
        guard case .banned(let until, _) = Self.classify(418, body) else {
            Issue.record("not a ban")
            return
        }
        #expect(until.milliseconds == 1_700_000_060_000)
        guard case .banned(let longer, _) = Self.classify(418, body, retryAfter: 100) else {
            Issue.record("not a ban")
            return
        }
        #expect(longer.milliseconds == 1_700_000_100_000)
    }

    @Test("Retry-After decides the pause; without it a weight limit waits for the next minute")
    func pauses() {
        let body = "{\"code\":-1003,\"msg\":\"Too many requests\"}"
        guard case .retryLater(let stated, _) = Self.classify(429, body, retryAfter: 7),
            case .retryLater(let derived, _) = Self.classify(429, body)
        else {
            Issue.record("not a pause")
            return
        }
        #expect(stated == .seconds(7))
        #expect(derived == .milliseconds(41_000))
    }
}
