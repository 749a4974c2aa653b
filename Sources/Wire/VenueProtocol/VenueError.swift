internal import Bytes

/// What a venue says is wrong: a stable code and a text that may come in any language.
package struct VenueError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The venue's code; 0 where the answer carried none (HTML, empty, cut off).
    package let code: Int
    /// The text, at most 200 characters; never to be decided upon where there is a code.
    package let message: String

    package init(code: Int, message: String) {
        self.code = code
        self.message = String(message.prefix(200))
    }

    package var description: String {
        // Nought where it was not the venue that said so.
        code == 0 ? message : "venue error \(code): \(message)"
    }

    /// Reads `{"code":-1,"msg":"..."}`; nil where the bytes are no such object.
    package init?(_ body: RawSpan) {
        var code: Int64?
        var message = ""
        do throws(JSONError) {
            var scanner = JSONScanner(body)
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                switch key {
                case "code": code = try scanner.integer()
                case "msg": message = try scanner.lenientText()
                case _: try scanner.skipValue()
                }
            }
        } catch {
            if code == nil { return nil }
        }
        guard let code, let small = Int(exactly: code) else { return nil }
        self.init(code: small, message: message)
    }

    /// What an answer without a code says of itself: the first words of its text, tags left out.
    init(plain body: RawSpan, httpStatus: Int) {
        var words = ""
        var isTag = false
        for character in String(body.extracting(first: min(body.byteCount, 600))) {
            if character == "<" { isTag = true }
            if !isTag { words.append(character.isNewline ? " " : character) }
            if character == ">" { isTag = false }
        }
        let gist = words.split(separator: " ").joined(separator: " ")
        self.init(code: 0, message: "http \(httpStatus)" + (gist.isEmpty ? "" : ": \(gist)"))
    }
}
