import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// Reads bodies: how large, of which media type, and what they hold.
struct BodySource: Sendable {
    /// No body may be larger.
    static let limit = 1024 * 1024
    private static let form = "application/x-www-form-urlencoded"

    private let headers: HTTPFields
    private let body: RequestBody

    /// The body of `request`.
    init(_ request: Request) {
        headers = request.headers
        body = request.body
    }

    /// The members of a JSON object.
    func object() async throws -> [String: JSONValue] {
        guard isJSON else { throw unsupported(allowed: "application/json") }
        return try Self.object(in: try await bytes())
    }

    /// The fields of a form, or the members of a JSON object.
    func formOrObject() async throws -> [String: JSONValue] {
        if isJSON { return try Self.object(in: try await bytes()) }
        guard mediaType == Self.form else { throw unsupported(allowed: "application/json or \(Self.form)") }
        let form = FormPairs(try await bytes(), origin: .body)
        guard form.faults.isEmpty else { throw InputFaults(form.faults) }
        return Dictionary(form.pairs.map { ($0.name, JSONValue.string($0.value)) }) { $1 }
    }

    private static func object(in bytes: [UInt8]) throws -> [String: JSONValue] {
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

    private var mediaType: String? {
        guard let field = headers[.contentType] else { return nil }
        let name = field.prefix { $0 != ";" }.filter { !$0.isWhitespace }.lowercased()
        return name.isEmpty ? nil : name
    }

    private var isJSON: Bool { mediaType == nil || mediaType == "application/json" }

    private func unsupported(allowed: String) -> Problem {
        Problem(.unsupportedMediaType, "The body must be \(allowed).")
    }

    /// Reads no further than the limit, whatever the client says about the length.
    private func bytes() async throws -> [UInt8] {
        let tooLarge = Problem(.bodyTooLarge, "The body is larger than 1 MiB.")
        if let length = headers[.contentLength].flatMap(Int.init), length > Self.limit { throw tooLarge }
        var bytes: [UInt8] = []
        do {
            for try await buffer in body {
                guard bytes.count + buffer.readableBytes <= Self.limit else { throw tooLarge }
                bytes.append(contentsOf: buffer.readableBytesView)
            }
        } catch let error as HTTPParserError {
            throw error
        } catch let error as IOError {
            throw BodyInterrupted(reason: error)
        } catch let error as ChannelError {
            throw BodyInterrupted(reason: error)
        }
        return bytes
    }
}

/// The client went away in the middle of its body; nobody reads the answer.
struct BodyInterrupted: Error {
    let reason: any Error
}
