import Glibc

/// Bytes of any kind as readable text: each maximal invalid sequence becomes U+FFFD, NUL becomes `\0`.
enum ReadableUTF8 {
    /// How many bytes of UTF-8 the text of these bytes takes.
    static func size(of bytes: [UInt8]) -> Int {
        if isPlain(bytes[...]) { return bytes.count }
        var size = 0
        forEachPiece(of: bytes[...]) { piece, _ in
            size += piece.written
            return true
        }
        return size
    }

    /// The text, unless it takes more than the given size.
    static func text(of bytes: [UInt8], within limit: Int) -> String? {
        if let plain = plainText(of: bytes[...]) { return bytes.count <= limit ? plain : nil }
        return size(of: bytes) <= limit ? text(of: bytes[...]) : nil
    }

    static func text(of bytes: ArraySlice<UInt8>) -> String {
        if let plain = plainText(of: bytes) { return plain }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        forEachPiece(of: bytes) { piece, start in
            switch piece.kind {
            case .valid: output.append(contentsOf: bytes[start..<start + piece.length])
            case .null: output.append(contentsOf: [0x5C, 0x30])
            case .invalid: output.append(contentsOf: [0xEF, 0xBF, 0xBD])
            }
            return true
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The most first bytes whose text fits the given size.
    static func prefix(of bytes: [UInt8], within limit: Int) -> ArraySlice<UInt8> {
        let plain = withoutTornEnd(Array(bytes.prefix(limit)))
        if isPlain(plain[...]) { return bytes[..<plain.count] }
        var size = 0
        var end = 0
        forEachPiece(of: bytes[...]) { piece, start in
            guard size + piece.written <= limit else { return false }
            size += piece.written
            end = start + piece.length
            return true
        }
        return bytes[..<end]
    }

    /// The most last bytes whose text fits the given size.
    static func suffix(of bytes: [UInt8], within limit: Int) -> ArraySlice<UInt8> {
        let plain = withoutTornStart(Array(bytes.suffix(limit)))
        if isPlain(plain[...]) { return bytes[(bytes.count - plain.count)...] }
        var excess = size(of: bytes) - limit
        var begin = 0
        forEachPiece(of: bytes[...]) { piece, start in
            guard excess > 0 else { return false }
            excess -= piece.written
            begin = start + piece.length
            return true
        }
        return bytes[begin...]
    }

    /// The bytes without a character at the end that was cut in the middle.
    static func withoutTornEnd(_ bytes: [UInt8]) -> [UInt8] {
        let lead = bytes.suffix(3).lastIndex { $0 & 0xC0 != 0x80 }
        guard let lead, bytes[lead] >= 0xC2, bytes[lead] <= 0xF4 else { return bytes }
        let needed = bytes[lead] < 0xE0 ? 2 : bytes[lead] < 0xF0 ? 3 : 4
        return bytes.count - lead < needed ? Array(bytes[..<lead]) : bytes
    }

    /// The bytes without the rest of a character at the start that was cut in the middle.
    static func withoutTornStart(_ bytes: [UInt8]) -> [UInt8] {
        let rest = bytes.prefix(3).prefix { $0 & 0xC0 == 0x80 }
        return Array(bytes.dropFirst(rest.count))
    }

    private static func isPlain(_ bytes: ArraySlice<UInt8>) -> Bool {
        plainText(of: bytes) != nil
    }

    /// The bytes as they are where they are readable so; nearly all output is, and it is found much faster than by
    /// pieces.
    private static func plainText(of bytes: ArraySlice<UInt8>) -> String? {
        let hasNull = bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return false }
            return memchr(start, 0, buffer.count) != nil
        }
        return hasNull ? nil : String(validating: bytes, as: UTF8.self)
    }

    private enum Kind { case valid, null, invalid }

    private struct Piece {
        let kind: Kind
        let length: Int
        var written: Int {
            switch kind {
            case .valid: length
            case .null: 2
            case .invalid: 3
            }
        }
    }

    /// Calls the body with every character or invalid sequence and where it starts, until it answers false.
    private static func forEachPiece(of bytes: ArraySlice<UInt8>, _ body: (Piece, Int) -> Bool) {
        bytes.withUnsafeBufferPointer { buffer in
            var index = 0
            while index < buffer.count {
                let piece = piece(in: buffer, at: index)
                guard body(piece, bytes.startIndex + index) else { return }
                index += piece.length
            }
        }
    }

    /// The piece at the index, by the table of well-formed sequences (Unicode 3.9, table 3-7).
    private static func piece(in bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Piece {
        let lead = bytes[index]
        if lead == 0 { return Piece(kind: .null, length: 1) }
        if lead < 0x80 { return Piece(kind: .valid, length: 1) }
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF:
            length = 3
            if lead == 0xE0 { second = 0xA0...0xBF } else if lead == 0xED { second = 0x80...0x9F }
        case 0xF0...0xF4:
            length = 4
            if lead == 0xF0 { second = 0x90...0xBF } else if lead == 0xF4 { second = 0x80...0x8F }
        default: return Piece(kind: .invalid, length: 1)
        }
        for offset in 1..<length {
            let expected = offset == 1 ? second : 0x80...0xBF
            guard index + offset < bytes.count, expected.contains(bytes[index + offset]) else {
                return Piece(kind: .invalid, length: offset)
            }
        }
        return Piece(kind: .valid, length: length)
    }
}
