internal import Bytes
internal import Glibc
internal import WebProtocol

/// One message as the bytes of its frame, written once to be sent to many sockets.
///
/// The bytes lie at one place until the last socket has sent them; the frame frees them.
@safe package final class SharedFrame: Sendable {
    nonisolated(unsafe) let base: UnsafeMutableRawPointer
    let count: Int

    /// - Parameter payload: UTF-8 where it is text.
    package convenience init(_ payload: [UInt8], isText: Bool) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(payload.count + 10)
        WebSocketFrameWriter.append(
            isText ? .text : .binary, payload: payload.rawSpan, maskingKey: nil, to: &bytes)
        self.init(bytes)
    }

    /// Bytes that are to be sent as they are.
    init(_ bytes: [UInt8]) {
        count = bytes.count
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: max(1, count), alignment: 1)
        unsafe bytes.withUnsafeBytes { source in
            if let start = source.baseAddress { unsafe memcpy(base, start, count) }
        }
    }

    deinit { unsafe base.deallocate() }
}
