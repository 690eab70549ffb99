/// A parameter ready to be sent: its type and its binary form, or NULL of that type.
package struct PostgresValue: Sendable, Equatable {
    enum Content: Sendable, Equatable {
        case null
        case bytes([UInt8])
        /// Why the value cannot be sent; it never contains the value.
        case invalid(String)

        /// How many bytes are sent.
        var size: Int {
            if case .bytes(let bytes) = self { bytes.count } else { 0 }
        }
    }

    /// The type the parameter is declared with.
    package let type: PostgresType
    let content: Content

    /// NULL of the type.
    package static func null(_ type: PostgresType) -> PostgresValue {
        PostgresValue(type: type, content: .null)
    }

    static func bytes(_ bytes: [UInt8], as type: PostgresType) -> PostgresValue {
        PostgresValue(type: type, content: .bytes(bytes))
    }

    static func integer(_ value: some FixedWidthInteger, as type: PostgresType) -> PostgresValue {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: value)
        return .bytes(bytes, as: type)
    }

    static func invalid(_ reason: String, as type: PostgresType) -> PostgresValue {
        PostgresValue(type: type, content: .invalid(reason))
    }
}

extension [PostgresValue] {
    /// Calls the body with the address of each value's bytes, nil for NULL, while they stay where they are.
    func withAddresses<Answer>(_ body: ([UnsafePointer<CChar>?]) -> Answer) -> Answer {
        // An empty value still needs an address.
        withUnsafePointer(to: 0 as CChar) { withAddresses(after: [], emptyAddress: $0, body) }
    }

    private func withAddresses<Answer>(
        after known: [UnsafePointer<CChar>?], emptyAddress: UnsafePointer<CChar>,
        _ body: ([UnsafePointer<CChar>?]) -> Answer
    ) -> Answer {
        guard known.count < count else { return body(known) }
        guard case .bytes(let bytes) = self[known.count].content else {
            return withAddresses(after: known + [nil], emptyAddress: emptyAddress, body)
        }
        return bytes.withUnsafeBytes { bytes in
            let address = bytes.isEmpty ? nil : bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            return withAddresses(after: known + [address ?? emptyAddress], emptyAddress: emptyAddress, body)
        }
    }
}

extension [UInt8] {
    mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}

/// JSON as text, for `jsonb` parameters and for `json` or `jsonb` columns; it is not checked here but by the server.
package struct JSONText: Sendable, Hashable {
    /// The JSON document.
    package let text: String

    /// Takes the text as it is.
    package init(_ text: String) {
        self.text = text
    }
}
