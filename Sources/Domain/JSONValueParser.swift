/// Walks over the bytes of one JSON text, each byte once.
struct JSONValueParser {
    let bytes: UnsafeBufferPointer<UInt8>
    let maximumDepth: Int
    let duplicateKeys: JSONValue.DuplicateKeys
    private var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int, duplicateKeys: JSONValue.DuplicateKeys) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        self.duplicateKeys = duplicateKeys
    }

    mutating func document() throws(JSONError) -> JSONValue {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw fault(.byteOrderMark) }
        skipWhitespace()
        let value = try value(depth: 0)
        skipWhitespace()
        guard position == bytes.count else { throw fault(.trailingData) }
        return value
    }

    private func fault(_ reason: JSONError.Reason) -> JSONError {
        JSONError(reason: reason, offset: position)
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        switch try next() {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw fault(.unexpectedByte)
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= maximumDepth else { throw fault(.nestedTooDeep) }
        position += 1
        skipWhitespace()
        var members: [TextKey: JSONValue] = [:]
        if skip(UInt8(ascii: "}")) { return .object(members) }
        while true {
            guard try next() == UInt8(ascii: "\"") else { throw fault(.unexpectedByte) }
            let key = TextKey(try string())
            skipWhitespace()
            guard try next() == UInt8(ascii: ":") else { throw fault(.unexpectedByte) }
            position += 1
            skipWhitespace()
            let earlier = members.updateValue(try value(depth: depth), forKey: key)
            if earlier != nil, duplicateKeys == .refused { throw fault(.duplicateKey) }
            skipWhitespace()
            if skip(UInt8(ascii: "}")) { return .object(members) }
            try comma()
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= maximumDepth else { throw fault(.nestedTooDeep) }
        position += 1
        skipWhitespace()
        var elements: [JSONValue] = []
        if skip(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try value(depth: depth))
            skipWhitespace()
            if skip(UInt8(ascii: "]")) { return .array(elements) }
            try comma()
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for index in 0..<word.utf8CodeUnitCount {
            guard try next() == word.utf8Start[index] else { throw fault(.unexpectedByte) }
            position += 1
        }
        return value
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        let isNegative = skip(UInt8(ascii: "-"))
        var magnitude: Int? = 0
        if !skip(UInt8(ascii: "0")) {
            // Counting downwards, because the smallest integer has no positive counterpart.
            try digits { digit in
                guard let (product, overflow) = magnitude?.multipliedReportingOverflow(by: 10), !overflow else {
                    return magnitude = nil
                }
                let (difference, underflow) = product.subtractingReportingOverflow(Int(digit))
                magnitude = underflow ? nil : difference
            }
        }
        var isWhole = true
        if skip(UInt8(ascii: ".")) {
            isWhole = false
            try digits { _ in }
        }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            isWhole = false
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            try digits { _ in }
        }
        if isWhole, let magnitude, isNegative || magnitude != .min {
            return .integer(isNegative ? magnitude : -magnitude)
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if !isWhole, let number = Double(text), number.isFinite { return .number(number) }
        return .oversizedNumber(text)
    }

    /// Takes one digit or more.
    private mutating func digits(_ body: (UInt8) -> Void) throws(JSONError) {
        let start = position
        while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"), digit < 10 {
            body(digit)
            position += 1
        }
        guard position > start else { throw fault(.invalidNumber) }
    }

    private mutating func comma() throws(JSONError) {
        guard try next() == UInt8(ascii: ",") else { throw fault(.unexpectedByte) }
        position += 1
        skipWhitespace()
    }

    private mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
            default: return
            }
        }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private func next() throws(JSONError) -> UInt8 {
        guard position < bytes.count else { throw fault(.unexpectedEnd) }
        return bytes[position]
    }
}

// MARK: - Strings

extension JSONValueParser {
    /// Takes a string; the position is at its opening quote.
    private mutating func string() throws(JSONError) -> String {
        let opening = position
        position += 1
        let start = position
        try skipPlainCharacters()
        var text: String?
        if bytes[position] == UInt8(ascii: "\"") {
            text = String(validating: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        } else {
            var unescaped = Array(bytes[start..<position])
            while bytes[position] == UInt8(ascii: "\\") {
                try appendEscaped(to: &unescaped)
                let start = position
                try skipPlainCharacters()
                unescaped.append(contentsOf: bytes[start..<position])
            }
            text = String(validating: unescaped, as: UTF8.self)
        }
        guard let text else { throw JSONError(reason: .invalidUTF8, offset: opening) }
        position += 1
        return text
    }

    /// Goes on to the next quote or backslash.
    private mutating func skipPlainCharacters() throws(JSONError) {
        while true {
            switch try next() {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): return
            case 0..<0x20: throw fault(.controlCharacter)
            default: position += 1
            }
        }
    }

    private mutating func appendEscaped(to text: inout [UInt8]) throws(JSONError) {
        let start = position
        position += 1
        let letter = try next()
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            position += 1
            return text.append(contentsOf: String(try scalar(escapedAt: start)).utf8)
        default: throw fault(.invalidEscape)
        }
        position += 1
    }

    /// Takes the digits after `\u`, and the low half where they are the high half of a surrogate pair.
    private mutating func scalar(escapedAt start: Int) throws(JSONError) -> Character {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return Character(scalar) }
        guard first < 0xDC00, skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) else {
            throw JSONError(reason: .loneSurrogate, offset: start)
        }
        let second = try codeUnit()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + UInt32(first - 0xD800) << 10 + UInt32(second - 0xDC00))
        else { throw JSONError(reason: .loneSurrogate, offset: start) }
        return Character(scalar)
    }

    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let value = hexadecimalValue(try next()) else { throw fault(.invalidEscape) }
            unit = unit << 4 | UInt16(value)
            position += 1
        }
        return unit
    }
}
