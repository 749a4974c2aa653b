private import CSHA

extension SHA256 {
    /// Whether the processor hashes by instructions of its own.
    static let isNative = pms_sha256_is_native() != 0

    /// The eight working words of FIPS 180-4, section 6.2.
    struct State: Equatable, Sendable {
        var a: UInt32 = 0x6a09_e667
        var b: UInt32 = 0xbb67_ae85
        var c: UInt32 = 0x3c6e_f372
        var d: UInt32 = 0xa54f_f53a
        var e: UInt32 = 0x510e_527f
        var f: UInt32 = 0x9b05_688c
        var g: UInt32 = 0x1f83_d9ab
        var h: UInt32 = 0x5be0_cd19

        /// Takes in `count` blocks of 64 bytes from `start` on, which must lie within `bytes`.
        mutating func compress(_ bytes: RawSpan, at start: Int, count: Int = 1) {
            guard SHA256.isNative else {
                for block in 0..<count { compressByRounds(bytes, at: start + 64 * block) }
                return
            }
            precondition(start >= 0 && start + 64 * count <= bytes.byteCount, "blocks are whole")
            var words: [8 of UInt32] = [a, b, c, d, e, f, g, h]
            unsafe bytes.withUnsafeBytes { source in
                guard let base = source.baseAddress else { return }
                var mutable = words.mutableSpan
                unsafe mutable.withUnsafeMutableBufferPointer { words in
                    unsafe pms_sha256_compress(
                        words.baseAddress, (base + start).assumingMemoryBound(to: UInt8.self), count
                    )
                }
            }
            (a, b, c, d) = (words[0], words[1], words[2], words[3])
            (e, f, g, h) = (words[4], words[5], words[6], words[7])
        }

        /// The same of one block in plain Swift, for processors that have no such instructions.
        mutating func compressByRounds(_ bytes: RawSpan, at start: Int) {
            var w = Schedule(bytes, at: start)
            var s = self
            for batch in 0..<4 {
                if batch > 0 { w.extend() }
                let k = 16 * batch
                s.eightRounds(w.words, from: 0, k)
                s.eightRounds(w.words, from: 8, k + 8)
            }
            a &+= s.a
            b &+= s.b
            c &+= s.c
            d &+= s.d
            e &+= s.e
            f &+= s.f
            g &+= s.g
            h &+= s.h
        }

        /// Eight rounds, after which each word is back in its own place.
        @inline(__always)
        private mutating func eightRounds(
            _ w: borrowing [16 of UInt32], from first: Int, _ k: Int
        ) {
            let constants = SHA256.constants
            SHA256.round(a, b, c, &d, e, f, g, &h, w[first] &+ constants[k])
            SHA256.round(h, a, b, &c, d, e, f, &g, w[first + 1] &+ constants[k + 1])
            SHA256.round(g, h, a, &b, c, d, e, &f, w[first + 2] &+ constants[k + 2])
            SHA256.round(f, g, h, &a, b, c, d, &e, w[first + 3] &+ constants[k + 3])
            SHA256.round(e, f, g, &h, a, b, c, &d, w[first + 4] &+ constants[k + 4])
            SHA256.round(d, e, f, &g, h, a, b, &c, w[first + 5] &+ constants[k + 5])
            SHA256.round(c, d, e, &f, g, h, a, &b, w[first + 6] &+ constants[k + 6])
            SHA256.round(b, c, d, &e, f, g, h, &a, w[first + 7] &+ constants[k + 7])
        }
    }

    /// A window of 16 words over the message schedule.
    struct Schedule {
        var words: [16 of UInt32]

        init(_ bytes: RawSpan, at start: Int) {
            words = [16 of UInt32] { index in
                unsafe UInt32(
                    bigEndian: bytes.unsafeLoadUnaligned(
                        fromByteOffset: start + 4 * index, as: UInt32.self))
            }
        }

        /// Moves on by 16 words.
        @inline(__always)
        mutating func extend() {
            for i in 0..<16 {
                let old = words[(i + 1) & 15]
                let late = words[(i + 14) & 15]
                let s0 = SHA256.rotate(old, 7) ^ SHA256.rotate(old, 18) ^ (old >> 3)
                let s1 = SHA256.rotate(late, 17) ^ SHA256.rotate(late, 19) ^ (late >> 10)
                words[i] = words[i] &+ s0 &+ words[(i + 9) & 15] &+ s1
            }
        }
    }

    @inline(__always)
    static func round(
        _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32,
        _ g: UInt32, _ h: inout UInt32, _ input: UInt32
    ) {
        let sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
        let choice = g ^ (e & (f ^ g))
        let t1 = h &+ sum1 &+ choice &+ input
        let sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
        let majority = (a & b) | (c & (a | b))
        d = d &+ t1
        h = t1 &+ sum0 &+ majority
    }

    @inline(__always)
    static func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { x &>> n | x &<< (32 &- n) }

    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    static let constants: [64 of UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
        0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
        0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
        0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
        0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
        0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
        0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070, 0x19a4_c116,
        0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
        0xc671_78f2,
    ]
}
