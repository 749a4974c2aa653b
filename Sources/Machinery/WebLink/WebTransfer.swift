internal import CCurl
internal import Reactor
internal import WebProtocol

/// One request under way, and the handle it uses, which is used again for later ones.
@LoopActor final class WebTransfer: CurlTransfer {
    let easy = CurlEasy()
    private unowned let client: WebClient
    private let progress = WebProgress()
    private var completion: (@LoopActor (WebOutcome) -> Void)?

    init(_ client: WebClient) {
        self.client = client
        if let authorities = client.authorities { easy.set(CURLOPT_CAINFO, authorities) }
        let context = unsafe Unmanaged.passUnretained(progress).toOpaque()
        _ = unsafe pms_curl_set_on_request(easy.pointer, requestCallback, context)
        _ = unsafe pms_curl_set_on_header(easy.pointer, headerCallback, context)
        _ = unsafe pms_curl_set_on_body(easy.pointer, bodyCallback, context)
    }

    /// Makes the handle ready for a request.
    func prepare(
        _ request: WebRequest, _ url: WebURL, _ limits: WebClientLimits,
        _ completion: @escaping @LoopActor (WebOutcome) -> Void
    ) {
        self.completion = completion
        progress.reset(sendings: request.isIdempotent ? .max : 1, limits)
        easy.clearMessage()
        easy.set(CURLOPT_URL, url.text)
        easy.setProxy(allowed: !url.isLoopback)
        easy.setHeaders(request.headers.pairs)
        easy.set(CURLOPT_TIMEOUT_MS, request.deadline)
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, min(request.deadline, limits.connectTime))
        setMethod(request)
    }

    private func setMethod(_ request: WebRequest) {
        let isPost = request.method == WebRequest.post
        easy.set(CURLOPT_NOBODY, 0)
        if isPost || !request.body.isEmpty {
            easy.set(CURLOPT_POST, 1)
            easy.setBody(request.body)
        } else {
            easy.set(CURLOPT_HTTPGET, 1)
        }
        if request.method == "HEAD" { easy.set(CURLOPT_NOBODY, 1) }
        let isPlain = isPost || request.method == WebRequest.get && request.body.isEmpty
        easy.set(CURLOPT_CUSTOMREQUEST, isPlain || request.method == "HEAD" ? nil : request.method)
    }

    func transferEnded(_ code: CURLcode) {
        let outcome = outcome(code)
        client.ended(self)
        complete(outcome)
    }

    /// Ends the request before curl does.
    func cancel(_ message: String) {
        let error = WebLinkError(code: -1, message: message)
        complete(progress.sendings == 0 ? .notSent(error) : .unknown(error))
    }

    private func complete(_ outcome: WebOutcome) {
        let tell = completion
        completion = nil
        tell?(outcome)
    }

    /// Whether the request may have left depends on one thing alone: whether curl came to sending.
    private func outcome(_ code: CURLcode) -> WebOutcome {
        // curl takes an answer that ends within its headers for a whole one.
        if code == CURLE_OK, progress.hasWholeHead {
            return .response(
                WebResponse(
                    status: easy.status, headers: progress.headers, body: progress.takeBody()))
        }
        let message =
            code == CURLE_OK
            ? "response cut short" : progress.refusal ?? easy.message(for: code)
        let error = WebLinkError(code: Int(code.rawValue), message: message)
        return progress.sendings == 0 ? .notSent(error) : .unknown(error)
    }
}

/// What curl's callbacks note about a transfer; touched on the loop's thread alone.
final class WebProgress {
    /// How often curl set out to send the request.
    private(set) var sendings = 0
    private(set) var headers = HTTPHeaders()
    /// Whether the empty line behind the headers has come.
    private(set) var hasWholeHead = false
    /// Why a callback made curl give up.
    private(set) var refusal: String?
    private var sendingLimit = 1
    private var body: [UInt8] = []
    private var headerBytes = 0
    private var limits = WebClientLimits.standard

    func reset(sendings limit: Int, _ limits: WebClientLimits) {
        sendings = 0
        sendingLimit = limit
        self.limits = limits
        refusal = nil
        headers = HTTPHeaders()
        hasWholeHead = false
        headerBytes = 0
        body = []
    }

    func takeBody() -> [UInt8] {
        defer { body = [] }
        return body
    }

    /// Whether curl may send the request (again).
    func requestStarted() -> Bool {
        guard sendings < sendingLimit else {
            refusal = "the connection ended after the request was sent; it is not sent again"
            return false
        }
        sendings += 1
        // What a first, broken answer left behind is not part of the second.
        headers = HTTPHeaders()
        body = []
        return true
    }

    func headerReceived(_ line: UnsafeRawBufferPointer) -> Bool {
        headerBytes += line.count
        guard headerBytes <= limits.headerBytes else {
            refusal = "response headers too large"
            return false
        }
        let text = unsafe String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            headers = HTTPHeaders()
            hasWholeHead = false
        } else if text == "\r\n" || text == "\n" {
            hasWholeHead = true
        } else if let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) {
            headers.append(String(text[..<colon]), Self.trimmed(text[colon...].dropFirst()))
        }
        return true
    }

    func bodyReceived(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard body.count + bytes.count <= limits.responseBytes else {
            refusal = "response too large"
            return false
        }
        unsafe body.append(contentsOf: bytes)
        return true
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}

private func progress(_ context: UnsafeMutableRawPointer?) -> WebProgress? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<WebProgress>.fromOpaque(context).takeUnretainedValue()
}

private let requestCallback: curl_prereq_callback = { context, _, _, _, _ in
    let mayStart = unsafe progress(context)?.requestStarted() ?? false
    return mayStart ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

private let headerCallback: curl_write_callback = { bytes, size, count, context in
    let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    let isTaken = unsafe progress(context)?.headerReceived(line) ?? false
    return isTaken ? size * count : 0
}

private let bodyCallback: curl_write_callback = { bytes, size, count, context in
    let piece = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    let isTaken = unsafe progress(context)?.bodyReceived(piece) ?? false
    return isTaken ? size * count : 0
}
