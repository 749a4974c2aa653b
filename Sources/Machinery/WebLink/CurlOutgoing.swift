internal import CCurl

/// Bytes on their way out. A write that TLS could not finish must be repeated from the same
/// place in memory, so bytes that are being written are left alone and later ones gather behind.
struct CurlOutgoing {
    /// Where writers append.
    var bytes: [UInt8] = []
    private var writing: [UInt8] = []
    private var written = 0

    /// Bytes curl has not taken yet.
    var count: Int { bytes.count + writing.count - written }

    /// Gives a writer what it takes: OK when all is taken, AGAIN when it wants to be asked again.
    mutating func flush(_ write: (UnsafeRawBufferPointer, inout Int) -> CURLcode) -> CURLcode {
        while true {
            if written == writing.count {
                writing.removeAll(keepingCapacity: true)
                written = 0
                guard !bytes.isEmpty else { return CURLE_OK }
                swap(&writing, &bytes)
            }
            var taken = 0
            let code = unsafe writing.withUnsafeBytes {
                unsafe write(UnsafeRawBufferPointer(rebasing: $0[written...]), &taken)
            }
            guard code == CURLE_OK else { return code }
            written += taken
        }
    }
}
