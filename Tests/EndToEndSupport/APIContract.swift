/// What the description of the API promises, held against the answers that come.
package struct APIContract: Sendable {
    /// What every answer is held against, where there is one.
    @TaskLocal package static var current: APIContract?

    private static let longest = 64 * 1024

    package let document: JSON
    private let onBreach: @Sendable (String) -> Void

    /// The contract of a running server; each breach of it is told.
    package init(of server: QkronServer, onBreach: @escaping @Sendable (String) -> Void) async throws {
        document = try await server.send("GET", "/openapi.json").json
        self.onBreach = onBreach
    }

    /// A contract of one's own.
    package init(_ document: JSON, onBreach: @escaping @Sendable (String) -> Void = { _ in }) {
        self.document = document
        self.onBreach = onBreach
    }

    /// Tells of every breach of an answer to a request that the description knows.
    package func check(_ response: HTTPResponse, to method: String, _ path: String) {
        for breach in breaches(of: response, to: method, path) {
            onBreach("\(method) \(path) \(response.status): \(breach)")
        }
    }

    /// Where an answer is not as the description says; nothing for a request that it does not know.
    package func breaches(of response: HTTPResponse, to method: String, _ path: String) -> [String] {
        // Headers that are too large may be answered by a bare status.
        guard let operation = operation(method, path), response.status != 431 || !response.body.isEmpty else {
            return []
        }
        let promised = checker.resolve(operation["responses"][String(response.status)])
        guard promised != .null else { return ["the status is not described"] }
        let missing = promised["headers"].keys.filter { response.header($0) == nil }.map { "no header \($0)" }
        guard method != "HEAD" else { return missing.sorted() }
        return missing.sorted() + breaches(of: response, content: promised["content"])
    }

    private func breaches(of response: HTTPResponse, content: JSON) -> [String] {
        let type = response.header("Content-Type")?.split(separator: ";").first.map(String.init)
        guard let type else { return content == .null ? [] : ["no content"] }
        let promised = content[type]
        guard promised != .null else { return ["the type \(type) is not described"] }
        // Foundation takes the square of the length of some keys, which tests of hostile input send and get back.
        guard type.hasSuffix("json"), response.body.count < Self.longest else { return [] }
        guard let value = try? response.json else { return ["no JSON"] }
        return checker.breaches(of: value, promised["schema"])
    }

    package var checker: SchemaChecker { SchemaChecker(document) }

    /// The operation that a request asks for: fixed words win over what varies.
    private func operation(_ method: String, _ target: String) -> JSON? {
        let steps = Self.steps(of: String(target.prefix { $0 != "?" }))
        let wanted = method == "HEAD" ? "get" : method.lowercased()
        let fitting = document["paths"].keys.filter { template in
            let parts = Self.steps(of: template)
            return parts.count == steps.count && zip(parts, steps).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
        let best = fitting.min { $0.filter { $0 == "{" }.count < $1.filter { $0 == "{" }.count }
        // A JSON null is written `nil` too: this is none at all.
        guard let best, document["paths"][best].keys.contains(wanted) else { return .none }
        return document["paths"][best][wanted]
    }

    /// One slash at the end makes no difference; an empty step does.
    private static func steps(of path: String) -> [Substring] {
        let steps = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        return Array(steps.last?.isEmpty == true ? steps.dropLast() : steps)
    }
}
