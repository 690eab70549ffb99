import Domain
import HTTPTypes

/// The answers of operations as OpenAPI describes them.
enum OpenAPIResponses {
    /// What a route answers when all goes well.
    static func success(_ content: RouteDescription.Content, _ status: HTTPResponse.Status) -> JSONValue {
        var members: [TextKey: JSONValue] = [
            "description": .string(status.reasonPhrase), "headers": headers(of: status),
        ]
        switch content {
        case .nothing: break
        case .json(let schema): members["content"] = ["application/json": ["schema": schema.json]]
        case .texts(let mediaTypes):
            members["content"] = .object(
                Dictionary(uniqueKeysWithValues: mediaTypes.map { (TextKey($0), ["schema": JSONSchema.text.json]) }))
        // Of a stream of events the whole is no one value.
        case .events: members["content"] = ["text/event-stream": [:]]
        }
        return .object(members)
    }

    /// The problems of these codes, one answer for each status; those that say no more than any route does are shared.
    static func refusals(_ codes: [ErrorCode]) -> [TextKey: JSONValue] {
        Dictionary(grouping: codes) { $0.status.code }.reduce(into: [:]) { responses, entry in
            let codes = ErrorCode.allCases.filter(entry.value.contains)
            guard let status = codes.first?.status else { return }
            responses[TextKey(String(entry.key))] =
                Set(codes).isSubset(of: shared[entry.key] ?? [])
                ? ["$ref": .string("#/components/responses/\(name(of: status))")] : response(status, codes)
        }
    }

    /// The answers that operations share, and that of a method that a path does not know.
    static let components: [TextKey: JSONValue] = Dictionary(
        uniqueKeysWithValues: (shared.values + [[.methodNotAllowed]]).compactMap { codes in
            codes.first.map { (TextKey(name(of: $0.status)), response($0.status, codes)) }
        })

    /// The headers that answers carry.
    static let headers: [TextKey: JSONValue] = [
        "X-Request-ID": [
            "description": "The id under which the request is logged; a caller's own is taken over.", "required": true,
            "schema": JSONSchema.text(1...128, pattern: "^[A-Za-z0-9._-]+$").json,
        ],
        "Allow": ["description": "The methods that the path knows.", "required": true, "schema": JSONSchema.text.json],
        "Retry-After": [
            "description": "Seconds after which to try again.", "required": true,
            "schema": JSONSchema.integer(0...Int.max).json,
        ],
        "WWW-Authenticate": [
            "description": "How to prove who one is.", "required": true, "schema": JSONSchema.choice("Bearer").json,
        ],
    ]

    /// The codes of the answers that need not be told route by route.
    private static let shared: [Int: [ErrorCode]] = Dictionary(
        grouping: [
            .malformedJSON, .notAuthenticated, .invalidToken, .tokenExpired, .tokenRevoked, .invalidAPIKey, .notOwner,
            .roleRequired, .scopeRequired, .accountInactive, .notFound, .bodyTooLarge, .unsupportedMediaType,
            .validationFailed, .rateLimited, .headersTooLarge, .internalError, .databaseUnavailable, .notReady,
        ] as [ErrorCode]
    ) { $0.status.code }

    private static func response(_ status: HTTPResponse.Status, _ codes: [ErrorCode]) -> JSONValue {
        let words = codes.map { "`\($0.rawValue)`" }.joined(separator: ", ")
        return [
            "description": .string("\(status.reasonPhrase): \(words)"), "headers": headers(of: status),
            "content": ["application/problem+json": ["schema": ProblemSchema.problem.json]],
        ]
    }

    private static func headers(of status: HTTPResponse.Status) -> JSONValue {
        let names: [TextKey] =
            switch status {
            case .unauthorized: ["WWW-Authenticate"]
            case .methodNotAllowed: ["Allow"]
            case .tooManyRequests, .serviceUnavailable: ["Retry-After"]
            default: []
            }
        return .object(
            Dictionary(
                uniqueKeysWithValues: (names + ["X-Request-ID"]).map {
                    ($0, ["$ref": .string("#/components/headers/\($0.text)")])
                }))
    }

    /// The name of a shared answer: the words of its status in one.
    private static func name(of status: HTTPResponse.Status) -> String {
        status.reasonPhrase.filter(\.isLetter)
    }
}
