import Domain
import HTTPTypes

/// One route under one of its paths, as an operation of OpenAPI.
struct OpenAPIOperation {
    private let route: Route
    private let description: RouteDescription
    private let names: [String]

    /// What `description` says of a route under the path `template`.
    init(_ route: Route, _ description: RouteDescription, template: String) {
        self.route = route
        self.description = description
        names = template.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }

    var json: JSONValue {
        var members: [TextKey: JSONValue] = [
            "operationId": .string(description.name), "tags": [.string(description.topic.rawValue)],
            "summary": .string(description.summary), "description": .string(text), "security": security,
            "responses": .object(responses),
        ]
        let parameters = names.map(pathParameter) + description.query.map(\.json)
        if !parameters.isEmpty { members["parameters"] = .array(parameters) }
        if let body { members["requestBody"] = body }
        return .object(members)
    }

    /// The schemas that the operation refers to.
    var schemas: [TextKey: JSONValue] {
        var schemas: [TextKey: JSONValue] = [:]
        for part in [description.content.schema, description.body.schema] + description.query.map(\.schema) {
            schemas.merge(part?.parts ?? [:]) { first, _ in first }
        }
        return schemas
    }

    private var text: String {
        var sentences = description.detail.isEmpty ? [] : [description.detail]
        sentences.append("Who may call: \(route.access.sentence)")
        if let scope = route.scope { sentences.append("An API key needs the scope `\(scope.rawValue)`.") }
        return sentences.joined(separator: "\n\n")
    }

    private var security: JSONValue {
        let credentials: [JSONValue] = [["bearer": []], ["password": []]]
        let key: [JSONValue] = route.scope != nil || route.access.admitsService ? [["apiKey": []]] : []
        switch route.access {
        case .open: return []
        case .anonymous: return .array([[:]] + credentials + key)
        default: return .array(credentials + key)
        }
    }

    private func pathParameter(_ name: String) -> JSONValue {
        ["name": .string(name), "in": "path", "required": true, "schema": JSONSchema.id.json]
    }

    private var body: JSONValue? {
        switch description.body {
        case .nothing: nil
        case .json(let schema): ["required": true, "content": ["application/json": ["schema": schema.json]]]
        case .jsonOrForm(let schema):
            [
                "required": true,
                "content": [
                    "application/json": ["schema": schema.json],
                    "application/x-www-form-urlencoded": ["schema": schema.json],
                ],
            ]
        }
    }

    private var responses: [TextKey: JSONValue] {
        var responses = OpenAPIResponses.refusals(refusals)
        let status: HTTPResponse.Status = if case .nothing = description.content { .noContent } else { route.status }
        responses[TextKey(String(status.code))] = OpenAPIResponses.success(description.content, status)
        if case .events = description.content { responses["204"] = OpenAPIResponses.success(.nothing, .noContent) }
        return responses
    }

    /// Everything that the route may refuse, in the order of the statuses.
    private var refusals: [ErrorCode] {
        var codes: [ErrorCode] =
            description.refusals + [.internalError, .databaseUnavailable, .notReady, .headersTooLarge]
        if route.access != .open {
            codes += [.invalidToken, .tokenExpired, .tokenRevoked, .invalidAPIKey, .accountInactive, .rateLimited]
            if route.access != .anonymous { codes += [.notAuthenticated, .roleRequired, .scopeRequired] }
            if [.owner, .ownerInPerson, .reader, .selfOrSuperuser].contains(route.access) { codes.append(.notOwner) }
        }
        if !names.isEmpty { codes.append(.notFound) }
        if !names.isEmpty || !description.query.isEmpty { codes.append(.validationFailed) }
        switch description.body {
        case .nothing: break
        case .json, .jsonOrForm:
            codes += [.malformedJSON, .bodyTooLarge, .unsupportedMediaType, .validationFailed]
        }
        return codes
    }
}

extension QueryParameter {
    fileprivate var json: JSONValue {
        let schema = isRepeatable ? JSONSchema.array(of: schema) : schema
        var members: [TextKey: JSONValue] = [
            "name": .string(name), "in": "query", "required": false, "allowEmptyValue": true, "schema": schema.json,
        ]
        let hint = isRepeatable ? "May be repeated, or hold several values separated by commas." : ""
        let text = [note, hint].filter { !$0.isEmpty }.joined(separator: " ")
        if !text.isEmpty { members["description"] = .string(text) }
        if isRepeatable { members.merge(["style": "form", "explode": true]) { $1 } }
        return .object(members)
    }
}

extension RouteDescription.Content {
    fileprivate var schema: JSONSchema? {
        guard case .json(let schema) = self else { return nil }
        return schema
    }
}

extension RouteDescription.Body {
    fileprivate var schema: JSONSchema? {
        switch self {
        case .nothing: nil
        case .json(let schema), .jsonOrForm(let schema): schema
        }
    }
}

extension AccessRule {
    /// Who may call a route of this rule.
    fileprivate var sentence: String {
        switch self {
        case .open: "anybody; credentials are not read."
        case .anonymous: "anybody; credentials that are sent must be good."
        case .any: "any logged-in person."
        case .anyOrService: "any logged-in person, and the service key."
        case .user: "users and superusers."
        case .userOrService: "users and superusers, and the service key."
        case .reader: "the row's owner, superusers and viewers."
        case .owner: "the row's owner unless a viewer, and superusers."
        case .ownerInPerson: "the row's owner unless a viewer, and superusers; never the service key."
        case .selfOrSuperuser: "the account itself, and superusers."
        case .superuser: "superusers."
        case .superuserOrKey: "superusers, the service key, and any API key of the scope."
        }
    }
}
