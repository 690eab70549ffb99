import Domain
import NIOCore

/// Reads bodies: how large, of which media type, and what they hold.
struct BodySource: Sendable {
    /// No body may be larger.
    static let limit = 1024 * 1024
    private static let form = "application/x-www-form-urlencoded"
    private static let json = "application/json"

    private let fields: RequestFields
    private let body: RequestBody

    /// The body of `request`.
    init(_ request: Request) {
        fields = request.fields
        body = request.body
    }

    /// The members of a JSON object.
    func object() async throws -> [TextKey: JSONValue] {
        guard isJSON else { throw unsupported(allowed: Self.json) }
        return try Self.object(in: try await bytes())
    }

    /// The fields of a form, or the members of a JSON object.
    func formOrObject() async throws -> [TextKey: JSONValue] {
        if isJSON { return try Self.object(in: try await bytes()) }
        guard isOfType(Self.form) else { throw unsupported(allowed: "\(Self.json) or \(Self.form)") }
        let form = FormPairs(try await bytes(), origin: .body)
        guard form.faults.isEmpty else { throw InputFaults(form.faults) }
        return Dictionary(form.pairs.map { (TextKey($0.name), JSONValue.string($0.value)) }) { $1 }
    }

    private static func object(in bytes: [UInt8]) throws -> [TextKey: JSONValue] {
        let value: JSONValue
        do {
            value = try JSONValue.parse(bytes)
        } catch {
            throw Problem(.malformedJSON, "The body is not JSON: \(error).")
        }
        guard case .object(let members) = value else {
            throw InputFaults([InputFault([], "must be a JSON object", type: "dict_type")])
        }
        return members
    }

    /// The name of the media type without parameters and blanks, in lower case.
    private var mediaType: [UInt8] {
        let name = fields.contentType?.utf8.prefix { $0 != UInt8(ascii: ";") } ?? ""[...].utf8
        return name.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }.map(\.asciiLowercased)
    }

    private func isOfType(_ name: String) -> Bool { mediaType.elementsEqual(name.utf8) }

    private var isJSON: Bool { mediaType.isEmpty || isOfType(Self.json) }

    private func unsupported(allowed: String) -> Problem {
        Problem(.unsupportedMediaType, "The body must be \(allowed).")
    }

    /// Reads no further than the limit, whatever the client says about the length.
    private func bytes() async throws -> [UInt8] {
        let tooLarge = Problem(.bodyTooLarge, "The body is larger than 1 MiB.")
        if let length = fields.contentLength.flatMap(Int.init), length > Self.limit { throw tooLarge }
        var bytes: [UInt8] = []
        while let piece = try await body.next() {
            guard bytes.count + piece.readableBytes <= Self.limit else { throw tooLarge }
            bytes.append(contentsOf: piece.readableBytesView)
        }
        return bytes
    }
}
