/// A message that is not what the other side agreed to send.
struct WireError: Error, CustomStringConvertible {
    let description: String
}

/// Builds frames: length (UInt32, of what follows), kind (UInt8), fields; integers are little-endian.
struct FrameWriter {
    private(set) var bytes: [UInt8] = []

    mutating func frame(_ kind: UInt8, _ fields: (inout FrameWriter) -> Void) {
        let start = bytes.count
        put(UInt32(0))
        bytes.append(kind)
        fields(&self)
        let length = UInt32(bytes.count - start - 4)
        for offset in 0..<4 { bytes[start + offset] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(offset))) }
    }

    /// Forgets bytes that were sent.
    mutating func removeFirst(_ count: Int) {
        bytes.removeFirst(count)
    }

    mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ data: some Collection<UInt8>) {
        put(UInt32(data.count))
        bytes.append(contentsOf: data)
    }

    mutating func put(_ text: String) {
        put(text.utf8)
    }
}

/// Reads the fields of one frame.
struct FrameReader {
    private var rest: ArraySlice<UInt8>

    init(_ fields: ArraySlice<UInt8>) {
        rest = fields
    }

    mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws -> Number {
        let size = MemoryLayout<Number>.size
        let field = try take(size)
        var value = Number.zero
        withUnsafeMutableBytes(of: &value) { $0.copyBytes(from: field) }
        return Number(littleEndian: value)
    }

    /// The length of the frame that the four bytes begin.
    static func length(of header: ArraySlice<UInt8>, atMost longest: Int = FrameBuffer.longestFrame) throws -> Int {
        var reader = FrameReader(header)
        let length = Int(try reader.integer(UInt32.self))
        guard length >= 1, length <= longest else {
            throw WireError(description: "a frame of \(length) bytes")
        }
        return length
    }

    /// A number of fields that follow, none of them empty.
    mutating func count() throws -> Int {
        let count = Int(try integer(UInt32.self))
        guard count <= rest.count else { throw WireError(description: "a list longer than its frame") }
        return count
    }

    mutating func data() throws -> ArraySlice<UInt8> {
        try take(Int(integer(UInt32.self)))
    }

    mutating func text() throws -> String {
        String(decoding: try data(), as: UTF8.self)
    }

    private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard rest.count >= count else { throw WireError(description: "a frame ends within a field") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}

/// Cuts a stream of bytes into frames.
struct FrameBuffer {
    /// No frame is longer; a longer one is a fault of the other side.
    static let longestFrame = 2 << 20
    private let longest: Int
    private var bytes: [UInt8] = []
    private var start = 0

    init(longest: Int = longestFrame) {
        self.longest = longest
    }

    mutating func append(_ more: UnsafeRawBufferPointer) {
        if start > 0, start == bytes.count || start > 1 << 16 {
            bytes.removeFirst(start)
            start = 0
        }
        bytes.append(contentsOf: more)
    }

    /// The next whole frame, its kind and its fields; nil until more bytes have come.
    mutating func next() throws -> (kind: UInt8, fields: ArraySlice<UInt8>)? {
        guard bytes.count - start >= 4 else { return nil }
        let length = try FrameReader.length(of: bytes[start..<start + 4], atMost: longest)
        guard bytes.count - start - 4 >= length else { return nil }
        let body = start + 4
        start = body + length
        return (bytes[body], bytes[body + 1..<start])
    }
}
