import Bytes
import CHiredis

/// hiredis's reply reader, building into an arena of ours instead of a tree of allocations.
///
/// Owns the reader and frees it. The reader's own buffer moves its bytes when a reply is taken, so
/// nothing may point into it: the arena holds copies.
@safe final class ReplyParser {
    enum Step {
        /// The arena holds a whole reply.
        case reply
        /// More bytes are needed.
        case starved
        /// The stream is not RESP or a reply is over the limit; the connection must end.
        case broken(String)
    }

    let arena: ReplyArena
    private let reader: UnsafeMutablePointer<redisReader>
    private let limit: Int

    /// - Parameter limit: bytes one reply may take.
    init(limit: Int) {
        self.limit = limit
        arena = ReplyArena(limit: limit)
        guard let reader = unsafe redisReaderCreateWithFunctions(Self.functions) else {
            preconditionFailure("no memory for a reply reader")
        }
        unsafe self.reader = reader
        // hiredis frees an idle buffer of more than maxbuf (16 KiB) and allocates it again with the
        // next bytes; 1 MiB keeps the steady state free of that and still gives back a large one.
        unsafe reader.pointee.maxbuf = 1 << 20
        unsafe reader.pointee.privdata = Unmanaged.passUnretained(arena).toOpaque()
    }

    deinit { unsafe redisReaderFree(reader) }

    /// Takes bytes from the socket.
    func feed(_ bytes: RawSpan) {
        _ = unsafe bytes.withUnsafeBytes { buffer in
            unsafe redisReaderFeed(
                reader, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
        }
    }

    /// Decodes the next reply into the arena, which forgets the one before.
    func next() -> Step {
        // A reply that is only partly here stays in the arena until the rest arrives.
        if unsafe reader.pointee.ridx == -1 { arena.removeAll() }
        var reply: UnsafeMutableRawPointer?
        let result = unsafe redisReaderGetReply(reader, &reply)
        guard result == REDIS_OK else { return .broken(errorText) }
        if unsafe reply != nil { return .reply }
        if unsafe reader.pointee.len - reader.pointee.pos > limit || arena.isOverLimit {
            return .broken("reply over the limit of \(limit) bytes")
        }
        return .starved
    }

    private var errorText: String {
        if arena.isOverLimit { return "reply over the limit of \(limit) bytes" }
        return unsafe withUnsafePointer(to: &reader.pointee.errstr) { tuple in
            unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 128) {
                unsafe String(cString: $0)
            }
        }
    }

    /// The table hiredis calls; one for the process, never freed.
    private nonisolated(unsafe) static let functions = {
        let table = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        unsafe table.initialize(
            to: redisReplyObjectFunctions(
                createString: { unsafe ReplyParser.text($0, $1, $2) },
                createArray: { unsafe ReplyParser.add($0, .array, Int64($1)) },
                createInteger: { unsafe ReplyParser.add($0, .integer, Int64($1)) },
                createNil: { unsafe ReplyParser.add($0, .null, 0) },
                freeObject: { _ in }))
        return unsafe table
    }()

    /// What stands for every object towards hiredis, which only asks whether it is null.
    private static func token(_ arena: ReplyArena) -> UnsafeMutableRawPointer? {
        unsafe arena.isOverLimit ? nil : Unmanaged.passUnretained(arena).toOpaque()
    }

    private static func arena(of task: UnsafePointer<redisReadTask>?) -> ReplyArena? {
        guard let context = unsafe task?.pointee.privdata else { return nil }
        return unsafe Unmanaged<ReplyArena>.fromOpaque(context).takeUnretainedValue()
    }

    private static func add(
        _ task: UnsafePointer<redisReadTask>?, _ kind: ReplyArena.Kind, _ value: Int64
    ) -> UnsafeMutableRawPointer? {
        guard let arena = unsafe arena(of: task) else { return nil }
        arena.append(kind, value: value)
        return unsafe token(arena)
    }

    private static func text(
        _ task: UnsafePointer<redisReadTask>?, _ start: UnsafeMutablePointer<CChar>?, _ count: Int
    ) -> UnsafeMutableRawPointer? {
        guard let arena = unsafe arena(of: task), let type = unsafe task?.pointee.type else {
            return nil
        }
        let kind: ReplyArena.Kind =
            type == REDIS_REPLY_ERROR ? .error : type == REDIS_REPLY_STATUS ? .status : .bytes
        let buffer = unsafe UnsafeRawBufferPointer(start: start, count: count)
        arena.append(kind, unsafe RawSpan(_unsafeBytes: buffer))
        return unsafe token(arena)
    }
}
