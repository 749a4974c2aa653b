internal import CCurl
internal import Chronology

/// One curl handle; the handle belongs to this object and is freed with it, so it must have been
/// taken out of its multi handle before.
@safe final class CurlEasy {
    let pointer: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var headers: [(String, String)] = []

    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// A handle that never raises signals, follows no redirect and speaks only HTTP/1.1.
    init() {
        precondition(Self.isReady, "libcurl did not start")
        guard let handle = unsafe curl_easy_init() else {
            preconditionFailure("libcurl gave no handle: out of memory")
        }
        unsafe pointer = handle
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        _ = unsafe pms_curl_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorText)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        // A resolver thread that hangs is left behind instead of waited for.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
    }

    deinit {
        unsafe curl_easy_cleanup(pointer)
        unsafe curl_slist_free_all(headerList)
        unsafe errorText.deallocate()
    }

    func set(_ option: CURLoption, _ value: Int) {
        let code = unsafe pms_curl_set_long(pointer, option, value)
        precondition(code == CURLE_OK, "curl knows option \(option.rawValue)")
    }

    func set(_ option: CURLoption, _ text: String?) {
        let code = unsafe pms_curl_set_text(pointer, option, text)
        precondition(code == CURLE_OK, "curl takes text for option \(option.rawValue)")
    }

    /// curl copies the bytes.
    func setBody(_ bytes: [UInt8]) {
        _ = unsafe bytes.withUnsafeBytes { raw in
            // For no bytes curl still wants a pointer.
            unsafe pms_curl_set_body(
                pointer, raw.baseAddress ?? UnsafeRawPointer(pointer), raw.count)
        }
    }

    /// Milliseconds, at least one: zero would mean no deadline.
    func set(_ option: CURLoption, _ interval: Interval) {
        set(option, Int(max(1, interval.milliseconds)))
    }

    /// The proxy of the environment, or none at all.
    func setProxy(allowed: Bool) { set(CURLOPT_PROXY, allowed ? nil : "") }

    /// The list is kept for the next request when that has the same headers.
    func setHeaders(_ pairs: [(String, String)]) {
        let isSame = unsafe headerList != nil && pairs.elementsEqual(headers, by: ==)
        guard !isSame else { return }
        headers = pairs
        unsafe curl_slist_free_all(headerList)
        // curl would ask for 100 Continue before a large body and send it again after a 417.
        unsafe headerList = curl_slist_append(nil, "Expect:")
        for (name, value) in pairs {
            // A header without a value is written with a semicolon.
            let line = value.isEmpty ? "\(name);" : "\(name): \(value)"
            unsafe headerList = curl_slist_append(headerList, line)
        }
        _ = unsafe pms_curl_set_headers(pointer, headerList)
    }

    /// The descriptor of a CONNECT_ONLY handle's connection; it stays curl's.
    var socket: Int32? {
        let fd = unsafe pms_curl_get_socket(pointer)
        return fd >= 0 ? fd : nil
    }

    var status: Int { unsafe pms_curl_get_long(pointer, CURLINFO_RESPONSE_CODE) }

    /// What a result code means, in curl's words.
    func message(for code: CURLcode) -> String {
        let detail = unsafe String(cString: errorText)
        return detail.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : detail
    }

    func clearMessage() { unsafe errorText.pointee = 0 }
}
